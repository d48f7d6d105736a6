"""Conversations one by one, in lists and threads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Prefetch, Q, QuerySet, Value, When, prefetch_related_objects

from enishi.accounts import fields
from enishi.accounts.access import Actor, Level, ScopedQuerySet
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.content.models import File
from enishi.conversations.models import (
    Attachment,
    Interaction,
    InteractionQuerySet,
    InteractionTag,
    Participant,
)
from enishi.core import registry
from enishi.search import queries as search
from enishi.search.models import Kind

_TAGS = Prefetch("tag_links", queryset=InteractionTag.objects.select_related("tag").order_by("tag__path"))


def present(actor: Actor) -> InteractionQuerySet:
    found: InteractionQuerySet = Interaction.objects.visible_to(actor)
    return found.present()


def visible_participants(actor: Actor, interaction_ids: Iterable[int]) -> list[Participant]:
    """Who took part, without contacts that the actor may not see."""
    return list(_participants(actor).filter(interaction__in=list(interaction_ids)))


def _participants(actor: Actor) -> ScopedQuerySet[Participant]:
    # A condition on the joined party: as a subquery it would be worked out for all parties there are.
    limit = Party.scope_condition(actor.scope(Party.view_right), "party__")
    seen = Q() if limit is None else Q(party__isnull=True) | limit
    found: Any = Participant.objects.filter(seen).annotate(hides_address=_hides_address(actor))
    people: ScopedQuerySet[Participant] = found.select_related("party", "user").order_by("position", "id")
    return people


def kind_of(address: str) -> str:
    """What the address of a participant is in the words of contacts."""
    return "email" if "@" in address else "phone"


def _hides_address(actor: Actor) -> Any:
    """Whether the address of a participant is a contact's that the actor does not see."""
    closed = Q(pk__in=[])
    for kind, like in (("email", Q(address__contains="@")), ("phone", ~Q(address__contains="@"))):
        seen = fields.seen_where(actor, f"contacts.{kind}", Party, "party__")
        if seen:
            closed |= Q(party__isnull=False) & like & ~seen
    return Case(When(closed, then=Value(True)), default=Value(False))


def _attached(actor: Actor) -> QuerySet[Attachment]:
    limit = File.scope_condition(actor.scope(File.view_right), "file__")
    files = Attachment.objects.filter(limit or Q(), file__deleted_at__isnull=True).select_related("file")
    kept = actor.kept_from.get("content.file")
    return files.exclude(file__in=kept) if kept else files


def interaction(actor: Actor, interaction_id: int, *, deleted: bool = False) -> Interaction:
    """One conversation with its people, tags and files; raises Interaction.DoesNotExist for what the actor may not see."""
    found = with_tags(_gathered(actor, _kept(actor, [interaction_id], deleted=deleted)))
    if not found:
        raise Interaction.DoesNotExist
    return found[0]


@prepared
def _kept(actor: Actor, ids: list[int], *, deleted: bool) -> QuerySet[Interaction]:
    found = Interaction.objects.visible_to(actor).filter(deleted_at__isnull=not deleted, pk__among=ids)
    return found.select_related("user", "thread", "answer_by")


@prepared
def _people_of(actor: Actor, ids: list[int]) -> QuerySet[Participant]:
    return _participants(actor).filter(interaction__among=ids)


def _named(actor: Actor, ids: list[int], *, besides: Collection[int]) -> Iterable[tuple[int, str]]:
    """Contacts who took part and whom only colleagues reach: a record shows their names, without a way there."""
    scope = actor.scope(Party.view_right)
    if not scope.owned:
        return ()
    limit = Party.scope_condition(scope.some, "party__") or Q()
    there = Participant.objects.filter(limit, party__deleted_at__isnull=True, interaction__in=ids)
    names = there.exclude(pk__in=besides).order_by("position", "id")
    return names.values_list("interaction_id", "party__full_name")


@prepared
def _files_of(actor: Actor, ids: list[int]) -> QuerySet[Attachment]:
    return _attached(actor).filter(interaction__among=ids)


def by_ids(actor: Actor, ids: Iterable[int]) -> dict[int, Interaction]:
    """Conversations to draw somewhere else, with their ``people``, ``named`` and ``kept_files``."""
    return {one.pk: one for one in _gathered(actor, _kept(actor, list(ids), deleted=False))}


def with_people(actor: Actor, found: InteractionQuerySet) -> list[Interaction]:
    """The rows with their ``people``, ``named`` and ``kept_files``, as far as the actor may see them."""
    return _gathered(actor, found.select_related("user", "thread", "answer_by"))


def with_tags(rows: Sequence[Interaction]) -> Sequence[Interaction]:
    """The same rows with their tags read."""
    prefetch_related_objects(rows, _TAGS)
    return rows


def _gathered(actor: Actor, rows: Iterable[Interaction]) -> list[Interaction]:
    found: dict[int, Any] = {one.pk: one for one in rows}
    if not found:
        return []
    for one in found.values():
        one.people, one.named, one.kept_files = [], [], []
    people = _people_of(actor, list(found))
    for who in people:
        found[who.interaction_id].people.append(who)
    for interaction_id, name in _named(actor, list(found), besides={who.pk for who in people}):
        found[interaction_id].named.append(name)
    for link in _files_of(actor, list(found)):
        found[link.interaction_id].kept_files.append(link)
    return list(found.values())


@dataclass(frozen=True)
class Filters:
    """What a list of conversations is limited to; every part is optional."""

    channel: str = ""
    project_id: int | None = None
    party_id: int | None = None
    answer: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    text: str = ""
    tag_id: int | None = None
    added: tuple[tuple[str, str], ...] = ()
    """Conditions of other apps: code and value."""


