"""Having a draft written: what is sent is chosen and written to the history first, then a job asks the service."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Via
from enishi.cases.models import Case
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.core import clock, jobs
from enishi.core.ai.generation import GenerationError, generate
from enishi.core.choices import language_name
from enishi.timeline.services import record
from enishi.writing import prompts, queries, signals
from enishi.writing.models import Draft, WritingService
from enishi.writing.queries.service import USE
from enishi.writing.services.errors import WritingError
from enishi.writing.services.setup import service_of

KEPT = dt.timedelta(days=7)
GIVEN_UP = dt.timedelta(minutes=10)
VIEW, CASE_EDIT = "conversations.view", "cases.edit"


def _service(actor: Actor, project_ids: list[int]) -> WritingService:
    actor.require(USE, project_ids)
    found = queries.service()
    if not found.on:
        raise WritingError(_("No service writes drafts here. An administrator can switch one on."))
    return found


def ask_conversation(actor: Actor, talk: Interaction) -> Draft:
    """Have a conversation summarised. Raises WritingError, Interaction.DoesNotExist."""
    service = _service(actor, talk.project_ids)
    return _ask(actor, service, Draft.Kind.CONVERSATION, interaction=talk)


def ask_person(actor: Actor, party: Party) -> Draft:
    """Have the talk with somebody summarised, as far as the actor may read it. Raises WritingError, Party.DoesNotExist."""
    service = _service(actor, party.project_ids)
    actor.require_some(VIEW, party.project_ids)
    return _ask(actor, service, Draft.Kind.PERSON, party=party)


def ask_answer(actor: Actor, case: Case) -> Draft:
    """Have an answer to a case drafted; whoever asks must be able to send one. Raises WritingError, Case.DoesNotExist."""
    service = _service(actor, [case.project_id])
    actor.require(CASE_EDIT, case)
    return _ask(actor, service, Draft.Kind.ANSWER, case=case)


@transaction.atomic
def _ask(actor: Actor, service: WritingService, kind: str, **about: Any) -> Draft:
    """Choose what is sent, tell it in the history of each record, and have a job send it."""
    language = (get_language() or "en").split("-")[0]
    if kind == Draft.Kind.CONVERSATION:
        material = queries.of_conversation(actor, about["interaction"].pk, service.highest)
    elif kind == Draft.Kind.PERSON:
        material = queries.of_person(actor, about["party"].pk, service.highest)
    else:
        material = queries.of_case(actor, about["case"].pk, service.highest)
        language = about["case"].language or language
    if not material.pieces:
        raise WritingError(
            _(
                "There is nothing that may be sent to the service: it is more confidential than an administrator allows."
            )
            if material.left_out
            else _("Nothing was said yet.")
        )
    # The service is told the language in English, whoever asks.
    instruct = prompts.answer_instruction if kind == Draft.Kind.ANSWER else prompts.summary_instruction
    instruction = instruct(_english(language))
    draft = Draft.objects.create(
        kind=kind,
        user_id=actor.own_id,
        asked_at=clock.now(),
        language=language,
        messages=prompts.messages(instruction, material.pieces),
        sources=[piece.source for piece in material.pieces],
        left_out=material.left_out,
        **about,
    )
    host = queries.host_of(service.address)
    for piece, subject in zip(material.pieces, material.records, strict=True):
        # Each part of the prompt stands in the history of the record that it was made of, and is read where that is read.
        record(
            actor,
            signals.sent_out,
            subject=subject,
            data={
                "draft": draft.pk,
                "record_id": f"{piece.kind} {piece.id}",
                "sent_to": host,
                "model_name": service.model,
                "instruction": instruction,
                "words_sent": piece.words,
            },
        )
    jobs.defer("writing.write", draft_id=draft.pk)
    return draft


def _english(language: str) -> str:
    with translation.override("en"):
        return language_name(language)


def write_draft(draft_id: int) -> None:
    """The job: ask the service and keep what it says, or why it said nothing. What is written is not asked for again."""
    draft = Draft.objects.select_related("user").filter(pk=draft_id, state=Draft.State.WAITING).first()
    if draft is not None:
        with translation.override(draft.user.language):
            _write(draft)


def _write(draft: Draft) -> None:
    actor = accounts.actor(draft.user, via=Via.JOB)
    service = queries.service()
    try:
        queries.draft(actor, draft.pk)
        if not service.on:
            raise Draft.DoesNotExist
    except Draft.DoesNotExist:
        _finish(draft, trouble=_("It may no longer be sent: rights, or the service, were changed since."))
        return
    numbers = [one["number"] for one in draft.sources]
    try:
        found = prompts.read(generate(service_of(service), draft.messages), numbers)
    except GenerationError as error:
        _finish(draft, trouble=str(error.words))
    except prompts.Rubbish:
        _finish(
            draft,
            trouble=_("The answer cannot be used: its sentences do not say where they come from. Try again."),
        )
    else:
        _finish(draft, said=found.said, unfounded=found.unfounded)


def _finish(draft: Draft, **values: Any) -> None:
    state = Draft.State.FAILED if "trouble" in values else Draft.State.DONE
    Draft.objects.filter(pk=draft.pk, state=Draft.State.WAITING).update(state=state, messages=[], **values)


@transaction.atomic
def throw_away(actor: Actor, draft: Draft) -> None:
    """What was sent stays in the history; what came back is gone."""
    Draft.objects.filter(pk=draft.pk, user_id=actor.own_id).delete()


def forget_drafts() -> int:
    """Drafts go after a week; one that was never written says so. Returns how many went."""
    now = clock.now()
    stuck = Draft.objects.filter(state=Draft.State.WAITING, asked_at__lt=now - GIVEN_UP)
    stuck.update(
        state=Draft.State.FAILED,
        messages=[],
        trouble=_("The service did not answer in time. Try again later."),
    )
    return Draft.objects.filter(asked_at__lt=now - KEPT).delete()[0]
