"""The administrator changes a role with the effect in view, and asks why somebody cannot see a record."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from enishi.accounts import services
from enishi.accounts.access import Level
from factories import PASSWORD, SYSTEM, grant, party, project, role, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_role_is_changed_with_its_effect_in_view(chromium: Browser, live_server):
    boss = user("Hedda Lunde")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    where, worker = project("Tidewall East"), user("Kaito Arai")
    handler = role("Case handler", ["contacts.view"])
    grant(worker, where, handler)
    party(where, "Shirin Mohtadi", confidentiality=Level.CONFIDENTIAL)

    page = chromium.new_page(base_url=live_server.url, locale="en-GB")
    page.set_default_timeout(15_000)
    page.goto(f"/account/login/?next=/settings/roles/{handler.pk}/")
    page.get_by_label("E-mail").fill(boss.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    effect = page.locator("#effect")
    expect(effect).to_have_text("Nothing is changed yet.")
    export = page.get_by_role("checkbox", name="Export contacts")
    export.check()
    expect(effect).to_have_text("1 change, 1 person; 1 gains “Export contacts”")

    page.get_by_label("Who", exact=True).select_option("Kaito Arai")
    page.get_by_label("What", exact=True).fill("shirin")
    page.get_by_label("What", exact=True).press("Enter")
    answer = page.locator("#why-answer")
    expect(answer).to_contain_text("Kaito Arai cannot see it: it is confidential")
    expect(answer).to_contain_text("Hedda Lunde")

    page.get_by_role("button", name="Save the role").click()
    expect(export).to_be_checked()
    expect(effect).to_have_text("Nothing is changed yet.")
    handler.refresh_from_db()
    assert handler.codes == ["contacts.export", "contacts.view"]
    page.close()
