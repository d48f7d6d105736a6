"""Contacts of which somebody reaches only those that they, or their team, look after."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from api.tokens import Api
from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level, Via, narrowable
from enishi.accounts.models import Project, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.services import administrator_role, create_token
from enishi.cases.services import open_case
from enishi.commitments.services import make_promise, make_task
from enishi.contacts import queries, services
from enishi.contacts.models import ContactPoint, DuplicatePair, Party, RelationType
from enishi.contacts.queries import duplicates, filters, lists
from enishi.contacts.queries.ties import ties
from enishi.contacts.services import bulk, exporting
from enishi.contacts.services import places as placing
from enishi.contacts.services import setup as contact_setup
from enishi.conversations.services import ParticipantDraft, change_interaction, log_interaction
from enishi.core import clock
from enishi.search.queries import find
from enishi.timeline import queries as timeline
from enishi.timeline.handover.moving import hand_over
from enishi.timeline.services import undo_operation
from factories import SYSTEM, grant, manager, narrowed, party, project, role, user

pytestmark = pytest.mark.django_db
EVERY = narrowable()
VIEW, EDIT, DELETE, BULK, EXPORT = (
    f"contacts.{what}" for what in ("view", "edit", "delete", "bulk", "export")
)


@pytest.fixture
def where() -> Project:
    return project("Wind")


def _web(who: User) -> Actor:
    return actor_of(User.objects.get(pk=who.pk), via=Via.WEB)


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _lone(where: Project, name: str = "Lone", **given: object) -> User:
    return narrowed(where, name, narrow=EVERY, **given)


def _names(actor: Actor) -> list[str]:
    return sorted(Party.objects.visible_to(actor).present().values_list("full_name", flat=True))


def _team(*members: User) -> Team:
    made = Team.objects.create(name=f"Team of {members[0]}")
    made.members.add(*members)
    return made


def _signed_in(who: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(who)
    return client


def _fresh(found: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=found.pk)


def _of(where: Project, *owners: User | None) -> list[Party]:
    return [
        party(where, f"of {owner.name if owner else 'nobody'}", owner_id=owner.pk if owner else None)
        for owner in owners
    ]


def test_each_sees_whom_they_or_their_team_look_after(where):
    lone, mate, other = _lone(where), _lone(where, "Mate", reach="team"), _lone(where, "Other")
    _team(mate, lone)
    _of(where, lone, mate, other, None)
    _of(project("Port"), lone)
    assert _names(_web(lone)) == ["of Lone"]
    assert _names(_web(mate)) == ["of Lone", "of Mate"]
    assert _names(_web(other)) == ["of Other"]
    assert len(_names(manager(where))) == 4


@pytest.mark.parametrize("reach", ["own", "team"])
def test_each_right_reaches_as_far_as_the_role_says(where, reach):
    """Seeing is whole, each other right is narrowed by itself; what belongs to others is seen and left as it is."""
    somebody, mate = user("Somebody"), user("Mate")
    _team(somebody, mate)
    limits = {reach: [EDIT, DELETE, BULK, EXPORT]}
    grant(somebody, where, role(codes=[VIEW, EDIT, DELETE, BULK, EXPORT], **limits))
    me = _web(somebody)
    mine, of_mate, nobodys = _of(where, somebody, mate, None)
    reached = [mine, of_mate] if reach == "team" else [mine]
    for right in (EDIT, DELETE, BULK, EXPORT):
        assert [one for one in (mine, of_mate, nobodys) if me.may(right, one)] == reached, right
    everybody = bulk.Selection(ids=(mine.pk, of_mate.pk, nobodys.pk))
    planned = bulk.preview(me, everybody, code="language", value="ja")
    assert (planned.change, planned.refused) == (len(reached), 3 - len(reached))
    assert set(exporting.exportable(me, everybody)) == set(reached)
    for one in {mine, of_mate, nobodys} - set(reached):
        for forbidden in (
            lambda one=one: services.change_party(me, one, note="Mine now"),
            lambda one=one: services.change_party(me, one, owner_id=somebody.pk),
            lambda one=one: services.save_point(me, one, services.PointDraft(kind="web", typed="a.example")),
            lambda one=one: services.delete_party(me, one),
            lambda one=one: services.set_tags(me, one, []),
            lambda one=one: services.set_values(me, one, {}),
        ):
            with pytest.raises(Forbidden):
                forbidden()
        assert _signed_in(somebody).get(reverse("contacts:edit", args=[one.pk, "about"])).status_code == 403
    for one in reached:
        assert services.change_party(me, one, note="Likes letters").note == "Likes letters"
        assert services.restore_party(me, services.delete_party(me, one)).deleted_at is None


def test_what_is_entered_is_looked_after_by_who_enters_it(where):
    lone, other = _lone(where), _lone(where, "Other")
    me = _web(lone)
    made = party(where, "Tanaka Aoi", by=me, email="aoi@tanaka.example")
    assert made.owner_id == lone.pk and _names(me) == ["Tanaka Aoi"]
    for named in (other.pk, _user(manager(where)).pk):
        with pytest.raises(services.ContactError) as refused:
            party(where, "Not mine", by=me, owner_id=named)
        assert refused.value.field == "owner_id"
    with pytest.raises(Forbidden):
        party(project("Port"), "Elsewhere", by=me)
    # Whoever sees and changes everybody's enters contacts that nobody looks after yet, as ever.
    assert party(where, "Ken Ushio", by=manager(where)).owner_id is None
    # An organisation that is entered with somebody is theirs as well.
    kind = RelationType.objects.get(code="works-for")
    services.relate_from(me, made, "Kazami Wind", kind=kind)
    assert _names(me) == ["Kazami Wind", "Tanaka Aoi"]


def test_who_sees_only_their_own_keeps_what_they_enter_whatever_they_may_change(where):
    somebody = user("Half")
    grant(somebody, where, role(codes=[VIEW, EDIT], own=[VIEW]))
    assert party(where, "Tanaka Aoi", by=_web(somebody)).owner_id == somebody.pk


def test_who_is_of_the_team_enters_contacts_for_the_team(where):
    lead, mate, other = _lone(where, "Lead", reach="team"), _lone(where, "Mate"), _lone(where, "Other")
    _team(lead, mate)
    assert party(where, "For Mate", by=_web(lead), owner_id=mate.pk).owner_id == mate.pk
    with pytest.raises(services.ContactError):
        party(where, "For Other", by=_web(lead), owner_id=other.pk)


def test_an_own_contact_goes_into_projects_where_one_works(where):
    lone, port = _lone(where), project("Port")
    [mine] = _of(where, lone)
    with pytest.raises(Forbidden):
        services.change_party(_web(lone), mine, project_ids=[where.pk, port.pk])
    grant(lone, port, role(codes=[EDIT], own=[EDIT]))
    changed = services.change_party(_web(lone), mine, project_ids=[where.pk, port.pk])
    assert changed.project_ids == [where.pk, port.pk]


def test_handing_on_ends_the_reach_at_once(where):
    lone, other = _lone(where), _lone(where, "Other")
    [mine] = _of(where, lone)
    client = _signed_in(lone)
    page = reverse("contacts:party", args=[mine.pk])
    assert client.get(page).status_code == 200
    about = reverse("contacts:edit", args=[mine.pk, "about"])
    sent = {
        "language": "", "time_zone": "", "status": "active", "owner_id": other.pk, "project_ids": [where.pk],
        "confidentiality": 1, "note": "", "birth_date": "",
    }  # fmt: skip
    answer = client.post(about, sent)
    assert (answer.status_code, answer["Location"]) == (302, reverse("contacts:list"))
    assert "Saved" in client.get(reverse("contacts:list")).content.decode()
    assert client.get(page).status_code == 404 and _signed_in(other).get(page).status_code == 200
    entry = timeline.history_of(_web(other), "contacts.party", mine.pk)[0]
    with pytest.raises(Forbidden):
        services.undo_change(_web(lone), _fresh(mine), entry)
    cell = reverse("contacts:cell", args=[mine.pk, "owner"])
    answer = _signed_in(other).post(cell, {"value": str(lone.pk)}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and 'undo_url": ""' in answer["HX-Trigger"]
    assert b"<a " not in answer.content


def test_a_program_hands_on_as_well(where):
    lone, other = _lone(where), _lone(where, "Other")
    [mine] = _of(where, lone)
    _token, secret = create_token(_web(lone), name="Test", scopes=[VIEW, EDIT], days=1)
    api, path = Api(secret, where), f"parties/{mine.pk}"
    assert api("PATCH", path, {"note": "By letter"}).status_code == 200
    assert api("PATCH", path, {"owner_id": other.pk}).status_code == 204
    assert (api("GET", path).status_code, api("PATCH", path, {"note": ""}).status_code) == (404, 404)
    refused = api("POST", "parties", {"full_name": "New", "project_ids": [where.pk], "owner_id": other.pk})
    assert refused.status_code == 422 and b"owner_id" in refused.content
    made = api("POST", "parties", {"full_name": "New", "project_ids": [where.pk]})
    assert made.status_code == 201 and made.json()["owner_id"] == lone.pk


def test_the_hand_over_moves_the_reach(where):
    boss, lone, other = manager(), _lone(where), _lone(where, "Other")
    _of(where, lone, lone)
    operation = hand_over(boss, lone, {"contacts": str(other.pk)})
    assert operation.counts["handed"] == 2
    assert (_names(_web(lone)), _names(_web(other))) == ([], ["of Lone", "of Lone"])
    undo_operation(boss, operation.pk)
    assert (_names(_web(lone)), _names(_web(other))) == (["of Lone", "of Lone"], [])


def test_each_daily_thing_is_done_with_ones_own(where):
    """From the form to the recycle bin and back, on pages."""
    lone, other = _lone(where), _lone(where, "Other")
    _of(where, other)
    client, me = _signed_in(lone), _web(lone)
    fresh = {
        "name": "Tanaka Aoi",
        "language": "",
        "projects": [where.pk],
        "confidentiality": 1,
        "email": "aoi@t.example",
    }
    assert client.get(reverse("contacts:new_person")).status_code == 200
    answer = client.post(reverse("contacts:new_person"), fresh)
    aoi = Party.objects.visible_to(me).get(full_name="Tanaka Aoi")
    assert answer["Location"] == reverse("contacts:party", args=[aoi.pk]) and aoi.owner_id == lone.pk

    def read(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, address
        return answer.content.decode()

    page = read(reverse("contacts:party", args=[aoi.pk]))
    for section in ("about", "name", "tags"):
        address = reverse("contacts:edit", args=[aoi.pk, section])
        assert address in page and read(address)
    listed = read(reverse("contacts:list"))
    assert "Tanaka Aoi" in listed and "of Other" not in listed
    assert reverse("contacts:cell", args=[aoi.pk, "owner"]) in read("/people/?columns=name,owner")
    for address in (
        "/people/map/",
        "/people/map/towns/",
        "/people/duplicates/",
        "/people/bin/",
        "/search/?q=tanaka",
    ):
        assert "of Other" not in read(address)
    assert "Tanaka" in read("/search/?q=tanaka")
    post = client.post
    told = {"tags": [], "more": "Harbour"}
    assert post(reverse("contacts:edit", args=[aoi.pk, "tags"]), told).status_code == 302
    point = ContactPoint.objects.get(party=aoi)
    note = {"typed": "aoi@tanaka.example", "label": "work", "status": "good", "note": ""}
    assert post(reverse("contacts:point", args=[aoi.pk, point.pk]), note).status_code in {200, 302}
    assert post(reverse("contacts:bulk"), {"id": aoi.pk, "code": "language", "value": "ja"}).status_code in {
        200,
        302,
    }
    done = bulk.apply(me, bulk.Selection(ids=(aoi.pk,)), code="language", value="fr")
    assert _fresh(aoi).language == "fr" and done.project_ids == [where.pk]
    undo_operation(me, done.pk)
    assert _fresh(aoi).language != "fr"
    answer = post(reverse("contacts:export"), {"all": "1", "format": "csv", "columns_of": "all"})
    body = b"".join(answer.streaming_content).decode()
    assert "Tanaka" in body and "of Other" not in body
    assert post(reverse("contacts:delete", args=[aoi.pk])).status_code == 302
    assert "Tanaka Aoi" in read(reverse("contacts:bin"))
    assert post(reverse("contacts:restore", args=[aoi.pk])).status_code == 302
    assert _names(me) == ["Tanaka Aoi"]
    assert "Tanaka" in read(f"/people/brief/?who={aoi.pk}")


def test_what_was_handed_on_by_many_does_not_come_back(where):
    lone, other = _lone(where), _lone(where, "Other")
    mine = _of(where, lone, lone)
    done = bulk.apply(
        _web(lone), bulk.Selection(ids=tuple(one.pk for one in mine)), code="owner", value=str(other.pk)
    )
    assert _names(_web(lone)) == []
    assert undo_operation(_web(lone), done.pk)
    assert _names(_web(lone)) == []


def test_a_town_is_everybodys(where):
    """Putting one on the map moves everybody's addresses in it."""
    lone = _lone(where)
    with pytest.raises(Forbidden):
        placing.put_town(_web(lone), country="GB", name="Skerby", position=(54.0, -1.0))
    assert "/people/map/towns/put/" not in _signed_in(lone).get("/people/map/towns/").content.decode()


