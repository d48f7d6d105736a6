"""Taking a mail import back: what nobody worked with since goes, as if it had never come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.commitments.models import Promise, Task
from enishi.contacts.models import ImportRun
from enishi.contacts.services.bounced import unmark_bounced
from enishi.content.services import remove_attachments
from enishi.conversations import signals
from enishi.conversations.models import Attachment, Interaction, InteractionQuerySet, Participant, Thread
from enishi.conversations.services.mail_import.runs import RIGHT, take_turn
from enishi.conversations.services.upkeep import move_attachments, settle_contacts
from enishi.core import clock
from enishi.search.models import Kind
from enishi.search.services import forget
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.models import Operation
from enishi.timeline.placing import displace_all
from enishi.timeline.services import subject_type
from enishi.timeline.undo import Conflict, Undoer, UndoPlan

AT_ONCE = 1000
LISTED = 200


class UndoMailImport(Undoer):
    """Messages that nobody changed and nothing hangs on are removed; the archive can be imported again.

    The others are conflicts: they stay, or go to the recycle bin when that is chosen.
    """

    right: ClassVar[str] = RIGHT

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        worked_on = _worked_on(operation)
        all_of_them = _brought_by(operation).count()
        return UndoPlan(
            counts={"deleted": all_of_them - len(worked_on), "kept": len(worked_on)},
            conflicts=list(_conflicts(actor, worked_on)),
            notes=[_("Contacts that were made of unknown senders stay.")],
        )

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        take_turn()
        counts: Counter[str] = Counter()
        worked_on = _worked_on(operation)
        given_up = (
            []
            if keep is None
            else [each.key for each in _conflicts(actor, worked_on) if each.key not in keep]
        )
        ids = list(
            _brought_by(operation).exclude(pk__in=worked_on).order_by("pk").values_list("pk", flat=True)
        )
        for start in range(0, len(ids), AT_ONCE):
            _remove(actor, operation, ids[start : start + AT_ONCE])
        _bin(actor, operation, [int(key) for key in given_up])
        counts["deleted"] = len(ids) + len(given_up)
        counts["kept"] = len(worked_on) - len(given_up)
        counts["restored"] = unmark_bounced(actor, operation)
        ImportRun.objects.unscoped("the run of this operation").filter(operation=operation).update(
            state=ImportRun.State.UNDONE
        )
        return counts


def _brought_by(operation: Operation) -> InteractionQuerySet:
    found: InteractionQuerySet = Interaction.objects.unscoped("all that the import brought is taken back")
    return found.filter(import_run__operation=operation)


def _worked_on(operation: Operation) -> dict[int, str]:
    """Messages that are still there and were changed, or have promises or tasks: with what speaks for keeping them."""
    there = _brought_by(operation).present()
    found = dict.fromkeys(there.filter(version__gt=1).values_list("pk", flat=True), "changed")
    brought = there.values("pk")
    for model in (Promise, Task):
        hanging = model.objects.unscoped("what hangs on a message keeps it").filter(said_in_id__in=brought)
        found.update(
            {pk: "promised" for pk in hanging.values_list("said_in_id", flat=True) if pk is not None}
        )
    return found


def _conflicts(actor: Actor, worked_on: Mapping[int, str]) -> Iterable[Conflict]:
    """As far as the actor may see them; what they may not see stays in any case."""
    words = {
        "changed": _("Edited since"),
        "promised": _("A promise or a task was made from it"),
    }
    seen = Interaction.objects.visible_to(actor).filter(pk__in=worked_on).order_by("pk")
    for one in seen[:LISTED]:
        yield Conflict(
            key=str(one.pk),
            subject=str(one),
            field=words[worked_on[one.pk]],
            now=_("Kept"),
            back_to=_("In the recycle bin"),
            url=reverse("conversations:interaction", args=[one.pk]),
            edited_at=one.updated_at if one.version > 1 else None,
        )


def _remove(actor: Actor, operation: Operation, ids: Sequence[int]) -> None:
    rows = Interaction.objects.unscoped("the messages to take back").filter(pk__in=ids)
    record_rows(actor, operation, [_happened(one) for one in rows.only(*_NEEDED)])
    people = Participant.objects.filter(interaction__in=ids)
    parties = set(people.filter(party__isnull=False).values_list("party_id", flat=True))
    strangers = set(
        people.filter(party__isnull=True, user__isnull=True).values_list("address", flat=True)
    ) - {""}
    thread_ids = set(rows.filter(thread__isnull=False).values_list("thread_id", flat=True))
    files = list(Attachment.objects.filter(interaction__in=ids).values_list("file_id", flat=True))
    forget(Kind.CONVERSATION, ids)
    displace_all(subject_type(Interaction), ids)
    rows.delete()
    held = set(Attachment.objects.filter(file__in=files).values_list("file_id", flat=True))
    remove_attachments(set(files) - held)
    settle_contacts(party_id for party_id in parties if party_id is not None)
    _recount(strangers)
    _settle_threads(thread_ids)


def _bin(actor: Actor, operation: Operation, ids: Sequence[int]) -> None:
    """What was worked on since can be got back."""
    rows = list(Interaction.objects.visible_to(actor).filter(pk__in=ids, deleted_at__isnull=True))
    now = clock.now()
    Interaction.objects.visible_to(actor).filter(pk__in=[one.pk for one in rows]).update(deleted_at=now)
    record_rows(actor, operation, [_happened(one) for one in rows])
    forget(Kind.CONVERSATION, ids)
    displace_all(subject_type(Interaction), ids)
    for one in rows:
        one.deleted_at = now
        move_attachments(actor, one)
    parties = Participant.objects.filter(Q(interaction__in=ids), party__isnull=False)
    settle_contacts(
        party_id for party_id in parties.values_list("party_id", flat=True) if party_id is not None
    )


_NEEDED = ("pk", "subject", "text", "project_ids", "confidentiality")


def _happened(one: Interaction) -> Happened:
    return Happened(
        event=signals.interaction_deleted,
        subject_type=subject_type(one),
        subject_id=one.pk,
        label=str(one),
        party_id=None,
        changes={},
        data={},
        project_ids=one.project_ids,
        confidentiality=one.confidentiality,
    )


def _recount(addresses: Collection[str]) -> None:
    """Unknown senders by the messages that are left; who has none left was never seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH left_over AS (
                 SELECT p.address, count(DISTINCT i.id) n, min(i.occurred_at) first_at, max(i.occurred_at) last_at,
                   (SELECT array_agg(DISTINCT project ORDER BY project)
                    FROM conversations_participant q JOIN conversations_interaction j ON j.id = q.interaction_id,
                      unnest(j.project_ids) project
                    WHERE q.address = p.address AND q.party_id IS NULL AND q.user_id IS NULL AND j.deleted_at IS NULL
                   ) project_ids
                 FROM conversations_participant p JOIN conversations_interaction i ON i.id = p.interaction_id
                 WHERE p.address = ANY(%(addresses)s) AND p.party_id IS NULL AND p.user_id IS NULL
                   AND i.deleted_at IS NULL
                 GROUP BY p.address)
               UPDATE conversations_unknownsender s
               SET messages = l.n, first_at = l.first_at, last_at = l.last_at, project_ids = l.project_ids
               FROM left_over l WHERE l.address = s.address""",
            {"addresses": sorted(addresses)},
        )
        cursor.execute(
            """DELETE FROM conversations_unknownsender s
               WHERE s.address = ANY(%(addresses)s) AND s.state = 'open' AND NOT EXISTS (
                 SELECT FROM conversations_participant p JOIN conversations_interaction i ON i.id = p.interaction_id
                 WHERE p.address = s.address AND p.party_id IS NULL AND p.user_id IS NULL AND i.deleted_at IS NULL)""",
            {"addresses": sorted(addresses)},
        )


def _settle_threads(ids: Collection[int]) -> None:
    """A thread without messages goes; the others span what is left."""
    Thread.objects.filter(pk__in=ids, interactions__isnull=True).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE conversations_thread t SET first_at = span.first_at, last_at = span.last_at
               FROM (SELECT thread_id, min(occurred_at) first_at, max(occurred_at) last_at
                     FROM conversations_interaction WHERE thread_id = ANY(%s) GROUP BY thread_id) span
               WHERE t.id = span.thread_id""",
            [list(ids)],
        )
