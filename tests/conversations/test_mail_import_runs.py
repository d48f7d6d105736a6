"""Importing mail again, in pieces, interrupted and from broken files."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.mailboxes import LINE, archives, counted, imported, mail, mbox, started, stored
from enishi.contacts.importing.protocol import ImportOptions, claimed, look, sources
from enishi.contacts.models import ImportRun, Quarantined
from enishi.content.models import File, FileVersion
from enishi.conversations.models import Attachment, Interaction, Participant, UnknownSender
from enishi.conversations.services.mail_import import (
    ImportTaken,
    MailImporter,
    batches,
    run_mail_import,
    runs,
    try_mail_import,
)
from enishi.core import storage
from enishi.timeline.models import Entry, Item, Operation
from factories import agent, manager, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(batches, "MESSAGES", 3)


def everything() -> dict[str, object]:
    """What an import leaves behind, without numbers that count attempts."""
    return {
        "mails": [(o.message_id, o.subject, o.text, o.direction, len(o.attachments.all())) for o in stored()],
        "threads": [
            sorted(o.message_id for o in stored() if o.thread_id == t)
            for t in sorted({o.thread_id for o in stored()})
        ],
        "people": Participant.objects.count(),
        "files": sorted(FileVersion.objects.values_list("sha256", flat=True)),
        "strangers": list(
            UnknownSender.objects.unscoped("test").order_by("address").values_list("address", "messages")
        ),
        "entries": Entry.objects.unscoped("test").filter(event="conversations.interaction_logged").count(),
        "events": Entry.objects.unscoped("test").filter(event="conversations.mail_imported").count(),
        "items": Item.objects.unscoped("test").count(),
    }


def a_mailbox(path):
    return mbox(
        path,
        *(
            mail(n, answers=[n - 1] if n % 3 else [], files=[("plan.pdf", b"%PDF-" + bytes([n % 2]))])
            for n in range(1, 11)
        ),
    )


def test_importing_again_adds_nothing(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    box = mbox(tmp_path / "in.mbox", mail(1), mail(2, answers=[1]), mail(1))
    assert counted(imported(worker, here, box)) == (3, 2, 0, 1, 0)
    before = everything()
    assert counted(imported(worker, here, box)) == (3, 0, 3, 0, 0)
    # The same mails in another shape: line ends, a header of another relay, single files, a zip.
    again = tmp_path / "again"
    again.mkdir()
    (again / "1.eml").write_bytes(b"Received: by mx; Mon, 4 Mar 2024 10:30:00 +0000\n" + mail(1))
    with zipfile.ZipFile(again / "all.zip", "w") as packed:
        packed.writestr("two.eml", mail(2, answers=[1]).replace(b"\n", b"\r\n"))
    taken, left = claimed(sources([again]))
    report = MailImporter().run(worker, taken["mail"], project_id=here.pk, options=ImportOptions())
    assert (counted(report), left) == ((2, 0, 2, 0, 0), [])
    assert {**everything(), "events": 0} == {**before, "events": 0}
    assert [one.counts for one in Operation.objects.unscoped("test")] == [{"created": 2, "duplicate": 1}]


def test_one_operation_one_event_and_a_line_of_history_for_each_mail(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    imported(worker, here, mbox(tmp_path / "in.mbox", mail(1, files=[("a.txt", b"one")]), mail(2)))
    (operation,) = Operation.objects.unscoped("test")
    assert (operation.kind, operation.label, operation.state) == (
        "conversations.mail_import",
        "Mail from in.mbox",
        "done",
    )
    entries = Entry.objects.unscoped("test").filter(operation=operation).order_by("pk")
    assert [entry.event for entry in entries] == [
        "content.file_added",
        "conversations.interaction_logged",
        "conversations.interaction_logged",
        "conversations.mail_imported",
    ]
    first, second = stored()
    assert entries[1].subject_id == first.pk
    assert entries[1].changes["subject"] == [None, "Night noise"]
    assert entries[2].data["file"] == "in.mbox"
    assert entries[2].data["item"].startswith("#2, byte ")
    assert entries[3].data == {
        "read": 2, "created": 2, "updated": 0, "unchanged": 0, "duplicate": 0, "quarantined": 0,
    }  # fmt: skip
    run = ImportRun.objects.unscoped("test").get()
    assert (run.state, run.importer, run.filename, run.progress) == ("done", "mail", "in.mbox", run.total)
    assert (first.import_run_id, second.import_run_id) == (run.pk, run.pk)


def test_the_number_of_statements_does_not_grow_with_the_mails(tmp_path):
    here = project()
    worker = manager()

    def statements(first: int, count: int) -> int:
        box = mbox(
            tmp_path / f"{first}.mbox",
            *(
                mail(n, sender=f"p{n}@kaze.example", files=[("a.bin", b"\x00%d" % n)])
                for n in range(first, first + count)
            ),
        )
        with CaptureQueriesContext(connection) as context:
            imported(worker, here, box)
        return len(context)

    statements(1, 1)
    few, many = statements(100, 3), statements(200, 60)
    assert many <= few + 2


def test_an_interrupted_import_goes_on_and_ends_like_an_undisturbed_one(tmp_path, small_batches, monkeypatch):
    here = project("Tidewall")
    worker = agent(here)
    box = a_mailbox(tmp_path / "in.mbox")
    run = started(worker, here, box)
    write, calls = runs.write_mails, []

    def failing(*args, **kwargs):
        write(*args, **kwargs)
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the power fails before the commit")

    monkeypatch.setattr(runs, "write_mails", failing)
    with pytest.raises(RuntimeError):
        run_mail_import(worker, run)
    monkeypatch.setattr(runs, "write_mails", write)
    assert len(stored()) == 3
    assert ImportRun.objects.unscoped("test").get().cursor == {"archive": 0, "item": 3}

    # Asked for once more, the same run goes on.
    again = started(worker, here, box)
    assert again.pk == run.pk
    assert counted(run_mail_import(worker, again)) == (10, 10, 0, 0, 0)
    resumed = everything()
    assert Operation.objects.unscoped("test").count() == 1

    for model in (Attachment, Participant, UnknownSender, Interaction, FileVersion, File):
        getattr(model.objects, "unscoped", lambda _why, m=model: m.objects)("test").all().delete()
    Item.objects.unscoped("test").delete()
    seen_before = Entry.objects.unscoped("test").filter(event="conversations.interaction_logged").count()
    imported(worker, here, box)
    assert {**everything(), "entries": seen_before, "events": 1} == resumed


def test_two_processes_never_work_on_one_import(tmp_path, small_batches):
    here = project()
    worker = agent(here)
    box = a_mailbox(tmp_path / "in.mbox")
    run = started(worker, here, box)
    other = ImportRun.objects.unscoped("test").get(pk=run.pk)
    run_mail_import(worker, run)
    with pytest.raises(ImportTaken, match="being worked on already"):
        run_mail_import(worker, other)
    assert len(stored()) == 10
    done = ImportRun.objects.unscoped("test").get(pk=run.pk)
    assert counted(run_mail_import(worker, done)) == (10, 10, 0, 0, 0)


def test_an_archive_that_changed_meanwhile_is_read_from_its_beginning(tmp_path, small_batches, monkeypatch):
    here = project()
    worker = agent(here)
    box = a_mailbox(tmp_path / "in.mbox")
    run = started(worker, here, box)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_mail_import(worker, run, progress=stop)
    mbox(box, mail(50), *(mail(n) for n in range(60, 63)))
    run.refresh_from_db()
    run_mail_import(worker, run)
    assert {one.message_id.partition("@")[0] for one in stored()} == {"1", "2", "3", "50", "60", "61", "62"}


def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "a.eml").write_bytes(mail(1))
    (folder / "b.eml").write_bytes(b"\x00\x01 nothing of the kind \x00")
    (folder / "c.eml").write_bytes(b"")
    (folder / "d.html").write_bytes(b"<html><body>A page</body></html>")
    (folder / "e.zip").write_bytes(b"PK\x03\x04 but no archive")
    (folder / "f.eml").write_bytes(mail(2))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/good.eml", mail(3))
        archive.writestr("inner/bad.eml", b"Nothing here is a header\n")
    (folder / "g.zip").write_bytes(packed.getvalue())
    report = imported(worker, here, *sorted(folder.iterdir()), tmp_path / "absent.mbox")
    assert counted(report) == (9, 3, 0, 0, 6)
    assert [(each.file, each.reason[:40]) for each in report.quarantined] == [
        ("b.eml", "This is a binary file, not a mail."),
        ("c.eml", "The file is empty."),
        ("d.html", "This is HTML without mail headers: sende"),
        ("e.zip", "The zip archive is damaged. Pack it agai"),
        ("g.zip/inner/bad.eml", "This text has no mail headers: sender, d"),
        ("absent.mbox", "The file cannot be opened: No such file "),
    ]
    kept = Quarantined.objects.get(file="b.eml")
    with storage.open_blob(kept.sha256) as raw:
        assert raw.read() == b"\x00\x01 nothing of the kind \x00"
    # A second time it is set aside in the second run too, and kept once.
    assert counted(imported(worker, here, *sorted(folder.iterdir()))) == (8, 0, 3, 0, 5)
    assert len(set(Quarantined.objects.filter(file="b.eml").values_list("sha256", flat=True))) == 1


def test_a_fault_of_the_reader_costs_one_mail(tmp_path, monkeypatch, caplog):
    from enishi.conversations.services.mail_import import mails

    here = project()
    worker = agent(here)
    read = mails.read

    def faulty(raw, **kwargs):
        if b"Message 2" in raw:
            raise RecursionError
        return read(raw, **kwargs)

    monkeypatch.setattr(mails, "read", faulty)
    report = imported(worker, here, mbox(tmp_path / "in.mbox", mail(1), mail(2), mail(3)))
    assert counted(report) == (3, 2, 0, 0, 1)
    assert report.quarantined[0].reason.startswith("Reading this message failed by a fault of the program")
    assert "in.mbox #2" in caplog.text


def test_hostile_mail_is_stored_as_it_may_be_stored(tmp_path):
    here = project()
    worker = agent(here)
    nasty = (
        "From: =?utf-8?b?4oCuZ25w?= <x@kaze.example>\n"
        "To: <" + "a" * 400 + "@kaze.example>, Nobody <>, undisclosed-recipients:;\n"
        "Subject: =?utf-8?q?a=00b?= " + "long " * 300 + "\n"
        "Message-ID: <" + "m" * 900 + "@kaze.example>\n"
        "References: " + " ".join(f"<{n}@r.example>" for n in range(1000)) + "\n"
        "Date: Fri, 31 Feb 2023 25:61:00 +0000\n"
        "Content-Type: text/plain; charset=utf-8\n\nBody \0 with a zero\n"
    ).encode()
    empty = b"From: a@kaze.example\nMessage-ID: <e@kaze.example>\nDate: Mon, 4 Mar 2024 10:00:00 +0000\n\n"
    report = imported(worker, here, mbox(tmp_path / "in.mbox", nasty, empty))
    assert counted(report) == (2, 2, 0, 0, 0)
    one = Interaction.objects.unscoped("test").get(subject__startswith="a\ufffdb long")
    assert one.participants.get(role="from").name == "gnp"
    assert "\x00" not in one.text
    assert len(one.references) == 200
    assert counted(imported(worker, here, mbox(tmp_path / "in2.mbox", nasty, empty))) == (2, 0, 2, 0, 0)


def test_a_file_in_many_mails_is_kept_once(tmp_path, settings):
    here = project()
    worker = agent(here)
    files = [("plan.pdf", b"%PDF-the same"), ("../../etc/passwd", b"not a path")]
    imported(worker, here, mbox(tmp_path / "in.mbox", *(mail(n, files=files) for n in range(1, 5))))
    assert File.objects.visible_to(worker).count() == 8
    assert set(File.objects.visible_to(worker).values_list("name", "attachment")) == {
        ("plan.pdf", True),
        ("passwd", True),
    }
    assert FileVersion.objects.values("sha256").distinct().count() == 2
    assert len([path for path in settings.FILES_DIR.rglob("*") if path.is_file()]) == 2
    first = stored()[0]
    assert [link.file.name for link in first.attachments.order_by("pk")] == ["plan.pdf", "passwd"]


def test_a_mail_inside_a_mail_is_found_by_its_words(tmp_path):
    from enishi.search import queries as search

    here = project()
    worker = agent(here)
    inner = mail(7, subject="The old agreement", text="Nobody digs before harvest.")
    outer = (
        b"From: aoi@kaze.example\nMessage-ID: <o@kaze.example>\nSubject: See below\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nSee.\n--b\n'
        b"Content-Type: message/rfc822\n\n" + inner + b"\n--b--\n"
    )
    imported(worker, here, mbox(tmp_path / "in.mbox", outer))
    assert [hit.title for hit in search.find(worker, "digs harvest", kinds=["file"])] == [
        "The old agreement.eml"
    ]


def test_trying_writes_nothing(tmp_path):
    here = project()
    worker = agent(here)
    box = mbox(tmp_path / "in.mbox", mail(1), mail(2), mail(1), b"Not a header at all\n")
    report = try_mail_import(worker, archives(box), project_id=here.pk)
    assert counted(report) == (4, 2, 0, 1, 1)
    assert (Interaction.objects.unscoped("test").count(), ImportRun.objects.unscoped("test").count()) == (
        0,
        0,
    )
    imported(worker, here, box)
    assert counted(try_mail_import(worker, archives(box), project_id=here.pk)) == (4, 0, 3, 0, 1)


def test_tags_are_given_to_every_mail(tmp_path):
    here = project()
    worker = agent(here)
    box = mbox(tmp_path / "in.mbox", mail(1), mail(2))
    taken, _ = claimed(sources([box]))
    MailImporter().run(
        worker, taken["mail"], project_id=here.pk, options=ImportOptions(tags=["Archive/2024"])
    )
    assert [[link.tag.path for link in one.tag_links.all()] for one in stored()] == [["Archive / 2024"]] * 2


def test_which_files_are_mail(tmp_path):
    here = {
        "inbox": LINE + mail(1),
        "one": mail(1),
        "list.csv": b"Name,E-mail\nAoi,aoi@kaze.example\nLeo,leo@brandt.example\n",
        "cards.vcf": b"BEGIN:VCARD\nVERSION:3.0\nFN:Aoi\nEND:VCARD\n",
        "page.html": b"<html><body>A page</body></html>",
        "note": b"Only a line of text.\n",
        "broken.eml": b"\x00\x01",
    }
    for name, data in here.items():
        (tmp_path / name).write_bytes(data)
    found = {source.name: MailImporter().claims(source) for source in sources([tmp_path])}
    assert found == {
        "inbox": True, "one": True, "list.csv": False, "cards.vcf": False, "page.html": True, "note": True, "broken.eml": True,
    }  # fmt: skip


def test_an_upload_is_read_under_the_name_it_came_with(tmp_path):
    here = project()
    worker = agent(here)
    kept = storage.put_bytes(
        LINE + mail(1, text="Hello\n\nFrom A to B Mon Mar  4 09:30:00 2024\nthe road is closed.")
    )
    source = look(storage.path_of(kept.sha256), "saved.eml")
    assert MailImporter().claims(source)
    report = MailImporter().run(worker, [source], project_id=here.pk, options=ImportOptions())
    assert counted(report) == (1, 1, 0, 0, 0)
    assert ImportRun.objects.unscoped("test").get().filename == "saved.eml"
    assert stored()[0].text.endswith("the road is closed.")
