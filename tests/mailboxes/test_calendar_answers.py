"""What calendar programs answer to an invitation is read from the mailbox and stands on the page of the meeting."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from django.core import mail as outbox
from icalendar import Calendar, Event, vCalAddress

from conversations.mailboxes import stored
from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.contacts.services import PointDraft, save_point
from enishi.conversations import services as conversations
from enishi.conversations.models import Interaction, Invitee
from enishi.conversations.services import ParticipantDraft
from enishi.core import clock
from enishi.mailboxes import queries, services
from enishi.mailboxes.models import Mailbox
from enishi.timeline.models import Entry, Notification
from factories import SYSTEM, agent, party
from mailboxes.server import USER

pytestmark = pytest.mark.django_db
AOI = "aoi@kaze.example"


class Meeting:
    """A meeting in four days to which Aoi is invited, and the answers of her calendar program."""

    def __init__(self, where, **values: object) -> None:
        self.at = (clock.now() + dt.timedelta(days=4)).replace(microsecond=0)
        self.host = agent(where, clearance=Level.CONFIDENTIAL)
        self.aoi = party(where, "Aoi Takahama", email=AOI)
        self.talk = conversations.log_interaction(
            self.host,
            channel="meeting",
            occurred_at=self.at,
            project_ids=[where.pk],
            participants=[ParticipantDraft(party_id=self.aoi.pk)],
            subject="Survey results",
            **values,
        )
        self.invite()

    def invite(self, **values: object) -> None:
        given = {"title": "Survey results", "minutes": 45, **values}
        conversations.invite(self.host, self.talk, tokens=[f"party:{self.aoi.pk}"], **given)
        conversations.send_invitations(self.talk.pk)
        self.entry = event_of(outbox.outbox[-1])

    @property
    def guest(self) -> Invitee:
        return Invitee.objects.get(party=self.aoi)

    def answer(self, stands: str, *, sender: str = AOI, later: int = 1, **values: object) -> bytes:
        """The mail of her program, so many minutes later; ``values`` replace lines of its entry."""
        at = clock.now() + dt.timedelta(minutes=later)
        event = Event()
        lines = {
            "uid": str(self.entry["uid"]),
            "sequence": int(self.entry["sequence"]),
            "dtstamp": at,
            "dtstart": self.entry["dtstart"].dt,
            **values,
        }
        guest = vCalAddress(f"mailto:{lines.pop('guest', AOI)}")
        guest.params["PARTSTAT"] = stands
        event.add("attendee", guest, encode=0)
        for name, value in lines.items():
            if value is not None:
                event.add(name, value)
        calendar = Calendar()
        for name, value in (("prodid", "-//Kaze//Calendar//EN"), ("version", "2.0"), ("method", "REPLY")):
            calendar.add(name, value)
        calendar.add_component(event)
        return letter(calendar.to_ical(), sender=sender, at=at)


def read(box) -> None:
    with clock.standing_at(clock.now() + dt.timedelta(minutes=30)):
        services.read(box.pk)


def letter(data: bytes, *, sender: str, at: dt.datetime) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, USER, "Accepted: Survey results"
    made["Date"], made["Message-ID"] = format_datetime(at), f"<{at.timestamp()}@kaze.example>"
    made.set_content("I will be there.")
    made.add_alternative(data.decode(errors="replace"), subtype="calendar", params={"method": "REPLY"})
    return bytes(made)


def event_of(message) -> Event:
    (part,) = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]


def the_mail() -> Interaction:
    return next(one for one in stored() if one.channel == "email")


@pytest.mark.parametrize(
    ("stands", "answer"), [("ACCEPTED", "accepted"), ("TENTATIVE", "tentative"), ("DECLINED", "declined")]
)
def test_an_answer_of_a_calendar_program_stands_on_the_meeting_and_asks_nothing(
    add, office, where, stands, answer
):
    box, meeting = add(), Meeting(where)
    assert str(meeting.entry["organizer"]) == f"mailto:{USER}"
    office.put(meeting.answer(stands, comment="Ten minutes late,\nsorry."))
    read(box)
    one = meeting.guest
    assert (one.answer, one.note, one.noted_by_id) == (answer, "Ten minutes late, sorry.", None)
    assert (the_mail().text, the_mail().answer) == ("I will be there.", "none")
    (told,) = Notification.objects.filter(kind="invitation")
    assert told.user_id == meeting.host.user_id and told.title.startswith("Aoi Takahama ")
    entry = Entry.objects.unscoped("test").get(event="conversations.invitation_answered")
    assert (entry.via, entry.subject_id, entry.party_id) == ("mail", meeting.talk.pk, meeting.aoi.pk)

    # Her mind changed; the first mail, come once more, changes nothing.
    office.put(meeting.answer("DECLINED", later=5), meeting.answer("ACCEPTED", later=3))
    read(box)
    assert meeting.guest.answer == "declined"


def test_another_address_of_hers_and_a_program_that_leaves_out_the_moment_count_too(add, office, where):
    box, meeting = add(), Meeting(where)
    save_point(SYSTEM, meeting.aoi, PointDraft(kind="email", typed="aoi.takahama@home.example"))
    office.put(meeting.answer("ACCEPTED", sender="aoi.takahama@home.example", dtstart=None, dtstamp=None))
    read(box)
    assert meeting.guest.answer == "accepted"


@pytest.mark.parametrize(
    "told",
    [
        {"sender": "ben@quay.example"},
        {"sender": "ben@quay.example", "guest": "ben@quay.example"},
        {"guest": "ben@quay.example"},
        {"uid": "another@kaze.example"},
        {"stands": "DELEGATED"},
        {"dtstart": dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)},
        {"dtstart": None, "sequence": -1},
    ],
)
def test_what_is_not_certain_is_left_for_a_person_to_read(add, office, where, told):
    box, meeting = add(), Meeting(where)
    office.put(meeting.answer(told.pop("stands", "ACCEPTED"), **told))
    read(box)
    assert meeting.guest.answer == ""
    assert the_mail().answer == "waiting"
    assert not Notification.objects.filter(kind="invitation").exists()


@pytest.mark.parametrize(
    "data", [b"", b"BEGIN:VCALENDAR", b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR", b"\xff" * 200_000]
)
def test_a_broken_answer_is_a_mail_like_any_other(add, office, where, data):
    box, meeting = add(), Meeting(where)
    office.put(letter(data, sender=AOI, at=clock.now() + dt.timedelta(minutes=1)))
    read(box)
    assert (meeting.guest.answer, the_mail().answer) == ("", "waiting")


def test_a_forged_sender_answers_for_nobody(add, office, where):
    box, meeting = add(), Meeting(where)
    forged = b"Authentication-Results: mx.tidewall.example; spf=fail; dkim=fail; dmarc=fail\r\n"
    office.put(forged + meeting.answer("DECLINED"))
    read(box)
    assert meeting.guest.answer == ""


def test_an_answer_to_a_moved_meeting_or_one_that_is_off_does_not_count(add, office, where):
    box, meeting = add(), Meeting(where)
    old = meeting.answer("ACCEPTED")
    meeting.talk = conversations.change_interaction(
        meeting.host, meeting.talk, occurred_at=meeting.at + dt.timedelta(hours=1)
    )
    meeting.invite()
    office.put(old)
    read(box)
    assert meeting.guest.answer == ""
    # To the place as it is now it counts, though the program has not seen that it changed.
    seen = meeting.answer("ACCEPTED", later=2)
    meeting.invite(place="Town hall")
    office.put(seen)
    read(box)
    assert meeting.guest.answer == "accepted"
    conversations.call_off(meeting.host, meeting.talk)
    office.put(meeting.answer("DECLINED", later=3))
    read(box)
    assert meeting.guest.answer == "accepted"


def test_two_people_with_one_address_are_not_told_apart(add, office, where):
    box, meeting = add(), Meeting(where)
    ben = party(where, "Ben Takahama", email=AOI)
    conversations.change_interaction(
        meeting.host,
        meeting.talk,
        participants=[ParticipantDraft(party_id=pk) for pk in (meeting.aoi.pk, ben.pk)],
    )
    conversations.invite(
        meeting.host, meeting.talk, tokens=[f"party:{meeting.aoi.pk}", f"party:{ben.pk}"],
        title="Survey results", minutes=45,
    )  # fmt: skip
    office.put(meeting.answer("ACCEPTED"))
    read(box)
    assert [one.answer for one in Invitee.objects.all()] == ["", ""] and the_mail().answer == "waiting"


def test_answers_to_something_confidential_go_to_whoever_invites(add, where):
    add()
    meeting = Meeting(where, confidentiality=Level.CONFIDENTIAL)
    assert str(meeting.entry["organizer"]) != f"mailto:{USER}"
    add(name="Sealed", address="sealed@tidewall.example", folder="Sealed", confidentiality=Level.CONFIDENTIAL)
    meeting.invite(place="Here")
    assert str(meeting.entry["organizer"]) == "mailto:sealed@tidewall.example"


def test_a_mailbox_kept_apart_for_confidences_stands_on_no_other_invitation(add, where):
    box = add(address="ethics@tidewall.example", confidentiality=Level.CONFIDENTIAL)
    host = str(Meeting(where).entry["organizer"])
    assert host != "mailto:ethics@tidewall.example"
    assert host.removeprefix("mailto:") in User.objects.values_list("email", flat=True)
    # Nor one that nobody reads.
    Mailbox.objects.unscoped("test").filter(pk=box.pk).update(confidentiality=Level.INTERNAL, is_on=False)
    assert not queries.way_in(Interaction.objects.unscoped("test").get())
    Mailbox.objects.unscoped("test").update(is_on=True)
    assert queries.way_in(Interaction.objects.unscoped("test").get()) == "ethics@tidewall.example"
