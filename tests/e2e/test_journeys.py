"""What people come for, done by mouse and keyboard in a real browser, on the demo."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e
ADMIN = "eleanor"


def new_person(page: Page, name: str, *, email: str = "", phone: str = "") -> str:
    """Enter somebody on the form for new contacts; gives the address of the record."""
    page.goto("/people/new/person/")
    page.locator("#id_name").fill(name)
    page.locator("#id_email").fill(email)
    page.locator("#id_phone").fill(phone)
    _choose_a_project(page)
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url(re.compile(r"/people/\d+/"))
    return page.url


def _choose_a_project(page: Page) -> None:
    boxes = page.locator("[name=projects]")
    if boxes.first.get_attribute("type") == "checkbox":
        if not page.locator("[name=projects]:checked").count():
            boxes.first.check()
    elif not boxes.first.input_value():
        boxes.first.select_option(index=0)


def test_a_call_with_a_promise_is_logged_in_one_line(people: People):
    page = people(ADMIN)
    record = new_person(page, "Wendell Harcastle", email="wendell@harcastle.example")
    began = time.monotonic()
    page.keyboard.press("l")
    line = page.locator("form.en-quick textarea")
    expect(line).to_be_focused()
    line.press_sequentially("called, we will send the tide tables by Friday")
    expect(page.locator("form.en-quick .parsed")).to_contain_text("Promise")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Logged")
    assert time.monotonic() - began < 10

    page.goto(record)
    expect(page.locator("main")).to_contain_text("send the tide tables")
    shoot(page, "journey-logged")
    page.goto("/promises/")
    page.get_by_role("searchbox", name="Search in this list").fill("tide tables")
    page.keyboard.press("Enter")
    promise = page.locator("main a", has_text="send the tide tables").first
    expect(promise).to_be_visible()
    promise.click()
    page.get_by_label("What proves it?").fill("Sent by post, receipt 4711")
    page.get_by_role("button", name="Add proof").click()
    expect(page.locator("main")).to_contain_text("Sent by post, receipt 4711")
    page.get_by_role("button", name="Keep", exact=True).first.click()
    expect(page.locator("main")).to_contain_text("Open again")
    expect(page.locator("main")).to_contain_text("Kept")
