"""What cases do when something they hang on changes."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.cases.models import Case, CaseTie
from enishi.cases.services import rules
from enishi.cases.services.ties import keep_ties, raise_case
from enishi.commitments.models import Task
from enishi.conversations.models import Interaction
from enishi.search.services import index

_WHY = "follow what they hang on, whoever may see them"


def _cases() -> ScopedQuerySet[Case]:
    return Case.objects.unscoped(_WHY)


@transaction.atomic
def raise_of_party(actor: Actor, party_id: int, level: int) -> None:
    """Bring the cases of a person up to at least that level. Safe to repeat."""
    below = _cases().filter(party=party_id, confidentiality__lt=level)
    for pk in below.order_by("pk").values_list("pk", flat=True):
        raise_case(actor, rules.locked(pk), level)


@transaction.atomic
def raise_of_talk(actor: Actor, interaction_id: int) -> None:
    """Bring the cases of a conversation up to its level. Safe to repeat."""
    talk = Interaction.objects.unscoped(_WHY).filter(pk=interaction_id).first()
    if talk is None:
        return
    ties = CaseTie.objects.filter(kind=CaseTie.Kind.CONVERSATION, subject_id=interaction_id).values("case")
    below = _cases().filter(pk__in=ties, confidentiality__lt=talk.confidentiality)
    for pk in below.order_by("pk").values_list("pk", flat=True):
        raise_case(actor, rules.locked(pk), talk.confidentiality)


@transaction.atomic
def index_of_party(party_id: int) -> None:
    """Let cases be found by the present name of their person."""
    found = _cases().filter(party=party_id).select_related("party", "project").prefetch_related("words")
    index([rules.findable(case) for case in found])


def catch_up(actor: Actor) -> None:
    """Bring every case up to the level of its person, after many people changed at once. Safe to repeat."""
    behind = _cases().filter(confidentiality__lt=F("party__confidentiality"))
    for party_id, level in sorted(set(behind.values_list("party_id", "party__confidentiality"))):
        if party_id is not None:
            raise_of_party(actor, party_id, level)


@transaction.atomic
def follow_task(task_id: int) -> None:
    """A task that serves a promise of a case is kept from whoever is kept out of the case. Safe to repeat."""
    serves = Task.objects.unscoped(_WHY).filter(pk=task_id).values("promise")
    ties = CaseTie.objects.filter(kind=CaseTie.Kind.PROMISE, subject_id__in=serves).values("case")
    for case in _cases().filter(pk__in=ties).order_by("pk"):
        keep_ties(case)
