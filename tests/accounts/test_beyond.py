"""Nobody hands out, or decides over, more than they may themselves."""

from __future__ import annotations

import pytest

from enishi.accounts import services
from enishi.accounts.access import Actor, Level, Via, rights
from enishi.accounts.models import Grant, Role, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.services import BeyondOwnRights
from factories import grant, manager, project, role, user

pytestmark = pytest.mark.django_db

HELPDESK = ["accounts.manage", "contacts.view"]


@pytest.fixture
def helpdesk() -> Actor:
    """Manages people everywhere, sees contacts up to internal, and nothing else."""
    who = user("Helpdesk")
    grant(who, None, role("Helpdesk", HELPDESK, Level.INTERNAL))
    return actor_of(who, via=Via.WEB)


def _own(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


@pytest.mark.parametrize(
    ("codes", "clearance"),
    [(["contacts.view"], Level.CONFIDENTIAL), (["contacts.export"], Level.OPEN), (None, Level.RESTRICTED)],
)
def test_a_role_beyond_ones_own_rights_is_given_to_nobody(helpdesk, codes, clearance):
    stronger = role("Stronger", codes, clearance)
    where = project()
    for whom in ({"user": _own(helpdesk)}, {"team": Team.objects.create(name="Field")}):
        for place in (where, None):
            with pytest.raises(BeyondOwnRights):
                services.give_role(helpdesk, role=stronger, project=place, **whom)
    assert not Grant.objects.filter(role=stronger).exists()


def test_a_role_within_ones_own_rights_is_given(helpdesk):
    given = services.give_role(helpdesk, role=role("Reader", ["contacts.view"]), user=user())
    assert Grant.objects.filter(pk=given.pk).exists()


def test_the_refusal_names_the_right_that_is_missing(helpdesk):
    with pytest.raises(BeyondOwnRights) as refused:
        services.give_role(helpdesk, role=role("E", ["contacts.export"], Level.OPEN), user=user())
    assert str(refused.value) == (
        "This reaches further than your own rights: “Export contacts”, up to open. "
        "Ask somebody who has that right to do it."
    )


def test_no_role_is_made_or_changed_beyond_ones_own(helpdesk):
    with pytest.raises(BeyondOwnRights):
        services.create_role(helpdesk, name="Mine", codes=rights(), clearance=Level.RESTRICTED)
    own = Role.objects.get(name="Helpdesk")
    for values in ({"codes": [*HELPDESK, "contacts.export"]}, {"clearance": Level.RESTRICTED}):
        with pytest.raises(BeyondOwnRights):
            services.change_role(helpdesk, own, **values)
    stronger = role("Stronger")
    for change in (
        lambda: services.change_role(helpdesk, stronger, codes=["contacts.view"]),
        lambda: services.delete_role(helpdesk, stronger),
    ):
        with pytest.raises(BeyondOwnRights):
            change()
    own.refresh_from_db()
    assert (own.codes, own.clearance) == (HELPDESK, Level.INTERNAL)
    assert Role.objects.filter(name="Stronger").exists()


def test_the_way_through_a_team_is_closed(helpdesk):
    team = Team.objects.create(name="Directors")
    grant(team, None, role())
    for change in (
        lambda: services.change_team(helpdesk, team, members=[_own(helpdesk)]),
        lambda: services.delete_team(helpdesk, team),
        lambda: services.take_role(helpdesk, Grant.objects.get(team=team)),
    ):
        with pytest.raises(BeyondOwnRights):
            change()
    assert not team.members.exists()


def test_nobody_takes_over_the_account_of_somebody_stronger(helpdesk):
    """Whoever may set an address gets the link for a new password."""
    boss = _own(manager())
    for values in (
        {"email": "mine@evil.example"},
        {"password": "a sentence of my own"},
        {"is_active": False},
    ):
        with pytest.raises(BeyondOwnRights):
            services.change_user(helpdesk, boss, **values)
    before = boss.email
    boss.refresh_from_db()
    assert (boss.email, boss.is_active) == (before, True)
    services.change_user(helpdesk, _own(helpdesk), name="Desk")


def test_a_right_in_a_project_reaches_the_parts_below_and_nothing_else(helpdesk):
    above = project()
    below, beside = project(parent=above), project()
    who = _own(helpdesk)
    grant(who, above, role(codes=["content.view"], clearance=Level.CONFIDENTIAL))
    wide = actor_of(who, via=Via.WEB)
    reader = role("Files", ["content.view"], Level.CONFIDENTIAL)
    services.give_role(wide, role=reader, user=user(), project=below)
    for place in (beside, None):
        with pytest.raises(BeyondOwnRights):
            services.give_role(wide, role=reader, user=user(), project=place)


def test_a_role_with_a_right_of_a_part_that_is_gone_can_still_be_given(helpdesk):
    old = role("Old", ["contacts.view", "meteorology.view"])
    assert services.give_role(helpdesk, role=old, user=user()).pk


def test_the_pages_say_so_in_words(client, helpdesk):
    client.force_login(_own(helpdesk))
    stronger = role("Stronger")
    data = {"user": helpdesk.user_id, "role": stronger.pk, "place": "all"}
    text = client.post("/settings/roles/give/", data, follow=True).content.decode()
    assert "further than your own rights" in text
    posted = {"name": "Stronger", "clearance": "0", "codes": ["contacts.view"]}
    answer = client.post(f"/settings/roles/{stronger.pk}/", posted)
    assert answer.status_code == 422
    assert "further than your own rights" in answer.content.decode()


def test_an_upgrade_brings_administrators_the_new_rights():
    fixed = services.administrator_role()
    Role.objects.filter(pk=fixed.pk).update(codes=["accounts.manage"])
    services.renew_administrator_role()
    fixed.refresh_from_db()
    assert set(fixed.codes) == set(rights())


def test_without_the_administrator_role_an_upgrade_makes_none():
    services.renew_administrator_role()
    assert not Role.objects.exists()
