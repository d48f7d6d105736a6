"""The pages of webhooks: who may, what is shown once, and what other administrators do not see."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.timeline.models import Entry
from enishi.webhooks import services
from enishi.webhooks.models import Delivery, Endpoint
from factories import SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
EVENTS = ["contacts.party_created", "contacts.party_changed"]
GIVEN = {"address": "https://hooks.example/in?key=abc", "events": EVENTS}


def _browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _made(boss: Actor, **values) -> Endpoint:
    return services.save(boss, **{**GIVEN, **values})[0]


def test_an_administrator_adds_one_and_sees_its_secret_once():
    boss = manager(None)
    browser = _browser(boss)
    page = browser.post("/webhooks/new/", GIVEN)
    secret = re.search(r"whsec_[\w+/=]{44}", page.content.decode())
    assert page.status_code == 200 and secret
    endpoint = Endpoint.objects.get()
    assert endpoint.owner_id == boss.user_id and endpoint.events == sorted(EVENTS, reverse=True)
    again = browser.get(f"/webhooks/{endpoint.pk}/").content.decode()
    assert "whsec_" not in again and "hooks.example" in again
    told = "".join(f"{one.label} {one.changes} {one.data}" for one in Entry.objects.unscoped("all of it"))
    assert "whsec_" not in told and "abc" not in told and "hooks.example" in told


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("address", "ftp://hooks.example", "This is no address"),
        ("address", "http://hooks.example", "must begin with https"),
        ("address", "https://user:pass@hooks.example", "This is no address"),
        ("events", ["accounts.token_created"], "not one of the available choices"),
        ("events", [], "This field is required"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(field, value, words):
    page = _browser(manager(None)).post("/webhooks/new/", {**GIVEN, field: value})
    assert page.status_code == 422 and words in page.content.decode()
    assert Endpoint.objects.count() == 0


def test_nobody_without_the_right_everywhere_comes_near():
    where = project()
    endpoint = _made(manager(None))
    for actor in (agent(where), manager(where), outsider()):
        browser = _browser(actor)
        for address in ("", "new/", f"{endpoint.pk}/", f"{endpoint.pk}/edit/"):
            assert browser.get(f"/webhooks/{address}").status_code == 403
        for what in ("switch", "renew", "take", "test", "remove"):
            assert browser.post(f"/webhooks/{endpoint.pk}/{what}/").status_code == 403
        with pytest.raises(Forbidden):
            services.save(actor, **GIVEN)
    assert Endpoint.objects.get().is_on


def test_only_its_owner_changes_it_and_others_may_stop_it():
    """Whoever could turn it to an address of their own would be told what the owner may read."""
    endpoint, other = _made(manager(None)), manager(None)
    browser = _browser(other)
    turned = browser.post(f"/webhooks/{endpoint.pk}/edit/", {**GIVEN, "address": "https://mine.example/"})
    assert turned.status_code == 422 and "Take it over first" in turned.content.decode()
    browser.post(f"/webhooks/{endpoint.pk}/renew/")
    found = Endpoint.objects.get()
    assert found.address == GIVEN["address"] and not found.sealed_old_secret
    assert "key=abc" not in browser.get(f"/webhooks/{endpoint.pk}/").content.decode()
    browser.post(f"/webhooks/{endpoint.pk}/switch/", {"on": "0"})
    browser.post(f"/webhooks/{endpoint.pk}/switch/", {"on": "1"})
    assert Endpoint.objects.get().is_on is False
    browser.post(f"/webhooks/{endpoint.pk}/take/")
    browser.post(f"/webhooks/{endpoint.pk}/switch/", {"on": "1"})
    found = Endpoint.objects.get()
    assert (found.owner_id, found.is_on) == (other.user_id, True)
    assert browser.post(f"/webhooks/{endpoint.pk}/remove/").status_code == 302
    assert Endpoint.objects.count() == 0


def test_what_a_message_is_about_is_told_to_whoever_may_read_it(there):
    high, low = manager(None, clearance=Level.RESTRICTED), manager(None, clearance=Level.INTERNAL)
    endpoint = _made(high, address=there.address)
    secret = party(project(), "Zymurgia Lopez", confidentiality=Level.CONFIDENTIAL)
    services.run()
    address = f"/webhooks/{endpoint.pk}/"
    seen = _browser(high).get(address).content.decode()
    assert "Contact created" in seen and f"/people/{secret.pk}/" in seen
    hidden = _browser(low).get(address).content.decode()
    row = hidden[hidden.index('id="messages"') : hidden.index('id="told"')]
    assert "About a record that you may not see" in row
    assert "Contact created" not in row and f"/people/{secret.pk}/" not in hidden
    again = Delivery.objects.get()
    _browser(high).post(f"/webhooks/messages/{again.pk}/again/")
    services.run()
    assert len(there.got) == 2


def test_the_list_of_messages_is_paged_with_the_same_number_of_queries(there, django_assert_max_num_queries):
    boss = manager(None)
    endpoint = _made(boss, address=there.address)
    for _number in range(35):
        party(project(), by=SYSTEM)
    services.run()
    browser = _browser(boss)
    first = browser.get(f"/webhooks/{endpoint.pk}/").content.decode()
    assert first.count('id="message-') == 30
    after = re.search(r"\?before=\d+", first)
    assert after
    with django_assert_max_num_queries(20):
        second = browser.get(f"/webhooks/{endpoint.pk}/{after[0]}").content.decode()
    assert second.count('id="message-') == 5
