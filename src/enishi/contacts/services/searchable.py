"""What a party is found by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

from enishi.contacts.models import ContactPoint, ExternalId, Party, Relation
from enishi.contacts.queries.protected import APP, REACH
from enishi.core import names
from enishi.search.models import Kind
from enishi.search.services import Findable, forget, index, unparted

KINDS = {
    Party.Kind.PERSON: Kind.PERSON,
    Party.Kind.ORGANISATION: Kind.ORGANISATION,
    Party.Kind.GROUP: Kind.GROUP,
    Party.Kind.COMMUNITY: Kind.GROUP,
}


class Named(Protocol):
    """What findable reads of a party, or of a contact that an import is about to write."""

    kind: str
    full_name: str
    family_name: str
    given_name: str
    names: Any
    language: str
    project_ids: Any
    confidentiality: int

    @property
    def pk(self) -> int: ...


class Reachable(Protocol):
    kind: str
    value: str
    typed: str


def findable(
    party: Named, *, points: Iterable[Reachable], affiliations: Iterable[str], ids: Iterable[str]
) -> Findable:
    """The document of one party: its names in every script, addresses, numbers, ids and where it belongs."""
    words = [party.full_name]
    words += [part for part in (party.family_name, party.given_name) if part not in party.full_name]
    for name in party.names.values():
        whole = name.get("full", "")
        words += [whole, *(part for part in name.values() if part not in whole)]
    # 山田 太郎 is also looked for as 山田太郎.
    words += [
        word.replace(" ", "").replace("\u3000", "")
        for word in words
        if (" " in word or "\u3000" in word) and names.script(word) in names.FAMILY_FIRST
    ]
    where = list(affiliations)
    apart: dict[str, list[str]] = {f"{APP}.{kind}": [] for kind in REACH}
    for point in points:
        apart.get(f"{APP}.{point.kind}", words).extend(
            [point.value.lstrip("+")] if point.kind == ContactPoint.Kind.PHONE else [point.value, point.typed]
        )
    return Findable(
        kind=KINDS[Party.Kind(party.kind)],
        subject_id=party.pk,
        title=party.full_name,
        detail=", ".join(where[:2]),
        words=tuple(dict.fromkeys((*words, *where, *ids))),
        project_ids=party.project_ids,
        confidentiality=party.confidentiality,
        language=party.language,
        weight=1,
        apart=apart,
    )


def index_new(party: Party, points: Iterable[ContactPoint]) -> None:
    """Index a party that was just made: nothing else hangs on it yet, so nothing has to be read."""
    index([findable(party, points=points, affiliations=(), ids=())])


def index_parties(party_ids: Iterable[int]) -> None:
    """Bring the search documents of these parties up to date, set-wise; those in the bin are taken out."""
    ids = list(party_ids)
    parties = list(Party.objects.unscoped("the index follows the record").filter(pk__in=ids))
    present = [party for party in parties if party.deleted_at is None]
    points: dict[int, list[ContactPoint]] = defaultdict(list)
    for point in ContactPoint.objects.filter(party__in=[party.pk for party in present]).order_by("id"):
        points[point.party_id].append(point)
    outside: dict[int, list[str]] = defaultdict(list)
    for party_id, value in ExternalId.objects.filter(party__in=[p.pk for p in present]).values_list(
        "party_id", "value"
    ):
        outside[party_id].append(value)
    where: dict[int, list[str]] = defaultdict(list)
    ties = Relation.objects.filter(
        source__in=[party.pk for party in present], type__affiliates=True, valid_until__isnull=True
    )
    for party_id, name, title in ties.values_list("source_id", "target__full_name", "title").order_by("id"):
        where[party_id] += [name, title] if title else [name]
    index(
        findable(party, points=points[party.pk], affiliations=where[party.pk], ids=outside[party.pk])
        for party in present
    )
    gone = [party for party in parties if party.deleted_at is not None]
    for kind in {KINDS[Party.Kind(party.kind)] for party in gone}:
        forget(kind, [party.pk for party in gone if KINDS[Party.Kind(party.kind)] == kind])


def part_words(*, after: int = 0) -> int | None:
    """Index the next contacts anew whose addresses and numbers do not stand apart yet; tells where it ended."""
    found = unparted([str(kind) for kind in KINDS.values()], after=after)
    index_parties([subject_id for _document, subject_id in found])
    return found[-1][0] if found else None
