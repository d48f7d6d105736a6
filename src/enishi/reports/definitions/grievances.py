"""Grievance register: every complaint that was open in a period, and how the mechanism worked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Level
from enishi.cases.models import Case
from enishi.cases.past import Cases
from enishi.cases.queries import Figures, Measure, category
from enishi.contacts.models import Party
from enishi.contacts.past import Parties
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.core.formats import format_percent
from enishi.reports.definitions.promises import back_note
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer

KIND = "grievance"
CHUNK = 2000


class GrievanceRegister(Definition):
    code = "grievances"
    label = gettext_lazy("Grievance register")
    description = gettext_lazy(
        "Every grievance that was open in a period: first word, answer, appeal, satisfaction, and how much was in time."
    )
    icon = "clipboard-text"
    version = 2
    needs = ("cases.view", "contacts.view")
    past = (Parties, Cases)
    days = 365

    def count(self, frame: Frame) -> int:
        return grievances(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [grievances(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        rows = out.table("register", _("Grievances"), self.columns(frame))
        measure, stages = measured(frame), Tally()
        levels = {code: str(label) for code, label in Level.choices}
        for case in grievances(frame).iterator(chunk_size=CHUNK):
            measure.look_at(case)
            stages.add(str(case.now_in.label))
            rows.add(self._row(frame, case, measure, levels))
        found = measure.found
        return Paper(
            title=_title(frame, found),
            figures=[
                Figure(frame.number(found.received), _("received in the period")),
                Figure(frame.number(found.still_open), _("still open")),
                Figure(frame.number(found.over), _("over time")),
                *([Figure(_share(frame, found.acknowledged), _("first word in time"))] if found.acknowledged.total else []),
                *([Figure(_share(frame, found.resolved), _("answered in time"))] if found.resolved.total else []),
                *(
                    [Figure(frame.number(found.median_days), _("business days to the end, half of them within"))]
                    if found.median_days is not None
                    else []
                ),
            ],
            charts=[
                Chart(_("By stage"), [Bar(stage, n, frame.number(n)) for stage, n in stages.ordered()]),
                Chart(
                    _("Received, by what it is about"),
                    [
                        Bar(name or _("Not said"), n, frame.number(n))
                        for name, n in sorted(found.categories.items(), key=lambda pair: (-pair[1], pair[0]))
                    ],
                ),
            ],
            notes=[
                _("A grievance stands here when it came in before the end of the period and was still open in it."),
                in_time_note(),
                *([] if frame.past else [back_note()]),
            ],
        )  # fmt: skip

    @staticmethod
    def _row(frame: Frame, case: Any, measure: Measure, levels: dict[int, str]) -> tuple[Any, ...]:
        people = [case.party_id] if case.party_id else []

        def day(moment: Any) -> Any:
            return moment.astimezone(frame.zone).date() if moment else None

        return (
            case.number,
            [(case.title, people)],
            category(case),
            [(case.who, people)] if case.who else _("Anonymous") if case.anonymous else _("No contact"),
            str(case.get_channel_display()),
            day(case.opened_at),
            day(case.acknowledge_by),
            day(case.acknowledged_at),
            day(case.resolve_by),
            day(case.closed_at),
            measure.took(case) if case.closed_at else None,
            str(case.now_in.label),
            day(case.appealed_at),
            str(case.get_satisfaction_display() or ""),
            case.owner.name if case.owner else "",
            case.project.name,
            levels[case.confidentiality],
            *(() if frame.past else (f"{case.number}.{case.version}",)),
        )

    @staticmethod
    def columns(frame: Frame | None = None) -> list[Column]:
        return [
            Column("number", _("Number"), share=1),
            Column("title", _("Grievance"), share=2.4),
            Column("category", _("What it is about"), share=1.4),
            Column("who", _("Raised by"), share=1.4),
            Column("channel", _("Came in by"), share=1),
            Column("opened", _("Received"), "day", 1),
            Column("acknowledge_by", _("First word by"), "day", 1),
            Column("acknowledged", _("First word on"), "day", 1),
            Column("resolve_by", _("Answer by"), "day", 1),
            Column("closed", _("Closed"), "day", 1),
            Column("days", _("Business days"), "number", 0.8),
            Column("stage", _("Stage"), share=1),
            Column("appealed", _("Appeal"), "day", 1),
            Column("satisfied", _("Satisfied"), share=0.9),
            Column("owner", _("Owner"), share=1.1),
            Column("project", _("Project"), share=1.1),
            Column("level", _("Confidentiality"), share=1),
            *([] if frame is not None and frame.past else [Column("reference", _("Reference"), share=1)]),
        ]


def grievances(frame: Frame) -> QuerySet[Any]:
    """The grievances of a frame that were open at some time in its period, oldest first."""
    found = (
        frame.within(Case)
        .annotate(who=frame.shown(Party, "party__", "full_name"))
        .filter(Q(closed_at__isnull=True) | Q(closed_at__gte=frame.start), kind=KIND, opened_at__lt=frame.end)
        .select_related("owner", "project")
    )
    return found.order_by(F("opened_at").asc(), "pk")


def measured(frame: Frame) -> Measure:
    return Measure(frame.start, frame.end, frame.now)


def in_time_note() -> str:
    return _("In time: of what was done or fell due in the period, what was done by its date.")


def _share(frame: Frame, share: Any) -> str:
    return format_percent(share.good / share.total, frame.language)


def _title(frame: Frame, found: Figures) -> str:
    if not (found.received or found.still_open or found.closed):
        return _("No grievance was open in this period")
    said = ngettext(
        "%(n)s grievance was received, %(closed)s closed",
        "%(n)s grievances were received, %(closed)s closed",
        found.received,
    ) % {"n": frame.number(found.received), "closed": frame.number(found.closed)}
    if not found.over:
        return _("%(said)s; none is over time") % {"said": said}
    return ngettext("%(said)s; %(n)s is over time", "%(said)s; %(n)s are over time", found.over) % {
        "said": said,
        "n": frame.number(found.over),
    }
