"""Relations drawn: two steps far, within the reader's sight, the same each time, with the rest counted."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from enishi.accounts.access import Level
from enishi.contacts.models import Party, RelationType
from enishi.contacts.queries.web import EACH, NEAR, web
from enishi.contacts.services import relate
from enishi.core import clock
from factories import SYSTEM, party, project

pytestmark = pytest.mark.django_db


def tie(source: Party, kind: str, target: Party, **values) -> None:
    relate(SYSTEM, source, target, kind=RelationType.objects.get(code=kind), **values)


def told(found) -> set[tuple[str, str, str]]:
    return {(here.party.full_name, words, there.party.full_name) for here, there, words in found.lines}


def test_two_steps_and_no_further(here, actor, shirin):
    guild, aoi, far = party(here, "Pilots Guild", kind="organisation"), party(here, "Aoi"), party(here, "Far")
    tie(shirin, "works-for", guild)
    tie(aoi, "works-for", guild)
    tie(far, "works-for", party(here, "Yard", kind="organisation"))
    tie(aoi, "represents", party(here, "Village", kind="group"))
    assert told(web(actor, shirin)) == {
        ("Shirin Mohtadi", "works for", "Pilots Guild"),
        ("Pilots Guild", "employs", "Aoi"),
    }


def test_who_is_out_of_sight_leaves_no_trace(here, actor, shirin):
    guild = party(here, "Pilots Guild", kind="organisation")
    tie(shirin, "works-for", guild)
    sealed = party(here, "Sealed", confidentiality=Level.RESTRICTED)
    hidden = party(project("Elsewhere"), "Hidden")
    gone = party(here, "Gone")
    behind = party(here, "Behind the hidden")
    for other in (sealed, hidden, gone):
        tie(other, "works-for", guild)
        tie(other, "represents", shirin)
        tie(behind, "represents", other)
    Party.objects.unscoped("test").filter(pk=gone.pk).update(deleted_at=clock.now())
    found = web(actor, shirin)
    assert told(found) == {("Shirin Mohtadi", "works for", "Pilots Guild")}
    assert (found.middle.more, found.middle.behind[0].more) == (0, 0)


def test_what_is_over_or_not_yet_is_not_drawn(here, actor, shirin):
    today = clock.today()
    tie(
        shirin,
        "works-for",
        party(here, "Former", kind="organisation"),
        valid_until=today - dt.timedelta(days=1),
    )
    tie(
        shirin,
        "works-for",
        party(here, "Future", kind="organisation"),
        valid_from=today + dt.timedelta(days=1),
    )
    assert told(web(actor, shirin)) == set()


def test_ties_between_two_neighbours_are_drawn_once(here, actor, shirin):
    one, two = party(here, "One"), party(here, "Two")
    tie(shirin, "represents", one)
    tie(shirin, "represents", two)
    tie(one, "represents", two)
    assert len([line for line in web(actor, shirin).lines if line[0].party != shirin]) == 1


def test_hundreds_are_counted_and_the_questions_stay_the_same(here, actor, shirin, django_assert_num_queries):
    guild = party(here, "Pilots Guild", kind="organisation")
    tie(shirin, "works-for", guild)
    for n in range(NEAR + EACH + 5):
        tie(party(here, f"Pilot {n}"), "works-for", guild)
    with django_assert_num_queries(4):
        found = web(actor, shirin)
    assert len(found.middle.behind[0].behind) == EACH
    assert found.middle.behind[0].more == NEAR + 5
    around = web(actor, guild)
    assert (len(around.middle.behind), around.middle.more) == (NEAR, EACH + 6)
    assert [(n.x, n.y) for n in web(actor, guild).nodes] == [(n.x, n.y) for n in around.nodes]


def test_the_page_draws_and_says_the_same(client, here, shirin):
    page = reverse("contacts:web", args=[shirin.pk])
    assert "No relations yet" in client.get(page).content.decode()
    evil = party(here, "<script>alert(1)</script>")
    tie(evil, "represents", shirin)
    text = client.get(page).content.decode()
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 3
    assert '<svg class="en-web"' in text
    assert "is represented by" in text or "represented" in text
    assert page in client.get(reverse("contacts:party", args=[shirin.pk])).content.decode()
