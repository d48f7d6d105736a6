"""start: ``make run`` on a clean clone, caches warm, to the first page, against ``uv`` and ``npm ci`` alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.harness import REPOSITORY, Figure, alternating, report, say

PORT = 8873


def run() -> None:
    with tempfile.TemporaryDirectory(prefix="enishi-start-") as folder:
        Path(folder).chmod(0o711)
        number = iter(range(100))

        def product() -> float:
            return _start(Path(folder) / f"product{next(number)}")

        def floor() -> float:
            return _install(Path(folder) / f"floor{next(number)}")

        product(), floor()  # warms the caches of both
        ours, theirs = alternating(product, floor, rounds=3)
    say(f"from a clean clone to the first page {ours:.1f} s; installing alone {theirs:.1f} s")
    report(Figure("start", ours, "s", ours / theirs, "installing the Python and npm packages alone"))


def _clone(target: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(target)], check=True)


def _environment() -> dict[str, str]:
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("ENISHI_", "DATABASE_URL", "DJANGO_", "VIRTUAL_ENV"))
    }
    return {**kept, "ENISHI_PORT": str(PORT), "ENISHI_LIVE_PORT": str(PORT + 1)}


def _start(target: Path) -> float:
    _clone(target)
    began = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run"], cwd=target, env=_environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://localhost:{PORT}/", timeout=5) as answer:
                    assert answer.status == 200
                return time.perf_counter() - began
            except OSError:
                assert process.poll() is None, "make run ended"
                assert time.perf_counter() - began < 300, "no page after five minutes"
                time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        shutil.rmtree(target, ignore_errors=True)


def _install(target: Path) -> float:
    _clone(target)
    began = time.perf_counter()
    steps = (
        "python3 -m venv .venv && .venv/bin/python -m pip install --quiet uv",
        ".venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements.lock",
        "npm ci --silent --no-audit --no-fund",
    )
    for step in steps:
        subprocess.run(step, cwd=target, shell=True, check=True, env=_environment())
    taken = time.perf_counter() - began
    shutil.rmtree(target, ignore_errors=True)
    return taken
