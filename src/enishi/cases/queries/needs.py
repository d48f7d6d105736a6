"""What a case still needs before it comes to its next stage."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.cases.models import Case, CaseDoor, CaseTie
from enishi.cases.packs import Stage
from enishi.commitments.models import Promise
from enishi.core import clock


@dataclass(frozen=True)
class Need:
    """One thing that must be there; ``detail`` says how far it is."""

    code: str
    words: str
    met: bool
    detail: str = ""


def needs(actor: Actor, case: Case, stage: Stage) -> list[Need]:
    """What that stage asks for, done and not done, in the order of the pack."""
    return [need for code in stage.needs if (need := _need(actor, case, code)) is not None]


def missing(actor: Actor, case: Case, stage: Stage) -> list[Need]:
    return [need for need in needs(actor, case, stage) if not need.met]


def _need(actor: Actor, case: Case, code: str) -> Need | None:
    if code.startswith("field:"):
        field = case.pack.field(code.removeprefix("field:"))
        words = _("Filled in: %(field)s") % {"field": field.label}
        return Need(code, words, case.values.get(field.code) not in (None, ""))
    if code == "promises":
        return _promises(case)
    if code == "asked":
        return _asked(case)
    if code == "second_person":
        return _second_person(actor, case)
    met, words = {
        "owner": (case.owner_id is not None, _("Somebody owns it")),
        "weighed": (bool(case.weight), _("Priority and impact are set")),
        "acknowledged": (case.acknowledged_at is not None, _("The first word is said")),
        "cause": (bool(case.root_cause), _("The root cause is named")),
        "outcome": (bool(case.outcome), _("The outcome is written down")),
    }[code]
    return Need(code, words, met)


def _promises(case: Case) -> Need:
    """Every promise of ours made in the case, whoever may read it."""
    ties = CaseTie.objects.filter(case=case, kind=CaseTie.Kind.PROMISE).values("subject_id")
    made = Promise.objects.unscoped("only how many are open, so that none is forgotten").filter(
        pk__in=ties, direction=Promise.Direction.OURS, negative=False
    )
    states = list(made.values_list("state", flat=True))
    settled = sum(state != Promise.State.OPEN for state in states)
    return Need(
        "promises",
        _("Every promise of ours is settled"),
        settled == len(states),
        _("%(done)s of %(all)s") % {"done": settled, "all": len(states)} if states else "",
    )


def can_be_asked(case: Case) -> bool:
    """Whether there is anybody to ask."""
    return bool(case.party_id or case.teller_reach) or CaseDoor.objects.filter(case=case).exists()


def _asked(case: Case) -> Need | None:
    if not can_be_asked(case):
        return None
    words = _("They were asked whether it is enough")
    if case.satisfaction is not None:
        return Need("asked", words, True, str(Case.Satisfaction(case.satisfaction).label))
    if case.asked_at is None:
        return Need("asked", words, False)
    silence = dt.timedelta(days=case.pack.service.silence)
    detail = _("%(days)s days of silence count as no answer") % {"days": silence.days}
    return Need("asked", words, case.asked_at + silence <= clock.now(), detail)


def _second_person(actor: Actor, case: Case) -> Need | None:
    if case.appealed_at is None or case.closed_by is None:
        return None
    words = _("After an appeal somebody else than %(name)s closes it") % {"name": case.closed_by.name}
    return Need("second_person", words, actor.user_id != case.closed_by_id)