@dataclass(frozen=True)
class AddedFilter:
    """A condition that another app adds to the list of conversations, by ``provide("conversations.filter", code)``.

    ``choices`` are value and label for this reader; ``condition`` says which conversations a value leaves, none for a
    value that it does not know.
    """

    label: Any
    every: Any
    choices: Callable[[Actor], list[tuple[str, str]]]
    condition: Callable[[Actor, str], Q]


def added_filters() -> dict[str, AddedFilter]:
    return {code: give() for code, give in registry.providers("conversations.filter").items()}


@dataclass(frozen=True)
class Position:
    """Where a page ends: the keyset."""

    occurred_at: dt.datetime
    interaction_id: int


@dataclass(frozen=True)
class Page:
    items: Sequence[Interaction]
    before: Position | None
    """Where the page before this one ends; None on the first page."""
    after: Position | None


def matching(actor: Actor, filters: Filters) -> InteractionQuerySet:
    """The conversations that the actor may read and the filter wants, in no order."""
    found = present(actor)
    if filters.channel:
        found = found.filter(channel=filters.channel)
    if filters.project_id is not None:
        found = found.filter(project_ids__contains=[filters.project_id])
    if filters.party_id is not None:
        parties = Party.objects.visible_to(actor).filter(pk=filters.party_id)
        found = found.filter(pk__in=Participant.objects.filter(party__in=parties).values("interaction"))
    if filters.answer:
        found = found.filter(answer=filters.answer)
    if filters.since is not None:
        found = found.filter(occurred_at__gte=filters.since)
    if filters.until is not None:
        found = found.filter(occurred_at__lt=filters.until)
    if filters.tag_id is not None:
        found = found.filter(pk__in=InteractionTag.objects.filter(tag=filters.tag_id).values("interaction"))
    kinds = added_filters() if filters.added else {}
    for code, value in filters.added:
        found = found.filter(kinds[code].condition(actor, value))
    if filters.text:
        documents = search.matching(search.readable(actor, [Kind.CONVERSATION]), filters.text, actor=actor)
        found = found.none() if documents is None else found.filter(pk__in=documents.values("subject_id"))
    return found


def interactions(
    actor: Actor,
    filters: Filters = Filters(),
    *,
    after: Position | None = None,
    before: Position | None = None,
    limit: int = 50,
) -> Page:
    """One page, newest first, by keyset: what follows ``after``, or what precedes ``before``."""
    found = matching(actor, filters)
    if before is not None:
        newer = found.filter(_newer(before)).order_by("occurred_at", "id")
        rows = with_people(actor, newer[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit][::-1]
        return Page(rows, _end(rows[0]) if rows and more else None, _end(rows[-1]) if rows else None)
    if after is not None:
        found = found.filter(_older(after))
    rows = with_people(actor, found.order_by("-occurred_at", "-id")[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    return Page(
        rows,
        _end(rows[0]) if after is not None and rows else None,
        _end(rows[-1]) if more else None,
    )


def _older(position: Position) -> Q:
    # The first condition alone is what the index can start from.
    return Q(occurred_at__lte=position.occurred_at) & (
        Q(occurred_at__lt=position.occurred_at) | Q(id__lt=position.interaction_id)
    )


def _newer(position: Position) -> Q:
    return Q(occurred_at__gte=position.occurred_at) & (
        Q(occurred_at__gt=position.occurred_at) | Q(id__gt=position.interaction_id)
    )


def _end(interaction: Interaction) -> Position:
    return Position(interaction.occurred_at, interaction.pk)


def siblings(actor: Actor, interaction: Interaction, *, limit: int = 50) -> list[Interaction]:
    """The other conversations of its thread, in order."""
    if interaction.thread_id is None:
        return []
    found = present(actor).filter(thread=interaction.thread_id).exclude(pk=interaction.pk)
    return with_people(actor, found.order_by("occurred_at", "id")[:limit])


def waiting(actor: Actor, *, project_id: int | None = None, limit: int = 6) -> list[Interaction]:
    """What waits for an answer of ours, the longest first."""
    found = present(actor).filter(answer=Interaction.Answer.WAITING)
    if project_id is not None:
        found = found.filter(project_ids__contains=[project_id])
    return with_people(actor, found.order_by("occurred_at", "id")[:limit])


def level_of_file(file_id: int) -> int:
    """The highest level of the conversations that a file hangs on."""
    found = Interaction.objects.unscoped("what a file hangs on, whoever asks").filter(
        attachments__file=file_id, deleted_at__isnull=True
    )
    return max(found.values_list("confidentiality", flat=True), default=Level.OPEN)


class Attached:
    """The files that hang on conversations, by whose these are."""

    def files(self, people: Collection[int]) -> QuerySet[Any, Any]:
        theirs = Interaction.objects.unscoped("only which of them belong to certain people")
        theirs = theirs.filter(Interaction.owned_by(people))
        return Attachment.objects.filter(interaction__in=theirs.values("pk")).values("file")

    def owners(self, file_id: int) -> set[int]:
        found = Interaction.objects.unscoped("on whose conversations a file hangs")
        return set[int]().union(*(one.owners() for one in found.filter(attachments__file=file_id)))


def level_of(interaction_id: int) -> int:
    """The level of a conversation, for what was said in it."""
    found = Interaction.objects.unscoped("what a promise hangs on, whoever asks").filter(pk=interaction_id)
    return max(found.values_list("confidentiality", flat=True), default=Level.OPEN)


def waiting_count(actor: Actor) -> int:
    return present(actor).filter(answer=Interaction.Answer.WAITING).count()
