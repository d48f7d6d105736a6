"""Invitations: who gets which mail and which entry for their calendar, what they answer, and what never leaves the house."""

from __future__ import annotations

import datetime as dt
import json
import re
import smtplib
from email.message import EmailMessage

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import Project, User
from enishi.contacts.models import ConsentPurpose, ContactPoint, Party
from enishi.contacts.services.ties import state_consent
from enishi.conversations import queries, services
from enishi.conversations.models import Interaction, Invitation, Invitee
from enishi.conversations.queries.invitations import invitee, token_of
from enishi.conversations.services import ConversationError, ParticipantDraft, ServerAway
from enishi.core import clock
from enishi.timeline.models import Entry, Notification
from factories import READ, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
AT = dt.datetime(2026, 11, 24, 14, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _now():
    cache.clear()
    with clock.standing_at(NOW):
        yield


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


class Here:
    """A meeting in four days with somebody Japanese, a colleague, and somebody who has no address."""

    def __init__(self, **values: object) -> None:
        self.project: Project = project("Tidewall East")
        self.actor = agent(self.project)
        self.host = _user(self.actor)
        self.host.time_zone = "Europe/London"
        self.host.save()
        self.colleague = _user(agent(self.project))
        self.aoi = party(self.project, "Tanaka Aoi", email="aoi@tanaka.example", language="ja")
        self.bo = party(self.project, "Bo Silent")
        drafts = [
            ParticipantDraft(party_id=self.aoi.pk),
            ParticipantDraft(party_id=self.bo.pk),
            ParticipantDraft(user_id=self.colleague.pk),
            ParticipantDraft(user_id=self.host.pk),
            ParticipantDraft(name="Somebody from the harbour"),
        ]
        given = {"subject": "Survey results", "place": "Town hall", "minutes": 45, **values}
        self.talk = services.log_interaction(
            self.actor,
            channel="meeting",
            occurred_at=AT,
            project_ids=[self.project.pk],
            participants=drafts,
            **given,
        )

    @property
    def tokens(self) -> list[str]:
        return [f"party:{self.aoi.pk}", f"user:{self.colleague.pk}"]

    def invite(self, tokens: list[str] | None = None, **values: object) -> Invitation:
        given = {"title": "Survey results", "place": "Town hall", "minutes": 45, **values}
        made = services.invite(
            self.actor, self.talk, tokens=self.tokens if tokens is None else tokens, **given
        )
        services.send_invitations(self.talk.pk)
        return made

    def guest(self, who: Party | User) -> Invitee:
        field = "party" if isinstance(who, Party) else "user"
        return Invitee.objects.get(**{field: who})

    def address(self, who: Party | User) -> str:
        return f"/invitation/{token_of(self.guest(who))}/"


def _event(message: EmailMessage, method: str):
    """The one event of a mail, from the part that calendar programs read; the file beside it says the same."""
    parts = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 1 and parts[0].get_param("method") == method
    text = parts[0].get_payload(decode=True)
    files = [part for part in message.message().walk() if part.get_filename() == "meeting.ics"]
    assert len(files) == 1
    assert b"".join(files[0].get_payload(decode=True).split()) == b"".join(text.split())
    calendar = Calendar.from_ical(text)
    assert str(calendar["method"]) == method
    return calendar.walk("VEVENT")[0]


def test_each_gets_a_mail_in_their_language_with_an_entry_that_names_nobody_else():
    here = Here()
    assert [(one.name, one.why) for one in queries.guests(here.actor, here.talk)] == [
        ("Tanaka Aoi", ""),
        ("Bo Silent", "No e-mail address that works."),
        ("Agent", ""),
        ("Agent", ""),
    ]
    assert queries.nameless(here.actor, here.talk) == ["Somebody from the harbour"]
    here.invite(words="Please bring the deed.")
    first, second = mail.outbox
    assert (first.to, second.to) == (["aoi@tanaka.example"], [here.colleague.email])
    assert first.reply_to == [here.host.email]
    assert "2026年11月24日" in first.subject and "Survey results" in first.subject
    assert second.subject == "Invitation: Survey results, Tuesday 24 November 2026, 14:00"
    for message in (first, second):
        event = _event(message, "REQUEST")
        assert str(event["uid"]).startswith(f"conversation-{here.talk.pk}@")
        assert (event["sequence"], event.decoded("dtstart"), event.decoded("dtend")) == (
            0, AT, AT + dt.timedelta(minutes=45),
        )  # fmt: skip
        assert event["dtstart"].params["TZID"] == "Europe/London"
        assert (str(event["location"]), str(event["status"])) == ("Town hall", "CONFIRMED")
        assert str(event["organizer"]) == f"mailto:{here.host.email}"
        assert str(event["attendee"]) == f"mailto:{message.to[0]}"
        assert event["attendee"].params["PARTSTAT"] == "NEEDS-ACTION"
        assert token_of(here.guest(here.aoi if message is first else here.colleague)) in str(
            event["description"]
        )
    everything = first.message().as_string() + str(_event(first, "REQUEST").to_ical())
    assert here.colleague.email not in everything and "Bo Silent" not in everything
    assert set(Invitee.objects.values_list("state", "told")) == {("sent", True)}
    services.send_invitations(here.talk.pk)
    assert len(mail.outbox) == 2


def test_odd_words_are_folded_and_escaped():
    here = Here()
    title = 'Größe, und; "weiter" \\ ' + "測量結果の説明会" * 12
    here.invite(title=title, words="one\ntwo; three, four")
    raw = next(
        part for part in mail.outbox[0].message().walk() if part.get_content_type() == "text/calendar"
    ).get_payload(decode=True)
    assert all(len(line) <= 75 for line in raw.replace(b"\r\n", b"\n").split(b"\n"))
    event = _event(mail.outbox[0], "REQUEST")
    assert str(event["summary"]) == title
    assert str(event["description"]).startswith("one\ntwo; three, four\n")
    zones = Calendar.from_ical(raw).walk("VTIMEZONE")
    assert [str(one["tzid"]) for one in zones] == ["Europe/London"]


def test_a_change_raises_the_sequence_and_a_moved_meeting_asks_again():
    here = Here()
    here.invite()
    services.answer_invitation(token_of(here.guest(here.aoi)), answer="accepted", note="With my son")
    mail.outbox.clear()
    here.invite()
    assert mail.outbox == []
    here.invite(place="School")
    assert [_event(one, "REQUEST")["sequence"] for one in mail.outbox] == [1, 1]
    assert _event(mail.outbox[0], "REQUEST")["attendee"].params["PARTSTAT"] == "ACCEPTED"
    assert mail.outbox[1].subject.startswith("Changed: ")
    assert here.guest(here.aoi).answer == "accepted"
    mail.outbox.clear()
    services.change_interaction(here.actor, here.talk, occurred_at=AT + dt.timedelta(days=1))
    assert queries.invited(here.actor, Interaction.objects.unscoped("test").get()).has_moved
    here.invite(place="School")
    event = _event(mail.outbox[0], "REQUEST")
    assert (event["sequence"], event.decoded("dtstart")) == (2, AT + dt.timedelta(days=1))
    assert (here.guest(here.aoi).answer, here.guest(here.aoi).note) == ("", "")
    assert Invitation.objects.get().uid == str(event["uid"])


def test_whoever_is_left_out_gets_it_called_off_for_them_alone():
    here = Here()
    here.invite()
    mail.outbox.clear()
    gone = here.address(here.aoi)
    here.invite([f"user:{here.colleague.pk}"])
    assert [one.to for one in mail.outbox] == [["aoi@tanaka.example"]]
    event = _event(mail.outbox[0], "CANCEL")
    assert (event["sequence"], str(event["status"])) == (1, "CANCELLED")
    assert Client().get(gone).status_code == 404
    assert [one.user for one in queries.invited(here.actor, here.talk).invitees] == [here.colleague]
    mail.outbox.clear()
    here.invite()
    assert [(one.to, _event(one, "REQUEST")["sequence"]) for one in mail.outbox] == [
        (["aoi@tanaka.example"], 2)
    ]
    assert Client().get(gone).status_code == 200


def test_calling_off_and_throwing_away_tell_everybody():
    here = Here()
    here.invite()
    mail.outbox.clear()
    services.call_off(here.actor, here.talk)
    services.send_invitations(here.talk.pk)
    assert [_event(one, "CANCEL")["sequence"] for one in mail.outbox] == [1, 1]
    assert mail.outbox[1].subject.startswith("Called off: Survey results")
    page = Client().get(here.address(here.aoi)).content.decode()
    assert "It was called off." in page and '<form method="post" action="/invitation' not in page
    assert services.answer_invitation(token_of(here.guest(here.aoi)), answer="accepted") is None
    mail.outbox.clear()
    here.invite()
    assert [_event(one, "REQUEST")["sequence"] for one in mail.outbox] == [2, 2]
    mail.outbox.clear()
    services.delete_interaction(here.actor, here.talk)
    services.call_off_deleted(here.actor, here.talk.pk)
    services.call_off_deleted(here.actor, here.talk.pk)
    services.send_invitations(here.talk.pk)
    assert [_event(one, "CANCEL")["sequence"] for one in mail.outbox] == [3, 3]


def test_answers_come_from_the_page_and_opening_it_answers_nothing():
    here = Here()
    here.invite()
    address, outside = here.address(here.aoi), Client()
    page = outside.get(address)
    assert page.status_code == 200 and "no-store, private" in page["Cache-Control"]
    text = page.content.decode()
    assert "Survey results" in text and "Town hall" in text and "14:00" in text
    assert here.colleague.email not in text and "Tidewall" not in text
    assert here.guest(here.aoi).answer == ""
    assert outside.post(address, {"answer": "never"}).status_code == 422
    kept = outside.post(address, {"answer": "tentative", "note": "If the ferry goes"})
    assert kept.status_code == 200 and "Your answer is kept: Perhaps." in kept.content.decode()
    one = here.guest(here.aoi)
    assert (one.answer, one.note, one.answered_at, one.noted_by) == (
        "tentative",
        "If the ferry goes",
        NOW,
        None,
    )
    assert list(Notification.objects.values_list("user", "title")) == [
        (here.host.pk, "Tanaka Aoi perhaps comes to “Survey results”")
    ]
    entry = Entry.objects.unscoped("test").get(event="conversations.invitation_answered")
    assert (entry.actor_name, entry.subject_id, entry.changes) == (
        "public page",
        here.talk.pk,
        {
            "invitee": [None, "Tanaka Aoi"],
            "invitation_answer": ["", "tentative"],
            "invitation_note": ["", "If the ferry goes"],
        },
    )
    staff = Client()
    staff.force_login(here.host)
    shown = staff.get(f"/conversations/{here.talk.pk}/").content.decode()
    assert "If the ferry goes" in shown and "Perhaps" in shown
    history = staff.get(f"/history/of/conversations.interaction/{here.talk.pk}/").content.decode()
    assert "Invitation answered" in history and "Perhaps" in history and "tentative" not in history
    with clock.standing_at(AT + dt.timedelta(hours=1)):
        assert "It is over." in outside.get(address).content.decode()
        assert services.answer_invitation(token_of(one), answer="accepted") is None


def test_wrong_links_get_one_answer_and_tries_end():
    here = Here()
    here.invite()
    right = token_of(here.guest(here.aoi))
    wrong = ["nonsense", right[:-1], f"999999:{right.partition(':')[2]}"]
    answers = {(page.status_code, re.sub(rb'"[^"]*"|[\w-]{60,}', b"", page.content)) for page in (
        Client().get(f"/invitation/{token}/") for token in wrong
    )}  # fmt: skip
    assert len(answers) == 1 and next(iter(answers))[0] == 404
    for _n in range(30):
        last = Client().get("/invitation/nonsense/")
    assert last.status_code == 429
    assert Client().get(here.address(here.aoi)).status_code == 200
    for _n in range(21):
        last = Client().post(here.address(here.aoi), {"answer": "accepted"})
    assert last.status_code == 429


def test_who_refused_bounced_or_died_is_not_invited(built_in):
    here = Here()
    events = ConsentPurpose.objects.get(code="events")
    state_consent(here.actor, here.aoi, purpose=events, state="refused", stated_on=NOW.date())
    ContactPoint.objects.create(
        party=here.bo, kind="email", value="bo@x.example", key="bo@x.example", status="bounced"
    )
    whys = {one.name: one.why for one in queries.guests(here.actor, here.talk)}
    assert whys["Tanaka Aoi"] == "Does not want invitations."
    assert whys["Bo Silent"] == "No e-mail address that works."
    with pytest.raises(ConversationError, match="Tanaka Aoi cannot be invited"):
        here.invite()
    with pytest.raises(ConversationError, match="Choose somebody"):
        here.invite(["party:99999"])
    with pytest.raises(ConversationError, match="few words"):
        here.invite([here.tokens[1]], title=" ")
    assert Invitation.objects.count() == 0 and mail.outbox == []


def test_only_to_what_is_to_come_and_only_with_the_right():
    here = Here()
    reader = agent(here.project, codes=READ)
    for actor, error in ((reader, Forbidden), (outsider(), Interaction.DoesNotExist)):
        for attempt in (
            lambda who: services.invite(who, here.talk, tokens=here.tokens, title="x"),
            lambda who: services.call_off(who, here.talk),
            lambda who: services.note_answer(who, here.talk, 1, answer="accepted"),
        ):
            with pytest.raises(error):
                attempt(actor)
    with (
        clock.standing_at(AT + dt.timedelta(minutes=1)),
        pytest.raises(ConversationError, match="still to come"),
    ):
        here.invite()
    client = Client()
    client.force_login(here.host)
    with clock.standing_at(AT + dt.timedelta(minutes=1)):
        assert client.get(f"/conversations/{here.talk.pk}/invite/").status_code == 404


def test_somebody_more_confidential_is_neither_shown_nor_forgotten():
    here = Here()
    boss = manager(here.project)
    hidden = party(
        here.project, "Hidden Hana", email="hana@x.example", by=boss, confidentiality=Level.RESTRICTED
    )
    people = [ParticipantDraft(party_id=pk) for pk in (here.aoi.pk, hidden.pk)]
    services.change_interaction(boss, here.talk, participants=people)
    services.invite(
        boss, here.talk, tokens=[here.tokens[0], f"party:{hidden.pk}"], title="Survey", minutes=45
    )
    services.send_invitations(here.talk.pk)
    services.answer_invitation(token_of(here.guest(hidden)), answer="declined")
    assert [one.name for one in queries.invited(here.actor, here.talk).invitees] == ["Tanaka Aoi"]
    with pytest.raises(Invitee.DoesNotExist):
        invitee(here.actor, here.talk, here.guest(hidden).pk)
    entry = Entry.objects.unscoped("test").get(event="conversations.invitation_answered")
    assert "Hana" not in json.dumps(entry.changes)
    mail.outbox.clear()
    here.invite([here.tokens[0]], title="Survey, moved")
    assert sorted(one.to[0] for one in mail.outbox) == ["aoi@tanaka.example", "hana@x.example"]
    assert not here.guest(hidden).taken_back


def test_nothing_of_a_confidential_meeting_is_proposed_or_told():
    here = Here()
    boss = manager(here.project)
    services.change_interaction(boss, here.talk, confidentiality=Level.CONFIDENTIAL)
    client = Client()
    client.force_login(_user(boss))
    page = client.get(f"/conversations/{here.talk.pk}/invite/").content.decode()
    assert 'name="title" value="' not in page and "leaves the house" in page
    data = {"title": "A talk", "minutes": "30", "who": [here.tokens[0]]}
    assert client.post(f"/conversations/{here.talk.pk}/invite/", data).status_code == 302
    services.send_invitations(here.talk.pk)
    services.answer_invitation(token_of(here.guest(here.aoi)), answer="accepted")
    whole = mail.outbox[0].message().as_string()
    assert "Survey results" not in whole and "Town hall" not in whole
    assert Notification.objects.get().title == "Somebody answered an invitation to something confidential."
    own = client.get(f"/conversations/{here.talk.pk}/meeting.ics").content.decode()
    assert "\r\nSUMMARY;LANGUAGE=en:Meeting\r\n" in own and "Survey" not in own and "Town hall" not in own


def test_the_pages_invite_note_and_give_the_file():
    here = Here()
    client = Client()
    client.force_login(here.host)
    base = f"/conversations/{here.talk.pk}/"
    assert f'href="{base}invite/"' in client.get(base).content.decode()
    page = client.get(f"{base}invite/").content.decode()
    assert re.findall(r'name="who" value="([^"]+)" checked', page) == here.tokens
    assert re.findall(r'name="who" value="([^"]+)" disabled', page) == [f"party:{here.bo.pk}"]
    assert client.post(f"{base}invite/", {"title": "Survey", "minutes": "45"}).status_code == 422
    given = {"title": "Survey", "minutes": "45", "who": here.tokens}
    assert client.post(f"{base}invite/", given)["Location"] == base
    one = here.guest(here.aoi)
    assert client.post(f"{base}invited/{one.pk}/", {"answer": "declined"}).status_code == 302
    one.refresh_from_db()
    assert (one.answer, one.noted_by) == ("declined", here.host)
    assert "noted by Agent" in client.get(base).content.decode()
    assert client.post(f"{base}invited/999999/", {"answer": "declined"}).status_code == 404
    file = client.get(f"{base}meeting.ics")
    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    event = Calendar.from_ical(file.content).walk("VEVENT")[0]
    assert (str(event["summary"]), event.decoded("dtstart"), "attendee" in event) == (
        "Survey results",
        AT,
        False,
    )
    assert client.post(f"{base}call-off/").status_code == 302
    assert "Called off on 20 Nov" in client.get(base).content.decode().replace("\n", "")


def test_a_server_that_is_away_is_tried_again_and_a_refused_address_is_said(monkeypatch):
    here = Here()
    services.invite(here.actor, here.talk, tokens=here.tokens, title="Survey")
    fails: list[Exception] = [ConnectionRefusedError(), smtplib.SMTPRecipientsRefused({})]
    real = mail.EmailMultiAlternatives.send

    def send(self, *args, **kwargs):
        if fails:
            raise fails.pop(0)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
    with pytest.raises(ServerAway):
        services.send_invitations(here.talk.pk)
    assert set(Invitee.objects.values_list("state", flat=True)) == {"waiting"}
    services.send_invitations(here.talk.pk)
    assert [here.guest(here.aoi).state, here.guest(here.colleague).state] == ["failed", "sent"]
    services.call_off(here.actor, here.talk)
    mail.outbox.clear()
    services.send_invitations(here.talk.pk)
    assert [one.to for one in mail.outbox] == [[here.colleague.email]]


def test_what_was_cut_off_midway_goes_once_more_into_the_same_entry():
    here = Here()
    here.invite()
    before = _event(next(one for one in mail.outbox if one.to == [here.colleague.email]), "REQUEST")
    mail.outbox.clear()
    Invitee.objects.filter(user=here.colleague).update(state="going")
    services.send_invitations(here.talk.pk)
    [again] = mail.outbox
    event = _event(again, "REQUEST")
    assert again.to == [here.colleague.email]
    assert [event[name] for name in ("UID", "SEQUENCE")] == [before[name] for name in ("UID", "SEQUENCE")]
    assert here.guest(here.colleague).state == "sent"


def test_words_go_with_those_of_the_conversation():
    from enishi.conversations.services.silencing import silence

    here = Here()
    here.invite(words="Secret words")
    services.answer_invitation(token_of(here.guest(here.aoi)), answer="accepted", note="Secret note")
    silence([here.talk.pk])
    kept = Invitation.objects.get()
    assert (kept.title, kept.place, kept.text) == ("Words erased", "", "")
    assert here.guest(here.aoi).note == ""


def test_a_page_of_a_meeting_asks_the_same_number_of_queries_however_many_are_invited(
    django_assert_num_queries,
):
    here = Here()
    here.invite([here.tokens[0]])
    with django_assert_num_queries(2):
        queries.invited(here.actor, here.talk)
    here.invite()
    with django_assert_num_queries(2):
        queries.invited(here.actor, here.talk)
