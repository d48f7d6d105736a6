"""Scoping: what a query may return, for whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.accounts import services
from enishi.accounts.access import Forbidden, Level, UnknownRight, UnscopedQuery, Via, system_actor
from enishi.accounts.models import Team
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import Party
from factories import agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "read",
    [
        lambda: list(Party.objects.all()),
        lambda: Party.objects.count(),
        lambda: Party.objects.filter(full_name="x").exists(),
        lambda: Party.objects.first(),
        lambda: Party.objects.get(pk=1),
        lambda: Party.objects.update(note="x"),
        lambda: Party.objects.all().delete(),
        lambda: list(Party.objects.values_list("full_name")),
        lambda: list(Party.objects.iterator()),
        lambda: list(Party.objects.unscoped("outer").filter(pk__in=Party.objects.all())),
        lambda: Party.objects.in_bulk([1]),
        lambda: Party.objects.aggregate(),
        lambda: list(Party.objects.all() | Party.objects.all()),
    ],
)
def test_reading_without_a_scope_raises(read):
    with pytest.raises(UnscopedQuery):
        read()


def test_a_party_is_seen_by_whoever_sees_one_of_its_projects():
    wind, port = project("Wind"), project("Port")
    tanaka = party(wind, "Tanaka Aoi")
    assert [p.pk for p in Party.objects.visible_to(agent(wind))] == [tanaka.pk]
    assert list(Party.objects.visible_to(agent(port))) == []
    Party.objects.unscoped("test").update(project_ids=[wind.pk, port.pk])
    assert Party.objects.visible_to(agent(port)).count() == 1
    assert Party.objects.visible_to(outsider()).count() == 0


def test_clearance_hides_what_is_more_confidential():
    wind = project()
    party(wind, "Open Person", confidentiality=Level.OPEN)
    party(wind, "Secret Person", confidentiality=Level.CONFIDENTIAL)
    assert [p.full_name for p in Party.objects.visible_to(agent(wind))] == ["Open Person"]
    cleared = agent(wind, clearance=Level.CONFIDENTIAL)
    assert Party.objects.visible_to(cleared).count() == 2


def test_a_role_reaches_down_the_tree_and_not_up():
    top = project("Top")
    below = project("Below", parent=top)
    deep = project("Deep", parent=below)
    worker = agent(below)
    assert worker.may("contacts.view", deep.pk)
    assert worker.may("contacts.view", below.pk)
    assert not worker.may("contacts.view", top.pk)


def test_a_role_of_the_team_counts_and_the_actor_costs_one_query():
    wind = project()
    member = user()
    team = Team.objects.create(name="Field team")
    team.members.add(member)
    grant(team, wind, role(codes=["contacts.view"]))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        built = actor_of(member, via=Via.WEB)
        assert built.may("contacts.view", wind.pk)
        assert not built.may("contacts.edit", wind.pk)
    assert len(queries) == 1


def test_a_right_without_clearance_in_one_project_does_not_borrow_it_from_another():
    wind, port = project(), project()
    somebody = user()
    grant(somebody, wind, role(codes=["contacts.view"], clearance=Level.RESTRICTED))
    grant(somebody, port, role(codes=["contacts.view"], clearance=Level.OPEN))
    party(port, "Port secret", confidentiality=Level.INTERNAL)
    party(wind, "Wind secret", confidentiality=Level.RESTRICTED)
    built = actor_of(somebody, via=Via.WEB)
    assert [p.full_name for p in Party.objects.visible_to(built)] == ["Wind secret"]


def test_unknown_rights_raise():
    with pytest.raises(UnknownRight):
        system_actor("tests").may("contacts.veiw")


def test_a_token_narrows_the_rights_of_its_user():
    wind = project()
    somebody = user()
    grant(somebody, wind, role())
    built = actor_of(somebody, via=Via.API, token_scopes=["contacts.view"])
    assert built.may("contacts.view", wind.pk)
    assert not built.may("contacts.edit", wind.pk)


def test_the_last_administrator_stays():
    boss = services.create_user(
        system_actor("tests"),
        email="boss@enishi.example",
        name="Boss",
        password="a long enough one",
        administrator=True,
    )
    acting = actor_of(boss, via=Via.WEB)
    with pytest.raises(services.LastAdministrator):
        services.take_role(acting, boss.grants.get())
    with pytest.raises(services.LastAdministrator):
        services.change_user(acting, boss, is_active=False)
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.grants.count() == 1


def test_managing_people_needs_the_right_everywhere():
    wind = project()
    with pytest.raises(Forbidden):
        services.create_user(agent(wind), email="new@enishi.example", name="New")
    assert (
        services.create_user(manager(), email="new@enishi.example", name="New").email == "new@enishi.example"
    )


def test_a_project_cannot_be_put_below_itself():
    top = project()
    below = project(parent=top)
    with pytest.raises(services.AccountError):
        services.change_project(manager(), top, parent=below)
