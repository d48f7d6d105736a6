"""Making a report, proving it, and having it sent."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


def test_make_a_report_prove_it_and_fetch_it(people: People) -> None:
    page = people("daniel")
    page.goto("/reports/")
    page.get_by_role("link", name="Make a report").first.click()
    page.get_by_role("link", name="Engagement register").click()
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("#preview h2")).to_have_text(re.compile(r"\d+ rows"))
    page.get_by_role("button", name="Freeze the report").click()
    expect(page.locator("article h1")).to_have_text(re.compile("We talked with"))
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#seal")).to_contain_text("verified")
    with page.expect_download() as download:
        page.locator("#formats").get_by_role("link", name="Package").click()
    assert re.fullmatch(r"engagement-.*\.zip", download.value.suggested_filename)
    page.get_by_role("link", name="Send it regularly").click()
    page.get_by_label("Daniel Okafor").check()
    page.get_by_role("button", name="Send from now on").click()
    expect(page.locator("#state")).to_contain_text("Daniel Okafor")
    shoot(page, "report-scheduled")


def test_a_report_in_japanese_on_a_phone(people: People) -> None:
    page = people("ren", width=360, height=780)
    page.goto("/reports/")
    page.locator("table a").first.click()
    expect(page.locator("article h1")).to_be_visible()
    shoot(page, "report-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_promises_as_they_stood_yesterday_on_a_phone(people: People) -> None:
    page = people("daniel", width=360, height=780)
    page.goto("/reports/new/promises/")
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    page.get_by_label("As it stood on").fill(yesterday.isoformat())
    page.get_by_role("button", name="Look first").click()
    expect(page.locator("#preview h2")).to_have_text(re.compile(r"\d+ rows"))
    page.get_by_role("button", name="Freeze the report").click()
    expect(page.locator("article")).to_contain_text("as it stood on")
    expect(page.locator("#seal")).to_contain_text("As it stood on")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#seal")).to_contain_text("verified")
    shoot(page, "report-as-it-stood")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_register_corrected_in_a_spreadsheet_and_taken_back(people: People, tmp_path: Path) -> None:
    page = people("daniel")
    page.goto("/reports/new/promises/")
    page.get_by_role("button", name="Freeze the report").click()
    with page.expect_download() as download:
        page.locator("#formats").get_by_role("link", name="CSV").click()
    first, *_others = csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines())
    corrected = f"{first['Promise']}, as agreed"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(first))
    writer.writeheader()
    writer.writerows([first | {"Promise": corrected}, {"Promise": "No owner", "Owner": "Nobody Known"}])
    file = tmp_path / "corrected.csv"
    file.write_text(out.getvalue(), "utf-8")
    page.goto("/people/import/new/")
    page.locator("input[type=file]").set_input_files(file)
    page.locator("#id_project").select_option(index=1)
    page.locator(".en-foot .btn-primary").click()
    page.locator("#outcome").get_by_role("link", name="Update").click()
    expect(page.locator("#rows")).to_contain_text(corrected)
    shoot(page, "register-again")
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Undo this import").click()
    shoot(page, "register-undo")
    page.locator("#undo .btn-primary").click()
    expect(page.locator("#undo")).to_contain_text("took it back", timeout=60_000)


def test_a_dashboard_of_ones_own_whose_numbers_open_their_rows(people: People) -> None:
    page = people("daniel")
    page.goto("/reports/dashboards/for/leadership/")
    number = page.locator("#figure-conversations .fs-1")
    count = number.inner_text()
    page.get_by_role("link", name="Make it mine").click()
    page.get_by_label("Name").fill("Mondays")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("h1")).to_have_text("Mondays")
    later = page.get_by_role("button", name="Later: Kept on time")
    later.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".en-halves section").nth(1)).to_have_attribute("id", "figure-kept")
    expect(page.locator("#figure-conversations .fs-1")).to_have_text(count)
    shoot(page, "dashboard")
    page.locator("#figure-promises .fs-1").click()
    expect(page.locator("h1")).to_be_visible()
    assert "/promises/" in page.url
