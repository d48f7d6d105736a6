"""Pages of the contact list: filtered, ordered, by keyset; a page costs the same wherever it stands."""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q

from enishi.accounts.access import Actor
from enishi.contacts.models import Party, SavedView
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries import filters
from enishi.contacts.queries.columns import Row, default_columns, is_column, with_details

PAGE = 50
COUNT_LIMIT = 10_000
COUNT_PATIENCE_MS = 150
MOST_COLUMNS = 14

# Order by what, and which way one reads it first.
SORTS = {
    "name": ("sort_key", False),
    "last_contact": ("last_contact_at", True),
    "created": ("created_at", True),
    "changed": ("updated_at", True),
}


@dataclass(frozen=True)
class ListSpec:
    """A list as somebody wants it: what, in which order, with which columns. ``sort`` with "-" goes the other way."""

    filter: filters.Node = field(default_factory=lambda: filters.Node("and"))
    sort: str = "name"
    columns: tuple[str, ...] = field(default_factory=default_columns)
    project_id: int | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> ListSpec:
        """Read what a view stored or a page sent; unknown columns and orders fall back. Raises FilterError."""
        sort = str(data.get("sort") or "name")
        chosen = data.get("columns") or []
        wanted = [code for code in chosen if isinstance(code, str) and is_column(code)] or default_columns()
        return cls(
            filter=filters.parse(data.get("filter")),
            sort=sort if sort.removeprefix("-") in SORTS else "name",
            columns=tuple(dict.fromkeys(("name", *wanted)))[:MOST_COLUMNS],
            project_id=data.get("project_id") if isinstance(data.get("project_id"), int) else None,
        )

    def as_json(self) -> dict[str, Any]:
        return {"filter": filters.as_json(self.filter), "sort": self.sort, "columns": list(self.columns)}


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    next: str = ""
    back: str = ""
    first: bool = True


def matching_parties(actor: Actor, spec: ListSpec) -> PartyQuerySet:
    """Everybody the list shows to this reader, in no order. Raises FilterError."""
    parties = Party.objects.visible_to(actor).present()
    if spec.project_id is not None:
        parties = parties.filter(project_ids__contains=[spec.project_id])
    if spec.filter.items:
        parties = parties.filter(filters.condition(actor, spec.filter))
    return parties


def page(actor: Actor, spec: ListSpec, *, cursor: str = "", limit: int = PAGE) -> Page:
    """One page after (or, with a cursor from ``back``, before) a place in the order."""
    column, downward = SORTS[spec.sort.removeprefix("-")]
    descending = downward != spec.sort.startswith("-")
    place = decode_cursor(cursor, column)
    backward = bool(place and place.backward)
    parties = matching_parties(actor, spec).select_related("owner")
    if place:
        parties = parties.filter(
            _beyond(column, place, descending=descending != backward, nulls_last=not backward)
        )
    found = list(
        parties.order_by(*_order(column, descending=descending != backward, nulls_last=not backward))[
            : limit + 1
        ]
    )
    more = len(found) > limit
    found = found[:limit]
    if backward:
        found.reverse()
    following = more if not backward else bool(place)
    before = bool(place) if not backward else more
    return Page(
        rows=with_details(actor, found, spec.columns),
        next=encode_cursor(found[-1], column, backward=False) if found and following else "",
        back=encode_cursor(found[0], column, backward=True) if found and before else "",
        first=not before,
    )


@dataclass(frozen=True)
class _Place:
    value: Any
    id: int
    backward: bool


