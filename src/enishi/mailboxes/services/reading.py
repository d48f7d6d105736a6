"""Reading mailboxes: small batches, each stored in one transaction together with how far the folder was read.

Whatever ends a worker, what it had not stored is read again, and nothing is stored twice. On the server nothing is changed.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Via, system_actor
from enishi.contacts.models import STREAM, ImportRun, Quarantined
from enishi.conversations.mail import DEFAULT_LIMITS, RawItem, Unreadable, too_large
from enishi.conversations.models import Interaction
from enishi.conversations.services.mail_import import Mail, Target, keep_arrived, prepare
from enishi.core import clock
from enishi.mailboxes import imap, queries
from enishi.mailboxes.imap import Failed, Letter, Server
from enishi.mailboxes.models import LASTING, Day, Mailbox
from enishi.mailboxes.services.opening import opened_to_read
from enishi.mailboxes.services.setup import read_soon
from enishi.timeline.services import notify

logger = logging.getLogger(__name__)

RUN_S = 10
"""So long one mailbox is read before another one's turn."""
MESSAGES, BYTES = 50, 16 * 2**20
"""A batch is full at either."""
PAUSES_MIN = (1, 2, 5, 15, 30, 60)
TELL_AFTER = 4
"""What may pass by itself is told after so many attempts, about 20 minutes."""
ASKS = Interaction.Answer.WAITING
FAULT = gettext_lazy(
    "Storing this message failed by a fault of the program; please report it. The message is kept."
)
_LIMITS = replace(DEFAULT_LIMITS, message=imap.BIG)


class Overtaken(Exception):
    """Somebody else read it, or changed where it is read, in the meantime."""


@dataclass
class _Batch:
    """What is stored together; ``until`` is how far the folder was read then."""

    until: int = 0
    mails: list[tuple[Mail, Letter]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    weight: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.mails) + len(self.unreadable) >= MESSAGES or self.weight >= BYTES

    def add(self, box: Mailbox, letter: Letter) -> None:
        item = RawItem(box.name, _place(letter), letter.raw)
        self.until, self.weight = letter.uid, self.weight + len(letter.raw)
        try:
            if letter.big:
                raise too_large(item.file, item.item, letter.raw, _LIMITS)
            self.mails.append((prepare(item, fallback=letter.came_at or clock.now()), letter))
        except Unreadable as unreadable:
            self.unreadable.append(unreadable)


def _place(letter: Letter) -> str:
    return f"UID {letter.uid}"


def wake() -> None:
    """Have everything read whose turn it is."""
    for mailbox_id in queries.due():
        read_soon(mailbox_id)


def read(mailbox_id: int) -> None:
    """The job: read what came since the last time; what is left is done by the next run."""
    rows = Mailbox.objects.unscoped("the job that reads it").filter(pk=mailbox_id, is_on=True)
    box = rows.first()
    if box is None or (box.next_at is not None and box.next_at > clock.now()):
        return
    if not queries.is_signed_in(box):
        return
    ends = time.monotonic() + RUN_S
    try:
        with opened_to_read(box, seconds=RUN_S + imap.TEST_S) as server:
            more = _read(box, server, ends)
    except Failed as failed:
        _note_failure(box, failed)
        return
    except Overtaken:
        return
    rows.filter(failures=box.failures).update(
        read_at=clock.now(), failures=0, next_at=None, trouble="", said="", told=False
    )
    if more:
        read_soon(mailbox_id)


def _read(box: Mailbox, server: Server, ends: float) -> bool:
    """Tells whether more is left."""
    if box.uid_validity != server.uid_validity:
        # The numbers mean other messages now. Those that are there already are known by their identifiers.
        _move(box, server.uid_validity, 0)
    for until, uids in server.new(after=box.last_uid, since=box.since):
        for batch in _batches(box, server, uids):
            _store(box, batch)
            if time.monotonic() >= ends:
                return True
        if until > box.last_uid:
            _move(box, server.uid_validity, until)
    return False


def _batches(box: Mailbox, server: Server, uids: Sequence[int]) -> Iterator[_Batch]:
    for start in range(0, len(uids), MESSAGES):
        batch = _Batch()
        for letter in server.letters(uids[start : start + MESSAGES]):
            batch.add(box, letter)
            if batch.is_full:
                yield batch
                batch = _Batch()
        if batch.until:
            yield batch


def _store(box: Mailbox, batch: _Batch) -> None:
    mails = [mail for mail, _letter in batch.mails]
    # What takes time is done before the lock.
    for mail in mails:
        mail.keep_files()
    try:
        _write(box, mails, batch.unreadable, until=batch.until)
    except Overtaken:
        raise
    except Exception:
        # One message that cannot be stored must keep out neither the others nor those after it.
        logger.exception("a batch of mailbox %s cannot be stored", box.pk)
        _store_each(box, batch)


