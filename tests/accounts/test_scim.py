"""SCIM 2.0: what a directory reads and does, by the public tester of the protocol and by exact answers."""

from __future__ import annotations

import json
import warnings

import pytest
from allauth.usersessions.models import UserSession
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client

from enishi.accounts import services
from enishi.accounts.access import Level, Via
from enishi.accounts.models import Provisioned, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.timeline.models import Entry
from factories import PASSWORD, agent, grant, manager, outsider, project, role, user

pytestmark = pytest.mark.django_db
USERS, GROUPS = "/scim/v2/Users", "/scim/v2/Groups"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def _token(actor, scopes=("accounts.provision",)) -> str:
    _kept, secret = services.create_token(actor, name="Directory", scopes=scopes, days=30)
    return secret


class Directory:
    def __init__(self, secret: str) -> None:
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client()

    def __call__(self, method: str, path: str, body: dict | None = None):
        data = json.dumps(body) if body is not None else ""
        answer = self.client.generic(
            method, path, data, content_type="application/scim+json", headers=self.headers
        )
        return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def directory() -> Directory:
    return Directory(_token(manager()))


AOI = {
    "schemas": [USER],
    "userName": "aoi@kazami.example",
    "externalId": "0f3a",
    "name": {"givenName": "Aoi", "familyName": "Tachibana"},
    "displayName": "Aoi Tachibana",
    "emails": [{"value": "aoi@kazami.example", "type": "work", "primary": True}],
    "active": True,
}


@pytest.fixture
def _one_connection():
    """Asked in this process, the application must not close the connection of the test after each answer."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
def test_the_public_tester_finds_nothing_wrong():
    """Every check of scim2-tester: description, creating, reading, replacing, patching, removing, errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scim2_client.engines.wsgi import WSGISCIMClient
        from scim2_tester import Status, check_server

    asking = WSGISCIMClient(
        get_wsgi_application(),
        base_url="http://testserver/scim/v2",
        headers={"Authorization": f"Bearer {_token(manager())}"},
    )
    asking.discover()
    results = check_server(asking)
    wrong = [(r.title, r.reason) for r in results if r.status in {Status.ERROR, Status.CRITICAL}]
    assert wrong == [], "\n".join(f"{title}: {reason}" for title, reason in wrong)
    assert len([r for r in results if r.status == Status.SUCCESS]) > 30


def test_somebody_is_created_and_read_with_exactly_this_answer(directory):
    status, made = directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    address = f"http://testserver/scim/v2/Users/user-{who.pk}"
    created = made["meta"].pop("created")
    assert (status, made) == (
        201,
        {
            "schemas": [USER],
            "id": f"user-{who.pk}",
            "externalId": "0f3a",
            "meta": {"resourceType": "User", "location": address},
            "userName": "aoi@kazami.example",
            "name": {"familyName": "Tachibana", "givenName": "Aoi"},
            "displayName": "Aoi Tachibana",
            "emails": [{"value": "aoi@kazami.example", "type": "work", "primary": True}],
            "active": True,
        },
    )
    assert created.startswith(f"{who.created_at:%Y-%m-%dT%H:%M}")
    assert (who.name, who.has_usable_password()) == ("Aoi Tachibana", False)
    assert directory("GET", f"{USERS}/user-{who.pk}")[1]["id"] == f"user-{who.pk}"
    entry = Entry.objects.unscoped("test").get(event="accounts.user_created", subject_id=who.pk)
    assert entry.via == Via.API


def test_a_user_name_is_found_whatever_its_case(directory):
    directory("POST", USERS, AOI)
    user("Somebody else")
    for asked in ('userName eq "AOI@kazami.example"', 'externalId eq "0f3a"', 'displayName sw "Aoi"'):
        status, found = directory("GET", f"{USERS}?filter={asked.replace(' ', '%20')}")
        assert (status, found["totalResults"]) == (200, 1), asked
        assert found["Resources"][0]["userName"] == "aoi@kazami.example"
    assert directory("GET", f"{USERS}?filter=userName%20eq%20%22nobody%22")[1] == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }
    status, wrong = directory("GET", f"{USERS}?filter=userName%20like")
    assert (status, wrong["schemas"], wrong["scimType"]) == (400, [ERROR], "invalidFilter")


def test_people_are_paged(directory):
    for _ in range(5):
        user()
    total = User.objects.count()
    pages = [directory("GET", f"{USERS}?startIndex={start}&count=2")[1] for start in (1, 3, 5)]
    assert [(p["startIndex"], p["itemsPerPage"], p["totalResults"]) for p in pages] == [
        (1, 2, total), (3, 2, total), (5, 2, total),
    ]  # fmt: skip
    ids = [one["id"] for page in pages for one in page["Resources"]]
    assert len(ids) == len(set(ids)) == 6
    assert directory("GET", f"{USERS}?count=0")[1]["totalResults"] == total


