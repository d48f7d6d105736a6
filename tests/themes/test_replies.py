"""You said, we did: it goes to whoever said it and agreed, in their language, to each of them once."""

from __future__ import annotations

import csv
import datetime as dt
import io
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Level, Via
from enishi.accounts.models import ProtectedField, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import ConsentPurpose, Party
from enishi.contacts.services import PointDraft, change_party, save_point, state_consent
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.themes import services
from enishi.themes.models import Reply, ReplyTo
from enishi.themes.queries import replies, sending
from enishi.themes.services import ThemeError, mark_passage
from enishi.timeline.models import Item, Notification
from factories import READ, SYSTEM, agent, manager, outsider, party, project
from themes.world import NOW, PUMPS, World, talk

DAY = NOW.date()
ENGLISH = {"en": ("Quieter pumps", "We bought quieter pumps."), "fr": ("Des pompes", "Nous avons changé.")}


@pytest.fixture
def news(db: None) -> ConsentPurpose:
    return ConsentPurpose.objects.create(code="answers", name="Answers")


def said(here: World, who: Party, *, by: Actor | None = None, **values: Any) -> Interaction:
    heard = talk(by or here.agent, here.project, [who], **values)
    mark_passage(by or here.agent, heard, *PUMPS, theme_ids=[here.night.pk], party_id=who.pk)
    return heard


def stated(who: Party, news: ConsentPurpose, state: str) -> None:
    state_consent(SYSTEM, who, purpose=news, state=state, stated_on=DAY)


def speaker(
    here: World, name: str, news: ConsentPurpose | None, *, state: str = "given", **values: Any
) -> Party:
    made = party(here.project, name, **values)
    said(here, made)
    if news is not None:
        if state == "withdrawn":
            stated(made, news, "given")
        stated(made, news, state)
    return made


def written(here: World, news: ConsentPurpose, by: Actor | None = None, **values: Any) -> Reply:
    given = {
        "theme": here.noise,
        "project": here.project,
        "since": DAY - dt.timedelta(days=30),
        "until": DAY,
        "purpose": news,
        "also_unstated": False,
        "words": ENGLISH,
    }
    return services.save_reply(by or here.agent, **(given | values))


def let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(minutes=6))
    services.send_due()