def test_nobody_learns_of_others_by_what_they_have_in_common(where):
    lone, other = _lone(where), _lone(where, "Other")
    me = _web(lone)
    theirs = party(where, "Zymurgia Lopez", email="z@lopez.example", owner_id=other.pk)
    mine = party(where, "Zymurgia Lopez", by=me, email="z@lopez.example")
    DuplicatePair.objects.create(first=theirs, second=mine, score=97, reasons=["email", "name"])
    entered = duplicates.Entered(full_name="Zymurgia Lopez", emails=["z@lopez.example"])
    assert [match.party for match in duplicates.similar(me, entered)] == [mine]
    assert (duplicates.open_pairs(me), duplicates.pairs(me)) == (0, [])
    everybody = lists.ListSpec(filters.parse(None))
    assert lists.total(me, everybody) == lists.Total(1, True)
    assert [row.party for row in lists.page(me, everybody).rows] == [mine]
    assert lists.counts_by_choice(me, everybody, "kind", ["person"]) == {"person": 1}
    assert lists.counts_by_choice(me, everybody, "owner", [str(other.pk)]) == {str(other.pk): 0}
    assert [hit.subject_id for hit in find(me, "zymurgia")] == [mine.pk]
    services.set_external_id(SYSTEM, theirs, system="permit", value="7")
    with pytest.raises(services.ContactError) as refused:
        services.set_external_id(me, mine, system="permit", value="7")
    assert "contact" not in str(refused.value).lower()


