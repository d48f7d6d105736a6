"""What the tests of editing one contact share: who signs in, forms as a browser sends them."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.contacts.models import Party

HTMX = {"HX-Request": "true"}


def as_user(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def fresh(of: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=of.pk)


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send of the form as it was opened."""
    form = client.get(address, headers=HTMX).context["form"]
    sent: dict[str, Any] = {}
    for field in form:
        value = field.value()
        if value not in (None, False, ""):
            sent[field.html_name] = value
    return sent


def edit(of: Party, section: str) -> str:
    return reverse("contacts:edit", args=[of.pk, section])


def toast(answer: Any) -> dict[str, str]:
    return json.loads(answer["HX-Trigger"])["toast"]
