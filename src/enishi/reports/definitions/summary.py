"""Project summary: one page on what was said and what is owed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.commitments.models import Promise
from enishi.commitments.past import Promises, Proofs
from enishi.core.documents import Column, Figure
from enishi.reports.definitions import engagement, promises
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer


class ProjectSummary(Definition):
    code = "summary"
    label = gettext_lazy("Project summary")
    description = gettext_lazy(
        "One page: whom we talked with, what is open, what is late, how much was kept in time."
    )
    icon = "file-description"
    version = 1
    needs = ("conversations.view", "commitments.view", "contacts.view")
    past = (*engagement.PAST, Promises, Proofs)

    def count(self, frame: Frame) -> int:
        return open_promises(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [engagement.conversations(frame), promises.promises(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        states, kept = Tally(), promises.Kept(frame)
        rows = out.table("open", _("Open promises"), self._columns())
        for promise in open_promises(frame):
            sign = promises.sign_of(promise, frame.now)
            states.add(sign)
            people = [promise.party_id] if promise.party_id else []
            rows.add(
                (
                    [(promise.title, people)],
                    str(Promise.Direction(promise.direction).label),
                    [(promise.who, people)] if promise.who else [],
                    promise.owner.name if promise.owner else "",
                    promise.due_at.astimezone(frame.zone).date() if promise.due_at else None,
                    str(promises.SIGNS[sign]),
                )
            )
        for promise in promises.promises(frame):
            kept.look_at(promise)
        kept.write(out)
        talks, months, channels = engagement.figures(frame)
        reached = len(engagement.people_reached(frame))
        still, late = sum(states.counts.values()), states.counts.get("late", 0)
        return Paper(
            title=_title(frame, reached, still, late),
            figures=[
                Figure(frame.number(talks), ngettext("conversation", "conversations", talks)),
                Figure(frame.number(reached), ngettext("person reached", "people reached", reached)),
                Figure(frame.number(still), ngettext("promise open", "promises open", still)),
                Figure(frame.number(late), _("late")),
                *([Figure(kept.words, _("of ours kept in time"))] if kept.total else []),
            ],
            charts=[engagement.by_month(frame, months), engagement.by_channel(frame, channels)],
            notes=[
                _("Open promises: all that are open at the moment of the report, whenever they were made."),
                promises.kept_note(),
            ],
        )

    @staticmethod
    def _columns() -> list[Column]:
        return [
            Column("title", _("Promise"), share=3),
            Column("side", _("Who owes"), share=1),
            Column("who", _("To or from"), share=1.8),
            Column("owner", _("Owner"), share=1.3),
            Column("due", _("Due"), "day", 1.1),
            Column("state", _("State"), share=1),
        ]


def open_promises(frame: Frame) -> QuerySet[Any]:
    return promises.promises(frame).filter(state=Promise.State.OPEN)


def _title(frame: Frame, reached: int, still: int, late: int) -> str:
    said = ngettext("We talked with %(n)s person", "We talked with %(n)s people", reached) % {
        "n": frame.number(reached)
    }
    if not reached:
        said = _("We talked with nobody we know")
    if not still:
        return _("%(said)s; no promise is open") % {"said": said}
    if not late:
        return ngettext(
            "%(said)s; %(n)s promise is open, none is late",
            "%(said)s; %(n)s promises are open, none is late",
            still,
        ) % {"said": said, "n": frame.number(still)}
    return ngettext(
        "%(said)s; %(n)s promise is open, %(late)s late",
        "%(said)s; %(n)s promises are open, %(late)s late",
        still,
    ) % {"said": said, "n": frame.number(still), "late": frame.number(late)}
