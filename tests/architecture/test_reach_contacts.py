"""Somebody who reaches only the contacts and files that are their own, or their team's, finds no trace of a colleague's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import openpyxl
import pytest
from django.db import transaction
from django.test import Client

from api.tokens import Api
from architecture.traces import pages, traces
from architecture.world import World, routes
from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Via, narrowable, rights
from enishi.accounts.models import Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import DuplicatePair, Party, RelationType
from enishi.contacts.queries import duplicates, filters, lists
from enishi.contacts.services import (
    PointDraft,
    bulk,
    change_party,
    delete_party,
    merging,
    relate,
    save_point,
    set_tags,
    tag_by_path,
)
from enishi.contacts.services import places as placing
from enishi.contacts.services import setup as contact_setup
from enishi.content.services import FileDraft, add_file
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.engagement.services import Judgement, give, plan, rate
from enishi.timeline import queries as timeline
from enishi.timeline.handover.moving import hand_over
from factories import grant, manager, narrowed, party, role, user

pytestmark = pytest.mark.django_db
WORD = "Zymurgia"
ASKED = ("zymurgia", "zymu", "zy")


@pytest.fixture(params=["own", "team"])
def worker(request, world: World) -> User:
    """Every usual right, but only for their own records, or for those of a team in which the colleague is not."""
    team = Team.objects.create(name="Interviewers")
    member = team if request.param == "team" else None
    return narrowed(world.project, reach=request.param, member=member, narrow=narrowable())


@pytest.fixture
def me(worker: User) -> Actor:
    return actor_of(worker, via=Via.WEB)


@pytest.fixture
def mine(world: World, worker: User) -> Party:
    """The open contact of the world, which the worker looks after."""
    found = Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    return change_party(manager(world.project), found, owner_id=worker.pk)


@pytest.fixture
def theirs(world: World, worker: User, mine: Party) -> dict[str, int]:
    """A contact of a colleague with all that hangs on it, none of it confidential; each carries the word."""
    boss, boss_everywhere, where = manager(world.project), manager(), world.project
    owner = User.objects.get(pk=boss.user_id)
    theirs = party(where, f"{WORD} Lopez", by=boss, email="zymurgia@lopez.example", owner_id=owner.pk)
    save_point(boss, theirs, PointDraft(kind="phone", typed="+44 1632 960999"))
    home = save_point(
        boss, theirs, PointDraft("address", "", parts={"street": f"1 {WORD} Road", "city": "Skerby"})
    )
    assert home is not None
    placing.set_place(boss, theirs, home, (54.0, -1.0))
    set_tags(boss, theirs, [tag_by_path(boss, "Harbour")])
    relation = relate(boss, theirs, mine, kind=RelationType.objects.order_by("pk")[0])
    twin = party(where, f"{WORD} Lopes", by=boss, email="zymurgia@lopez.example", owner_id=owner.pk)
    knows = contact_setup.save_field(boss_everywhere, label="Knows", kind="person", code="knows")
    contact_setup.set_values(boss, mine, {knows: theirs.pk})
    first, second = sorted([theirs.pk, mine.pk])
    DuplicatePair.objects.create(first_id=first, second_id=second, score=97, reasons=["name"])
    merged = merging.merge(boss, kept=theirs, gone=twin)
    binned = delete_party(boss, party(where, f"{WORD} Binned", by=boss, owner_id=owner.pk))
    theirs = Party.objects.unscoped("test").get(pk=theirs.pk)
    theirs = change_party(boss, theirs, note=f"{WORD} note")
    # What was planned with the colleague's contact, and a talk with them.
    talk = log_interaction(
        boss, channel="call", occurred_at=clock.now(), project_ids=[where.pk], subject="A talk",
        participants=[ParticipantDraft(party_id=theirs.pk)],
    )  # fmt: skip
    rating, _entry = rate(boss, project=where, party=theirs, judgement=Judgement(3, 4, 5))
    line, _planned = plan(
        boss,
        project=where,
        party=theirs,
        aim="Show it",
        method="consult",
        starts_on=clock.today(),
        owner=owner,
    )
    kept = add_file(boss, project=where, name=f"{WORD}.txt", data=WORD.encode())
    log_interaction(
        boss, channel="email", occurred_at=clock.now(), project_ids=[where.pk], subject="Not theirs",
        files=[FileDraft(f"{WORD} plan.txt", WORD.encode()), kept.pk],
    )  # fmt: skip
    linked = add_file(boss, project=where, name=f"{WORD} linked.txt", data=b"x", party_ids=[theirs.pk])
    give(boss, version=linked.versions.get(), party=theirs, how="handed")
    changed = bulk.apply(boss, bulk.Selection(ids=(theirs.pk,)), code="language", value="ja")
    given = hand_over(boss, owner, {"contacts": str(world.people["admin"].pk)})
    return {
        "party_id": theirs.pk, "kept_id": theirs.pk, "gone_id": theirs.pk, "first_id": theirs.pk, "subject_id": theirs.pk,
        "relation_id": relation.pk, "operation_id": changed.pk, "merged": merged.pk, "given": given.pk, "talk": talk.pk,
        "binned": binned.pk, "line_id": line.pk, "rating_id": rating.pk, "point_id": home.pk, "file_id": kept.pk,
    }  # fmt: skip


def _addresses(world: World, theirs: dict[str, int]) -> list[str]:
    mine = world.ids["party_id"]
    return [
        *pages(world), f"/people/brief/?who={mine}", f"/people/{mine}/?show=history", f"/conversations/{theirs['talk']}/",
        f"/history/operations/{theirs['operation_id']}/", f"/history/operations/{theirs['merged']}/",
        "/people/?columns=name,owner,email,organisation,next_promise", "/people/?sort=-last_contact", "/people/bin/",
        "/people/map/cells/?box=-10,40,10,60", "/people/map/towns/",
    ]  # fmt: skip


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def _special(world: World, theirs: dict[str, int]) -> World:
    usual = {name: value for name, value in world.ids.items() if " " not in name}
    return World(world.project, world.people, {**usual, **theirs}, world.apis, world.cookies)


def test_who_reaches_everything_sees_what_is_looked_for(world, theirs):
    """Else the next tests would be content with an empty page."""
    found = traces(world.client("admin"), _addresses(world, theirs), WORD)
    mine = world.ids["party_id"]
    assert {
        "/people/", "/files/", "/history/", "/people/duplicates/", "/people/bin/", f"/people/{mine}/", "/history/operations/",
        f"/conversations/{theirs['talk']}/", "/people/map/cells/?box=-10,40,10,60",
        f"/history/operations/{theirs['merged']}/",
    } <= {*found}, found  # fmt: skip
    assert len(found) >= 15, found


def test_no_page_shows_a_trace(world, theirs, worker):
    assert traces(_signed_in(worker), _addresses(world, theirs), WORD) == []


def test_its_own_addresses_are_not_there(world, theirs, worker):
    opened, asked = [], 0
    special, client = _special(world, theirs), _signed_in(worker)
    records = {"party_id", "kept_id", "gone_id", "file_id"}
    for name, route in routes():
        if name.startswith("api:") or not any(f":{key}>" in route for key in records):
            continue
        for method in ("get", "post"):
            point = transaction.savepoint()
            answer = getattr(client, method)(special.address(route, name), world.sent(name, method.upper()))
            transaction.savepoint_rollback(point)
            asked += 1
            # A section asked for as a page sends to the contact, which is not there.
            elsewhere = answer.status_code == 302 and name == "contacts:section"
            if answer.status_code not in {404, 405} and not elsewhere:
                opened.append((name, method, answer.status_code))
    assert opened == []
    assert asked > 60


def test_it_answers_as_what_is_not_there(world, theirs, worker):
    """The same page after the same number of questions, so that nobody can tell the two apart."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, told = _signed_in(worker), []
    for pk in (theirs["party_id"], 99_999_999):
        client.get("/people/")
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/people/{pk}/")
        told.append((answer.status_code, len(asked)))
    assert told[0] == told[1] and told[0][0] == 404


