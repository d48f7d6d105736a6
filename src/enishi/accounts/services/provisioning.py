"""What a directory does to people and teams by SCIM: the same services, within the rights of whoever made the token."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Provisioned, Team, User
from enishi.accounts.queries import grants_of
from enishi.accounts.services.people import change_user, create_user
from enishi.accounts.services.rules import MANAGE, AccountError, require_grants_within
from enishi.accounts.services.teams import change_team, create_team

PROVISION = "accounts.provision"


class Taken(AccountError):
    """Another account or team has that name or address."""


def _check_free(user_name: str, address: str, user: User | None = None) -> None:
    others = Provisioned.objects.filter(user_name__iexact=user_name)
    people = User.objects.filter(email__iexact=address)
    if user is not None:
        others, people = others.exclude(user=user), people.exclude(pk=user.pk)
    if others.exists() or people.exists():
        raise Taken(_("Somebody already signs in with %(email)s.") % {"email": address or user_name})


@transaction.atomic
def provision_person(
    actor: Actor,
    *,
    user_name: str,
    external_id: str,
    address: str,
    name: str,
    active: bool,
    said: dict[str, Any],
) -> User:
    """Open an account for somebody of the directory; whoever it had withdrawn comes back to the one they had."""
    actor.require_everywhere(PROVISION)
    back = (
        User.objects.filter(provisioned__withdrawn=True, provisioned__user_name__iexact=user_name).first()
        or User.objects.filter(provisioned__withdrawn=True, email__iexact=address).first()
    )
    if back is not None:
        Provisioned.objects.filter(user=back).update(withdrawn=False)
        back.refresh_from_db()
        return reprovision_person(
            actor, back, user_name=user_name, external_id=external_id, address=address, name=name,
            active=active, said=said,
        )  # fmt: skip
    _check_free(user_name, address)
    user = create_user(actor, email=address, name=name)
    if not active:
        change_user(actor, user, is_active=False)
    Provisioned.objects.create(user=user, user_name=user_name, external_id=external_id, said=said)
    return user


@transaction.atomic
def reprovision_person(
    actor: Actor,
    user: User,
    *,
    user_name: str,
    external_id: str,
    address: str,
    name: str,
    active: bool,
    said: dict[str, Any],
) -> User:
    """Let somebody be as the directory says. Switching off ends their sessions."""
    actor.require_everywhere(PROVISION)
    _check_free(user_name, address, user)
    values: dict[str, Any] = {"name": name, "email": address, "is_active": active}
    change_user(actor, user, **{key: value for key, value in values.items() if getattr(user, key) != value})
    Provisioned.objects.update_or_create(
        user=user, defaults={"user_name": user_name, "external_id": external_id, "said": said}
    )
    user.refresh_from_db()
    return user


@transaction.atomic
def withdraw_person(actor: Actor, user: User) -> None:
    """The directory knows them no more: the account is switched off, and is shown to the directory no more."""
    actor.require_everywhere(PROVISION)
    if user.is_active:
        change_user(actor, user, is_active=False)
    else:
        require_grants_within(actor, grants_of(user))
    Provisioned.objects.update_or_create(
        user=user, defaults={"withdrawn": True}, create_defaults={"user_name": user.email, "withdrawn": True}
    )
    for team in Team.objects.filter(members=user):
        change_team(actor, team, members=team.members.exclude(pk=user.pk))


@transaction.atomic
def provision_team(
    actor: Actor, team: Team | None, *, name: str, external_id: str, members: list[User]
) -> Team:
    """Make a team of the directory's group, or let it be as the directory says."""
    actor.require_everywhere(PROVISION)
    others = Team.objects.filter(name__iexact=name)
    if (others.exclude(pk=team.pk) if team else others).exists():
        raise Taken(_("“%(name)s” already exists.") % {"name": name})
    if team is None:
        team = create_team(actor, name=name, members=members)
    else:
        change_team(actor, team, name=name, members=members)
    if team.external_id != external_id:
        team.external_id = external_id
        team.save(update_fields=["external_id"])
    return team


def provisioner(actor: Actor) -> bool:
    """Whether somebody may provision: the right for it, and to manage people, which it stands for."""
    return actor.may_everywhere(PROVISION) and not actor.beyond([MANAGE], 0, None)
