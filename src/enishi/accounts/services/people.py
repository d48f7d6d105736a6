"""Changing people who sign in."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor
from enishi.accounts.models import Tour, User
from enishi.accounts.queries import grants_of, organisation
from enishi.accounts.services.roles import give_role
from enishi.accounts.services.rules import (
    MANAGE,
    AccountError,
    administrator_role,
    change,
    keep_an_administrator,
    require_grants_within,
)
from enishi.accounts.services.sign_in import end_sessions
from enishi.core import jobs
from enishi.core.events import record


@transaction.atomic
def create_user(
    actor: Actor,
    *,
    email: str,
    name: str,
    password: str | None = None,
    administrator: bool = False,
    language: str = "en",
    time_zone: str = "UTC",
) -> User:
    """Create somebody who can sign in; without a password they set one by "Forgot your password?".

    Raises AccountError when the address is taken or unusable, or the password too weak.
    """
    actor.require_everywhere(MANAGE)
    email = _free_address(email)
    user = User(email=email, name=name.strip(), language=language, time_zone=time_zone)
    _set_password(user, password)
    user.save()
    record(actor, signals.user_created, subject=user, data={"email": email})
    if administrator:
        give_role(actor, role=administrator_role(), user=user)
    return user


def _free_address(email: str, user: User | None = None) -> str:
    # Small letters only: signing in looks for them so.
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise AccountError(
            _("“%(email)s” is not an e-mail address. Write it as name@example.org.") % {"email": email}
        ) from None
    others = User.objects.filter(email__iexact=email)
    if (others.exclude(pk=user.pk) if user else others).exists():
        raise AccountError(_("Somebody already signs in with %(email)s.") % {"email": email})
    return email


def _set_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountError(" ".join(error.messages)) from None
    user.set_password(password)


@transaction.atomic
def change_user(actor: Actor, user: User, *, password: str | None = None, **values: Any) -> User:
    """Change somebody's data; people change their own, an administrator everybody's. Raises AccountError.

    Nobody changes the account of somebody who may more than they do.
    Deactivating ends all sessions of that user.
    """
    own = {"name", "language", "time_zone", "theme", "single_keys", "reminder_mail", "shows_presence"}
    if actor.user_id != user.pk or not set(values) <= own:
        actor.require_everywhere(MANAGE)
    if actor.user_id != user.pk:
        # Whoever sets the address of an account gets the link for its password.
        require_grants_within(actor, grants_of(user))
    if password is not None:
        _set_password(user, password)
        user.save(update_fields=["password"])
        note_password_change(actor, user)
    if "email" in values and values["email"] != user.email:
        values["email"] = _free_address(values["email"], user)
        # Addresses that allauth has seen would go on signing in.
        EmailAddress.objects.filter(user=user).delete()
    change(actor, signals.user_changed, user, values)
    if values.get("is_active") is False:
        keep_an_administrator()
        end_sessions(actor, user)
    return user


def keep_tour(actor: Actor, *, tour: Tour, stop: str = "") -> None:
    """Where one is on the guided tour; the history does not tell it, as little as what somebody looked at."""
    User.objects.filter(pk=actor.own_id).update(tour=tour, tour_stop=stop)


def invite(actor: Actor, user: User) -> None:
    """Send somebody a link by which they set their password; the mail goes out as a job."""
    actor.require_everywhere(MANAGE)
    if not user.is_active:
        raise AccountError(
            _("%(name)s is not active. Switch the account on before sending a link.") % {"name": user}
        )
    record(actor, signals.user_invited, subject=user)
    jobs.defer("accounts.send_invitation", user_id=user.pk)


def send_invitation(user_id: int) -> None:
    """Mail the link, in the user's language, unless they were switched off since.

    It works once and for as long as a password reset does.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    context = {
        "user": user,
        "organisation": organisation(),
        "url": settings.ENV.base_url + path.replace("UID-KEY", key),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    with translation.override(user.language):
        subject = render_to_string("accounts/mail/invitation_subject.txt", context)
        body = render_to_string("accounts/mail/invitation_message.txt", context)
    EmailMessage(" ".join(subject.split()), body, to=[user.email]).send()


def note_password_change(actor: Actor, user: User) -> None:
    record(actor, signals.password_changed, subject=user)
