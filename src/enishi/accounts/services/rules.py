"""What every change of people and rights goes through: what differs is recorded, and somebody can always manage rights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _

from enishi.accounts import fields
from enishi.accounts.access import Actor, Level, rights
from enishi.accounts.models import Grant, ProtectedField, Role, Team
from enishi.core.events import Event, record

MANAGE = "accounts.manage"
ADMINISTRATOR = "Administrator"
_ADMINISTRATORS_LOCK = 7_305_002


class AccountError(Exception):
    """Something about users or rights cannot be done; the text says why and what to do."""


class LastAdministrator(AccountError):
    def __init__(self) -> None:
        super().__init__(
            _("Nobody could manage rights any more. Give somebody else the administrator role first.")
        )


class BeyondOwnRights(AccountError):
    """Somebody would hand out, or decide over, more than they may themselves."""

    def __init__(self, what: str, clearance: int) -> None:
        super().__init__(
            _(
                "This reaches further than your own rights: “%(right)s”, up to %(level)s. "
                "Ask somebody who has that right to do it."
            )
            % {"right": what, "level": str(Level(clearance).label).lower()}
        )


def require_within(
    actor: Actor,
    codes: Iterable[str],
    clearance: int,
    project_id: int | None,
    seen_fields: Iterable[str] = (),
) -> None:
    """Refuse what would give or take more than the actor holds themselves in that project, or everywhere."""
    if beyond := actor.beyond(codes, clearance, project_id):
        raise BeyondOwnRights(str(rights().get(beyond[0], beyond[0])), clearance)
    if unseen := fields.beyond(actor, seen_fields, clearance, project_id):
        raise BeyondOwnRights(fields.labels(unseen)[0], clearance)


def require_role_within(actor: Actor, role: Role, project_id: int | None) -> None:
    """The same for everything that a role gives."""
    require_within(actor, role.codes, role.clearance, project_id, role.seen_fields)


def require_grants_within(actor: Actor, grants: Iterable[Grant]) -> None:
    """The same for what a person or team already holds."""
    for grant in grants:
        require_role_within(actor, grant.role, grant.project_id)


def change(
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
    told = {name: (as_told(before), as_told(after)) for name, (before, after) in changes.items()}
    record(actor, event, subject=subject, changes=told, **where)


def as_told(value: Any) -> Any:
    """A value as the history tells it: another record by its name."""
    return str(value) if isinstance(value, models.Model) else value


def administrator_role() -> Role:
    """The role with every right and field; brought up to date when a new app declared rights."""
    role, _created = Role.objects.get_or_create(
        name=ADMINISTRATOR,
        defaults={"codes": sorted(rights()), "clearance": Level.RESTRICTED},
    )
    names = list(ProtectedField.objects.order_by("name").values_list("name", flat=True))
    every = {"codes": sorted(rights()), "seen_fields": names, "changed_fields": names}
    if any(set(getattr(role, what)) != set(listed) for what, listed in every.items()):
        for what, listed in every.items():
            setattr(role, what, listed)
        role.save(update_fields=list(every))
    return role


def renew_administrator_role() -> None:
    """Give administrators the rights of parts that an upgrade brought."""
    if Role.objects.filter(name=ADMINISTRATOR).exists():
        administrator_role()


def keep_an_administrator() -> None:
    """Refuse, by rolling back, whatever would leave nobody to manage rights everywhere."""
    with connection.cursor() as cursor:
        # Two administrators who deactivate each other at once would otherwise both see the other still there.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS_LOCK])
    managing = Grant.objects.filter(project__isnull=True, role__codes__contains=[MANAGE])
    alive = managing.filter(models.Q(user__is_active=True) | models.Q(team__members__is_active=True))
    if not alive.exists():
        raise LastAdministrator


def free_name(model: type[Role] | type[Team], name: str) -> str:
    name = name.strip()
    if not name:
        raise AccountError(_("Give it a name."))
    if model.objects.filter(name__iexact=name).exists():
        raise AccountError(_("“%(name)s” already exists.") % {"name": name})
    return name
