"""What goes out to many people, to each of them once: replies to a theme, answers to all who say the same.

A mail is claimed before it is handed over and never handed over twice: after a crash in between it may not have gone, and says so.
"""

from __future__ import annotations

import datetime as dt
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import User
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft
from enishi.core import clock, live, text
from enishi.core.mail import Handed, hand_over
from enishi.themes.models import Answer, Recipient, Reply, Sending
from enishi.themes.queries import sending as queries
from enishi.themes.queries.sending import Reached
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.tree import EDIT
from enishi.timeline.services import notify

REPLY = "themes.reply"
PATIENCE = dt.timedelta(minutes=5)
"""So long it can be taken back whole."""
RUN_S = 20
Words = Mapping[str, tuple[str, str]]
Sent = TypeVar("Sent", Reply, Answer)
_WAITING, _GOING = Recipient.State.WAITING, Recipient.State.GOING


def may_send(actor: Actor, project_ids: Iterable[int]) -> bool:
    """Who tells people also logs that they were told."""
    return all(actor.may(REPLY, one) and actor.may(EDIT, one) for one in project_ids)


def tidy(words: Words, languages: Collection[str]) -> dict[str, tuple[str, str]]:
    """Subject and text by language, cleaned; nothing of a language that was left empty. Raises ThemeError."""
    kept = {}
    for language, (subject, body) in words.items():
        subject, body = " ".join(text.clean(subject).split())[:200], text.clean(body).strip()
        if bool(subject) != bool(body):
            raise ThemeError(_("Write both the subject and the text, or neither."), f"subject_{language}")
        if body and language in languages:
            kept[language] = (subject, body)
    return kept


def still(one: Sending, state: str) -> None:
    """Raises ThemeError where it is no longer so."""
    if one.state != state:
        raise ThemeError(_("It went further in the meantime. Look at it again."))


def release(actor: Actor, one: Sending, *more: str) -> None:
    """Let it go in five minutes. Whoever sends it is whose rights count, and who is answered."""
    one.state, one.goes_at, one.user_id = Sending.State.GOING, clock.now() + PATIENCE, actor.own_id
    one.save(update_fields=["state", "goes_at", "user", *more])


def stop(one: Reply | Answer) -> int:
    """Keep it from whom it has not reached; returns how many. Nobody reached yet: it can be changed and sent again."""
    still(one, Sending.State.GOING)
    stopped, _each = one.people.filter(state=_WAITING).delete()
    began = one.people.exists()
    one.state = Sending.State.SENT if began else Sending.State.DRAFT
    one.goes_at = one.goes_at if began else None
    one.save(update_fields=["state", "goes_at"])
    return stopped


@dataclass(frozen=True)
class Going:
    """What goes to one of them; ``log`` writes down how it stands on their record."""

    reached: Reached
    subject: str
    text: str
    log: Callable[[], Interaction]
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    """What the row keeps beside the way, the address and the language."""


class Post(ABC, Generic[Sent]):
    """How one kind of thing goes out. ``code`` names it to pages that watch, and its notification."""

    code: str

    @abstractmethod
    def rows(self) -> QuerySet[Sent]:
        """All of them, for the job."""

    @abstractmethod
    def may(self, actor: Actor, one: Sent) -> bool: ...

    @abstractmethod
    def now(self, actor: Actor, one: Sent, party_ids: Collection[int]) -> dict[int, Going]:
        """What each of these people would get at this moment, with the consent, addresses and rights of now."""

    @abstractmethod
    def finished(self, actor: Actor, one: Sent) -> tuple[str, str]:
        """Write down that it went; gives the words and the address for whoever sent it."""


def send_due(posts: Iterable[Post[Any]]) -> None:
    """The job of each minute: send what is due, for a third of the minute; the rest goes with the next."""
    ends = time.monotonic() + RUN_S
    for post in posts:
        for pk in queries.going(post.rows()):
            while time.monotonic() < ends and _send_some(post, pk, ends):
                pass


def _send_some(post: Post[Any], pk: int, ends: float, *, at_once: int = 50) -> bool:
    """Send to some of those who wait. Tells whether there may be more."""
    one = post.rows().get(pk=pk)
    waiting = one.people.filter(state=_WAITING)
    batch = list(waiting.order_by("pk")[:at_once])
    if not batch:
        _finish(post, one)
        return False
    user = one.user
    actor = accounts.actor(user, via=Via.JOB) if user is not None and user.is_active else None
    if actor is None or not post.may(actor, one):
        waiting.delete()
        return True
    now = post.now(actor, one, [row.party_id for row in batch])
    for row in batch:
        if time.monotonic() >= ends:
            break
        if (found := now.get(row.party_id)) is None:
            # Only while it waits: somebody may have stopped it, or begun with it.
            waiting.filter(pk=row.pk).delete()
        elif not _send_one(one, row, found):
            return False
    _tell(post, one)
    return True


def _send_one(one: Reply | Answer, row: Any, found: Going) -> bool:
    """Hand one over. False: the mail server cannot be reached, so it is tried again with the next run."""
    reached, mine = found.reached, one.people.filter(pk=row.pk)
    kept = {"way": reached.way, "address": reached.address, "language": reached.language, **found.more}
    claim = mine.filter(state=_WAITING)
    if reached.way == Recipient.Way.LETTER:
        with transaction.atomic():
            if claim.update(state=_GOING, **kept):
                mine.update(state=Recipient.State.SENT, interaction=found.log())
        return True
    if not claim.update(state=_GOING, **kept):
        return True
    handed = hand_over(_mail(one.user, found))
    if handed is Handed.TAKEN:
        with transaction.atomic():
            mine.update(state=Recipient.State.SENT, interaction=found.log())
    else:
        mine.update(state=Recipient.State.FAILED if handed is Handed.REFUSED else _WAITING)
    return handed is not Handed.AWAY


def _mail(user: User | None, found: Going) -> EmailMessage:
    return EmailMessage(
        found.subject,
        found.text,
        to=[found.reached.address],
        reply_to=[user.email] if user else None,
        headers=dict(found.headers),
    )


def logged(actor: Actor, reached: Reached, subject: str, words: str) -> dict[str, Any]:
    """How it stands on the record of whoever gets it: what ``log_interaction`` is told of it."""
    mail = reached.way == Recipient.Way.EMAIL
    role = ParticipantDraft("to", party_id=reached.party.pk, address=reached.address if mail else "")
    return {
        "channel": Interaction.Channel.EMAIL if mail else Interaction.Channel.LETTER,
        "direction": Interaction.Direction.OUT,
        "occurred_at": clock.now(),
        "subject": subject,
        "text": words,
        "language": reached.language,
        "participants": [ParticipantDraft("from", user_id=actor.user_id), role],
    }


def _tell(post: Post[Any], one: Reply | Answer) -> None:
    if one.user_id is not None:
        found = queries.counts(one)
        total = sum(found.values())
        done = total - found.get(_WAITING, 0)
        live.push(one.user_id, "job", {"id": f"{post.code}-{one.pk}", "done": done, "total": total})


@transaction.atomic
def _finish(post: Post[Any], one: Reply | Answer) -> None:
    if not post.rows().filter(pk=one.pk, state=Sending.State.GOING).update(state=Sending.State.SENT):
        return
    user = one.user
    if user is not None:
        with translation.override(user.language):
            title, url = post.finished(accounts.actor(user, via=Via.JOB), one)
            notify([user.pk], kind=post.code, title=title, url=url)
    _tell(post, one)
