"""Statements of consent whose days contradict one another are refused, with words and by the database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from enishi.contacts.models import Consent, ConsentPurpose
from enishi.contacts.services import ContactError, state_consent
from enishi.core import clock
from factories import manager, party, project

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
