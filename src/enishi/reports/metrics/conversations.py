"""How much is talked, by which way, and who waits for an answer."""

from __future__ import annotations

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.conversations import queries
from enishi.conversations.models import Interaction
from enishi.core.documents import Chart
from enishi.core.formats import counted
from enishi.reports.measuring import Look, Metric, Reading, Span, address, parts, short_day

LIST = "conversations:interactions"
NEEDS = ("conversations.view",)


def _filters(look: Look, span: Span) -> queries.Filters:
    return queries.Filters(project_id=look.project_id, since=span.since, until=span.until)


def _rows(look: Look, span: Span, **also: str) -> str:
    return address(LIST, since=span.first, until=span.last, project=look.project_id, **also)


class Conversations(Metric):
    code = "conversations"
    label = gettext_lazy("Conversations")
    description = gettext_lazy("How many were held, week by week, against as many weeks before.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        whole = Span(look.before.first, look.span.last)
        wanted = {f"n{n}": Count("pk", filter=span.holds("occurred_at")) for n, span in enumerate(look.spans)}
        row = queries.matching(look.actor, _filters(look, whole)).aggregate(
            now=Count("pk", filter=look.span.holds("occurred_at")),
            before=Count("pk", filter=look.before.holds("occurred_at")),
            **wanted,
        )
        bars = [(short_day(span.first), row[f"n{n}"], _rows(look, span)) for n, span in enumerate(look.spans)]
        return Reading(
            value=counted(row["now"]),
            words=ngettext("conversation", "conversations", row["now"]),
            url=_rows(look, look.span),
            before=counted(row["before"]),
            before_url=_rows(look, look.before),
            chart=Chart(_("Conversations from week to week"), parts(bars), over_time=True),
        )


class Channels(Metric):
    code = "channels"
    label = gettext_lazy("Ways of talking")
    description = gettext_lazy("By telephone, letter, visit and so on, most used first.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        found = queries.matching(look.actor, _filters(look, look.span)).order_by()
        rows = list(found.values_list("channel").annotate(n=Count("pk")).order_by("-n", "channel"))
        names = dict(Interaction.Channel.choices)
        bars = [(str(names[code]), n, _rows(look, look.span, channel=code)) for code, n in rows]
        return Reading(
            value=counted(len(rows)),
            words=ngettext("way of talking was used", "ways of talking were used", len(rows)),
            url=_rows(look, look.span),
            chart=Chart(_("Conversations by channel"), parts(bars)),
        )


class Waiting(Metric):
    code = "waiting"
    label = gettext_lazy("Waiting for our answer")
    description = gettext_lazy("Who wrote and has no answer yet, by how long.")
    needs = NEEDS

    def read(self, look: Look) -> Reading:
        debt = queries.answer_debt(look.actor, project_id=look.project_id)
        labels = (_("Since today or yesterday"), _("For two to six days"), _("For a week or longer"))
        waiting = Interaction.Answer.WAITING.value
        bars = [
            (
                label,
                span.count,
                address(LIST, answer=waiting, since=span.since, until=span.until, project=look.project_id),
            )
            for label, span in zip(labels, debt.spans, strict=True)
        ]
        return Reading(
            value=counted(debt.total),
            words=ngettext("conversation waits for us", "conversations wait for us", debt.total),
            url=address(LIST, answer=waiting, project=look.project_id),
            chart=Chart(_("How long they have been waiting"), parts(bars)),
        )
