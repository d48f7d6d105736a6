"""The chips under the line: what will be saved, in the order in which one checks it."""

from collections.abc import Iterable

from .grammar import FoundPromise
from .line import Span
from .reading import Channel, Chip, ChipKind, Flow, Mention, Promise, Task
from .times import Time


def channel_chip(channel: Channel, flow: Flow | None, span: Span, sure: bool) -> Chip:
    parts = (channel.value, flow.value) if flow else (channel.value,)
    return Chip(ChipKind.CHANNEL, parts, *span, sure)


def time_chip(kind: ChipKind, time: Time, sure: bool) -> Chip:
    start, end = time.spans[0]
    for left, right in time.spans[1:]:
        if left - end in (0, 1) or start - right in (0, 1):
            start, end = min(start, left), max(end, right)
    return Chip(
        kind, (time.at.isoformat(), "time" if time.timed or time.closing else "day"), start, end, sure
    )


def mention_chips(mentions: Iterable[Mention], wholes: Iterable[Span]) -> list[Chip]:
    return [
        Chip(ChipKind.WHO, (mention.text, *(known.key for known in mention.candidates)), *whole, mention.sure)
        for mention, whole in zip(mentions, wholes, strict=True)
    ]


def promise_chips(promise: Promise, found: FoundPromise | None, time: Time | None, span: Span) -> list[Chip]:
    parts = (
        (promise.direction.value, "not", promise.text)
        if promise.negative
        else (promise.direction.value, "do", promise.text)
    )
    chips = [Chip(ChipKind.PROMISE, parts, *(found.cue if found else span), promise.sure)]
    if time:
        chips.append(time_chip(ChipKind.DUE, time, promise.due_sure))
    return chips


def owner_chip(at: int) -> Chip:
    return Chip(ChipKind.OWNER, ("you",), at, at)


def task_chip(task: Task, span: Span, sure: bool) -> Chip:
    return Chip(ChipKind.TASK, (task.text,), *span, sure)
