"""The guided tour: taken, left, gone on with and finished; on a phone, in Persian, and without any script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.people import AXE, People, shoot, violations

pytestmark = pytest.mark.e2e


def _here(page: Page) -> None:
    """The card has the focus, and the control that it speaks of is ringed and in sight."""
    expect(page.locator("#tour")).to_be_focused()
    ring = page.locator(".en-tour-here")
    expect(ring).to_have_count(1)
    expect(ring).to_be_in_viewport()


def test_somebody_new_is_shown_round(people: People) -> None:
    page = people("daniel")
    page.goto("/")
    shoot(page, "tour-offer")
    page.locator("#tour-offer").get_by_role("button", name="Take the tour").click()
    card = page.locator("#tour")
    number, walked = 1, []
    while True:
        expect(card).to_contain_text(f"Step {number} of 9")
        _here(page)
        walked.append(card.get_by_role("heading").inner_text())
        shoot(page, f"tour-{number}")
        if number == 3:
            # Left and gone on with: the card is away meanwhile, and the place is kept.
            card.get_by_role("button", name="Leave the tour").click()
            expect(card).to_have_count(0)
            expect(page.locator("#quick")).to_be_visible()
            page.goto("/tour/")
            shoot(page, "tour-page")
            page.get_by_role("button", name="Go on at step 3").click()
            expect(card).to_contain_text("Step 3 of 9")
        if number == 5:
            page.goto("/people/")
            expect(card).to_contain_text("The tour waits at step 5")
            shoot(page, "tour-waits")
            card.get_by_role("button", name="Go there").click()
            _here(page)
            card.get_by_role("button", name="Back").press("Enter")
            expect(card).to_contain_text("Step 4 of 9")
            card.get_by_role("button", name="Next").press("Enter")
            expect(card).to_contain_text("Step 5 of 9")
        if number == 9:
            break
        card.get_by_role("button", name="Next").click()
        number += 1
    assert len(set(walked)) == 9
    card.get_by_role("button", name="Finish").click()
    expect(page.locator("#toasts")).to_contain_text("That was the tour")
    expect(card).to_have_count(0)
    expect(page.locator("#tour-offer")).to_have_count(0)


def test_on_a_phone_in_persian(people: People) -> None:
    reader = people.reader("kaveh", width=360, color_scheme="dark", bypass_csp=True)
    reader.page.add_init_script(path=str(AXE))
    reader.open("/")
    expect(reader.page.locator("#tour-offer")).to_be_visible()
    reader.fits()
    shoot(reader.page, "tour-phone-offer")
    reader.open("/tour/")
    reader.fits()
    shoot(reader.page, "tour-phone-page")
    reader.page.locator("#stop-find button").click()
    forward = reader.page.locator("#tour .btn-primary")
    for number in range(1, 99):
        _here(reader.page)
        reader.fits()
        assert violations(reader.page, "#tour") == []
        shoot(reader.page, f"tour-phone-{number}")
        last = forward.get_attribute("formaction") is not None
        forward.click()
        if last:
            break
    expect(reader.page.locator("#tour")).to_have_count(0)


def test_without_a_script(people: People) -> None:
    page = people("priya", java_script_enabled=False)
    page.goto("/")
    page.locator("#tour-offer button.btn-primary").click()
    for number in range(1, 7):
        expect(page.locator("#tour")).to_contain_text(f"Step {number} of 7")
        anchor = str(page.locator("#tour").get_attribute("data-tour")).split()[0]
        expect(page.locator(f"#{anchor}:target")).to_have_count(1)
        expect(page.locator(f"#{anchor}")).to_be_in_viewport()
        expect(page.locator("#tour")).to_be_in_viewport()
        shoot(page, f"tour-plain-{anchor}")
        page.locator("#tour button[name=to].btn-primary").click()
    page.locator("#tour button[formaction='/tour/end/']").click()
    expect(page.locator("#tour")).to_have_count(0)
