"""A promise of money: written down, given in parts, corrected and taken back, and reported."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


def test_promised_given_and_reported(people: People) -> None:
    page = people("daniel")
    page.goto("/promises/new/")
    page.get_by_label("Promise", exact=True).fill("Mend the slipway of the bay")
    page.get_by_text("Amount and what it is for").click()
    page.get_by_label("Amount").fill("€ 12,500")
    page.get_by_label("What it is for").select_option("infrastructure")
    shoot(page, "social-form")
    page.get_by_role("button", name="Save").click()
    given = page.locator("#given")
    expect(given).to_contain_text("€12,500 still to give")
    given.get_by_role("link", name="Write down what was given").click()
    sheet = page.locator("#sheet")
    sheet.get_by_label("Amount").fill("4000")
    sheet.get_by_label("In kind").check()
    sheet.get_by_label("Note").fill("Stone and two days of work")
    sheet.get_by_label("What proves it?").fill("Delivery note 88")
    shoot(page, "social-sheet")
    sheet.get_by_role("button", name="Write down").click()
    expect(given).to_contain_text("€8,500 still to give")
    expect(given).to_contain_text("Delivery note 88")
    shoot(page, "social-promise")
    given.get_by_role("button", name="Take out").click()
    expect(given).to_contain_text("€12,500 still to give")
    told = page.locator("[data-toast]").filter(has_text="Taken out")
    told.get_by_role("button", name="Undo").click()
    expect(given).to_contain_text("€8,500 still to give")
    page.goto("/reports/new/social/")
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("#preview h2")).to_have_text(re.compile(r"\d+ rows"))
    page.get_by_role("button", name="Freeze the report").click()
    expect(page.locator("article h1")).to_contain_text("still owed")
    shoot(page, "social-report")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#seal")).to_contain_text("verified")


@pytest.mark.parametrize("who", ["ren", "gwenaelle"])
def test_what_was_given_on_a_phone(people: People, who: str) -> None:
    reader = people.reader(who, width=360)
    reader.open("/promises/?kind=amount&state=all")
    shoot(reader.page, f"social-phone-ledger-{who}")
    reader.fits()
    reader.page.locator("main table a").first.click()
    expect(reader.page.locator("#given")).to_be_visible()
    reader.fits()
    shoot(reader.page, f"social-phone-{who}")
    reader.page.locator("#given a[href$='/give/']").click()
    expect(reader.page.locator("#sheet form [name=money]")).to_be_visible()
    shoot(reader.page, f"social-phone-sheet-{who}")
