"""Promises in languages that announce them: a subject and an auxiliary or future verb, then what is promised."""

import re
from dataclasses import dataclass

from .grammar import FoundPromise, Scene
from .line import Span


@dataclass(frozen=True, slots=True)
class Auxiliaries:
    """`cue` has the groups ours, theirs, subject (a name), and not, not2, wont (a promise not to do); the
    promised thing begins at group `verb`, `verb2` or `verb3` if there is one, else after the cue. `bare`: a promise that does not
    say whose. `negation`: found in the promised words it makes the promise one not to do, and is left out."""

    cue: re.Pattern[str]
    negation: re.Pattern[str]
    stop: re.Pattern[str]
    joiners: re.Pattern[str]
    no_subject: frozenset[str]


def find_by_auxiliary(scene: Scene, words: Auxiliaries) -> list[FoundPromise]:
    line = scene.line
    cues = [
        (match, span) for match in words.cue.finditer(line.text) if (span := _subject(match, scene, words))
    ]
    found = []
    for index, (match, (start, subject)) in enumerate(cues):
        groups = match.groupdict()
        verb = next((name for name in ("verb", "verb2", "verb3") if groups.get(name)), None)
        begin = match.start(verb) if verb else match.end()
        until = cues[index + 1][1][0] if index + 1 < len(cues) else len(line.text)
        stop = words.stop.search(line.text, begin, until)
        end = stop.start() if stop else until
        joined = words.joiners.search(line.text, begin, end)
        end = joined.start() if joined and not stop and end < len(line.text) else end
        negation = words.negation.match(line.text, begin, end)
        left_out = tuple(negation.span(g) for g in negation.groupdict() if negation[g]) if negation else ()
        negative = bool(negation) or any(groups.get(name) for name in ("not", "not2", "wont"))
        ours = bool(groups.get("ours")) or bool(groups.get("bare"))
        found.append(
            FoundPromise(
                cue=(start, match.end()),
                zone=(begin, end),
                ours=ours,
                negative=negative,
                sure=not groups.get("bare") and subject is None,
                left_out=left_out,
                subject=subject,
            )
        )
    return found


def _subject(match: re.Match[str], scene: Scene, words: Auxiliaries) -> tuple[int, Span | None] | None:
    """Where the cue begins, and the name of who promises; None when nobody does ("the noise will stop")."""
    groups = match.groupdict()
    line = scene.line
    if not groups.get("subject"):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        return (start, None) if line.free(start, match.end()) else None
    start, end = match.span("subject")
    for moment in scene.moments:
        if moment.start <= start < moment.end < end:
            start = moment.end + (line.text[moment.end] == " ")
    first = line.text[start:end].partition(" ")[0]
    if " " in line.text[start:end] and (first in words.no_subject or not line.raw[start].isupper()):
        start = line.text.index(" ", start) + 1
    name = line.text[start:end]
    if (
        not name
        or name in words.no_subject
        or not line.raw[start].isupper()
        or not line.free(start, match.end())
    ):
        return None
    return start, (start, end)
