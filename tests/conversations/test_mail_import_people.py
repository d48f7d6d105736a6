"""Who took part in an imported mail, and who may see it."""

from __future__ import annotations

import datetime as dt

import pytest

from conversations.mailboxes import DAY, imported, mail, mbox, people, stored
from enishi.accounts.access import Forbidden, Level
from enishi.contacts.models import ContactPoint, Party
from enishi.conversations import queries, services
from enishi.conversations.models import Interaction, UnknownSender
from enishi.conversations.services import ConversationError
from enishi.search import queries as search
from enishi.timeline import queries as timeline
from factories import agent, manager, outsider, party, project, user

pytestmark = pytest.mark.django_db


def strangers():
    rows = UnknownSender.objects.unscoped("test").order_by("address")
    return [(one.address, one.name, one.messages, one.first_at, one.last_at) for one in rows]


def test_people_are_found_by_address(tmp_path):
    here = project("Tidewall")
    worker = agent(here)
    colleague = user("Rui Tanase", email="Rui@Tidewall.example")
    aoi = party(here, "高浜 葵", email="aoi@kaze.example")
    box = mbox(
        tmp_path / "in.mbox",
        mail(
            1, to="Rui <rui@tidewall.example>, office@tidewall.example", Cc="Leo Brandt <leo@brandt.example>"
        ),
        mail(2, sender="RUI@tidewall.example", to='"Aoi, T." <AOI@Kaze.example>'),
        mail(3, sender="press@tidewall.example", to="rui@tidewall.example"),
    )

    assert imported(worker, here, box).created == 3
    first, second, third = stored()
    assert (first.channel, first.direction, first.answer, first.project_ids) == (
        "email",
        "in",
        "none",
        [here.pk],
    )
    assert (first.subject, first.text, first.user_id, first.version) == (
        "Night noise",
        "Message 1.",
        worker.user_id,
        1,
    )
    assert people(first) == [
        ("from", "Aoi Takahama", "aoi@kaze.example", aoi.pk, None),
        ("to", "Rui", "rui@tidewall.example", None, colleague.pk),
        ("to", "", "office@tidewall.example", None, None),
        ("cc", "Leo Brandt", "leo@brandt.example", None, None),
    ]
    assert second.direction == "out"
    assert people(second) == [
        ("from", "", "rui@tidewall.example", None, colleague.pk),
        ("to", "Aoi, T.", "aoi@kaze.example", aoi.pk, None),
    ]
    # Nobody of ours waits to be looked at, nor who was only copied.
    assert (third.direction, strangers()) == ("both", [])
    assert [(p.subject_id, p.channel) for p in timeline.timeline(worker, [aoi.pk])] == [
        (second.pk, "email"),
        (first.pk, "email"),
    ]
    aoi.refresh_from_db()
    assert (aoi.last_contact_at, aoi.last_channel) == (DAY + dt.timedelta(hours=2), "email")
    for typed in ("night noise", "takahama", "leo@brandt.example", "message 1"):
        assert first.pk in [hit.subject_id for hit in search.find(worker, typed, kinds=["conversation"])], (
            typed
        )


def test_of_several_with_one_address_the_name_decides_else_the_oldest(tmp_path):
    here = project()
    worker = agent(here)
    office = party(here, "Kaze Fisheries", kind="organisation", email="info@kaze.example")
    leo = party(here, "Léo Brandt", email="info@kaze.example")
    wrong = party(here, "Leo Brandt", email="info@kaze.example")
    wrong.points.update(status=ContactPoint.Status.WRONG)
    gone = party(here, "Old Owner", email="info@kaze.example")
    gone.points.update(valid_until=dt.date(2024, 1, 1))
    box = mbox(
        tmp_path / "in.mbox",
        mail(1, sender="Leo Brandt <info@kaze.example>"),
        mail(2, sender="info@kaze.example"),
        mail(3, sender="Somebody Else <info@kaze.example>"),
        mail(4, sender="Old Owner <info@kaze.example>", at=dt.datetime(2023, 6, 1, tzinfo=dt.UTC)),
        mail(5, sender="Old Owner <info@kaze.example>"),
    )
    imported(worker, here, box)
    found = {one.mail.message_id[0]: one.participants.get(role="from").party_id for one in stored()}
    assert found == {"1": leo.pk, "2": office.pk, "3": office.pk, "4": gone.pk, "5": office.pk}


