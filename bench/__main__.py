"""``python -m bench [NAME...]``: run all benches, or those named."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import bench

PARTS = {"__main__", "harness"}


def names() -> list[str]:
    """The benches: modules of this package that have a ``run``."""
    found = []
    for module in pkgutil.iter_modules(bench.__path__):
        wanted = module.name not in PARTS and not module.name.startswith("_")
        if wanted and hasattr(importlib.import_module(f"bench.{module.name}"), "run"):
            found.append(module.name)
    return sorted(found)


def main(wanted: list[str]) -> int:
    known = names()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"No such bench: {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    if len(wanted) == 1:
        importlib.import_module(f"bench.{wanted[0]}").run()
        return 0
    # Each in a process of its own: no bench inherits the memory or the caches of another.
    failed = [
        n
        for n in wanted or known
        if subprocess.run([sys.executable, "-m", "bench", n], check=False).returncode
    ]
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
