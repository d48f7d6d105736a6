"""The supervisor, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

SUPERVISE = """
import asyncio, logging, os, sys
from enishi.config.supervisor import Child, Supervisor
logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
child = [sys.executable, "-u", "-c", sys.argv[1]]
supervisor = Supervisor([Child("first", [*child, "first"]), Child("second", [*child, "second"], 0.5)], os.environ)
asyncio.run(supervisor.run())
print("stopped", flush=True)
"""
POLITE = """
import os, signal, sys
def stop(*_):
    os.write(1, f"{sys.argv[1]} stops\\n".encode())
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
from enishi.config.supervisor import stop_with_supervisor
stop_with_supervisor()
os.write(1, f"{sys.argv[1]} runs {os.getpid()}\\n".encode())
while True:
    signal.pause()
"""
STUBBORN = POLITE.replace("sys.exit(0)", "pass")


class Run:
    def __init__(self, child: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", SUPERVISE, child],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def children(self) -> dict[str, int]:
        """Names and process numbers of two children that say that they run, in any order."""
        said = [self.line().split() for _ in range(2)]
        return {name: int(pid) for name, _, pid in said}

    def rest(self) -> list[str]:
        output, _ = self.process.communicate(timeout=20)
        return output.splitlines()


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[Run]:
    run = Run(getattr(request, "param", POLITE))
    yield run
    run.process.kill()
    run.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_its_children_in_order(started: Run, number: signal.Signals) -> None:
    pids = started.children()
    assert sorted(pids) == ["first", "second"]
    started.process.send_signal(number)
    assert started.rest() == ["first stops", "second stops", "stopped"]
    assert started.process.returncode == 0
    assert not any(psutil.pid_exists(pid) for pid in pids.values())


def test_a_killed_child_starts_again(started: Run) -> None:
    before = started.children()
    os.kill(before["second"], signal.SIGKILL)
    assert started.line() == "second ended (SIGKILL); it starts again in 0.5 s"
    name, _, pid = started.line().split()
    assert name == "second"
    assert int(pid) != before["second"]
    started.process.terminate()
    assert started.rest() == ["first stops", "second stops", "stopped"]


@pytest.mark.parametrize("started", [STUBBORN], indirect=True)
def test_a_child_that_will_not_stop_is_killed(started: Run) -> None:
    pids = started.children()
    os.kill(pids["first"], signal.SIGSTOP)
    os.kill(pids["first"], signal.SIGKILL)
    started.process.terminate()
    assert "second did not stop within 0 s and is killed" in started.rest()
    assert not psutil.pid_exists(pids["second"])


def test_children_do_not_outlive_a_killed_supervisor(started: Run) -> None:
    pids = started.children()
    started.process.kill()
    assert sorted(started.rest()) == ["first stops", "second stops"]
    for pid in pids.values():
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
