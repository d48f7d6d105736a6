"""The worker killed twice (SIGKILL) while it brings in 100,000 contacts: it goes on, and what stands then equals an undisturbed import.

The floor is the undisturbed import by a worker. What is compared is a hash over the sorted contents of every table that an import writes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.harness import Figure, empty, report, say, set_up
from bench.import_csv import people, write_csv

ROWS = 100_000
KILL_AT = (30_000, 60_000)
CONTENTS = {
    "contacts": "SELECT (kind, full_name, names, match_key, sort_key, language)::text FROM contacts_party",
    "addresses and numbers": """SELECT (p.full_name, c.kind, c.value, c.typed, c.is_primary)::text
        FROM contacts_contactpoint c JOIN contacts_party p ON p.id = c.party_id""",
    "affiliations": """SELECT (p.full_name, o.full_name, r.title)::text FROM contacts_relation r
        JOIN contacts_party p ON p.id = r.source_id JOIN contacts_party o ON o.id = r.target_id""",
    "tags": """SELECT (p.full_name, t.path)::text FROM contacts_partytag x
        JOIN contacts_party p ON p.id = x.party_id JOIN contacts_tag t ON t.id = x.tag_id""",
    "search documents": "SELECT (kind, title, folded)::text FROM search_document",
    # Only the import's own: the job that puts addresses on the map goes on meanwhile, and gets further the longer it takes.
    "history entries": "SELECT (event, label)::text FROM timeline_entry WHERE actor_name = 'import'",
}


class _Worker:
    """A worker that is started again whenever it is gone, as `enishi serve` does."""

    def __init__(self) -> None:
        self._environment = {**os.environ, "DATABASE_URL": os.environ.get("DATABASE_URL") or _database_url()}
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "enishi.config.cli", "worker"]
        return subprocess.Popen(command, env=self._environment)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def stop(self) -> None:
        self._process.terminate()
        # It may still be sealing what came in.
        self._process.wait(300)


def run() -> None:
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_csv(path, people(ROWS))
        undisturbed, expected = _import(path, lambda _progress, _worker: False)
        left = list(KILL_AT)

        def kill(progress: int, worker: _Worker) -> bool:
            if not left or progress < left[0]:
                return False
            left.pop(0)
            worker.kill()
            return True

        disturbed, found = _import(path, kill)
    for name, (count, digest) in expected.items():
        equal = found[name] == (count, digest)
        say(f"{count:,} {name}: {'equal' if equal else f'NOT EQUAL, {found[name][0]:,} after the kills'}")
    assert found == expected
    report(Figure("import_killed", disturbed, "s", disturbed / undisturbed, "the same import, undisturbed"))


def _import(path: Path, disturb: Callable[[int, _Worker], bool]) -> tuple[float, dict[str, Any]]:
    from enishi.accounts.access import system_actor
    from enishi.accounts.models import Project
    from enishi.contacts.models import ImportRun
    from enishi.contacts.services import importing

    empty()
    actor = system_actor("bench")
    project = Project.objects.create(name="Bench", code="bench", country="JP")
    with path.open("rb") as file:
        run = importing.upload(actor, project_id=project.pk, name=path.name, stream=file)

    def fresh() -> ImportRun:
        return ImportRun.objects.unscoped("watched").get(pk=run.pk)

    worker = _Worker()
    try:
        began = time.perf_counter()
        importing.start_check(actor, run)
        _wait_until(lambda: fresh().state == ImportRun.State.CHECKED)
        importing.start_apply(actor, fresh())
        killed: tuple[int, float] | None = None
        while (now := fresh()).state != ImportRun.State.DONE:
            if killed and now.progress > killed[0]:
                say(f"killed at {killed[0]:,} rows, went on {time.perf_counter() - killed[1]:.0f} s later")
                killed = None
            if killed is None and disturb(now.progress, worker):
                killed = fresh().progress, time.perf_counter()
            time.sleep(0.2)
        return time.perf_counter() - began, _contents()
    finally:
        worker.stop()


def _wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.2)


def _contents() -> dict[str, Any]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for name, query in CONTENTS.items():
            cursor.execute(f"SELECT count(*), md5(string_agg(x, '|' ORDER BY x)) FROM ({query}) AS q(x)")
            found[name] = cursor.fetchone()
    return found


def _database_url() -> str:
    from enishi.config import env, postgres

    return postgres.ensure_running(env.read().data_dir)
