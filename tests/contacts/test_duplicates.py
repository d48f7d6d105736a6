"""Who is in the records twice: while typing, by the scan, on the pages."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.contacts import services
from enishi.contacts.models import DuplicatePair, Party
from enishi.contacts.queries import duplicates as queries
from enishi.contacts.services import PointDraft, change_party, duplicates
from enishi.timeline.models import Operation
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _client(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _found(actor, **known):
    return [(m.party.full_name, m.score, m.reasons) for m in queries.similar(actor, queries.Entered(**known))]


def _point(one, kind, typed, **values):
    services.save_point(SYSTEM, one, PointDraft(kind=kind, typed=typed, **values), country="JP")


def test_somebody_with_the_same_address_or_number_is_found_while_typing():
    where = project()
    one = party(where, "Shirin Mohtadi", email="s.mohtadi@ushio.example")
    _point(one, "phone", "090-0000-0173")
    worker = agent(where)
    assert _found(worker, emails=["s.mohtadi@ushio.example"]) == [("Shirin Mohtadi", 60, ("email",))]
    assert _found(worker, full_name="Shirine Mohtady", emails=["s.mohtadi@ushio.example"]) == [
        ("Shirin Mohtadi", 90, ("email", "similar"))
    ]
    assert _found(worker, full_name="Mohtadi Shirin", phones=["+819000000173"]) == [
        ("Shirin Mohtadi", 97, ("phone", "name"))
    ]


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Shirin Mohtadi", "Shirin Mohtady"),
        ("Bastien Dorval", "Bastian Dorval"),
        ("佐藤 健一郎", "佐藤 健一朗"),
        ("Ostra Insurance Ltd", "Ostra Insurrance"),
    ],
)
def test_a_name_that_is_spelled_otherwise_is_found(stored, typed):
    where = project()
    kind = "organisation" if "Insur" in stored else "person"
    party(where, stored, kind=kind), party(where, "Somebody Else", kind=kind)
    found = _found(agent(where), kind=kind, full_name=typed)
    assert [(name, reasons) for name, _score, reasons in found] == [(stored, ("similar",))]


def test_the_same_name_counts_more_with_the_same_postcode():
    where = project()
    one = party(where, "橘 葵", family_name="橘", given_name="葵")
    _point(one, "address", "", parts={"postcode": "123-4567", "city": "北浜", "country": "JP"})
    worker, known = agent(where), {"family_name": "橘", "given_name": "葵"}
    assert _found(worker, **known) == [("橘 葵", 70, ("name",))]
    key = one.points.get(kind="address").key
    assert _found(worker, **known, postcodes=[key]) == [("橘 葵", 92, ("place",))]


def test_typing_never_tells_of_somebody_out_of_sight():
    where = project()
    party(where, "Secret Person", email="s@secret.example", confidentiality=Level.RESTRICTED)
    for actor in (agent(where), outsider()):
        assert _found(actor, full_name="Secret Person", emails=["s@secret.example"]) == []


def test_the_form_of_a_new_contact_shows_them():
    where = project()
    one = party(where, "Shirin <b>Mohtadi</b>", email="s.mohtadi@ushio.example")
    client = _client(agent(where))
    body = client.get(
        reverse("contacts:similar"), {"name": "X", "email": "S.Mohtadi@ushio.example"}
    ).content.decode()
    assert f"/people/{one.pk}/" in body and "same e-mail" in body and "<b>Mohtadi" not in body
    assert client.get(reverse("contacts:similar"), {"name": "", "email": "not yet@"}).content.strip() == b""
    assert Client().get(reverse("contacts:similar")).status_code == 302


def _pairs(actor=SYSTEM):
    return [(p.first.full_name, p.second.full_name, p.score, p.reasons) for p in queries.pairs(actor)]


def test_the_scan_finds_pairs_once_and_forgets_those_that_no_longer_hold():
    where = project()
    one, two = (
        party(where, "Ada Vale", email="a@vale.example"),
        party(where, "Ada Valle", email="a@vale.example"),
    )
    party(where, "Ben Moor", email="ben@moor.example")
    assert duplicates.scan() == 1
    assert duplicates.scan() == 1
    assert _pairs() == [("Ada Vale", "Ada Valle", 90, ["email", "similar"])]
    change_party(SYSTEM, two, full_name="Ada Vale")
    duplicates.scan(party_ids=[two.pk])
    assert _pairs() == [("Ada Vale", "Ada Vale", 97, ["email", "name"])]
    services.save_point(SYSTEM, one, None, point=one.points.get())
    duplicates.scan(party_ids=[one.pk])
    assert _pairs() == []


def test_the_same_name_at_one_postcode_is_a_pair_and_a_person_is_no_organisation():
    where = project()
    ones = [party(where, "橘 葵", family_name="橘", given_name="葵") for _n in range(2)]
    for one in ones:
        _point(one, "address", "", parts={"postcode": "123-4567", "country": "JP"})
    (
        party(where, "Quay Ltd", kind="organisation", email="q@quay.example"),
        party(where, "Quay", email="q@quay.example"),
    )
    duplicates.scan()
    assert _pairs() == [("橘 葵", "橘 葵", 92, ["place"])]


def test_a_switchboard_says_nothing():
    where = project()
    for n in range(duplicates.SHARED_BY_MANY + 1):
        party(where, f"Person {n}", email="info@quay.example")
    assert duplicates.scan() == 0


def test_only_whoever_changed_lately_is_looked_at():
    where = project()
    for _n in range(2):
        party(where, "Ada Vale", email="a@vale.example")
    assert duplicates.scan_changed(since=dt.timedelta(minutes=15)) == 1
    Party.objects.unscoped("test").update(updated_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    DuplicatePair.objects.all().delete()
    assert duplicates.scan_changed(since=dt.timedelta(minutes=15)) == 0


def test_not_the_same_is_remembered_for_good_and_can_be_taken_back():
    where = project()
    one, two = (party(where, "Ada Vale", email="a@vale.example") for _n in range(2))
    duplicates.scan()
    duplicates.mark_different(agent(where), two, one)
    duplicates.scan()
    assert _pairs() == []
    duplicates.reopen(agent(where), one, two)
    assert len(_pairs()) == 1
    with pytest.raises(Forbidden):
        duplicates.mark_different(agent(where, codes=["contacts.view", "contacts.edit"]), one, two)


def test_pairs_are_shown_only_to_who_may_see_both():
    where = project()
    party(where, "Ada Vale", email="a@vale.example")
    party(where, "Ada Vale", email="a@vale.example", confidentiality=Level.RESTRICTED)
    duplicates.scan()
    for actor in (agent(where), outsider()):
        assert _pairs(actor) == []
        assert queries.open_pairs(actor) == 0
        assert "Ada Vale" not in _client(actor).get(reverse("contacts:duplicates")).content.decode()
    assert queries.open_pairs(SYSTEM) == 1


def test_pages_of_pairs_go_on_where_the_last_ended():
    where = project()
    for n in range(5):
        for _twin in range(2):
            party(where, f"Person {n}", email=f"{n}@one.example")
    duplicates.scan()
    first = queries.pairs(SYSTEM, limit=3)
    assert len(first) == 4
    rest = queries.pairs(SYSTEM, after=queries.Position(first[2].score, first[2].pk), limit=3)
    assert [p.pk for p in rest] == [first[3].pk, rest[1].pk]
    assert queries.Position.parse("x~1") is None and queries.Position.parse("90~7") == queries.Position(90, 7)


def test_a_pair_is_merged_or_kept_apart_on_its_page():
    where = project()
    one = party(where, "Shirin Mohtadi", email="s@ushio.example", language="fa")
    two = party(where, "Shirine Mohtady", email="s@ushio.example", language="ja")
    duplicates.scan()
    client = _client(agent(where))
    page = reverse("contacts:merge_pair", args=[one.pk, two.pk])
    body = client.get(page, {"from": "pairs"}).content.decode()
    assert "very likely" in body and "same e-mail, similar name" in body
    answer = client.post(page, {"line:name": "b", "line:language": "b", "from": "pairs"})
    assert answer["Location"] == reverse("contacts:party", args=[one.pk])
    now = Party.objects.unscoped("test").get(pk=one.pk)
    assert (now.full_name, now.language) == ("Shirine Mohtady", "ja")
    operation = Operation.objects.unscoped("test").get()
    client.post(reverse("timeline:undo", args=[operation.pk]))
    assert Party.objects.unscoped("test").get(pk=one.pk).full_name == "Shirin Mohtadi"
    client.post(reverse("contacts:different", args=[one.pk, two.pk]), {"from": "pairs"})
    assert DuplicatePair.objects.get().state == "different"


def test_unticked_addresses_stay_with_the_old_record():
    where = project()
    one, two = party(where, "Ada"), party(where, "Ada V", email="old@vale.example")
    client = _client(agent(where))
    client.post(reverse("contacts:merge_pair", args=[one.pk, two.pk]), {})
    assert not one.points.exists()


def test_merge_pages_keep_to_rights():
    where = project()
    one, two = party(where, "Ada"), party(where, "Bea")
    hidden = party(where, "Secret", confidentiality=Level.RESTRICTED)
    pages = [
        reverse("contacts:merge_pair", args=[one.pk, two.pk]),
        reverse("contacts:merge", args=[one.pk]),
    ]
    for url in pages:
        assert Client().get(url).status_code == 302
        assert _client(outsider()).get(url).status_code == 404
        assert _client(agent(where, codes=["contacts.view"])).get(url).status_code == 403
        assert _client(agent(where)).get(url).status_code == 200
    assert (
        _client(agent(where)).get(reverse("contacts:merge_pair", args=[one.pk, hidden.pk])).status_code == 404
    )
    different = reverse("contacts:different", args=[one.pk, two.pk])
    assert _client(agent(where, codes=["contacts.view"])).post(different).status_code == 403
    assert _client(outsider()).post(different).status_code == 404
    assert (
        _client(agent(where, codes=["content.view"])).get(reverse("contacts:duplicates")).status_code == 403
    )


def test_the_list_of_pairs_costs_the_same_for_one_and_for_many():
    where = project()
    worker = agent(where)
    client, url = _client(worker), reverse("contacts:duplicates")

    def add(name):
        for _n in range(2):
            party(where, name, email=f"{name}@one.example")

    add("first")
    duplicates.scan()
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for n in range(8):
        add(f"more{n}")
    duplicates.scan()
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(one) == len(many)
