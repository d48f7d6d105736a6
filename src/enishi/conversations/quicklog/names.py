"""Names in languages that put them after a word that ties them in: English, French, Persian."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .grammar import FoundName, Scene
from .line import Line
from .reading import Channel, Flow

_WORD = re.compile(r"[^\W\d_][\w'’.&\-\u200c]*")
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class NameWords:
    """`opener`: what stands before a name (groups `into`, `out` tell the direction); `title` may stand between.
    `stop`: a word no name contains. `joiner`: between two names. `capitals`: the script has capital letters."""

    opener: re.Pattern[str]
    title: re.Pattern[str]
    stop: re.Pattern[str]
    joiner: re.Pattern[str]
    capitals: bool = True


def find_after_openers(scene: Scene, words: NameWords) -> list[FoundName]:
    line = scene.line
    starts: list[tuple[int, int, Flow | None]] = []
    if scene.channel and scene.channel.cue.channel is not Channel.NOTE:
        starts.append((scene.channel.end, scene.channel.end, None))
    for match in words.opener.finditer(line.text):
        if line.free(*match.span()):
            groups = match.groupdict()
            flow = Flow.IN if groups.get("into") else Flow.OUT if groups.get("out") else None
            starts.append((match.start(), match.end(), flow))
    starts += [(m.start(), m.start(), None) for m in words.title.finditer(line.text)]
    found: list[FoundName] = []
    for whole_start, start, flow in sorted(starts, key=lambda item: (item[1], item[0])):
        if any(name.whole[0] <= start < name.whole[1] for name in found):
            continue
        # A word in small letters is taken for a name only where the channel asks for one: "call tanaka".
        named = not scene.channel or line.text[scene.channel.end : whole_start].strip() != ""
        found += _names_from(line, whole_start, start, flow, words, capitals=named and words.capitals)
    return found


def _names_from(
    line: Line, whole_start: int, start: int, flow: Flow | None, words: NameWords, *, capitals: bool
) -> Iterator[FoundName]:
    while True:
        title = words.title.match(line.text, _skip_space(line, start))
        begin = _skip_space(line, title.end() if title else start)
        spans = list(_words(line, begin, words))
        capital = list(_leading_capitals(line, spans))
        if words.capitals and any(line.raw[left].isupper() for left, _ in capital):
            spans = capital
        elif words.capitals and not title and (capitals or len(spans) > 2):
            return
        if not spans or len(spans) > _MOST_WORDS:
            return
        end = spans[-1][1]
        yield FoundName((begin, end), (whole_start, end), flow)
        join = words.joiner.match(line.text, end)
        if not join or not line.free(*join.span()):
            return
        follows = line.raw[join.end() : join.end() + 1]
        if words.capitals and not (follows.isupper() or words.title.match(line.text, join.end())):
            return
        whole_start, start = end, join.end()


def _words(line: Line, at: int, words: NameWords) -> Iterator[tuple[int, int]]:
    limit = line.next_taken(at)
    while at < limit:
        match = _WORD.match(line.text, at, limit)
        if not match or words.stop.fullmatch(match[0].rstrip(".")):
            return
        end = match.end()
        short = end - match.start() <= 3 and line.raw[match.start()].isupper()
        if match[0].endswith(".") and not short:
            yield match.start(), end - 1
            return
        yield match.start(), end
        if line.text[end : end + 1] != " ":
            return
        at = _skip_space(line, end)


def _leading_capitals(line: Line, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in spans:
        if not line.raw[start].isupper() and line.text[start:end] not in _PARTICLES:
            return
        yield start, end


_PARTICLES = frozenset({"de", "du", "des", "la", "le", "van", "von", "der", "den", "bin", "al", "el"})


def _skip_space(line: Line, at: int) -> int:
    while at < len(line.text) and line.text[at] == " ":
        at += 1
    return at
