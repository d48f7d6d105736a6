"""What is missing about the stakeholders of a project, as conditions on the contact list and as numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import Consent, ContactPoint
from enishi.contacts.queries import tree
from enishi.contacts.queries.protected import offered, seen_where
from enishi.core import clock
from enishi.core.formats import counted
from enishi.engagement.models import Rating
from enishi.engagement.queries.people import ratings, ratings_on, stakeholders
from enishi.engagement.queries.plan import planned

VIEW = "engagement.view"
MUCH = 4
QUIET_DAYS = (30, 60, 90, 180)
USUAL_DAYS = 60

GAPS: dict[str, Any] = {
    "contact": gettext_lazy("No contact in %(n)s days"),
    "consent": gettext_lazy("No consent given"),
    "phone": gettext_lazy("No phone number"),
    "position": gettext_lazy("Position not known"),
    "plan": gettext_lazy("Nothing planned"),
}


def _asked(actor: Actor) -> dict[str, Any]:
    """The gaps of which the reader may know: whether there is a phone number is part of it."""
    return {gap: label for gap, label in GAPS.items() if gap != "phone" or offered(actor, "phone")}


@dataclass(frozen=True)
class Gap:
    """One thing that is missing: of how many of much influence, and of how many in all."""

    code: str
    label: str
    high: int
    high_url: str
    total: int
    total_url: str


def _missing(actor: Actor, project_id: int, gap: str, days: int) -> Q:
    """Limits parties to those of whom that is missing."""
    if gap == "contact":
        edge = clock.now() - dt.timedelta(days=days)
        return Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=edge)
    if gap == "consent":
        newer = Consent.objects.filter(party=OuterRef("party"), purpose=OuterRef("purpose")).filter(
            Q(stated_on__gt=OuterRef("stated_on")) | Q(stated_on=OuterRef("stated_on"), pk__gt=OuterRef("pk"))
        )
        given = Consent.objects.filter(Consent.holds_on(clock.today()), party=OuterRef("pk"))
        return ~Q(Exists(given.filter(~Exists(newer))))
    if gap == "phone":
        numbers = ContactPoint.objects.filter(party=OuterRef("pk"), kind=ContactPoint.Kind.PHONE)
        return seen_where(actor, ContactPoint.Kind.PHONE) & ~Q(Exists(numbers))
    if gap == "position":
        return _held(actor, project_id, position__isnull=True)
    if gap == "plan":
        return ~planned(actor, project_id)
    raise ValueError(_("choose something"))


def _held(actor: Actor, project_id: int, **judged: Any) -> Q:
    """Limits parties to those whose rating of today is such."""
    today = ratings_on(actor, project_id, clock.today())
    held = Rating.objects.unscoped("of those that the actor may see").filter(
        pk__in=today.values("pk"), **judged
    )
    return Q(pk__in=held.values("party_id"))


def _never(actor: Actor, project_id: int) -> Q:
    return ~Q(Exists(ratings(actor).filter(project=project_id, party=OuterRef("pk"))))


def gap_report(actor: Actor, project_id: int, *, days: int = USUAL_DAYS) -> tuple[int, int, list[Gap]]:
    """How many are rated and how many of them have much influence, and what is missing of them. One question."""
    rated, high = _held(actor, project_id), _held(actor, project_id, influence__gte=MUCH)
    wanted: dict[str, Any] = {"rated": Count("pk"), "much": Count("pk", filter=high)}
    for gap in _asked(actor):
        missing = _missing(actor, project_id, gap, days)
        wanted |= {gap: Count("pk", filter=missing), f"{gap}_high": Count("pk", filter=missing & high)}
    found = stakeholders(actor, project_id).filter(rated).order_by().aggregate(**wanted)
    gaps = [
        Gap(
            code=gap,
            label=str(label) % {"n": counted(days)},
            high=found[f"{gap}_high"],
            high_url=gap_url(project_id, gap, days=days, high=True),
            total=found[gap],
            total_url=gap_url(project_id, gap, days=days),
        )
        for gap, label in _asked(actor).items()
    ]
    return found["rated"], found["much"], gaps


def gap_url(project_id: int, gap: str, *, days: int = USUAL_DAYS, high: bool = False) -> str:
    """The contact list of those of whom that is missing."""
    code = f"{project_id}:{gap}{days if gap == 'contact' else ''}{':high' if high else ''}"
    node = tree.Node("and", (tree.Leaf("gap", "is", [code]),))
    return f"{reverse('contacts:list')}?{urlencode({'f': tree.encode(node), 'project': project_id})}"


def gap_choices(actor: Actor) -> Sequence[tuple[str, str]]:
    """Every gap of every project in which the actor sees ratings."""
    words = {
        **{f"contact{days}": str(GAPS["contact"]) % {"n": counted(days)} for days in QUIET_DAYS},
        **{gap: str(label) for gap, label in _asked(actor).items() if gap != "contact"},
    }
    never, much = _("Not rated yet"), _("with high influence")
    found = []
    for project in accounts.projects(actor, VIEW):
        found += [(f"{project.pk}:unrated", f"{project.name}: {never}")]
        for code, label in words.items():
            found += [
                (f"{project.pk}:{code}", f"{project.name}: {label}"),
                (f"{project.pk}:{code}:high", f"{project.name}: {label}, {much}"),
            ]
    return found


def lacking(actor: Actor, cmp: str, value: Any) -> Q:
    """The condition of the contact list: ``7:phone:high`` is who has much influence in project 7 and no phone."""
    chosen = value if isinstance(value, list) else [value]
    if not chosen:
        raise ValueError(_("choose something"))
    found = Q(pk__in=[])
    for code in chosen:
        project_id, _colon, rest = str(code).partition(":")
        gap, _colon, much = rest.partition(":")
        if not project_id.isdecimal() or len(project_id) > 18 or much not in {"", "high"}:
            raise ValueError(_("choose something"))
        found |= _lacking_in(actor, int(project_id), gap, high=bool(much))
    return ~found if cmp == "not" else found


def _lacking_in(actor: Actor, project_id: int, gap: str, *, high: bool) -> Q:
    if not actor.may(VIEW, project_id):
        return Q(pk__in=[])
    inside = Q(project_ids__contains=[project_id])
    if gap == "unrated":
        return inside & _never(actor, project_id)
    name = gap.rstrip("0123456789")
    days = int(gap[len(name) :] or USUAL_DAYS) if len(gap) < 16 else 0
    if name not in GAPS or not 0 < days < 10_000:
        raise ValueError(_("choose something"))
    held = _held(actor, project_id, influence__gte=MUCH) if high else _held(actor, project_id)
    return inside & held & _missing(actor, project_id, name, days)
