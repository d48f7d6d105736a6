"""A frozen report as a document to be written in any format."""

from __future__ import annotations

import datetime as dt
import functools
import zoneinfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from enishi.core.documents import Bar, Chart, Column, Document, Figure, Table, shown
from enishi.core.documents.paper import Cell
from enishi.reports.models import Report
from enishi.reports.queries.reports import rows, tables


def document(report: Report) -> Document:
    """Made of nothing but what is frozen, so that it is the same whenever and by whomever it is asked for."""
    paper = report.paper
    assert report.as_of is not None
    with override(report.language):
        facts = [
            (_("Definition"), f"{report.definition} v{report.version}"),
            (_("Made by"), report.actor_name),
            (_("History sealed up to"), report.manifest["history"]["head"] or _("nothing yet")),
            *([(_("Made on"), _made_on(report))] if "made_at" in report.manifest else []),
            ("SHA-256", report.sha256),
        ]
    return Document(
        title=report.title,
        subtitle=paper["subtitle"],
        language=report.language,
        zone=zoneinfo.ZoneInfo(report.time_zone),
        made_at=report.as_of,
        author=report.actor_name,
        figures=[Figure(*figure) for figure in paper["figures"]],
        charts=charts(report),
        tables=[
            Table(
                code=table["code"],
                title=table["title"],
                columns=[Column(**column) for column in table["columns"]],
                rows=functools.partial(rows, report, table),
                total=table["rows"],
                note=table["note"],
            )
            for table in tables(report)
        ],
        notes=paper["notes"],
        facts=facts,
    )


def _made_on(report: Report) -> str:
    made = dt.datetime.fromisoformat(report.manifest["made_at"])
    return shown(made, report.language, zoneinfo.ZoneInfo(report.time_zone))


def charts(report: Report) -> list[Chart]:
    return [Chart(chart["title"], [Bar(*bar) for bar in chart["bars"]]) for chart in report.paper["charts"]]


def text_of(report: Report, value: Cell) -> str:
    """A value as it stands on the report's paper."""
    return shown(value, report.language, zoneinfo.ZoneInfo(report.time_zone))
