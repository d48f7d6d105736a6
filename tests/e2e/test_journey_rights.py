"""An administrator asks who sees a record, looks as that colleague, and goes back; a service stands at the door."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from enishi.accounts import services
from enishi.accounts.access import Level
from enishi.accounts.models import SignInService
from factories import PASSWORD, SYSTEM, grant, party, project, role, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_who_sees_a_record_is_explained_and_then_seen(chromium: Browser, live_server):
    boss = user("Hedda Lunde")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    where, worker = project("Tidewall East"), user("Kaito Arai")
    grant(worker, where, role("Case handler", ["contacts.view"]))
    secret = party(where, "Shirin Mohtadi", confidentiality=Level.CONFIDENTIAL)
    party(where, "Ren Ushio")
    SignInService.objects.create(
        name="Kazami sign-in", slug="kazami", issuer="https://login.kazami.example", client_id="enishi"
    )

    page = chromium.new_page(base_url=live_server.url, locale="en-GB")
    page.set_default_timeout(15_000)
    page.goto(f"/account/login/?next=/people/{secret.pk}/")
    expect(page.get_by_role("button", name="Sign in with Kazami sign-in")).to_be_visible()
    page.get_by_label("E-mail").fill(boss.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("link", name="Who sees this, and why?").click()
    page.get_by_label("Who", exact=True).select_option("Kaito Arai")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("#why-answer")).to_contain_text("Kaito Arai cannot see it: it is confidential")

    page.goto(f"/settings/people/{worker.pk}/")
    page.get_by_role("button", name="See what they see").click()
    banner = page.get_by_text("You see what Kaito Arai sees")
    expect(banner).to_be_visible()
    page.goto("/people/")
    expect(page.get_by_role("link", name="Ren Ushio")).to_be_visible()
    expect(page.get_by_text("Shirin Mohtadi")).to_have_count(0)
    page.get_by_role("button", name="Back to my own pages").click()
    expect(banner).to_have_count(0)
    page.goto("/people/")
    expect(page.get_by_role("link", name="Shirin Mohtadi")).to_be_visible()
    page.close()
