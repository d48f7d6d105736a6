"""Any record as it stood at a moment, from its history, within the reader's rights."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.contacts.models import Party, RelationType, Tag
from enishi.contacts.services import (
    PointDraft,
    change_party,
    delete_party,
    relate,
    remove_relation,
    save_point,
    set_tags,
)
from enishi.core import clock
from enishi.timeline.queries import moments_around, record_at
from factories import agent, outsider, party, project

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)


def day(number: int) -> dt.datetime:
    return START + dt.timedelta(days=number)


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> tuple[Actor, Party]:
    """Six days in the life of a record."""
    moment = [START]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    where = project("Tidewall")
    worker = agent(where)
    made = party(where, "Aoi Tanaka", by=worker, email="aoi@tanaka.example")
    port = party(where, "Kitahama Port", by=worker, kind="organisation")
    moment[0] = day(1)
    made = change_party(worker, made, note="Prefers letters", language="ja")
    moment[0] = day(2)
    tie = relate(worker, made, port, kind=RelationType.objects.get(code="works-for"), title="Harbour master")
    set_tags(worker, made, [Tag.objects.create(name="Press", path="Press")])
    moment[0] = day(3)
    change_party(worker, Party.objects.unscoped("test").get(pk=made.pk), note="Prefers e-mail")
    remove_relation(worker, tie)
    moment[0] = day(4)
    save_point(worker, made, PointDraft("phone", "+44 1632 960123"))
    moment[0] = day(5)
    delete_party(worker, made)
    return worker, made


def fields(who: Actor, of: Party, at: dt.datetime) -> dict[str, object]:
    return {one.name: one.then for one in record_at(who, "contacts.party", of.pk, at=at).fields}


def test_every_day_as_it_was(story):
    worker, made = story
    first = fields(worker, made, day(0))
    assert (first["full_name"], first["note"], first["language"]) == ("Aoi Tanaka", "", "")
    assert [point["value"] for point in first["points"]] == ["aoi@tanaka.example"]
    assert fields(worker, made, day(1))["note"] == "Prefers letters"
    second = fields(worker, made, day(2))
    tie = next(value for name, value in second.items() if name.startswith("relation:"))
    assert (tie["title"], second["tags"]) == ("Harbour master", ["Press"])
    third = fields(worker, made, day(3))
    assert third["note"] == "Prefers e-mail"
    assert next(value for name, value in third.items() if name.startswith("relation:")) is None
    assert len(fields(worker, made, day(4))["points"]) == 2
    assert len(fields(worker, made, day(3))["points"]) == 1


def test_the_bin_and_the_time_before(story):
    worker, made = story
    assert record_at(worker, "contacts.party", made.pk, at=day(5)).deleted
    assert not record_at(worker, "contacts.party", made.pk, at=day(4)).deleted
    early = record_at(worker, "contacts.party", made.pk, at=day(-1))
    assert not early.existed
    assert (early.before, early.after > 5) == (0, True)


def test_the_ways_to_the_neighbouring_changes(story):
    worker, made = story
    assert moments_around(worker, "contacts.party", made.pk, at=day(2)) == (day(1), day(3))
    assert moments_around(worker, "contacts.party", made.pk, at=day(9)) == (day(4), None)
    assert moments_around(worker, "contacts.party", made.pk, at=day(0)) == (None, day(1))


def test_an_outsider_learns_nothing(story):
    _worker, made = story
    assert record_at(outsider(), "contacts.party", made.pk, at=day(2)).fields == []
    client = Client()
    client.force_login(User.objects.get(pk=outsider().user_id))
    address = reverse("timeline:of", args=["contacts.party", made.pk])
    assert client.get(address, {"at": day(2).isoformat()}).status_code == 404


def test_the_page(story):
    worker, made = story
    client = Client()
    client.force_login(User.objects.get(pk=worker.user_id))
    address = reverse("timeline:of", args=["contacts.party", made.pk])
    now = client.get(address).content.decode()
    assert "As it was then" in now
    page = client.get(address, {"at": day(2).isoformat()}).content.decode()
    assert "Prefers letters" in page
    assert "Prefers e-mail" in page
    assert "4 changes after this moment" in page
    assert "Moved to the recycle bin" not in page
    assert (
        "By then this record was not there yet." in client.get(address, {"at": "2026-10-01"}).content.decode()
    )
    for nonsense in ("x", "2026-99-99", "9999-12-31T23:59:59", "0001-01-01T00:00", "2026-11-04T10:00+99:00"):
        assert client.get(address, {"at": nonsense}).status_code == 200, nonsense