def test_unknown_senders_come_up_for_review_but_programs_and_lists_do_not(tmp_path):
    here = project()
    worker = agent(here)
    report = (
        b"From: Mail System <mailer-daemon@kaze.example>\nTo: office@tidewall.example\nSubject: Undelivered\n"
        b"Message-ID: <9@kaze.example>\nDate: Mon, 4 Mar 2024 20:00:00 +0000\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; kaze.example\n\nFinal-Recipient: rfc822; Gone@kaze.example\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    box = mbox(
        tmp_path / "in.mbox",
        mail(1, sender="Aoi <aoi@kaze.example>"),
        mail(2, sender="aoi@kaze.example"),
        mail(3, sender="Robot <robot@kaze.example>", Auto_Submitted="auto-generated"),
        mail(4, sender="Bulk <bulk@kaze.example>", Precedence="bulk"),
        mail(5, sender="Lister <lister@kaze.example>", List_Id="<talk.kaze.example>"),
        mail(6, sender="No Reply <no-reply@kaze.example>"),
        mail(7, sender="Noreply Shop <noreply-shop@kaze.example>"),
        mail(8, sender="Nora Reply <nora.reply@kaze.example>"),
        report,
    )
    imported(worker, here, box)
    at = {number: DAY + dt.timedelta(hours=number) for number in (1, 2, 8)}
    assert strangers() == [
        ("aoi@kaze.example", "Aoi", 2, at[1], at[2]),
        ("nora.reply@kaze.example", "Nora Reply", 1, at[8], at[8]),
    ]
    waiting = {one.sender.address: one.messages for one in queries.senders(worker)}
    assert waiting == {"aoi@kaze.example": 2, "nora.reply@kaze.example": 1}

    more = mbox(
        tmp_path / "more.mbox", mail(11, sender="aoi@kaze.example"), mail(1, sender="Aoi <aoi@kaze.example>")
    )
    imported(worker, here, more)
    assert strangers()[0] == ("aoi@kaze.example", "Aoi", 3, at[1], DAY + dt.timedelta(hours=11))

    # Settled, everything that came from the address is theirs.
    aoi = services.create_from_sender(
        worker, UnknownSender.objects.unscoped("test").get(address="aoi@kaze.example")
    )
    assert [place.subject_id for place in timeline.timeline(worker, [aoi.pk])] == [
        one.pk for one in reversed(stored()) if one.mail.sender == "aoi@kaze.example"
    ]


def test_a_bounce_marks_the_address_unless_mail_came_from_it_since(tmp_path):
    here, elsewhere = project(), project()
    worker = agent(here)
    gone = party(here, "Gone", email="gone@kaze.example")
    back = party(here, "Back again", email="back@kaze.example")
    foreign = party(elsewhere, "Not mine", email="foreign@kaze.example")
    refused = party(here, "Refused", email="refused@kaze.example")
    refused.points.update(status=ContactPoint.Status.REFUSED)

    def bounce(address: str, status: str = "5.1.1", action: str = "failed") -> bytes:
        return (
            f"From: mailer-daemon@kaze.example\nTo: office@tidewall.example\nSubject: Undelivered\n"
            f"Message-ID: <{address}-{status}>\nDate: Mon, 4 Mar 2024 08:00:00 +0000\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            f"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; kaze.example\n\nFinal-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n--b--\n"
        ).encode()

    full = party(here, "Mailbox full", email="full@kaze.example")
    box = mbox(
        tmp_path / "in.mbox",
        bounce("Gone@kaze.example"),
        bounce("back@kaze.example"),
        bounce("foreign@kaze.example"),
        bounce("refused@kaze.example"),
        bounce("full@kaze.example", "4.2.2"),
        mail(1, sender="back@kaze.example"),
    )
    imported(worker, here, box)
    states = {one.full_name: one.points.get().status for one in (gone, back, foreign, refused, full)}
    assert states == {
        "Gone": "bounced",
        "Back again": "unchecked",
        "Not mine": "unchecked",
        "Refused": "refused",
        "Mailbox full": "unchecked",
    }


