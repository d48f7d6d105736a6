"""Somebody asks what is kept about them, and then to be erased."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import fresh, number_of

pytestmark = pytest.mark.e2e


def test_everything_about_a_person_then_nothing(people: People):
    reader = people.reader("eleanor")
    name = fresh("Ottilie")
    address = reader.new_person(name, email=f"{name.lower()}@ushio.example")
    number = number_of(address)

    reader.open(f"/privacy/person/{number}/")
    shoot(reader.page, "privacy-prepare")
    reader.page.locator("main .btn-primary").click()
    expect(reader.page.locator("main a.btn-primary")).to_be_visible(timeout=30_000)
    shoot(reader.page, "privacy-export")
    with reader.page.expect_download() as taken:
        reader.page.locator("main a.btn-primary").click()
    assert taken.value.suggested_filename.startswith(f"person-{number}-")

    reader.open(f"/history/of/contacts.party/{number}/?at=2030-01-01T00:00:00")
    expect(reader.page.locator("#as-of")).to_contain_text(name)
    shoot(reader.page, "privacy-as-of")

    reader.open(f"/privacy/person/{number}/erase/")
    shoot(reader.page, "privacy-erase")
    reader.page.locator("[name=ground]").select_option("objected")
    reader.page.locator("form:has([name=ground]) [name=reason]").fill("Letter of 4 April")
    reader.page.locator("[name=sure]").check()
    reader.page.locator("main .btn-danger").click()
    expect(reader.page.locator("main dl")).to_contain_text("Letter of 4 April")
    expect(reader.page.locator("main .en-job")).to_have_count(0, timeout=30_000)
    shoot(reader.page, "privacy-erasure")

    reader.open(address)
    expect(reader.page.locator("main")).not_to_contain_text(name)
    shoot(reader.page, "privacy-erased")


def test_the_pages_on_a_phone(people: People):
    reader = people.reader("eleanor", width=360)
    name = fresh("Ottilie")
    number = number_of(reader.new_person(name))
    for place in (f"person/{number}/erase/", f"person/{number}/", ""):
        reader.open(f"/privacy/{place}")
        reader.fits()
        shoot(reader.page, f"privacy-phone-{place.split('/')[-2] if place else 'setup'}")
    reader.open(f"/history/of/contacts.party/{number}/?at=2030-01-01T00:00:00")
    reader.fits()
    shoot(reader.page, "privacy-phone-as-of")
