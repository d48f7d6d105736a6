"""Before a meeting: the brief, on screen, on a phone and on paper. From a permit: its clauses as duties."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("who", "width"), [("daniel", 1360), ("negar", 360)])
def test_the_brief_of_the_next_meeting_is_one_click_from_my_day(people: People, who: str, width: int):
    reader = people.reader(who, width=width)
    reader.open("/")
    planned = reader.page.locator("#planned .en-prow").first
    planned.locator(".acts a").click()
    reader.page.wait_for_url("**/people/brief/?for=talk-*")
    sheet = reader.page.locator("article.en-paper").first
    expect(sheet.locator("header h1")).to_be_visible()
    expect(sheet.locator(".en-guard").first).to_be_visible()
    shoot(reader.page, f"brief-{reader.language}-{width}")
    # From the sheet to the record and back by its key.
    sheet.locator("header h1 a").click()
    reader.page.wait_for_url("**/people/*/")
    if width > 600:
        reader.page.keyboard.press("b")
    else:
        reader.page.locator(".en-rec-head .acts a[href$='/brief/']").click()
    reader.page.wait_for_url("**/people/*/brief/")
    reader.page.emulate_media(media="print")
    expect(reader.page.locator(".en-nav")).to_be_hidden()
    expect(reader.page.locator(".en-top")).to_be_hidden()
    expect(reader.page.locator("article.en-paper")).to_be_visible()


def test_pasted_clauses_become_duties_with_times(people: People):
    reader = people.reader("gwenaelle")
    reader.open("/promises/documents/new/")
    reader.fill("Title", "Arrêté de chantier du quai")
    reader.fill("Number", "2026-41")
    reader.press("Save")
    reader.press("Paste clauses")
    reader.fill(
        "Clauses", "1. Les convois ne doivent pas circuler avant 7 h.\n2. Un relevé est remis chaque mois."
    )
    reader.press("Read the clauses")
    page = reader.page
    expect(page.locator("input[name=c-0-negative]")).to_be_checked()
    expect(page.locator("select[name=c-1-repeats]")).to_have_value("FREQ=MONTHLY")
    page.locator("input[name=c-1-due_at]").fill("2027-01-11")
    shoot(page, "confirm-fr")
    reader.press("Write down the ticked ones")
    rows = page.locator("tbody tr[id^=duty-]")
    expect(rows).to_have_count(2)
    shoot(page, "document-fr")
    rows.nth(1).locator("a").first.click()
    expect(page.locator("#times li").filter(visible=True).first).to_contain_text("2027")
    shoot(page, "duty-fr")
    reader.open("/promises/duties/")
    expect(page.locator("tbody tr.grp").first).to_be_visible()
    shoot(page, "register-fr")