def test_who_gets_it_and_who_not_and_why(here, news):
    ada = speaker(here, "Ada", news, email="ada@quill.example", language="fr")
    bea = speaker(here, "Bea", news)
    save_point(SYSTEM, bea, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"}))
    no = speaker(here, "Cy", news, state="refused", email="cy@quill.example")
    gone = speaker(here, "Dot", news, state="withdrawn", email="dot@quill.example")
    silent = speaker(here, "Eve", None, email="eve@quill.example")
    nowhere = speaker(here, "Flo", news)
    over = speaker(here, "Jo", None, email="jo@quill.example")
    state_consent(
        SYSTEM, over, purpose=news, state="given", stated_on=DAY - dt.timedelta(days=9),
        valid_until=DAY - dt.timedelta(days=1),
    )  # fmt: skip
    dead = speaker(here, "Gus", news, email="gus@quill.example")
    change_party(SYSTEM, dead, status=Party.Status.DECEASED)
    # Not of the theme, not of the project, not of the period.
    other = party(here.project, "Hal", email="hal@quill.example")
    talk(here.agent, here.project, [other])
    late = party(here.project, "Ida", email="ida@quill.example")
    said(here, late, occurred_at=NOW - dt.timedelta(days=40))

    one = written(here, news)
    plan = replies.plan(here.agent, one)
    assert [(r.party.pk, r.address, r.language) for r in plan.mail] == [(ada.pk, "ada@quill.example", "fr")]
    assert [(r.party.pk, r.language) for r in plan.letters] == [(bea.pk, "en")]
    assert {left.party.pk: left.why for left in plan.left} == {
        no.pk: "Does not agree to “Answers”.",
        gone.pk: "Does not agree to “Answers”.",
        silent.pk: "Has not said that they agree to “Answers”.",
        over.pk: "Their consent to “Answers” ran out.",
        nowhere.pk: "No e-mail and no postal address that works.",
        dead.pk: "Deceased",
    }
    wider = services.save_reply(
        here.agent,
        one,
        theme=here.noise,
        project=here.project,
        since=one.since,
        until=one.until,
        purpose=news,
        also_unstated=True,
        words=ENGLISH,
    )
    plan = replies.plan(here.agent, wider)
    assert {r.party.pk for r in plan.mail} == {ada.pk, silent.pk}


def test_it_goes_once_in_their_language_and_stands_on_their_record(here, news, monkeypatch):
    ada = speaker(here, "Ada", news, email="ada@quill.example", language="fr")
    said(here, ada, subject="Said twice")
    bea = speaker(here, "Bea", news)
    save_point(SYSTEM, bea, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"}))
    one = written(here, news)
    services.send_reply(here.agent, one.pk)
    services.send_due()
    assert mail.outbox == []
    let_go(monkeypatch)
    services.send_due()
    [sent] = mail.outbox
    worker = User.objects.get(pk=here.agent.user_id)
    assert (sent.to, sent.subject, sent.body) == (["ada@quill.example"], *ENGLISH["fr"])
    assert sent.reply_to == [worker.email]
    logged = Interaction.objects.unscoped("of this test").filter(direction="out").order_by("pk")
    assert [(t.channel, t.subject, t.language) for t in logged] == [
        ("email", "Des pompes", "fr"),
        ("letter", "Quieter pumps", "en"),
    ]
    for who, one_talk in zip((ada, bea), logged, strict=True):
        assert Item.objects.unscoped("of this test").filter(party_id=who.pk, subject_id=one_talk.pk).exists()
    one.refresh_from_db()
    assert one.state == "sent" and sending.counts(one) == {"sent": 2}
    assert Notification.objects.get(user=worker, kind="reply").url == f"/themes/done/{one.pk}/"
    with pytest.raises(ThemeError):
        services.send_reply(here.agent, one.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReplyTo.objects.create(reply=one, party=ada, way="email", address="x@y.example", language="en")


def test_what_changed_since_it_was_released_counts(here, news, monkeypatch):
    """Somebody takes consent back, another becomes confidential, a third gets another address."""
    ada = speaker(here, "Ada", news, email="ada@quill.example")
    bea = speaker(here, "Bea", news, email="bea@quill.example")
    cy = speaker(here, "Cy", news, email="cy@quill.example")
    one = written(here, news)
    services.send_reply(here.agent, one.pk)
    stated(ada, news, "withdrawn")
    change_party(SYSTEM, bea, confidentiality=Level.RESTRICTED)
    point = cy.points.get()
    save_point(SYSTEM, cy, PointDraft("email", "cyrus@quill.example"), point=point)
    let_go(monkeypatch)
    assert [message.to for message in mail.outbox] == [["cyrus@quill.example"]]
    assert sending.counts(one) == {"sent": 1}


def test_stopped_before_anything_went_it_can_be_sent_again(here, news, monkeypatch):
    speaker(here, "Ada", news, email="ada@quill.example")
    one = written(here, news)
    services.send_reply(here.agent, one.pk)
    services.stop_reply(here.agent, one.pk)
    let_go(monkeypatch)
    assert mail.outbox == []
    one.refresh_from_db()
    assert (one.state, one.goes_at, one.people.count()) == ("draft", None, 0)


def test_killed_in_between_nobody_gets_it_twice(here, news, monkeypatch):
    speaker(here, "Ada", news, email="ada@quill.example")
    bea = speaker(here, "Bea", news, email="bea@quill.example")
    one = written(here, news)
    services.send_reply(here.agent, one.pk)

    def killed(*_args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("enishi.themes.services.replies._log", killed)
        with pytest.raises(SystemExit):
            let_go(monkeypatch)
    services.send_due()
    assert [message.to[0] for message in mail.outbox] == ["ada@quill.example", "bea@quill.example"]
    assert sending.counts(one) == {"going": 1, "sent": 1}
    assert one.people.get(state="sent").party_id == bea.pk


def test_a_refused_address_is_named_and_a_silent_server_is_asked_again(here, news, monkeypatch):
    speaker(here, "Ada", news, email="ada@quill.example")
    speaker(here, "Bea", news, email="bea@quill.example")
    one = written(here, news)
    services.send_reply(here.agent, one.pk)
    answers: list[Exception | None] = [smtplib.SMTPRecipientsRefused({}), ConnectionRefusedError(), None]

    def send(_message: object) -> int:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
    let_go(monkeypatch)
    assert sending.counts(one) == {"failed": 1, "waiting": 1}
    services.send_due()
    assert sending.counts(one) == {"failed": 1, "sent": 1}


def test_nobody_reads_or_sends_beyond_their_rights(here, news):
    speaker(here, "Ada", news, email="ada@quill.example")
    boss = manager(here.project)
    hidden = party(here.project, "Zymurgia", email="z@quill.example", confidentiality=Level.CONFIDENTIAL)
    said(here, hidden, by=boss)
    stated(hidden, news, "given")
    one = written(here, news)
    assert len(replies.plan(boss, one).mail) == 2
    assert [r.party.full_name for r in replies.plan(here.agent, one).mail] == ["Ada"]
    reader = agent(here.project, codes=READ)
    with pytest.raises(Forbidden):
        services.send_reply(reader, one.pk)
    with pytest.raises(Forbidden):
        written(here, news, by=reader)
    with pytest.raises(Reply.DoesNotExist):
        services.send_reply(outsider(), one.pk)
    with pytest.raises(Forbidden):
        written(here, news, project=project("Elsewhere"))


@pytest.mark.parametrize(
    "values",
    [
        {"words": {}},
        {"words": {"en": ("Only a subject", "")}},
        {"since": DAY + dt.timedelta(days=1)},
    ],
)
def test_what_cannot_be_sent_is_refused(here, news, values):
    with pytest.raises(ThemeError):
        written(here, news, **values)


def test_the_pages_from_the_theme_to_the_letters(here, news, monkeypatch):
    speaker(here, "Ada", news, email="ada@quill.example")
    bea = speaker(here, "Bea", news)
    save_point(SYSTEM, bea, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"}))
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    theme = f"/themes/{here.noise.pk}/"
    assert f"{theme}done/" in browser.get(theme).content.decode()
    given = {
        "project": here.project.pk, "since": "2026-10-17", "until": "2026-11-17", "purpose": news.pk,
        "subject_en": "Quieter pumps", "text_en": "We bought quieter pumps.",
    }  # fmt: skip
    assert browser.post(f"{theme}done/", {**given, "text_en": ""}).status_code == 422
    answer = browser.post(f"{theme}done/", given)
    one = Reply.objects.unscoped("of this test").get()
    assert answer["Location"] == f"/themes/done/{one.pk}/"
    page = browser.get(f"/themes/done/{one.pk}/").content.decode()
    assert "2 people get it." in page and "ada@quill.example" in page and "1 Cliff Road" in page
    assert browser.post(f"/themes/done/{one.pk}/edit/", given).status_code == 302
    assert browser.post(f"/themes/done/{one.pk}/send/").status_code == 302
    let_go(monkeypatch)
    page = browser.get(f"/themes/done/{one.pk}/").content.decode()
    assert "Who was told" in page and "Ada" in page
    kept = browser.get(f"/themes/done/{one.pk}/letters.csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(kept)))
    assert len(rows) == 2 and rows[1][0] == "Bea" and "Cliff Road" in rows[1][1]
    assert rows[1][3:] == ["Quieter pumps", "We bought quieter pumps."]
    assert "1 person told" not in browser.get(theme).content.decode()
    assert "2 people told" in browser.get(theme).content.decode()


def test_whoever_writes_need_not_see_where(here, news):
    speaker(here, "Ada", news, email="ada@quill.example")
    bea = speaker(here, "Bea", news)
    save_point(SYSTEM, bea, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"}))
    one = written(here, news)
    for name in ("contacts.email", "contacts.address"):
        ProtectedField.objects.create(name=name)
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    page = browser.get(f"/themes/done/{one.pk}/").content.decode()
    assert "Ada" in page and "Bea" in page
    assert "quill.example" not in page and "Cliff" not in page
    letters = browser.get(f"/themes/done/{one.pk}/letters.csv").content.decode("utf-8-sig")
    assert [(row["Name"], row["Address"]) for row in csv.DictReader(io.StringIO(letters))] == [("Bea", "")]
    plan = replies.plan(actor_of(User.objects.get(pk=here.agent.user_id), via=Via.JOB), one)
    assert [(r.address, r.shown) for r in plan.mail] == [("ada@quill.example", False)]
