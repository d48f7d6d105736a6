"""The steps of somebody who signs in by SAML, for the tests of it."""

from __future__ import annotations

import base64
import re

import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.saml_service import Service
from enishi.accounts.models import SignInService, User
from enishi.accounts.services import save_saml_service
from factories import SYSTEM

BASE = "https://enishi.kazami.example"
NOT_TRUSTED = "What Kazami sign-in answered cannot be trusted"


def set_up(idp: Service, **values) -> SignInService:
    given = {
        "name": "Kazami sign-in", "metadata_url": f"{idp.address}/metadata", "issuer": "", "sign_in_url": "",
        "email_attribute": "", "active": True, "vouches": True, "create_accounts": True,
    }  # fmt: skip
    return save_saml_service(SYSTEM, **{**given, **values})


def asked(client: Client, service: SignInService, **data: str) -> str:
    """Press the button and be sent to the service; what its page would send back."""
    page = client.post(f"/account/oidc/{service.slug}/login/", data)
    assert page.status_code == 200
    form = requests.get(page.context["url"], timeout=10).text
    return re.search(r'value="([^"]+)"', form)[1]


def send(client: Client, service: SignInService, answer: str | bytes, **more: str):
    packed = base64.b64encode(answer).decode() if isinstance(answer, bytes) else answer
    # The service's page sends the form without the session: browsers keep it back from other sites' forms.
    apart = Client(enforce_csrf_checks=True)
    told = apart.post(f"/account/saml/{service.slug}/answer/", {"SAMLResponse": packed, **more})
    if told.status_code != 302:
        return told
    assert told["Location"] == f"/account/saml/{service.slug}/in/"
    client.cookies["saml-handed"] = told.cookies["saml-handed"].value
    return client.get(told["Location"])


def sign_in(client: Client, service: SignInService, **data: str):
    return send(client, service, asked(client, service, **data))


def who(client: Client) -> int | None:
    value = client.session.get("_auth_user_id")
    return int(value) if value else None


def nobody_came_in(client: Client, answer, words: str = NOT_TRUSTED) -> None:
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert who(client) is None
    assert not User.objects.filter(email="aoi@kazami.example").exists()
    assert not SocialAccount.objects.exists()
