"""One person in the records twice: compared, made one, and made two again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("who", ["eleanor", "negar"])
def test_a_pair_becomes_one_contact_and_two_again(people: People, who: str):
    reader = people.reader(who)
    reader.open("/people/duplicates/")
    pair = reader.page.locator("#pairs tbody tr").first
    first, second = (pair.locator(f"td.{place} bdi").first.inner_text() for place in ("main", "second"))
    shoot(reader.page, f"duplicates-{reader.language}")
    compare = pair.locator("td.main a").get_attribute("href")
    pair.locator("td.main a").press("Enter")

    heads = reader.page.locator(".en-pair.hd .o a")
    expect(heads).to_have_count(2)
    assert heads.all_inner_texts()[0].startswith(first) and heads.all_inner_texts()[1].startswith(second)
    # The other record's value instead of the one that was proposed.
    rows = reader.page.locator(".en-pair:has(input[type=radio][value=b])")
    other = rows.first.locator("input[value=b]")
    if rows.count():
        other.check()
        expect(other).to_be_checked()
    shoot(reader.page, f"merge-{reader.language}")
    reader.page.locator("#merge .en-foot .btn-primary").click()
    reader.is_told(reader.pattern("%(gone)s and %(kept)s are one contact now."))
    reader.takes_it_back()

    reader.open(re.sub(r"\?.*", "", compare or ""))
    expect(reader.page.locator(".en-pair.hd .o a")).to_have_count(2)
