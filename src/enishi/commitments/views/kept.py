"""How well promises are kept: by team, project or person, month by month; every number opens its rows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries
from enishi.commitments.queries.kept import Compared, Span
from enishi.commitments.queries.month import month_name
from enishi.commitments.views import answers
from enishi.commitments.views.lists import tabs
from enishi.core.formats import counted
from enishi.core.parameters import number

BY = {"team": "team", "project": "in", "owner": "owner"}
MONTHS = (3, 6, 12)


@require_GET
def kept(request: StaffRequest) -> HttpResponse:
    """The share of our promises that were kept in time, beside the same number of months before."""
    request.actor.require("commitments.view")
    by = request.GET.get("by", "team")
    by = by if by in BY else "team"
    asked = number(request.GET.get("months"))
    months = asked if asked in MONTHS else MONTHS[0]
    report = queries.kept_report(request.actor, by, answers.filter_of(request), months=months)
    context = {
        "tabs": tabs(request, "kept"),
        "report": report,
        "months": months,
        "whole": _row(report.whole, report),
        "rows": [_row(row, report, **{BY[by]: row.rate.key}) for row in report.rows],
        "by_month": [
            {"name": month_name(span.first), "rate": rate, "urls": _urls(span)}
            for span, rate in reversed(report.months)
        ],
        "choices": [
            [
                {
                    "label": label,
                    "url": f"?{urlencode({'by': code, 'months': months})}",
                    "pressed": code == by,
                }
                for code, label in (
                    ("team", _("By team")),
                    ("project", _("By project")),
                    ("owner", _("By person")),
                )
            ],
            [
                {
                    "label": _("%(n)s months") % {"n": counted(n)},
                    "url": f"?{urlencode({'by': by, 'months': n})}",
                    "pressed": n == months,
                }
                for n in MONTHS
            ],
        ],
    }
    return render(request, "commitments/kept.html", context)


def _row(row: Compared, report: queries.Report, **limits: Any) -> dict[str, Any]:
    return {
        "rate": row.rate,
        "before": row.before,
        "urls": _urls(report.span, **limits),
        "before_urls": _urls(report.before, **limits),
    }


def _urls(span: Span, **limits: Any) -> dict[str, str]:
    """The lists that the numbers count: kept in time, and all."""
    base = reverse("commitments:list")
    dates = {"decided": span.first.isoformat(), "till": span.last.isoformat(), **limits}
    return {
        name: f"{base}?{urlencode({'state': state, **dates})}"
        for name, state in (("kept", "kept"), ("missed", "missed"), ("all", "all"))
    }
