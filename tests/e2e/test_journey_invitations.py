"""Somebody is invited to a meeting, answers by the link in their mail without an account, and the answer stands on the meeting."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from playwright.sync_api import Browser, expect

from e2e.people import shoot
from enishi.accounts import services as accounts
from enishi.conversations.services import ParticipantDraft, log_interaction, send_invitations
from enishi.core import clock
from factories import PASSWORD, SYSTEM, party, project, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_somebody_is_invited_and_answers(chromium: Browser, live_server):
    boss, where = user("Hedda Lunde", time_zone="Europe/London"), project("Tidewall East")
    accounts.give_role(SYSTEM, role=accounts.administrator_role(), user=boss)
    aoi = party(where, "Tanaka Aoi", email="aoi@tanaka.example")
    talk = log_interaction(
        SYSTEM,
        channel="meeting",
        occurred_at=(clock.now() + dt.timedelta(days=3)).replace(minute=0),
        project_ids=[where.pk],
        subject="Survey results",
        place="Town hall",
        participants=[ParticipantDraft(party_id=aoi.pk), ParticipantDraft(name="The harbour master")],
    )
    page = chromium.new_page(
        base_url=live_server.url, locale="en-GB", viewport={"width": 1360, "height": 900}
    )
    page.set_default_timeout(15_000)
    page.goto(f"/account/login/?next=/conversations/{talk.pk}/")
    page.get_by_label("E-mail").fill(boss.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Invite").click()
    expect(page.get_by_label("Tanaka Aoi")).to_be_checked()
    expect(page.locator("#main")).to_contain_text("The harbour master: not a contact yet")
    page.get_by_label("Words to them").fill("Please bring the deed.")
    shoot(page, "invite-en-1360")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#invited")).to_contain_text("Tanaka Aoi")

    send_invitations(talk.pk)
    link = re.search(r"/invitation/\S+", str(mail.outbox[0].body))
    assert link is not None
    outside = chromium.new_page(
        base_url=live_server.url, locale="en-GB", viewport={"width": 360, "height": 780}
    )
    outside.set_default_timeout(15_000)
    outside.goto(link[0])
    expect(outside.get_by_role("heading", name="Survey results")).to_be_visible()
    shoot(outside, "invitation-en-360")
    outside.get_by_label("Perhaps").check()
    outside.get_by_label("A word to us").fill("If the ferry goes")
    outside.get_by_role("button", name="Send my answer").click()
    expect(outside.locator("#main")).to_contain_text("Your answer is kept: Perhaps.")
    assert outside.evaluate("document.documentElement.scrollWidth") <= 360
    outside.close()

    page.reload()
    expect(page.locator("#invited")).to_contain_text("If the ferry goes")
    shoot(page, "invited-en-1360")
    page.close()
