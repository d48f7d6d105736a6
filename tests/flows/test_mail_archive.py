"""From a mail archive on disk to conversations with people, through a process that is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection

from conversations.mailboxes import mail, mbox, people, stored
from enishi.accounts.models import User
from enishi.contacts.importing.protocol import ImportOptions, claimed, sources
from enishi.contacts.models import ImportRun
from enishi.content.models import FileVersion
from enishi.conversations import queries, services
from enishi.conversations.models import Attachment, Participant, UnknownSender
from enishi.conversations.services.mail_import import MailImporter
from enishi.timeline.models import Entry, Operation
from factories import agent, party, project

_IMPORT_AND_DIE = """
import os, signal, sys
from pathlib import Path
import django
django.setup()
from django.conf import settings
settings.FILES_DIR = Path(sys.argv[4])
from enishi.accounts import queries as accounts
from enishi.accounts.access import Via
from enishi.contacts.importing.protocol import ImportOptions, sources
from enishi.conversations.services.mail_import import MailImporter, batches
batches.MESSAGES = 10
batch = [0]
def die(done, total):
    batch[0] += 1
    if batch[0] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
actor = accounts.actor(accounts.person(int(sys.argv[2])), via=Via.CLI)
MailImporter().run(
    actor, list(sources([Path(sys.argv[1])])), project_id=int(sys.argv[3]), options=ImportOptions(), progress=die
)
"""


def run_all(worker, here, box):
    taken, left = claimed(sources([box]))
    assert left == []
    return MailImporter().run(worker, taken["mail"], project_id=here.pk, options=ImportOptions())


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_resumes_and_the_result_is_that_of_an_undisturbed_run(tmp_path, settings):
    here = project("Tidewall")
    worker = agent(here)
    aoi = party(here, "Aoi Takahama", email="aoi@kaze.example")
    box = mbox(
        tmp_path / "in.mbox",
        *(
            mail(
                n,
                sender="aoi@kaze.example" if n % 2 else f"p{n % 6}@brandt.example",
                answers=[n - 1] if n % 4 else [],
                files=[("plan.txt", b"%d" % (n % 3))] if n % 5 == 0 else (),
            )
            for n in range(1, 56)
        ),
    )
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    command = [
        sys.executable,
        "-c",
        _IMPORT_AND_DIE,
        str(box),
        str(worker.user_id),
        str(here.pk),
        str(settings.FILES_DIR),
    ]
    killed = subprocess.run(
        command, env={**os.environ, "DATABASE_URL": url}, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(stored()) == 30
    (run,) = ImportRun.objects.unscoped("test")
    assert (run.state, run.cursor) == ("applying", {"archive": 0, "item": 30})

    report = run_all(worker, here, box)
    assert (report.read, report.created, report.unchanged, report.duplicate) == (55, 55, 0, 0)
    assert (ImportRun.objects.unscoped("test").count(), Operation.objects.unscoped("test").count()) == (1, 1)
    assert sorted(int(one.message_id.partition("@")[0]) for one in stored()) == list(range(1, 56))
    assert Participant.objects.filter(role="from").count() == 55
    assert Attachment.objects.count() == 11
    assert FileVersion.objects.values("sha256").distinct().count() == 3
    assert sum(one.messages for one in UnknownSender.objects.unscoped("test")) == 27
    assert Entry.objects.unscoped("test").filter(event="conversations.interaction_logged").count() == 55
    assert Entry.objects.unscoped("test").filter(event="conversations.mail_imported").count() == 1
    threads = {
        frozenset(int(o.message_id.partition("@")[0]) for o in stored() if o.thread_id == t.thread_id)
        for t in stored()
    }
    assert threads == {
        frozenset(n for n in range(start, start + 4) if 1 <= n <= 55) for start in range(0, 56, 4)
    }
    aoi.refresh_from_db()
    assert aoi.last_contact_at == stored()[-1].occurred_at

    again = run_all(worker, here, box)
    assert (again.read, again.created, again.unchanged) == (55, 0, 55)


@pytest.mark.django_db
def test_from_an_archive_to_a_page_with_everything_that_was_said(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    address = User.objects.get(pk=worker.user_id).email
    archive = tmp_path / "archive"
    (archive / "2024").mkdir(parents=True)
    (archive / "2024" / "letter.eml").write_bytes(mail(1, to=address, text="Gerne.\n\n-- \nAoi"))
    mbox(
        archive / "sent.mbox",
        mail(2, sender=address, to="aoi@kaze.example", answers=[1], subject="Re: Night noise"),
    )
    (archive / "notes.html").write_bytes(b"<html><body>Notes</body></html>")

    report = run_all(worker, here, archive)
    assert (report.created, [each.file for each in report.quarantined]) == (2, ["notes.html"])
    (waiting,) = queries.senders(worker)
    aoi = services.create_from_sender(worker, waiting.sender)
    thread = queries.party_timeline(worker, aoi, queries.View())
    assert [drawn.place.subject_id for drawn in thread.items] == [one.pk for one in reversed(stored())]
    letter, answer = stored()
    assert letter.thread_id == answer.thread_id
    assert [letter.direction, answer.direction] == ["in", "out"]
    assert people(answer)[1] == ("to", "", "aoi@kaze.example", aoi.pk, None)
    assert letter.text[letter.folds[0]["start"] :] == "-- \nAoi"
