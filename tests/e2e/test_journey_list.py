"""A list of contacts: narrowed, put in order, kept, changed as a whole, taken back, carried away."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import PHONE, Reader, fresh

pytestmark = pytest.mark.e2e
GIVEN = ("Ambrose", "Beatrix", "Cosimo")


def shown(reader: Reader) -> list[str]:
    return reader.page.locator("#people tbody td.main a").all_inner_texts()


def narrow_to(reader: Reader, family: str) -> None:
    """Filter by name through the menu."""
    reader.page.locator("#filter").get_by_text(reader.say("Filter"), exact=True).click()
    reader.press("Name or number", within=reader.page.locator("#filter"))
    reader.fill("Name or number", family)
    reader.press("Apply")
    expect(reader.page.locator("#people tbody tr")).to_have_count(len(GIVEN))


def keep_as_view(reader: Reader, name: str) -> None:
    reader.press("Save view")
    reader.fill("Name of the view", name)
    reader.press("Save as a new view", within=reader.sheet)
    reader.is_told(reader.pattern("The view “%(name)s” is saved."))
    expect(reader.page.locator(".en-views [aria-current]", has_text=name).first).to_be_attached()


def select_all(reader: Reader) -> None:
    """By the box in the head; a phone shows none, there the rows have theirs."""
    if reader.on_phone:
        reader.page.locator("#people tbody [data-select]").first.check()
        reader.page.locator("[data-select-all-matches]").locator("..").click()
    else:
        reader.page.get_by_label(reader.say("Select all on this page")).check()
    expect(reader.page.locator("[data-selected-count]")).to_have_text(number(reader, len(GIVEN)))


def number(reader: Reader, value: int) -> str:
    digits = str(value)
    return digits.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) if reader.language == "fa" else digits


def make_inactive(reader: Reader) -> None:
    """Change the status of all, after a look at what would happen."""
    reader.press("Change field")
    reader.choose("What to change", reader.say("Status"))
    reader.press("Next", within=reader.sheet)
    reader.choose("Status", "inactive")
    reader.press("See what changes", within=reader.sheet)
    expect(reader.sheet.locator("dl.en-dry dd").first).to_have_text(number(reader, len(GIVEN)))
    expect(reader.sheet.locator("ins").first).to_have_text(reader.say("Inactive"))
    shoot(reader.page, f"list-preview-{reader.language}-{reader.page.viewport_size['width']}")
    with reader.page.expect_navigation():
        reader.sheet.locator("button[name=apply]").click()


def expect_status(reader: Reader, words: str) -> None:
    """Of every row; a phone folds the column away, and its words stay true."""
    told = re.compile(rf"^\s*{re.escape(reader.say(words))}\s*$")
    expect(reader.page.locator("#people tbody td", has_text=told)).to_have_count(len(GIVEN))


def export(reader: Reader, to: Path) -> list[str]:
    """The cells of the exported file: CSV from the menu, on a phone XLSX of what is selected."""
    with reader.page.expect_download() as download:
        if reader.on_phone:
            reader.press("Export", within=reader.page.locator("[data-bulk]"))
        else:
            reader.page.locator(".en-top").get_by_text(reader.say("Export"), exact=True).click()
            reader.page.locator("form:has([value=csv]) > button[value=list]:visible").click()
    download.value.save_as(to)
    if reader.on_phone:
        return [str(cell) for row in load_workbook(to).active.iter_rows(values_only=True) for cell in row]
    return [cell for row in csv.reader(to.read_text(encoding="utf-8-sig").splitlines()) for cell in row]


@pytest.mark.parametrize(
    ("who", "width"), [("eleanor", 1360), ("negar", 1360), ("eleanor", PHONE), ("negar", PHONE)]
)
def test_a_list_is_narrowed_kept_changed_and_taken_back(people: People, tmp_path: Path, who: str, width: int):
    reader = people.reader(who, width=width)
    family = fresh("Quillon")
    for given in GIVEN:
        reader.new_person(f"{given} {family}", project="centre")

    reader.open("/people/")
    narrow_to(reader, family)
    upwards = shown(reader)
    assert [name.split()[0] for name in upwards] == list(GIVEN)
    if not reader.on_phone:
        reader.press("Name", within=reader.page.locator("#people thead"))
        expect(reader.page.locator("#people th[aria-sort=descending]")).to_be_visible()
        assert shown(reader) == upwards[::-1]
    shoot(reader.page, f"list-narrowed-{reader.language}-{width}")
    keep_as_view(reader, f"All {family}")

    select_all(reader)
    shoot(reader.page, f"list-selected-{reader.language}-{width}")
    make_inactive(reader)
    reader.is_told(reader.counted("%(n)s contact changed.", "%(n)s contacts changed.", len(GIVEN)))
    expect_status(reader, "Inactive")
    shoot(reader.page, f"list-changed-{reader.language}-{width}")
    reader.takes_it_back()
    expect_status(reader, "Active")
    reader.fits()

    if reader.on_phone:
        select_all(reader)
    cells = export(reader, tmp_path / ("list.xlsx" if reader.on_phone else "list.csv"))
    assert {f"{given} {family}" for given in GIVEN} <= set(cells)
    assert not [cell for cell in cells if cell == "Hugh Adeyemi"]
    reader.post(f"/people/list/views/{reader.page.url.rpartition('=')[2]}/delete/", {})
