"""From a promise to My day: what is late and due stands in words, is kept in place, and is gone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from enishi.accounts.models import Team, User
from enishi.commitments import services
from enishi.core import clock
from factories import agent, outsider, party, project

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    where = project("Tidewall East")
    acting, colleague = agent(where), agent(where)
    client = Client()
    client.force_login(User.objects.get(pk=acting.user_id))
    return {"project": where, "agent": acting, "colleague": colleague, "client": client}


def _make(
    here: dict[str, Any], title: str, due_at: dt.datetime | None, *, owner: int | None = None, **values: Any
) -> Any:
    who = User.objects.get(pk=owner or here["agent"].user_id)
    given = {"project": here["project"], "direction": "ours", "owner": who, **values}
    return services.make_promise(here["agent"], title=title, due_at=due_at, **given)


def _page(here: dict[str, Any], address: str = "/") -> str:
    answer = here["client"].get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_empty_day_says_so(here):
    page = _page(here)
    assert "No promise is late and none is due today." in page
    assert "Tuesday 17 November" in page


def test_the_day_begins_with_a_sentence_and_ends_with_kept_promises(here):
    person = party(here["project"], "Shirin Mohtadi")
    late = _make(here, "Send the noise survey", NOW - 24 * HOUR, party=person)
    for n in range(3):
        _make(here, f"Call back {n}", NOW + (n + 1) * HOUR)
    _make(here, "Interpreter for the exam", NOW + 72 * HOUR, direction="theirs")
    _make(here, "Next month", NOW + 800 * HOUR)
    page = _page(here)
    assert "One promise is late. 3 promises are due today." in page
    order = [
        page.index(words)
        for words in ("Send the noise survey", "Call back 0", "Call back 2", "Interpreter for the exam")
    ]
    assert order == sorted(order)
    assert "Next month" not in page
    assert "Shirin Mohtadi" in page
    assert "Due in the next 7 days: 3 of ours, 1 of theirs" in page
    here["client"].post(f"/promises/{late.pk}/settle/", {"state": "kept", "next": "/"})
    page = _page(here)
    assert "Kept late: Send the noise survey" in page
    assert "3 promises are due today." in page
    assert "is late" not in page


def test_mine_and_my_team(here):
    _make(here, "Of mine", NOW + HOUR)
    _make(here, "Of a colleague", NOW + HOUR, owner=here["colleague"].user_id)
    assert "Of a colleague" not in _page(here)
    assert "Of a colleague" not in _page(here, "/?who=team")
    team = Team.objects.create(name="Outreach")
    team.members.set([here["agent"].user_id, here["colleague"].user_id])
    page = _page(here, "/?who=team")
    assert "Of a colleague" in page
    assert "2 promises are due today." in page


def test_others_see_nothing_of_it(here):
    _make(here, "Of mine", NOW - HOUR)
    stranger = Client()
    stranger.force_login(User.objects.get(pk=outsider().user_id))
    page = stranger.get("/").content.decode()
    assert "Of mine" not in page
    assert "No promise is late and none is due today." in page
    assert Client().get("/").status_code == 302


def test_tasks_are_ticked_from_the_page(here):
    owner = User.objects.get(pk=here["agent"].user_id)
    made = services.make_task(
        here["agent"], project=here["project"], title="Translate the summary", owner=owner, due_at=NOW
    )
    assert "Translate the summary" in _page(here)
    answer = here["client"].post(f"/promises/tasks/{made.pk}/tick/", {"next": "/"})
    assert answer.headers["Location"] == "/"
    assert "Done: Translate the summary" in _page(here)
    assert "Translate the summary" not in _page(here)


def test_what_colleagues_changed_since_the_last_evening(here):
    mine = _make(here, "Of mine", NOW + HOUR)
    services.change_promise(here["colleague"], mine, title="Changed by a colleague")
    page = _page(here)
    assert "Promise changed" in page
    assert "Promise made" not in page
    assert f'href="/promises/{mine.pk}/"' in page
