"""Fields of contacts that only roles which name them show: own fields, date of birth, note, and ways to reach them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts import fields
from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, Field, Party

APP = "contacts"
OWN = "field:"
BUILT_IN: Mapping[str, Any] = {"birth_date": _("Date of birth"), "note": _("Note")}
REACH: Mapping[str, Any] = {
    ContactPoint.Kind.EMAIL.value: _("E-mail addresses"),
    ContactPoint.Kind.PHONE.value: _("Phone numbers"),
    ContactPoint.Kind.ADDRESS.value: _("Postal addresses"),
}
"""The kinds of ways to reach somebody that can be protected; each is a field of its own."""


def protectable() -> dict[str, Any]:
    """The fields that can be protected, by their names in the history."""
    own = Field.objects.filter(archived_at__isnull=True).values_list("code", "label")
    return {**BUILT_IN, **REACH, **{f"{OWN}{code}": label for code, label in own}}


def hidden(actor: Actor, *parties: Party) -> frozenset[str]:
    """The fields that somebody does not see on one of these contacts."""
    found = (fields.out_of_sight(actor, APP, party.project_ids, party.confidentiality) for party in parties)
    return frozenset[str]().union(*found) if actor.protected else frozenset()


def seen_points(actor: Actor, prefix: str = "party__") -> Q:
    """Limits ways to reach contacts to those that somebody sees."""
    limit = Q()
    for kind in REACH:
        seen = fields.seen_where(actor, f"{APP}.{kind}", Party, prefix)
        if seen:
            limit &= ~Q(kind=kind) | seen
    return limit


def shown_points(points: Iterable[ContactPoint], hidden: Collection[str]) -> list[ContactPoint]:
    """Of the ways to reach one contact those that are not hidden."""
    return [point for point in points if point.kind not in hidden]


def is_protected(actor: Actor, name: str) -> bool:
    return f"{APP}.{name}" in actor.protected


def may_change(actor: Actor, name: str, party: Party) -> bool:
    return fields.changes(actor, f"{APP}.{name}", party)


def require_changes(actor: Actor, names: Collection[str], party: Party) -> None:
    """Raise Forbidden for a field that somebody may not change on a contact; names without protection pass."""
    fields.require_changes(actor, [f"{APP}.{name}" for name in names], party)


def offered(actor: Actor, name: str, *, change: bool = False) -> bool:
    """Whether somebody sees (or changes) that field of any contact: as a column, a filter, in an export."""
    return fields.anywhere(actor, f"{APP}.{name}", change=change)


def open_throughout(actor: Actor, name: str, right: str) -> bool:
    """Whether somebody may change that field wherever they hold a right: for what changes many contacts at once."""
    return fields.throughout(actor, f"{APP}.{name}", right, change=True)


def seen_where(actor: Actor, name: str, prefix: str = "") -> Q:
    """Limits contacts to those whose field somebody sees."""
    return fields.seen_where(actor, f"{APP}.{name}", Party, prefix)


def limits_reach(actor: Actor) -> bool:
    """Whether there are ways to reach somebody that are kept from this reader, as far as anything is known of it."""
    return any(seen_where(actor, kind) for kind in REACH)


def changed_where(actor: Actor, name: str) -> Q:
    """Limits contacts to those of whom somebody may change that field."""
    return fields.seen_where(actor, f"{APP}.{name}", Party, change=True)


def seen_values(actor: Actor) -> Q:
    """Limits values of own fields to those that somebody sees."""
    limit = Q()
    for name in sorted(actor.protected):
        app, _dot, field = name.partition(".")
        if app == APP and field.startswith(OWN):
            of_it = Q(field__code=field.removeprefix(OWN))
            seen = fields.seen_where(actor, name, Party, "party__")
            limit &= ~of_it | seen if seen else Q()
    return limit


def open_in(actor: Actor, name: str, project_id: int, level: int) -> bool:
    """Whether somebody may change that field of contacts in a project."""
    return fields.reached(actor, f"{APP}.{name}", [project_id], level, change=True)
