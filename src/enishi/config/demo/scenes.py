"""The demo's conversations as they are written down: scenes of turns, with what was promised in them."""

from __future__ import annotations

import datetime as dt
import functools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from enishi.accounts.access import Level
from enishi.config.demo import material
from enishi.core import formats

LANGUAGES = ("en", "ja", "fr", "fa")
_DAY = re.compile(r"d([+-]\d+)")
_PASSAGE = re.compile(r"⟦(.*?)⟧", re.DOTALL)


@dataclass(frozen=True)
class Vow:
    """What is promised in a turn. ``end`` says what becomes of it when no later turn keeps it."""

    title: str
    due: int
    direction: str
    negative: bool = False
    end: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Turn:
    """One conversation of a scene. ``by`` is us, them or both; ``keeps`` are the words with which a promise is kept."""

    by: str
    via: str
    text: str
    subject: str = ""
    after: float = 0
    place: str = ""
    hour: float | None = None
    minutes: int | None = None
    asks: bool = False
    keeps: str = ""
    vow: Vow | None = None
    files: tuple[str, ...] = ()
    guests: int = 0
    task: str = ""


@dataclass(frozen=True)
class Scene:
    """A story between us and somebody, in one language."""

    language: str
    audience: tuple[str, ...]
    turns: tuple[Turn, ...]
    tags: tuple[str, ...] = ()
    level: Level = Level.INTERNAL
    weight: float = 1.0
    project: str = ""
    woman: bool | None = None

    @property
    def promises(self) -> bool:
        return any(turn.vow for turn in self.turns)

    @property
    def vow_ends(self) -> bool:
        """Whether its first promise ends by itself, without a turn that keeps it."""
        return next((bool(turn.vow.end) for turn in self.turns if turn.vow), False)

    @property
    def days_to_due(self) -> int:
        """From its first turn to the day on which its first promise is due."""
        days = 0
        for turn in self.turns:
            days += round(turn.after)
            if turn.vow:
                return days + turn.vow.due
        return days


@dataclass(frozen=True)
class Words:
    """All scenes of a language, with the lists from which their blanks are filled."""

    scenes: tuple[Scene, ...]
    blanks: Mapping[str, Sequence[str]]


@functools.cache
def words(language: str) -> Words:
    data = material.read(f"scenes_{language}")
    return Words(tuple(_scene(language, entry) for entry in data["scene"]), data["blanks"])


def _scene(language: str, entry: Mapping[str, Any]) -> Scene:
    return Scene(
        language=language,
        audience=tuple(entry["audience"]),
        turns=tuple(_turn(turn) for turn in entry["turn"]),
        tags=tuple(entry.get("tags", ())),
        level=Level[str(entry.get("level", "internal")).upper()],
        weight=float(entry.get("weight", 1)),
        project=entry.get("project", ""),
        woman=entry.get("woman"),
    )


def _turn(entry: Mapping[str, Any]) -> Turn:
    values = {**entry, "files": tuple(entry.get("files", ()))}
    values["text"] = values["text"].strip("\n")
    if given := values.pop("vow", None):
        direction = given.get("direction") or ("ours" if entry["by"] == "us" else "theirs")
        values["vow"] = Vow(**{**given, "direction": direction})
    return Turn(**values)


@dataclass
class Blanks:
    """Fills the blanks of one story: the same blank is filled the same way from its first to its last turn.

    ``{d+14}`` is a day counted from that of the turn; any other blank is given or drawn from the language's list.
    """

    language: str
    lists: Mapping[str, Sequence[str]]
    rng: random.Random
    given: dict[str, str] = field(default_factory=dict)
    day: dt.date = dt.date.min

    def __getitem__(self, name: str) -> str:
        if found := _DAY.fullmatch(name):
            return self.written(self.day + dt.timedelta(days=int(found[1])))
        if name not in self.given:
            self.given[name] = self.rng.choice(self.lists[name])
        return self.given[name]

    def written(self, day: dt.date) -> str:
        if self.language == "ja":
            return f"{day.month}月{day.day}日"
        return formats.format_date(day, self.language, today=day)

    def fill(self, text: str) -> str:
        return text.format_map(self)


def take_passage(text: str) -> tuple[str, int, int]:
    """The text without its marks, and where the marked passage stands in it (0, 0 without one)."""
    found = _PASSAGE.search(text)
    if found is None:
        return text, 0, 0
    return text[: found.start()] + found[1] + text[found.end() :], found.start(), found.end() - 2
