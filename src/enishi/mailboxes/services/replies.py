"""Answering an e-mail from its page: sent through the mailbox of its project, and filed like any mail that arrives.

A reply is claimed before it is handed over and never handed over twice by itself: after a crash in between it may have gone, and says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from email.utils import formataddr

from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.forms import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Via
from enishi.conversations.mail import RawItem
from enishi.conversations.models import Interaction, MailMessage
from enishi.conversations.services.mail_import import (
    TOKEN_HOST,
    Target,
    answered,
    keep_arrived,
    lead_to_thread,
    prepare,
)
from enishi.core import clock, jobs, text
from enishi.core.mail import Handed, hand_over
from enishi.mailboxes import signals
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Enclosure, Mailbox, Reply, Trouble
from enishi.mailboxes.queries import EDIT
from enishi.mailboxes.services import enclosures
from enishi.mailboxes.services.errors import MailboxError
from enishi.mailboxes.services.opening import opened_to_send
from enishi.mailboxes.services.reading import day_of
from enishi.timeline.services import notify, record

MOST_PEOPLE, MOST_REFERENCES = 50, 20
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
State, Why = Reply.State, Reply.Why
ACCOUNT = frozenset(
    {Trouble.PASSWORD, Trouble.SECRET, Trouble.SIGN_IN, Trouble.TOKEN, Trouble.CLIENT, Trouble.SERVICE}
)
"""What somebody who looks after the mailbox has to put right."""


@transaction.atomic
def reply(
    actor: Actor,
    question: Interaction,
    mailbox: Mailbox,
    *,
    to: Iterable[str],
    cc: Iterable[str],
    subject: str,
    body: str,
    held: Collection[int] = (),
    kept: Collection[int] = (),
    sure: Collection[int] = (),
) -> Reply:
    """Answer an e-mail; it goes at once. Raises MailboxError.

    With it go what was ``held`` for it and ``kept`` files; ``sure`` are those that may leave the house although they are confidential.
    """
    actor.require(EDIT, question)
    told, copied = _addresses(to, "to"), _addresses(cc, "cc")
    copied = [one for one in copied if one not in told]
    subject, body = " ".join(text.clean(subject).split())[:300], text.clean(body).strip()
    if not told:
        raise MailboxError(_("Choose at least one address that it goes to."), "to")
    if len(told) + len(copied) > MOST_PEOPLE:
        raise MailboxError(_("An answer goes to at most %(count)s addresses.") % {"count": MOST_PEOPLE}, "to")
    if not body:
        raise MailboxError(_("Write the answer."), "text")
    waiting, files = enclosures.check(actor, question, held=held, kept=kept, sure=sure)
    token = "".join(secrets.choice(_ALPHABET) for _letter in range(10))
    made = Reply.objects.create(
        question=question,
        mailbox=mailbox,
        user_id=actor.own_id,
        to=told,
        cc=copied,
        subject=subject,
        text=body,
        token=token,
        made_at=clock.now(),
    )
    enclosures.enclose(actor, made, waiting, files)
    data = {"people": len(told) + len(copied), "files": len(waiting) + len(files)}
    record(actor, signals.reply_written, subject=question, data=data)
    jobs.defer("mailboxes.send", reply_id=made.pk)
    return made


def _addresses(typed: Iterable[str], name: str) -> list[str]:
    found = list(dict.fromkeys(one.strip().lower() for one in typed if one.strip()))
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            raise MailboxError(_("“%(address)s” is no e-mail address.") % {"address": one}, name) from None
    return found


@transaction.atomic
def send_again(actor: Actor, reply_id: int) -> Reply:
    """Try once more, under the same identifier: whoever has it already is not told twice by their program."""
    found = _locked(actor, reply_id)
    if found.state in {State.FAILED, State.GOING}:
        found.state = State.WAITING
        found.save(update_fields=["state"])
        jobs.defer("mailboxes.send", reply_id=found.pk)
    return found


@transaction.atomic
def drop(actor: Actor, reply_id: int) -> Interaction:
    """Throw away what did not go."""
    found = _locked(actor, reply_id)
    question = found.question
    if found.state not in {State.FAILED, State.GOING}:
        raise MailboxError(_("It went further in the meantime. Look at it again."))
    record(actor, signals.reply_dropped, subject=question)
    enclosures.let_go(found.enclosures.all())
    found.delete()
    return question


def _locked(actor: Actor, reply_id: int) -> Reply:
    rows = Reply.objects.select_related("question", "mailbox")
    found = rows.select_for_update(no_key=True, of=("self",)).get(
        pk=reply_id, question__in=Interaction.objects.visible_to(actor).present()
    )
    actor.require(EDIT, found.question)
    return found


def send(reply_id: int) -> None:
    """The job: hand one over, and file it where it belongs."""
    if not Reply.objects.filter(pk=reply_id, state=State.WAITING).update(state=State.GOING):
        return
    found = Reply.objects.select_related("question", "mailbox", "user").get(pk=reply_id)
    actor = accounts.actor(found.user, via=Via.MAIL) if found.user.is_active else None
    box, itself = found.mailbox, Reply.objects.filter(pk=found.pk)
    if actor is None or box is None or not actor.may(EDIT, found.question):
        _failed(found)
        return
    try:
        message = _message(actor, found, box)
        with opened_to_send(box, size=len(message.message().as_bytes())) as way:
            message.connection = way
            handed = hand_over(message)
    except enclosures.Missing:
        _failed(found, Why.FILE)
        return
    except Failed as failed:
        # Nothing was handed over yet.
        _failed(found, Why.ACCOUNT if failed.trouble in ACCOUNT else Why.SERVER, failed.said)
        return
    if handed is not Handed.TAKEN:
        _failed(found)
        return
    with transaction.atomic():
        _file(actor, found, box, message)
        itself.delete()


def _failed(found: Reply, why: Reply.Why = Why.SERVER, said: str = "") -> None:
    with transaction.atomic():
        Reply.objects.filter(pk=found.pk).update(state=State.FAILED, why=why, said=said)
        with translation.override(found.user.language):
            url = reverse("conversations:interaction", args=[found.question_id])
            notify([found.user_id], kind="mailbox", title=_("An answer by e-mail was not sent."), url=url)


def _message(actor: Actor, found: Reply, box: Mailbox) -> EmailMessage:
    asked = found.question
    own = MailMessage.objects.filter(interaction=asked).values_list("message_id", flat=True).first() or ""
    # What was derived from its content is no name by which their program knows it.
    known = [one for one in (*asked.references, own) if one and not one.endswith(".invalid")]
    headers = {"Message-ID": f"<{found.token}@{box.address.rpartition('@')[2]}>"}
    if known:
        headers["In-Reply-To"] = f"<{known[-1]}>"
        headers["References"] = " ".join(f"<{one}>" for one in known[-MOST_REFERENCES:])
    return EmailMessage(
        # By this the answer to it is found again, where a program names no message that it answers.
        f"{found.subject} [#{found.token}]",
        found.text,
        from_email=formataddr((found.user.name, box.address)),
        to=found.to,
        cc=found.cc,
        headers=headers,
        attachments=list(enclosures.parts(actor, found)),
    )


def _file(actor: Actor, found: Reply, box: Mailbox, message: EmailMessage) -> None:
    """As if a copy of it had arrived; such a copy is known from now on."""
    asked = found.question
    lead_to_thread(asked, f"{found.token}@{TOKEN_HOST}")
    item = RawItem(box.name, "", message.message().as_bytes())
    target = Target(asked.project_ids, asked.confidentiality)
    keep_arrived(actor, day_of(box).run, [prepare(item, fallback=clock.now())], [], target=target)
    answered(actor, asked)


def forget_unsent(talk_ids: Iterable[int]) -> None:
    """With the words of a conversation go those that were to answer them."""
    ids = list(talk_ids)
    enclosures.let_go(Enclosure.objects.filter(question__in=ids))
    Reply.objects.filter(question__in=ids).delete()
