"""Social investment: what was promised to communities in money or in kind, what was given of it, and what is still owed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.commitments.models import Contribution, Promise
from enishi.commitments.past import Contributions, Promises, Proofs
from enishi.commitments.queries import given_sum
from enishi.contacts.models import Party
from enishi.contacts.past import Parties
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.core.money import Money, format_money, usual
from enishi.reports.definitions.promises import CHUNK, SIGNS, sign_of
from enishi.reports.framing import Definition, Frame, Paper, Writer
from enishi.reports.suppression import THRESHOLD

NOTHING = Decimal(0)
PURPOSES = {"": gettext_lazy("Not said"), **dict(Promise.Purpose.choices)}


@dataclass
class Sums:
    """What promises of one currency add up to at the end of the period."""

    promises: int = 0
    promised: Decimal = NOTHING
    given: Decimal = NOTHING
    in_kind: Decimal = NOTHING
    in_all: Decimal = NOTHING
    owed: Decimal = NOTHING
    dropped: Decimal = NOTHING

    def add(self, promise: Any, frame: Frame) -> None:
        rest = max(promise.amount - promise.in_all, NOTHING)
        settled = promise.settled_at is not None and promise.settled_at < frame.end
        self.promises += 1
        self.promised += promise.amount
        self.given += promise.given
        self.in_kind += promise.in_kind
        self.in_all += promise.in_all
        self.owed += NOTHING if settled else rest
        self.dropped += rest if settled else NOTHING

    def amounts(self, currency: str) -> list[Decimal]:
        """In the order of the columns."""
        found = (self.promised, self.given, self.in_all, self.owed, self.dropped)
        return [usual(amount, currency) for amount in found]

    def include(self, other: Sums) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Place:
    """What is added up together. ``party`` is the community, group or organisation; single people stand together."""

    project_id: int
    project: str
    purpose: str
    currency: str
    party: int | None = None
    name: str = ""
    single: bool = False


@dataclass
class Found:
    """The sums of a frame. Amounts for fewer than five single people are left out of them: ``left_out`` promises."""

    sums: dict[Place, Sums]
    left_out: int = 0

    def by_currency(self, purposes: Iterable[str] = tuple(PURPOSES)) -> dict[str, Sums]:
        wanted, found = set(purposes), defaultdict[str, Sums](Sums)
        for place, sums in self.sums.items():
            if place.purpose in wanted:
                found[place.currency].include(sums)
        return dict(sorted(found.items()))


@dataclass
class _Single:
    sums: Sums = field(default_factory=Sums)
    people: set[int] = field(default_factory=set)


class SocialInvestment(Definition):
    code = "social"
    label = gettext_lazy("Social investment")
    description = gettext_lazy(
        "What was promised to communities in money or in kind, what was given of it, and what is still owed, currency by currency."
    )
    icon = "heart-handshake"
    version = 1
    needs = ("commitments.view", "contacts.view")
    past = (Parties, Promises, Contributions, Proofs)
    days = 365

    def count(self, frame: Frame) -> int:
        return promises(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [promises(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        found = add_up(frame)
        _write_sums(found, out)
        _write_register(frame, out)
        _write_given(frame, out)
        totals = found.by_currency()
        return Paper(
            title=_title(frame, totals),
            figures=[
                figure
                for currency, sums in totals.items()
                for figure in (
                    Figure(written(frame, sums.given, currency), _("given in the period")),
                    Figure(written(frame, sums.owed, currency), _("still owed")),
                )
            ],
            charts=list(_charts(frame, found, totals)),
            notes=[
                _("Our promises with an amount that were made before the end of the period and were open, or given to, in it."),
                _("Counted to the end of the period: what was given or settled later is not in it. Nothing is converted."),
                _("No longer owed is what was promised and not given when the promise was kept, broken or waived."),
                *([_left_out(frame, found.left_out)] if found.left_out else []),
            ],
        )  # fmt: skip


def promises(frame: Frame) -> QuerySet[Any]:
    """Our promises with an amount that were open in the period of a frame, or of which something was given in it."""
    inside = Q(day__gte=frame.since, day__lte=frame.until)
    found = (
        frame.within(Promise)
        .filter(direction=Promise.Direction.OURS, amount__isnull=False)
        .annotate(
            made_at=Coalesce("said_at", "created_at"),
            who=frame.shown(Party, "party__", "full_name"),
            who_kind=frame.shown(Party, "party__", "kind"),
            given=given_sum(inside),
            in_kind=given_sum(inside & Q(in_kind=True)),
            in_all=given_sum(Q(day__lte=frame.until)),
        )
        .filter(Q(state=Promise.State.OPEN) | Q(settled_at__gte=frame.start) | Q(given__gt=0))
        .filter(made_at__lt=frame.end)
        .select_related("project")
    )
    return found.order_by("project__name", "project_id", F("due_at").asc(nulls_last=True), "id")


def add_up(frame: Frame) -> Found:
    """The sums by project, purpose, community and currency."""
    sums: dict[Place, Sums] = defaultdict(Sums)
    single: dict[Place, _Single] = defaultdict(_Single)
    for promise in promises(frame).iterator(chunk_size=CHUNK):
        place = (promise.project_id, promise.project.name, promise.purpose, promise.currency)
        if promise.who and promise.who_kind == Party.Kind.PERSON:
            some = single[Place(*place, single=True)]
            some.sums.add(promise, frame)
            some.people.add(promise.party_id)
        elif promise.who:
            sums[Place(*place, party=promise.party_id, name=promise.who)].add(promise, frame)
        else:
            sums[Place(*place)].add(promise, frame)
    told = {place: one.sums for place, one in single.items() if len(one.people) >= THRESHOLD}
    left_out = sum(one.sums.promises for place, one in single.items() if place not in told)
    order = list(PURPOSES).index
    listed = sorted(
        {**sums, **told}.items(),
        key=lambda pair: (
            pair[0].project,
            pair[0].project_id,
            order(pair[0].purpose),
            pair[0].single,
            pair[0].name,
            pair[0].currency,
        ),
    )
    return Found(dict(listed), left_out)


def written(frame: Frame, amount: Decimal, currency: str) -> str:
    return format_money(Money(amount, currency), frame.language, whole=True)


def together(frame: Frame, amounts: Mapping[str, Decimal]) -> str:
    """Amounts of several currencies side by side, those of nothing left out."""
    return " + ".join(written(frame, amount, currency) for currency, amount in amounts.items() if amount)


def _write_sums(found: Found, out: Writer) -> None:
    rows = out.table(
        "sums",
        _("By project, purpose and community"),
        [
            Column("project", _("Project"), share=1.4),
            Column("purpose", _("What it is for"), share=1.4),
            Column("who", _("For whom"), share=1.8),
            Column("currency", _("Currency"), share=0.7),
            *_amount_columns(),
            Column("promises", _("Promises"), "number", 0.7),
        ],
    )
    for place, sums in found.sums.items():
        who: Any = [(place.name, [place.party])] if place.party else _nameless(place)
        rows.add(
            (
                place.project,
                str(PURPOSES[place.purpose]),
                who,
                place.currency,
                *sums.amounts(place.currency),
                sums.promises,
            )
        )


def _nameless(place: Place) -> str:
    return _("Single people") if place.single else _("Nobody named")


def _amount_columns() -> list[Column]:
    return [
        Column("promised", _("Promised"), "amount"),
        Column("given", _("Given in the period"), "amount"),
        Column("in_all", _("Given in all"), "amount"),
        Column("owed", _("Still owed"), "amount"),
        Column("dropped", _("No longer owed"), "amount"),
    ]


def _write_register(frame: Frame, out: Writer) -> None:
    rows = out.table(
        "register",
        _("The promises"),
        [
            Column("title", _("Promise"), share=2.4),
            Column("who", _("For whom"), share=1.5),
            Column("purpose", _("What it is for"), share=1.2),
            Column("for_people", _("For how many people"), "number", 0.8),
            Column("due", _("Due"), "day", 0.9),
            Column("state", _("State"), share=0.9),
            Column("currency", _("Currency"), share=0.7),
            *_amount_columns(),
            Column("project", _("Project"), share=1.2),
        ],
    )
    for promise in promises(frame).iterator(chunk_size=CHUNK):
        people = [promise.party_id] if promise.party_id else []
        sums = Sums()
        sums.add(promise, frame)
        rows.add(
            (
                [(promise.title, people)],
                [(promise.who, people)] if promise.who else [],
                str(PURPOSES[promise.purpose]),
                promise.for_people,
                promise.due_at.astimezone(frame.zone).date() if promise.due_at else None,
                str(SIGNS[sign_of(promise, frame.now)]),
                promise.currency,
                *sums.amounts(promise.currency),
                promise.project.name,
            )
        )


def _write_given(frame: Frame, out: Writer) -> None:
    rows = out.table(
        "given",
        _("What was given in the period"),
        [
            Column("day", _("Given on"), "day", 0.9),
            Column("amount", _("Amount"), "amount", 1),
            Column("currency", _("Currency"), share=0.7),
            Column("how", _("How"), share=0.8),
            Column("title", _("Promise"), share=2.4),
            Column("who", _("For whom"), share=1.5),
            Column("note", _("Note"), share=1.8),
            Column("proofs", _("Proofs"), "number", 0.6),
            Column("project", _("Project"), share=1.2),
        ],
    )
    for given in _given(frame):
        promise = given.promise
        people = [promise.party_id] if promise.party_id else []
        rows.add(
            (
                given.day,
                usual(given.amount, given.currency),
                given.currency,
                _("In kind") if given.in_kind else _("In money"),
                [(promise.title, people)],
                [(given.who, people)] if given.who else [],
                [(given.note, people)] if given.note else [],
                given.proof_count,
                promise.project.name,
            )
        )


def _given(frame: Frame) -> Iterator[Any]:
    found = (
        Contribution.objects.filter(
            promise__in=promises(frame).order_by().values("pk"), day__gte=frame.since, day__lte=frame.until
        )
        .annotate(proof_count=Count("proofs"), who=frame.shown(Party, "promise__party__", "full_name"))
        .select_related("promise__project")
    )
    return found.order_by("day", "pk").iterator(chunk_size=CHUNK)


def _charts(frame: Frame, found: Found, totals: Mapping[str, Sums]) -> Iterator[Chart]:
    for currency, whole in totals.items():
        if not whole.given:
            continue
        by_purpose = ((label, found.by_currency([code]).get(currency)) for code, label in PURPOSES.items())
        yield Chart(
            _("Given in the period in %(currency)s") % {"currency": currency},
            [
                Bar(str(label), float(sums.given), written(frame, sums.given, currency))
                for label, sums in by_purpose
                if sums is not None and sums.given
            ],
        )


def _title(frame: Frame, totals: Mapping[str, Sums]) -> str:
    if not totals:
        return _("No promise with an amount was open in this period")
    given = together(frame, {currency: sums.given for currency, sums in totals.items()})
    owed = together(frame, {currency: sums.owed for currency, sums in totals.items()})
    said = _("%(amounts)s given") % {"amounts": given} if given else _("Nothing was given in this period")
    if not owed:
        return _("%(said)s; nothing is still owed") % {"said": said}
    return _("%(said)s; %(amounts)s still owed") % {"said": said, "amounts": owed}


def _left_out(frame: Frame, count: int) -> str:
    return ngettext(
        "Left out of the sums, not of the list: %(n)s promise to fewer than five single people.",
        "Left out of the sums, not of the list: %(n)s promises to fewer than five single people.",
        count,
    ) % {"n": frame.number(count)}
