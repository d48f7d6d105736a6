"""Keeping somebody out of a case in which they have an interest."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.cases import signals
from enishi.cases.models import Case, CaseExclusion, CaseTie
from enishi.cases.services import rules
from enishi.cases.services.rules import EDIT, MANAGE, SUBJECT, CaseError
from enishi.cases.services.ties import keep_ties
from enishi.core import clock
from enishi.timeline.services import withdraw_notifications

_PAGES = {
    CaseTie.Kind.PROMISE: "commitments:promise",
    CaseTie.Kind.TASK: "commitments:task",
    CaseTie.Kind.CONVERSATION: "conversations:interaction",
    CaseTie.Kind.FILE: "content:file",
}


@transaction.atomic
def keep_out(actor: Actor, case: Case, *, user: User, reason: str) -> CaseExclusion:
    """From now on that person finds no trace of the case or of what belongs to it, whatever their role.

    What the bell told them of it is taken back. Raises CaseError while they own it, or when nobody would be left to
    work on it.
    """
    actor.require(MANAGE, case.project_id)
    case = rules.locked(case.pk)
    reason = " ".join(reason.split())[:300]
    if not reason:
        raise CaseError(_("Say why: it stands beside the name for all who may read the case."), "reason")
    if case.owner_id == user.pk:
        raise CaseError(
            _("%(name)s owns the case. Give it to somebody else first.") % {"name": user.name}, "user"
        )
    left = accounts.readers(
        EDIT, [case.project_id], case.confidentiality, subject=(SUBJECT, case.pk), owners=case.owners()
    )
    if not left.exclude(pk=user.pk).exists():
        raise CaseError(_("Nobody would be left to work on the case. Give somebody a role first."), "user")
    made, _new = CaseExclusion.objects.get_or_create(
        case=case, user=user, defaults={"reason": reason, "at": clock.now()}
    )
    keep_ties(case)
    withdraw_notifications([user.pk], _addresses(case))
    rules.write_history(actor, signals.kept_out, case, {}, person=user.name, reason=reason)
    return made


@transaction.atomic
def let_in(actor: Actor, case: Case, *, user: User) -> None:
    """They see the case again as far as their role goes."""
    actor.require(MANAGE, case.project_id)
    gone, _by_model = CaseExclusion.objects.filter(case=case, user=user).delete()
    if gone:
        keep_ties(case)
        rules.write_history(actor, signals.let_in, case, {}, person=user.name)


def _addresses(case: Case) -> list[str]:
    ties = CaseTie.objects.filter(case=case).values_list("kind", "subject_id")
    tied = [reverse(_PAGES[CaseTie.Kind(kind)], args=[pk]) for kind, pk in ties]
    return [rules.address(case), *tied]
