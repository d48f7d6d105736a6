"""Mail as it arrives: stored like the mail of an archive, and answered or asking for an answer from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.contacts.models import ImportRun
from enishi.conversations import signals
from enishi.conversations.mail import Unreadable
from enishi.conversations.models import Interaction, Thread, ThreadIdentifier
from enishi.conversations.services.mail_import.calendar_answers import take_answers
from enishi.conversations.services.mail_import.mails import Mail
from enishi.conversations.services.mail_import.people import Us
from enishi.conversations.services.mail_import.runs import mark_failed, take_turn
from enishi.conversations.services.mail_import.writing import (
    Target,
    look_up,
    set_aside,
    sort_out,
    write_mails,
)
from enishi.core import clock
from enishi.timeline.services import record

Answer, Direction = Interaction.Answer, Interaction.Direction


def keep_arrived(
    actor: Actor, run: ImportRun, mails: Sequence[Mail], unreadable: Sequence[Unreadable], *, target: Target
) -> Counter[str]:
    """Store what arrived, in the caller's transaction; what is there already stays as it is. Returns the figures."""
    take_turn()
    known = look_up(mails)
    found = sort_out(mails, known, run_id=None)
    if found.fresh:
        us = Us()
        take_answers(actor, found.fresh, us)
        ids = write_mails(actor, run, None, found.fresh, known, us=us, target=target)
        mark_failed(actor, {"pk__in": ids}, operation=None)
        _settle(actor, ids)
    found.counts["read"] = len(mails) + len(unreadable)
    found.counts["quarantined"] = set_aside(run, unreadable)
    return found.counts


def lead_to_thread(interaction: Interaction, identifier: str) -> None:
    """What names that identifier belongs to the thread of this conversation; it gets one if it has none."""
    if interaction.thread is None:
        at = interaction.occurred_at
        interaction.thread = Thread.objects.create(first_at=at, last_at=at)
        interaction.save(update_fields=["thread"])
    ThreadIdentifier.objects.get_or_create(identifier=identifier, defaults={"thread": interaction.thread})


def _settle(actor: Actor, ids: Collection[int]) -> None:
    """What we wrote on after it in the same thread is answered.

    Never by a letter that whoever sees the question may not see: that there is one would be a trace of it.
    """
    messages = Interaction.objects.unscoped("questions and answers in the threads of what arrived").present()
    answers = messages.filter(
        thread=OuterRef("thread"),
        direction=Direction.OUT,
        occurred_at__gt=OuterRef("occurred_at"),
        confidentiality__lte=OuterRef("confidentiality"),
        project_ids__contains=OuterRef("project_ids"),
    )
    threads = messages.filter(pk__in=ids, thread__isnull=False).values("thread")
    _mark_answered(actor, messages.filter(Exists(answers), thread__in=threads))


def answered(actor: Actor, question: Interaction) -> None:
    """It was answered, whatever the clocks of both sides say about the order."""
    _mark_answered(actor, Interaction.objects.unscoped("what was answered").present().filter(pk=question.pk))


def _mark_answered(actor: Actor, questions: ScopedQuerySet[Interaction]) -> None:
    waiting = questions.filter(answer=Answer.WAITING).select_for_update(no_key=True, of=("self",))
    for question in waiting.order_by("pk"):
        question.answer, question.version, question.updated_at = (
            Answer.ANSWERED,
            question.version + 1,
            clock.now(),
        )
        question.save(update_fields=["answer", "version", "updated_at"])
        record(
            actor,
            signals.interaction_changed,
            subject=question,
            changes={"answer": (Answer.WAITING.value, Answer.ANSWERED.value)},
            data={"version": question.version},
        )
