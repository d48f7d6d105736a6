"""Setting up endpoints. Only its owner says where an endpoint sends what the owner may read; others may stop it."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Iterable

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.sealing import seal, unseal
from enishi.core import clock, jobs
from enishi.core.errors import Refusal
from enishi.core.outside import address_parts
from enishi.timeline.services import differences, record
from enishi.webhooks import signals
from enishi.webhooks.models import Endpoint
from enishi.webhooks.queries import RIGHT, offered

MARK = "whsec_"
OLD_SECRET_FOR = dt.timedelta(days=1)
_PURPOSE = "webhook"


class WebhookError(Refusal):
    """What was asked for cannot be done; ``field`` names the part of the form that it is about."""


def _owned(actor: Actor, endpoint_id: int) -> Endpoint:
    """The endpoint, locked, for its owner to change."""
    found = _locked(actor, endpoint_id)
    if found.owner_id != actor.own_id:
        raise WebhookError(_("This webhook is %(name)s's. Take it over first.") % {"name": found.owner})
    return found


def _locked(actor: Actor, endpoint_id: int) -> Endpoint:
    actor.require_everywhere(RIGHT)
    rows = Endpoint.objects.select_related("owner").select_for_update(no_key=True, of=("self",))
    return rows.get(pk=endpoint_id)


@transaction.atomic
def save(
    actor: Actor,
    endpoint: Endpoint | None = None,
    *,
    address: str,
    events: Iterable[str],
    project_ids: Iterable[int] = (),
) -> tuple[Endpoint, str]:
    """Add an endpoint of the actor's own, or change it. Returns it with its secret, if that is new: it is shown once.

    Raises WebhookError.
    """
    actor.require_everywhere(RIGHT)
    values = {
        "address": _usable(address),
        "events": _known(events),
        "project_ids": sorted(set(project_ids)),
    }
    if endpoint is None:
        if not actor.own_id:
            raise WebhookError(_("A webhook belongs to a person. Look with your own rights first."))
        secret = _new_secret()
        made = Endpoint.objects.create(
            **values,
            owner_id=actor.own_id,
            sealed_secret=seal(secret, _PURPOSE),
            created_at=clock.now(),
        )
        record(actor, signals.endpoint_added, subject=made, data=_told(made))
        return made, secret
    found = _owned(actor, endpoint.pk)
    before, moved = _told(found), found.address != values["address"]
    for name, value in values.items():
        setattr(found, name, value)
    if moved:
        found.failures, found.next_at = 0, None
    found.save(update_fields=[*values, "failures", "next_at"])
    changes = differences(before, _told(found))
    if moved and "address" not in changes:
        changes["address"] = (found.host, found.host)
    if changes:
        record(actor, signals.endpoint_changed, subject=found, changes=changes)
    return found, ""


def _told(found: Endpoint) -> dict[str, object]:
    """What the history tells of an endpoint: of its address only the host, for the rest may hold a key."""
    return {"address": found.host, "events": found.events, "project_ids": found.project_ids}


def _usable(typed: str) -> str:
    parts = address_parts(typed)
    if parts is None:
        raise WebhookError(
            _("This is no address. It looks like https://example.org/hooks/enishi."), "address"
        )
    if parts.scheme == "http" and not settings.ENV.private_services:
        raise WebhookError(_("The address must begin with https://."), "address")
    return typed.strip()


def _known(events: Iterable[str]) -> list[str]:
    chosen = set(events)
    known = [code for group in offered() for code, _label in group.events if code in chosen]
    if not known:
        raise WebhookError(_("Choose at least one event."), "events")
    return known


def _new_secret() -> str:
    return MARK + base64.b64encode(secrets.token_bytes(32)).decode()


@transaction.atomic
def renew_secret(actor: Actor, endpoint_id: int) -> str:
    """Make a new secret, shown once. For a day messages are signed with the old one too."""
    found = _owned(actor, endpoint_id)
    secret = _new_secret()
    found.sealed_old_secret, found.sealed_secret = found.sealed_secret, seal(secret, _PURPOSE)
    found.old_secret_until = clock.now() + OLD_SECRET_FOR
    found.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    record(actor, signals.secret_renewed, subject=found)
    return secret


def secrets_of(found: Endpoint) -> list[str]:
    """What messages are signed with now; nothing when it was sealed with a key that is gone."""
    sealed = [found.sealed_secret]
    if found.old_secret_until is not None and found.old_secret_until > clock.now():
        sealed.append(found.sealed_old_secret)
    try:
        return [unseal(one, _PURPOSE) for one in sealed]
    except InvalidToken:
        return []


@transaction.atomic
def switch(actor: Actor, endpoint_id: int, *, on: bool) -> Endpoint:
    """Switch an endpoint on or off. What waits is sent when it is on again; what happens in between is not."""
    found = _owned(actor, endpoint_id) if on else _locked(actor, endpoint_id)
    if found.is_on != on:
        found.is_on, found.off_because, found.failures, found.next_at = on, "", 0, None
        found.save(update_fields=["is_on", "off_because", "failures", "next_at"])
        record(actor, signals.endpoint_changed, subject=found, changes={"is_on": (not on, on)})
        if on:
            jobs.defer_once("webhooks.run", key="webhooks.run")
    return found


@transaction.atomic
def take_over(actor: Actor, endpoint_id: int) -> Endpoint:
    """Become the owner: from now on it is told what the actor may read, also of what still waits."""
    found = _locked(actor, endpoint_id)
    if actor.own_id and found.owner_id != actor.own_id:
        before, found.owner_id = found.owner_id, actor.own_id
        found.save(update_fields=["owner"])
        record(actor, signals.endpoint_changed, subject=found, changes={"owner": (before, actor.own_id)})
    return found


@transaction.atomic
def remove(actor: Actor, endpoint_id: int) -> None:
    """Remove an endpoint with the list of what it was sent."""
    found = _locked(actor, endpoint_id)
    record(actor, signals.endpoint_removed, subject=found, data=_told(found))
    found.delete()
