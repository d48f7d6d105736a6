"""Keeping the index: what was saved is found at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from enishi.accounts.access import Actor
from enishi.core import bulk, clock, text
from enishi.search.models import Document, Visit

BODY_LIMIT = 20_000


@dataclass(frozen=True)
class Findable:
    """How one record is found. ``words`` are all its names, addresses and numbers; ``body`` its running text."""

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


# Names, organisations and functions come again and again where many records are indexed at once.
_folded = lru_cache(maxsize=20_000)(text.fold)


def folded_text(words: Iterable[str], body: str = "") -> str:
    """The folded words of a document: each once, in order; of a long body the first part."""
    parts = [_folded(word) for word in words if word]
    if body:
        parts.append(text.fold(body[:BODY_LIMIT]))
    return " ".join(dict.fromkeys(part for part in parts if part))


def document(item: Findable) -> Document:
    folded = folded_text(item.words, item.body)
    return Document(
        kind=item.kind,
        subject_id=item.subject_id,
        title=item.title[:300],
        detail=item.detail[:300],
        language=item.language,
        folded=folded,
        grams=text.grams(folded),
        weight=item.weight,
        project_ids=list(item.project_ids),
        confidentiality=item.confidentiality,
    )


def index(items: Iterable[Findable]) -> None:
    """Write or replace documents, set-wise, in the caller's transaction."""
    Document.objects.bulk_create(
        [document(item) for item in items],
        update_conflicts=True,
        unique_fields=["kind", "subject_id"],
        update_fields=[
            "title", "detail", "language", "folded", "grams", "weight", "project_ids", "confidentiality",
        ],
        batch_size=1000,
    )  # fmt: skip


def index_new(items: Iterable[Findable]) -> None:
    """Write the documents of records that have none yet, by COPY."""
    columns = (
        "kind", "subject_id", "title", "detail", "language", "folded", "grams", "weight", "project_ids", "confidentiality",
    )  # fmt: skip
    bulk.copy_in(Document, columns, (_row(item) for item in items))


def _row(item: Findable) -> tuple[object, ...]:
    folded = folded_text(item.words, item.body)
    return (
        str(item.kind),
        item.subject_id,
        item.title[:300],
        item.detail[:300],
        item.language,
        folded,
        bulk.text_array(text.grams(folded)),
        item.weight,
        bulk.number_array(item.project_ids),
        item.confidentiality,
    )


def forget(kind: str, subject_ids: Iterable[int]) -> None:
    """Take records out of the index."""
    Document.objects.unscoped("the index follows the record").filter(
        kind=kind, subject_id__in=list(subject_ids)
    ).delete()


def visit(actor: Actor, kind: str, subject_id: int) -> None:
    """Remember that the actor opened a record."""
    if actor.user_id is None:
        return
    Visit.objects.bulk_create(
        [Visit(user_id=actor.user_id, kind=kind, subject_id=subject_id, at=clock.now())],
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
