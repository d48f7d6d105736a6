"""What is missing of those who matter."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.core.documents import Chart
from enishi.core.formats import counted
from enishi.engagement import queries
from enishi.reports.measuring import Look, Metric, Reading, address, parts


class Gaps(Metric):
    code = "gaps"
    label = gettext_lazy("Gaps with influential people")
    description = gettext_lazy("Of people with much influence: no talk, no consent, no telephone.")
    needs = ("engagement.view", "contacts.view")
    of_one_project = True

    def read(self, look: Look) -> Reading:
        assert look.project_id is not None
        _rated, much, gaps = queries.gap_report(look.actor, look.project_id)
        return Reading(
            value=counted(much),
            words=ngettext("person with much influence", "people with much influence", much),
            url=address("engagement:gaps", look.project_id),
            chart=Chart(_("What is missing"), parts([(gap.label, gap.high, gap.high_url) for gap in gaps])),
        )