def _store_each(box: Mailbox, batch: _Batch) -> None:
    aside = list(batch.unreadable)
    for mail, letter in batch.mails:
        try:
            _write(box, [mail], [], until=box.last_uid)
        except Overtaken:
            raise
        except Exception:
            logger.exception("%s of mailbox %s cannot be stored", mail.item, box.pk)
            aside.append(
                Unreadable(
                    "fault", FAULT, file=box.name, item=_place(letter), raw=letter.raw[: _LIMITS.quarantine]
                )
            )
    _write(box, [], aside, until=batch.until)


def _write(box: Mailbox, mails: Sequence[Mail], unreadable: Sequence[Unreadable], *, until: int) -> None:
    with transaction.atomic():
        now = _locked(box)
        if mails or unreadable:
            _keep(now, mails, unreadable)
        _set_position(box, box.uid_validity, until)
    box.last_uid = until


def _keep(box: Mailbox, mails: Sequence[Mail], unreadable: Sequence[Unreadable]) -> None:
    day, actor = day_of(box), system_actor("mailboxes", via=Via.MAIL)
    target = Target(
        [box.project_id], box.confidentiality, answer=ASKS, asked_since=box.created_at.replace(microsecond=0)
    )
    fresh = _not_aside_yet(box, unreadable)
    counts = keep_arrived(actor, day.run, mails, fresh, target=target)
    known = counts["unchanged"] + counts["duplicate"] + len(unreadable) - len(fresh)
    Day.objects.filter(pk=day.pk).update(
        kept=F("kept") + counts["created"], known=F("known") + known, aside=F("aside") + len(fresh)
    )


def _locked(box: Mailbox) -> Mailbox:
    """The mailbox as it is now, for this transaction; nobody else may have gone on with it meanwhile."""
    rows = Mailbox.objects.unscoped("the mailbox at hand").select_for_update(no_key=True, of=("self",))
    now = rows.filter(pk=box.pk, is_on=True).first()
    if now is None or (now.uid_validity, now.last_uid) != (box.uid_validity, box.last_uid):
        raise Overtaken
    return now


def _move(box: Mailbox, uid_validity: int, last_uid: int) -> None:
    with transaction.atomic():
        _locked(box)
        _set_position(box, uid_validity, last_uid)
    box.uid_validity, box.last_uid = uid_validity, last_uid


def _set_position(box: Mailbox, uid_validity: int | None, last_uid: int) -> None:
    rows = Mailbox.objects.unscoped("the mailbox at hand").filter(pk=box.pk)
    rows.update(uid_validity=uid_validity, last_uid=last_uid)


def day_of(box: Mailbox) -> Day:
    """What came today. What could not be read hangs on a run of its own, so that it ages like that of an archive."""
    today = clock.today()
    same = Day.objects.filter(run__project=box.project_id, run__confidentiality=box.confidentiality)
    found = same.select_related("run").filter(mailbox=box, day=today).first()
    if found is not None:
        return found
    run = ImportRun.objects.create(
        project_id=box.project_id,
        confidentiality=box.confidentiality,
        importer=STREAM,
        state=ImportRun.State.DONE,
        filename=box.name,
        finished_at=clock.now(),
    )
    return Day.objects.create(mailbox=box, day=today, run=run)


def _not_aside_yet(box: Mailbox, unreadable: Sequence[Unreadable]) -> list[Unreadable]:
    """What is read once more after the server gave new numbers is set aside once."""
    hashes = {sha256(each.raw).hexdigest(): each for each in unreadable}
    kept = Quarantined.objects.filter(run__in=box.days.values("run"), sha256__in=hashes)
    there = set(kept.values_list("sha256", flat=True)) if hashes else set()
    return [each for digest, each in hashes.items() if digest not in there]


@transaction.atomic
def _note_failure(box: Mailbox, failed: Failed) -> None:
    """Wait a little longer each time, and tell whoever looks after mailboxes once."""
    rows = Mailbox.objects.unscoped("the mailbox at hand").select_for_update(no_key=True, of=("self",))
    now = rows.filter(pk=box.pk, is_on=True).first()
    if now is None:
        return
    pause = PAUSES_MIN[min(now.failures, len(PAUSES_MIN) - 1)]
    now.failures = min(now.failures + 1, 1000)
    now.next_at = clock.now() + dt.timedelta(minutes=pause)
    now.trouble, now.said = failed.trouble, failed.said
    if not now.told and (failed.trouble in LASTING or now.failures >= TELL_AFTER):
        now.told = True
        _tell(now)
    now.save(update_fields=["failures", "next_at", "trouble", "said", "told"])


def _tell(box: Mailbox) -> None:
    url = reverse("mailboxes:mailbox", args=[box.pk])
    for person in accounts.readers(queries.RIGHT, [], box.confidentiality):
        with translation.override(person.language):
            title = _("The mailbox “%(name)s” cannot be read.") % {"name": box.name}
            notify([person.pk], kind="mailbox", title=f"{title} {box.get_trouble_display()}", url=url)
