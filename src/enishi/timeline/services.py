"""Recording what happens, placing it on timelines, notifying people."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Forbidden, Level, SharedModel, system_actor
from enishi.core import clock, jobs, live
from enishi.core.events import Event, receivers
from enishi.timeline import signals
from enishi.timeline.models import Check, Entry, Item, Notification, Operation
from enishi.timeline.proof import Proof, verify
from enishi.timeline.queries import proof_state, reachable
from enishi.timeline.undo import Undoer, UndoRefused, undoer_of

UNDO_DAYS = 30
AT_ONCE = 300
"""Changes that are taken back while the browser waits; more become a job."""
CHECK_GIVEN_UP = dt.timedelta(hours=6)
_SECRET = ("password", "secret", "token", "digest", "recovery")

Changes = Mapping[str, tuple[Any, Any]]
_gathering: ContextVar[list[Entry] | None] = ContextVar("gathering", default=None)
_operation: ContextVar[Operation | None] = ContextVar("operation", default=None)


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
    entry = Entry(
        at=clock.now(),
        user_id=actor.signer_id,
        actor_name=actor.name,
        via=actor.via,
        request_id=actor.request_id,
        operation=operation or _operation.get(),
        event=event.code,
        subject_type=subject_type(subject),
        subject_id=subject.pk,
        label=str(subject)[:300],
        party_id=party_id,
        changes=masked(changes or {}),
        data=plain(data or {}),
        project_ids=list(project_ids if project_ids is not None else getattr(subject, "projects", [])),
        confidentiality=_level(subject, confidentiality, changes),
    )
    gathering = _gathering.get()
    if gathering is not None:
        gathering.append(entry)
        return entry
    entry.save(force_insert=True)
    announce(entry)
    return entry


@contextmanager
def part_of(operation: Operation) -> Iterator[None]:
    """What is recorded one by one in the block belongs to this operation: it is taken back with the rest of it."""
    token = _operation.set(operation)
    try:
        yield
    finally:
        _operation.reset(token)


@contextmanager
def gathered() -> Iterator[None]:
    """Write the history of the block at its end, set-wise and in the order of its moments; nobody is told of each entry.

    For a story told afterwards, with the clock standing elsewhere: entries have no number until the block ends.
    """
    entries: list[Entry] = []
    with transaction.atomic():
        token = _gathering.set(entries)
        try:
            yield
        finally:
            _gathering.reset(token)
        Entry.objects.bulk_create(sorted(entries, key=lambda entry: entry.at), batch_size=1000)


def record_each(
    actor: Actor,
    event: Event,
    happened: Iterable[tuple[models.Model, int | None, Changes]],
    *,
    operation: Operation | None,
) -> None:
    """Write the entries of a bulk operation set-wise: (subject, its party's id, changes) each.

    Nobody is told of each; the operation records one event of its own when it is done.
    """
    now = clock.now()
    Entry.objects.bulk_create(
        [
            Entry(
                at=now,
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
                changes=masked(changes),
                project_ids=list(getattr(subject, "projects", [])),
                confidentiality=_level(subject, None, changes),
            )
            for subject, party_id, changes in happened
        ],
        batch_size=1000,
    )


def _level(subject: models.Model, given: int | None, changes: Changes | None) -> int:
    """What an entry tells of the time before is as confidential as the record was then."""
    level = int(getattr(subject, "confidentiality", Level.INTERNAL)) if given is None else given
    before, _after = (changes or {}).get("confidentiality", (None, None))
    return max(level, before) if isinstance(before, int) else level


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


def undoer_for(actor: Actor, operation: Operation) -> Undoer:
    """Who takes that operation back for this actor; raises UndoRefused with the reason, or Forbidden."""
    state = Operation.State
    if operation.state == state.UNDONE:
        raise UndoRefused(_("This is undone already."))
    if operation.state == state.RUNNING:
        raise UndoRefused(_("This is still running. It can be undone when it has ended."))
    undoer = undoer_of(operation)
    if undoer is None:
        raise UndoRefused(_("This cannot be undone as a whole. Change the records one by one."))
    if operation.undo_until is not None and operation.undo_until < clock.now():
        raise UndoRefused(_("The time in which this could be undone has passed."))
    undoer.check(actor, operation)
    return undoer


def undo_operation(actor: Actor, operation_id: int, *, keep: Collection[str] | None = None) -> bool:
    """Take an operation back: at once, or as a job when it is large. Tells whether it is done already.

    ``keep`` names the conflicts that stay as they are; None keeps all of them. Raises UndoRefused or Forbidden.
    """
    operation = reachable(actor).get(pk=operation_id)
    undoer = undoer_for(actor, operation)
    if undoer.preview(actor, operation).total <= AT_ONCE:
        finish_undo(actor, operation_id, keep=keep)
        return True
    with transaction.atomic():
        reachable(actor).filter(pk=operation_id).update(state=Operation.State.UNDOING)
        jobs.defer_once(
            "timeline.undo",
            key=f"timeline.undo:{operation_id}",
            operation_id=operation_id,
            user_id=actor.user_id,
            keep=None if keep is None else list(keep),
        )
    return False


@transaction.atomic
def finish_undo(actor: Actor, operation_id: int, *, keep: Collection[str] | None) -> Mapping[str, int]:
    """Take it back in one transaction and record that; whoever comes second finds it undone."""
    operation = reachable(actor).select_for_update(no_key=True, of=("self",)).get(pk=operation_id)
    counts = undoer_for(actor, operation).apply(actor, operation, keep=keep)
    mark_undone(actor, operation)
    record(actor, signals.operation_undone, subject=operation, data=counts, operation=operation)
    return counts


def run_undo(actor: Actor, operation_id: int, *, keep: Collection[str] | None) -> None:
    """The job: take it back and tell the user how it ended."""
    operation = reachable(actor).get(pk=operation_id)
    words = {"label": operation.label}
    try:
        finish_undo(actor, operation_id, keep=keep)
    except (UndoRefused, Forbidden) as refused:
        reopened = reachable(actor).filter(pk=operation_id, state=Operation.State.UNDOING)
        reopened.update(state=Operation.State.DONE)
        title = _("“%(label)s” could not be undone. %(reason)s") % {**words, "reason": refused}
    else:
        title = _("“%(label)s” is undone.") % words
    if actor.user_id is not None:
        url = reverse("timeline:operation", args=[operation_id])
        notify([actor.user_id], kind="undo", title=title, url=url)


@transaction.atomic
def start_check(actor: Actor) -> Check:
    """Have the whole history checked by a job; a check that already runs is the answer."""
    actor.require_everywhere(Entry.view_right)
    running = Check.objects.filter(finished_at__isnull=True).first()
    if running is not None and running.started_at > clock.now() - CHECK_GIVEN_UP:
        return running
    if running is not None:
        finish_check(running, reason="stopped")
    total = proof_state().sealed
    try:
        with transaction.atomic():
            check = Check.objects.create(user_id=actor.user_id, started_at=clock.now(), total=total)
    except IntegrityError:
        return Check.objects.get(finished_at__isnull=True)
    jobs.defer("timeline.check", check_id=check.pk)
    return check


def run_check(check_id: int) -> None:
    """The job: recompute every hash, show how far it is, keep what was found and tell who asked."""
    check = Check.objects.get(pk=check_id)
    if check.finished_at is not None:
        return

    def progress(done: int) -> None:
        Check.objects.filter(pk=check_id).update(done=done)
        if check.user_id is not None:
            live.push(check.user_id, "job", {"id": f"check-{check_id}", "done": done, "total": check.total})

    finish_check(check, found=verify(progress=progress))
    title = _("The history is whole.") if check.holds else _("The history was altered. See where.")
    if check.user_id is not None:
        notify([check.user_id], kind="proof", title=title, url=reverse("timeline:proof"))


@transaction.atomic
def finish_check(check: Check, *, found: Proof | None = None, reason: str = "") -> None:
    """Keep what a check found; without a finding, why it ended."""
    check.finished_at, check.reason = clock.now(), reason
    if found is not None:
        check.done, check.seals, check.unsealed, check.head = (
            found.entries,
            found.seals,
            found.unsealed,
            found.head,
        )
        check.broken_seal, check.broken_entry, check.reason = (
            found.broken_seal,
            found.broken_entry,
            found.reason,
        )
    check.save()
    data = {"entries": check.done, "seals": check.seals, "reason": check.reason}
    record(system_actor("proof"), signals.history_checked, subject=check, data=data)


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


def move_items(from_party_id: int, to_party_id: int, *, ids: Collection[int] | None = None) -> list[int]:
    """Move the timeline of one person to another (only these items, if given); returns the ids of those that moved.

    Where both were on the same thing, each keeps its place.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE timeline_item moved SET party_id = %(to)s
               WHERE party_id = %(from)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
                 AND NOT EXISTS (
                   SELECT FROM timeline_item there
                   WHERE there.party_id = %(to)s AND there.subject_type = moved.subject_type
                     AND there.subject_id = moved.subject_id)
               RETURNING id""",
            {"from": from_party_id, "to": to_party_id, "ids": None if ids is None else list(ids)},
        )
        return sorted(row[0] for row in cursor.fetchall())


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


def reclassify_each(model: type[SharedModel], ids: Collection[int]) -> None:
    """``reclassify`` for many records at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE timeline_entry entry SET project_ids = subject.project_ids,
                  confidentiality = greatest(entry.confidentiality, subject.confidentiality)
                FROM {connection.ops.quote_name(model._meta.db_table)} subject
                WHERE entry.subject_type = %s AND entry.subject_id = subject.id AND subject.id = ANY(%s)""",  # noqa: S608
            [subject_type(model), list(ids)],
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


def withdraw_notifications(user_ids: Iterable[int], urls: Iterable[str]) -> None:
    """Take back what users were told of records that are kept from them now."""
    Notification.objects.filter(user__in=list(user_ids), url__in=list(urls)).delete()


def read_notifications(actor: Actor, ids: Iterable[int] | None = None) -> int:
    """Mark the actor's own notifications as read; all of them without ids."""
    mine = Notification.objects.filter(user_id=actor.own_id, read_at__isnull=True)
    if ids is not None:
        mine = mine.filter(pk__in=list(ids))
    return mine.update(read_at=timezone.now())
