"""Changing roles, and who holds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import fields, signals
from enishi.accounts.access import Actor, Level, UnknownRight, known, narrowable
from enishi.accounts.models import Grant, Project, ProtectedField, Role, Team, User
from enishi.accounts.queries.people import organisation
from enishi.accounts.services.rules import (
    ADMINISTRATOR,
    MANAGE,
    AccountError,
    administrator_role,
    change,
    free_name,
    keep_an_administrator,
    require_grants_within,
    require_role_within,
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
    require_role_within(actor, role, project.pk if project else None)
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
    seen_fields: Iterable[str] = (),
    changed_fields: Iterable[str] = (),
) -> Role:
    """Create a role; an unknown permission code raises. ``own_codes`` and ``team_codes`` reach only such records."""
    actor.require_everywhere(MANAGE)
    name = free_name(Role, name)
    wanted = sorted({known(code) for code in codes})
    shows = _fields(seen_fields, changed_fields)
    require_within(actor, wanted, clearance, None, shows["seen_fields"])
    role = Role.objects.create(
        name=name,
        codes=wanted,
        clearance=clearance,
        description=description,
        require_second_factor=require_second_factor,
        **_reach(wanted, own_codes, team_codes),
        **shows,
    )
    told: dict[str, Any] = {"codes": ([], role.codes)}
    lists = ("own_codes", "team_codes", "seen_fields", "changed_fields")
    told |= {name: ([], value) for name in lists if (value := getattr(role, name))}
    record(actor, signals.role_created, subject=role, changes=told)
    return role


def _reach(codes: Iterable[str], own_codes: Iterable[str], team_codes: Iterable[str]) -> dict[str, list[str]]:
    """Which of the rights reach only one's own or one's team's records; raises for one that cannot be narrowed."""
    held, own, team = set(codes), set(own_codes), set(team_codes)
    for code in own | team:
        if code not in narrowable():
            raise UnknownRight(code)
    return {"own_codes": sorted(own & held), "team_codes": sorted((team & held) - own)}


def _fields(seen: Iterable[str], changed: Iterable[str]) -> dict[str, list[str]]:
    """Which of the protected fields a role shows and lets be changed; what is changed is seen."""
    held = set(ProtectedField.objects.values_list("name", flat=True))
    shown, open_ = set(seen) & held, set(changed) & held
    return {"seen_fields": sorted(shown | open_), "changed_fields": sorted(open_)}


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
    if {"seen_fields", "changed_fields"} & set(values):
        values |= _fields(
            values.get("seen_fields", role.seen_fields), values.get("changed_fields", role.changed_fields)
        )
    require_role_within(actor, role, None)
    require_within(
        actor,
        values.get("codes", role.codes),
        values.get("clearance", role.clearance),
        None,
        values.get("seen_fields", role.seen_fields),
    )
    if "name" in values and values["name"] != role.name:
        values["name"] = free_name(Role, values["name"])
    change(actor, signals.role_changed, role, values)
    if "codes" in values:
        keep_an_administrator()
    return role


@transaction.atomic
def protect_fields(actor: Actor, names: Iterable[str]) -> None:
    """Say which fields are seen only through roles that name them; for now, administrators see what is new among them.

    A field that is no longer protected is seen again with its record: only who sees it everywhere may decide that.
    """
    actor.require_everywhere(MANAGE)
    known_fields = fields.protectable()
    before = set(ProtectedField.objects.select_for_update().values_list("name", flat=True))
    # What was put away is no longer offered, and stays protected.
    wanted = {name for name in names if name in known_fields} | (before - set(known_fields))
    require_within(actor, (), Level.RESTRICTED, None, before - wanted)
    if wanted == before:
        return
    ProtectedField.objects.filter(name__in=before - wanted).delete()
    ProtectedField.objects.bulk_create([ProtectedField(name=name) for name in sorted(wanted - before)])
    for role in Role.objects.filter(seen_fields__overlap=sorted(before - wanted)):
        role.seen_fields = [name for name in role.seen_fields if name in wanted]
        role.changed_fields = [name for name in role.changed_fields if name in wanted]
        role.save(update_fields=["seen_fields", "changed_fields"])
    administrator_role()
    record(
        actor,
        signals.fields_protected,
        subject=organisation(),
        changes={"protected_fields": (sorted(before), sorted(wanted))},
    )


@transaction.atomic
def delete_role(actor: Actor, role: Role) -> None:
    """Delete a role together with its grants; the administrator role stays."""
    actor.require_everywhere(MANAGE)
    if role.name == ADMINISTRATOR:
        raise AccountError(_("The administrator role cannot be deleted."))
    require_role_within(actor, role, None)
    record(actor, signals.role_deleted, subject=role, changes={"codes": (role.codes, [])})
    role.delete()
    keep_an_administrator()
