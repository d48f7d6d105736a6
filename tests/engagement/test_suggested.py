"""How those with whom nothing is planned might be heard: by rules, within rights, and planned in one step."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.world import TODAY, browser, judged, world
from enishi.accounts.access import Level
from enishi.contacts.models import Tag
from enishi.contacts.services import set_tags
from enishi.engagement import queries, services
from enishi.engagement.models import PlanLine
from factories import agent, outsider, party, project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(at):
    """The clock stands."""


@pytest.mark.parametrize(
    ("influence", "impact", "interest", "position", "method", "rule"),
    [
        (5, 4, 1, None, "collaborate", "FREQ=MONTHLY"),
        (4, 4, 5, -2, "collaborate", "FREQ=MONTHLY"),
        (4, 3, 3, 0, "involve", "FREQ=MONTHLY"),
        (3, 5, 3, None, "involve", "FREQ=MONTHLY"),
        (1, 4, 2, 2, "consult", "FREQ=MONTHLY;INTERVAL=3"),
        (1, 4, 2, -1, "involve", "FREQ=MONTHLY"),
        (3, 3, 4, 1, "consult", "FREQ=MONTHLY;INTERVAL=6"),
        (3, 3, 4, -2, "involve", "FREQ=MONTHLY;INTERVAL=3"),
        (3, 3, 3, None, "inform", "FREQ=MONTHLY;INTERVAL=6"),
        (1, 1, 1, -1, "consult", "FREQ=MONTHLY;INTERVAL=3"),
    ],
)
def test_the_rules(influence, impact, interest, position, method, rule):
    here = world()
    judged(here, here.aoi, influence, interest, impact=impact, position=position)
    total, (one,) = queries.suggested(here.agent, here.project.pk)
    assert (total, one.rating.party, one.way.method, one.way.rule) == (1, here.aoi, method, rule)
    # Nothing is closer than that.
    assert one.against == (position is not None and position < 0 and influence < 4)


def test_the_weightiest_first_by_the_rating_of_today():
    here = world()
    third = party(here.project, "Third")
    judged(here, here.guild, 2, 2, impact=2)
    judged(here, third, 5, 5, impact=5, position=1)
    judged(here, here.aoi, 1, 1, impact=1, back=30)
    judged(here, here.aoi, 5, 5, impact=5, position=-1)
    _total, found = queries.suggested(here.agent, here.project.pk)
    assert [one.rating.party for one in found] == [here.aoi, third, here.guild]


def test_who_is_planned_already_is_left_out_also_by_a_tag():
    here = world()
    for who in (here.aoi, here.guild):
        judged(here, who, 4, 4)
    tag = Tag.objects.create(name="Fishing", path="Fishing")
    set_tags(here.manager, here.guild, [tag])
    services.plan(
        here.agent, project=here.project, tag=tag, aim="Tell them", method="inform", starts_on=TODAY
    )
    assert [one.rating.party for one in queries.suggested(here.agent, here.project.pk)[1]] == [here.aoi]
    line, _entry = services.plan(
        here.agent, project=here.project, party=here.aoi, aim="Ask", method="consult", starts_on=TODAY
    )
    assert queries.suggested(here.agent, here.project.pk) == (0, [])
    services.end_line(here.agent, line)
    assert queries.suggested(here.agent, here.project.pk)[0] == 1


def test_only_whom_and_what_one_may_see():
    here = world()
    kept = party(here.project, "Kept", confidentiality=Level.CONFIDENTIAL)
    judged(here, here.aoi, 4, 4)
    judged(here, kept, 5, 5, by=here.manager)
    assert queries.suggested(here.agent, here.project.pk)[0] == 1
    assert queries.suggested(here.manager, here.project.pk)[0] == 2
    assert "Kept" not in browser(here.agent).get(_page(here.project)).content.decode()
    assert browser(outsider()).get(_page(here.project)).status_code == 404
    assert browser(agent(here.project, codes=["contacts.view"])).get(_page(here.project)).status_code == 403
    assert queries.suggested(here.manager, project().pk) == (0, [])


def test_planned_in_one_step_with_what_was_suggested():
    here = world()
    judged(here, here.aoi, 3, 4, impact=3, position=-1)
    client = browser(here.agent)
    page = client.get(_page(here.project)).content.decode()
    assert "Involve" in page and "doubts it" in page
    address = next(part for part in page.split('"') if "plan/new/?party=" in part).replace("&amp;", "&")
    given = parse_qs(urlsplit(address).query)
    assert given["method"] == ["involve"] and given["rule"] == ["FREQ=MONTHLY;INTERVAL=3"]
    form = client.get(address).context["form"]
    assert form.initial["method"] == "involve" and form.initial["repeats"] == "FREQ=MONTHLY;INTERVAL=3"
    answer = client.post(
        address,
        {
            "party": here.aoi.pk, "person": "Tanaka Aoi", "aim": "Hear what worries her", "method": "involve",
            "starts_on": "2026-12-01", "repeats": "FREQ=MONTHLY;INTERVAL=3", "next": given["next"][0],
        },
    )  # fmt: skip
    assert answer.status_code == 302 and answer["Location"] == given["next"][0]
    line = PlanLine.objects.unscoped("test").get()
    assert (line.party, line.method, line.rule) == (here.aoi, "involve", "FREQ=MONTHLY;INTERVAL=3")
    assert "With everybody who is rated" in client.get(_page(here.project)).content.decode()


def test_a_rule_of_its_own_and_nonsense_in_the_address():
    here = world()
    client = browser(here.agent)
    new = f"/projects/{here.project.pk}/plan/new/"
    form = client.get(new, {"method": "inform", "rule": "FREQ=MONTHLY;INTERVAL=6"}).context["form"]
    assert (form.initial["repeats"], form.initial["rule"]) == ("own", "FREQ=MONTHLY;INTERVAL=6")
    plain = client.get(new, {"method": "shout", "party": "x"}).context["form"]
    assert "method" not in plain.initial and "repeats" not in plain.initial


def test_as_many_questions_for_many_as_for_one():
    here = world()
    judged(here, here.aoi, 4, 4)
    client = browser(here.agent)
    client.get(_page(here.project))
    with CaptureQueriesContext(connection) as few:
        client.get(_page(here.project))
    for number in range(12):
        judged(here, party(here.project, f"Person {number}"), 3, 3)
    with CaptureQueriesContext(connection) as many:
        client.get(_page(here.project))
    assert len(many) == len(few)


def _page(where) -> str:
    return f"/projects/{where.pk}/plan/?state=suggested"
