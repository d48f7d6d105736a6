"""Rating: what is written, what is refused, what stays; and taking it back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.world import NOW, TODAY, World, day, judged, world
from enishi.accounts.access import Forbidden, Level
from enishi.contacts.services import change_party
from enishi.engagement import queries, services
from enishi.engagement.models import Rating
from enishi.engagement.services import Conflict, EngagementError, Judgement
from enishi.timeline.models import Entry
from factories import agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _entries() -> list[Entry]:
    found = Entry.objects.unscoped("test").filter(event__startswith="engagement.").order_by("pk")
    return list(found)


def _history(here: World) -> list[tuple[dt.date, int, int]]:
    found = queries.history(here.manager, here.project.pk, here.aoi.pk)
    return [(one.rated_on, one.influence, one.interest) for one in found]


def test_a_rating_is_a_row_of_its_own_and_the_ones_before_stay(at):
    here = world()
    first = judged(here, here.aoi, 2, 3, position=-1, back=40)
    second = judged(here, here.aoi, 4, 5, position=1)
    assert _history(here) == [(TODAY, 4, 5), (day(40), 2, 3)]
    assert (first.reason, second.user_id, second.confidentiality) == (
        "Said so at the pier",
        here.agent.user_id,
        Level.INTERNAL,
    )
    entry = _entries()[-1]
    assert entry.party_id == here.aoi.pk
    assert entry.changes == {"interest": [3, 5], "influence": [2, 4], "position": [-1, 1]}
    assert entry.data["reason"] == "Said so at the pier"


def test_what_was_judged_cannot_be_overwritten_in_the_database(at):
    here = world()
    made = judged(here, here.aoi, 2, 3)
    for column, value in (("influence", 5), ("position", 2), ("rated_on", day(3))):
        with pytest.raises(IntegrityError, match="never overwritten"), transaction.atomic():
            Rating.objects.unscoped("test").filter(pk=made.pk).update(**{column: value})


@pytest.mark.parametrize(
    "values",
    [
        {"influence": 6},
        {"influence": 0},
        {"position": 3},
    ],
)
def test_the_database_refuses_steps_that_do_not_exist(at, values):
    here = world()
    good = {"impact": 3, "interest": 3, "influence": 3, "position": None, "rated_on": TODAY}
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.create(project=here.project, party=here.aoi, **{**good, **values})


def test_the_database_lets_one_rating_of_a_day_stand(at):
    here = world()
    judged(here, here.aoi, 2, 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.create(
            project=here.project, party=here.aoi, impact=3, interest=3, influence=3, rated_on=TODAY
        )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"judgement": Judgement(3, 3, 6)}, "influence"),
        ({"judgement": Judgement(0, 3, 3)}, "impact"),
        ({"judgement": Judgement(3, 3, 3, 4)}, "position"),
        ({"rated_on": TODAY + dt.timedelta(days=1)}, "rated_on"),
        ({"rated_on": dt.date(1066, 10, 14)}, "rated_on"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(at, values, field):
    here = world()
    given = {"project": here.project, "party": here.aoi, "judgement": Judgement(3, 3, 3), **values}
    with pytest.raises(EngagementError) as refused:
        services.rate(here.agent, **given)
    assert refused.value.field == field
    assert not Rating.objects.unscoped("test").exists()


def test_who_was_rated_before_is_rated_again_with_a_reason_only(at):
    here = world()
    services.rate(
        here.agent, project=here.project, party=here.aoi, judgement=Judgement(3, 3, 3), rated_on=day(9)
    )
    with pytest.raises(EngagementError) as refused:
        services.rate(
            here.agent, project=here.project, party=here.aoi, judgement=Judgement(3, 3, 4), reason=" \n"
        )
    assert refused.value.field == "reason"


def test_a_second_rating_of_a_day_corrects_the_one_that_was_seen(at):
    here = world()
    first = judged(here, here.aoi, 2, 3)
    with pytest.raises(Conflict):
        judged(here, here.aoi, 4, 4)
    with pytest.raises(Conflict):
        judged(here, here.aoi, 4, 4, instead_of=first.pk + 1)
    second = judged(here, here.aoi, 4, 4, instead_of=first.pk)
    assert _history(here) == [(TODAY, 4, 4)]
    rows = Rating.objects.unscoped("test").order_by("pk").values_list("pk", "withdrawn_at")
    assert list(rows) == [(first.pk, NOW), (second.pk, None)]


def test_who_is_not_in_the_project_is_no_stakeholder_of_it(at):
    here = world()
    stranger = party(project("Elsewhere too"), "Nobody Known")
    with pytest.raises(EngagementError, match="not in the project"):
        services.rate(here.agent, project=here.project, party=stranger, judgement=Judgement(3, 3, 3))


def test_rating_needs_its_right_in_this_project(at):
    here = world()
    for actor in (agent(here.project, codes=["contacts.view", "engagement.view"]), outsider()):
        with pytest.raises(Forbidden):
            judged(here, here.aoi, 3, 3, by=actor)


def test_undo_brings_back_what_held(at):
    here = world()
    first = judged(here, here.aoi, 2, 3)
    judged(here, here.aoi, 4, 4, instead_of=first.pk)
    services.undo(here.agent, _entries()[-1].pk)
    assert _history(here) == [(TODAY, 2, 3)]
    services.undo(here.agent, _entries()[0].pk)
    assert _history(here) == []
    services.undo(here.agent, _entries()[-1].pk)
    assert _history(here) == [(TODAY, 2, 3)]
    with pytest.raises(Entry.DoesNotExist):
        services.undo(here.manager, _entries()[0].pk)


def test_what_was_taken_back_stays_away_when_its_day_was_rated_anew(at):
    here = world()
    first = judged(here, here.aoi, 2, 3)
    services.withdraw_rating(here.agent, first)
    taken = _entries()[-1]
    judged(here, here.aoi, 5, 5)
    with pytest.raises(Conflict, match="rated again"):
        services.undo(here.agent, taken.pk)
    assert _history(here) == [(TODAY, 5, 5)]


def test_ratings_are_never_less_confidential_than_the_person(at):
    here = world()
    judged(here, here.aoi, 2, 3)
    change_party(here.manager, here.aoi, confidentiality=Level.RESTRICTED)
    services.catch_up(here.manager)
    assert Rating.objects.unscoped("test").get().confidentiality == Level.RESTRICTED
    assert {entry.confidentiality for entry in _entries()} == {Level.RESTRICTED}
    assert judged(here, here.aoi, 4, 4, back=3, by=here.manager).confidentiality == Level.RESTRICTED


def test_the_questions_of_a_page_use_their_indexes(at):
    here = world()
    judged(here, here.aoi, 2, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Among so few rows the index of one person's page costs the same: it must not be what answers here.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; DROP INDEX rating_of_party")
        latest = queries.people.ratings_on(here.manager, here.project.pk, TODAY)
        assert "rating_latest" in latest.explain()
