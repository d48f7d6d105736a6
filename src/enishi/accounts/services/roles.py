"""Changing roles, and who holds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import signals
from enishi.accounts.access import Actor, UnknownRight, known, narrowable
from enishi.accounts.models import Grant, Project, Role, Team, User
from enishi.accounts.services.rules import (
    ADMINISTRATOR,
    MANAGE,
    AccountError,
    change,
    free_name,
    keep_an_administrator,
    require_grants_within,
    require_within,
)
from enishi.core.events import record


@transaction.atomic
def give_role(
    actor: Actor,
    *,
    role: Role,
    user: User | None = None,
    team: Team | None = None,
    project: Project | None = None,
) -> Grant:
    """Give a role to a user or team, in a project and everything below it, or everywhere.

    Nobody gives more than they may themselves.
    """
    actor.require_everywhere(MANAGE)
    require_within(actor, role.codes, role.clearance, project.pk if project else None)
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
    require_grants_within(actor, [grant])
    subject = grant.user or grant.team or grant
    data = {"role": grant.role.name, "project": grant.project.name if grant.project else None}
    record(actor, signals.grant_taken, subject=subject, data=data)
    grant.delete()
    keep_an_administrator()


@transaction.atomic
def create_role(
    actor: Actor,
    *,
    name: str,
    codes: Iterable[str],
    clearance: int,
    description: str = "",
    require_second_factor: bool = False,
    own_codes: Iterable[str] = (),
    team_codes: Iterable[str] = (),
) -> Role:
    """Create a role; an unknown permission code raises. ``own_codes`` and ``team_codes`` reach only such records."""
    actor.require_everywhere(MANAGE)
    name = free_name(Role, name)
    wanted = sorted({known(code) for code in codes})
    require_within(actor, wanted, clearance, None)
    role = Role.objects.create(
        name=name,
        codes=wanted,
        clearance=clearance,
        description=description,
        require_second_factor=require_second_factor,
        **_reach(wanted, own_codes, team_codes),
    )
    told: dict[str, Any] = {"codes": ([], role.codes)}
    told |= {name: ([], value) for name in ("own_codes", "team_codes") if (value := getattr(role, name))}
    record(actor, signals.role_created, subject=role, changes=told)
    return role


def _reach(codes: Iterable[str], own_codes: Iterable[str], team_codes: Iterable[str]) -> dict[str, list[str]]:
    """Which of the rights reach only one's own or one's team's records; raises for one that cannot be narrowed."""
    held, own, team = set(codes), set(own_codes), set(team_codes)
    for code in own | team:
        if code not in narrowable():
            raise UnknownRight(code)
    return {"own_codes": sorted(own & held), "team_codes": sorted((team & held) - own)}


@transaction.atomic
def change_role(actor: Actor, role: Role, **values: Any) -> Role:
    actor.require_everywhere(MANAGE)
    if role.name == ADMINISTRATOR and not set(values) <= {"require_second_factor"}:
        raise AccountError(_("The administrator role always has every right. Create another role instead."))
    if "codes" in values:
        values["codes"] = sorted({known(code) for code in values["codes"]})
    if {"codes", "own_codes", "team_codes"} & set(values):
        values |= _reach(
            values.get("codes", role.codes),
            values.get("own_codes", role.own_codes),
            values.get("team_codes", role.team_codes),
        )
    require_within(actor, role.codes, role.clearance, None)
    require_within(actor, values.get("codes", role.codes), values.get("clearance", role.clearance), None)
    if "name" in values and values["name"] != role.name:
        values["name"] = free_name(Role, values["name"])
    change(actor, signals.role_changed, role, values)
    if "codes" in values:
        keep_an_administrator()
    return role


@transaction.atomic
def delete_role(actor: Actor, role: Role) -> None:
    """Delete a role together with its grants; the administrator role stays."""
    actor.require_everywhere(MANAGE)
    if role.name == ADMINISTRATOR:
        raise AccountError(_("The administrator role cannot be deleted."))
    require_within(actor, role.codes, role.clearance, None)
    record(actor, signals.role_deleted, subject=role, changes={"codes": (role.codes, [])})
    role.delete()
    keep_an_administrator()
