"""An association takes the fields it needs from a starter pack, sees them on a contact, and takes them back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("width", [1360, 360])
def test_what_is_chosen_of_a_pack_is_there_at_once_and_can_be_taken_back(people: People, width: int):
    reader = people.reader("eleanor", width=width)
    reader.open("/starters/")
    reader.main.get_by_role("link", name="Association with members").click()
    reader.main.get_by_label("Added in").select_option("fr")
    expect(reader.main.get_by_label("Numéro de membre")).to_be_checked()
    reader.main.get_by_label("Added in").select_option("en")
    expect(reader.main.get_by_label("Member number")).to_be_checked()
    for box in reader.main.get_by_role("checkbox").all():
        box.uncheck()
    for name in ("Member number", "Committee / Standards"):
        reader.main.get_by_label(name, exact=True).press("Space")
    shoot(reader.page, f"starter-{width}")
    reader.fits()
    reader.press("Add what is chosen", within=reader.main)
    reader.is_told("3 things were added.")
    expect(reader.main.locator("#tags")).to_contain_text("is there")
    reader.takes_it_back()
    reader.open("/people/setup/fields/")
    expect(reader.main.get_by_text("Member number")).to_be_visible()
    reader.open("/starters/association/")
    expect(reader.main).to_contain_text("was put away; comes back")