def test_relations_show_whom_one_reaches(where):
    lone, other = _lone(where), _lone(where, "Other")
    mine, theirs = _of(where, lone, other)
    kind = RelationType.objects.get(code="works-for")
    services.relate(SYSTEM, mine, theirs, kind=kind)
    me = _web(lone)
    assert ties(me, mine).shown == [] and len(ties(manager(where), mine).shown) == 1
    assert "of Other" not in _signed_in(lone).get(reverse("contacts:party", args=[mine.pk])).content.decode()


def test_a_record_names_its_contact_without_a_way_there(where):
    """Their own promise, task and case on somebody whom a colleague looks after; the form leaves them as they are."""
    lone, other = _lone(where), _lone(where, "Other")
    [theirs] = _of(where, other)
    common = {"project": where, "party": theirs, "owner": lone}
    promise = make_promise(SYSTEM, title="Call", direction="ours", **common)
    task = make_task(SYSTEM, title="Look it up", **common)
    case = open_case(SYSTEM, kind="issue", title="Dust", **common)
    client, way = _signed_in(lone), reverse("contacts:party", args=[theirs.pk])
    for address in (
        reverse("commitments:promise", args=[promise.pk]),
        reverse("commitments:task", args=[task.pk]),
        reverse("cases:case", args=[case.pk]),
    ):
        shown = client.get(address).content.decode()
        assert "of Other" in shown and way not in shown, address
        seen = _signed_in(_user(manager(where))).get(address).content.decode()
        assert way in seen, address
    sent = {
        "title": "Call back", "person": theirs.full_name, "party": theirs.pk, "owner": lone.pk, "project": where.pk,
        "confidentiality": 1, "version": promise.version, "direction": "ours", "shift": "backward",
    }  # fmt: skip
    answer = client.post(reverse("commitments:edit", args=[promise.pk]), sent)
    assert answer.status_code == 302, answer.content.decode()
    promise.refresh_from_db(from_queryset=type(promise).objects.unscoped("test"))
    assert (promise.title, promise.party_id) == ("Call back", theirs.pk)
    # The name alone, without the number that the form carries, finds nobody.
    other_form = {**sent, "party": "", "version": promise.version}
    answer = client.post(reverse("commitments:edit", args=[promise.pk]), other_form)
    assert answer.status_code == 422


