"""What comes up: themes that rose more than chance explains, and what is said again and again without having a theme.

Both are worked out for whoever asks, from what they may read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from django.db.models import F

from enishi.accounts.access import Actor, Level
from enishi.conversations.models import Interaction
from enishi.themes.machine.meaning import unpacked
from enishi.themes.models import Aside, Meaning, PassageTheme, Suggestion
from enishi.themes.queries.figures import Figures, Period, Spoken

LEAST_TALKS, CHANCE = 5, 0.01
"""A theme rose when it came up in at least so many conversations, and as many or more would come by chance once in a hundred times."""
READ = 600
"""The newest conversations of a period that are looked through."""
MOST = 2000
LEAST, SHORTEST = 3, 24
ALIKE, ALIKE_ACROSS = 0.62, 0.42
GROUPS = 12


def by_chance(now: int, before: int) -> float:
    """How likely it is that of these conversations so many or more fall into the later of two periods of the same length.

    If nothing changed, each of them falls into either with the same chance: the exact test for two Poisson counts
    (Przyborowski and Wilenski, 1940).
    """
    total = now + before
    ways: int = sum(comb(total, count) for count in range(now, total + 1))
    return float(ways / 2**total)


def rising(figures: Figures) -> list[Spoken]:
    """Themes that rose against the period before, the least likely by chance first. Counted in conversations, not in passages:
    what one letter says five times is one voice.
    """
    found = [
        (by_chance(row.talks, row.talks_before), row) for row in figures.rows if row.talks >= LEAST_TALKS
    ]
    found.sort(key=lambda pair: (pair[0], -pair[1].talks, pair[1].theme.path))
    return [row for chance, row in found if chance < CHANCE]


@dataclass(frozen=True)
class Line:
    """A sentence with its place."""

    interaction_id: int
    start: int
    end: int
    words: str
    at: dt.datetime

    @property
    def key(self) -> str:
        return f"{self.interaction_id}-{self.start}-{self.end}"


@dataclass(frozen=True)
class Unnamed:
    """Sentences that mean the same and have no theme, the one that most are near to first."""

    lines: Sequence[Line]

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def talks(self) -> int:
        return len({line.interaction_id for line in self.lines})


def unnamed(actor: Actor, period: Period, project_id: int | None = None) -> list[Unnamed]:
    """What is spoken about in at least three conversations and has no theme, most often first.

    Confidential conversations are left out: a theme made of their words would tell of them.
    """
    lines, vectors, languages = _open_lines(actor, period, project_id)
    if len(lines) < LEAST:
        return []
    import numpy as np

    across = languages[:, None] != languages[None, :]
    near = (vectors @ vectors.T) >= np.where(across, ALIKE_ACROSS, ALIKE)
    talks = np.array([line.interaction_id for line in lines])
    left = np.ones(len(lines), dtype=bool)
    found: list[Unnamed] = []
    while len(found) < GROUPS:
        open_near = near & left[None, :]
        counts = np.where(left, open_near.sum(axis=1), 0)
        best = int(counts.argmax())
        members = np.flatnonzero(open_near[best])
        left[best] = left[members] = False
        if counts[best] < LEAST:
            break
        if len(set(talks[members].tolist())) >= LEAST:
            others = [lines[place] for place in members if place != best]
            found.append(Unnamed([lines[best], *others]))
    found.sort(key=lambda one: -one.talks)
    return found


def unnamed_at(actor: Actor, period: Period, project_id: int | None, key: str) -> Unnamed | None:
    """The one that stands for itself by that sentence, worked out anew."""
    return next((one for one in unnamed(actor, period, project_id) if one.first.key == key), None)


def _open_lines(actor: Actor, period: Period, project_id: int | None) -> tuple[list[Line], Any, Any]:
    """Sentences of the period without a theme and not set aside, the newest first, with their vectors and languages."""
    import numpy as np

    talks = (
        Interaction.objects.visible_to(actor)
        .present()
        .filter(
            confidentiality__lt=Level.CONFIDENTIAL,
            occurred_at__gte=period.since,
            occurred_at__lt=period.until,
        )
        .exclude(direction=Interaction.Direction.OUT)
    )
    if project_id is not None:
        talks = talks.filter(project_ids__contains=[project_id])
    read = list(
        Meaning.objects.filter(interaction__in=talks, version=F("interaction__version"))
        .select_related("interaction")
        .defer("whole")
        .order_by("-at", "-pk")[:READ]
    )
    taken = _taken([one.interaction_id for one in read if one.interaction_id is not None])
    lines: list[Line] = []
    kept: list[Any] = []
    languages: list[str] = []
    for one in read:
        talk = one.interaction
        assert talk is not None  # asked for
        vectors = unpacked(bytes(one.sentences))
        for place, (start, end) in enumerate(zip(one.places[::2], one.places[1::2], strict=True)):
            busy = any(start < stop and begin < end for begin, stop in taken.get(talk.pk, ()))
            if end - start < SHORTEST // (2 if one.language == "ja" else 1) or busy:
                continue
            lines.append(Line(talk.pk, start, end, talk.text[start:end], talk.occurred_at))
            kept.append(vectors[place])
            languages.append(one.language)
        if len(lines) >= MOST:
            break
    if not lines:
        return [], None, None
    found, spoken = np.array(kept), np.array(languages)
    open_ = ~_set_aside(actor, found, spoken)
    return [line for line, is_open in zip(lines, open_, strict=True) if is_open], found[open_], spoken[open_]


def _taken(talk_ids: Sequence[int]) -> Mapping[int, list[tuple[int, int]]]:
    """Where a theme stands already, said by somebody or suggested."""
    marked = PassageTheme.objects.filter(
        passage__interaction__in=talk_ids, passage__removed_at__isnull=True
    ).values_list("passage__interaction", "passage__start", "passage__end")
    suggested = Suggestion.objects.filter(
        interaction__in=talk_ids, refused_at__isnull=True, theme__archived_at__isnull=True
    ).values_list("interaction", "start", "end")
    found: dict[int, list[tuple[int, int]]] = {}
    for talk, start, end in [*marked, *suggested]:
        found.setdefault(talk, []).append((start, end))
    return found


def _set_aside(actor: Actor, vectors: Any, languages: Any) -> Any:
    """Which of them mean what somebody said to be no theme, in a conversation that the actor may read."""
    import numpy as np

    seen = Interaction.objects.visible_to(actor)
    asides = list(Aside.objects.filter(interaction__in=seen).values_list("vector", "language"))
    if not asides:
        return np.zeros(len(vectors), dtype=bool)
    them = np.concatenate([unpacked(bytes(vector)) for vector, _language in asides])
    across = languages[:, None] != np.array([language for _vector, language in asides])[None, :]
    return ((vectors @ them.T) >= np.where(across, ALIKE_ACROSS, ALIKE)).any(axis=1)
