"""Answering an e-mail from its page: through a real mail server, once, and filed in its thread."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from conversations.mailboxes import mail, people, stored
from enishi.accounts.access import Forbidden, Level
from enishi.conversations.models import Interaction
from enishi.conversations.services.silencing import silence
from enishi.core import clock
from enishi.mailboxes import queries, services
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Reply
from enishi.mailboxes.services import replies
from enishi.timeline.models import Entry, Notification
from factories import READ, agent, outsider
from mailboxes.server import USER
from mailboxes.test_reading import fresh, now
from mailboxes.test_views import browser

pytestmark = pytest.mark.django_db


def answered(actor, question, box, **values) -> Reply:
    given = {
        "to": ["aoi@kaze.example"],
        "cc": [],
        "subject": "Re: Night noise",
        "body": "We measure on Monday.",
    }
    return services.reply(actor, question, box, **{**given, **values})


def test_an_answer_goes_once_and_stands_in_the_thread(box, question, office, where, smtp):
    worker = agent(where)
    client = browser(worker)
    page = client.get(f"/conversations/{question.pk}/").content.decode()
    assert f"/mailboxes/reply/{question.pk}/" in page
    form = client.get(f"/mailboxes/reply/{question.pk}/").content.decode()
    assert 'value="aoi@kaze.example"' in form and 'value="ben@quay.example"' in form
    assert 'value="Re: Night noise"' in form
    sent = client.post(
        f"/mailboxes/reply/{question.pk}/",
        {
            "mailbox": box.pk,
            "to": "aoi@kaze.example",
            "cc": "ben@quay.example",
            "subject": "Re: Night noise",
            "text": "We measure.",
        },
    )
    assert sent.status_code == 302
    waiting = Reply.objects.get()
    assert "Waits to be sent" in client.get(f"/conversations/{question.pk}/").content.decode()
    services.send(waiting.pk)
    services.send(waiting.pk)
    ((to, message, raw),) = smtp.got
    assert to == ["aoi@kaze.example", "ben@quay.example"]
    assert (
        message["From"] == f"Agent <{USER}>" and message["Subject"] == f"Re: Night noise [#{waiting.token}]"
    )
    assert message["In-Reply-To"] == message["References"] == "<1@kaze.example>"
    asked, answer = stored()
    assert (asked.answer, answer.direction, answer.thread_id) == ("answered", "out", asked.thread_id)
    assert (answer.user_id, answer.project_ids, answer.confidentiality) == (worker.user_id, [where.pk], 1)
    assert people(answer)[0][2] == USER and people(answer)[1][2:4] == (
        "aoi@kaze.example",
        people(asked)[0][3],
    )
    assert Reply.objects.count() == 0
    entries = Entry.objects.unscoped("test").filter(user=worker.user_id).order_by("pk")
    assert [one.event for one in entries] == [
        "mailboxes.reply_written", "conversations.interaction_logged", "conversations.interaction_changed",
    ]  # fmt: skip
    # The copy that the server keeps is the same mail.
    office.put(raw)
    services.read(box.pk)
    assert len(stored()) == 2


def test_it_answers_also_who_wrote_with_a_clock_that_is_ahead(box, office, where, smtp):
    office.put(fresh(1, at=clock.now() + dt.timedelta(minutes=5)))
    services.read(box.pk)
    (asked,) = stored()
    services.send(answered(agent(where), asked, box).pk)
    assert [one.answer for one in stored() if one.direction == "in"] == ["answered"]


def test_the_answer_to_it_is_found_by_the_token_alone(box, question, office, where, smtp):
    services.send(answered(agent(where), question, box).pk)
    (_to, message, _raw) = smtp.got[0]
    lost = mail(
        9,
        subject=str(message["Subject"]).replace("Re:", "AW:"),
        sender="somebody@else.example",
        at=clock.now(),
    )
    office.put(lost)
    services.read(box.pk)
    assert {one.thread_id for one in stored()} == {now_thread(question)} and len(stored()) == 3


def now_thread(question: Interaction) -> int | None:
    return Interaction.objects.unscoped("test").get(pk=question.pk).thread_id


def test_what_was_not_taken_is_said_and_sent_again_under_the_same_name(box, question, where, smtp):
    worker = agent(where)
    smtp.refuses = True
    waiting = answered(worker, question, box)
    services.send(waiting.pk)
    client = browser(worker)
    page = client.get(f"/conversations/{question.pk}/").content.decode()
    assert "The mail server did not take it." in page
    (told,) = Notification.objects.all()
    assert (told.user_id, told.title) == (worker.user_id, "An answer by e-mail was not sent.")
    assert len(stored()) == 1 and stored()[0].answer == "waiting"
    smtp.refuses = False
    client.post(f"/mailboxes/replies/{waiting.pk}/again/")
    services.send(waiting.pk)
    assert smtp.got[0][1]["Message-ID"] == f"<{waiting.token}@tidewall.example>"
    assert len(stored()) == 2


def test_a_worker_that_dies_after_it_went_sends_nothing_twice(box, question, where, smtp, monkeypatch):
    waiting = answered(agent(where), question, box)

    def die(*args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(replies, "_file", die)
        services.send(waiting.pk)
    services.send(waiting.pk)
    assert len(smtp.got) == 1 and Reply.objects.get().state == "going"


def test_a_server_that_looks_into_a_mail_for_long_is_waited_for(box, question, where, smtp, monkeypatch):
    """Who gave up would say that it was not sent, and it would go twice."""
    monkeypatch.setattr("enishi.mailboxes.smtp.SILENT_S", 0.5)
    smtp.thinks_s = 1.0
    services.send(answered(agent(where), question, box).pk)
    assert len(smtp.got) == 1 and Reply.objects.count() == 0 and len(stored()) == 2


def test_what_did_not_go_can_be_thrown_away(box, question, where, smtp):
    worker = agent(where)
    waiting = answered(worker, question, box)
    client = browser(worker)
    # Not while it is about to go.
    client.post(f"/mailboxes/replies/{waiting.pk}/drop/")
    assert Reply.objects.count() == 1
    Reply.objects.update(state="failed")
    client.post(f"/mailboxes/replies/{waiting.pk}/drop/")
    assert Reply.objects.count() == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [({"to": []}, "to"), ({"to": ["nobody"]}, "to"), ({"cc": ["a@b@c"]}, "cc"), ({"body": " "}, "text"),
     ({"to": [f"a{n}@b.example" for n in range(60)]}, "to")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused(box, question, where, values, field):
    with pytest.raises(services.MailboxError) as caught:
        answered(agent(where), question, box, **values)
    assert caught.value.field == field and Reply.objects.count() == 0


def test_who_may_not_write_there_answers_nothing(box, question, where, smtp):
    reader = agent(where, codes=READ)
    assert queries.ways_out(reader, question) == []
    with pytest.raises(Forbidden):
        answered(reader, question, box)
    waiting = answered(agent(where), question, box)
    stranger = browser(outsider())
    assert stranger.get(f"/mailboxes/reply/{question.pk}/").status_code == 404
    assert stranger.post(f"/mailboxes/replies/{waiting.pk}/drop/").status_code == 404
    assert browser(reader).get(f"/mailboxes/reply/{question.pk}/").status_code == 403
    assert browser(reader).post(f"/mailboxes/replies/{waiting.pk}/again/").status_code == 403
    # Who lost the right in the meantime sends nothing.
    Reply.objects.update(user=reader.user_id)
    services.send(waiting.pk)
    assert smtp.got == [] and Reply.objects.get().state == "failed"


def test_a_mailbox_beyond_ones_clearance_is_no_way_out(box, question, where):
    Mailbox.objects.unscoped("test").update(confidentiality=Level.CONFIDENTIAL)
    worker = agent(where)
    assert queries.ways_out(worker, question) == []
    assert browser(worker).get(f"/mailboxes/reply/{question.pk}/").status_code == 404


def test_the_test_tries_sending_too(box, boss, smtp):
    assert services.test(boss, box.pk) == 0
    Mailbox.objects.unscoped("test").update(smtp_port=1)
    with pytest.raises(Failed) as caught:
        services.test(boss, now(box).pk)
    assert caught.value.trouble == "unreached"


def test_a_server_inside_is_given_nothing(box, question, where, smtp, settings):
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    Mailbox.objects.unscoped("test").update(smtp_security="tls")
    services.send(answered(agent(where), question, box).pk)
    Mailbox.objects.unscoped("test").update(smtp_security="none")
    services.send(answered(agent(where), question, box).pk)
    assert smtp.got == [] and {one.state for one in Reply.objects.all()} == {"failed"}


def test_with_the_words_of_a_conversation_go_unsent_answers(box, question, where):
    answered(agent(where), question, box)
    silence([question.pk])
    assert Reply.objects.count() == 0
