"""The pages of accounts: own settings, people and rights, projects, the organisation."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enishi.accounts import services
from enishi.accounts.access import Level, Via, rights
from enishi.accounts.models import ApiToken, Grant, Organisation, Project, Role, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.timeline.models import Entry
from factories import agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client) -> User:
    who = User.objects.get(pk=manager().user_id)
    client.force_login(who)
    return who


def _as(client, actor) -> User:
    who = User.objects.get(pk=actor.user_id)
    client.force_login(who)
    return who


def _events() -> list[str]:
    return [e.event.removeprefix("accounts.") for e in Entry.objects.unscoped("test").order_by("id")]


OWN = ["/settings/account/", "/settings/appearance/", "/settings/tokens/", "/projects/"]
ADMINISTRATION = [
    "/settings/people/",
    "/settings/people/new/",
    "/settings/teams/",
    "/settings/roles/new/",
    "/settings/projects/",
    "/settings/projects/new/",
    "/settings/why/",
    "/settings/organisation/",
]


@pytest.mark.parametrize("path", OWN)
def test_everybody_has_their_own_pages(client, path):
    assert client.get(path).status_code == 302
    _as(client, agent(project()))
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ADMINISTRATION)
def test_administration_is_for_those_who_administer(client, path):
    assert client.get(path)["Location"].startswith("/account/login/")
    _as(client, agent(project()))
    assert client.get(path).status_code == 403
    _as(client, manager(project()))
    assert client.get(path).status_code == 403, "a right in one project does not reach the whole organisation"
    _as(client, manager())
    assert client.get(path).status_code == 200


def test_records_of_administration_answer_403_and_404(client):
    team = Team.objects.create(name="Field")
    given = grant(user(), project(), role())
    made = role()
    paths = {
        "get": [
            f"/settings/people/{given.user_id}/",
            f"/settings/teams/{team.pk}/",
            f"/settings/roles/{made.pk}/",
            f"/settings/projects/{given.project_id}/",
        ],
        "post": [
            f"/settings/people/{given.user_id}/invite/",
            "/settings/roles/give/",
            f"/settings/roles/given/{given.pk}/take/",
            f"/settings/teams/{team.pk}/delete/",
            f"/settings/roles/{made.pk}/effect/",
            f"/settings/roles/{made.pk}/delete/",
            f"/settings/projects/{given.project_id}/archive/",
        ],
    }
    _as(client, agent(project()))
    for method, addresses in paths.items():
        for path in addresses:
            assert getattr(client, method)(path).status_code == 403, path
    _as(client, manager())
    for path in paths["get"]:
        assert client.get(path).status_code == 200, path
        assert client.get(re.sub(r"\d+", "987654321", path)).status_code == 404, path
    assert Grant.objects.filter(pk=given.pk).exists()


def test_the_profile_is_saved_and_recorded(client):
    who = _as(client, agent(project()))
    answer = client.post(
        "/settings/account/",
        {
            "name": "Aoi",
            "language": "ja",
            "time_zone": "Asia/Tokyo",
            "reminder_mail": "on",
            "shows_presence": "on",
        },
    )
    assert answer.status_code == 302
    who.refresh_from_db()
    assert (who.name, who.language, who.time_zone) == ("Aoi", "ja", "Asia/Tokyo")
    entry = Entry.objects.unscoped("test").get(event="accounts.user_changed")
    assert entry.changes == {
        "name": ["Agent", "Aoi"],
        "language": ["en", "ja"],
        "time_zone": ["UTC", "Asia/Tokyo"],
    }
    assert 'lang="ja"' in client.get("/settings/account/").content.decode()


def test_a_profile_cannot_be_given_more_than_its_fields(client):
    """Mass assignment: fields that the form does not have change nothing."""
    who = _as(client, agent(project()))
    data = {
        "name": "A",
        "language": "en",
        "time_zone": "UTC",
        "email": "x@evil.example",
        "is_active": "",
        "is_superuser": "1",
    }
    client.post("/settings/account/", data)
    email = who.email
    who.refresh_from_db()
    assert (who.email, who.is_active) == (email, True)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", ""])
def test_a_time_zone_that_does_not_exist_is_refused(client, zone):
    who = _as(client, agent(project()))
    answer = client.post("/settings/account/", {"name": "A", "language": "en", "time_zone": zone})
    assert answer.status_code == 200
    who.refresh_from_db()
    assert who.time_zone == "UTC"


def test_a_token_is_shown_once_and_kept_as_a_hash(client):
    who = _as(client, agent(project()))
    made = client.post("/settings/tokens/", {"name": "Website", "days": "30", "scopes": ["contacts.view"]})
    secret = re.search(r'value="(enishi_[\w-]+)"', made.content.decode())[1]
    assert "no-store" in made["Cache-Control"]
    token = ApiToken.objects.get(user=who)
    assert secret not in str(vars(token))
    assert token.scopes == ["contacts.view"]
    assert timezone.now() + dt.timedelta(days=29) < token.expires_at < timezone.now() + dt.timedelta(days=31)
    again = client.get("/settings/tokens/").content.decode()
    assert secret not in again
    assert token.prefix in again
    assert secret not in str([vars(e) for e in Entry.objects.unscoped("test")])


def test_a_token_never_gets_what_its_owner_may_not(client):
    _as(client, agent(project(), codes=["contacts.view"]))
    answer = client.post("/settings/tokens/", {"name": "x", "days": "30", "scopes": ["accounts.manage"]})
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_only(client):
    owner = _as(client, agent(project()))
    token, _secret = services.create_token(
        actor_of(owner, via=Via.WEB), name="Website", scopes=["contacts.view"], days=30
    )
    _as(client, outsider())
    assert client.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    client.force_login(owner)
    assert client.get(f"/settings/tokens/{token.pk}/revoke/").status_code == 405
    client.post(f"/settings/tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_people_are_listed_and_found(client, boss):
    kept = user("Nadia Ferrant")
    grant(kept, project(), role("Officer"))
    user("Rui Tanase", is_active=False)
    text = client.get("/settings/people/").content.decode()
    assert "Nadia Ferrant" in text
    assert "Officer" in text
    assert "Rui Tanase" not in text
    assert "Rui Tanase" in client.get("/settings/people/?state=inactive").content.decode()
    found = client.get("/settings/people/?q=nadia").content.decode()
    assert "Nadia Ferrant" in found
    assert f"/settings/people/{boss.pk}/" not in found


def test_people_are_paged_by_key(client, boss):
    for number in range(60):
        user(f"Same name {number % 3}")
    seen: list[int] = []
    url = "/settings/people/"
    while url:
        page = client.get(url)
        seen += [row["user"].pk for row in page.context["people"]]
        url = "/settings/people/" + page.context["next_url"] if page.context["next_url"] else ""
    assert len(seen) == len(set(seen)) == 61


def test_a_broken_page_address_shows_the_first_page(client, boss):
    assert client.get("/settings/people/?after=x:y").status_code == 200
    assert client.get("/settings/people/?after=" + "9" * 40).status_code == 200


def _count(client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "path",
    ["/settings/people/", "/settings/teams/", "/settings/projects/", "/projects/", "/settings/tokens/"],
)
def test_a_list_costs_the_same_for_one_and_for_many(client, boss, path):
    def more() -> None:
        where, who = project(parent=Project.objects.first()), user()
        team = Team.objects.create(name=f"Team {who.pk}")
        team.members.add(who)
        given = role()
        grant(who, where, given)
        grant(team, where, given)
        services.create_token(actor_of(boss, via=Via.WEB), name="t", scopes=["contacts.view"], days=3)

    more()
    one = _count(client, path)
    for _ in range(6):
        more()
    assert _count(client, path) == one


def test_somebody_new_is_invited(client, boss):
    data = {
        "name": "Mika Otsuru",
        "email": "mika@enishi.example",
        "language": "ja",
        "time_zone": "Asia/Tokyo",
    }
    answer = client.post("/settings/people/new/", data)
    made = User.objects.get(email="mika@enishi.example")
    assert answer["Location"] == f"/settings/people/{made.pk}/"
    assert not made.has_usable_password()
    assert _events()[-2:] == ["user_created", "user_invited"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'accounts.send_invitation'")
        assert json.loads(cursor.fetchone()[0]) == {"user_id": made.pk}


def test_an_address_in_use_is_refused_with_words_and_keeps_the_input(client, boss):
    data = {"name": "Copy", "email": boss.email.upper(), "language": "en", "time_zone": "UTC"}
    answer = client.post("/settings/people/new/", data)
    assert answer.status_code == 422
    assert "already signs in" in answer.content.decode()
    assert 'value="Copy"' in answer.content.decode()


def test_roles_are_given_and_taken_per_project(client, boss):
    who, where, given = user(), project(), role("Officer")
    client.post("/settings/roles/give/", {"user": who.pk, "role": given.pk, "place": where.pk})
    made = Grant.objects.get(user=who)
    assert (made.role, made.project) == (given, where)
    assert "Officer" in client.get(f"/settings/people/{who.pk}/").content.decode()
    client.post(f"/settings/roles/given/{made.pk}/take/")
    assert not Grant.objects.filter(user=who).exists()
    assert _events()[-2:] == ["grant_given", "grant_taken"]


def test_a_role_can_be_given_everywhere_and_to_a_team(client, boss):
    team, given = Team.objects.create(name="Field"), role()
    client.post("/settings/roles/give/", {"team": team.pk, "role": given.pk, "place": "all"})
    assert Grant.objects.get(team=team).project is None
    assert (
        client.post("/settings/roles/give/", {"user": "x", "role": given.pk, "place": "all"}).status_code
        == 404
    )
    client.post("/settings/roles/give/", {"team": team.pk, "role": "999999", "place": "all"})
    client.post("/settings/roles/give/", {"team": team.pk, "role": given.pk, "place": "999999"})
    assert Grant.objects.filter(team=team).count() == 1


def test_a_role_through_a_team_is_shown_and_not_taken_from_the_person(client, boss):
    who, team = user(), Team.objects.create(name="Field")
    team.members.add(who)
    given = grant(team, project(), role("Officer"))
    text = client.get(f"/settings/people/{who.pk}/").content.decode()
    assert "through the team Field" in text
    assert f"/settings/roles/given/{given.pk}/take/" not in text


def test_the_last_administrator_stays(client, boss):
    own = Grant.objects.get(user=boss)
    for path, data in [
        (f"/settings/roles/given/{own.pk}/take/", {}),
        (
            f"/settings/people/{boss.pk}/",
            {"name": "B", "email": boss.email, "language": "en", "time_zone": "UTC"},
        ),
        (f"/settings/roles/{own.role_id}/", {"name": "R", "clearance": "3", "codes": ["contacts.view"]}),
        (f"/settings/roles/{own.role_id}/delete/", {}),
    ]:
        answer = client.post(path, data, follow=True)
        assert "Nobody could manage rights any more" in answer.content.decode(), path
    boss.refresh_from_db()
    own.role.refresh_from_db()
    assert boss.is_active
    assert set(own.role.codes) == set(rights())
    assert Grant.objects.filter(pk=own.pk).exists()


def test_two_administrators_may_let_one_go(client, boss):
    other = User.objects.get(pk=manager().user_id)
    data = {"name": "B", "email": other.email, "language": "en", "time_zone": "UTC"}
    assert client.post(f"/settings/people/{other.pk}/", data).status_code == 302
    other.refresh_from_db()
    assert not other.is_active


def test_teams_are_made_changed_and_dissolved(client, boss):
    first, second = user(), user()
    made = client.post("/settings/teams/", {"name": "Field", "members": [first.pk]})
    team = Team.objects.get(name="Field")
    assert made["Location"] == f"/settings/teams/{team.pk}/"
    client.post(f"/settings/teams/{team.pk}/", {"name": "Field work", "members": [first.pk, second.pk]})
    team.refresh_from_db()
    assert (team.name, set(team.members.all())) == ("Field work", {first, second})
    assert client.post("/settings/teams/", {"name": "field WORK"}).status_code == 422
    client.post(f"/settings/teams/{team.pk}/delete/")
    assert not Team.objects.exists()


def test_a_role_is_made_and_changed_by_its_table(client, boss):
    data = {"name": "Reader", "description": "", "clearance": "0", "codes": ["contacts.view"]}
    made = Role.objects.get(pk=int(client.post("/settings/roles/new/", data)["Location"].split("/")[-2]))
    assert (made.codes, made.clearance) == (["contacts.view"], Level.OPEN)
    page = client.get(f"/settings/roles/{made.pk}/").content.decode()
    assert re.search(r'value="contacts.view" checked', page)
    assert not re.search(r'value="contacts.edit" checked', page)
    data |= {"codes": ["contacts.view", "contacts.edit"], "clearance": "2"}
    client.post(f"/settings/roles/{made.pk}/", data)
    made.refresh_from_db()
    assert (made.codes, made.clearance) == (["contacts.edit", "contacts.view"], Level.CONFIDENTIAL)


def test_the_table_shows_every_right_once(client, boss):
    page = client.get("/settings/roles/new/").content.decode()
    assert sorted(re.findall(r'name="codes" value="([a-z.]+)"', page)) == sorted(rights())


def test_an_unknown_right_is_refused(client, boss):
    data = {"name": "X", "clearance": "0", "codes": ["contacts.everything"]}
    assert client.post("/settings/roles/new/", data).status_code == 422
    assert not Role.objects.filter(name="X").exists()


def test_the_foot_says_who_gains_and_loses_before_saving(client, boss):
    made = role("Handler", ["contacts.view", "contacts.edit"])
    grant(user(), project(), made)
    data = {"clearance": "1", "codes": ["contacts.view", "contacts.export"]}
    text = client.post(f"/settings/roles/{made.pk}/effect/", data).content.decode()
    assert (
        text.strip() == "2 changes, 1 person; 1 gains “Export contacts”; 1 loses “Create and change contacts”"
    )
    made.refresh_from_db()
    assert made.codes == ["contacts.edit", "contacts.view"]


def test_the_administrator_role_is_fixed(client, boss):
    fixed = services.administrator_role()
    page = client.get(f"/settings/roles/{fixed.pk}/").content.decode()
    assert "always has every right" in page
    client.post(f"/settings/roles/{fixed.pk}/", {"name": "Other", "clearance": "0", "codes": []})
    fixed.refresh_from_db()
    assert (fixed.name, fixed.clearance) == ("Administrator", Level.RESTRICTED)
    assert set(fixed.codes) == set(rights())


def test_why_somebody_cannot_see_a_record(client, boss):
    where = project("Tidewall East")
    made = party(where, "Shirin Mohtadi", confidentiality=Level.CONFIDENTIAL)
    who = User.objects.get(pk=agent(where).user_id)
    page = reverse("contacts:party", args=[made.pk])
    for what in ("shirin", page, f"https://enishi.example{page}"):
        text = client.get("/settings/why/", {"who": who.pk, "what": what}).content.decode()
        assert "Agent cannot see it: it is confidential" in text, what
    seen = client.get("/settings/why/", {"who": boss.pk, "record": f"person:{made.pk}"}).content.decode()
    assert "Manager can see it." in seen


def test_why_asks_which_one_is_meant_and_finds_nothing_beyond_ones_own_rights(client):
    asker = user("Limited administrator")
    grant(asker, None, role(codes=["accounts.manage", "contacts.view"], clearance=Level.INTERNAL))
    client.force_login(asker)
    where = project()
    party(where, "Tanaka Aoi")
    party(where, "Tanaka Ren")
    secret = party(where, "Tanaka Secret", confidentiality=Level.RESTRICTED)
    text = client.get("/settings/why/", {"who": asker.pk, "what": "tanaka"}).content.decode()
    assert "Tanaka Aoi" in text
    assert "Tanaka Ren" in text
    assert "Secret" not in text
    by_key = client.get("/settings/why/", {"who": asker.pk, "record": f"person:{secret.pk}"}).content.decode()
    assert "Secret" not in by_key
    assert "Nothing like that is found" in by_key


def test_projects_are_set_up_moved_and_put_away(client, boss):
    data = {
        "name": "Tidewall",
        "code": "tidewall",
        "country": "JP",
        "default_level": "1",
        "description": "",
        "parent": "",
    }
    client.post("/settings/projects/new/", data)
    made = Project.objects.get(code="tidewall")
    child = project(parent=made)
    loop = client.post(f"/settings/projects/{made.pk}/", data | {"parent": child.pk})
    assert loop.status_code == 422
    assert "part of itself" in loop.content.decode()
    client.post(f"/settings/projects/{made.pk}/", data | {"name": "Tidewall East", "default_level": "2"})
    made.refresh_from_db()
    assert (made.name, made.default_level, made.parent) == ("Tidewall East", Level.CONFIDENTIAL, None)
    client.post(f"/settings/projects/{made.pk}/archive/")
    client.get("/settings/account/")  # takes the toast away
    assert "Tidewall East" not in client.get("/projects/").content.decode()
    client.post(f"/settings/projects/{made.pk}/archive/")
    made.refresh_from_db()
    assert made.archived_at is None


def test_a_short_name_in_use_is_refused(client, boss):
    project(code="taken")
    data = {"name": "X", "code": "taken", "country": "JP", "default_level": "1"}
    assert client.post("/settings/projects/new/", data).status_code == 422


def test_a_project_is_seen_by_those_who_work_in_it(client):
    above = project("Tidewall")
    where = project("Tidewall East", parent=above, description="Forty turbines off the coast")
    _as(client, outsider())
    assert client.get(f"/projects/{where.pk}/").status_code == 404
    assert "Tidewall" not in client.get("/projects/").content.decode()
    _as(client, agent(above))
    text = client.get(f"/projects/{where.pk}/").content.decode()
    assert "Forty turbines" in text
    assert "Agent" in text
    assert "Tidewall East" in client.get(f"/projects/{above.pk}/").content.decode()


def test_the_organisation_is_set_up(client, boss):
    data = {"name": "Kazami Institute", "language": "ja", "time_zone": "Asia/Tokyo", "country": "JP"}
    data["sign_in_days"] = "90"
    client.post("/settings/organisation/", data)
    ours = Organisation.objects.get()
    assert (ours.name, ours.language, ours.time_zone, ours.country) == (
        "Kazami Institute",
        "ja",
        "Asia/Tokyo",
        "JP",
    )
    assert not ours.require_second_factor
    fresh = client.get("/settings/people/new/").content.decode()
    assert re.search(r'<option value="Asia/Tokyo" selected', fresh)


def test_names_with_markup_are_shown_as_text(client, boss):
    user("<script>alert(1)</script>")
    text = client.get("/settings/people/").content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
