"""Doing something several times at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
PATIENCE_S = 20


def at_once(work: Callable[[], T], times: int = 2) -> list[T]:
    """Run it in as many threads, each with a connection of its own, and wait for all; raises what any of them raised."""
    answers: list[T] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(times)

    def run() -> None:
        try:
            ready.wait()
            answers.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE_S)
    assert not any(one.is_alive() for one in threads)
    if failed:
        raise failed[0]
    return answers
