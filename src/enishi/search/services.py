"""Keeping the index: what was saved is found at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from enishi.accounts.access import Actor
from enishi.core import bulk, clock, text
from enishi.search.models import APART, Document, Visit

BODY_LIMIT = 20_000
BATCH = 1_000


@dataclass(frozen=True)
class Findable:
    """How one record is found. ``words`` are all its names and numbers; ``body`` its running text.

    ``apart`` are the words of fields that can be protected, by their names: only who sees such a field finds it by them.
    """

    kind: str
    subject_id: int
    title: str
    detail: str
    words: Sequence[str]
    project_ids: Sequence[int]
    confidentiality: int
    body: str = ""
    language: str = ""
    weight: int = 0
    apart: Mapping[str, Sequence[str]] = field(default_factory=dict)


# Names, organisations and functions come again and again where many records are indexed at once.
_folded = lru_cache(maxsize=20_000)(text.fold)


def folded_text(words: Iterable[str], body: str = "") -> str:
    """The folded words of a document: each once, in order; of a long body the first part."""
    parts = [*map(_folded, words), text.fold(body[:BODY_LIMIT])]
    return " ".join(dict.fromkeys(" ".join(parts).split()))


def parted_text(item: Findable) -> tuple[str, list[int]]:
    """The folded words of a document with those of each field of ``APART`` at the end, and where each part ends."""
    whole = folded_text(item.words, item.body)
    ends = [len(whole)]
    if item.apart:
        known = set(whole.split())
        for name in APART:
            own = [word for word in folded_text(item.apart.get(name, ())).split() if word not in known]
            whole = " ".join(filter(None, [whole, *own]))
            ends.append(len(whole))
    return whole, ends + [len(whole)] * (len(APART) + 1 - len(ends))


_COLUMNS = (
    "kind", "subject_id", "title", "detail", "language", "folded", "grams", "ends", "weight", "project_ids",
    "confidentiality",
)  # fmt: skip


def _row(item: Findable) -> tuple[Any, ...]:
    folded, ends = parted_text(item)
    return (
        str(item.kind),
        item.subject_id,
        item.title[:300],
        item.detail[:300],
        item.language,
        folded,
        text.grams(folded),
        ends,
        item.weight,
        item.project_ids,
        item.confidentiality,
    )


def index(items: Iterable[Findable]) -> None:
    """Write or replace documents, set-wise, in the caller's transaction."""
    rows = (dict(zip(_COLUMNS, _row(item), strict=True)) for item in items)
    while some := list(islice(rows, BATCH)):
        bulk.upsert_all(Document, _COLUMNS, some, unique=("kind", "subject_id"))


def index_new(items: Iterable[Findable]) -> None:
    """Write the documents of records that have none yet, by COPY."""
    bulk.copy_in(Document, _COLUMNS, map(_copied, items))


def _copied(item: Findable) -> tuple[object, ...]:
    *texts, grams, ends, weight, project_ids, confidentiality = _row(item)
    arrays = bulk.text_array(grams), bulk.number_array(ends)
    return (*texts, *arrays, weight, bulk.number_array(project_ids), confidentiality)


def unparted(kinds: Collection[str], *, after: int = 0) -> list[tuple[int, int]]:
    """(document, subject) of the next documents that were written before fields stood apart in them."""
    found = Document.objects.unscoped("the index follows the record").filter(
        kind__in=kinds, ends__isnull=True, pk__gt=after
    )
    return list(found.order_by("pk").values_list("pk", "subject_id")[:BATCH])


def forget(kind: str, subject_ids: Iterable[int]) -> None:
    """Take records out of the index."""
    Document.objects.unscoped("the index follows the record").filter(
        kind=kind, subject_id__in=list(subject_ids)
    ).delete()


def visit(actor: Actor, kind: str, subject_id: int) -> None:
    """Remember that the actor opened a record."""
    if not actor.own_id:
        return
    Visit.objects.bulk_create(
        [Visit(user_id=actor.own_id, kind=kind, subject_id=subject_id, at=clock.now())],
        update_conflicts=True,
        unique_fields=["user", "kind", "subject_id"],
        update_fields=["at"],
    )


def pin(actor: Actor, kind: str, subject_id: int, *, pinned: bool) -> None:
    """Keep a record at the top of the palette, or let it go."""
    Visit.objects.bulk_create(
        [Visit(user_id=actor.own_id, kind=kind, subject_id=subject_id, at=clock.now(), pinned=pinned)],
        update_conflicts=True,
        unique_fields=["user", "kind", "subject_id"],
        update_fields=["pinned"],
    )
