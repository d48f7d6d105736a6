"""Changing users, teams, projects, roles, grants, tokens and the organisation's settings."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import connection, models, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, Level, known, rights
from enishi.accounts.models import ApiToken, Grant, IdempotencyKey, Organisation, Project, Role, Team, User
from enishi.accounts.queries import digest, organisation
from enishi.core import clock, jobs
from enishi.core.events import Event, record

MANAGE = "accounts.manage"
ADMINISTRATOR = "Administrator"
MARK = "enishi_"
MAX_TOKEN_DAYS = 366
_ADMINISTRATORS_LOCK = 7_305_002


class AccountError(Exception):
    """Something about users or rights cannot be done; the text says why and what to do."""


class LastAdministrator(AccountError):
    def __init__(self) -> None:
        super().__init__(
            _("Nobody could manage rights any more. Give somebody else the administrator role first.")
        )


def _change(
    actor: Actor, event: Event, subject: models.Model, values: Mapping[str, Any], **where: Any
) -> None:
    """Set fields and record those that differ; nothing is written when nothing differs."""
    changes = {
        name: (getattr(subject, name), value)
        for name, value in values.items()
        if getattr(subject, name) != value
    }
    if not changes:
        return
    for name, (_before, after) in changes.items():
        setattr(subject, name, after)
    subject.save(update_fields=list(changes))
    told = {name: (_told(before), _told(after)) for name, (before, after) in changes.items()}
    record(actor, event, subject=subject, changes=told, **where)


def _told(value: Any) -> Any:
    """A value as the history tells it: another record by its name."""
    return str(value) if isinstance(value, models.Model) else value


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
    email = email.strip()
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

    Deactivating ends all sessions of that user at their next request.
    """
    own = {"name", "language", "time_zone", "theme", "single_keys", "reminder_mail"}
    if actor.user_id != user.pk or not set(values) <= own:
        actor.require_everywhere(MANAGE)
    if password is not None:
        _set_password(user, password)
        user.save(update_fields=["password"])
        note_password_change(actor, user)
    if "email" in values and values["email"] != user.email:
        values["email"] = _free_address(values["email"], user)
        # Addresses that allauth has seen would go on signing in.
        EmailAddress.objects.filter(user=user).delete()
    _change(actor, signals.user_changed, user, values)
    if values.get("is_active") is False:
        _keep_an_administrator()
    return user


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


def administrator_role() -> Role:
    """The role with every right; brought up to date when a new app declared rights."""
    role, _created = Role.objects.get_or_create(
        name=ADMINISTRATOR,
        defaults={"codes": sorted(rights()), "clearance": Level.RESTRICTED},
    )
    if set(role.codes) != set(rights()):
        role.codes = sorted(rights())
        role.save(update_fields=["codes"])
    return role


def _keep_an_administrator() -> None:
    """Refuse, by rolling back, whatever would leave nobody to manage rights everywhere."""
    with connection.cursor() as cursor:
        # Two administrators who deactivate each other at once would otherwise both see the other still there.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS_LOCK])
    managing = Grant.objects.filter(project__isnull=True, role__codes__contains=[MANAGE])
    alive = managing.filter(models.Q(user__is_active=True) | models.Q(team__members__is_active=True))
    if not alive.exists():
        raise LastAdministrator


@transaction.atomic
def give_role(
    actor: Actor,
    *,
    role: Role,
    user: User | None = None,
    team: Team | None = None,
    project: Project | None = None,
) -> Grant:
    """Give a role to a user or team, in a project and everything below it, or everywhere."""
    actor.require_everywhere(MANAGE)
    grant, created = Grant.objects.get_or_create(role=role, user=user, team=team, project=project)
    if created:
        record(
            actor,
            signals.grant_given,
            subject=user or team or grant,
            data={"role": role.name, "project": project.name if project else None},
        )
    return grant


@transaction.atomic
def take_role(actor: Actor, grant: Grant) -> None:
    """Take a role away; refuses to leave nobody who manages rights."""
    actor.require_everywhere(MANAGE)
    subject = grant.user or grant.team or grant
    data = {"role": grant.role.name, "project": grant.project.name if grant.project else None}
    record(actor, signals.grant_taken, subject=subject, data=data)
    grant.delete()
    _keep_an_administrator()


@transaction.atomic
def create_role(
    actor: Actor, *, name: str, codes: Iterable[str], clearance: int, description: str = ""
) -> Role:
    """Create a role; an unknown permission code raises."""
    actor.require_everywhere(MANAGE)
    name = _free_name(Role, name)
    role = Role.objects.create(
        name=name, codes=sorted({known(code) for code in codes}), clearance=clearance, description=description
    )
    record(actor, signals.role_created, subject=role, changes={"codes": ([], role.codes)})
    return role


@transaction.atomic
def change_role(actor: Actor, role: Role, **values: Any) -> Role:
    actor.require_everywhere(MANAGE)
    if role.name == ADMINISTRATOR:
        raise AccountError(_("The administrator role always has every right. Create another role instead."))
    if "codes" in values:
        values["codes"] = sorted({known(code) for code in values["codes"]})
    if "name" in values and values["name"] != role.name:
        values["name"] = _free_name(Role, values["name"])
    _change(actor, signals.role_changed, role, values)
    _keep_an_administrator()
    return role


