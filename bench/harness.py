"""How a figure is measured and printed: product and floor alternate in the same run, the median of five counts."""

from __future__ import annotations

import math
import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """One published line. ``ratio`` is the product's value divided by the floor's in the same unit."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    floor: str = ""

    def __str__(self) -> str:
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        return f'{self.name} ratio={ratio} value={self.value:.4g} unit={self.unit} floor="{self.floor}"'


def report(figure: Figure) -> Figure:
    print(figure, flush=True)
    return figure


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def timed(action: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def alternating(
    product: Callable[[], float], floor: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Medians of product and floor, each measured ``rounds`` times in turn; both return their own figure."""
    pairs = [(product(), floor()) for _ in range(rounds)]
    return statistics.median(p for p, _ in pairs), statistics.median(f for _, f in pairs)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 stay at or below."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)]


def peak_memory_mb() -> float:
    """Most resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def set_up() -> None:
    """Django on a database of the benches' own, migrated, in ``var/bench`` (or the given DATABASE_URL)."""
    os.environ.setdefault("ENISHI_DATA_DIR", str(REPOSITORY / "var" / "bench"))
    os.environ.setdefault("ENISHI_LOG_LEVEL", "warning")
    os.environ["ENISHI_DEMO"] = "0"
    os.environ["DJANGO_SETTINGS_MODULE"] = "enishi.config.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def empty() -> None:
    """Remove every record, so that a bench begins with nothing."""
    from django.apps import apps
    from django.db import connection

    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label
        in {
            "accounts",
            "timeline",
            "search",
            "contacts",
            "content",
            "commitments",
            "conversations",
            "reports",
        }
        and model._meta.managed
    ]
    kept = {"contacts_relationtype", "contacts_consentpurpose"}
    with connection.cursor() as cursor:
        names = ", ".join(f'"{table}"' for table in tables if table not in kept)
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
