"""Dashboards of one's own: make, change, arrange, remove and take back."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.core import clock, text
from enishi.reports import signals
from enishi.reports.measuring import PERIODS
from enishi.reports.metrics import KIND
from enishi.reports.models import Dashboard
from enishi.reports.queries import ReportError
from enishi.timeline.services import differences, record

VIEW, SHARE = "reports.view", "reports.make"


def _checked(actor: Actor, dashboard: Dashboard) -> None:
    """What a dashboard has to be before it is kept. Raises Forbidden, ReportError."""
    actor.require(VIEW)
    if dashboard.shared:
        actor.require(SHARE)
    dashboard.name = text.strip_bidi(text.clean(dashboard.name)).strip()[:80]
    if not dashboard.name:
        raise ReportError(_("Give it a name."), "name")
    known = {metric.code for metric in KIND.all()}
    dashboard.figures = [code for code in dict.fromkeys(dashboard.figures) if code in known]
    if not dashboard.figures:
        raise ReportError(_("Choose at least one figure."), "figures")
    if len(dashboard.figures) > Dashboard.MOST:
        raise ReportError(_("Twelve figures are the most that a dashboard shows."), "figures")
    if dashboard.weeks not in PERIODS:
        raise ReportError(_("Choose how far back it looks."), "weeks")
    same = Dashboard.objects.filter(owner=actor.own_id, name=dashboard.name, removed_at__isnull=True)
    if same.exclude(pk=dashboard.pk).exists():
        raise ReportError(_("You already have a dashboard of that name."), "name")


def _values(dashboard: Dashboard) -> dict[str, object]:
    return {
        "name": dashboard.name,
        "shared": dashboard.shared,
        "figures": list(dashboard.figures),
        "weeks": dashboard.weeks,
    }


@transaction.atomic
def make_dashboard(
    actor: Actor, *, name: str, figures: Sequence[str], weeks: int, shared: bool = False
) -> Dashboard:
    """Keep figures under a name, for oneself or for everybody. Raises Forbidden, ReportError."""
    made = Dashboard(owner_id=actor.own_id, name=name, figures=list(figures), weeks=weeks, shared=shared)
    _checked(actor, made)
    made.save()
    record(actor, signals.dashboard_made, subject=made, changes=differences({}, _values(made)))
    return made


@transaction.atomic
def change_dashboard(
    actor: Actor, dashboard: Dashboard, *, name: str, figures: Sequence[str], weeks: int, shared: bool
) -> Dashboard:
    """Only its owner changes it. Raises Forbidden, ReportError."""
    found = _own(actor, dashboard)
    before = _values(found)
    found.name, found.figures, found.weeks, found.shared = name, list(figures), weeks, shared
    _checked(actor, found)
    found.save()
    changes = differences(before, _values(found))
    if changes:
        record(actor, signals.dashboard_changed, subject=found, changes=changes)
    return found


@transaction.atomic
def arrange(actor: Actor, dashboard: Dashboard, code: str, *, by: int) -> Dashboard:
    """Move a figure one place earlier (-1) or later (1); at the end it stays."""
    found = _own(actor, dashboard)
    before = list(found.figures)
    if code in before:
        place = before.index(code)
        found.figures = [one for one in before if one != code]
        found.figures.insert(max(0, place + by), code)
    if found.figures != before:
        found.save(update_fields=["figures"])
        changes = {"figures": (before, list(found.figures))}
        record(actor, signals.dashboard_changed, subject=found, changes=changes)
    return found


@transaction.atomic
def remove_dashboard(actor: Actor, dashboard: Dashboard) -> None:
    """Its owner removes it; it can be taken back."""
    found = _own(actor, dashboard)
    found.removed_at = clock.now()
    found.save(update_fields=["removed_at"])
    record(actor, signals.dashboard_removed, subject=found)


@transaction.atomic
def restore_dashboard(actor: Actor, dashboard: Dashboard) -> Dashboard:
    """Take a removed one back. Raises ReportError when its name was given to another since."""
    found = _own(actor, dashboard)
    found.removed_at = None
    _checked(actor, found)
    found.save(update_fields=["removed_at"])
    record(actor, signals.dashboard_restored, subject=found)
    return found


def _own(actor: Actor, dashboard: Dashboard) -> Dashboard:
    """The actor's own, locked; raises Dashboard.DoesNotExist for one of somebody else."""
    return Dashboard.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=dashboard.pk, owner=actor.own_id
    )
