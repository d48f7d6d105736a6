"""Dashboards: the three that everybody has, those that people made, and what stands on one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core.documents import Document, Figure
from enishi.reports.measuring import Look, Metric, Reading
from enishi.reports.metrics import KIND
from enishi.reports.models import Dashboard


@dataclass(frozen=True)
class Audience:
    """A dashboard that stands from the first day, for one kind of reader."""

    code: str
    name: Any
    figures: tuple[str, ...]
    weeks: int = 12


AUDIENCES = {
    one.code: one
    for one in (
        Audience(
            "team", _("Project team"), ("waiting", "promises", "cases", "conversations", "themes", "gaps"), 4
        ),
        Audience(
            "leadership",
            _("Leadership"),
            ("kept", "promises", "cases", "feelings", "themes", "conversations"),
        ),
        Audience("regulator", _("Regulator"), ("duties", "kept", "cases", "conversations", "channels"), 52),
    )
}


@dataclass(frozen=True)
class Tile:
    """One figure on a dashboard; without a reading it asks for a project first."""

    metric: Metric
    reading: Reading | None


@dataclass(frozen=True)
class Board:
    """What a dashboard shows this reader; ``left_out`` figures are beyond their rights."""

    tiles: Sequence[Tile]
    left_out: int


def offered(actor: Actor) -> list[Metric]:
    """The figures that the actor's rights allow, in a steady order."""
    return [metric for metric in KIND.all() if all(map(actor.may, metric.needs))]


def board(look: Look, codes: Sequence[str]) -> Board:
    """Read the figures of a dashboard, within the rights of who looks."""
    known = {metric.code: metric for metric in offered(look.actor)}
    tiles = []
    for code in codes:
        metric = known.get(code)
        if metric is None:
            continue
        blank = metric.of_one_project and look.project_id is None
        tiles.append(Tile(metric, None if blank else metric.read(look)))
    return Board(tiles, len(codes) - len(tiles))


def dashboards(actor: Actor) -> QuerySet[Dashboard]:
    """One's own and those of everybody."""
    return Dashboard.objects.filter(
        Q(owner=actor.own_id) | Q(shared=True), removed_at__isnull=True
    ).select_related("owner")


def dashboard(actor: Actor, dashboard_id: int) -> Dashboard:
    """One of them; raises Dashboard.DoesNotExist."""
    return dashboards(actor).get(pk=dashboard_id)


def removed_dashboard(actor: Actor, dashboard_id: int) -> Dashboard:
    """One's own that was removed; raises Dashboard.DoesNotExist."""
    return Dashboard.objects.get(pk=dashboard_id, owner=actor.own_id, removed_at__isnull=False)


def on_paper(board: Board, document: Document) -> Document:
    """The document with the figures and charts of a dashboard."""
    read = [tile.reading for tile in board.tiles if tile.reading is not None]
    figures = [Figure(one.value, one.words) for one in read]
    charts = [one.chart for one in read if one.chart is not None and one.chart.bars]
    return replace(document, figures=figures, charts=charts)