def test_a_conversation_names_whom_one_does_not_reach_and_keeps_them(where):
    lone, other = _lone(where), _lone(where, "Other")
    mine, theirs = _of(where, lone, other)
    [elsewhere] = _of(project("Port"), None)
    people = [ParticipantDraft(party_id=pk) for pk in (mine.pk, theirs.pk, elsewhere.pk)]
    ours = ParticipantDraft(user_id=lone.pk)
    talk = log_interaction(
        SYSTEM, channel="call", occurred_at=clock.now(), project_ids=[where.pk], subject="Talk", participants=[*people, ours]
    )  # fmt: skip
    client, way = _signed_in(lone), reverse("contacts:party", args=[theirs.pk])
    page = f"/conversations/{talk.pk}/"
    for address in (page, "/conversations/", reverse("contacts:party", args=[mine.pk])):
        shown = client.get(address).content.decode()
        assert "of Other" in shown and way not in shown and "of nobody" not in shown, address
    form = client.get(f"{page}edit/").content.decode()
    assert "of Lone" in form and "of Other" not in form and f"party:{theirs.pk}" not in form
    change_interaction(_web(lone), talk, participants=[people[0], ours])
    kept = set(talk.participants.values_list("party_id", flat=True))
    assert kept == {mine.pk, theirs.pk, elsewhere.pk, None}


