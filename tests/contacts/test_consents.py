"""Statements of consent whose days contradict one another are refused, with words and by the database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from api.tokens import api_in
from enishi.accounts.models import User
from enishi.contacts.models import Consent, ConsentPurpose, Party
from enishi.contacts.queries.filters import find_field
from enishi.contacts.services import ContactError, state_consent
from enishi.contacts.services.merging import merge
from enishi.core import clock
from enishi.engagement.queries import gap_report
from enishi.engagement.services import Judgement, rate
from factories import SYSTEM, manager, party, project

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def test_what_is_withdrawn_was_given_before():
    where = project()
    boss, today = manager(where), clock.today()
    aoi = party(where, "Tanaka Aoi")
    purpose = ConsentPurpose.objects.create(code="record-talk", name="Record the talk")

    def state(state: str, back: int) -> None:
        state_consent(boss, aoi, purpose=purpose, state=state, stated_on=today - back * DAY)

    # Given elsewhere, nobody knows when: an old opt-out is taken as it is.
    state("withdrawn", 90)
    state("given", 30)
    with pytest.raises(ContactError, match="so it cannot have been withdrawn before") as refused:
        state("withdrawn", 31)
    assert refused.value.field == "stated_on"
    with pytest.raises(IntegrityError, match="withdrawn before it was given"), transaction.atomic():
        Consent.objects.create(party=aoi, purpose=purpose, state="withdrawn", stated_on=today - 31 * DAY)
    state("withdrawn", 30)
    state("given", 10)
    state("withdrawn", 20)
    assert Consent.objects.filter(party=aoi).count() == 5


def test_nobody_states_anything_in_the_future():
    where = project()
    aoi = party(where, "Tanaka Aoi")
    purpose = ConsentPurpose.objects.create(code="record-talk", name="Record the talk")
    with pytest.raises(ContactError, match="lies in the future"):
        state_consent(manager(where), aoi, purpose=purpose, state="given", stated_on=clock.today() + 2 * DAY)
    with pytest.raises(IntegrityError, match="consent_was_stated"), transaction.atomic():
        Consent.objects.create(party=aoi, purpose=purpose, state="given", stated_on=clock.today() + 2 * DAY)


@pytest.fixture
def until(db: None):
    """Somebody who agreed until a day, and what is asked with the clock at a day."""
    where = project()
    aoi = party(where, "Tanaka Aoi", email="aoi@tanaka.example")
    purpose = ConsentPurpose.objects.create(code="record-talk", name="Record the talk")
    last = clock.today() + 30 * DAY
    state_consent(
        manager(where), aoi, purpose=purpose, state="given", stated_on=clock.today(), valid_until=last
    )
    return where, aoi, purpose, last


def at(monkeypatch: pytest.MonkeyPatch, day: dt.date) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(day, dt.time(12), dt.UTC))


def _found(actor, word: str) -> list[int]:
    condition = find_field("consent").build(actor, "has", [word])
    return list(Party.objects.visible_to(actor).filter(condition).values_list("pk", flat=True))


def test_after_its_last_day_a_consent_counts_as_not_given_everywhere(until, monkeypatch):
    where, aoi, purpose, last = until
    boss = manager(where)
    browser = Client()
    browser.force_login(User.objects.get(pk=boss.user_id))
    page = reverse("contacts:party", args=[aoi.pk])
    rate(boss, project=where, party=aoi, judgement=Judgement(3, 3, 3))

    def lacking() -> int:
        return next(gap.total for gap in gap_report(boss, where.pk)[2] if gap.code == "consent")

    at(monkeypatch, last)
    assert _found(boss, f"{purpose.pk}:given") == [aoi.pk] and _found(boss, f"{purpose.pk}:ended") == []
    assert lacking() == 0
    assert "until " in browser.get(page).content.decode()
    at(monkeypatch, last + DAY)
    assert _found(boss, f"{purpose.pk}:given") == [] and _found(boss, f"{purpose.pk}:ended") == [aoi.pk]
    assert lacking() == 1
    shown = browser.get(page).content.decode()
    assert "ran out on" in shown
    brief = browser.get(reverse("contacts:brief", args=[aoi.pk])).content.decode()
    assert "ran out on" in brief


def test_the_last_day_is_checked_by_words_and_by_the_database(until):
    where, aoi, purpose, _last = until
    boss, today = manager(where), clock.today()
    for state, end in (("refused", today), ("given", today - 2 * DAY)):
        with pytest.raises(ContactError) as refused:
            state_consent(boss, aoi, purpose=purpose, state=state, stated_on=today - DAY, valid_until=end)
        assert refused.value.field == "valid_until"
        with pytest.raises(IntegrityError, match="consent_given_until"), transaction.atomic():
            Consent.objects.create(
                party=aoi, purpose=purpose, state=state, stated_on=today - DAY, valid_until=end
            )


def test_of_two_given_on_one_day_the_one_that_ends_sooner_counts(until):
    where, aoi, purpose, last = until
    other = party(where, "Aoi Tanaka")
    state_consent(SYSTEM, other, purpose=purpose, state="given", stated_on=clock.today())
    merge(SYSTEM, kept=other, gone=aoi)
    latest = Consent.objects.filter(party=other).order_by("stated_on", "pk").last()
    assert latest is not None and latest.valid_until == last


def test_programs_write_and_read_the_last_day(until):
    where, aoi, _purpose, last = until
    api = api_in(where)
    sent = {
        "purpose": "record-talk",
        "state": "given",
        "stated_on": str(clock.today()),
        "valid_until": str(last),
    }
    answer = api("POST", f"parties/{aoi.pk}/consents", sent)
    assert (answer.status_code, answer.json()["valid_until"]) == (201, str(last))
    [shown] = api("GET", f"parties/{aoi.pk}").json()["consents"]
    assert shown["valid_until"] == str(last)
    wrong = api("POST", f"parties/{aoi.pk}/consents", {**sent, "valid_until": "2001-01-01"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "valid_until")
