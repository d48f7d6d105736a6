"""Pages of the contact list: filtered, ordered, by keyset; a page costs the same wherever it stands."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, FieldValue, Party, PartyTag, Relation
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries import filters

PAGE = 50
COUNT_LIMIT = 10_000

# Order by what, and which way one reads it first.
SORTS = {
    "name": ("sort_key", False),
    "last_contact": ("last_contact_at", True),
    "created": ("created_at", True),
    "changed": ("updated_at", True),
}
COLUMNS = {
    "name": _("Name"),
    "organisation": _("Organisation"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "tags": _("Tags"),
    "last_contact": _("Last contact"),
    "owner": _("Looked after by"),
    "language": _("Language"),
    "city": _("Place"),
    "created": _("Created"),
    "changed": _("Changed"),
}
DEFAULT_COLUMNS = ("name", "organisation", "email", "last_contact", "owner")


@dataclass(frozen=True)
class ListSpec:
    """A list as somebody wants it: what, in which order, with which columns. ``sort`` with "-" goes the other way."""

    filter: filters.Node = field(default_factory=lambda: filters.Node("and"))
    sort: str = "name"
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    project_id: int | None = None

    @classmethod
    def read(cls, data: dict[str, Any]) -> ListSpec:
        """Read what a view stored or a page sent; unknown columns and orders fall back. Raises FilterError."""
        sort = str(data.get("sort") or "name")
        wanted = data.get("columns") or DEFAULT_COLUMNS
        columns = tuple(c for c in wanted if c in COLUMNS or str(c).startswith("field:")) or DEFAULT_COLUMNS
        return cls(
            filter=filters.parse(data.get("filter")),
            sort=sort if sort.lstrip("-") in SORTS else "name",
            columns=columns,
            project_id=data.get("project_id") if isinstance(data.get("project_id"), int) else None,
        )

    def as_json(self) -> dict[str, Any]:
        return {"filter": filters.as_json(self.filter), "sort": self.sort, "columns": list(self.columns)}


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
    column, downward = SORTS[spec.sort.lstrip("-")]
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
        rows=_with_details(found, spec),
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


def _with_details(parties: Sequence[Party], spec: ListSpec) -> list[Row]:
    """Fetch what the columns show, one query for each kind of thing, whatever the number of rows."""
    rows = {party.pk: Row(party) for party in parties}
    ids, columns = list(rows), set(spec.columns)
    if ids and "organisation" in columns:
        ties = Relation.objects.filter(source__in=ids, type__code="works-for", valid_until__isnull=True)
        for source, target, name, title in ties.order_by("-id").values_list(
            "source_id", "target_id", "target__full_name", "title"
        ):
            row = rows[source]
            row.organisation, row.organisation_id, row.title = name, target, title
    kinds = {"email": "email", "phone": "phone", "city": "address"}
    wanted = [kind for column, kind in kinds.items() if column in columns]
    if ids and wanted:
        points = ContactPoint.objects.filter(party__in=ids, kind__in=wanted, valid_until__isnull=True)
        for point in points.order_by("is_primary", "-id"):
            rows[point.party_id].points[point.kind] = point
    if ids and "tags" in columns:
        for party_id, path in (
            PartyTag.objects.filter(party__in=ids).order_by("tag__path").values_list("party_id", "tag__path")
        ):
            rows[party_id].tags.append(path)
    own = [column.removeprefix("field:") for column in columns if column.startswith("field:")]
    if ids and own:
        values = FieldValue.objects.filter(party__in=ids, field__code__in=own).select_related(
            "field", "person"
        )
        for value in values.order_by("id"):
            rows[value.party_id].values.setdefault(value.field.code, []).append(value)
    return list(rows.values())


@dataclass(frozen=True)
class Total:
    """How many match; ``exact`` is false above ``COUNT_LIMIT``: then there are more."""

    number: int
    exact: bool


def total(actor: Actor, spec: ListSpec) -> Total:
    """Count up to a limit, so that counting costs the same in a list of a million."""
    ids = matching_parties(actor, spec).values("pk")[: COUNT_LIMIT + 1]
    sql, params = ids.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) AS found", params)  # noqa: S608
        number = cursor.fetchone()[0]
    return Total(min(number, COUNT_LIMIT), number <= COUNT_LIMIT)


def counts_by_choice(actor: Actor, spec: ListSpec, leaf_field: str, values: Sequence[str]) -> dict[str, int]:
    """How many would match with each value of one more condition: the live counts of the filter's list."""
    counts: dict[str, int] = defaultdict(int)
    for value in values:
        more = filters.Node("and", (spec.filter, filters.Leaf(leaf_field, "is", [value])))
        counts[value] = total(actor, ListSpec(more, spec.sort, spec.columns, spec.project_id)).number
    return counts
