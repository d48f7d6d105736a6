"""Reading a mailbox on a real IMAP server: what becomes of its mail, and that nothing is lost or doubled."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.mailboxes import imported, mail, mbox, people, stored
from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.contacts.models import ContactPoint, ImportRun, Quarantined
from enishi.content.models import File
from enishi.conversations.models import Interaction, UnknownSender
from enishi.conversations.queries import waiting
from enishi.core import clock
from enishi.mailboxes import imap, services
from enishi.mailboxes.models import Day
from enishi.mailboxes.services import reading
from enishi.timeline.models import Entry, Item
from factories import agent, manager, outsider, party, project, user
from mailboxes.conftest import now

pytestmark = pytest.mark.django_db
SOON = dt.timedelta(hours=1)


def fresh(number: int, **values) -> bytes:
    """A mail that was written after the mailbox was added."""
    values.setdefault("at", clock.now() + dt.timedelta(minutes=number))
    return mail(number, **values)


def figures(box) -> tuple[int, int, int]:
    (day,) = Day.objects.filter(mailbox=box)
    return day.kept, day.known, day.aside


def test_mail_becomes_conversations_in_threads_with_people_and_files(add, office, where):
    aoi = party(where, "Aoi Takahama", email="aoi@kaze.example")
    box = add()
    office.put(
        fresh(1, files=[("plan.pdf", b"%PDF-1.4 noise")]), fresh(2, answers=[1], sender="ben@quay.example")
    )
    services.read(box.pk)
    first, second = stored()
    assert (first.channel, first.direction, first.subject, first.text) == (
        "email", "in", "Night noise", "Message 1.",
    )  # fmt: skip
    assert (first.project_ids, first.confidentiality, first.answer) == ([where.pk], Level.INTERNAL, "waiting")
    assert first.thread_id == second.thread_id
    assert people(first)[0] == ("from", "Aoi Takahama", "aoi@kaze.example", aoi.pk, None)
    assert [(f.name, f.confidentiality) for f in File.objects.unscoped("test")] == [("plan.pdf", 1)]
    assert [s.address for s in UnknownSender.objects.unscoped("test")] == ["ben@quay.example"]
    assert Item.objects.unscoped("test").get(party_id=aoi.pk).subject_id == first.pk
    assert figures(box) == (2, 0, 0)
    assert now(box).read_at is not None and now(box).trouble == ""
    entries = Entry.objects.unscoped("test").filter(event="conversations.interaction_logged")
    assert [(e.actor_name, e.via, e.data["item"]) for e in entries.order_by("pk")] == [
        ("mailboxes", "mail", "UID 101"),
        ("mailboxes", "mail", "UID 102"),
    ]


def test_only_what_is_new_is_read_and_nothing_is_changed_on_the_server(add, office):
    box = add()
    office.put(fresh(1))
    services.read(box.pk)
    assert now(box).last_uid == 101
    office.put(fresh(2))
    services.read(box.pk)
    services.read(box.pk)
    assert [one.message_id for one in stored()] == ["1@kaze.example", "2@kaze.example"]
    assert figures(box) == (2, 0, 0)
    assert office.seen() == (2, 0)


def test_the_same_mail_twice_is_there_once(add, office):
    box = add()
    office.put(fresh(1, at=clock.now()), fresh(1, at=clock.now()))
    services.read(box.pk)
    assert len(stored()) == 1 and figures(box) == (1, 1, 0)


def test_an_answer_joins_the_thread_of_an_archive_and_comes_only_since_the_day(add, office, where, tmp_path):
    worker = agent(where)
    imported(worker, where, mbox(tmp_path / "old.mbox", mail(1)))
    office.put(mail(5), at=dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    box = add(since=clock.today() - dt.timedelta(days=1))
    office.put(fresh(2, answers=[1]))
    services.read(box.pk)
    old, new = stored()
    assert old.thread_id == new.thread_id and new.message_id == "2@kaze.example"
    # What lay there before the day is passed over for good, not searched again each minute.
    assert now(box).last_uid == 102


def test_mail_of_a_colleague_is_ours_and_settles_what_waited(add, office, where):
    ines = user("Ines Vidal", email="ines@tidewall.example")
    aoi = party(where, "Aoi Takahama", email="aoi@kaze.example")
    box = add()
    office.put(fresh(1))
    services.read(box.pk)
    (asked,) = stored()
    assert asked.answer == "waiting" and [one.pk for one in waiting(manager(where))] == [asked.pk]
    office.put(
        fresh(
            2,
            answers=[1],
            sender="Ines Vidal <ines@tidewall.example>",
            to="aoi@kaze.example",
            Cc="ben@quay.example",
        )
    )
    services.read(box.pk)
    asked, answer = stored()
    assert (answer.direction, answer.answer, asked.answer) == ("out", "none", "answered")
    assert people(answer) == [
        ("from", "Ines Vidal", "ines@tidewall.example", None, ines.pk),
        ("to", "", "aoi@kaze.example", aoi.pk, None),
        ("cc", "", "ben@quay.example", None, None),
    ]
    told = Entry.objects.unscoped("test").get(event="conversations.interaction_changed")
    assert (told.subject_id, told.changes, told.data) == (
        asked.pk, {"answer": ["waiting", "answered"]}, {"version": 2},
    )  # fmt: skip
    # Nobody is asked to look at a colleague, nor at whoever a colleague wrote to.
    assert [s.address for s in UnknownSender.objects.unscoped("test")] == []


def test_a_mail_without_words_can_be_answered_too(add, office):
    user("Ines Vidal", email="ines@tidewall.example")
    box = add()
    bare = EmailMessage()
    bare["From"], bare["To"], bare["Message-ID"] = (
        "aoi@kaze.example",
        "office@tidewall.example",
        "<1@kaze.example>",
    )
    office.put(bytes(bare))
    services.read(box.pk)
    office.put(
        fresh(2, answers=[1], sender="ines@tidewall.example", to="aoi@kaze.example", at=clock.now() + SOON)
    )
    services.read(box.pk)
    assert stored()[0].answer == "answered"


def test_old_mail_programs_and_lists_ask_for_nothing(add, office):
    box = add()
    office.put(
        mail(1),
        fresh(2, Auto_Submitted="auto-replied"),
        fresh(3, List_Id="<news.kaze.example>"),
        fresh(4, sender="no-reply@shop.example"),
    )
    services.read(box.pk)
    assert {one.answer for one in stored()} == {"none"} and len(stored()) == 4
    # Whoever wrote before is still somebody to know; programs and lists are not.
    assert [s.address for s in UnknownSender.objects.unscoped("test")] == ["aoi@kaze.example"]


BOUNCE = b"""From: MAILER-DAEMON@mx.example
To: office@tidewall.example
Subject: Undelivered
Message-ID: <b1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It came back.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; aoi@kaze.example
Action: failed
Status: 5.1.1

