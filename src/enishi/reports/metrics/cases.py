"""Cases that are open, and those that need somebody."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.cases import queries
from enishi.cases.packs import packs
from enishi.core.documents import Chart
from enishi.core.formats import counted
from enishi.reports.measuring import Look, Metric, Reading, address, parts

LIST = "cases:list"


class OpenCases(Metric):
    code = "cases"
    label = gettext_lazy("Open cases")
    description = gettext_lazy("By kind, with those over their time and those without an owner.")
    needs = ("cases.view",)

    def read(self, look: Look) -> Reading:
        totals = queries.totals(look.actor, look.project_id)
        rows = [
            (str(packs()[code].label), n, address(LIST, kind=code, project=look.project_id))
            for code, n in totals.kinds.items()
            if n
        ]
        rows.append((_("Over time"), totals.over, address(LIST, state="over", project=look.project_id)))
        rows.append(
            (_("Without an owner"), totals.nobody, address(LIST, who="nobody", project=look.project_id))
        )
        return Reading(
            value=counted(totals.open),
            words=ngettext("case open", "cases open", totals.open),
            url=address(LIST, project=look.project_id),
            chart=Chart(_("What is open"), parts(rows)),
        )