def test_a_mail_is_as_confidential_as_asked_and_as_who_took_part(tmp_path):
    here = project("Tidewall")
    worker, chief, other = agent(here), manager(here), outsider()
    secret = party(here, "Whistle Blower", email="secret@kaze.example", confidentiality=Level.CONFIDENTIAL)
    box = mbox(tmp_path / "in.mbox", mail(1, sender="secret@kaze.example", subject="What I saw"), mail(2))
    imported(worker, here, box)
    assert [one.confidentiality for one in stored()] == [Level.CONFIDENTIAL, Level.INTERNAL]
    assert [one.subject for one in queries.interactions(worker).items] == ["Night noise"]
    assert search.find(worker, "what i saw", kinds=["conversation"]) == []
    assert len(search.find(chief, "what i saw", kinds=["conversation"])) == 1
    assert [place.subject_id for place in timeline.timeline(chief, [secret.pk])] == [stored()[0].pk]
    assert list(queries.interactions(other).items) == []
    # The day of a confidential talk does not show on the contact.
    secret.refresh_from_db()
    assert secret.last_contact_at is None

    with pytest.raises(ConversationError, match="more confidential than you may read"):
        imported(worker, here, mbox(tmp_path / "x.mbox", mail(3)), confidentiality=Level.RESTRICTED)
    imported(chief, here, mbox(tmp_path / "x.mbox", mail(3)), confidentiality=Level.RESTRICTED)
    assert stored()[-1].confidentiality == Level.RESTRICTED
    unseen = UnknownSender.objects.unscoped("test").get(address="aoi@kaze.example")
    assert (unseen.messages, unseen.confidentiality) == (2, Level.INTERNAL)
    assert [one.messages for one in queries.senders(worker)] == [1]


def test_a_contact_that_the_importer_may_not_see_is_linked_but_not_shown(tmp_path):
    here, elsewhere = project("Tidewall"), project("Elsewhere")
    worker = agent(here)
    hidden = party(elsewhere, "Hidden", email="aoi@kaze.example")
    imported(worker, here, mbox(tmp_path / "in.mbox", mail(1)))
    (one,) = stored()
    assert one.participants.get(role="from").party_id == hidden.pk
    shown = queries.interaction(worker, one.pk)
    assert all(person.party_id is None for person in shown.people)
    assert not Party.objects.visible_to(worker).filter(pk=hidden.pk).exists()


def test_the_right_to_import_is_needed_in_every_project(tmp_path):
    here, there = project(), project()
    reader = agent(here, codes=["contacts.view", "conversations.view", "conversations.edit"])
    box = mbox(tmp_path / "in.mbox", mail(1))
    with pytest.raises(Forbidden, match=r"contacts\.import"):
        imported(reader, here, box)
    worker = agent(here)
    with pytest.raises(Forbidden, match=r"contacts\.import"):
        imported(worker, here, box, project_ids=[there.pk])
    assert Interaction.objects.unscoped("test").count() == 0
    both = manager()
    imported(both, here, box, project_ids=[there.pk])
    assert stored()[0].project_ids == [here.pk, there.pk]


def test_waiting_for_an_answer_is_an_option(tmp_path):
    here = project()
    worker = agent(here)
    user("Office", email="office@tidewall.example")
    box = mbox(
        tmp_path / "in.mbox",
        mail(1),
        mail(2, sender="office@tidewall.example", to="aoi@kaze.example", answers=[1]),
        mail(3, subject="Road"),
        mail(4, subject="Newsletter", Precedence="bulk"),
    )
    imported(worker, here, box, answer="waiting")
    assert [one.answer for one in stored()] == ["answered", "none", "waiting", "none"]
