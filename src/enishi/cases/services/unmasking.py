"""Opening the address of somebody anonymous: one person asks, a second one agrees, and both see it for a time.

Only an address that was left under words that say so can be opened. It stands in no record, history or search.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models.functions import Least
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, system_actor
from enishi.accounts.models import User
from enishi.cases import signals
from enishi.cases.models import Case, CaseDoor, CaseUnmasking
from enishi.cases.sealed import unseal
from enishi.cases.services import rules
from enishi.cases.services.rules import SUBJECT, UNMASK, CaseError
from enishi.core import clock
from enishi.timeline.services import notify

ANSWER_WITHIN = dt.timedelta(days=7)
SHOWN_FOR = dt.timedelta(hours=48)
State = CaseUnmasking.State
_BY_ITSELF = system_actor("cases")


@transaction.atomic
def ask_to_unmask(actor: Actor, case: Case, *, reason: str) -> CaseUnmasking:
    """Ask for the address of somebody anonymous. Raises CaseError where there is none, or nobody else to agree."""
    actor.require(UNMASK, case.project_id)
    case, reason = rules.locked(case.pk), _reason(reason)
    lapse_unmaskings(case)
    if not CaseDoor.objects.filter(case=case, news_to__isnull=False, may_be_opened=True).exists():
        raise CaseError(_("No address is kept here that could be opened."))
    if CaseUnmasking.objects.filter(case=case, state=State.ASKED).exists():
        raise CaseError(_("Somebody has asked already. Answer them, or wait until their time is over."))
    if not _holders(case).exclude(pk=actor.user_id).exists():
        raise CaseError(_("Nobody else holds the right for this. Give it to a second person first."))
    asked = CaseUnmasking.objects.create(
        case=case,
        asked_by_id=actor.user_id,
        reason=reason,
        asked_at=clock.now(),
        answer_by=clock.now() + ANSWER_WITHIN,
    )
    rules.write_history(actor, signals.unmasking_asked, case, {}, reason=reason)
    _tell(actor, case, gettext_lazy("%(name)s asks to open the address in %(case)s"))
    return asked


@transaction.atomic
def answer_unmasking(actor: Actor, case: Case, *, agree: bool, reason: str) -> CaseUnmasking:
    """Agree or refuse, as a second person. Whoever is concerned is told on their page, and that there is news."""
    actor.require(UNMASK, case.project_id)
    case, reason = rules.locked(case.pk), _reason(reason)
    lapse_unmaskings(case)
    asked = CaseUnmasking.objects.filter(case=case, state=State.ASKED).first()
    if asked is None:
        raise CaseError(_("Nobody asks for this any more."))
    if asked.asked_by_id == actor.user_id:
        raise CaseError(_("You have asked yourself. Somebody else with the right answers."))
    now = clock.now()
    asked.answered_by_id, asked.answer_reason, asked.answered_at = actor.user_id, reason, now
    asked.state = State.AGREED if agree else State.REFUSED
    asked.shown_until = now + SHOWN_FOR if agree else None
    asked.save()
    event = signals.unmasking_agreed if agree else signals.unmasking_refused
    rules.write_history(actor, event, case, {}, reason=reason)
    agreed = gettext_lazy("%(name)s agrees to open the address in %(case)s")
    _tell(actor, case, agreed if agree else gettext_lazy("%(name)s refuses to open the address in %(case)s"))
    if agree:
        rules.news(case)
    return asked


@transaction.atomic
def open_address(actor: Actor, case: Case) -> tuple[CaseUnmasking, str]:
    """The address, for one of the two, while their time lasts; each look is recorded."""
    actor.require(UNMASK, case.project_id)
    case = rules.locked(case.pk)
    opened = CaseUnmasking.objects.filter(case=case, state=State.AGREED, shown_until__gt=clock.now()).last()
    if opened is None or actor.own_id not in {opened.asked_by_id, opened.answered_by_id}:
        raise CaseError(_("The address is open to the two who decided, and only until their time is over."))
    door = CaseDoor.objects.get(case=case)
    address = unseal(door.news_to) if door.news_to else ""
    if not address:
        raise CaseError(_("The address cannot be read any more."))
    rules.write_history(actor, signals.address_seen, case, {}, until=opened.shown_until)
    return opened, address


def lapse_unmaskings(case: Case | None = None) -> int:
    """End what nobody answered in time; the periodic job asks for every case."""
    late = CaseUnmasking.objects.filter(state=State.ASKED, answer_by__lte=clock.now())
    with transaction.atomic():
        ended = list(
            (late.filter(case=case) if case else late).select_related("case").select_for_update(of=("self",))
        )
        CaseUnmasking.objects.filter(pk__in=[one.pk for one in ended]).update(state=State.LAPSED)
        for one in ended:
            rules.write_history(_BY_ITSELF, signals.unmasking_lapsed, one.case, {})
            _tell(
                _BY_ITSELF,
                one.case,
                gettext_lazy("Nobody answered in time whether to open the address in %(case)s"),
            )
    return len(ended)


def address_changed(case: Case) -> None:
    """Another address, or none: what was asked or agreed was about the one that is gone."""
    asked = CaseUnmasking.objects.filter(case=case)
    asked.filter(state=State.ASKED).update(state=State.LAPSED)
    asked.filter(state=State.AGREED).update(shown_until=Least("shown_until", clock.now()))


def _reason(given: str) -> str:
    reason = " ".join(given.split())[:1000]
    if not reason:
        raise CaseError(_("Say why: it stands in the history for all who may read the case."), "note")
    return reason


def _holders(case: Case) -> Any:
    """Who holds the right here and is not kept out of the case."""
    return accounts.readers(
        UNMASK, [case.project_id], case.confidentiality, subject=(SUBJECT, case.pk), owners=case.owners()
    )


def _tell(actor: Actor, case: Case, title: Any) -> None:
    holders: list[User] = list(_holders(case).exclude(pk=actor.user_id))
    for user in holders:
        with translation.override(user.language):
            words = str(title) % {"name": actor.name, "case": rules.called(case)}
        notify([user.pk], kind="case", title=words, url=rules.address(case))
