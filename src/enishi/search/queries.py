"""Finding: one box over everything, within the reader's rights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Coalesce, Concat, Substr

from enishi.accounts import fields
from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.core import text
from enishi.search.models import APART, SUBJECTS, WITH_APART, Document, Kind, Visit

RIGHTS = {
    Kind.PERSON: "contacts.view",
    Kind.ORGANISATION: "contacts.view",
    Kind.GROUP: "contacts.view",
    Kind.PROMISE: "commitments.view",
    Kind.TASK: "commitments.view",
    Kind.CASE: "cases.view",
    Kind.CONVERSATION: "conversations.view",
    Kind.FILE: "content.view",
}
# How many matches are looked at before they are ranked: keeps one typed character as quick as ten.
CANDIDATES = 200


@dataclass(frozen=True)
class Hit:
    kind: str
    subject_id: int
    title: str
    detail: str
    language: str
    pinned: bool = False


def readable(actor: Actor, kinds: Collection[str] = ()) -> ScopedQuerySet[Document]:
    """Documents within the actor's rights: each kind under the right of the app that owns it."""
    wanted = [kind for kind in RIGHTS if not kinds or kind in kinds]
    documents = Document.objects.unscoped("each kind is limited by its own right below").without_kept(actor)
    by_limit: dict[str, tuple[Q | None, list[str]]] = {}
    for kind in wanted:
        scope = actor.scope(RIGHTS[kind])
        limit = Document.scope_condition(scope)
        by_limit.setdefault("" if limit is None else repr(scope), (limit, []))[1].append(kind)
    if list(by_limit) == [""]:
        return documents.filter(kind__in=wanted) if kinds else documents
    condition = Q(pk__in=[])
    for limit, names in by_limit.values():
        condition |= Q(kind__in=names) if limit is None else Q(kind__in=names) & limit
    return documents.filter(condition)


def may_read(actor: Actor, kind: str, subject_id: int) -> bool:
    """Whether that record can be found by the actor."""
    return readable(actor, [kind]).filter(kind=kind, subject_id=subject_id).exists()


def _type_of(kind: str) -> str:
    """What the history calls a record that is found under this kind."""
    return next(name for name, kinds in SUBJECTS.items() if kind in kinds)


@dataclass(frozen=True)
class Found:
    """One record with what decides who may see it."""

    key: str
    title: str
    detail: str
    kind: str
    right: str
    project_ids: list[int]
    level: int
    subject: tuple[str, int]


def found(actor: Actor, places: Collection[tuple[str, int]]) -> list[Found]:
    """The records of those kinds and numbers that the actor may see, in the order asked for."""
    wanted = Q(pk__in=[])
    for kind, subject_id in places:
        wanted |= Q(kind=kind, subject_id=subject_id)
    documents = {(d.kind, d.subject_id): d for d in readable(actor).filter(wanted).defer("grams", "folded")}
    return [
        Found(
            key=f"{document.kind}:{document.subject_id}",
            title=document.title,
            detail=document.detail,
            kind=str(Kind(document.kind).label),
            right=RIGHTS[Kind(document.kind)],
            project_ids=list(document.project_ids),
            level=document.confidentiality,
            subject=(_type_of(document.kind), document.subject_id),
        )
        for place in places
        if (document := documents.get(place))
    ]


def is_pinned(actor: Actor, kind: str, subject_id: int) -> bool:
    return Visit.objects.filter(user_id=actor.own_id, kind=kind, subject_id=subject_id, pinned=True).exists()


def _looked_for(query: str) -> str:
    """The query as its words stand in the index."""
    folded = text.fold(query)
    # 090… at home is +8190… in the index.
    return (text.digits(query).lstrip("0") or folded) if text.looks_like_phone(query) else folded


def _shown_words(actor: Actor) -> Any:
    """What of the words of a document somebody may find it by, behind a space; None where that is everything.

    What was indexed before fields stood apart is found by nothing until it was indexed anew.
    """
    if all(fields.reach(actor, name).unlimited for name in APART):
        return None
    parts: list[Any] = [Value(" "), Substr("folded", 1, Coalesce(F("ends__0"), 0))]
    for place, name in enumerate(APART):
        words = Substr("folded", F(f"ends__{place}") + 1, F(f"ends__{place + 1}") - F(f"ends__{place}"))
        limit = fields.seen_where(actor, name, Document)
        # Words of parts that do not follow each other any more are still words of their own.
        parts += [Value(" "), Case(When(limit, then=words), default=Value("")) if limit else words]
    return Case(
        When(~Q(kind__in=WITH_APART), then=Concat(Value(" "), F("folded"))),
        When(ends__isnull=True, then=Value("")),
        default=Concat(*parts, output_field=TextField()),
        output_field=TextField(),
    )


