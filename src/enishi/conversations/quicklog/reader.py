"""Reads a line: finds marks, moments, channel, promises, topic and names, and decides what they amount to."""

import re
from dataclasses import replace
from datetime import datetime

from . import en, fa, fr, ja
from .chips import channel_chip, mention_chips, owner_chip, promise_chips, task_chip, time_chip
from .grammar import FoundChannel, FoundName, FoundPromise, Grammar, Scene
from .line import Line, Span, blanked
from .moments import NEUTRAL, Context, Moment, find_moments
from .reading import Channel, Chip, ChipKind, Flow, Kind, Mention, Owed, People, Promise, Reading, Task
from .times import Time, join_moments

_GRAMMARS = (en.GRAMMAR, ja.GRAMMAR, fr.GRAMMAR, fa.GRAMMAR)
_MARK = re.compile(r"(?:(?<=\s)|^)(?P<sign>[#+@])(?P<name>[^\W\d_][\w\u200c/.-]*)")
_TOPIC_STOP = re.compile(r"\s(?:with|from|avec)\s+(?=[A-Z])")
_MOST_MENTIONS = 8


def parse(line: str, *, now: datetime, language: str, people: People | None = None) -> Reading:
    """Read one typed line. Never raises for any text; `now` must be aware.

    `language` (a code such as "fr") is tried first, the others after it, since people mix them. `people` is asked
    once for each name found, at most eight times a line.
    """
    return _Reader(line, now, language.partition("-")[0], people).read()


