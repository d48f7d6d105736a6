"""What a language has to bring so that a line in it can be read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .line import Line, Span
from .moments import Edges, Moment, Rule
from .reading import Channel, Flow, Kind


@dataclass(frozen=True, slots=True)
class ChannelCue:
    """`past`: said as done ("called"). `plan`: said as to be done ("call"). Neither: only named ("電話")."""

    pattern: re.Pattern[str]
    channel: Channel
    past: bool = False
    plan: bool = False
    flow: Flow | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class FoundChannel:
    cue: ChannelCue
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FoundName:
    """`span` is the name, `whole` also its title, honorific and the word that tied it in."""

    span: Span
    whole: Span
    flow: Flow | None = None


@dataclass(frozen=True, slots=True)
class FoundPromise:
    """`cue` is what says that it is a promise (underlined), `zone` where its words and its due date stand,
    `left_out` what is not part of the promised thing. `subject`: a third person who is said to promise."""

    cue: Span
    zone: Span
    ours: bool
    negative: bool
    sure: bool
    left_out: tuple[Span, ...] = ()
    subject: Span | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of the line when promises and names are looked for."""

    line: Line
    moments: tuple[Moment, ...]
    channel: FoundChannel | None


@dataclass(frozen=True, slots=True)
class Grammar:
    code: str
    script: re.Pattern[str]
    month_first: bool | None
    prefixes: tuple[tuple[re.Pattern[str], Kind], ...]
    moments: tuple[Rule, ...]
    edges: Edges
    channels: tuple[ChannelCue, ...]
    topic: re.Pattern[str]
    """Group `topic` is the text; group `lead`, where present, the words that introduce it."""
    find_promises: Callable[[Scene], list[FoundPromise]]
    find_names: Callable[[Scene], list[FoundName]]
    names_before_topic: bool = False
    """Where the topic stands before the word for "about", the names must be known to see where it begins."""


def cue(
    pattern: str,
    channel: Channel,
    *,
    past: bool = False,
    plan: bool = False,
    flow: Flow | None = None,
    sure: bool = True,
) -> ChannelCue:
    return ChannelCue(re.compile(pattern), channel, past, plan, flow, sure)