def test_its_history_is_not_there(world, theirs, worker, me):
    client = _signed_in(worker)
    for kind, key in (
        ("contacts.party", "party_id"),
        ("engagement.rating", "rating_id"),
        ("engagement.planline", "line_id"),
        ("content.file", "file_id"),
    ):
        answer = client.get(f"/history/of/{kind}/{theirs[key]}/")
        assert answer.status_code == 404 or WORD not in answer.content.decode(), kind
    told = json.dumps([[one.label, one.changes, one.data] for one in timeline.history(me)], default=str)
    assert WORD not in told


def test_search_and_choices_do_not_find_it(world, theirs, worker):
    client = _signed_in(worker)
    asked = [
        f"{address}?{key}={word}"
        for word in ASKED
        for address, key in (
            ("/search/", "q"), ("/search/suggest/", "q"), ("/people/", "q"), ("/people/choices/", "q"),
            ("/people/similar/", "full_name"), ("/conversations/people/", "q"), ("/promises/people/", "q"),
            ("/conversations/line/parse/", "line"), ("/cases/people/", "person"),
            (f"/projects/{world.project.pk}/plan/people/", "person"),
        )
    ]  # fmt: skip
    for address in [
        *asked,
        "/people/similar/?email=zymurgia@lopez.example",
        "/search/suggest/?q=01632960999",
    ]:
        text = client.get(address).content.decode()
        for trace in (f"{WORD} Lopez", f"/people/{theirs['party_id']}/", f"{WORD}.txt"):
            assert trace not in text, address


def test_no_export_holds_it(world, theirs, worker):
    client = _signed_in(worker)
    for form in ("csv", "xlsx"):
        answer = client.post("/people/export/", {"all": "1", "format": form, "columns_of": "all"})
        assert answer.status_code == 200
        body = b"".join(answer.streaming_content)
        if form == "csv":
            cells = [body.decode("utf-8-sig")]
        else:
            book = openpyxl.load_workbook(io.BytesIO(body))
            cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        assert not any(WORD in cell for cell in cells) and any("Tanaka" in cell for cell in cells)


