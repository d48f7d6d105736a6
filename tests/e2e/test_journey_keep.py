"""Somebody says how long things are kept: looks first, switches the rule on, and off again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot

pytestmark = pytest.mark.e2e


def test_a_rule_is_looked_at_before_it_works(people: People):
    reader = people.reader("eleanor")
    reader.open("/privacy/rules/")
    shoot(reader.page, "keep-rules")
    reader.page.locator("main a[href$='kind=conversations']").click()
    reader.page.locator("[name=part]").select_option("visit")
    reader.page.locator("[name=after]").fill("90")
    reader.page.locator("main form [name=reason]").fill("Policy 4.2")
    shoot(reader.page, "keep-form")
    reader.page.locator("main .btn-primary").click()
    expect(reader.page.locator("#look")).to_be_visible()
    reader.page.locator("#look a[href$='which=every']").last.click()
    expect(reader.page.locator("#things li").first).to_be_visible()
    shoot(reader.page, "keep-things")
    reader.page.go_back()
    # Nothing is ninety years old: it is switched on without taking anything, and the page says so.
    reader.page.locator("form[action$='/on/'] button").click()
    expect(reader.page.locator("form[action$='/off/'] button")).to_be_visible()
    shoot(reader.page, "keep-on")
    reader.page.locator("form[action$='/off/'] button").click()
    expect(reader.page.locator("form[action$='/on/'] button")).to_be_visible()


def test_the_pages_on_a_phone(people: People):
    reader = people.reader("eleanor", width=360)
    reader.open("/privacy/rules/")
    reader.fits()
    shoot(reader.page, "keep-phone-rules")
    reader.page.locator("main table a").first.click()
    expect(reader.page.locator("#look")).to_be_visible()
    reader.fits()
    shoot(reader.page, "keep-phone-rule")
