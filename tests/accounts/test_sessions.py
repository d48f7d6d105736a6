"""Sign-ins kept for a time, sessions ended, and a second factor that a role asks for."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from enishi.accounts import queries, services
from enishi.accounts.access import Level, Via
from enishi.accounts.models import SignIn, User
from enishi.accounts.queries import actor as actor_of
from enishi.core import clock
from enishi.timeline.models import Entry
from factories import PASSWORD, SYSTEM, agent, grant, manager, outsider, project, role, user

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


def _user(actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _signed_in(who: User) -> Client:
    client = Client(headers={"User-Agent": "Firefox/140"}, REMOTE_ADDR="203.0.113.9")
    client.post(LOGIN, {"login": who.email, "password": PASSWORD})
    return client


def _tries(who: User | None) -> list[tuple[str, list[str], str, str]]:
    found = SignIn.objects.filter(user=who).order_by("id")
    return [(one.outcome, one.methods, one.address, one.agent) for one in found]


def test_a_sign_in_is_kept_with_how_and_from_where():
    who = user()
    _signed_in(who)
    assert _tries(who) == [("in", ["password"], "203.0.113.9", "Firefox/140")]


def test_tries_in_vain_are_kept_without_what_was_typed():
    who = user()
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.post(LOGIN, {"login": who.email, "password": "wrong password"})
    client.post(LOGIN, {"login": "hunter2hunter2", "password": "x"})
    client.post(LOGIN, {"login": "nobody@enishi.example", "password": "x"})
    assert _tries(who) == [("wrong", ["password"], "203.0.113.9", "")]
    assert ("wrong", ["password"], "203.0.113.9", "") in _tries(None)
    assert "nobody@" not in str(list(SignIn.objects.values()))


def test_the_sealed_history_keeps_no_address():
    """What is sealed is kept for ever; an address is personal and is forgotten in time."""
    who = user()
    _signed_in(who)
    Client(REMOTE_ADDR="203.0.113.9").post(LOGIN, {"login": who.email, "password": "wrong password"})
    entries = Entry.objects.unscoped("test").filter(
        event__in=["accounts.signed_in", "accounts.sign_in_failed"]
    )
    assert entries.count() == 2
    assert "203.0.113.9" not in str([vars(entry) for entry in entries])


def test_everybody_sees_their_own_and_nobody_elses(client):
    mine, other = _user(agent(project())), user()
    _signed_in(other)
    SignIn.objects.update(address="198.51.100.66")
    client.force_login(mine)
    SignIn.objects.create(user=mine, at=clock.now(), outcome="second", address="198.51.100.7")
    text = client.get("/settings/sign-ins/").content.decode()
    assert "198.51.100.7<" in text
    assert "Wrong second factor" in text
    assert "198.51.100.66" not in text
    for path in ("/settings/sign-ins/everybody/", f"/settings/people/{other.pk}/sign-ins/"):
        assert client.get(path).status_code == 403


def test_administrators_see_those_of_all_and_the_failed_ones_alone(client):
    client.force_login(_user(manager()))
    nadia = user("Nadia Ferrant")
    SignIn.objects.create(user=nadia, at=clock.now(), outcome="in", address="198.51.100.7")
    SignIn.objects.create(user=None, at=clock.now(), outcome="wrong", address="198.51.100.8")
    everything = client.get("/settings/sign-ins/everybody/").content.decode()
    assert "Nadia Ferrant" in everything
    assert "198.51.100.8" in everything
    failed = client.get("/settings/sign-ins/everybody/?failed=1").content.decode()
    assert "198.51.100.8" in failed
    assert "198.51.100.7" not in failed
    assert "198.51.100.7" in client.get(f"/settings/people/{nadia.pk}/sign-ins/").content.decode()


def test_older_ones_are_paged_by_key(client):
    who = _user(agent(project()))
    client.force_login(who)
    SignIn.objects.bulk_create(
        SignIn(user=who, at=clock.now(), outcome="in", address="198.51.100.7") for _ in range(120)
    )
    seen: list[int] = []
    url = "/settings/sign-ins/"
    while url:
        page = client.get(url)
        seen += [row["one"].pk for row in page.context["rows"]]
        url = "/settings/sign-ins/" + page.context["older_url"] if page.context["older_url"] else ""
    assert len(seen) == len(set(seen)) == SignIn.objects.filter(user=who).count()
    assert client.get("/settings/sign-ins/?before=" + "9" * 40).status_code == 200


def test_they_are_forgotten_after_the_time_that_the_organisation_set():
    who = user()
    services.change_settings(SYSTEM, name="Kazami Institute", sign_in_days=30)
    for days in (29, 31):
        at = clock.now() - dt.timedelta(days=days)
        SignIn.objects.create(user=who, at=at, outcome="in", address="198.51.100.7")
    assert services.forget_old_sign_ins() == 1
    assert SignIn.objects.count() == 1


def test_one_of_ones_own_sessions_is_ended_and_this_one_goes_on():
    who = user()
    here, there = _signed_in(who), _signed_in(who)
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(f"/settings/sessions/{other.pk}/end/").status_code == 302
    assert there.get("/settings/account/")["Location"].startswith(LOGIN)
    assert here.get("/settings/account/").status_code == 200
    entry = Entry.objects.unscoped("test").get(event="accounts.sessions_ended")
    assert (entry.user_id, entry.subject_id, entry.data) == (who.pk, who.pk, {"sessions": 1})


def test_nobody_ends_the_session_of_somebody_else():
    victim, attacker = user(), user()
    theirs, mine = _signed_in(victim), _signed_in(attacker)
    session = UserSession.objects.get(user=victim)
    assert mine.post(f"/settings/sessions/{session.pk}/end/").status_code == 404
    assert mine.post(f"/settings/people/{victim.pk}/sessions/end/").status_code == 403
    assert theirs.get("/settings/account/").status_code == 200


def test_an_administrator_signs_somebody_out_in_one_place_or_everywhere():
    boss, who = _signed_in(_user(manager())), user("Rui Tanase")
    first, second = _signed_in(who), _signed_in(who)
    one = UserSession.objects.get(session_key=first.session.session_key)
    page = f"/settings/people/{who.pk}/sign-ins/"
    assert "Firefox/140" in boss.get(page).content.decode()
    boss.post(f"/settings/people/{who.pk}/sessions/end/", {"session": one.pk})
    assert first.get("/settings/account/").status_code == 302
    assert second.get("/settings/account/").status_code == 200
    boss.post(f"/settings/people/{who.pk}/sessions/end/")
    assert second.get("/settings/account/").status_code == 302
    assert "Nowhere." in boss.get(page).content.decode()
    told = boss.post(f"/settings/people/{who.pk}/sessions/end/", follow=True).content.decode()
    assert "Rui Tanase is signed in nowhere." in told


def test_the_session_named_must_be_of_the_person_named():
    boss, who, other = _signed_in(_user(manager())), user(), user()
    kept = _signed_in(other)
    session = UserSession.objects.get(user=other)
    answer = boss.post(f"/settings/people/{who.pk}/sessions/end/", {"session": session.pk})
    assert answer.status_code == 404
    assert kept.get("/settings/account/").status_code == 200


def test_nobody_signs_out_whoever_may_more_than_they_do():
    desk = user()
    grant(desk, None, role(codes=["accounts.manage"], clearance=Level.INTERNAL))
    boss = _user(manager())
    stays = _signed_in(boss)
    text = _signed_in(desk).post(f"/settings/people/{boss.pk}/sessions/end/", follow=True).content.decode()
    assert "further than your own rights" in text
    assert stays.get("/settings/account/").status_code == 200


def test_switching_somebody_off_ends_their_sessions_at_once():
    manager()
    who = user()
    client = _signed_in(who)
    key = client.session.session_key
    services.change_user(SYSTEM, who, is_active=False)
    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(user=who).exists()


def test_a_role_asks_for_a_second_factor_of_those_who_hold_it(client):
    where = project()
    strict = role("Examiner", ["contacts.view"])
    services.change_role(SYSTEM, strict, require_second_factor=True)
    holder, other = user(), _user(outsider())
    team = services.create_team(SYSTEM, name="Office", members=[holder])
    grant(team, where, strict)
    client.force_login(other)
    assert client.get("/settings/account/").status_code == 200
    client.force_login(holder)
    assert client.get("/settings/account/")["Location"] == "/account/2fa/"
    assert "A role of yours asks for a second factor" in client.get("/account/2fa/").content.decode()
    totp.TOTP.activate(holder, totp.generate_totp_secret())
    assert client.get("/settings/account/").status_code == 200


def test_the_last_factor_stays_while_a_role_asks_for_it():
    from enishi.accounts.adapter import MFAAdapter

    who, strict = user(), role()
    totp.TOTP.activate(who, totp.generate_totp_secret())
    only = Authenticator.objects.get(user=who)
    assert MFAAdapter().can_delete_authenticator(only)
    services.change_role(SYSTEM, strict, require_second_factor=True)
    grant(who, project(), strict)
    assert not MFAAdapter().can_delete_authenticator(only)


def test_the_table_of_a_role_sets_it_and_says_who_has_none_yet(client):
    client.force_login(_user(manager()))
    made, protected = role("Examiner", ["contacts.view"]), user()
    totp.TOTP.activate(protected, totp.generate_totp_secret())
    for who in (user(), user(), protected):
        grant(who, project(), made)
    assert queries.without_second_factor(made) == 2
    assert "2 people who hold it have none yet." in client.get(f"/settings/roles/{made.pk}/").content.decode()
    data = {"name": "Examiner", "clearance": "1", "codes": ["contacts.view"], "require_second_factor": "on"}
    client.post(f"/settings/roles/{made.pk}/", data)
    made.refresh_from_db()
    assert made.require_second_factor


def test_the_administrator_role_can_ask_for_it_and_changes_in_nothing_else(client):
    boss = _user(manager())
    client.force_login(boss)
    fixed = services.administrator_role()
    before = list(fixed.codes)
    client.post(f"/settings/roles/{fixed.pk}/", {"require_second_factor": "on", "codes": [], "name": "X"})
    fixed.refresh_from_db()
    assert (fixed.require_second_factor, fixed.codes, fixed.name) == (True, before, "Administrator")
    with pytest.raises(services.AccountError):
        services.change_role(actor_of(boss, via=Via.WEB), fixed, clearance=0)


def test_sessions_that_have_run_out_are_forgotten_with_where_they_were_used():
    who, other = user(), user()
    old, new = _signed_in(who), _signed_in(other)
    Session.objects.filter(session_key=old.session.session_key).update(expire_date=clock.now())
    assert services.forget_old_sessions() == 1
    assert list(UserSession.objects.values_list("user", flat=True)) == [other.pk]
    assert new.get("/settings/account/").status_code == 200
