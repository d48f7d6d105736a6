"""The matrix, its replay, the gaps: exact on given days, for who may see them, and at no more cost for more people."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.world import TODAY, World, browser, day, judged, world
from enishi.accounts.access import Level, Via
from enishi.accounts.models import ProtectedField, Role, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import Consent, ConsentPurpose, Party
from enishi.contacts.queries.lists import ListSpec, matching_parties
from enishi.contacts.queries.tree import Leaf, Node
from enishi.contacts.services import PointDraft, save_point, set_tags
from enishi.contacts.services import setup as contact_setup
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.engagement import queries
from enishi.engagement.models import Rating
from factories import SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db


def _places(here: World, on: dt.date | None = None) -> dict[str, tuple[int, int]]:
    found = queries.matrix(here.manager, here.project.pk, day=on)
    return {dot.name: dot.cell for dot in found.dots}


def test_the_matrix_replays_exactly(at):
    here = world()
    judged(here, here.aoi, 1, 2, back=100)
    judged(here, here.guild, 5, 5, back=50)
    judged(here, here.aoi, 4, 3, back=10)
    aoi, guild = "Tanaka Aoi", "Harbour Pilots Guild"
    assert _places(here, day(101)) == {}
    assert _places(here, day(100)) == {aoi: (1, 2)}
    assert _places(here, day(51)) == {aoi: (1, 2)}
    assert _places(here, day(50)) == {aoi: (1, 2), guild: (5, 5)}
    assert _places(here, day(11)) == {aoi: (1, 2), guild: (5, 5)}
    assert _places(here, day(10)) == {aoi: (4, 3), guild: (5, 5)}
    assert _places(here) == {aoi: (4, 3), guild: (5, 5)}
    assert _places(here, TODAY + dt.timedelta(days=400)) == {aoi: (4, 3), guild: (5, 5)}
    found = queries.matrix(here.manager, here.project.pk, day=day(50))
    assert (found.earlier, found.later) == (day(100), day(10))
    assert list(found.steps) == [day(100), day(50), day(10)]


def test_tails_show_where_somebody_stood_ninety_days_before(at):
    here = world()
    judged(here, here.aoi, 1, 2, back=90)
    judged(here, here.aoi, 4, 3, position=1, back=10)
    judged(here, here.guild, 5, 5, back=89)
    found = queries.matrix(here.manager, here.project.pk)
    assert [(dot.name, dot.was) for dot in found.dots] == [
        ("Harbour Pilots Guild", None),
        ("Tanaka Aoi", (1, 2)),
    ]
    trail = found.trails[0]
    assert (trail.x1, trail.y1, trail.x2, trail.y2, trail.tone) == (107, 450, 207, 150, "for")
    assert len(found.trails) == 1


def test_a_tail_ends_at_the_dot_it_belongs_to(at):
    here = world()
    judged(here, here.guild, 4, 3, back=200)
    judged(here, here.aoi, 1, 2, back=100)
    judged(here, here.aoi, 4, 3, back=10)
    found = queries.matrix(here.manager, here.project.pk)
    assert [dot.name for dot in found.rows[1][2].dots] == ["Harbour Pilots Guild", "Tanaka Aoi"]
    # The second of two dots of 24 stands 12 below the middle of the field.
    assert [(trail.x2, trail.y2) for trail in found.trails] == [(207, 162)]


def test_a_crowded_field_shows_three_and_counts_the_rest(at):
    here = world()
    for number in range(6):
        judged(here, party(here.project, f"Person {number}"), 4, 4)
    found = queries.matrix(here.manager, here.project.pk)
    cell = found.rows[1][3]
    assert (cell.code, [dot.name for dot in cell.dots], cell.more) == (
        "4-4",
        ["Person 0", "Person 1", "Person 2"],
        3,
    )
    page = browser(here.agent).get(f"/projects/{here.project.pk}/stakeholders/?cell=4-4")
    assert all(f"Person {number}".encode() in page.content for number in range(6))
    assert b"Show every field" in page.content


def test_filters_of_the_matrix(at):
    here = world()
    judged(here, here.aoi, 4, 4, position=-2)
    judged(here, here.guild, 4, 4)
    tag = contact_setup.create_tag(SYSTEM, name="Fishery")
    set_tags(here.manager, here.guild, [tag])
    address = f"/projects/{here.project.pk}/stakeholders/"

    def names(query: str) -> set[str]:
        body = browser(here.agent).get(f"{address}?{query}").content.decode()
        return {name for name in ("Tanaka Aoi", "Harbour Pilots Guild") if f"<bdi>{name}</bdi>" in body}

    assert names("") == {"Tanaka Aoi", "Harbour Pilots Guild"}
    assert names("kind=person") == {"Tanaka Aoi"}
    assert names(f"tag={tag.pk}") == {"Harbour Pilots Guild"}
    assert names("position=-2") == {"Tanaka Aoi"}
    assert names("position=unknown") == {"Harbour Pilots Guild"}
    assert names("q=tanaka") == {"Tanaka Aoi"}
    assert names("kind=nonsense&tag=x&position=9&cell=9-9&from=-1&on=never&after=x") == {
        "Tanaka Aoi",
        "Harbour Pilots Guild",
    }


def test_who_is_not_rated_yet_is_listed_by_name(at):
    here = world()
    judged(here, here.aoi, 4, 4)
    found = queries.unrated(here.agent, here.project.pk)
    assert ([one.full_name for one in found.people], found.total) == (["Harbour Pilots Guild"], 1)
    for number in range(3):
        party(here.project, f"Person {number}")
    first = queries.unrated(here.agent, here.project.pk, limit=2)
    rest = queries.unrated(here.agent, here.project.pk, limit=2, after=int(first.after))
    assert [one.full_name for one in (*first.people, *rest.people)] == [
        "Harbour Pilots Guild", "Person 0", "Person 1", "Person 2",
    ]  # fmt: skip


def test_the_matrix_asks_as_much_for_a_thousand_as_for_two(at):
    here = world()
    judged(here, here.aoi, 4, 4)
    client, address = browser(here.agent), f"/projects/{here.project.pk}/stakeholders/"
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    people = Party.objects.bulk_create(
        Party(full_name=f"Person {n}", sort_key=f"person {n:04}", project_ids=[here.project.pk])
        for n in range(1000)
    )
    Rating.objects.bulk_create(
        Rating(
            project=here.project,
            party=one,
            rated_on=day(back),
            impact=3,
            interest=1 + n % 5,
            influence=1 + n % 4,
        )
        for n, one in enumerate(people)
        for back in (5, 95)
    )
    with CaptureQueriesContext(connection) as many:
        answer = client.get(address)
    assert len(many) == len(few)
    assert len(answer.content) < 150_000
    assert b"1 to 50 of 1,001" in answer.content


def _gaps(here: World, **asked: int) -> dict[str, tuple[int, int]]:
    _rated, _much, gaps = queries.gap_report(here.agent, here.project.pk, **asked)
    return {gap.code: (gap.high, gap.total) for gap in gaps}


def _met(here: World, who: Party, back: int) -> None:
    log_interaction(
        here.manager, channel="call", occurred_at=clock.now() - dt.timedelta(days=back),
        project_ids=[here.project.pk], subject="Call", participants=[ParticipantDraft(party_id=who.pk)],
    )  # fmt: skip


def _consent(who: Party, *states: str) -> None:
    purpose = ConsentPurpose.objects.order_by("pk").first() or ConsentPurpose.objects.create(
        code="n", name="N"
    )
    for place, state in enumerate(states):
        Consent.objects.create(party=who, purpose=purpose, state=state, stated_on=day(30 - place))


def test_gaps_are_counted_and_open_the_people_they_count(at):
    here = world()
    silent, known = party(here.project, "Silent Sam"), party(here.project, "Known Kay")
    party(here.project, "Never Rated")
    judged(here, silent, 5, 3)
    judged(here, known, 4, 2, position=1)
    judged(here, here.aoi, 3, 5, position=0)
    _met(here, known, 59)
    _met(here, here.aoi, 61)
    _consent(known, "given")
    _consent(here.aoi, "given", "withdrawn")
    save_point(here.manager, known, PointDraft(kind="phone", typed="+44 1632 960123"))
    assert _gaps(here) == {
        "contact": (1, 2),
        "consent": (1, 2),
        "phone": (1, 2),
        "position": (1, 1),
        "plan": (2, 3),
    }
    assert _gaps(here, days=30)["contact"] == (2, 3)
    rated, much, gaps = queries.gap_report(here.agent, here.project.pk)
    assert (rated, much) == (3, 2)
    client = browser(here.agent)
    page = client.get(f"/projects/{here.project.pk}/stakeholders/gaps/").content.decode()
    for gap in gaps:
        for url, number in ((gap.high_url, gap.high), (gap.total_url, gap.total)):
            assert url.replace("&", "&amp;") in page
            shown = client.get(url).content.decode()
            found = [
                name
                for name in ("Silent Sam", "Known Kay", "Tanaka Aoi", "Never Rated")
                if f">{name}<" in shown
            ]
            assert len(found) == number, (gap.code, found)
    assert ">Silent Sam<" in client.get(gaps[0].high_url).content.decode()


def test_whether_there_is_a_phone_is_told_to_whom_sees_phones(at):
    here = world()
    known = party(here.project, "Known Kay")
    judged(here, known, 5, 1)
    save_point(here.manager, known, PointDraft(kind="phone", typed="+44 1632 960123"))
    ProtectedField.objects.create(name="contacts.phone")
    agent_now = actor_of(User.objects.get(pk=here.agent.user_id), via=Via.WEB)
    codes = [gap.code for gap in queries.gap_report(agent_now, here.project.pk)[2]]
    assert codes == ["contact", "consent", "position", "plan"]
    assert not [code for code, _label in queries.gap_choices(agent_now) if "phone" in code]
    leaf = Leaf("gap", "is", [f"{here.project.pk}:phone"])
    for op in ("and", "not"):
        found = matching_parties(agent_now, ListSpec(filter=Node(op, (leaf,))))
        assert found.exists() == (op == "not")
    Role.objects.filter(grants__user=here.agent.user_id).update(seen_fields=["contacts.phone"])
    agent_now = actor_of(User.objects.get(pk=here.agent.user_id), via=Via.WEB)
    assert {g.code: g.total for g in queries.gap_report(agent_now, here.project.pk)[2]}["phone"] == 0


def test_a_gap_opens_its_people_also_while_another_project_is_chosen(at):
    here = world()
    silent, other = party(here.project, "Silent Sam"), project("Tidewall West")
    party(other, "Westward Wes")
    judged(here, silent, 5, 3)
    client = browser(manager())
    session = client.session
    session["project"] = other.pk
    session.save()
    assert ">Westward Wes<" in client.get("/people/").content.decode()
    gap = queries.gap_report(here.agent, here.project.pk)[2][0]
    shown = client.get(gap.total_url).content.decode()
    assert (">Silent Sam<" in shown, ">Westward Wes<" in shown) == (True, False)
    # What leads on from there stays in the project, and the shell says which one it is.
    state = client.get(gap.total_url).context["state"]
    assert f"project={here.project.pk}" in state.with_sort("-name").url()
    assert client.get(gap.total_url).context["current_project"] == here.project.pk


def test_a_gap_counts_what_is_rated_today_not_what_was(at):
    here = world()
    judged(here, here.aoi, 5, 5, back=20)
    judged(here, here.aoi, 2, 2, position=1, back=1)
    assert _gaps(here)["contact"] == (0, 1)
    assert _gaps(here)["position"] == (0, 0)


@pytest.mark.parametrize(
    "code", ["", "x:phone", "1:nothing", "1:phone:low", "1:contact0", f"{10**30}:phone", ":"]
)
def test_a_gap_that_does_not_exist_is_refused_in_words(at, code):
    here = world()
    spec = {
        "op": "and",
        "items": [{"field": "gap", "cmp": "is", "value": [code.replace("1:", f"{here.project.pk}:")]}],
    }
    with pytest.raises(ValueError, match="Missing of a stakeholder"):
        matching_parties(here.agent, ListSpec.read({"filter": spec}))


PAGES = (
    "stakeholders/",
    "stakeholders/?list=unrated",
    "stakeholders/gaps/",
    "stakeholders/{party}/",
    "stakeholders/{party}/rate/",
)


def test_pages_by_role(at):
    here = world()
    judged(here, here.aoi, 5, 5)
    reader = agent(here.project, codes=["contacts.view", "engagement.view"])
    blind = agent(here.project, codes=["contacts.view"])
    for page in PAGES:
        address = f"/projects/{here.project.pk}/{page.format(party=here.aoi.pk)}"
        assert browser(here.agent).get(address).status_code == 200, page
        assert browser(outsider()).get(address).status_code == 404, page
        assert browser(blind).get(address).status_code == 403, page
        assert browser(reader).get(address).status_code == (
            403 if "rate" in page.rpartition("stakeholders")[2].replace("unrated", "") else 200
        ), page


def test_ratings_of_what_one_may_not_see_leak_nowhere(at):
    """Neither those of another project, nor those of a confidential person in one's own."""
    here = world()
    sealed = party(here.project, "Sealed Zymurgia", by=here.manager, confidentiality=Level.RESTRICTED)
    judged(here, sealed, 5, 5, back=7, by=here.manager)
    judged(here, here.aoi, 2, 2, position=0, back=3)
    spy = agent(here.project)
    assert [dot.name for dot in queries.matrix(spy, here.project.pk).dots] == ["Tanaka Aoi"]
    assert list(queries.matrix(spy, here.project.pk).steps) == [day(3)]
    assert queries.gap_report(spy, here.project.pk)[:2] == (1, 0)
    assert len(queries.rating_list(spy)) == 1
    assert queries.unrated(spy, here.project.pk).total == 1
    client = browser(spy)
    for page in (
        *(f"/projects/{here.project.pk}/{page}" for page in PAGES[:3]),
        f"/projects/{here.project.pk}/",
    ):
        assert b"Zymurgia" not in client.get(page).content, page
    for page in PAGES[3:]:
        assert client.get(f"/projects/{here.project.pk}/{page.format(party=sealed.pk)}").status_code == 404
    rating = Rating.objects.unscoped("test").get(party=sealed)
    assert client.post(f"/stakeholders/ratings/{rating.pk}/withdraw/").status_code == 404
    assert b"Zymurgia" not in client.get("/history/").content
    other = outsider()
    assert queries.rating_list(other) == []
    assert queries.matrix(other, here.project.pk).dots == []
    assert queries.gap_report(other, here.project.pk)[:2] == (0, 0)
    code = {"op": "and", "items": [{"field": "gap", "cmp": "is", "value": [f"{here.project.pk}:phone"]}]}
    assert list(matching_parties(other, ListSpec.read({"filter": code}))) == []
    assert not [label for code, label in queries.gap_choices(other) if "Tidewall East" in label]


