"""An administrator narrows a role to one's own; whoever holds it sees their own promises and no trace of the others."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from enishi.accounts import services
from enishi.commitments.services import make_promise
from factories import PASSWORD, SYSTEM, grant, project, role, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_role_is_narrowed_and_obeyed(chromium: Browser, live_server):
    boss, worker, where = user("Hedda Lunde"), user("Maren Holt"), project("Tidewall East")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    interviewer = role("Interviewer", ["contacts.view", "commitments.view", "commitments.edit"])
    grant(worker, where, interviewer)
    mine = make_promise(SYSTEM, project=where, title="Send the map", direction="ours", owner=worker)
    theirs = make_promise(SYSTEM, project=where, title="Move the mast", direction="ours", owner=boss)

    page = chromium.new_page(base_url=live_server.url, locale="en-GB")
    page.set_default_timeout(15_000)

    def sign_in(who: str, where_to: str) -> None:
        page.goto(f"/account/login/?next={where_to}")
        page.get_by_label("E-mail").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()

    sign_in(boss.email, f"/settings/roles/{interviewer.pk}/")
    far = page.get_by_label("How far “See promises and tasks” reaches")
    far.select_option("Their own")
    expect(page.locator("#effect")).to_contain_text("“See promises and tasks” reaches: Their own")
    page.get_by_role("button", name="Save the role").click()
    expect(far).to_have_value("own")
    page.context.clear_cookies()

    sign_in(worker.email, "/promises/?who=all")
    expect(page.get_by_role("link", name="Send the map").first).to_be_visible()
    expect(page.get_by_text("Move the mast")).to_have_count(0)
    answer = page.goto(f"/promises/{theirs.pk}/")
    assert answer is not None and answer.status == 404
    page.goto(f"/promises/{mine.pk}/")
    expect(page.get_by_role("heading", name="Send the map")).to_be_visible()
    page.close()
