"""What a line of the contact list shows beside the name: built in, own fields, and what higher apps add.

An app adds a column by ``provide("contacts.column", code)``, whose answer is an ``AddedColumn``; ``fill`` is asked once
for a whole page and answers with a text or a ``Shown`` for each party it has something for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, Field, FieldValue, Party, PartyTag, Relation
from enishi.contacts.queries import protected
from enishi.core.registry import Shown, provider, providers

PLACE = "contacts.column"
OWN = "field:"
COLUMNS = {
    "name": _("Name"),
    "kind": _("Kind"),
    "organisation": _("Organisation"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "city": _("Place"),
    "tags": _("Tags"),
    "status": _("Status"),
    "last_contact": _("Last contact"),
    "owner": _("Looked after by"),
    "language": _("Language"),
    "created": _("Created"),
    "changed": _("Changed"),
}
POINT_OF = {"email": "email", "phone": "phone", "city": "address"}
"""Which columns show ways to reach somebody, and of which kind."""


@dataclass(frozen=True)
class AddedColumn:
    """A column of another app. ``default``: shown unless the reader chose columns."""

    label: Any
    fill: Callable[[Actor, Sequence[int]], Mapping[int, Shown | str]]
    default: bool = False


@dataclass
class Row:
    """A party with what its line in the list shows."""

    party: Party
    organisation: str = ""
    organisation_id: int | None = None
    title: str = ""
    points: dict[str, ContactPoint] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    values: dict[str, list[FieldValue]] = field(default_factory=dict)
    added: dict[str, Shown | str] = field(default_factory=dict)


def is_column(code: str) -> bool:
    return code in COLUMNS or code.startswith(OWN) or provider(PLACE, code) is not None


def default_columns() -> tuple[str, ...]:
    added = tuple(code for code, make in providers(PLACE).items() if make().default)
    return ("name", "organisation", "last_contact", *added, "status", "owner")


def all_columns(actor: Actor) -> dict[str, Any]:
    """Every column with its label: built in, added by other apps, own fields that the reader may see."""
    added = {code: make().label for code, make in providers(PLACE).items()}
    own = Field.objects.filter(archived_at__isnull=True).values_list("code", "label")
    named = {f"{OWN}{code}": label for code, label in own}
    seen = {name: label for name, label in named.items() if protected.offered(actor, name)}
    built_in = {c: label for c, label in COLUMNS.items() if protected.offered(actor, POINT_OF.get(c, c))}
    return {**built_in, **added, **seen}


def visible_end(actor: Actor, end: str) -> Q:
    """Limits relations to those whose other end is a present party that the actor may see."""
    limit = Party.scope_condition(actor.scope(Party.view_right), prefix=f"{end}__")
    present = Q(**{f"{end}__deleted_at__isnull": True})
    return present if limit is None else present & limit


def with_details(actor: Actor, parties: Sequence[Party], columns: Sequence[str]) -> list[Row]:
    """Fetch what the columns show, one query for each kind of thing, whatever the number of rows."""
    rows = {party.pk: Row(party) for party in parties}
    if rows:
        _fill_organisations(actor, rows, columns)
        _fill_points(actor, rows, columns)
        _fill_tags(rows, columns)
        _fill_values(actor, rows, columns)
        for code in columns:
            if (make := provider(PLACE, code)) is not None:
                for party_id, shown in make().fill(actor, list(rows)).items():
                    rows[party_id].added[code] = shown
    return list(rows.values())


def _fill_organisations(actor: Actor, rows: dict[int, Row], columns: Sequence[str]) -> None:
    if "organisation" not in columns:
        return
    ties = Relation.objects.filter(
        visible_end(actor, "target"),
        source_id__among=list(rows),
        type__code="works-for",
        valid_until__isnull=True,
    )
    for source, target, name, title in ties.order_by("-id").values_list(
        "source_id", "target_id", "target__full_name", "title"
    ):
        row = rows[source]
        row.organisation, row.organisation_id, row.title = name, target, title


def _fill_points(actor: Actor, rows: dict[int, Row], columns: Sequence[str]) -> None:
    kinds = [kind for column, kind in POINT_OF.items() if column in columns]
    if kinds:
        points = ContactPoint.objects.filter(
            protected.seen_points(actor), party_id__among=list(rows), kind__in=kinds, valid_until__isnull=True
        )
        for point in points.order_by("is_primary", "-id"):
            rows[point.party_id].points[point.kind] = point


def _fill_tags(rows: dict[int, Row], columns: Sequence[str]) -> None:
    if "tags" in columns:
        links = PartyTag.objects.filter(party_id__among=list(rows)).order_by("tag__path")
        for party_id, path in links.values_list("party_id", "tag__path"):
            rows[party_id].tags.append(path)


def _fill_values(actor: Actor, rows: dict[int, Row], columns: Sequence[str]) -> None:
    own = [column.removeprefix(OWN) for column in columns if column.startswith(OWN)]
    if own:
        values = FieldValue.objects.filter(
            Q(person__isnull=True) | visible_end(actor, "person"),
            protected.seen_values(actor),
            party_id__among=list(rows),
            field__code__in=own,
        )
        for value in values.select_related("field", "person").order_by("id"):
            rows[value.party_id].values.setdefault(value.field.code, []).append(value)