--b--
"""


def test_a_bounce_marks_the_address(add, office, where):
    party(where, "Aoi Takahama", email="aoi@kaze.example")
    box = add()
    office.put(BOUNCE)
    services.read(box.pk)
    assert ContactPoint.objects.get(key="aoi@kaze.example").status == "bounced"
    assert stored()[0].answer == "none"


def test_what_cannot_be_read_is_set_aside_once_with_its_reason(add, office, boss):
    box = add()
    office.put(b"\r\n", fresh(1))
    services.read(box.pk)
    assert figures(box) == (1, 0, 1)
    (kept,) = Quarantined.objects.all()
    assert (kept.item, kept.reason) == ("UID 101", "The file is empty.")
    assert kept.run.importer == "mailbox" and kept.run.state == ImportRun.State.DONE
    office.renumber()
    services.read(box.pk)
    assert Quarantined.objects.count() == 1 and figures(box) == (1, 2, 1)


def test_too_large_a_message_is_set_aside_with_its_headers(add, office, monkeypatch):
    monkeypatch.setattr(imap, "BIG", 2000)
    box = add()
    office.put(fresh(1, text="x" * 5000), fresh(2))
    services.read(box.pk)
    (kept,) = Quarantined.objects.all()
    assert "larger than" in kept.reason and kept.size < 1000
    assert [one.message_id for one in stored()] == ["2@kaze.example"]


def test_new_numbers_of_the_server_double_nothing(add, office):
    box = add()
    office.put(fresh(1), fresh(2))
    services.read(box.pk)
    before = now(box).uid_validity
    office.renumber()
    office.put(fresh(3))
    services.read(box.pk)
    assert len(stored()) == 3 and figures(box) == (3, 2, 0)
    assert now(box).uid_validity != before and now(box).last_uid == 3


def test_a_worker_that_dies_between_reading_and_storing_loses_and_doubles_nothing(add, office, monkeypatch):
    monkeypatch.setattr(reading, "MESSAGES", 2)
    box = add()
    office.put(*(fresh(number) for number in range(1, 6)))
    keep, calls = reading.keep_arrived, []

    def die(*args, **kwargs):
        counts = keep(*args, **kwargs)
        calls.append(counts)
        if len(calls) == 2:
            raise SystemExit
        return counts

    monkeypatch.setattr(reading, "keep_arrived", die)
    with pytest.raises(SystemExit):
        services.read(box.pk)
    assert len(stored()) == 2 and now(box).last_uid == 102 and figures(box) == (2, 0, 0)
    services.read(box.pk)
    assert [one.message_id for one in stored()] == [f"{n}@kaze.example" for n in range(1, 6)]
    assert figures(box) == (5, 0, 0)


def test_who_was_overtaken_stores_nothing(add, office, monkeypatch):
    box = add()
    office.put(fresh(1))
    letters = imap.Server.letters

    def meanwhile(self, uids):
        services.read(box.pk)
        return letters(self, uids)

    with monkeypatch.context() as patched:
        patched.setattr(imap.Server, "letters", meanwhile)
        first = iter([meanwhile])
        patched.setattr(imap.Server, "letters", lambda self, uids: next(first, letters)(self, uids))
        services.read(box.pk)
    assert len(stored()) == 1 and figures(box) == (1, 0, 0)


def test_one_message_that_cannot_be_stored_keeps_no_other_out(add, office, monkeypatch):
    box = add()
    office.put(fresh(1), fresh(2, subject="Poison"), fresh(3))
    keep = reading.keep_arrived

    def fault(actor, run, mails, unreadable, *, target):
        if any(one.subject == "Poison" for one in mails):
            raise ValueError("a fault")
        return keep(actor, run, mails, unreadable, target=target)

    monkeypatch.setattr(reading, "keep_arrived", fault)
    services.read(box.pk)
    assert [one.message_id for one in stored()] == ["1@kaze.example", "3@kaze.example"]
    (kept,) = Quarantined.objects.all()
    assert kept.item == "UID 102" and "fault of the program" in kept.reason
    assert now(box).last_uid == 103


def test_a_long_folder_is_read_in_turns(add, office, monkeypatch):
    monkeypatch.setattr(reading, "RUN_S", 0)
    monkeypatch.setattr(reading, "MESSAGES", 2)
    box, again = add(), []
    monkeypatch.setattr(reading, "read_soon", again.append)
    office.put(*(fresh(number) for number in range(1, 6)))
    for _turn in range(4):
        services.read(box.pk)
    assert len(stored()) == 5 and again == [box.pk] * 3


def test_mail_into_confidence_leaves_no_trace_for_others(add, office, where):
    worker, stranger = agent(where), outsider()
    seen = party(where, "Aoi Takahama", email="aoi@kaze.example")
    user("Ines Vidal", email="ines@tidewall.example")
    box = add(confidentiality=Level.CONFIDENTIAL)
    open_box = add(folder="Open", name="Open")
    office.put(fresh(1, subject="Zymurgia", sender="zymu@quay.example", files=[("zymurgia.txt", b"z")]))
    office.put(fresh(2, subject="Question"), folder="Open")
    services.read(box.pk)
    services.read(open_box.pk)
    # The answer is confidential: that there is one shows nowhere.
    office.put(fresh(3, answers=[2], sender="ines@tidewall.example", to="aoi@kaze.example"))
    services.read(box.pk)
    hidden = Interaction.objects.unscoped("test").filter(confidentiality=Level.CONFIDENTIAL)
    assert hidden.count() == 2
    assert {one.answer for one in stored() if one.subject == "Question"} == {"waiting"}
    for actor in (worker, stranger):
        assert not Interaction.objects.visible_to(actor).filter(pk__in=hidden).exists()
        assert not File.objects.visible_to(actor).filter(name="zymurgia.txt").exists()
        assert not UnknownSender.objects.visible_to(actor).filter(address="zymu@quay.example").exists()
        entries = Entry.objects.visible_to(actor)
        assert not entries.filter(label="Zymurgia").exists()
        assert not ImportRun.objects.visible_to(actor).filter(filename="Office").exists()
    assert Item.objects.visible_to(worker).filter(party_id=seen.pk).count() == 1


def test_the_statements_of_a_batch_grow_only_by_what_each_mail_tells(add, office):
    box = add()

    def statements(first: int, count: int) -> int:
        office.put(*(fresh(n, sender=f"a{n}@kaze.example") for n in range(first, first + count)))
        with CaptureQueriesContext(
            connection,
        ) as found:
            services.read(box.pk)
        return len(found)

    statements(1, 1)
    few, many = statements(10, 2), statements(20, 12)
    # An entry of the history and a job for whoever wants to know of it.
    assert many - few <= 10 * 6


def test_mailboxes_that_are_off_or_wait_are_not_woken(add, office, boss):
    box, other = add(), add(folder="Sent", name="Sent")
    services.switch(boss, other.pk, on=False)
    assert reading.queries.due() == [box.pk]
    office.put(fresh(1), folder="Sent")
    services.read(other.pk)
    assert stored() == []
    assert User.objects.count() >= 1
    assert project().pk


def test_what_somebody_else_wrote_in_a_colleagues_name_is_nothing_that_we_said(add, office, where):
    rui = user("Rui Tanase", email="rui@tidewall.example")
    aoi = party(where, "Aoi Takahama", email="aoi@kaze.example")
    box = add()
    common = {"sender": "Rui Tanase <rui@tidewall.example>", "to": "aoi@kaze.example"}
    office.put(
        fresh(1, **common, Authentication_Results="mx.tidewall.example; dmarc=fail"),
        fresh(2, **common, Authentication_Results="mx.tidewall.example; dmarc=pass"),
    )
    services.read(box.pk)
    forged, true = stored()
    assert (forged.direction, true.direction) == ("in", "out")
    assert people(forged)[0] == ("from", "Rui Tanase", "rui@tidewall.example", None, None)
    assert people(true)[0][3:] == (None, rui.pk)
    assert people(forged)[1][3] == aoi.pk
    assert not UnknownSender.objects.unscoped("test").exists()
    page = signed_in(where).get(f"/conversations/{forged.pk}/").content.decode()
    assert "it may be forged" in page
    assert "it may be forged" not in signed_in(where).get(f"/conversations/{true.pk}/").content.decode()


def test_a_conversation_says_what_was_repaired_while_its_mail_was_read(add, office, where):
    box = add()
    office.put(fresh(1).replace(b"Message-ID:", b"X-Was:"))
    services.read(box.pk)
    (one,) = stored()
    page = signed_in(where).get(f"/conversations/{one.pk}/").content.decode()
    assert "Repaired while reading" in page and "The message has no identifier" in page


def signed_in(where) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=agent(where).user_id))
    return client
