"""Looking at pages as a colleague: their rights, never more than one's own, and nothing can be changed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from architecture.world import routes
from enishi.accounts.access import Level, Scope, Via
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.queries import viewing_as
from enishi.contacts.models import Party
from enishi.timeline.models import Entry, Notification
from enishi.timeline.services import notify
from factories import SYSTEM, agent, grant, manager, outsider, party, project, role, user

pytestmark = pytest.mark.django_db


def _user(actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _begin(client, who: User):
    return client.post(f"/settings/people/{who.pk}/view/")


@pytest.fixture
def place():
    return project("Tidewall East")


@pytest.fixture
def boss(client) -> User:
    who = User.objects.get(pk=manager().user_id)
    client.force_login(who)
    return who


def test_an_administrator_sees_what_a_colleague_sees_and_goes_back(client, boss, place):
    seen = party(place, "Shirin Mohtadi")
    hidden = party(place, "Secret Source", confidentiality=Level.CONFIDENTIAL)
    kaito = _user(agent(place))
    assert client.get(f"/people/{hidden.pk}/").status_code == 200
    assert _begin(client, kaito)["Location"] == "/"
    assert client.get(f"/people/{seen.pk}/").status_code == 200
    assert client.get(f"/people/{hidden.pk}/").status_code == 404
    listed = client.get("/people/").content.decode()
    assert "Shirin Mohtadi" in listed
    assert "Secret Source" not in listed
    assert "You see what Agent sees" in listed
    assert client.get("/settings/people/").status_code == 403
    assert client.post("/settings/view/end/")["Location"] == f"/settings/people/{kaito.pk}/"
    assert client.get(f"/people/{hidden.pk}/").status_code == 200
    assert "You see what" not in client.get("/people/").content.decode()


def test_both_ends_stand_in_the_history_under_ones_own_name(client, boss, place):
    kaito = _user(agent(place))
    _begin(client, kaito)
    client.post("/settings/view/end/")
    found = Entry.objects.unscoped("test").filter(event__startswith="accounts.viewing").order_by("id")
    assert [(e.event, e.user_id, e.subject_id) for e in found] == [
        ("accounts.viewing_began", boss.pk, kaito.pk),
        ("accounts.viewing_ended", boss.pk, kaito.pk),
    ]


def test_nothing_is_changed_meanwhile(client, boss, place):
    made = party(place, "Shirin Mohtadi")
    _begin(client, _user(agent(place)))
    for path, data in [
        (f"/people/{made.pk}/edit/about/", {"full_name": "Changed"}),
        ("/settings/account/", {"name": "X", "language": "en", "time_zone": "UTC"}),
        ("/settings/tokens/", {"name": "x", "days": "30", "scopes": ["contacts.view"]}),
        ("/account/password/change/", {"password1": "x"}),
        (f"/settings/people/{boss.pk}/view/", {}),
    ]:
        answer = client.post(path, data)
        assert answer.status_code == 403, path
        assert "You are looking as Agent and can change nothing." in answer.content.decode()
    for method in (client.put, client.patch, client.delete):
        assert method("/").status_code == 403
    assert client.post("/account/logout/").status_code == 302
    assert Party.objects.unscoped("test").get(pk=made.pk).full_name == "Shirin Mohtadi"


def test_no_page_that_is_only_read_writes_in_the_name_of_the_colleague(client, boss, place):
    """Every address without numbers, and a confidential record, whose opening is recorded under the viewer's name."""
    made = party(place, "Shirin Mohtadi", confidentiality=Level.CONFIDENTIAL)
    kaito = _user(agent(place, clearance=Level.CONFIDENTIAL))
    _begin(client, kaito)
    paths = [f"/{route}" for name, route in routes() if "<" not in route and not name.startswith("api:")]
    with CaptureQueriesContext(connection) as queries:
        for path in [*paths, f"/people/{made.pk}/"]:
            if "logout" not in path:
                client.get(path)
    wrote = {
        q["sql"].split('"')[1]
        for q in queries
        if q["sql"].startswith(("INSERT", "UPDATE", "DELETE")) and '"' in q["sql"]
    }
    assert wrote <= {"django_session", "usersessions_usersession", "timeline_entry", "core_cache"}
    assert not Entry.objects.unscoped("test").filter(user_id=kaito.pk).exists()


def test_what_is_personal_stays_personal(client, boss, place):
    kaito = _user(agent(place))
    notify([kaito.pk], kind="x", title="A word for Kaito only", url="/")
    _begin(client, kaito)
    assert "A word for Kaito only" not in client.get("/notifications/").content.decode()
    assert Notification.objects.get(user=kaito).read_at is None
    assert viewing_as(actor_of(boss, via=Via.WEB), kaito).own_id == 0


def test_never_above_ones_own_rights(client, place):
    """Somebody who manages people but reads only internal records looks as somebody who reads all."""
    desk = user("Helpdesk")
    grant(desk, None, role(codes=["accounts.manage", "contacts.view"], clearance=Level.INTERNAL))
    client.force_login(desk)
    secret = party(place, "Secret Source", confidentiality=Level.RESTRICTED)
    _begin(client, _user(manager()))
    assert client.get(f"/people/{secret.pk}/").status_code == 404
    assert client.get("/promises/").status_code in {403, 404}


def test_who_may_not_manage_rights_looks_as_nobody(client, place):
    other = user()
    for actor in (agent(place), manager(place), outsider()):
        client.force_login(_user(actor))
        assert _begin(client, other).status_code == 403
    client.force_login(_user(agent(place)))
    session = client.session
    session["viewing_as"] = _user(manager()).pk
    session.save()
    assert client.get("/settings/people/").status_code == 403, "a session that claims it gets nothing by it"


def test_it_ends_when_the_right_or_the_colleague_goes(client, boss, place):
    kaito = _user(agent(place))
    _begin(client, kaito)
    User.objects.filter(pk=kaito.pk).update(is_active=False)
    assert client.get("/settings/people/").status_code == 200
    assert "viewing_as" not in client.session


def test_oneself_and_those_switched_off_are_refused_in_words(client, boss):
    gone = user("Rui Tanase", is_active=False)
    for who, words in ((boss, "your own pages already"), (gone, "Rui Tanase is not active")):
        assert words in client.post(f"/settings/people/{who.pk}/view/", follow=True).content.decode()
    assert client.post("/settings/people/987654321/view/").status_code == 404
    assert client.get(f"/settings/people/{gone.pk}/view/").status_code == 405


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Scope(3, {}), Scope(1, {}), Scope(1, {})),
        (Scope(3, {}), Scope(None, {7: 2}), Scope(None, {7: 2})),
        (Scope(1, {}), Scope(None, {7: 2}), Scope(None, {7: 1})),
        (Scope(None, {7: 2}), Scope(None, {8: 2}), Scope(None, {})),
        (Scope(1, {7: 3}), Scope(0, {7: 2}), Scope(0, {7: 2})),
        (Scope(None, {}), Scope(3, {}), Scope(None, {})),
    ],
)
def test_what_two_scopes_share(one, other, both):
    assert one.meet(other) == other.meet(one) == both


def test_the_system_has_no_eyes_of_its_own():
    assert SYSTEM.signer_id is None