def test_reading_many_asks_no_more_questions(directory, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert directory("GET", path)[0] == 200
        return len(queries)

    team = Team.objects.create(name="Field")
    team.members.add(user())
    few = count(USERS), count(GROUPS)
    for _ in range(5):
        team.members.add(user())
        Team.objects.create(name=f"T{_}").members.add(user())
    assert (count(USERS), count(GROUPS)) == few


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "path": "active", "value": "False"},
    ],
)
def test_switching_off_ends_sessions_in_each_way_of_saying_it(directory, operation):
    directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    who.set_password(PASSWORD)
    who.save()
    browser = Client()
    browser.post("/account/login/", {"login": who.email, "password": PASSWORD})
    assert UserSession.objects.filter(user=who).exists()
    status, told = directory(
        "PATCH", f"{USERS}/user-{who.pk}", {"schemas": [PATCH], "Operations": [operation]}
    )
    assert (status, told["active"]) == (200, False)
    assert not UserSession.objects.filter(user=who).exists()
    assert browser.get("/settings/account/").status_code == 302


def test_one_value_is_changed_the_way_of_entra(directory):
    directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    operations = [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "aoi.t@kazami.example"},
        {"op": "Add", "path": "displayName", "value": "Aoi T."},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:title", "value": "Engineer"},
    ]
    status, told = directory(
        "PATCH", f"{USERS}/user-{who.pk}", {"schemas": [PATCH], "Operations": operations}
    )
    assert status == 200
    assert told["emails"] == [{"value": "aoi.t@kazami.example", "type": "work", "primary": True}]
    who.refresh_from_db()
    assert (who.email, who.name) == ("aoi.t@kazami.example", "Aoi T.")


def test_what_changed_here_is_what_the_directory_reads(directory):
    directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    services.change_user(actor_of(User.objects.exclude(pk=who.pk).get(), via=Via.WEB), who, name="Aoi Mori")
    assert directory("GET", f"{USERS}/user-{who.pk}")[1]["displayName"] == "Aoi Mori"


def test_putting_in_place_of_what_was(directory):
    directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    said = {**AOI, "displayName": "Aoi Mori", "name": {"familyName": "Mori"}}
    status, told = directory("PUT", f"{USERS}/user-{who.pk}", said)
    assert (status, told["displayName"], told["name"]) == (200, "Aoi Mori", {"familyName": "Mori"})


def test_a_name_or_address_in_use_is_a_conflict(directory):
    directory("POST", USERS, AOI)
    status, told = directory("POST", USERS, {**AOI, "userName": "AOI@kazami.example", "externalId": "other"})
    assert (status, told["schemas"], told["status"], told["scimType"]) == (409, [ERROR], "409", "uniqueness")
    assert User.objects.filter(email="aoi@kazami.example").count() == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"schemas": [USER]}, "invalidValue"),
        ({"schemas": [USER], "userName": "no address"}, "invalidValue"),
        ({**AOI, "active": "perhaps"}, "invalidValue"),
        ({**AOI, "emails": [{"value": "nonsense"}]}, "invalidValue"),
    ],
)
def test_what_cannot_be_used_is_refused(directory, body, kind):
    status, told = directory("POST", USERS, body)
    assert (status, told["scimType"]) == (400, kind)
    assert User.objects.count() == 1


def test_no_json_is_no_syntax(directory):
    answer = directory.client.generic("POST", USERS, "{", headers=directory.headers)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_somebody_removed_is_switched_off_and_comes_back_as_the_same(directory):
    directory("POST", USERS, AOI)
    who = User.objects.get(email="aoi@kazami.example")
    assert directory("DELETE", f"{USERS}/user-{who.pk}") == (204, None)
    who.refresh_from_db()
    assert not who.is_active
    for method in ("GET", "DELETE"):
        assert directory(method, f"{USERS}/user-{who.pk}")[0] == 404
    assert (
        directory("GET", f"{USERS}?filter=userName%20eq%20%22aoi@kazami.example%22")[1]["totalResults"] == 0
    )
    status, told = directory("POST", USERS, AOI)
    assert (status, told["id"], told["active"]) == (201, f"user-{who.pk}", True)


