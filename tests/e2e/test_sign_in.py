"""Signing in with a passkey, in a real browser with a virtual authenticator, under the content policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page

from factories import PASSWORD, user

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium: Browser, live_server) -> Iterator[Page]:
    """A page whose device keeps passkeys and says yes by itself."""
    page = chromium.new_page(base_url=live_server.url, locale="en-GB")
    page.set_default_timeout(15_000)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield page
    page.close()


def test_a_passkey_is_added_and_then_signs_in_alone(page: Page, live_server):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    who = user("Nadia Ferrant", email="nadia@enishi.example")

    page.goto("/settings/account/")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Profile").wait_for()

    page.goto("/account/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/account/2fa/**recovery**")
    assert Authenticator.objects.filter(user=who, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto("/account/login/?next=/settings/account/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Profile").wait_for()
    assert page.url == f"{live_server.url}/settings/account/"

    page.context.clear_cookies()
    page.goto("/account/login/?next=/settings/account/")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey instead").click()
    page.get_by_role("heading", name="Profile").wait_for()
    assert [text for text in complaints if "Content Security Policy" in text] == []
