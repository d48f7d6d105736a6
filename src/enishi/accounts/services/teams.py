"""Changing teams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from enishi.accounts import signals
from enishi.accounts.access import Actor
from enishi.accounts.models import Team, User
from enishi.accounts.queries import grants_of_team
from enishi.accounts.services.rules import MANAGE, free_name, keep_an_administrator, require_grants_within
from enishi.core.events import record


@transaction.atomic
def create_team(actor: Actor, *, name: str, members: Iterable[User] = ()) -> Team:
    actor.require_everywhere(MANAGE)
    team = Team.objects.create(name=free_name(Team, name))
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
        changes["name"] = (team.name, free_name(Team, name))
        team.name = changes["name"][1]
        team.save(update_fields=["name"])
    if members is not None:
        before, after = set(team.members.all()), set(members)
        if before != after:
            require_grants_within(actor, grants_of_team(team))
            team.members.set(after)
            changes["members"] = (sorted(map(str, before)), sorted(map(str, after)))
    if changes:
        record(actor, signals.team_changed, subject=team, changes=changes)
        keep_an_administrator()
    return team


@transaction.atomic
def delete_team(actor: Actor, team: Team) -> None:
    actor.require_everywhere(MANAGE)
    require_grants_within(actor, grants_of_team(team))
    record(actor, signals.team_deleted, subject=team)
    team.delete()
    keep_an_administrator()