def test_who_may_see_contacts_but_no_ratings_finds_none_on_their_pages(at):
    here = world()
    judged(here, here.aoi, 5, 5)
    blind = browser(agent(here.project, codes=["contacts.view"]))
    assert b"Standing" not in blind.get(f"/people/{here.aoi.pk}/").content
    assert b"Influence" not in blind.get(f"/projects/{here.project.pk}/").content
    seeing = browser(here.agent)
    assert b"Said so at the pier" in seeing.get(f"/people/{here.aoi.pk}/").content
    assert b"project-matrix" in seeing.get(f"/projects/{here.project.pk}/").content


def test_rating_by_the_form_and_taking_back(at):
    here = world()
    client = browser(here.agent)
    address = f"/projects/{here.project.pk}/stakeholders/{here.aoi.pk}/rate/"
    form = {"influence": 4, "interest": 5, "impact": 2, "position": "-1", "reason": "", "rated_on": ""}
    assert client.post(address, form).status_code == 302
    made = Rating.objects.unscoped("test").get()
    assert (made.influence, made.interest, made.impact, made.position, made.rated_on) == (4, 5, 2, -1, TODAY)
    again = client.post(address, {**form, "influence": 2, "seen": made.pk})
    assert (again.status_code, b"This field is required" in again.content) == (422, True)
    stale = client.post(address, {**form, "influence": 2, "reason": "Calmer", "seen": made.pk + 99})
    assert b"There is a rating of that day already" in stale.content
    moved = client.get(
        f"{address}?influence=1&interest=1", headers={"HX-Request": "true", "HX-Target": "sheet"}
    )
    assert b'<h2 id="sheet-h">Tanaka Aoi</h2>' in moved.content
    done = client.post(
        address, {**form, "influence": 2, "reason": "Calmer", "seen": made.pk}, headers={"HX-Request": "true"}
    )
    assert done.status_code == 204
    entry = queries.latest(here.agent, here.project.pk, here.aoi.pk)
    assert entry is not None and entry.influence == 2
    taken = client.post(f"/stakeholders/ratings/{entry.pk}/withdraw/", {"next": "/projects/"})
    assert (taken.status_code, taken["Location"]) == (302, "/projects/")
    assert queries.latest(here.agent, here.project.pk, here.aoi.pk) is None
