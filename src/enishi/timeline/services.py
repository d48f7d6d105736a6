"""Recording what happens, placing it on timelines, notifying people."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from enishi.accounts.access import Actor, Level
from enishi.core import clock, jobs, live
from enishi.core.events import Event, receivers
from enishi.timeline.models import Entry, Item, Notification, Operation

UNDO_DAYS = 30
_SECRET = ("password", "secret", "token", "digest", "recovery")

Changes = Mapping[str, tuple[Any, Any]]


def plain(value: Any) -> Any:
    """A value as it is written to the history: JSON types only, moments in UTC with microseconds."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def masked(changes: Changes) -> dict[str, list[Any]]:
    """Before and after of each field, with secrets replaced: the history says that they changed, never to what."""
    return {
        name: ["•••", "•••"]
        if any(word in name.lower() for word in _SECRET)
        else [plain(before), plain(after)]
        for name, (before, after) in changes.items()
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields of two snapshots that differ, as ``changes`` of ``record``."""
    return {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if plain(before.get(name)) != plain(after.get(name))
    }


def subject_type(model: type[models.Model] | models.Model) -> str:
    """``contacts.party``: how the history names a kind of record."""
    return model._meta.label_lower


def record(
    actor: Actor,
    event: Event,
    *,
    subject: models.Model,
    changes: Changes | None = None,
    data: Mapping[str, Any] | None = None,
    party_id: int | None = None,
    operation: Operation | None = None,
    project_ids: Iterable[int] | None = None,
    confidentiality: int | None = None,
) -> Entry:
    """Write one history entry and defer one job for each receiver, in the caller's transaction.

    Project and confidentiality are the subject's own unless given; a record of no project is the organisation's.
    """
    entry = Entry.objects.create(
        at=clock.now(),
        user_id=actor.user_id,
        actor_name=actor.name,
        via=actor.via,
        request_id=actor.request_id,
        operation=operation,
        event=event.code,
        subject_type=subject_type(subject),
        subject_id=subject.pk,
        label=str(subject)[:300],
        party_id=party_id,
        changes=masked(changes or {}),
        data=plain(data or {}),
        project_ids=list(project_ids if project_ids is not None else getattr(subject, "projects", [])),
        confidentiality=_level(subject, confidentiality),
    )
    announce(entry)
    return entry


def _level(subject: models.Model, given: int | None) -> int:
    if given is not None:
        return given
    return int(getattr(subject, "confidentiality", Level.INTERNAL))


def announce(entry: Entry) -> None:
    """Defer the jobs of everybody who receives this entry's event."""
    for name in receivers(entry.event):
        lock = f"{name}:{entry.subject_type}:{entry.subject_id}"
        jobs.defer("timeline.deliver", lock=lock, entry_id=entry.pk, receiver=name)


def start_operation(
    actor: Actor,
    *,
    kind: str,
    label: str,
    project_ids: Iterable[int],
    data: Mapping[str, Any] | None = None,
    confidentiality: int = Level.INTERNAL,
) -> Operation:
    """Begin something that will be one line in the undo log."""
    now = clock.now()
    return Operation.objects.create(
        kind=kind,
        label=label[:300],
        user_id=actor.user_id,
        project_ids=list(project_ids),
        confidentiality=confidentiality,
        data=plain(data or {}),
        created_at=now,
        undo_until=now + dt.timedelta(days=UNDO_DAYS),
    )


def finish_operation(
    operation: Operation, *, counts: Mapping[str, int], state: str = Operation.State.DONE
) -> Operation:
    operation.counts, operation.state, operation.finished_at = dict(counts), state, clock.now()
    operation.save(update_fields=["counts", "state", "finished_at"])
    return operation


def mark_undone(actor: Actor, operation: Operation) -> Operation:
    operation.state, operation.undone_at, operation.undone_by_id = (
        Operation.State.UNDONE,
        clock.now(),
        actor.user_id,
    )
    operation.save(update_fields=["state", "undone_at", "undone_by"])
    return operation


@transaction.atomic
def place(
    subject: models.Model,
    *,
    party_ids: Iterable[int],
    family: str,
    occurred_at: dt.datetime,
    project_ids: Iterable[int],
    confidentiality: int,
    channel: str = "",
) -> None:
    """Put a thing on the timelines of these people, and only these; call again when it changes."""
    kind, parties = subject_type(subject), sorted(set(party_ids))
    Item.objects.unscoped("placement follows the subject").filter(
        subject_type=kind, subject_id=subject.pk
    ).exclude(party_id__in=parties).delete()
    Item.objects.bulk_create(
        [
            Item(
                party_id=party_id,
                family=family,
                channel=channel,
                subject_type=kind,
                subject_id=subject.pk,
                occurred_at=occurred_at,
                project_ids=list(project_ids),
                confidentiality=confidentiality,
            )
            for party_id in parties
        ],
        update_conflicts=True,
        unique_fields=["subject_type", "subject_id", "party_id"],
        update_fields=["family", "channel", "occurred_at", "project_ids", "confidentiality"],
    )


def displace(subject: models.Model) -> None:
    """Take a thing off every timeline."""
    Item.objects.unscoped("placement follows the subject").filter(
        subject_type=subject_type(subject), subject_id=subject.pk
    ).delete()


def move_items(from_party_id: int, to_party_id: int) -> list[int]:
    """Move the timeline of a merged person; returns the ids of the items that moved.

    Where both were on the same thing, the survivor's place stays and the other is removed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM timeline_item gone USING timeline_item kept
               WHERE gone.party_id = %s AND kept.party_id = %s
                 AND gone.subject_type = kept.subject_type AND gone.subject_id = kept.subject_id""",
            [from_party_id, to_party_id],
        )
        cursor.execute(
            "UPDATE timeline_item SET party_id = %s WHERE party_id = %s RETURNING id",
            [to_party_id, from_party_id],
        )
        return [row[0] for row in cursor.fetchall()]


def reclassify(subject: models.Model, *, project_ids: Iterable[int], confidentiality: int) -> None:
    """Let past entries follow a record that moved or became more confidential; they never become less so.

    What a record said while it was confidential stays at that level in the history after it was opened up.
    """
    Entry.objects.unscoped("placement follows the subject").filter(
        subject_type=subject_type(subject), subject_id=subject.pk
    ).update(
        project_ids=list(project_ids),
        confidentiality=models.functions.Greatest(models.F("confidentiality"), confidentiality),
    )


def notify(user_ids: Iterable[int], *, kind: str, title: str, url: str = "") -> None:
    """Tell users in the app, live. Titles never carry the words of confidential records."""
    notifications = Notification.objects.bulk_create(
        [
            Notification(user_id=user_id, kind=kind, title=title[:300], url=url, at=clock.now())
            for user_id in sorted(set(user_ids))
        ]
    )
    for notification in notifications:
        live.push(notification.user_id, "notification", {"title": notification.title, "url": url})


def read_notifications(actor: Actor, ids: Iterable[int] | None = None) -> int:
    """Mark the actor's own notifications as read; all of them without ids."""
    mine = Notification.objects.filter(user_id=actor.user_id, read_at__isnull=True)
    if ids is not None:
        mine = mine.filter(pk__in=list(ids))
    return mine.update(read_at=timezone.now())