def _holding(documents: ScopedQuerySet[Document], words: list[str], column: str) -> ScopedQuerySet[Document]:
    for word in words:
        # A single letter is looked for as the first of a word; of scripts without spaces: anywhere.
        first = len(word) == 1 and text.query_grams(word)[0] != word
        if len(word) > 1 or column != "folded":
            documents = documents.filter(**{f"{column}__contains": f" {word}" if first else word})
    return documents


def limited(actor: Actor, documents: ScopedQuerySet[Document], words: list[str]) -> ScopedQuerySet[Document]:
    """Of documents that hold these folded words somewhere those that somebody may find by them."""
    shown = _shown_words(actor)
    if shown is None:
        return documents
    annotated: Any = documents.annotate(shown=shown)
    return _holding(annotated, words, "shown")


def matching(
    documents: ScopedQuerySet[Document], query: str, *, actor: Actor | None = None
) -> ScopedQuerySet[Document] | None:
    """Limit documents to those that contain every word of the query; None when nothing can be looked for.

    The pieces find candidates by the index, LIKE confirms them in the same query. For an ``actor`` the words of fields
    that they do not see are no words of the document.
    """
    folded = _looked_for(query)
    words = folded.split()
    grams = text.query_grams(folded)
    if not words or not grams:
        return None
    documents = documents.filter(grams__contains=grams)
    documents = _holding(documents, words, "folded")
    return documents if actor is None else limited(actor, documents, words)


def _rank(document: Document, words: list[str]) -> tuple[int, int, int, str]:
    """Whole words first, then beginnings, then what merely contains; short titles before long ones."""
    folded = getattr(document, "shown", document.folded).split()
    score = 0
    for word in words:
        if word in folded:
            score += 3
        elif any(part.startswith(word) for part in folded):
            score += 2
        else:
            score += 1
    return (-score, -document.weight, len(document.title), document.title)


def _candidates(found: ScopedQuerySet[Document], folded: str, limit: int) -> list[Document]:
    """What is looked at to rank. Of thousands of matches those with words that begin like the query's come first:
    林 means more often 林 than 小林.
    """
    letters = text.first_letters(folded)
    first = list(found.filter(grams__contains=letters)[:CANDIDATES])
    if len(first) >= limit or set(letters) <= set(text.query_grams(folded)):
        return first
    return [*first, *found.exclude(pk__in=[document.pk for document in first])[: CANDIDATES - len(first)]]


def find(actor: Actor, query: str, *, kinds: Collection[str] = (), limit: int = 20) -> list[Hit]:
    """The best matches for what was typed so far, from the first character on."""
    found = matching(readable(actor, kinds), query, actor=actor)
    if found is None:
        return []
    words = text.fold(query).split()
    candidates = _candidates(found.defer("grams"), _looked_for(query), limit)
    candidates.sort(key=lambda document: _rank(document, words))
    return [
        Hit(document.kind, document.subject_id, document.title, document.detail, document.language)
        for document in candidates[:limit]
    ]


def recent(actor: Actor, *, limit: int = 8) -> list[Hit]:
    """Pinned records, then those opened last; only what may still be read."""
    visits = list(
        Visit.objects.filter(user_id=actor.own_id)
        .order_by("-pinned", "-at")
        .values_list("kind", "subject_id", "pinned")[: limit * 2]
    )
    if not visits:
        return []
    wanted = Q(pk__in=[])
    for kind in {kind for kind, _, _ in visits}:
        wanted |= Q(kind=kind, subject_id__in=[subject for k, subject, _ in visits if k == kind])
    found = {(d.kind, d.subject_id): d for d in readable(actor).filter(wanted).defer("grams", "folded")}
    return [
        Hit(
            kind,
            subject,
            found[kind, subject].title,
            found[kind, subject].detail,
            found[kind, subject].language,
            pinned,
        )
        for kind, subject, pinned in visits
        if (kind, subject) in found
    ][:limit]
