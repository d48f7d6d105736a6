"""The list of reports, the paper of one, its rows, files and proof."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import Level
from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.core.documents.paper import NUMBERS, Cell
from enishi.core.parameters import number
from enishi.reports import queries, services
from enishi.reports.definitions import KIND
from enishi.reports.models import Report
from enishi.reports.views.making import MAKE, crumbs, tabs

VIEW = "reports.view"
PAGE, FIRST, ROWS = 50, 20, 100


def report_or_404(request: StaffRequest, report_id: int) -> Report:
    return found(queries.report, request.actor, report_id)


@require_GET
def reports(request: StaffRequest) -> HttpResponse:
    """Reports made, newest first."""
    request.actor.require(VIEW)
    before = number(request.GET.get("before"))
    found = queries.listed(request.actor, before=before, limit=PAGE + 1)
    labels = {definition.code: definition for definition in KIND.all()}
    context = {
        "reports": [{"report": one, "definition": labels[one.definition]} for one in found[:PAGE]],
        "next_url": f"?before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "back_url": request.path if before else "",
        "may_make": request.actor.may(MAKE),
        "views": tabs("made"),
    }
    return render(request, "reports/list.html", context)


@require_GET
def report(request: StaffRequest, report_id: int) -> HttpResponse:
    """The paper. While it is being made, how far that is."""
    request.actor.require(VIEW)
    found = report_or_404(request, report_id)
    definition = queries.definition_of(found)
    context: dict[str, Any] = {
        "report": found,
        "definition": definition,
        "crumbs": crumbs(),
        "again_url": _again(found),
        "may_make": request.actor.may(MAKE),
    }
    if not found.is_frozen:
        return render(request, "reports/making.html", context)
    services.read_report(request.actor, found)
    context |= {
        "tables": [_shown_table(found, table, FIRST) for table in queries.tables(found)],
        "charts": queries.charts(found),
        "formats": _formats(found),
        "level": Level(found.confidentiality).label,
        "redactions": queries.redactions(found),
        "schedules": queries.schedules_like(request.actor, found),
        "check": None,
    }
    return render(request, "reports/report.html", context)


def _again(report: Report) -> str:
    """The address at which the same report is chosen anew."""
    values = report.filters
    query = QueryDict(mutable=True)
    names = {
        "project": "project_id",
        "since": "since",
        "until": "until",
        "level": "level",
        "tag": "tag_id",
        "side": "side",
    }
    query.update({name: "" if values[key] is None else str(values[key]) for name, key in names.items()})
    if report.as_of is not None and "at" in report.filters:
        query["as_of"] = report.as_of.astimezone(zoneinfo.ZoneInfo(report.time_zone)).date().isoformat()
    query["language"] = report.language
    return f"{reverse('reports:new', args=[report.definition])}?{query.urlencode()}"


def _shown_table(report: Report, table: dict[str, Any], limit: int, first: int = 1) -> dict[str, Any]:
    part = queries.some_rows(report, table, first=first, limit=limit)
    return {
        **table,
        "slice": part,
        "lines": [_line(report, table, row) for row in part.rows],
        "more": part.total - part.last,
        "url": reverse("reports:rows", args=[report.pk, table["code"]]),
    }


def _line(report: Report, table: dict[str, Any], row: list[Cell]) -> list[dict[str, str]]:
    """Texts with how they stand in their cell: numbers at the end, long texts cut short."""
    return [
        {
            "text": queries.text_of(report, cell),
            "css": "num" if column["kind"] in NUMBERS else "clip" if column["share"] >= 1.5 else "",
        }
        for cell, column in zip(row, table["columns"], strict=True)
    ]


def _formats(report: Report) -> list[dict[str, Any]]:
    listed = (
        ("pdf", "file-type-pdf", _("PDF, tagged"), _("the paper, up to 2,000 rows")),
        ("xlsx", "file-type-xls", _("XLSX"), _("all rows and the definition")),
        ("csv", "file-type-csv", _("CSV"), _("rows only")),
        ("docx", "file-type-docx", _("DOCX"), _("to write on")),
        ("zip", "file-zip", _("Package"), _("everything, with the proof")),
    )
    return [
        {"icon": icon, "label": label, "hint": hint, "url": reverse("reports:file", args=[report.pk, code])}
        for code, icon, label, hint in listed
    ]


@require_GET
def progress(request: StaffRequest, report_id: int) -> HttpResponse:
    """The bar while a report is made; the whole page is drawn anew when it is frozen."""
    request.actor.require(VIEW)
    found = report_or_404(request, report_id)
    if found.state != Report.State.WAITING:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "reports/_progress.html", {"report": found})


@require_GET
def rows(request: StaffRequest, report_id: int, table: str) -> HttpResponse:
    """All rows of one table, page by page."""
    request.actor.require(VIEW)
    found = report_or_404(request, report_id)
    described = next((one for one in queries.tables(found) if one["code"] == table), None)
    if described is None or not found.is_frozen:
        raise Http404
    services.read_report(request.actor, found)
    asked = request.GET.get("first", "1")
    first = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
    drawn = _shown_table(found, described, ROWS, first)
    part = drawn["slice"]
    context = {
        "report": found,
        "table": drawn,
        "crumbs": crumbs((found.title, reverse("reports:report", args=[found.pk]))),
        "next_url": f"?first={part.next}" if part.next else "",
        "back_url": (f"?first={max(1, first - ROWS)}" if first > 1 else ""),
    }
    return render(request, "reports/rows.html", context)


@require_POST
def verify(request: StaffRequest, report_id: int) -> HttpResponse:
    """Recompute every hash; answers the panel with what was found."""
    request.actor.require(VIEW)
    found = report_or_404(request, report_id)
    if not found.is_frozen:
        raise Http404
    context = {"report": found, "check": queries.check(found), "redactions": queries.redactions(found)}
    if request.htmx:
        return render(request, "reports/_seal.html", context)
    return render(
        request,
        "reports/verified.html",
        {**context, "crumbs": crumbs((found.title, reverse("reports:report", args=[found.pk])))},
    )


@require_GET
def file(request: StaffRequest, report_id: int, format: str) -> HttpResponseBase:
    """A report as a file; the history says that it was taken."""
    request.actor.require(VIEW)
    found = report_or_404(request, report_id)
    if not found.is_frozen or format not in services.FORMATS:
        raise Http404
    taken = services.take(request.actor, found, format)
    return FileResponse(taken.file, as_attachment=True, filename=taken.name, content_type=taken.type)
