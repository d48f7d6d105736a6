"""The matrix of a project on a day: who stands where by influence and interest, and from where they came."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core import clock
from enishi.engagement.models import Position, Step, tone
from enishi.engagement.queries.people import EVERYBODY, Wanted, ratings, ratings_on, stakeholders

TAIL_DAYS = 90
IN_CELL = 4
DOT_HEIGHT = 24
MOST_TRAILS = 60
MOST_STEPS = 10
PAGE = 50


@dataclass(frozen=True)
class Dot:
    """One stakeholder as rated on the day. ``was`` is influence and interest 90 days before, if they differed."""

    rating_id: int
    party_id: int
    name: str
    kind: str
    sort_key: str
    impact: int
    interest: int
    influence: int
    position: int | None
    rated_on: dt.date
    reason: str
    was: tuple[int, int] | None = None

    @property
    def cell(self) -> tuple[int, int]:
        return self.influence, self.interest

    @property
    def tone(self) -> str:
        return tone(self.position)

    @property
    def position_words(self) -> str:
        return "" if self.position is None else str(Position(self.position).label)


@dataclass(frozen=True)
class Cell:
    """One of the twenty-five fields. Those ``hidden`` do not fit into it."""

    influence: int
    interest: int
    dots: Sequence[Dot] = ()
    hidden: Sequence[Dot] = ()

    @property
    def more(self) -> int:
        return len(self.hidden)

    @property
    def code(self) -> str:
        return f"{self.influence}-{self.interest}"

    @property
    def words(self) -> tuple[str, str]:
        return str(Step(self.influence).label), str(Step(self.interest).label)

    @property
    def near(self) -> bool:
        """Whether it is among those one works with closely."""
        return self.influence > 3 and self.interest > 3


@dataclass(frozen=True)
class Trail:
    """That some moved from one field to another in 90 days, as a line in a square of 500."""

    x1: int
    y1: int
    x2: int
    y2: int
    tone: str
    count: int

    @property
    def width(self) -> int:
        return min(8, 1 + self.count)


@dataclass(frozen=True)
class Shown:
    """One page of the list beside the matrix."""

    dots: Sequence[Dot]
    start: int
    total: int

    @property
    def before(self) -> int | None:
        return max(0, self.start - PAGE) if self.start else None

    @property
    def after(self) -> int | None:
        return self.start + PAGE if self.start + PAGE < self.total else None

    @property
    def first(self) -> int:
        return self.start + 1

    @property
    def last(self) -> int:
        return self.start + len(self.dots)


@dataclass(frozen=True)
class Matrix:
    day: dt.date
    today: dt.date
    dots: Sequence[Dot]
    rows: Sequence[Sequence[Cell]]
    trails: Sequence[Trail]
    page: Shown
    steps: Sequence[dt.date] = ()
    earlier: dt.date | None = None
    later: dt.date | None = None

    @property
    def is_past(self) -> bool:
        return self.day < self.today


_COLUMNS = (
    "pk", "party_id", "party__full_name", "party__kind", "party__sort_key", "impact", "interest", "influence",
    "position", "rated_on", "reason",
)  # fmt: skip


def matrix(
    actor: Actor, project_id: int, *, day: dt.date | None = None, wanted: Wanted = EVERYBODY, start: int = 0
) -> Matrix:
    """Everybody who was rated by that day, those of most influence and interest first. Three questions."""
    today = clock.today()
    day = min(day or today, today)
    people = stakeholders(actor, project_id, wanted)
    on_day = ratings_on(actor, project_id, day).filter(party__in=people)
    before = ratings_on(actor, project_id, day - dt.timedelta(days=TAIL_DAYS)).filter(party__in=people)
    came_from = {
        party_id: (influence, interest)
        for party_id, influence, interest in before.values_list("party_id", "influence", "interest")
    }
    dots = []
    for row in on_day.values_list(*_COLUMNS):
        was, now = came_from.get(row[1]), (row[7], row[6])
        dots.append(Dot(*(*row, was if was != now else None)))
    if wanted.position:
        dots = [dot for dot in dots if _has_position(dot, wanted.position)]
    dots.sort(key=lambda dot: (-dot.influence, -dot.interest, dot.sort_key, dot.party_id))
    listed = [dot for dot in dots if wanted.cell in (None, dot.cell)]
    rows = _rows(dots)
    steps, earlier, later = _steps(actor, project_id, day)
    return Matrix(
        day=day,
        today=today,
        dots=dots,
        rows=rows,
        trails=_trails(rows),
        page=Shown(listed[start : start + PAGE], start, len(listed)),
        steps=steps,
        earlier=earlier,
        later=later,
    )


def _has_position(dot: Dot, wanted: str) -> bool:
    return ("unknown" if dot.position is None else str(dot.position)) == wanted


def _rows(dots: Sequence[Dot]) -> list[list[Cell]]:
    inside: dict[tuple[int, int], list[Dot]] = defaultdict(list)
    for dot in dots:
        inside[dot.cell].append(dot)
    return [[_cell(influence, interest, inside) for interest in range(1, 6)] for influence in range(5, 0, -1)]


def _cell(influence: int, interest: int, inside: dict[tuple[int, int], list[Dot]]) -> Cell:
    here = inside[influence, interest]
    # "1 more" takes the place in which that one would stand.
    shown = here if len(here) <= IN_CELL else here[: IN_CELL - 1]
    return Cell(influence, interest, shown, here[len(shown) :])


def _trails(rows: Sequence[Sequence[Cell]]) -> list[Trail]:
    """Those who moved alike share a line, to the first of their dots; the widest first."""
    moved: Counter[tuple[tuple[int, int], tuple[int, int], str]] = Counter()
    ends: dict[tuple[tuple[int, int], tuple[int, int], str], int] = {}
    for cell in (cell for row in rows for cell in row):
        drawn = len(cell.dots) + bool(cell.more)
        for place, dot in enumerate((*cell.dots, *cell.hidden)):
            if dot.was:
                line = (dot.was, dot.cell, dot.tone)
                moved[line] += 1
                ends.setdefault(line, DOT_HEIGHT * (2 * min(place, drawn - 1) - drawn + 1) // 2)

    def at_dot(cell: tuple[int, int], below_middle: int = 0) -> tuple[int, int]:
        influence, interest = cell
        return 100 * interest - 93, 550 - 100 * influence + below_middle

    return [
        Trail(*at_dot(line[0]), *at_dot(line[1], ends[line]), tone=line[2], count=count)
        for line, count in moved.most_common(MOST_TRAILS)
    ]


def _steps(
    actor: Actor, project_id: int, day: dt.date
) -> tuple[list[dt.date], dt.date | None, dt.date | None]:
    """The last days on which something was rated, and the neighbours of the day shown."""
    found = ratings(actor).filter(project=project_id, party__in=stakeholders(actor, project_id))
    days = list(found.order_by("rated_on").values_list("rated_on", flat=True).distinct())
    earlier = max((one for one in days if one < day), default=None)
    later = min((one for one in days if one > day), default=None)
    return days[-MOST_STEPS:], earlier, later


@dataclass(frozen=True)
class Unrated:
    """People of the project whom nobody has rated; one page by name."""

    people: Sequence[Party]
    total: int
    after: str = ""


def unrated(
    actor: Actor, project_id: int, *, wanted: Wanted = EVERYBODY, after: int | None = None, limit: int = PAGE
) -> Unrated:
    """Those who were never rated, by name, from the one after ``after`` on."""
    rated = ratings(actor).filter(project=project_id, party=OuterRef("pk"))
    found = stakeholders(actor, project_id, wanted).filter(~Exists(rated))
    total = found.count()
    page = found.order_by("sort_key", "id")
    place = stakeholders(actor, project_id).filter(pk=after or 0).values_list("sort_key", "pk").first()
    if place is not None:
        page = page.filter(sort_key__gte=place[0]).exclude(sort_key=place[0], pk__lte=place[1])
    rows = list(page.only("full_name", "kind", "sort_key", "last_contact_at")[: limit + 1])
    return Unrated(rows[:limit], total, str(rows[limit - 1].pk) if len(rows) > limit else "")
