"""What is promised, how well it is kept, and which duties need somebody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.commitments import queries
from enishi.commitments.models import Promise
from enishi.core.documents import Bar, Chart
from enishi.core.formats import counted
from enishi.reports.measuring import (
    Look,
    Metric,
    Reading,
    Span,
    address,
    money,
    parts,
    percent,
    short_day,
)

LIST = "commitments:list"
NEEDS = ("commitments.view",)


class OpenPromises(Metric):
    code = "promises"
    label = gettext_lazy("Open promises")
    description = gettext_lazy("What we owe and what is owed to us, and what of it is late.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        limits = queries.Filter(project_id=look.project_id)
        found = {
            state: queries.promises(look.actor, replace(limits, state=state)).count()
            for state in ("open", "late", "proof")
        }
        sides = {
            side: queries.promises(look.actor, replace(limits, direction=side)).count()
            for side in Promise.Direction.values
        }
        rows = [
            (str(label), sides[side], address(LIST, side=side, **{"in": look.project_id}))
            for side, label in Promise.Direction.choices
        ]
        for state, words in (("late", _("Late")), ("proof", _("Waits for proof"))):
            rows.append((words, found[state], address(LIST, state=state, **{"in": look.project_id})))
        return Reading(
            value=counted(found["open"]),
            words=ngettext("promise open", "promises open", found["open"]),
            url=address(LIST, **{"in": look.project_id}),
            chart=Chart(_("What is open"), parts(rows)),
        )


class SocialInvestment(Metric):
    code = "social"
    label = gettext_lazy("Promised amounts")
    description = gettext_lazy(
        "What we promised in money or in kind and is open, and how much of it was given."
    )
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        limits = queries.Filter(direction="ours", kind="amount", project_id=look.project_id)
        url = address(LIST, side="ours", kind="amount", **{"in": look.project_id})
        found = queries.owed(look.actor, limits)
        count = sum(one.promises for one in found)
        bars = [
            Bar(
                one.promised.currency,
                float(100 * one.given.amount / one.promised.amount),
                _("%(given)s of %(promised)s") % {"given": money(one.given), "promised": money(one.promised)},
                url,
            )
            for one in found
        ]
        return Reading(
            value=counted(count),
            words=ngettext("promise with an amount open", "promises with an amount open", count),
            url=url,
            chart=Chart(_("Given of what was promised"), bars, whole=100),
        )


class KeptInTime(Metric):
    code = "kept"
    label = gettext_lazy("Kept on time")
    description = gettext_lazy("Of our promises that were settled or fell due, those that were kept in time.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        now, before = self._rates(look, [look.span, *look.spans]), self._rates(look, [look.before])
        (kept, total), *pieces = now
        bars = []
        for span, (part, of) in zip(look.spans, pieces, strict=True):
            share = 100 * part / of if of else None
            text = _("%(n)s of %(total)s") % {"n": counted(part), "total": counted(of)} if of else ""
            url = self._rows(look, span) if of else ""
            bars.append(Bar(short_day(span.first), share, text, url))
        [(kept_before, total_before)] = before
        return Reading(
            value=percent(kept / total) if total else _("None"),
            words=_("of our promises kept in time, %(n)s of %(total)s")
            % {"n": counted(kept), "total": counted(total)}
            if total
            else _("of our promises was settled or fell due"),
            url=self._rows(look, look.span),
            before=percent(kept_before / total_before) if total_before else "",
            before_url=self._rows(look, look.before),
            chart=Chart(_("Kept on time from week to week"), bars, over_time=True, whole=100),
        )

    @staticmethod
    def _rates(look: Look, spans: list[Span]) -> list[tuple[int, int]]:
        """Kept and decided in each of the spans, the first of which holds the others: one question."""
        whole = queries.Filter(
            state="all",
            project_id=look.project_id,
            decided_from=spans[0].first,
            decided_until=spans[0].last,
        )
        wanted: dict[str, Any] = {}
        for n, span in enumerate(spans):
            inside = span.holds("decided_at")
            wanted[f"total{n}"] = Count("pk", filter=inside)
            wanted[f"kept{n}"] = Count("pk", filter=inside & Q(state=Promise.State.KEPT))
        row = queries.promises(look.actor, whole).aggregate(**wanted)
        return [(row[f"kept{n}"], row[f"total{n}"]) for n in range(len(spans))]

    @staticmethod
    def _rows(look: Look, span: Span) -> str:
        limits = {"decided": span.first, "till": span.last, "in": look.project_id}
        return address(LIST, state="all", **limits)


class Duties(Metric):
    code = "duties"
    label = gettext_lazy("Duties of permits and laws")
    description = gettext_lazy("How many hold, and which are late, lack proof, an owner or their review.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        limits = queries.DutyFilter(project_id=look.project_id)
        counts = {
            state: queries.duties(look.actor, replace(limits, state=state)).count()
            for state in ("", "late", "proof", "review", "unowned")
        }
        rows = [
            (
                str(queries.DUTY_STATES[state]),
                counts[state],
                address("commitments:duties", state=state, project=look.project_id),
            )
            for state in ("late", "proof", "review", "unowned")
        ]
        return Reading(
            value=counted(counts[""]),
            words=ngettext("duty holds", "duties hold", counts[""]),
            url=address("commitments:duties", project=look.project_id),
            chart=Chart(_("Duties that need somebody"), parts(rows)),
        )