def test_the_api_does_not_know_it(world, theirs, worker, me):
    _token, secret = accounts.create_token(me, name="Test", scopes=list(me.grants[0].codes), days=1)
    api, mine = Api(secret, world.project), world.ids["party_id"]
    asked = [
        "parties", "interactions", "promises", "tasks", "files", "ratings", "plan", "handouts", f"parties/{mine}",
        f"parties/{mine}/relations", *(f"search?q={word}" for word in ASKED), f"parties?q={WORD}",
    ]  # fmt: skip
    for path in asked:
        answer = api("GET", path)
        assert answer.status_code == 200, (path, answer.status_code)
        told = json.dumps(json.loads(answer.content), ensure_ascii=False)
        assert WORD not in told and f'"party_id": {theirs["party_id"]}' not in told, path
    for method in ("GET", "DELETE", "PATCH"):
        answer = api(method, f"parties/{theirs['party_id']}", {"note": "Mine"} if method == "PATCH" else None)
        assert answer.status_code == 404, (method, answer.status_code)
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        assert api(method, f"files/{theirs['file_id']}{path}").status_code == 404
    for path in (
        "relations",
        f"parties/{theirs['party_id']}/points",
        f"parties/{theirs['party_id']}/consents",
    ):
        sent = {
            "type": "works-for", "source_id": mine, "target_id": theirs["party_id"], "kind": "web", "typed": "a.example",
            "purpose": "newsletter", "state": "given", "stated_on": "2026-01-01",
        }  # fmt: skip
        answer = api("POST", path, sent)
        assert answer.status_code in {404, 422}, (path, answer.status_code)


def test_counts_do_not_betray_it(world, theirs, me):
    """What the worker counts does not move when a colleague enters somebody who is like theirs."""
    boss, mine = manager(world.project), world.ids["party_id"]
    everybody = lists.ListSpec(filters.parse(None))

    def counts() -> object:
        return (
            lists.total(me, everybody),
            lists.counts_by_choice(me, everybody, "kind", ["person"]),
            duplicates.open_pairs(me),
            timeline.family_counts(me, [mine]),
            timeline.history(me).count(),
            timeline.operations(me).count(),
        )

    before = counts()
    more = party(world.project, "Tanaka Aoi", by=boss, email="aoi@tanaka.example")
    rate(boss, project=world.project, party=more, judgement=Judgement(1, 1, 1))
    assert counts() == before


def test_what_is_handed_over_comes_and_goes(world, theirs, worker, me):
    """Nothing is copied onto other rows: who gets a contact finds it everywhere at once, who gave it nowhere."""
    client, boss = _signed_in(worker), manager(world.project)
    pk = theirs["party_id"]

    def found() -> list[bool]:
        asked: list[Callable[[], bool]] = [
            lambda: client.get(f"/people/{pk}/").status_code == 200,
            lambda: f"{WORD} Lopez" in client.get("/people/").content.decode(),
            lambda: f"{WORD} Lopez" in client.get("/search/?q=zymurgia").content.decode(),
            lambda: timeline.history_of(me, "contacts.party", pk).exists(),
            lambda: WORD in client.get("/people/map/cells/?box=-10,40,10,60").content.decode(),
        ]
        return [ask() for ask in asked]

    def give_to(owner: int | None) -> None:
        change_party(boss, Party.objects.unscoped("test").get(pk=pk), owner_id=owner)

    assert found() == [False] * 5
    give_to(worker.pk)
    assert found() == [True] * 5
    give_to(None)
    assert found() == [False] * 5


def test_who_sees_everything_and_changes_their_own_changes_nothing_else(world, theirs):
    """Seeing reaches the project, changing only one's own: every page that sends something refuses."""
    changing = {code for code in narrowable() if not code.endswith(".view")}
    somebody = user("Reader of all")
    others = ("accounts.", "engagement.", "privacy.", "places.")
    usual = [code for code in rights() if not code.startswith(others) and code != "contacts.merge"]
    grant(somebody, world.project, role(codes=usual, own=changing))
    client, done, refused = _signed_in(somebody), [], 0
    special = _special(world, theirs)
    assert client.get(f"/people/{theirs['party_id']}/").status_code == 200
    # What one says oneself of somebody, and drafts, have rights of their own; dismissed pairs are for who merges.
    other = {"writing:of_person", "fieldwork:take"}
    for name, route in routes():
        if (
            name.startswith("api:")
            or name in other
            or not any(f":{key}>" in route for key in ("party_id", "file_id"))
        ):
            continue
        point = transaction.savepoint()
        answer = client.post(special.address(route, name), world.sent(name, "POST"))
        transaction.savepoint_rollback(point)
        refused += answer.status_code == 403
        if answer.status_code not in {403, 404, 405}:
            done.append((name, answer.status_code))
    assert not done, str(done)
    assert refused > 15
