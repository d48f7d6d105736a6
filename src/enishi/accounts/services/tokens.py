"""API tokens, and answers kept by Idempotency-Key."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, known
from enishi.accounts.models import ApiToken, IdempotencyKey
from enishi.accounts.queries import digest
from enishi.accounts.services.rules import MANAGE, AccountError
from enishi.core import clock
from enishi.core.events import record

MARK = "enishi_"
MAX_TOKEN_DAYS = 366
MAX_KEY = 200
KEY_HOURS = 24
_STUCK = dt.timedelta(minutes=5)


@transaction.atomic
def create_token(actor: Actor, *, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """Create a token for the actor; returns it with its secret, which is shown once and not kept."""
    wanted = sorted({known(code) for code in scopes})
    if not wanted:
        raise AccountError(_("Choose at least one right for the token."))
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise AccountError(_("A token is valid for 1 to %(days)s days.") % {"days": MAX_TOKEN_DAYS})
    for code in wanted:
        actor.require(code)
    secret = MARK + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user_id=actor.own_id,
        name=name.strip() or _("Token"),
        prefix=secret[:12],
        digest=digest(secret),
        scopes=wanted,
        expires_at=clock.now() + dt.timedelta(days=days),
    )
    record(actor, signals.token_created, subject=token, data={"scopes": wanted, "days": days})
    return token, secret


@transaction.atomic
def revoke_token(actor: Actor, token: ApiToken) -> None:
    """End a token; its owner or an administrator may."""
    if token.user_id != actor.user_id:
        actor.require_everywhere(MANAGE)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        record(actor, signals.token_revoked, subject=token)


def note_token_use(token: ApiToken) -> None:
    """Remember the last use, at most once a minute."""
    ApiToken.objects.filter(pk=token.pk).exclude(
        last_used_at__gt=clock.now() - dt.timedelta(minutes=1)
    ).update(last_used_at=Now())


def claim_key(actor: Actor, *, key: str, fingerprint: str) -> IdempotencyKey | None:
    """Claim a key for a request that begins; answers what was kept when the key was used before.

    A claim whose request died without an answer is free again after five minutes; keys are kept for a day.
    """
    now = clock.now()
    mine = IdempotencyKey.objects.filter(user_id=actor.own_id, key=key)
    mine.filter(
        models.Q(created_at__lt=now - dt.timedelta(hours=KEY_HOURS))
        | models.Q(status__isnull=True, created_at__lt=now - _STUCK)
    ).delete()
    _made, created = IdempotencyKey.objects.get_or_create(
        user_id=actor.own_id, key=key, defaults={"fingerprint": fingerprint}
    )
    return None if created else mine.get()


def release_key(actor: Actor, *, key: str) -> None:
    """The request failed on our side: it may be sent again."""
    IdempotencyKey.objects.filter(user_id=actor.own_id, key=key).delete()


def keep_answer(actor: Actor, *, key: str, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    IdempotencyKey.objects.filter(user_id=actor.own_id, key=key).update(
        status=status, body=body, headers=dict(headers)
    )


def forget_old_keys() -> int:
    """Remove the keys of yesterday; a nightly job."""
    return IdempotencyKey.objects.filter(created_at__lt=clock.now() - dt.timedelta(hours=KEY_HOURS)).delete()[
        0
    ]
