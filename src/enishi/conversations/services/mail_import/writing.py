"""Storing a batch of mails in one transaction: a fixed number of statements, however many mails."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from enishi.accounts.access import Actor, Level
from enishi.contacts.models import ImportRun, Quarantined
from enishi.contacts.services.last_contact import touch_all
from enishi.content.services import AttachmentDraft, add_attachments
from enishi.conversations import signals
from enishi.conversations.mail import Unreadable
from enishi.conversations.models import (
    Attachment,
    Bounce,
    Interaction,
    InteractionTag,
    MailMessage,
    Participant,
)
from enishi.conversations.services.mail_import import threads
from enishi.conversations.services.mail_import.mails import Mail, Named
from enishi.conversations.services.mail_import.people import Contact, Contacts, Us
from enishi.conversations.services.unknown import Seen, note_unknown
from enishi.conversations.services.upkeep import findable
from enishi.core import clock, storage
from enishi.core.bulk import copy_in, next_ids, number_array, text_array, to_json
from enishi.search.services import index_new
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.models import Operation
from enishi.timeline.placing import Placed, place_all
from enishi.timeline.services import record, subject_type

Key = tuple[str, str]
EMAIL = Interaction.Channel.EMAIL


@dataclass(frozen=True)
class Target:
    """Where the mails of an import go."""

    project_ids: list[int]
    level: int
    tag_ids: list[int] = field(default_factory=list)
    answer: str = Interaction.Answer.NONE
    asked_since: dt.datetime | None = None
    """What was written before needs no answer."""


@dataclass(frozen=True)
class Known:
    """Mails that are stored already, with the run that brought each, and the ids that are taken."""

    runs: dict[Key, int | None]
    taken: set[str]


def look_up(mails: Iterable[Mail]) -> Known:
    ids = {mail.message_id for mail in mails}
    rows = MailMessage.objects.filter(message_id__in=ids).values_list(
        "message_id", "fingerprint", "interaction__import_run_id"
    )
    taken = Interaction.objects.unscoped("a mail is stored once in the whole installation").filter(
        message_id__in=ids
    )
    return Known(
        {(message_id, fingerprint): run_id for message_id, fingerprint, run_id in rows},
        {message_id for message_id in taken.values_list("message_id", flat=True) if message_id},
    )


@dataclass
class Sorted:
    """New mails, each once, and how many were there before: ``unchanged``, or ``duplicate`` if from this same import."""

    fresh: list[Mail] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def sort_out(
    mails: Iterable[Mail], known: Known, *, run_id: int | None, seen: set[Key] | None = None
) -> Sorted:
    """``seen`` are the mails of earlier batches that were only tried."""
    found, seen = Sorted(), set() if seen is None else seen
    for mail in mails:
        if mail.key in seen or (mail.key in known.runs and known.runs[mail.key] == run_id is not None):
            found.counts["duplicate"] += 1
        elif mail.key in known.runs:
            found.counts["unchanged"] += 1
        else:
            seen.add(mail.key)
            found.fresh.append(mail)
            found.counts["created"] += 1
    return found


@dataclass(eq=False)
class _Row:
    """One mail with everything that was found out about it."""

    id: int
    mail: Mail
    message_id: str
    thread_id: int
    direction: str
    level: int
    people: list[tuple[Named, Contact | None, int | None]]

    @property
    def party_ids(self) -> list[int]:
        return list(dict.fromkeys(contact.party_id for _, contact, _ in self.people if contact))


def write_mails(
    actor: Actor,
    run: ImportRun,
    operation: Operation | None,
    mails: Sequence[Mail],
    known: Known,
    *,
    us: Us,
    target: Target,
) -> list[int]:
    """Store new mails with people, files, threads, history; found and on timelines at once. Returns their numbers.

    Without an operation each is told of by itself, as if somebody had logged it.
    """
    rows = _rows(mails, known, us, target)
    now = clock.now()
    _write_interactions(actor, run, rows, target, now)
    _write_participants(rows)
    _write_identities(rows)
    _write_files(actor, operation, rows, target)
    InteractionTag.objects.bulk_create(
        [InteractionTag(interaction_id=row.id, tag_id=tag_id) for row in rows for tag_id in target.tag_ids],
        batch_size=1000,
    )
    _write_bounces(rows)
    _note_strangers(rows, us, target)
    _show(rows, target, now)
    happened = [_happened(row, target) for row in rows]
    if operation is None:
        _tell_each(actor, happened)
    else:
        record_rows(actor, operation, happened)
    return [row.id for row in rows]


def _rows(mails: Sequence[Mail], known: Known, us: Us, target: Target) -> list[_Row]:
    contacts = Contacts({one.address for mail in mails for one in mail.people if one.address})
    taken = set(known.taken)
    rows = []
    for pk, mail, thread_id in zip(
        next_ids(Interaction, len(mails)), mails, threads.assign(mails), strict=True
    ):
        message_id = mail.message_id
        if message_id in taken:
            message_id = f"{message_id[:480]}#{mail.fingerprint[:16]}"
        taken.add(message_id)
        people = [_recognised(one, mail, us, contacts) for one in mail.people]
        # A talk is at least as confidential as the least confidential of the contacts in it.
        least = min((contact.level for _, contact, _ in people if contact), default=Level.OPEN)
        rows.append(
            _Row(pk, mail, message_id, thread_id, us.direction(mail), max(target.level, least), people)
        )
    return rows


def _recognised(
    person: Named, mail: Mail, us: Us, contacts: Contacts
) -> tuple[Named, Contact | None, int | None]:
    forged = mail.refuted and person.role == Participant.Role.FROM
    user_id = None if forged else us.users.get(person.address)
    return person, None if user_id else contacts.find(person, at=mail.moment), user_id


def _answer(row: _Row, target: Target) -> str:
    since = target.asked_since
    asks = row.direction == Interaction.Direction.IN and row.mail.personal and not row.mail.is_settled
    asks = asks and (since is None or row.mail.moment >= since)
    return target.answer if asks else str(Interaction.Answer.NONE)


def _write_interactions(
    actor: Actor, run: ImportRun, rows: Sequence[_Row], target: Target, now: dt.datetime
) -> None:
    columns = (
        "id", "channel", "direction", "occurred_at", "subject", "text", "folds", "place", "language", "answer", "thread_id",
        "message_id", "in_reply_to", "references", "defects", "user_id", "import_run_id", "version", "created_at",
        "updated_at", "project_ids", "confidentiality",
    )  # fmt: skip
    projects = number_array(target.project_ids)
    copy_in(
        Interaction,
        columns,
        (
            (
                row.id, EMAIL.value, row.direction, row.mail.moment, row.mail.subject, row.mail.text, to_json(row.mail.folds),
                "", "", _answer(row, target), row.thread_id, row.message_id, row.mail.in_reply_to,
                text_array(row.mail.references), to_json(row.mail.defects), actor.user_id, run.pk, 1, now, now, projects,
                row.level,
            )
            for row in rows
        ),
    )  # fmt: skip


def _write_participants(rows: Sequence[_Row]) -> None:
    copy_in(
        Participant,
        ("interaction_id", "role", "party_id", "user_id", "name", "address", "position"),
        (
            (
                row.id, str(person.role), contact.party_id if contact else None, user_id, person.name, person.address,
                min(position, 32_767),
            )
            for row in rows
            for position, (person, contact, user_id) in enumerate(row.people)
        ),
    )  # fmt: skip


def _write_identities(rows: Sequence[_Row]) -> None:
    columns = (
        "interaction_id", "message_id", "fingerprint", "subject_key", "seeks_by_subject", "sent_at", "sender", "recipients",
        "list_id", "automatic",
    )  # fmt: skip
    copy_in(
        MailMessage,
        columns,
        (
            (
                row.id, mail.message_id, mail.fingerprint, mail.subject_key, mail.seeks_by_subject, mail.moment,
                mail.sender.address if mail.sender else "", text_array(sorted(mail.recipients)), mail.list_id,
                mail.parsed.automatic,
            )
            for row in rows
            for mail in (row.mail,)
        ),
    )  # fmt: skip


def _write_files(actor: Actor, operation: Operation | None, rows: Sequence[_Row], target: Target) -> None:
    for row in rows:
        row.mail.keep_files()
    drafts = [
        (row, AttachmentDraft(kept, target.project_ids[0], row.level, row.mail.moment))
        for row in rows
        for kept in row.mail.files
    ]
    if drafts:
        file_ids = add_attachments(actor, [draft for _, draft in drafts], operation=operation)
        pairs = ((row.id, file_id) for (row, _), file_id in zip(drafts, file_ids, strict=True))
        copy_in(Attachment, ("interaction_id", "file_id"), pairs)


def _write_bounces(rows: Sequence[_Row]) -> None:
    Bounce.objects.bulk_create(
        [
            Bounce(
                interaction_id=row.id,
                address=each.recipient.lower()[:320],
                action=each.action[:20],
                status=each.status[:20],
            )
            for row in rows
            if row.mail.report is not None
            for each in row.mail.report.recipients
        ],
        batch_size=1000,
    )


def _note_strangers(rows: Sequence[_Row], us: Us, target: Target) -> None:
    """Who wrote to us in person and is nobody yet comes up for review; programs and lists do not."""
    by_level: defaultdict[int, list[Seen]] = defaultdict(list)
    for row in rows:
        if not row.mail.personal:
            continue
        for person, contact, user_id in row.people:
            stranger = contact is None and user_id is None and "@" in person.address
            if person.role == Participant.Role.FROM and stranger and not us.includes(person.address):
                by_level[row.level].append(Seen(person.address, person.name, row.mail.moment))
    for level, seen in sorted(by_level.items()):
        note_unknown(seen, project_ids=target.project_ids, confidentiality=level)


def _show(rows: Sequence[_Row], target: Target, now: dt.datetime) -> None:
    index_new(
        findable(
            Interaction(
                id=row.id,
                channel=EMAIL,
                subject=row.mail.subject,
                text=row.mail.text,
                project_ids=target.project_ids,
                confidentiality=row.level,
            ),
            [(person.name, person.address) for person, _, _ in row.people],
        )
        for row in rows
    )
    place_all(
        subject_type(Interaction),
        "conversation",
        [
            Placed(row.id, row.party_ids, row.mail.moment, target.project_ids, row.level, EMAIL.value)
            for row in rows
        ],
    )
    latest: dict[int, tuple[dt.datetime, str]] = {}
    for row in sorted(rows, key=lambda row: row.mail.moment):
        # As for any talk: everybody who sees a person sees the day of the last contact.
        if row.level < Level.CONFIDENTIAL and row.mail.moment <= now:
            latest.update(dict.fromkeys(row.party_ids, (row.mail.moment, EMAIL.value)))
    touch_all(latest)


def _happened(row: _Row, target: Target) -> Happened:
    mail = row.mail
    changes = {
        "channel": EMAIL.value,
        "occurred_at": mail.moment.astimezone(dt.UTC).isoformat(),
        "subject": mail.subject,
    }
    return Happened(
        event=signals.interaction_logged,
        subject_type=subject_type(Interaction),
        subject_id=row.id,
        label=mail.subject or mail.text[:80],
        party_id=None,
        changes={name: [None, value] for name, value in changes.items() if value},
        data={"version": 1, "file": mail.file, "item": mail.item, "fingerprint": mail.fingerprint},
        project_ids=target.project_ids,
        confidentiality=row.level,
    )


def _tell_each(actor: Actor, happened: Iterable[Happened]) -> None:
    for one in happened:
        record(
            actor,
            one.event,
            subject=Interaction(pk=one.subject_id, subject=one.label),
            changes={name: (before, after) for name, (before, after) in one.changes.items()},
            data=one.data,
            project_ids=one.project_ids,
            confidentiality=one.confidentiality,
        )


def set_aside(run: ImportRun, found: Iterable[Unreadable]) -> int:
    """Keep what could not be read, with the reason in words; returns how much that was."""
    rows = []
    for each in found:
        kept = storage.put_bytes(each.raw)
        rows.append(
            Quarantined(
                run=run,
                file=each.file[-500:],
                item=each.item[:300],
                reason=str(each.reason)[:500],
                sha256=kept.sha256,
                size=kept.size,
            )
        )
    Quarantined.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
