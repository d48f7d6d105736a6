"""A mail import is taken back as a whole, except for what somebody worked with since."""

from __future__ import annotations

import pytest

from conversations.mailboxes import counted, imported, mail, mbox, stored
from enishi.accounts.access import Forbidden
from enishi.commitments.models import Promise
from enishi.content.models import File
from enishi.content.services import link_file
from enishi.conversations.models import Interaction, MailMessage, Thread, ThreadIdentifier, UnknownSender
from enishi.conversations.services import change_interaction, promise_from_passage
from enishi.conversations.services.mail_import import UndoMailImport
from enishi.search import queries as search
from enishi.timeline.models import Entry, Item, Operation
from enishi.timeline.services import undo_operation
from factories import agent, manager, party, project

pytestmark = pytest.mark.django_db


def operation() -> Operation:
    return Operation.objects.unscoped("test").filter(kind="conversations.mail_import").latest("pk")


def test_undone_it_is_as_if_it_had_never_been(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    aoi = party(here, "Aoi", email="aoi@kaze.example")
    old = mbox(tmp_path / "old.mbox", mail(1), mail(2, sender="leo@brandt.example", subject="Road"))
    imported(worker, here, old)
    aoi.refresh_from_db()
    before = (aoi.last_contact_at, Item.objects.unscoped("test").count(), Thread.objects.count())
    box = mbox(
        tmp_path / "new.mbox",
        mail(3, answers=[1], files=[("plan.txt", b"Where the trench goes")]),
        mail(4, sender="leo@brandt.example", subject="Fence"),
        mail(5, sender="new@brandt.example", subject="Gate"),
    )
    imported(worker, here, box)
    assert UnknownSender.objects.unscoped("test").count() == 2

    plan = UndoMailImport().preview(worker, operation())
    assert (dict(plan.counts), plan.conflicts) == ({"deleted": 3, "kept": 0}, [])
    assert undo_operation(worker, operation().pk) is True

    assert [one.message_id[0] for one in stored()] == ["1", "2"]
    aoi.refresh_from_db()
    assert (aoi.last_contact_at, Item.objects.unscoped("test").count(), Thread.objects.count()) == before
    assert File.objects.unscoped("test").count() == 0
    assert search.find(worker, "gate", kinds=["conversation"]) == []
    (leo,) = UnknownSender.objects.unscoped("test")
    assert (leo.address, leo.messages, leo.first_at, leo.last_at) == (
        "leo@brandt.example", 1, stored()[1].occurred_at, stored()[1].occurred_at,
    )  # fmt: skip
    thread = Thread.objects.get(interactions=stored()[0])
    assert (thread.first_at, thread.last_at) == (stored()[0].occurred_at,) * 2
    assert MailMessage.objects.count() == 2
    events = Entry.objects.unscoped("test").filter(operation=operation())
    assert events.filter(event="conversations.interaction_deleted").count() == 3
    assert events.latest("pk").event == "timeline.operation_undone"

    # The archive can come in again.
    assert counted(imported(worker, here, box)) == (3, 3, 0, 0, 0)
    assert not ThreadIdentifier.objects.filter(thread__interactions__isnull=True).exists()


def test_what_was_worked_on_stays_unless_it_is_given_up(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    imported(worker, here, mbox(tmp_path / "in.mbox", *(mail(n, subject=f"Matter {n}") for n in range(1, 5))))
    edited, promised, plain, other = stored()
    change_interaction(worker, edited, subject="What it was really about")
    promise_from_passage(worker, promised, start=0, end=7, title="Answer by Friday", direction="ours")
    change_interaction(worker, other, answer="waiting")

    plan = UndoMailImport().preview(worker, operation())
    assert dict(plan.counts) == {"deleted": 1, "kept": 3}
    assert [(each.key, each.subject, each.field) for each in plan.conflicts] == [
        (str(edited.pk), "What it was really about", "Edited since"),
        (str(promised.pk), "Matter 2", "A promise or a task was made from it"),
        (str(other.pk), "Matter 4", "Edited since"),
    ]
    undo_operation(worker, operation().pk, keep=[str(edited.pk), str(promised.pk)])
    there = {one.pk: one.deleted_at is None for one in stored()}
    assert there == {edited.pk: True, promised.pk: True, other.pk: False}
    assert Promise.objects.unscoped("test").count() == 1
    assert plain.pk not in there
    assert operation().state == "undone"


def test_a_file_that_somebody_linked_stays(tmp_path):
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi")
    imported(
        worker, here, mbox(tmp_path / "in.mbox", mail(1, files=[("a.bin", b"\x00a"), ("b.bin", b"\x00b")]))
    )
    linked = File.objects.visible_to(worker).get(name="a.bin")
    link_file(worker, linked, party_ids=[aoi.pk])
    undo_operation(worker, operation().pk)
    assert [file.name for file in File.objects.visible_to(worker)] == ["a.bin"]
    assert stored() == []


def test_a_bounced_address_gets_its_state_back(tmp_path):
    here = project()
    worker = agent(here)
    gone = party(here, "Gone", email="gone@kaze.example")
    gone.points.update(status="good")
    report = (
        b"From: mailer-daemon@kaze.example\nSubject: Undelivered\nMessage-ID: <9@kaze.example>\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; kaze.example\n\nFinal-Recipient: rfc822; gone@kaze.example\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    imported(worker, here, mbox(tmp_path / "in.mbox", report))
    assert gone.points.get().status == "bounced"
    undo_operation(worker, operation().pk)
    assert gone.points.get().status == "good"


def test_undoing_needs_the_right_and_hides_what_may_not_be_seen(tmp_path):
    here = project()
    chief, worker = manager(here), agent(here)
    party(here, "Secret", email="secret@kaze.example", confidentiality=2)
    imported(
        chief,
        here,
        mbox(tmp_path / "in.mbox", mail(1, sender="secret@kaze.example", subject="What I saw"), mail(2)),
    )
    change_interaction(chief, stored()[0], answer="waiting")
    assert UndoMailImport().preview(worker, operation()).conflicts == []
    with pytest.raises(Forbidden):
        undo_operation(agent(here, codes=["timeline.view", "conversations.view"]), operation().pk)
    undo_operation(worker, operation().pk, keep=[])
    assert [one.subject for one in Interaction.objects.visible_to(chief).present()] == ["What I saw"]