def test_groups_are_teams(directory):
    _status, aoi = directory("POST", USERS, AOI)
    body = {"schemas": [GROUP], "displayName": "Field", "externalId": "g1", "members": [{"value": aoi["id"]}]}
    status, made = directory("POST", GROUPS, body)
    team = Team.objects.get()
    assert (status, made) == (
        201,
        {
            "schemas": [GROUP],
            "id": f"team-{team.pk}",
            "externalId": "g1",
            "meta": {"resourceType": "Group", "location": f"http://testserver/scim/v2/Groups/team-{team.pk}"},
            "displayName": "Field",
            "members": [
                {
                    "value": aoi["id"],
                    "$ref": f"http://testserver/scim/v2/Users/{aoi['id']}",
                    "type": "User",
                }
            ],
        },
    )
    groups = directory("GET", f"{USERS}/{aoi['id']}")[1]["groups"]
    assert [(one["value"], one["display"]) for one in groups] == [(f"team-{team.pk}", "Field")]
    other = user()
    path = f"{GROUPS}/team-{team.pk}"
    add = {"op": "add", "path": "members", "value": [{"value": f"user-{other.pk}"}]}
    assert len(directory("PATCH", path, {"schemas": [PATCH], "Operations": [add]})[1]["members"]) == 2
    gone = {"op": "remove", "path": f'members[value eq "{aoi["id"]}"]'}
    directory("PATCH", path, {"schemas": [PATCH], "Operations": [gone]})
    assert list(team.members.all()) == [other]
    put = {"schemas": [GROUP], "displayName": "Field work"}
    assert "members" not in directory("PUT", path, put)[1]
    assert not team.members.exists()
    stranger = {**body, "displayName": "X", "members": [{"value": "user-987654"}]}
    assert directory("POST", GROUPS, stranger)[0] == 400
    assert directory("DELETE", path) == (204, None)
    assert not Team.objects.exists()


@pytest.mark.parametrize("path", [USERS, GROUPS, f"{USERS}/user-1", "/scim/v2/Schemas", "/scim/v2/anything"])
def test_without_a_token_nothing_is_told(client, path):
    client.force_login(User.objects.get(pk=manager().user_id))
    answer = client.get(path)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert Client().get(path, headers={"Authorization": "Bearer enishi_wrong"}).status_code == 401


def test_a_token_of_another_right_and_a_right_in_a_project_only_are_not_enough():
    boss = manager()
    assert Directory(_token(boss, ("accounts.manage", "contacts.view")))("GET", USERS)[0] == 401
    assert Directory(_token(manager(project())))("GET", USERS)[0] == 401
    half = user()
    grant(half, None, role(codes=["accounts.provision"], clearance=Level.RESTRICTED))
    assert Directory(_token(actor_of(half, via=Via.WEB)))("GET", USERS)[0] == 401
    for actor in (agent(project()), outsider()):
        with pytest.raises(Exception, match=r"accounts\.provision"):
            _token(actor)


def test_a_token_to_provision_reads_no_contacts():
    secret = _token(manager())
    answer = Client().get("/api/v1/parties", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403 or answer.json()["items"] == []


def test_a_directory_does_no_more_than_whoever_made_its_token():
    """Neither an account stronger than that, nor a team that holds such a role, nor the last administrator."""
    boss, desk = User.objects.get(pk=manager().user_id), user()
    grant(desk, None, role(codes=["accounts.manage", "accounts.provision"], clearance=Level.INTERNAL))
    directory = Directory(_token(actor_of(desk, via=Via.WEB)))
    team = Team.objects.create(name="Directors")
    grant(team, None, role())
    mine = {"schemas": [USER], "userName": "mine@evil.example", "active": True}
    assert directory("PUT", f"{USERS}/user-{boss.pk}", mine)[0] == 403
    assert directory("DELETE", f"{USERS}/user-{boss.pk}")[0] == 403
    join = {"schemas": [GROUP], "displayName": "Directors", "members": [{"value": f"user-{desk.pk}"}]}
    assert directory("PUT", f"{GROUPS}/team-{team.pk}", join)[0] == 403
    before = boss.email
    boss.refresh_from_db()
    assert (boss.email, boss.is_active, team.members.count()) == (before, True, 0)
    assert not Provisioned.objects.exists()


def test_the_last_administrator_is_not_switched_off():
    boss = manager()
    status, told = Directory(_token(boss))("DELETE", f"{USERS}/user-{boss.user_id}")
    assert status == 403
    assert "Nobody could manage rights any more" in told["detail"]
    assert User.objects.get(pk=boss.user_id).is_active


def test_a_token_that_ended_ends_the_directory(directory):
    from enishi.accounts.models import ApiToken

    services.revoke_token(manager(), ApiToken.objects.get())
    assert directory("GET", USERS)[0] == 401


def test_a_method_that_is_not_known(directory):
    status, told = directory("DELETE", USERS)
    assert (status, told["schemas"]) == (405, [ERROR])
