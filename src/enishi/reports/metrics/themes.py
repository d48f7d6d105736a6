"""What is spoken about, and how it felt."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.core.documents import Chart
from enishi.core.formats import counted
from enishi.reports.measuring import Look, Metric, Reading, address, parts
from enishi.themes import queries
from enishi.themes.models import Feeling

NEEDS = ("conversations.view",)
SHOWN = 6


def _spoken(look: Look) -> queries.Figures:
    period = queries.Period(look.span.since, look.span.until)
    return queries.spoken(look.actor, queries.Filters(project_id=look.project_id), period)


class SpokenAbout(Metric):
    code = "themes"
    label = gettext_lazy("What is spoken about")
    description = gettext_lazy("The themes marked most often.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        found = _spoken(look)
        limits = {"since": look.span.first, "until": look.span.last, "project": look.project_id}
        rows = [
            (row.theme.path, row.count, address("themes:theme", row.theme.pk, **limits))
            for row in found.rows[:SHOWN]
            if row.count
        ]
        return Reading(
            value=counted(found.total),
            words=ngettext("passage marked", "passages marked", found.total),
            url=address("themes:list", **limits),
            before=counted(found.before),
            before_url=address(
                "themes:list", **limits | {"since": look.before.first, "until": look.before.last}
            ),
            chart=Chart(_("What is spoken about"), parts(rows)),
        )


class Felt(Metric):
    code = "feelings"
    label = gettext_lazy("How it felt")
    description = gettext_lazy("The feelings that people heard in what was said.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        limits = queries.Filters(project_id=look.project_id, since=look.span.since, until=look.span.until)
        mix = queries.mix_of(look.actor, limits)
        rows = [
            (
                str(Feeling(value).label),
                n,
                address(
                    "themes:list",
                    since=look.span.first,
                    until=look.span.last,
                    project=look.project_id,
                    feeling=value,
                ),
            )
            for value, n in zip(Feeling.values, mix, strict=True)
        ]
        return Reading(
            value=counted(mix[0]),
            words=ngettext("passage angry", "passages angry", mix[0]),
            url=rows[0][2],
            chart=Chart(_("How it felt"), parts(rows)),
        )
