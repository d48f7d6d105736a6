"""What the quick-log line was understood to say. Plain values: no database, no translated words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What saving the line creates first."""

    LOG = "log"
    TASK = "task"
    PROMISE = "promise"


class Channel(StrEnum):
    CALL = "call"
    MEETING = "meeting"
    VISIT = "visit"
    LETTER = "letter"
    EMAIL = "email"
    CHAT = "chat"
    NOTE = "note"


class Flow(StrEnum):
    """Who turned to whom, seen from us."""

    IN = "in"
    OUT = "out"


class Owed(StrEnum):
    OURS = "ours"
    THEIRS = "theirs"


class State(StrEnum):
    EMPTY = "empty"
    PARSED = "parsed"
    UNSURE = "unsure"


class ChipKind(StrEnum):
    CHANNEL = "channel"
    WHEN = "when"
    WHO = "who"
    TOPIC = "topic"
    TASK = "task"
    PROMISE = "promise"
    DUE = "due"
    OWNER = "owner"
    TAG = "tag"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person or organisation that the caller knows under the typed name."""

    key: str
    name: str


People = Callable[[str], list[Candidate]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the line, without title or honorific; sure when exactly one candidate answers to it."""

    text: str
    start: int
    end: int
    candidates: tuple[Candidate, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """`negative`: a promise not to do `text`; `due` is then the end of the abstention."""

    direction: Owed
    text: str
    negative: bool = False
    due: datetime | None = None
    due_sure: bool = True
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    text: str
    due: datetime | None = None
    due_sure: bool = True


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that will be saved.

    `parts` are codes (of the enums above, "now", "you", "not") or values (ISO 8601 moments, typed words); the
    page translates codes and formats moments. `start == end` when nothing in the line says it (it is implied).
    """

    kind: ChipKind
    parts: tuple[str, ...]
    start: int
    end: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole reading. `when` is None for a task or promise without a day; `timed` is False when only the day
    was said (`when` is then noon of that day, so that no time zone moves it to another one)."""

    kind: Kind
    channel: Channel | None = None
    direction: Flow | None = None
    when: datetime | None = None
    timed: bool = True
    who: tuple[Mention, ...] = ()
    topic: str = ""
    promises: tuple[Promise, ...] = ()
    task: Task | None = None
    tags: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    summary: str = ""
    chips: tuple[Chip, ...] = ()

    @property
    def promise(self) -> Promise | None:
        return self.promises[0] if self.promises else None

    @property
    def state(self) -> State:
        if not self.chips:
            return State.EMPTY
        return State.PARSED if all(chip.sure for chip in self.chips) else State.UNSURE