def encode_cursor(party: Party, column: str, *, backward: bool) -> str:
    value = getattr(party, column)
    stored = value.isoformat() if isinstance(value, dt.datetime) else value
    raw = json.dumps([column, stored, party.pk, backward], ensure_ascii=False)
    return base64.urlsafe_b64encode(raw.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode_cursor(cursor: str, column: str) -> _Place | None:
    """Read a cursor; one that is damaged or of another order starts at the beginning."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8", "surrogatepass")
        name, value, party_id, backward = json.loads(raw)
        if name != column or not isinstance(party_id, int):
            return None
        if column != "sort_key" and value is not None:
            value = dt.datetime.fromisoformat(value)
        elif column == "sort_key" and (not isinstance(value, str) or "\x00" in value):
            return None
    except (ValueError, TypeError, binascii.Error):
        return None
    return _Place(value, party_id, bool(backward))


def _order(column: str, *, descending: bool, nulls_last: bool) -> list[Any]:
    if column != "last_contact_at":
        sign = "-" if descending else ""
        return [f"{sign}{column}", f"{sign}id"]
    # The index is (last_contact_at desc nulls last, id desc); read forwards or backwards it serves both orders.
    value = F(column).desc(nulls_last=True) if descending else F(column).asc(nulls_first=True)
    return [value, F("id").desc() if descending else F("id").asc()]


def _beyond(column: str, place: _Place, *, descending: bool, nulls_last: bool) -> Q:
    """Rows after a place, in the order of ``_order``."""
    side = "lt" if descending else "gt"
    if place.value is None:
        same = Q(**{f"{column}__isnull": True, f"id__{side}": place.id})
        return same if descending else same | Q(**{f"{column}__isnull": False})
    beyond = Q(**{f"{column}__{side}": place.value}) | Q(**{column: place.value, f"id__{side}": place.id})
    if column == "last_contact_at" and descending:
        return beyond | Q(**{f"{column}__isnull": True})
    # A plain bound beside the exact one lets the index start at the right place.
    return Q(**{f"{column}__{side}e": place.value}) & beyond


_COUNT = (
    "SELECT set_config('statement_timeout', '{}', true); SELECT count(*) FROM ({}) AS found;"
    " SELECT set_config('statement_timeout', '0', true)"
)


@dataclass(frozen=True)
class Total:
    """How many match; not ``exact``: at least ``number``, and more were not counted."""

    number: int
    exact: bool


def total(actor: Actor, spec: ListSpec) -> Total:
    """Count up to a limit and for a moment only, so that a list of a million opens as fast as any."""
    ids = matching_parties(actor, spec).values("pk")[: COUNT_LIMIT + 1]
    try:
        sql, params = ids.query.sql_with_params()
    except EmptyResultSet:
        return Total(0, True)
    try:
        # Statements sent together are one transaction: the patience ends with them. Within another one a savepoint
        # takes the error.
        within = transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()
        with within, connection.cursor() as cursor:
            cursor.execute(_COUNT.format(COUNT_PATIENCE_MS, sql), params)
            cursor.nextset()
            number = cursor.fetchone()[0]
    except OperationalError:
        return Total(0, False)
    return Total(min(number, COUNT_LIMIT), number <= COUNT_LIMIT)


def counts_by_choice(actor: Actor, spec: ListSpec, leaf_field: str, values: Sequence[str]) -> dict[str, int]:
    """How many would match with each value of one more condition: the live counts of the filter's list.

    A value whose count is above the limit, or would take too long, is left out.
    """
    counts: dict[str, int] = {}
    for value in values:
        more = filters.Node("and", (spec.filter, filters.Leaf(leaf_field, "is", [value])))
        found = total(actor, replace(spec, filter=more))
        if found.exact:
            counts[value] = found.number
    return counts


def saved_views(actor: Actor) -> list[SavedView]:
    """One's own views and those that colleagues share, in their order."""
    mine = Q(owner=actor.own_id)
    return list(SavedView.objects.filter(mine | Q(shared=True)).select_related("owner"))


def saved_view(actor: Actor, view_id: int) -> SavedView:
    """One view within the actor's reach; raises SavedView.DoesNotExist."""
    mine = Q(owner=actor.own_id)
    return SavedView.objects.filter(mine | Q(shared=True)).get(pk=view_id)


__all__ = [
    "COUNT_LIMIT",
    "PAGE",
    "SORTS",
    "ListSpec",
    "Page",
    "Row",
    "Total",
    "counts_by_choice",
    "matching_parties",
    "page",
    "saved_view",
    "saved_views",
    "total",
]
