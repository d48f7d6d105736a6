"""What is spoken about, how it felt, and what changed: every number is a count of rows that can be opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from enishi.accounts.access import Actor
from enishi.accounts.branches import BETWEEN
from enishi.accounts.prepared import prepared
from enishi.core import clock
from enishi.themes.models import Feeling, PassageTheme, Theme
from enishi.themes.queries.passages import Filters, marks
from enishi.themes.queries.tree import visible

WEEKS = 12


@dataclass(frozen=True)
class Period:
    """From a moment to another, the second not included; the one before it is as long."""

    since: dt.datetime
    until: dt.datetime

    @property
    def before(self) -> Period:
        return Period(self.since - (self.until - self.since), self.since)

    @classmethod
    def last_weeks(cls, weeks: int = WEEKS) -> Period:
        """Whole days: those weeks up to the end of today."""
        end = timezone.make_aware(dt.datetime.combine(clock.today() + dt.timedelta(days=1), dt.time()))
        return cls(end - dt.timedelta(weeks=weeks), end)


@dataclass(frozen=True)
class Spoken:
    """A theme, or a whole branch: its passages in a period and in the one before, in how many conversations, and how they felt (1 to 5)."""

    theme: Theme
    count: int
    before: int
    talks: int
    talks_before: int
    feelings: Sequence[int]

    @property
    def depth(self) -> int:
        return self.theme.path.count(BETWEEN)

    @property
    def change(self) -> int:
        return self.count - self.before


@dataclass(frozen=True)
class Figures:
    """All themes of a period, most spoken of first, and the passages altogether."""

    rows: Sequence[Spoken]
    total: int
    before: int
    feelings: Sequence[int]


_BY_FEELING = {f"f{value}": Count("pk", filter=Q(feeling=value)) for value in Feeling.values}


def mix_of(actor: Actor, filters: Filters) -> list[int]:
    """How many passages felt angry … delighted."""
    row = marks(actor, filters).order_by().aggregate(**_BY_FEELING)
    return [row[f"f{value}"] for value in Feeling.values]


def spoken(actor: Actor, filters: Filters, period: Period) -> Figures:
    """Themes by the number of their passages in a period, each with the mix of feelings and the period before."""
    now = replace(filters, since=period.since, until=period.until)
    before = replace(filters, since=period.before.since, until=period.before.until)
    known = {one.pk: one for one in visible(actor)}
    counted = _counted(actor, replace(now, since=before.since), period.since, list(known.values()))
    rows = [Spoken(known[pk], row[0], row[1], row[2], row[3], row[4:]) for pk, row in counted.items()]
    rows.sort(key=lambda row: (-row.count, -row.before, row.theme.path, row.theme.pk))
    mix = marks(actor, now).order_by().aggregate(total=Count("pk"), **_BY_FEELING)
    return Figures(
        rows, mix["total"], marks(actor, before).count(), [mix[f"f{value}"] for value in Feeling.values]
    )


def _counted(
    actor: Actor, filters: Filters, since: dt.datetime, known: Sequence[Theme]
) -> dict[int, list[int]]:
    """For each theme with all below it: marks since a moment, marks before it, conversations since and before, marks since by feeling."""
    pairs = [
        (above.pk, one.pk)
        for one in known
        for above in known
        if one.pk == above.pk or one.path.startswith(above.path + BETWEEN)
    ]
    try:
        scoped = (
            marks(actor, filters)
            .order_by()
            .values("id", "feeling", talk=F("interaction"), at=F("interaction__occurred_at"))
        )
        inner, params = scoped.query.sql_with_params()
    except EmptyResultSet:
        return {}
    feelings = ", ".join(
        f"count(DISTINCT mark.id) FILTER (WHERE mark.at >= %(since)s AND mark.feeling = {value})"
        for value in Feeling.values
    )
    names = {f"p{place}": value for place, value in enumerate(params)}
    scope = inner % tuple(f"%({name})s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT pair.above,
                  count(DISTINCT mark.id) FILTER (WHERE mark.at >= %(since)s),
                  count(DISTINCT mark.id) FILTER (WHERE mark.at < %(since)s),
                  count(DISTINCT mark.talk) FILTER (WHERE mark.at >= %(since)s),
                  count(DISTINCT mark.talk) FILTER (WHERE mark.at < %(since)s), {feelings}
                FROM ({scope}) mark
                JOIN themes_passagetheme link ON link.passage_id = mark.id
                JOIN unnest(%(above)s::bigint[], %(below)s::bigint[]) pair(above, below)
                  ON pair.below = link.theme_id
                GROUP BY pair.above""",  # noqa: S608
            {
                **names,
                "since": since,
                "above": [above for above, _below in pairs],
                "below": [below for _above, below in pairs],
            },
        )
        return {row[0]: list(row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True)
class Named:
    """A theme that one person named, and in how many passages."""

    pk: int
    path: str
    count: int


@prepared
def _named_by(
    actor: Actor, party_id: int, since: dt.datetime, until: dt.datetime
) -> QuerySet[PassageTheme, tuple[int, str, int]]:
    said = marks(actor, Filters(party_id=party_id, since=since, until=until))
    found = PassageTheme.objects.filter(passage__in=said, theme__in=visible(actor))
    return (
        found.values_list("theme", "theme__path")
        .annotate(count=Count("passage"))
        .order_by("-count", "theme__path")
    )


def named_by(actor: Actor, party_id: int, period: Period) -> list[Named]:
    """What one person spoke about, most often first, in one query: the page of a contact is opened all day."""
    return [Named(*row) for row in _named_by(actor, party_id, period.since, period.until)]


@dataclass(frozen=True)
class Week:
    """One week of a theme."""

    since: dt.datetime
    until: dt.datetime
    count: int


def by_week(actor: Actor, filters: Filters, period: Period) -> list[Week]:
    """How often it was said in each week of a period, oldest first, in one query."""
    weeks = max(1, round((period.until - period.since) / dt.timedelta(weeks=1)))
    bounds = [period.since + (period.until - period.since) * place / weeks for place in range(weeks + 1)]
    counts = {
        f"w{place}": Count(
            "pk",
            filter=Q(
                interaction__occurred_at__gte=bounds[place], interaction__occurred_at__lt=bounds[place + 1]
            ),
        )
        for place in range(weeks)
    }
    whole = replace(filters, since=period.since, until=period.until)
    row = marks(actor, whole).order_by().aggregate(**counts)
    return [Week(bounds[place], bounds[place + 1], row[f"w{place}"]) for place in range(weeks)]