class _Reader:
    def __init__(self, raw: str, now: datetime, language: str, people: People | None) -> None:
        self.line = Line(raw)
        self.now = now
        self.people = people
        mine = sorted(_GRAMMARS, key=lambda grammar: grammar.code != language)
        self.grammars = [grammar for grammar in mine if grammar.script.search(self.line.text)] or mine[:1]
        self.month_first = mine[0].month_first
        self.chips: list[Chip] = []
        self.marks: list[Chip] = []
        self.aside: list[Span] = []
        self.mentions: list[Mention] = []
        self.wholes: list[Span] = []
        self.flow: Flow | None = None
        self.speech: Grammar | None = None

    def read(self) -> Reading:
        if not self.line.raw.strip():
            return Reading(Kind.LOG)
        self._read_marks()
        prefix = self._read_prefix()
        context = Context(self.now, self.line.raw, self.month_first)
        rules = [rule for grammar in self.grammars for rule in grammar.moments]
        moments = find_moments(self.line, [*rules, *NEUTRAL], [g.edges for g in self.grammars], context)
        channel = self._find_channel(moments, [])
        found = [] if prefix and prefix[0] is Kind.TASK else self._find_promises(moments, channel)
        if channel and any(_overlap(promise.zone, channel) for promise in found):
            channel = self._find_channel(moments, [promise.zone for promise in found])
        outside = [m for m in moments if not any(_overlap(promise.zone, m) for promise in found)]
        promises = [self._promise(each, moments, outside, len(found) == 1) for each in found]
        past = bool(channel and channel.cue.past)
        time = self._time_outside(outside, past, bool(channel))
        if channel:
            self.line.take(channel.start, channel.end)
        # A note without a channel stays one text: to cut its topic out would spoil the sentence.
        topic = self._read_topic_and_names(Scene(self.line, tuple(moments), channel)) if channel else None
        return self._decide(prefix, channel, time=time, topic=topic, promises=promises, outside=outside)

    def _read_marks(self) -> None:
        for match in _MARK.finditer(self.line.text):
            end = match.end() - (match[0][-1] in ".-/")
            name = self.line.raw[match.start("name") : end]
            kind = ChipKind.TAG if match["sign"] == "#" else ChipKind.PROJECT
            self.marks.append(Chip(kind, (name,), match.start(), end))
            self._set_aside(match.start(), end)

    def _read_prefix(self) -> tuple[Kind, Span] | None:
        for grammar in self.grammars:
            for pattern, kind in grammar.prefixes:
                if match := pattern.match(self.line.text):
                    end = match.start() + len(match[0].rstrip())
                    self._set_aside(match.start(), end)
                    return kind, (match.start(), end)
        return None

    def _set_aside(self, start: int, end: int) -> None:
        self.line.take(start, end)
        self.aside.append((start, end))

    def _find_channel(self, moments: list[Moment], zones: list[Span]) -> FoundChannel | None:
        text = blanked(self.line.open_text(), [(m.start, m.end) for m in moments])
        for grammar in self.grammars:
            for cue in grammar.channels:
                for match in cue.pattern.finditer(text):
                    start = match.end() - len(match[0].lstrip())
                    end = match.start() + len(match[0].rstrip())
                    if not any(left < end and start < right for left, right in zones):
                        self.speech = grammar
                        return FoundChannel(cue, start, end)
        return None

    def _find_promises(self, moments: list[Moment], channel: FoundChannel | None) -> list[FoundPromise]:
        scene = Scene(self.line, tuple(moments), channel)
        for grammar in self.grammars:
            if found := grammar.find_promises(scene):
                return found
        return []

    def _promise(
        self, found: FoundPromise, moments: list[Moment], outside: list[Moment], only: bool
    ) -> tuple[FoundPromise, Promise, Time | None]:
        inside = [moment for moment in moments if _overlap(found.zone, moment)]
        if only and not any(moment.day or moment.at for moment in inside):
            for moment in [moment for moment in outside if moment.closing]:
                inside.append(moment)
                outside.remove(moment)
        time = join_moments(inside, self.now, past=False, limit=True)
        spans = time.spans if time else ()
        text = self.line.words(*found.zone, without=[*spans, *found.left_out, *self.aside])
        for start, end in (found.cue, found.zone, *spans):
            self.line.take(start, end)
        known = self._mention(FoundName(found.subject, found.subject)) if found.subject else None
        due = time.at if time else None
        sure = found.sure or bool(known and known.sure)
        owed = Owed.OURS if found.ours else Owed.THEIRS
        due_sure = time is None or (time.sure and time.at > self.now)
        return found, Promise(owed, text, found.negative, due, due_sure, sure), time

    def _time_outside(self, outside: list[Moment], past: bool, channel: bool) -> Time | None:
        """A limit beside something already done ("called, report by Friday") belongs to neither: it stays text."""
        fitting = [moment for moment in outside if not (past and moment.closing)]
        time = join_moments(fitting, self.now, past=past)
        for start, end in time.spans if time else ():
            self.line.take(start, end)
            self.aside.append((start, end))
        return time

    def _read_topic_and_names(self, scene: Scene) -> tuple[str, Span] | None:
        if self.grammars[0].names_before_topic:
            self._read_names(scene)
            return self._read_topic()
        topic = self._read_topic()
        self._read_names(scene)
        return topic

    def _read_topic(self) -> tuple[str, Span] | None:
        text = self.line.open_text()
        for grammar in self.grammars:
            match = grammar.topic.search(text)
            if not match:
                continue
            start, end = match.span("topic")
            if not grammar.names_before_topic:
                end = min(end, self.line.next_taken(start))
                stop = _TOPIC_STOP.search(self.line.raw, start, end)
                end = stop.start() if stop else end
            words = self.line.words(start, end)
            if words:
                whole = (match.start(), match.end() if grammar.names_before_topic else end)
                self.line.take(*whole)
                return words, (whole[0], whole[0] + len(self.line.raw[slice(*whole)].rstrip()))
        return None

    def _read_names(self, scene: Scene) -> None:
        for grammar in self.grammars:
            # Another language's words do not make names of what follows this channel's verb.
            known = scene if grammar is self.speech else replace(scene, channel=None)
            found = [name for name in grammar.find_names(known) if self.line.free(*name.span)]
            for name in found[:_MOST_MENTIONS]:
                if self._mention(name):
                    self.line.take(*name.whole)
                    self.flow = self.flow or name.flow
            if found:
                return

    def _mention(self, name: FoundName) -> Mention | None:
        start, end = name.span
        text = self.line.words(start, end)
        if not text:
            return None
        candidates = tuple(self.people(text)) if self.people else ()
        mention = Mention(text, start, end, candidates, sure=len(candidates) == 1)
        self.mentions.append(mention)
        self.wholes.append(name.whole)
        return mention

    def _decide(
        self,
        prefix: tuple[Kind, Span] | None,
        channel: FoundChannel | None,
        *,
        time: Time | None,
        topic: tuple[str, Span] | None,
        promises: list[tuple[FoundPromise, Promise, Time | None]],
        outside: list[Moment],
    ) -> Reading:
        kind, sure = _kind(prefix[0] if prefix else None, channel, time, bool(promises), self.now)
        end = len(self.line.raw)
        code = channel.cue.channel if channel else Channel.NOTE if kind is Kind.LOG else None
        flow = (
            (self.flow or channel.cue.flow)
            if channel and channel.cue.channel is not Channel.MEETING
            else None
        )
        if channel and channel.cue.past and channel.cue.flow is Flow.IN:
            flow = Flow.IN
        when = time.at if time else self.now if kind is Kind.LOG else None
        if code:
            span = (channel.start, channel.end) if channel else (end, end)
            named = channel.cue.sure if channel else False
            self.chips.append(channel_chip(code, flow, span, named and sure))
        task = self._task(kind, time, [found for found, _, _ in promises])
        if task:
            self.chips.append(task_chip(task, prefix[1] if prefix else (end, end), sure))
        if time:
            fits = (
                time.sure
                and (sure or time.at > self.now or kind is Kind.LOG)
                and not _contrary(channel, time, self.now)
            )
            self.chips.append(time_chip(ChipKind.DUE if time.closing else ChipKind.WHEN, time, fits))
            task = Task(task.text, task.due, fits) if task else None
        elif kind is Kind.LOG:
            at = channel.end if channel else end
            self.chips.append(Chip(ChipKind.WHEN, ("now",), at, at))
        self.chips += mention_chips(self.mentions, self.wholes)
        if topic:
            self.chips.append(Chip(ChipKind.TOPIC, (topic[0],), *topic[1]))
        made = [promise for _, promise, _ in promises]
        if kind is Kind.PROMISE and prefix and not made:
            made = [Promise(Owed.OURS, self.line.remaining(), due=when, due_sure=time is None or time.sure)]
            self.line.take(0, end)
            self.chips += promise_chips(made[0], None, None, prefix[1])
        for found, promise, due in promises:
            self.chips += promise_chips(promise, found, due, found.cue)
        if task or any(promise.direction is Owed.OURS for promise in made):
            self.chips.append(owner_chip(end))
        left = [moment for moment in outside if self.line.free(moment.start, moment.end)]
        if left and (loose := join_moments(left, self.now, past=False)):
            self.chips.append(time_chip(ChipKind.DUE if loose.closing else ChipKind.WHEN, loose, False))
        return Reading(
            kind=kind,
            channel=code,
            direction=flow,
            when=None if kind is Kind.PROMISE else when,
            timed=time.timed if time else True,
            who=tuple(self.mentions),
            topic=topic[0] if topic else "",
            promises=tuple(made),
            task=task,
            tags=tuple(chip.parts[0] for chip in self.marks if chip.kind is ChipKind.TAG),
            projects=tuple(chip.parts[0] for chip in self.marks if chip.kind is ChipKind.PROJECT),
            summary=self.line.remaining(),
            chips=tuple(_trimmed(chip, self.line.text) for chip in (*self.chips, *self.marks)),
        )

    def _task(self, kind: Kind, time: Time | None, promises: list[FoundPromise]) -> Task | None:
        if kind is not Kind.TASK:
            return None
        promised = [span for found in promises for span in (found.cue, found.zone)]
        text = self.line.words(0, len(self.line.raw), without=[*self.aside, *promised])
        return Task(text, time.at if time else None, time is None or time.sure)


