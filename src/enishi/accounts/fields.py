"""Fields that only those see whose role names them: who sees and who changes one, record by record.

A field is called ``<app>.<name>``, with the name that the history knows it by: ``contacts.birth_date``,
``contacts.field:salary``. An app says which of its fields can be protected by ``provide("accounts.fields", app)``, whose
answer maps their names (without the app) to labels. What nobody protected is seen with the record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.scopes import Level, Scope
from enishi.core import registry

if TYPE_CHECKING:
    from enishi.accounts.access import _Scoped

PLACE = "accounts.fields"
EVERYTHING = Scope(int(Level.RESTRICTED), {})


def protectable() -> dict[str, Any]:
    """Every field that can be protected, with its label."""
    return {
        f"{app}.{name}": label
        for app, tell in registry.providers(PLACE).items()
        for name, label in tell().items()
    }


def reach(actor: Actor, field: str, *, change: bool = False) -> Scope:
    """Where somebody sees (or changes) a field of the records that they see."""
    if actor.system or field not in actor.protected:
        return EVERYTHING
    found = Scope(None, {})
    for grant in actor.grants:
        if field in (grant.changed_fields if change else grant.seen_fields):
            here = {} if grant.project_id is None else {grant.project_id: grant.clearance}
            found = found.join(Scope(grant.clearance if grant.project_id is None else None, here))
    return found.meet(reach(actor.within, field, change=change)) if actor.within else found


def reached(
    actor: Actor, field: str, project_ids: Iterable[int], level: int, *, change: bool = False
) -> bool:
    """Whether somebody sees (or changes) a field of a record with these projects and that confidentiality."""
    if field not in actor.protected:
        return True
    scope = reach(actor, field, change=change)
    return scope.reaches(None, level) or any(scope.reaches(pk, level) for pk in project_ids)


def out_of_sight(actor: Actor, app: str, project_ids: Collection[int], level: int) -> frozenset[str]:
    """The fields of an app, by their names in the history, that somebody does not see on such a record."""
    return frozenset(
        name.removeprefix(f"{app}.")
        for name in actor.protected
        if name.startswith(f"{app}.") and not reached(actor, name, project_ids, level)
    )


def changes(actor: Actor, field: str, record: _Scoped) -> bool:
    return reached(actor, field, record.projects, record.confidentiality, change=True)


def require_changes(actor: Actor, names: Iterable[str], record: _Scoped) -> None:
    """Raise Forbidden for a field that somebody may not change on a record."""
    for name in names:
        if not changes(actor, name, record):
            raise Forbidden(name)


def seen_where(
    actor: Actor, field: str, model: type[_Scoped], prefix: str = "", *, change: bool = False
) -> Q:
    """Limits records to those whose field somebody sees (or changes); limits nothing for one that nobody protected."""
    return model.scope_condition(reach(actor, field, change=change), prefix) or Q()


def anywhere(actor: Actor, field: str, *, change: bool = False) -> bool:
    """Whether there is any project in which somebody sees (or changes) a field: whether it is offered at all."""
    return not reach(actor, field, change=change).empty


def throughout(actor: Actor, field: str, right: str, *, change: bool = False) -> bool:
    """Whether somebody sees (or changes) a field wherever they hold a right."""
    return field not in actor.protected or _covers(reach(actor, field, change=change), actor.scope(right))


def _covers(scope: Scope, other: Scope) -> bool:
    left = other.some.beyond(scope)
    return left.everywhere is None and not left.projects


def beyond(actor: Actor, names: Iterable[str], clearance: int, project_id: int | None) -> list[str]:
    """Those of the fields that somebody does not see up to that clearance in that project, or (None) everywhere."""
    return [name for name in names if not reach(actor, name).reaches(project_id, clearance)]


def labels(names: Iterable[str]) -> list[str]:
    """What fields are called; one that was put away by its name in the history."""
    known = protectable()
    return [str(known.get(name, name.partition(".")[2])) for name in names]