def test_the_clearance_counts_as_well(where):
    lone = _lone(where)
    [mine] = _of(where, lone)
    with pytest.raises(services.ContactError):
        services.change_party(_web(lone), mine, confidentiality=Level.CONFIDENTIAL)
    services.change_party(SYSTEM, mine, confidentiality=Level.CONFIDENTIAL)
    assert _names(_web(lone)) == []


def _asked(actors: Iterable[Actor]) -> list[str]:
    return [str(Party.objects.visible_to(actor).query) for actor in actors]


def test_whole_rights_ask_as_ever(where):
    """The statements of prepared queries and their plans depend on it."""
    whole, both = user(), user()
    grant(whole, where, role(codes=[VIEW]))
    grant(both, where, role(codes=[VIEW]))
    grant(both, where, role(codes=[VIEW], own=[VIEW]))
    first, second = _asked([_web(whole), _web(both)])
    assert first == second and "owner_id" not in first.partition("WHERE")[2]
    everywhere = manager()
    assert "WHERE" not in _asked([everywhere])[0]


@pytest.mark.parametrize("reach", ["own", "team"])
def test_the_list_of_ones_own_is_found_by_an_index(where, reach):
    lone, boss = _lone(where, reach=reach), user()
    everybody = lists.ListSpec(filters.parse(None))
    if reach == "team":
        _team(lone, user())
    _of(where, lone)
    crowd = [
        Party(
            full_name=f"Crowd {n}",
            sort_key=f"crowd {n}",
            project_ids=[where.pk],
            owner=None if n % 2 else boss,
        )
        for n in range(2000)
    ]
    Party.objects.bulk_create(crowd)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_party")
        for found in (
            lists.matching_parties(_web(lone), everybody),
            lists.matching_parties(_web(lone), everybody).order_by("sort_key", "id")[:51],
        ):
            plan = found.explain()
            assert "party_owner" in plan, plan


def test_only_those_who_reach_it_count_as_readers(where):
    lone, other = _lone(where), _lone(where, "Other")
    [mine] = _of(where, lone)
    grant(lone, where, role(codes=[VIEW], own=[VIEW], clearance=Level.CONFIDENTIAL))
    grant(other, where, role(codes=[VIEW], own=[VIEW], clearance=Level.CONFIDENTIAL))
    services.change_party(SYSTEM, mine, confidentiality=Level.CONFIDENTIAL)
    from enishi.contacts.queries.record import readers

    assert readers(manager(where), _fresh(mine)) == 1
    assert queries.reaches(_web(lone), _fresh(mine)) and not queries.reaches(_web(other), _fresh(mine))


def test_it_is_explained_by_whom_it_is_looked_after(where):
    lone, other = _lone(where), _lone(where, "Other")
    mine, theirs = _of(where, lone, other)
    hidden = accounts.explain(lone, VIEW, [where.pk], 1, ("contacts.party", theirs.pk))
    assert hidden.sentence == "Lone cannot: the role reaches only their own, and this belongs to Other."
    subject = ("contacts.party", mine.pk)
    seen = accounts.explain(lone, VIEW, [where.pk], 1, subject)
    assert seen.visible and accounts.explain_change(lone, EDIT, [where.pk], seen, subject).visible


def test_looking_as_somebody_reaches_what_both_reach(where):
    admin, lone, other = user("Admin"), _lone(where), _lone(where, "Other")
    grant(admin, None, administrator_role())
    _of(where, lone, other, None)
    assert _names(accounts.viewing_as(_web(admin), lone)) == ["of Lone"]
    assert _names(accounts.viewing_as(_web(lone), admin)) == ["of Lone"]


def test_a_tag_that_is_missing_is_made_on_the_way(where):
    lone = _lone(where)
    [mine] = _of(where, lone)
    me = _web(lone)
    services.set_tags(me, mine, [services.tag_by_path(me, "Harbour")])
    assert contact_setup.create_tag(me, name="Harbour").path == "Harbour"
