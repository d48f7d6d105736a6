"""Somebody is let in by a SAML service on another site, and leaves both: only a browser keeps the session back from its form."""

from __future__ import annotations

import dataclasses

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, expect

from accounts.saml_service import running
from enishi.accounts import services
from enishi.accounts.models import SignInService, User
from factories import PASSWORD, SYSTEM, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_service_is_set_up_and_lets_somebody_in(chromium: Browser, live_server, settings):
    settings.ENV = dataclasses.replace(django_settings.ENV, base_url=live_server.url, private_services=True)
    boss = user("Hedda Lunde")
    services.give_role(SYSTEM, role=services.administrator_role(), user=boss)
    # The product stands at localhost, so this is another site.
    with running("127.0.0.1") as idp:
        page = chromium.new_page(base_url=live_server.url, locale="en-GB")
        page.set_default_timeout(15_000)
        page.goto("/account/login/?next=/settings/services/new/")
        page.get_by_label("E-mail").fill(boss.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("link", name="SAML 2.0").click()
        page.get_by_label("Name on the button").fill("Kazami sign-in")
        page.get_by_label("Open an account for whoever is new").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Where answers go (ACS)")).to_have_value(
            f"{live_server.url}/account/saml/kazami-sign-in/answer/"
        )
        page.get_by_label("Or its metadata as a file").set_input_files(
            {"name": "metadata.xml", "mimeType": "text/xml", "buffer": idp.metadata()}
        )
        page.get_by_label("Active").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Entity id", exact=True)).to_have_value(idp.issuer)
        page.close()

        other = chromium.new_page(base_url=live_server.url, locale="en-GB")
        other.set_default_timeout(15_000)
        other.goto("/account/login/?next=/projects/")
        other.get_by_role("button", name="Sign in with Kazami sign-in").click()
        other.get_by_role("button", name="Be Aoi").click()
        other.wait_for_url(f"{live_server.url}/projects/")
        other.goto("/account/logout/")
        other.get_by_role("main").get_by_role("button", name="Sign out", exact=True).click()
        expect(other.get_by_text("Heard")).to_be_visible()
        other.goto(f"/projects/?{idp.left['path']}")
        expect(other.get_by_role("button", name="Sign in with Kazami sign-in")).to_be_visible()
        other.close()
    assert SignInService.objects.get().active
    assert User.objects.get(email="aoi@kazami.example").name == "Aoi Tachibana"
