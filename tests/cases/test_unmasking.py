"""Opening the address of somebody anonymous: by two people, with reasons, for a time, and never quietly."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client

from cases.world import World, again, user_of, world
from enishi.accounts import services as account_services
from enishi.accounts.access import Forbidden, Level, Via
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.queries import viewing_as
from enishi.cases import queries, services
from enishi.cases.models import Case, CaseDoor, CaseUnmasking
from enishi.cases.services import CaseError
from enishi.core import clock
from enishi.timeline.models import Entry, Notification
from factories import agent, grant, user

pytestmark = pytest.mark.django_db
ADDRESS = "whistle@quiet.example"
WORDS = "two people who hold the right for it can open it together"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


@pytest.fixture
def here() -> World:
    return world()


def _told(here: World, *, opens: bool = True, address: str = ADDRESS) -> tuple[Case, Client]:
    """A grievance told on the public page, with an address left there."""
    page = services.set_page(
        here.manager, here.project, is_on=True, about="", emergency="", may_be_opened=opens
    )
    outside = Client()
    given = {"text": "Dust at the school gate.", "who": "anonymous", "once": clock.now().isoformat()}
    sent = outside.post(f"/report/{page.token}/", given)
    assert (WORDS in sent.content.decode()) is opens
    left = re.search(r'name="may_be_opened" value="on"', sent.content.decode())
    outside.post("/report/talk/news/", {"address": address, **({"may_be_opened": "on"} if left else {})})
    return Case.objects.unscoped("test").latest("pk"), outside


def _client(actor) -> Client:
    client = Client()
    client.force_login(user_of(actor))
    return client


def _agreed(here: World, case: Case) -> CaseUnmasking:
    services.ask_to_unmask(here.manager, case, reason="A child is in danger")
    return services.answer_unmasking(here.second, case, agree=True, reason="I have spoken to the school")


def test_two_people_open_it_for_themselves_and_for_a_time(here, monkeypatch):
    case, _outside = _told(here)
    opened = _agreed(here, case)
    third = _client(agent(here.project, clearance=Level.RESTRICTED, codes=_codes()))
    first, second = _client(here.manager), _client(here.second)
    url = f"/cases/{case.pk}/address/show/"
    for client in (first, second):
        page = client.post(url)
        assert ADDRESS in page.content.decode()
        assert "no-store" in page["Cache-Control"]
        assert client.get(url).status_code == 405
        assert ADDRESS not in client.get(f"/cases/{case.pk}/").content.decode()
    assert ADDRESS not in third.post(url, follow=True).content.decode()
    looks = Entry.objects.unscoped("test").filter(event="cases.address_seen")
    assert [entry.user_id for entry in looks.order_by("pk")] == [here.manager.user_id, here.second.user_id]
    later = opened.shown_until + dt.timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    for client in (first, second):
        assert ADDRESS not in client.post(url, follow=True).content.decode()
    assert looks.count() == 2


def _codes() -> list[str]:
    return ["cases.view", "cases.edit", "cases.unmask", "timeline.view"]


def test_nobody_alone_opens_it(here):
    case, _outside = _told(here)
    with pytest.raises(CaseError, match="open to the two who decided"):
        services.open_address(here.manager, case)
    services.ask_to_unmask(here.manager, case, reason="Danger")
    with pytest.raises(CaseError, match="You have asked yourself"):
        services.answer_unmasking(here.manager, case, agree=True, reason="Me again")
    with pytest.raises(CaseError, match="Somebody has asked already"):
        services.ask_to_unmask(here.second, case, reason="Me too")
    with pytest.raises(CaseError, match="open to the two who decided"):
        services.open_address(here.manager, case)
    row = CaseUnmasking.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseUnmasking.objects.filter(pk=row.pk).update(answered_by=row.asked_by_id)


def test_the_only_holder_is_told_to_find_a_second_one(here):
    case, _outside = _told(here)
    services.keep_out(here.manager, case, user=user_of(here.second), reason="Leads the works")
    with pytest.raises(CaseError, match="Nobody else holds the right"):
        services.ask_to_unmask(here.manager, case, reason="Danger")


def test_a_refusal_shows_nothing_and_a_new_question_is_possible(here):
    case, _outside = _told(here)
    services.ask_to_unmask(here.manager, case, reason="Curious")
    services.answer_unmasking(here.second, case, agree=False, reason="No danger")
    with pytest.raises(CaseError):
        services.open_address(here.manager, case)
    page = _client(here.manager).get(f"/cases/{case.pk}/").content.decode()
    assert "refused to open it" in page and "No danger" in page and ADDRESS not in page
    services.ask_to_unmask(here.second, case, reason="Now there is")


def test_an_unanswered_question_ends(here, monkeypatch):
    case, _outside = _told(here)
    asked = services.ask_to_unmask(here.manager, case, reason="Danger")
    assert services.lapse_unmaskings() == 0
    monkeypatch.setattr(clock, "now", lambda: asked.answer_by + dt.timedelta(seconds=1))
    with pytest.raises(CaseError, match="Nobody asks for this any more"), transaction.atomic():
        services.answer_unmasking(here.second, case, agree=True, reason="Late")
    assert services.lapse_unmaskings() == 1
    asked.refresh_from_db()
    assert asked.state == "lapsed"
    assert Entry.objects.unscoped("test").filter(event="cases.unmasking_lapsed").count() == 1
    services.ask_to_unmask(here.second, case, reason="Again")


def test_what_was_left_under_other_words_stays_closed(here):
    """Switching the exception on afterwards opens nothing that was left before."""
    case, outside = _told(here, opens=False)
    services.set_page(here.manager, here.project, is_on=True, about="", emergency="", may_be_opened=True)
    with pytest.raises(CaseError, match="No address is kept here that could be opened"):
        services.ask_to_unmask(here.manager, case, reason="Danger")
    assert "Address for news" not in _client(here.manager).get(f"/cases/{case.pk}/").content.decode()
    assert "when nobody could open it, and that stays so" in outside.get("/report/talk/").content.decode()


def test_taking_the_address_back_ends_what_was_asked_and_agreed(here):
    case, outside = _told(here)
    services.ask_to_unmask(here.manager, case, reason="Danger")
    outside.post("/report/talk/news/", {"address": "other@quiet.example", "may_be_opened": "on"})
    with pytest.raises(CaseError, match="Nobody asks for this any more"):
        services.answer_unmasking(here.second, case, agree=True, reason="Yes")
    _agreed(here, case)
    outside.post("/report/talk/news/", {"address": ""})
    with pytest.raises(CaseError):
        services.open_address(here.manager, case)
    assert not CaseDoor.objects.get(case=case).may_be_opened


def test_whoever_left_it_reads_that_it_was_opened_and_gets_news(here, django_capture_on_commit_callbacks):
    case, outside = _told(here)
    assert "opened the address" not in outside.get("/report/talk/").content.decode()
    services.ask_to_unmask(here.manager, case, reason="A child is in danger")
    assert "opened the address" not in outside.get("/report/talk/").content.decode()
    services.answer_unmasking(here.second, case, agree=True, reason="Yes")
    page = outside.get("/report/talk/").content.decode()
    assert "two people here opened the address that you had left" in page
    assert "A child is in danger" not in page
    services.send_news(case.pk)
    assert mail.outbox[-1].to == [ADDRESS] and case.number not in mail.outbox[-1].body


def test_all_who_hold_the_right_are_told_and_nobody_else(here):
    case, _outside = _told(here)
    third = agent(here.project, clearance=Level.RESTRICTED, codes=_codes())
    Notification.objects.all().delete()
    services.ask_to_unmask(here.manager, case, reason="Danger")
    told = Notification.objects.filter(title__contains="asks to open the address")
    assert set(told.values_list("user", flat=True)) == {here.second.user_id, third.user_id}
    services.answer_unmasking(here.second, case, agree=True, reason="Yes")
    told = Notification.objects.filter(title__contains="agrees to open the address")
    assert set(told.values_list("user", flat=True)) == {here.manager.user_id, third.user_id}


def test_whoever_is_kept_out_or_without_the_right_can_neither_ask_nor_answer(here):
    case, _outside = _told(here)
    reader = agent(here.project, clearance=Level.RESTRICTED, codes=["cases.view", "cases.edit"])
    for name in ("ask", "answer", "show"):
        url = f"/cases/{case.pk}/address/{name}/"
        assert _client(reader).post(url, {"note": "x", "to": "agree"}).status_code == 403
        assert _client(here.outsider).post(url, {"note": "x", "to": "agree"}).status_code == 404
    assert "Address for news" not in _client(reader).get(f"/cases/{case.pk}/").content.decode()
    with pytest.raises(Forbidden):
        services.ask_to_unmask(reader, case, reason="Danger")
    third = agent(here.project, clearance=Level.RESTRICTED, codes=_codes())
    services.ask_to_unmask(here.manager, case, reason="Danger")
    services.keep_out(here.second, case, user=user_of(third), reason="Leads the works")
    client = _client(again(third))
    assert client.post(f"/cases/{case.pk}/address/answer/", {"note": "x", "to": "agree"}).status_code == 404


def test_the_whole_way_by_the_pages(here):
    case, _outside = _told(here)
    first, second = _client(here.manager), _client(here.second)
    base = f"/cases/{case.pk}/"
    assert f"{base}address/ask/" in first.get(base).content.decode()
    assert first.post(f"{base}address/ask/", {"note": ""}).status_code == 422
    assert first.post(f"{base}address/ask/", {"note": "Danger"})["Location"] == base
    assert "Somebody else with the right answers." in first.get(base).content.decode()
    page = second.get(base).content.decode()
    assert f"{base}address/answer/?to=agree" in page and "Danger" in page
    assert "Agree to open the address" in second.get(f"{base}address/answer/?to=agree").content.decode()
    assert second.post(f"{base}address/answer/", {"note": "Yes", "to": "agree"})["Location"] == base
    assert "Show the address" in second.get(base).content.decode()
    assert ADDRESS in first.post(f"{base}address/show/").content.decode()


def test_the_address_stands_nowhere(here):
    """Neither in a row, nor in the history, nor in what the bell says, in any column of any table."""
    case, _outside = _told(here)
    _agreed(here, case)
    services.open_address(here.manager, case)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', [f"%{ADDRESS}%"])
            assert cursor.fetchone() == (0,), table
    assert ADDRESS not in json.dumps([entry.data for entry in Entry.objects.unscoped("test")], default=str)


def test_looking_as_a_holder_shows_nothing(here):
    case, _outside = _told(here)
    _agreed(here, case)
    boss = user("Boss")
    grant(boss, None, account_services.administrator_role())
    client = Client()
    client.force_login(boss)
    client.post(f"/settings/people/{here.second.user_id}/view/")
    answer = client.post(f"/cases/{case.pk}/address/show/")
    assert answer.status_code == 403 and "You are looking as" in answer.content.decode()
    assert ADDRESS not in answer.content.decode()
    looking = viewing_as(actor_of(boss, via=Via.WEB), user_of(here.second))
    with pytest.raises(CaseError):
        services.open_address(looking, case)


def test_the_page_of_a_case_says_what_may_be_done(here):
    case, _outside = _told(here)
    seen = queries.unmasking(here.manager, case)
    assert seen is not None and seen.can_be_asked and not seen.open_to_me
    plain = here.case("issue")
    assert queries.unmasking(here.manager, plain) is None