def _kind(
    prefix: Kind | None, channel: FoundChannel | None, time: Time | None, promised: bool, now: datetime
) -> tuple[Kind, bool]:
    """What the line creates, and whether it says so."""
    if prefix:
        return prefix, True
    if not channel:
        if promised:
            return Kind.PROMISE, True
        ahead = time is not None and time.at > now
        return (Kind.TASK if ahead else Kind.LOG), False
    if channel.cue.past:
        return Kind.LOG, True
    today = time is not None and not time.timed and time.at.date() == now.date()
    if channel.cue.plan:
        # "Call Tanaka" is an order to oneself, yet many write so what they have just done.
        return (Kind.TASK, time is not None) if not time or time.at > now or today else (Kind.LOG, False)
    if time and (time.closing or (time.at > now and not today)):
        return Kind.TASK, True
    return Kind.LOG, True


def _contrary(channel: FoundChannel | None, time: Time, now: datetime) -> bool:
    """Said as done and dated ahead."""
    return bool(
        channel and channel.cue.past and time.at > now and (time.timed or time.at.date() > now.date())
    )


def _trimmed(chip: Chip, text: str) -> Chip:
    said = text[chip.start : chip.end]
    start = chip.start + len(said) - len(said.lstrip(" ,;、"))
    return replace(chip, start=start, end=max(start, chip.start + len(said.rstrip(" ,;、"))))


def _overlap(span: Span, other: Moment | FoundChannel) -> bool:
    return span[0] < other.end and other.start < span[1]
