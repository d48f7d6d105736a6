"""The map of contacts coloured by how people were rated: on a day, in a project, for whoever sees the ratings."""

from __future__ import annotations

import datetime as dt

import pytest

from contacts.test_places import living
from engagement.world import TODAY, World, browser, day, judged, world
from enishi.accounts.access import Via
from enishi.accounts.models import ProtectedField, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.queries import colours, places
from enishi.contacts.queries.lists import ListSpec
from factories import READ, agent, outsider, project

pytestmark = pytest.mark.django_db
BOX = (-3.0, 55.0, -1.0, 56.0)
MAP = "/people/map/"


@pytest.fixture
def here(at) -> World:
    """In Skerby one against and two in favour, one of whom was worried before; in Upper Skerby nobody is rated."""
    made = world()
    people = {
        name: living(made.project, name, town, at=where)
        for name, town, where in (
            ("Con Tra", "Skerby", (55.5, -1.6)),
            ("Pro One", "Skerby", (55.5, -1.6)),
            ("Pro Two", "Skerby", (55.5, -1.6)),
            ("Un Rated", "Upper Skerby", (55.9, -2.9)),
        )
    }
    judged(made, people["Con Tra"], 5, 3, position=-2, back=60)
    judged(made, people["Pro One"], 2, 3, position=1, back=60)
    judged(made, people["Pro Two"], 2, 3, position=-1, back=40)
    judged(made, people["Pro Two"], 4, 3, position=2, back=10)
    return made


def drawn(here: World, name: str, on: dt.date = TODAY, actor=None):
    who = actor or here.agent
    colouring = colours.find(who, f"{here.project.pk}:{name}", on)
    assert colouring is not None
    found = places.cells(who, ListSpec(), BOX, across=4, colouring=colouring)
    labels = [str(shade.label) for shade in colouring.shades]
    return [
        (cell.town, cell.people, cell.tone, {labels[n]: count for n, count in sorted(cell.shades.items())})
        for cell in found
    ]


def test_squares_are_coloured_by_what_most_think(here):
    assert drawn(here, "position") == [
        ("Skerby", 3, "t-for", {"against": 1, "for": 2}),
        ("Upper Skerby", 1, "t-unknown", {"not known": 1}),
    ]
    # Of equally many the graver one leads.
    before = {"against": 1, "worried": 1, "for": 1}
    assert drawn(here, "position", day(20))[0] == ("Skerby", 3, "t-against", before)
    assert drawn(here, "influence")[0] == ("Skerby", 3, "t-step5", {"Very high": 1, "High": 1, "Low": 1})


def test_on_a_day_before_any_rating_nothing_is_known(here):
    assert [row[2] for row in drawn(here, "position", day(400))] == ["t-unknown"] * 2


def test_towns_count_the_same(here):
    colouring = colours.find(here.agent, f"{here.project.pk}:position", TODAY)
    assert places.shades_of_towns(here.agent, ListSpec(), colouring) == {
        ("Skerby", "GB"): {0: 1, 3: 2},
        ("Upper Skerby", "GB"): {4: 1},
    }


def test_the_page_has_the_choice_the_legend_and_the_table(here):
    client, code = browser(here.agent), f"{here.project.pk}:position"
    plain = client.get(MAP).content.decode()
    assert f'<option value="{code}">' in plain and "Spoken with in 60 days" in plain
    page = client.get(MAP, {"colour": code, "day": TODAY.isoformat()})
    text = page.content.decode()
    assert f'<option value="{code}" selected>' in text
    assert 'class="en-mapkey t-worried"' in text and "Spoken with in 60 days" not in text
    counts = {line["town"].name: [n for _shade, n in line["counts"]] for line in page.context["towns"]}
    assert counts == {
        "Skerby": [1, 0, 0, 2, 0],
        "Upper Skerby": [0, 0, 0, 0, 1],
    }
    # What is asked further keeps the colours; the list knows none.
    assert f"colour={here.project.pk}%3Aposition" in page.context["map"]["cells"]
    assert "colour" not in page.context["state"].list_url
    told = client.get(f"{MAP}cells/", {"box": "-3,55,-1,56", "colour": code, "across": "4"}).json()["cells"]
    assert [(cell["tone"], cell["sign"], cell["words"]) for cell in told] == [
        ("t-for", "▲", "3 people, 1 against, 2 for"),
        ("t-unknown", "?", "Un Rated, not known"),
    ]


def test_only_who_sees_the_ratings_of_the_project_is_offered_them(here):
    code = f"{here.project.pk}:position"
    reader = agent(here.project, codes=[one for one in READ if one != "engagement.view"])
    for who in (reader, outsider()):
        assert code not in dict(colours.choices(who, None))
        assert colours.find(who, code, TODAY) is None
        page = browser(who).get(MAP, {"colour": code})
        assert page.status_code == 200 and page.context["colouring"] is None
        cells = browser(who).get(f"{MAP}cells/", {"box": "-3,55,-1,56", "colour": code}).json()["cells"]
        assert all(cell["tone"] in {"never", "silent", "recent"} for cell in cells)
    other = project("Elsewhere")
    assert colours.choices(here.agent, other.pk) == []
    for odd in (
        "",
        "x",
        "7",
        "7:",
        "position",
        f"{here.project.pk}:impact",
        f"{'9' * 40}:position",
        "9:position",
    ):
        assert colours.find(here.agent, odd, TODAY) is None


def test_where_addresses_are_not_shown_no_colour_tells_of_them(here):
    ProtectedField.objects.create(name="contacts.address")
    blind = actor_of(User.objects.get(pk=here.agent.user_id), via=Via.WEB)
    assert drawn(here, "position", actor=blind) == []
    colouring = colours.find(blind, f"{here.project.pk}:position", TODAY)
    assert places.shades_of_towns(blind, ListSpec(), colouring) == {}


@pytest.mark.parametrize("written", ["", "nonsense", "2999-01-01"])
def test_a_day_that_is_none_or_still_to_come_is_today(here, written):
    page = browser(here.agent).get(MAP, {"colour": f"{here.project.pk}:position", "day": written})
    assert page.context["colour_day"] == TODAY
