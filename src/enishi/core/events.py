"""The kinds of events that apps record, and who receives them.

An app declares its events in ``signals.py``; a higher app subscribes in ``receivers.py`` with ``@on(event)``. Delivery
is a job of its own, after the commit, with retries (``timeline.services.record`` defers it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_events: dict[str, Event] = {}
_receivers: dict[str, dict[str, Callable[..., None]]] = defaultdict(dict)


@dataclass(frozen=True, eq=False)
class Event:
    """``code`` is stored and never changes; ``label`` is what people read; a ``quiet`` one changes nothing."""

    code: str
    label: Any
    quiet: bool = False

    def __post_init__(self) -> None:
        if self.code in _events:
            raise RuntimeError(f"two events are called {self.code}")
        _events[self.code] = self


def quiet_events() -> list[str]:
    return [code for code, event in _events.items() if event.quiet]


Receiver = Callable[..., None]


def on(event: Event) -> Callable[[Receiver], Receiver]:
    """Run the function for each entry of that event, as ``receiver(actor, entry)``; it must be safe to repeat."""

    def register(receiver: Receiver) -> Receiver:
        _receivers[event.code][f"{receiver.__module__}.{receiver.__qualname__}"] = receiver
        return receiver

    return register


def receivers(code: str) -> dict[str, Receiver]:
    return _receivers.get(code, {})


def label(code: str) -> Any:
    """What people read for an event code; an event of a part no longer installed reads as its code."""
    event = _events.get(code)
    return event.label if event else code


def known_events() -> list[Event]:
    return list(_events.values())


_keepers: list[Callable[..., Any]] = []


def keep_history_with(recorder: Callable[..., Any]) -> None:
    """Name the function that writes the history; the app that keeps it calls this when it starts."""
    _keepers[:] = [recorder]


def record(actor: Any, event: Event, **kwargs: Any) -> None:
    """For apps below the history: record through whoever keeps it. Higher apps call ``timeline.services.record``."""
    if not _keepers:
        raise RuntimeError("nobody keeps the history")
    _keepers[0](actor, event, **kwargs)
