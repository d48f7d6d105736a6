"""The way of a case: from stage to stage, closed, opened again, appealed against, judged."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor
from enishi.cases import signals
from enishi.cases.models import Case, CaseStep
from enishi.cases.packs import Stage
from enishi.cases.queries.needs import missing
from enishi.cases.services import rules
from enishi.cases.services.pausing import go_on
from enishi.cases.services.rules import EDIT, CaseError, Missing
from enishi.core import clock


@transaction.atomic
def move_case(actor: Actor, case: Case, *, to: str, note: str = "", version: int | None = None) -> Case:
    """Bring a case to the next stage, or back to an earlier one with the reason in ``note``.

    The final stage closes it. Raises Missing with what is still to be done, CaseError for a way that does not exist,
    Conflict when ``version`` is out of date.
    """
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    stage = _stage(case, to)
    if not case.is_open:
        raise CaseError(_("The case is closed. Open it again to work on it."), "to")
    note = rules.long_words(note, "note")
    if case.pack.place(to) > case.pack.place(case.stage):
        _check_forward(actor, case, stage)
    elif stage.code == case.stage:
        return case
    elif stage.optional:
        raise CaseError(_("Only an appeal brings a case to this stage."), "to")
    elif not note:
        raise CaseError(_("Say why it goes back."), "note")
    before = rules.snapshot(case)
    _enter(actor, case, stage, note)
    if stage.final:
        go_on(case)
        case.closed_at, case.closed_by_id = clock.now(), actor.user_id
        rules.news(case)
    event = signals.case_closed if stage.final else signals.case_moved
    return rules.finish(actor, case, event, before, **({"note": note} if note else {}))


def _stage(case: Case, code: str) -> Stage:
    try:
        return case.pack.stage(code)
    except KeyError:
        raise CaseError(_("This kind of case has no such stage."), "to") from None


def _check_forward(actor: Actor, case: Case, stage: Stage) -> None:
    following = case.pack.after(case.stage)
    if following is None or following.code != stage.code:
        label = following.label if following else case.now_in.label
        raise CaseError(_("Next comes “%(stage)s”.") % {"stage": label}, "to")
    lacking = missing(actor, case, stage)
    if lacking:
        # Whole phrases in a list read the same in every language.
        words = "; ".join(need.words for need in lacking)
        raise Missing(
            _("Before it comes to “%(stage)s” this is missing: %(words)s.")
            % {"stage": stage.label, "words": words},
            lacking,
        )


def _enter(actor: Actor, case: Case, stage: Stage, note: str) -> None:
    case.stage, case.stage_at = stage.code, clock.now()
    CaseStep.objects.create(case=case, stage=stage.code, at=case.stage_at, user_id=actor.user_id, note=note)


@transaction.atomic
def reopen_case(actor: Actor, case: Case, *, note: str, version: int | None = None) -> Case:
    """Take up a closed case again at the stage before its end; the reason is kept."""
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    if case.is_open:
        raise CaseError(_("The case is open."))
    note = rules.long_words(note, "note")
    if not note:
        raise CaseError(_("Say why it is opened again."), "note")
    before = rules.snapshot(case)
    stage = [one for one in case.pack.stages if not (one.optional or one.final)][-1]
    _enter(actor, case, stage, note)
    case.closed_at = None
    return rules.finish(actor, case, signals.case_reopened, before, note=note)


def appeal_until(case: Case) -> dt.datetime | None:
    """Until when an appeal can be made; None when none can."""
    days = case.pack.service.appeal_within
    if case.closed_at is None or case.appealed_at is not None or not days:
        return None
    until = case.closed_at + dt.timedelta(days=days)
    return until if until > clock.now() else None


@transaction.atomic
def appeal(actor: Actor, case: Case, *, words: str, version: int | None = None) -> Case:
    """The complainant does not accept the outcome: the case opens again with a clock of its own, once.

    Who closed it cannot close it again. The outcome so far stays in the steps; a new one is to be written.
    """
    actor.require(EDIT, case)
    return lodge_appeal(actor, rules.locked(case.pk, version), words=words)


@transaction.atomic
def lodge_appeal(actor: Actor, case: Case, *, words: str) -> Case:
    """The same for the complainant themselves, who holds no right but this."""
    case = rules.locked(case.pk)
    stage = case.pack.appeal_stage
    if stage is None or appeal_until(case) is None:
        raise CaseError(_("The time for an appeal has passed, or it was made already."))
    words = rules.long_words(words, "words")
    if not words:
        raise CaseError(_("Say what is not settled."), "words")
    before = rules.snapshot(case)
    _enter(actor, case, stage, case.outcome)
    now = clock.now()
    case.closed_at, case.asked_at, case.satisfaction, case.satisfaction_words = None, None, None, ""
    case.appealed_at, case.appeal_words, case.outcome = now, words, ""
    case.resolve_by = rules.promised(case.project, now, case.pack.service.appeal)
    rules.finish(actor, case, signals.case_appealed, before)
    rules.tell_workers(actor, case, gettext_lazy("An appeal was made: %(case)s"))
    return case


@transaction.atomic
def ask_satisfaction(actor: Actor, case: Case, version: int | None = None) -> Case:
    """Ask the complainant whether the outcome is enough; from now the silence counts."""
    actor.require(EDIT, case)
    case = rules.locked(case.pk, version)
    if not case.outcome:
        raise CaseError(_("Write down the outcome first: it is what they are asked about."), "outcome")
    before = rules.snapshot(case)
    case.asked_at = case.asked_at or clock.now()
    rules.news(case)
    return rules.finish(actor, case, signals.case_asked, before)


@transaction.atomic
def note_satisfaction(
    actor: Actor, case: Case, *, step: int, words: str = "", version: int | None = None
) -> Case:
    """Write down what the complainant said of the outcome, 1 to 5."""
    actor.require(EDIT, case)
    return judge(actor, rules.locked(case.pk, version), step=step, words=words)


@transaction.atomic
def judge(actor: Actor, case: Case, *, step: int, words: str = "") -> Case:
    """The same from the complainant themselves."""
    case = rules.locked(case.pk)
    if step not in Case.Satisfaction.values:
        raise CaseError(_("Choose one of the five."), "step")
    if case.asked_at is None and case.is_open:
        raise CaseError(_("Nobody has asked yet. First comes the outcome."), "step")
    before = rules.snapshot(case)
    case.asked_at = case.asked_at or clock.now()
    case.satisfaction, case.satisfaction_words = step, rules.long_words(words, "words")
    rules.finish(actor, case, signals.case_judged, before)
    rules.tell_workers(actor, case, gettext_lazy("The complainant judged the outcome: %(case)s"))
    return case
