"""Promise register: what we owe and what is owed to us, what became of it, and how much was kept in time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Level
from enishi.accounts.models import Team
from enishi.commitments.models import Promise
from enishi.commitments.past import Promises, Proofs
from enishi.contacts.models import Party
from enishi.contacts.past import Parties
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.core.formats import format_percent
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer

CHUNK = 2000
SIDES = (("", gettext_lazy("Both sides")), *Promise.Direction.choices)
SIGNS = {
    "late": gettext_lazy("Late"),
    "open": gettext_lazy("Open"),
    "doing": gettext_lazy("Being done"),
    "proof": gettext_lazy("Waits for proof"),
    **dict(Promise.State.choices[1:]),
}


class PromiseRegister(Definition):
    code = "promises"
    label = gettext_lazy("Promise register")
    description = gettext_lazy(
        "What we owe and what is owed to us: state, date, proof, and how much of it was kept in time."
    )
    icon = "link"
    version = 3
    needs = ("commitments.view", "contacts.view")
    filters = ("side",)
    past = (Parties, Promises, Proofs)
    days = 365

    def count(self, frame: Frame) -> int:
        return promises(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [promises(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        rows = out.table("register", _("Promises"), self.columns(frame))
        states, kept = Tally(), Kept(frame)
        levels = {code: str(label) for code, label in Level.choices}
        total = 0
        for promise in promises(frame).iterator(chunk_size=CHUNK):
            total += 1
            sign = sign_of(promise, frame.now)
            states.add(sign)
            kept.look_at(promise)
            people = [promise.party_id] if promise.party_id else []
            rows.add(
                (
                    [(promise.title, people)],
                    str(Promise.Direction(promise.direction).label),
                    [(promise.who, people)] if promise.who else [],
                    promise.owner.name if promise.owner else "",
                    promise.said_at or promise.created_at,
                    promise.due_at.astimezone(frame.zone).date() if promise.due_at else None,
                    str(SIGNS[sign]),
                    promise.settled_at.astimezone(frame.zone).date() if promise.settled_at else None,
                    promise.proof_count,
                    [(promise.quote, people)] if promise.quote else [],
                    str(promise.money or ""),
                    str(promise.get_purpose_display()),
                    promise.for_people,
                    promise.project.name,
                    levels[promise.confidentiality],
                    # A register of an earlier day is not taken back: it would bring back what stood there.
                    *(() if frame.past else (f"P{promise.pk}.{promise.version}",)),
                )
            )
        kept.write(out)
        late = states.counts.get("late", 0)
        return Paper(
            title=_title(frame, total, late, kept),
            figures=[
                Figure(frame.number(total), _("in the register")),
                Figure(
                    frame.number(sum(states.counts.get(s, 0) for s in ("open", "doing", "late"))),
                    _("still open"),
                ),
                Figure(frame.number(late), _("late")),
                Figure(frame.number(states.counts.get("proof", 0)), _("wait for proof")),
                *([Figure(kept.words, _("of ours kept in time"))] if kept.total else []),
            ],
            charts=[
                Chart(
                    _("By state"),
                    [
                        Bar(str(SIGNS[sign]), n, frame.number(n))
                        for sign, n in states.ordered(list(SIGNS).index)
                    ],
                )
            ],
            notes=[
                _(
                    "A promise stands here when it was made before the end of the period and was still open in it."
                ),
                kept_note(),
                *([] if frame.past else [back_note()]),
            ],
        )

    @staticmethod
    def columns(frame: Frame | None = None) -> list[Column]:
        return [
            Column("title", _("Promise"), share=2.8),
            Column("side", _("Who owes"), share=0.9),
            Column("who", _("To or from"), share=1.6),
            Column("owner", _("Owner"), share=1.2),
            Column("made", _("Made"), "moment", 1.2),
            Column("due", _("Due"), "day", 1),
            Column("state", _("State"), share=0.9),
            Column("settled", _("Settled"), "day", 1),
            Column("proofs", _("Proofs"), "number", 0.6),
            Column("quote", _("Words"), share=2),
            Column("amount", _("Amount"), share=1),
            Column("purpose", _("What it is for"), share=1),
            Column("for_people", _("For how many people"), "number", 0.8),
            Column("project", _("Project"), share=1.2),
            Column("level", _("Confidentiality"), share=1),
            *([] if frame is not None and frame.past else [Column("reference", _("Reference"), share=0.8)]),
        ]


def back_note() -> str:
    return _(
        "The XLSX and CSV files can be corrected and imported again: each row is found by its reference, with the version after the"
        " point."
    )


def kept_note() -> str:
    return _(
        "Kept in time: of our promises that were settled or fell due in the period, those that were kept by their date."
        " Waived ones do not count, nor what was done in time and waits for proof."
    )


def promises(frame: Frame) -> QuerySet[Any]:
    """The promises of a frame that were open at some time in its period, by date."""
    found = (
        frame.within(Promise)
        .annotate(
            made_at=Coalesce("said_at", "created_at"),
            who=frame.shown(Party, "party__", "full_name"),
            proof_count=Count("proofs"),
        )
        .filter(Q(state=Promise.State.OPEN) | Q(settled_at__gte=frame.start), made_at__lt=frame.end)
        .select_related("owner", "project")
    )
    if frame.side:
        found = found.filter(direction=frame.side)
    return found.order_by(F("due_at").asc(nulls_last=True), "id")


def sign_of(promise: Promise, now: dt.datetime) -> str:
    """The state at the moment of the report; what is late is never stored."""
    if not promise.is_open:
        return promise.state
    if promise.waits_for_proof:
        return "proof"
    if promise.is_late(now):
        return "late"
    return "doing" if promise.started_at else "open"


class Kept:
    """Our promises decided in the period: how many were kept in time, in all, by project and by team."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.kept = self.total = 0
        self.by_project: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.by_team: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.teams: dict[int, list[str]] = defaultdict(list)
        for user_id, name in Team.objects.filter(members__isnull=False).values_list("members", "name"):
            self.teams[user_id].append(name)

    def look_at(self, promise: Promise) -> None:
        if not self._decided(promise):
            return
        kept = promise.state == Promise.State.KEPT
        self.kept, self.total = self.kept + kept, self.total + 1
        groups = [self.by_project[promise.project.name]]
        groups += [self.by_team[name] for name in self.teams.get(promise.owner_id or 0, ())]
        for group in groups:
            group[0] += kept
            group[1] += 1

    def _decided(self, promise: Promise) -> bool:
        """Settled or fallen due in the period and before now, whichever came first."""
        if promise.direction != Promise.Direction.OURS or promise.state == Promise.State.WAIVED:
            return False
        moments = [moment for moment in (promise.due_at, promise.settled_at) if moment is not None]
        if (
            not moments
            or not self.frame.start <= min(moments) < self.frame.end
            or min(moments) > self.frame.now
        ):
            return False
        in_time = promise.negative or (
            promise.due_at is not None and promise.done_at is not None and promise.done_at <= promise.due_at
        )
        return not (promise.waits_for_proof and in_time)

    @property
    def words(self) -> str:
        return format_percent(self.kept / self.total, self.frame.language)

    def write(self, out: Writer) -> None:
        """How much was kept in time, by project and by the owners' teams."""
        rows = out.table(
            "kept",
            _("Our promises kept in time"),
            [
                Column("group", _("Project or team"), share=3),
                Column("kept", _("Kept in time"), "number"),
                Column("total", _("Decided"), "number"),
                Column("share", _("Share")),
            ],
        )
        for groups in (self.by_project, self.by_team):
            listed = sorted(groups.items(), key=lambda pair: (-pair[1][0] / pair[1][1], pair[0]))
            for name, (kept, total) in listed:
                rows.add((name, kept, total, format_percent(kept / total, self.frame.language)))


def _title(frame: Frame, total: int, late: int, kept: Kept) -> str:
    if not total:
        return _("No promise was open in this period")
    if kept.total:
        said = ngettext(
            "We kept %(n)s of %(total)s promise in time",
            "We kept %(n)s of %(total)s promises in time",
            kept.total,
        ) % {
            "n": frame.number(kept.kept),
            "total": frame.number(kept.total),
        }
    else:
        said = ngettext("%(n)s promise stands", "%(n)s promises stand", total) % {"n": frame.number(total)}
    if not late:
        return _("%(said)s; none is late") % {"said": said}
    return ngettext("%(said)s; %(n)s is late", "%(said)s; %(n)s are late", late) % {
        "said": said,
        "n": frame.number(late),
    }
