"""An administrator narrows what a role reaches and shows; whoever holds it sees that much and no trace of the rest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from enishi.accounts import services
from enishi.commitments.services import make_promise
from factories import PASSWORD, SYSTEM, grant, party, project, role, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium: Browser, live_server) -> Iterator[Page]:
    opened = chromium.new_page(base_url=live_server.url, locale="en-GB")
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


def sign_in(page: Page, who: str, where_to: str) -> None:
    page.context.clear_cookies()
    page.goto(f"/account/login/?next={where_to}")
    page.get_by_label("E-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_role_is_narrowed_and_obeyed(page: Page):
    boss, worker, where = user("Hedda Lunde"), user("Maren Holt"), project("Tidewall East")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    interviewer = role("Interviewer", ["contacts.view", "commitments.view", "commitments.edit"])
    grant(worker, where, interviewer)
    mine = make_promise(SYSTEM, project=where, title="Send the map", direction="ours", owner=worker)
    theirs = make_promise(SYSTEM, project=where, title="Move the mast", direction="ours", owner=boss)

    sign_in(page, boss.email, f"/settings/roles/{interviewer.pk}/")
    far = page.get_by_label("How far “See promises and tasks” reaches")
    far.select_option("Their own")
    expect(page.locator("#effect")).to_contain_text("“See promises and tasks” reaches: Their own")
    page.get_by_role("button", name="Save the role").click()
    expect(far).to_have_value("own")

    sign_in(page, worker.email, "/promises/?who=all")
    expect(page.get_by_role("link", name="Send the map").first).to_be_visible()
    expect(page.get_by_text("Move the mast")).to_have_count(0)
    answer = page.goto(f"/promises/{theirs.pk}/")
    assert answer is not None and answer.status == 404
    page.goto(f"/promises/{mine.pk}/")
    expect(page.get_by_role("heading", name="Send the map")).to_be_visible()


def test_contacts_of_ones_own_are_all_that_there_is(page: Page):
    """The role is narrowed; the interviewer finds theirs, enters somebody, and hands them on."""
    boss, worker, where = user("Hedda Lunde"), user("Maren Holt"), project("Tidewall East")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    interviewer = role("Interviewer", ["contacts.view", "contacts.edit", "content.view", "content.edit"])
    grant(worker, where, interviewer)
    party(where, "Ada Vale", owner_id=worker.pk)
    ken = party(where, "Ken Ushio", owner_id=boss.pk)

    sign_in(page, boss.email, f"/settings/roles/{interviewer.pk}/")
    for right in ("See contacts", "Create and change contacts", "See files", "Add and change files"):
        page.get_by_label(f"How far “{right}” reaches").select_option("Their own")
    expect(page.locator("#effect")).to_contain_text("“See contacts” reaches: Their own")
    page.get_by_role("button", name="Save the role").click()
    expect(page.get_by_label("How far “See files” reaches")).to_have_value("own")

    sign_in(page, worker.email, "/people/")
    expect(page.get_by_role("link", name="Ada Vale").first).to_be_visible()
    expect(page.get_by_text("Ken Ushio")).to_have_count(0)
    answer = page.goto(f"/people/{ken.pk}/")
    assert answer is not None and answer.status == 404
    page.goto("/people/new/person/")
    page.get_by_label("Name", exact=True).fill("Ines Vidal")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name="Ines Vidal")).to_be_visible()
    expect(page.get_by_text("Maren Holt").first).to_be_visible()

    page.get_by_role("link", name="Change language, owner, projects and note").click()
    page.get_by_label("Looked after by").select_option("Hedda Lunde")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/people/")
    expect(page.get_by_role("link", name="Ada Vale").first).to_be_visible()
    expect(page.get_by_role("link", name="Ines Vidal")).to_have_count(0)

    page.goto("/files/")
    page.locator("#upload input[type=file]").set_input_files(
        {"name": "noise.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    page.get_by_role("button", name="Add files").click()
    expect(page.get_by_role("link", name="noise.txt").first).to_be_visible()


def test_a_field_is_protected_and_shown_by_the_role_that_names_it(page: Page):
    boss, worker, where = user("Hedda Lunde"), user("Maren Holt"), project("Tidewall East")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    interviewer = role("Interviewer", ["contacts.view"])
    grant(worker, where, interviewer)
    ada = party(where, "Ada Vale", note="Ill since spring", email="ada@quillon.example")
    record = f"/people/{ada.pk}/"

    sign_in(page, boss.email, "/settings/roles/fields/")
    page.get_by_label("Note").check()
    page.get_by_label("E-mail addresses").check()
    page.get_by_role("button", name="Save the protected fields").click()
    expect(page.get_by_text("shown by: Administrator")).to_have_count(2)
    page.goto(record)
    expect(page.get_by_text("Ill since spring")).to_be_visible()

    sign_in(page, worker.email, record)
    expect(page.get_by_role("heading", name="Ada Vale")).to_be_visible()
    expect(page.get_by_text("Ill since spring")).to_have_count(0)
    expect(page.get_by_text("quillon")).to_have_count(0)
    page.goto("/search/?q=quillon")
    expect(page.get_by_role("searchbox").first).to_have_value("quillon")
    expect(page.get_by_text("Ada Vale")).to_have_count(0)

    sign_in(page, boss.email, f"/settings/roles/{interviewer.pk}/")
    page.get_by_label("Note", exact=True).select_option("Shown")
    expect(page.locator("#effect")).to_contain_text("“Note”: Shown")
    page.get_by_role("button", name="Save the role").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value("see")

    sign_in(page, worker.email, record)
    expect(page.get_by_text("Ill since spring")).to_be_visible()
