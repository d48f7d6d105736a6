"""An import outlives the process that works on it, and the command line brings folders in."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

import factories
from enishi.accounts.access import Via
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import ContactPoint, ImportRun, Party, PartyTag, Relation
from enishi.contacts.services import importing
from enishi.core import jobs
from enishi.core.live import CHANNEL
from enishi.search.models import Document
from enishi.timeline.models import Entry, Operation

ROWS = 7_600
WAIT_S = 120


def table() -> bytes:
    lines = ["First name,Last name,Email,Mobile,Company,Job title,Tags"]
    for n in range(ROWS):
        # Every hundredth row is about the person of the row before it.
        person = n - 1 if n % 100 == 99 else n
        lines.append(
            f"Aline,Mercier{person},aline{person}@firm{person % 300}.example,+33 6 39 {person:06d},Firm {person % 300},"
            f"Directrice{n % 3},VIP"
        )
    return "\n".join(lines).encode()


def everything() -> dict[str, list[object]]:
    """All that the import wrote, without the numbers that the database gave."""
    return {
        "parties": list(
            Party.objects.unscoped("t")
            .order_by("full_name")
            .values_list("full_name", "kind", "match_key", "project_ids", "version")
        ),
        "points": list(
            ContactPoint.objects.order_by("party__full_name", "kind").values_list(
                "party__full_name", "value", "is_primary"
            )
        ),
        "ties": list(
            Relation.objects.order_by("source__full_name", "id").values_list(
                "source__full_name", "target__full_name", "title"
            )
        ),
        "tags": list(
            PartyTag.objects.order_by("party__full_name").values_list("party__full_name", "tag__path")
        ),
        "documents": list(
            Document.objects.unscoped("t").order_by("title").values_list("title", "folded", "grams")
        ),
        "entries": sorted(
            (e.event, e.label, sorted(e.changes))
            for e in Entry.objects.unscoped("t").filter(operation__isnull=False)
        ),
        "operations": list(Operation.objects.unscoped("t").values_list("kind", "state", "counts")),
    }


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE contacts_party, contacts_importrun, contacts_tag, timeline_entry, timeline_operation, search_document CASCADE"
        )


@pytest.fixture
def environment() -> dict[str, str]:
    """Of a process of its own that works on this test's database and files."""
    own = connection.settings_dict
    query = "".join(f"?host={own['HOST']}" if str(own["HOST"]).startswith("/") else "")
    host = "" if query else f"{own['HOST']}:{own['PORT']}"
    port = f"&port={own['PORT']}" if query and own["PORT"] else ""
    password = f":{own['PASSWORD']}" if own["PASSWORD"] else ""
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{own['USER']}{password}@{host}/{own['NAME']}{query}{port}",
        "ENISHI_DATA_DIR": str(Path(settings.FILES_DIR).parent),
        "PYTHONWARNINGS": "default",
    }


def worker(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "enishi.config.cli", "worker", *arguments], env=environment
    )


def told_progress(name: str) -> Iterator[int]:
    """The progress of a job as it is told to open pages."""
    own = connection.settings_dict
    parameters = make_conninfo(
        dbname=own["NAME"],
        user=own["USER"],
        password=own["PASSWORD"] or None,
        host=own["HOST"],
        port=own["PORT"] or None,
    )
    with psycopg.connect(parameters, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        yield 0
        for notify in listening.notifies(timeout=WAIT_S):
            message = json.loads(notify.payload)
            if message["event"] == "job" and message["data"]["id"] == name:
                yield message["data"]["done"]


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_changes_nothing_about_the_result(environment, built_in):
    project = factories.project("Wind", country="FR")
    user = factories.user("Nadia Ferrant")
    factories.grant(user, project, factories.role())
    actor = actor_of(user, via=Via.WEB)

    def checked() -> ImportRun:
        run = importing.upload(actor, project_id=project.pk, name="list.csv", stream=io.BytesIO(table()))
        return importing.check(actor, run)

    run = checked()
    importing.begin(actor, run)
    importing.apply(actor, run)
    undisturbed, counts = everything(), run.counts
    assert counts["created"] == ROWS - ROWS // 100
    forget()

    run = checked()
    progress = told_progress(f"import-{run.pk}")
    next(progress)
    importing.start_apply(actor, run)
    for signalled in (False, True):
        working = worker(environment, "--queues", "imports")
        try:
            before = ImportRun.objects.unscoped("t").get(pk=run.pk).progress
            assert next(done for done in progress if done > before)
        finally:
            # No chance to tidy up: the process is gone in the middle of its work.
            os.kill(working.pid, signal.SIGKILL)
            working.wait()
        run = ImportRun.objects.unscoped("t").get(pk=run.pk)
        assert run.state == "applying"
        assert 0 < run.progress < run.total
        assert async_to_sync(jobs.take_over_abandoned)(silent_s=0) == 1, signalled
    progress.close()
    finishing = worker(environment, "--queues", "imports", "--drain")
    assert finishing.wait(timeout=WAIT_S) == 0
    run = ImportRun.objects.unscoped("t").get(pk=run.pk)
    assert (run.state, run.counts) == ("done", counts)
    assert everything() == undisturbed
