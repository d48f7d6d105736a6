"""One answer to all who say much the same: to each of them once, in the thread of what they wrote."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Forbidden
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services import ConversationError, log_interaction, set_answer
from enishi.core import clock
from enishi.core.choices import language_name
from enishi.core.formats import format_number
from enishi.themes import signals
from enishi.themes.models import Answer, AnswerText, AnswerTo
from enishi.themes.queries import answers as queries
from enishi.themes.queries import sending as outgoing
from enishi.themes.queries.answers import Answered, may_answer
from enishi.themes.services import sending
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.sending import REPLY, Going, Post, Words
from enishi.timeline.services import record

NAMED = 3


@transaction.atomic
def save_answer(
    actor: Actor, chorus_id: int, answer: Answer | None = None, *, words: Words, otherwise: str = ""
) -> Answer:
    """Write an answer, or write it anew: subject and text by language. Nothing goes yet. Raises ThemeError."""
    places = _places(actor, chorus_id)
    readers = queries.plan(actor, chorus_id).languages
    kept = sending.tidy(words, {*readers, *words})
    if not kept:
        raise ThemeError(_("Write the answer in at least one language."), "")
    if otherwise and otherwise not in kept:
        raise ThemeError(_("The answer is not written in this language."), "otherwise")
    missing = {code: people for code, people in readers.items() if code not in kept}
    if missing and not otherwise:
        raise ThemeError(_lacking(missing), "otherwise")
    if answer is None:
        saved = Answer(chorus_id=chorus_id, user_id=actor.own_id, made_at=clock.now())
    else:
        saved = _locked(actor, answer.pk)
        sending.still(saved, Answer.State.DRAFT)
        saved.texts.all().delete()
    saved.otherwise = otherwise
    saved.project_ids, saved.confidentiality = places
    saved.save()
    AnswerText.objects.bulk_create(
        AnswerText(answer=saved, language=language, subject=subject, text=body)
        for language, (subject, body) in kept.items()
    )
    record(actor, signals.answer_written, subject=saved, data={"languages": sorted(kept)})
    return saved


def _lacking(missing: dict[str, list[Party]]) -> str:
    """Who reads a language in which it is not written, and what to do."""
    said = []
    for code, people in missing.items():
        names = ", ".join(one.full_name for one in people[:NAMED])
        if more := len(people) - NAMED if len(people) > NAMED else 0:
            names += " " + ngettext("and %(n)s more", "and %(n)s more", more) % {
                "n": format_number(more, get_language() or "en")
            }
        said.append(f"{language_name(code)} ({names})")
    return _("Nothing is written in: %(languages)s. Write it, or choose in which language they get it.") % {
        "languages": "; ".join(said)
    }


def _answerable(actor: Actor, chorus_id: int | None) -> list[Interaction]:
    """The letters that the actor may answer; raises Forbidden where there are some and none of them is for them."""
    found = queries.letters(actor, chorus_id)
    if not found:
        raise ThemeError(_("There is no letter any more that says the same."))
    mine = [one for one in found if may_answer(actor, one)]
    if not mine:
        raise Forbidden(REPLY)
    return mine


def require_answer(actor: Actor, chorus_id: int) -> None:
    """Raises Forbidden where there are letters and the actor may answer none of them."""
    found = queries.letters(actor, chorus_id)
    if not any(may_answer(actor, one) for one in found):
        raise Forbidden(REPLY)


def _places(actor: Actor, chorus_id: int | None) -> tuple[list[int], int]:
    """Where an answer stands: wherever the letters stand, as confidential as they are."""
    found = _answerable(actor, chorus_id)
    projects = sorted({project for one in found for project in one.project_ids})
    return projects, max(one.confidentiality for one in found)


def _locked(actor: Actor, answer_id: int) -> Answer:
    rows = Answer.objects.visible_to(actor).select_for_update(no_key=True, of=("self",))
    found = rows.get(pk=answer_id)
    actor.require(REPLY, found)
    return found


@transaction.atomic
def leave_out(actor: Actor, answer_id: int, party_id: int, out: bool) -> Party:
    """Leave one of them out, or write to them after all. Raises ThemeError, Party.DoesNotExist."""
    found = _locked(actor, answer_id)
    sending.still(found, Answer.State.DRAFT)
    plan = queries.plan(actor, found.chorus_id, found)
    known = (
        {one.party.pk: one.party for one in plan.reached} if out else {one.pk: one for one in plan.without}
    )
    if party_id not in known:
        raise Party.DoesNotExist
    if out:
        found.without.add(party_id)
    else:
        found.without.remove(party_id)
    return known[party_id]


@transaction.atomic
def send_answer(actor: Actor, answer_id: int, *, key: str) -> Answer:
    """Send it in five minutes to those whom a person looked at: ``key`` is that of the plan they saw. Raises ThemeError."""
    found = _locked(actor, answer_id)
    sending.still(found, Answer.State.DRAFT)
    found.project_ids, found.confidentiality = _places(actor, found.chorus_id)
    plan = queries.plan(actor, found.chorus_id, found)
    reached = plan.reached
    if not reached:
        raise ThemeError(_("Nobody would get it. Look at the reasons."))
    if plan.key != key:
        raise ThemeError(_("Who gets it has changed in the meantime. Look at it again."))
    try:
        with transaction.atomic():
            AnswerTo.objects.bulk_create(
                AnswerTo(
                    answer=found,
                    party=one.party,
                    way=one.way,
                    address=one.address,
                    language=one.language,
                    letter=one.letters[0],
                )
                for one in reached
            )
    except IntegrityError:
        raise ThemeError(_("Somebody else answers them at this moment. Look at it again.")) from None
    sending.release(actor, found, "project_ids", "confidentiality")
    record(actor, signals.answer_released, subject=found)
    return found


@transaction.atomic
def stop_answer(actor: Actor, answer_id: int) -> Answer:
    """Keep it from whom it has not reached. Nobody reached yet: it can be changed and sent again."""
    found = _locked(actor, answer_id)
    sending.stop(found)
    record(actor, signals.answer_stopped, subject=found)
    return found


@transaction.atomic
def remove_answer(actor: Actor, answer_id: int) -> None:
    """Throw a draft away."""
    found = _locked(actor, answer_id)
    sending.still(found, Answer.State.DRAFT)
    record(actor, signals.answer_removed, subject=found)
    found.delete()


class AnswerPost(Post[Answer]):
    """How answers go out."""

    code = "answer"

    def rows(self) -> QuerySet[Answer]:
        return Answer.objects.unscoped("the job that sends it").select_related("user")

    def may(self, actor: Actor, one: Answer) -> bool:
        # Of each letter it is asked again.
        return actor.may(REPLY)

    def now(self, actor: Actor, one: Answer, party_ids: Collection[int]) -> dict[int, Going]:
        words = outgoing.texts(one)
        found = {}
        for reached in queries.plan(actor, one.chorus_id, one, only=party_ids).reached:
            subject, text = queries.words_for(words, reached.party, reached.language)
            log = functools.partial(_log, actor, reached, subject, text)
            more: dict[str, Any] = {"letter": reached.letters[0]}
            found[reached.party.pk] = Going(reached, subject, text, log, _thread(reached), more)
        return found

    def finished(self, actor: Actor, one: Answer) -> tuple[str, str]:
        record(actor, signals.answer_sent, subject=one)
        return _("The answer to all of them was sent."), reverse("themes:answer", args=[one.pk])


def _thread(reached: Answered) -> dict[str, str]:
    """What puts the mail beside the one that it answers, in their mail program."""
    known = reached.letters[0].message_id if reached.way == AnswerTo.Way.EMAIL else None
    if not known:
        return {}
    # Two mails of one id are told apart by what follows it.
    head = f"<{known.partition('#')[0]}>"
    return {"In-Reply-To": head, "References": head}


def _log(actor: Actor, reached: Answered, subject: str, text: str) -> Interaction:
    """It stands in the thread of their letter, and whatever they wrote of it has its answer."""
    letter = reached.letters[0]
    told = sending.logged(actor, reached, subject, text)
    made = log_interaction(
        actor,
        project_ids=letter.project_ids,
        confidentiality=letter.confidentiality,
        reply_to=letter,
        **told,
    )
    _settle(actor, reached.letters)
    return made


def _settle(actor: Actor, letters: Iterable[Interaction]) -> None:
    for one in letters:
        try:
            set_answer(actor, one, answer=Interaction.Answer.ANSWERED)
        except (ConversationError, Interaction.DoesNotExist):
            # Deleted at this moment: there is nothing left to answer.
            continue


__all__ = [
    "AnswerPost",
    "leave_out",
    "may_answer",
    "remove_answer",
    "require_answer",
    "save_answer",
    "send_answer",
    "stop_answer",
]