@transaction.atomic
def delete_role(actor: Actor, role: Role) -> None:
    """Delete a role together with its grants; the administrator role stays."""
    actor.require_everywhere(MANAGE)
    if role.name == ADMINISTRATOR:
        raise AccountError(_("The administrator role cannot be deleted."))
    record(actor, signals.role_deleted, subject=role, changes={"codes": (role.codes, [])})
    role.delete()
    _keep_an_administrator()


def _free_name(model: type[Role] | type[Team], name: str) -> str:
    name = name.strip()
    if not name:
        raise AccountError(_("Give it a name."))
    if model.objects.filter(name__iexact=name).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": name})
    return name


@transaction.atomic
def create_team(actor: Actor, *, name: str, members: Iterable[User] = ()) -> Team:
    actor.require_everywhere(MANAGE)
    team = Team.objects.create(name=_free_name(Team, name))
    team.members.set(members)
    record(
        actor,
        signals.team_created,
        subject=team,
        data={"members": [str(user) for user in team.members.all()]},
    )
    return team


@transaction.atomic
def change_team(
    actor: Actor, team: Team, *, name: str | None = None, members: Iterable[User] | None = None
) -> Team:
    actor.require_everywhere(MANAGE)
    changes: dict[str, tuple[Any, Any]] = {}
    if name is not None and name.strip() != team.name:
        changes["name"] = (team.name, _free_name(Team, name))
        team.name = changes["name"][1]
        team.save(update_fields=["name"])
    if members is not None:
        before, after = set(team.members.all()), set(members)
        if before != after:
            team.members.set(after)
            changes["members"] = (sorted(map(str, before)), sorted(map(str, after)))
    if changes:
        record(actor, signals.team_changed, subject=team, changes=changes)
        _keep_an_administrator()
    return team


@transaction.atomic
def delete_team(actor: Actor, team: Team) -> None:
    actor.require_everywhere(MANAGE)
    record(actor, signals.team_deleted, subject=team)
    team.delete()
    _keep_an_administrator()


@transaction.atomic
def create_project(
    actor: Actor,
    *,
    name: str,
    code: str,
    parent: Project | None = None,
    description: str = "",
    country: str = "GB",
    default_level: int = Level.INTERNAL,
) -> Project:
    actor.require_everywhere(MANAGE)
    if Project.objects.filter(code=code).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": code})
    project = Project.objects.create(
        name=name.strip(),
        code=code,
        parent=parent,
        description=description,
        country=country,
        default_level=default_level,
    )
    record(actor, signals.project_created, subject=project, project_ids=[project.pk])
    return project


@transaction.atomic
def change_project(actor: Actor, project: Project, **values: Any) -> Project:
    """Change a project; refuses to put it below itself."""
    actor.require_everywhere(MANAGE)
    if "parent" in values:
        ancestor = values["parent"]
        while ancestor is not None:
            if ancestor.pk == project.pk:
                raise AccountError(_("A project cannot be part of itself or of one of its own parts."))
            ancestor = ancestor.parent
    if "code" in values and Project.objects.filter(code=values["code"]).exclude(pk=project.pk).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": values["code"]})
    _change(actor, signals.project_changed, project, values, project_ids=[project.pk])
    return project


def archive_project(actor: Actor, project: Project, *, archived: bool) -> Project:
    """Put a project away or take it back. Projects are never deleted: records keep pointing at them."""
    return change_project(actor, project, archived_at=clock.now() if archived else None)


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


@transaction.atomic
def change_settings(actor: Actor, **values: Any) -> Organisation:
    """Change what holds for the whole organisation."""
    actor.require_everywhere("accounts.settings")
    ours, _created = Organisation.objects.get_or_create(pk=1, defaults={"name": "Enishi"})
    _change(actor, signals.settings_changed, ours, values)
    return ours


def note_sign_in(actor: Actor, *, methods: Iterable[str], address: str) -> None:
    """Keep in the history that somebody signed in, how and from where."""
    user = User(pk=actor.user_id, name=actor.name)
    record(actor, signals.signed_in, subject=user, data={"methods": list(methods), "address": address})


def note_failed_sign_in(actor: Actor, *, email: str, address: str, step: str = "first") -> None:
    """Keep that somebody tried in vain. What was typed for an unknown account is not kept: it may be a password."""
    user = User.objects.filter(email__iexact=email).first() if email else None
    record(
        actor,
        signals.sign_in_failed,
        subject=user or organisation(),
        data={"step": step, "address": address, "known": user is not None},
    )


def note_password_change(actor: Actor, user: User) -> None:
    record(actor, signals.password_changed, subject=user)


def note_second_factor(actor: Actor, user: User, *, kind: str, what: str) -> None:
    """Keep that a second factor was added, removed or renewed."""
    record(actor, signals.second_factor_changed, subject=user, data={"kind": kind, "what": what})


MAX_KEY = 200
KEY_HOURS = 24
_STUCK = dt.timedelta(minutes=5)


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
