"""Reading what was done for people about whom something is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, BinaryIO

from django.db.models import Q, QuerySet

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.contacts import queries as contacts
from enishi.contacts.models import Party
from enishi.core import storage
from enishi.core.personal import Subject
from enishi.privacy.models import Blocked, Erasure, Export, Hold, RetentionItem, RetentionRule, RetentionRun
from enishi.privacy.retention import Aging, Line


def party(actor: Actor, party_id: int) -> Party:
    """A party within the actor's rights; raises Party.DoesNotExist."""
    return contacts.party(actor, party_id)


def merged_with(party_id: int) -> tuple[int, ...]:
    """A party and the records that were merged into it, whoever may see them: they are the same person."""
    found, fresh = {party_id}, {party_id}
    while fresh:
        rows = Party.objects.unscoped("the same person").filter(merged_into__in=fresh)
        fresh = set(rows.values_list("pk", flat=True)) - found
        found |= fresh
    return tuple(sorted(found))


def subject(actor: Actor, of: Party) -> Subject:
    """Whom something is told about: the record with those merged into it, and where they can be reached."""
    found = contacts.party(actor, of.pk)
    # All of them: what is told and erased by law knows no protected fields.
    points = found.points.order_by("kind", "-is_primary", "id")
    places = tuple(dict.fromkeys(place for p in points for place in (p.value, p.typed) if place))
    return Subject(of.pk, merged_with(of.pk), names=(of.full_name,), addresses=places)


def exports(actor: Actor, of: Party) -> Collection[Export]:
    """What was prepared for a person, newest first: one's own, for it holds what one may read oneself."""
    found = Export.objects.visible_to(actor).filter(party=of, user_id=actor.own_id)
    return list(found.order_by("-id")[:20])


def export(actor: Actor, export_id: int) -> Export:
    """One of one's own exports; raises Export.DoesNotExist."""
    seen = Party.objects.visible_to(actor)
    found = Export.objects.visible_to(actor).filter(Q(party__in=seen), user_id=actor.own_id)
    return found.select_related("party").get(pk=export_id)


def export_file(found: Export) -> BinaryIO | None:
    """The bytes of an export; None when they were deleted."""
    try:
        return storage.open_blob(found.sha256) if found.sha256 else None
    except FileNotFoundError:
        return None


def holds(actor: Actor, of: Party) -> list[Hold]:
    """Why somebody must not be erased, as far as the actor may know."""
    found = Hold.objects.visible_to(actor).filter(party=of, ended_at__isnull=True)
    return list(found.select_related("user").order_by("-id"))


def erasures(actor: Actor, *, before: int | None = None) -> ScopedQuerySet[Erasure]:
    """Who was erased when and on what ground, newest first: by number, for nothing else is left."""
    found = Erasure.objects.visible_to(actor).select_related("user").order_by("-id")
    return found if before is None else found.filter(pk__lt=before)


def erasure(actor: Actor, erasure_id: int) -> Erasure:
    """One erasure; raises Erasure.DoesNotExist."""
    return Erasure.objects.visible_to(actor).select_related("user", "party").get(pk=erasure_id)


def erasure_of(actor: Actor, of: Party) -> Erasure | None:
    """The erasure of a person, under way or done."""
    found = Erasure.objects.visible_to(actor).filter(party=of).exclude(state=Erasure.State.REFUSED)
    return found.first()


def blocked_count() -> int:
    return Blocked.objects.count()


def held_parties() -> QuerySet[Hold, Any]:
    """The numbers of those who must be kept, whoever may know it."""
    return Hold.objects.unscoped("a hold counts for everybody").filter(ended_at__isnull=True).values("party")


def rules(actor: Actor) -> ScopedQuerySet[RetentionRule]:
    """Retention rules, those that are on first."""
    found = RetentionRule.objects.visible_to(actor).select_related("project", "user", "switched_by")
    return found.order_by("-state", "kind", "pk")


def rule(actor: Actor, rule_id: int) -> RetentionRule:
    """One rule; raises RetentionRule.DoesNotExist."""
    return rules(actor).get(pk=rule_id)


def last_runs(rule_ids: Iterable[int]) -> dict[int, RetentionRun]:
    """The newest run of each rule."""
    found = (
        RetentionRun.objects.filter(rule__in=list(rule_ids)).order_by("rule_id", "-pk").distinct("rule_id")
    )
    return {run.rule_id: run for run in found}


def runs(rule: RetentionRule, *, limit: int = 50) -> list[RetentionRun]:
    """What a rule did, newest first."""
    return list(rule.runs.select_related("operation").order_by("-pk")[:limit])


def run(actor: Actor, run_id: int) -> RetentionRun:
    """One run of a rule that the actor may see; raises RetentionRun.DoesNotExist."""
    seen = RetentionRule.objects.visible_to(actor)
    return (
        RetentionRun.objects.filter(rule__in=seen)
        .select_related("rule", "rule__project", "operation")
        .get(pk=run_id)
    )


def items(run: RetentionRun, *, state: str = "", after: int = 0, limit: int = 51) -> list[RetentionItem]:
    """What a run did, by the number of the things."""
    found = run.items.filter(subject_id__gt=after)
    return list((found.filter(state=state) if state else found).order_by("subject_id")[:limit])


def lines_of(actor: Actor, kind: Aging, ids: Iterable[int]) -> dict[int, Line]:
    """What of these is still there for the actor to see."""
    manager: Any = kind.model._default_manager
    rows = manager.visible_to(actor) if hasattr(manager, "visible_to") else manager.all()
    return {line.pk: line for line in kind.lines(rows.filter(pk__in=list(ids)))}
