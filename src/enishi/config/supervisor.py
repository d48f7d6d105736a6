"""Starts the processes of one machine, restarts those that die, and stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)

BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_AFTER_S = 60.0
"""A child that lived this long starts again with the shortest wait."""
SUPERVISED = "ENISHI_SUPERVISED"


@dataclass(frozen=True)
class Child:
    """A process that is to run always. On stop it gets SIGTERM, and SIGKILL after `patience_s`."""

    name: str
    command: Sequence[str]
    patience_s: float = 10.0


class Supervisor:
    """Runs children until SIGINT or SIGTERM; then stops them, first to last.

    Each child leads a process group of its own: Ctrl-C in a terminal reaches the supervisor alone, and whatever a dead
    child left behind is ended with its group.
    """

    def __init__(self, children: Sequence[Child], environment: Mapping[str, str]) -> None:
        self._children = children
        self._environment = {**environment, SUPERVISED: "1"}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    async def run(self, started: Callable[[], None] | None = None) -> None:
        """`started` is called in a thread once the children are on their way, e.g. to wait for their ports."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        if started is not None:
            threading.Thread(target=started, daemon=True).start()
        try:
            await self._stopping.wait()
            for child in self._children:
                await self._stop(child)
        finally:
            self._stopping.set()
            await asyncio.gather(*keepers)

    async def _keep(self, child: Child) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > STEADY_AFTER_S:
                failures = 0
            wait = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
            logger.warning("%s ended (%s); it starts again in %.1f s", child.name, _reason(code), wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
            failures += 1

    async def _run_once(self, child: Child) -> int:
        # the pipe closes when the supervisor dies, however it dies: see stop_with_supervisor
        process = await asyncio.create_subprocess_exec(
            *child.command, env=self._environment, stdin=asyncio.subprocess.PIPE, start_new_session=True
        )
        self._running[child.name] = process
        try:
            return await process.wait()
        finally:
            del self._running[child.name]
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def _stop(self, child: Child) -> None:
        process = self._running.get(child.name)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), child.patience_s)
        except TimeoutError:
            logger.warning("%s did not stop within %.0f s and is killed", child.name, child.patience_s)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def stop_with_supervisor() -> bool:
    """In a child: end this process when its supervisor is gone. Return whether there is one."""
    if os.environ.pop(SUPERVISED, None) is None:
        return False

    def wait_for_the_end() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    return True


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name
