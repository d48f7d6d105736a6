"""Answer debt on the page of promises: what waits, since when, and that each number opens just its rows."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.conversations import queries, services
from enishi.conversations.models import Interaction
from enishi.core import clock
from factories import agent, manager, outsider, project

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _log(actor: Actor, where: Any, subject: str, days: float, **values: Any) -> Interaction:
    given = {"channel": "call", "answer": "waiting", "subject": subject, "project_ids": [where.pk], **values}
    return services.log_interaction(actor, occurred_at=NOW - days * DAY, **given)


def _panel(client: Client, address: str = "/promises/") -> str:
    page = client.get(address).content.decode()
    found = re.search(r'<section[^>]*id="answer-debt".*?</section>', page, re.DOTALL)
    return " ".join(found[0].split()) if found else ""


def _listed(client: Client, url: str) -> list[str]:
    page = client.get(url.replace("&amp;", "&")).context["page"]
    return sorted(one.subject for one in page.items)


def test_each_number_opens_its_rows():
    here = project("Tidewall East")
    actor = agent(here)
    for days in (0.1, 1, 2, 6, 7, 40):
        _log(actor, here, f"Call {days}", days)
    _log(actor, here, "Answered", 3, answer="answered")
    panel = _panel(_client(actor))
    shown = re.findall(r'<a href="([^"]*)"><i class="c\d"></i><b[^>]*>(\d)</b> ([^<]*)</a>', panel)
    assert [(number, words) for _url, number, words in shown] == [
        ("2", "since today or yesterday"),
        ("2", "for 2 to 6 days"),
        ("2", "for 7 days or longer"),
    ]
    assert [_listed(_client(actor), url) for url, _number, _words in shown] == [
        ["Call 0.1", "Call 1"],
        ["Call 2", "Call 6"],
        ["Call 40", "Call 7"],
    ]
    oldest = Interaction.objects.unscoped("test").get(subject="Call 40")
    assert f'href="/conversations/{oldest.pk}/"' in panel
    assert "The oldest has been waiting for 40 days" in panel


def test_only_what_the_reader_may_see_counts():
    here, elsewhere = project("Tidewall East"), project("Elsewhere")
    boss, colleague = manager(here), agent(here)
    _log(boss, here, "Open", 3)
    _log(boss, here, "Sealed", 9, confidentiality=Level.CONFIDENTIAL)
    _log(manager(elsewhere), elsewhere, "Far away", 20)
    assert queries.answer_debt(boss).total == 2
    debt = queries.answer_debt(colleague)
    assert (debt.total, [span.count for span in debt.spans], debt.days) == (1, [0, 1, 0], 3)
    assert queries.answer_debt(boss, project_id=elsewhere.pk).total == 0
    assert queries.answer_debt(outsider()).oldest_id is None
    assert "Nobody waits for an answer of ours." in _panel(_client(outsider()))
    blind = agent(here, codes=["commitments.view", "contacts.view"])
    assert _panel(_client(blind)) == ""


def test_it_costs_the_same_for_one_and_for_many():
    here = project("Tidewall East")
    actor = agent(here)
    _log(actor, here, "Call", 3)
    with CaptureQueriesContext(connection) as once:
        queries.answer_debt(actor)
    for days in range(20):
        _log(actor, here, "Call", days)
    with CaptureQueriesContext(connection) as many:
        assert queries.answer_debt(actor).total == 21
    assert (len(once), len(many)) == (4, 4)


def test_beside_what_it_was_a_week_ago(monkeypatch: pytest.MonkeyPatch):
    here, elsewhere = project("Tidewall East"), project("Elsewhere")
    boss, actor = manager(here), agent(here)
    moment = [NOW - 9 * DAY]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    kept, settled, binned, later = (
        _log(actor, here, words, 10) for words in ("Kept", "Settled", "Binned", "Later")
    )
    services.set_answer(actor, later, answer="none")
    _log(boss, here, "Sealed", 10, confidentiality=Level.CONFIDENTIAL)
    _log(manager(elsewhere), elsewhere, "Far away", 10)
    moment[0] = NOW - 2 * DAY
    # turned twice: what it was before the first time counts
    services.set_answer(actor, settled, answer="none")
    services.set_answer(actor, _again(settled), answer="answered")
    services.set_answer(actor, _again(later), answer="waiting")
    services.delete_interaction(boss, _again(binned))
    _log(actor, here, "New", 1)
    _log(actor, here, "Newer", 1)
    moment[0] = NOW
    debt = queries.answer_debt(actor)
    assert (debt.total, debt.before, debt.change) == (4, 3, 1)
    assert "A week ago 3 waited: 1 more now" in _panel(_client(actor))
    assert queries.answer_debt(boss).before == 4
    assert queries.answer_debt(boss, project_id=elsewhere.pk).before == 0
    assert queries.answer_debt(outsider()).before == 0
    services.set_answer(actor, _again(kept), answer="answered")
    assert "As many as a week ago" in _panel(_client(actor))
    services.set_answer(actor, _again(later), answer="answered")
    assert "A week ago 3 waited: 1 fewer now" in _panel(_client(actor))


def _again(talk: Interaction) -> Interaction:
    return Interaction.objects.unscoped("test").get(pk=talk.pk)
