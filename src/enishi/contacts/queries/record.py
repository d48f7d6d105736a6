"""What the page of one party shows, in a fixed number of queries."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level, ScopedQuerySet
from enishi.accounts.models import Project
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Consent, ContactPoint, ExternalId, Field, FieldValue, Party, PartyTag, Tag
from enishi.contacts.queries import protected
from enishi.contacts.queries.naming import ShownName, shown_name
from enishi.contacts.queries.parties import party
from enishi.contacts.queries.ties import Tie, Ties, ties
from enishi.contacts.queries.whole import latest_consents, plain_value
from enishi.core import clock, registry, text
from enishi.search import queries as search
from enishi.timeline.models import Entry

USELESS = (ContactPoint.Status.BOUNCED, ContactPoint.Status.WRONG, ContactPoint.Status.REFUSED)
_KINDS = [kind.value for kind in ContactPoint.Kind]


@dataclass(frozen=True)
class Value:
    """One own field of a party with what it holds, ready to be drawn by its kind."""

    field: Field
    values: list[FieldValue] = dataclasses.field(default_factory=list)
    links: Mapping[int, tuple[str, str]] = dataclasses.field(default_factory=dict)

    @property
    def plain(self) -> list[Any]:
        return [plain_value(value) for value in self.values]


@dataclass(frozen=True)
class Record:
    """A party with everything that its page tells of it, as one reader may see it."""

    party: Party
    name: ShownName
    points: list[ContactPoint]
    ties: Ties
    tags: list[Tag]
    values: list[Value]
    consents: list[Consent]
    external_ids: list[ExternalId]
    projects: list[Project]
    readers: int | None
    hidden: frozenset[str] = frozenset()
    """The fields that the reader does not see, by their names in the history."""
    open_kinds: Sequence[ContactPoint.Kind] = tuple(ContactPoint.Kind)
    """The kinds of ways to reach them that the reader may add and change."""

    @property
    def current_points(self) -> list[ContactPoint]:
        return [point for point in self.points if not ended(point)]

    @property
    def past_points(self) -> list[ContactPoint]:
        return [point for point in self.points if ended(point)]

    @property
    def affiliation(self) -> Tie | None:
        """Where the party belongs first: the tie that its head names."""
        return next(
            (t for t in self.ties.shown if t.outgoing and not t.past and t.relation.type.affiliates), None
        )

    def best(self, kind: str) -> ContactPoint | None:
        """The address or number to use: the first choice that still works."""
        return next((p for p in self.current_points if p.kind == kind and p.status not in USELESS), None)


def ended(point: ContactPoint) -> bool:
    """Whether a way to reach somebody is no longer one: its time is over, or it was found not to work."""
    over = point.valid_until is not None and point.valid_until < clock.today()
    return over or point.status in {ContactPoint.Status.BOUNCED, ContactPoint.Status.WRONG}


def record(actor: Actor, party_id: int, *, language: str) -> Record:
    """The page of one party, read as a reader of that language; raises Party.DoesNotExist out of sight."""
    found = party(actor, party_id)
    return Record(
        party=found,
        name=shown_name(found, language),
        points=points(actor, found),
        ties=ties(actor, found),
        tags=tags(found),
        values=values(actor, found),
        consents=sorted(latest_consents(found.pk), key=lambda consent: consent.purpose.name),
        external_ids=_external_ids(found.pk),
        projects=projects(actor, found),
        readers=readers(actor, found),
        hidden=protected.hidden(actor, found),
        open_kinds=open_kinds(actor, found),
    )


@prepared
def _external_ids(party_id: int) -> QuerySet[ExternalId]:
    return ExternalId.objects.filter(party=party_id).order_by("system")


@prepared
def _points(party_id: int) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(party=party_id)


def points(actor: Actor, of: Party) -> list[ContactPoint]:
    """Every way to reach a party that the reader sees: by kind, first choice first."""
    seen = protected.shown_points(_points(of.pk), protected.hidden(actor, of))
    return sorted(seen, key=lambda p: (_KINDS.index(p.kind), not p.is_primary, p.pk))


def point(actor: Actor, of: Party, point_id: int) -> ContactPoint:
    """One of them; raises ContactPoint.DoesNotExist."""
    return of.points.exclude(kind__in=protected.hidden(actor, of)).get(pk=point_id)


def open_kinds(actor: Actor, of: Party) -> list[ContactPoint.Kind]:
    """The kinds of ways to reach a party that the actor may add or change."""
    return [kind for kind in ContactPoint.Kind if protected.may_change(actor, kind, of)]


@prepared
def _tag_links(party_id: int) -> QuerySet[PartyTag]:
    return PartyTag.objects.filter(party=party_id).select_related("tag").order_by("tag__path")


def tags(of: Party) -> list[Tag]:
    return [link.tag for link in _tag_links(of.pk)]


def projects(actor: Actor, of: Party) -> list[Project]:
    """The projects of a party that the actor knows of."""
    return accounts.projects_among(actor, of.project_ids)


def readers(actor: Actor, of: Party) -> int | None:
    """How many others may read a confidential party; None for one that is not."""
    if of.confidentiality < Level.CONFIDENTIAL:
        return None
    found = accounts.readers(Party.view_right, of.project_ids, of.confidentiality, owners=of.owners())
    return found.exclude(pk=actor.user_id).count() if actor.user_id else found.count()


@prepared
def _values(party_id: int) -> QuerySet[FieldValue]:
    stored = FieldValue.objects.filter(party=party_id, field__archived_at__isnull=True)
    return stored.select_related("field").order_by("field__position", "field_id", "id")


def values(actor: Actor, of: Party) -> list[Value]:
    """The own fields that hold something and that the reader sees, in the order of their set-up."""
    hidden = protected.hidden(actor, of)
    grouped: dict[int, list[FieldValue]] = {}
    for row in _values(of.pk):
        if f"{protected.OWN}{row.field.code}" not in hidden:
            grouped.setdefault(row.field_id, []).append(row)
    links = _links(actor, [row for rows_of in grouped.values() for row in rows_of])
    return [
        Value(rows_of[0].field, rows_of, links.get(rows_of[0].field.kind, {})) for rows_of in grouped.values()
    ]


def _links(actor: Actor, rows: Iterable[FieldValue]) -> dict[str, dict[int, tuple[str, str]]]:
    """Names and addresses of the people and files that values point to, as far as the reader may see them."""
    people = [row.person_id for row in rows if row.person_id is not None]
    files = any(row.file_id is not None for row in rows)
    found: dict[str, dict[int, tuple[str, str]]] = {}
    if people:
        seen = Party.objects.visible_to(actor).present().filter(pk__in=people)
        found[Field.Kind.PERSON] = {pk: (name, "") for pk, name in seen.values_list("pk", "full_name")}
    if files:
        found[Field.Kind.FILE] = file_links(actor, rows)
    return found


def file_links(actor: Actor, rows: Iterable[FieldValue]) -> dict[int, tuple[str, str]]:
    """Name and address of the files that values point to; files belong to a higher app, which is asked."""
    ids = [row.file_id for row in rows if row.file_id is not None]
    show = registry.provider("contacts.files", "show") if ids else None
    return show(actor, ids) if show is not None else {}


def fields_for(actor: Actor, of: Party) -> list[Field]:
    """The own fields that a party of its kind has and that the actor may change."""
    found = Field.objects.filter(archived_at__isnull=True)
    fitting = found.filter(Q(party_kinds=[]) | Q(party_kinds__contains=[of.kind]))
    return [field for field in fitting if protected.may_change(actor, f"{protected.OWN}{field.code}", of)]


def field_values(of: Party) -> dict[int, list[FieldValue]]:
    """What a party's own fields hold, by field."""
    grouped: dict[int, list[FieldValue]] = {}
    for row in FieldValue.objects.filter(party=of).select_related("field", "person").order_by("id"):
        grouped.setdefault(row.field_id, []).append(row)
    return grouped


def _own_entries(actor: Actor, of: Party) -> ScopedQuerySet[Entry]:
    own = Entry.objects.unscoped("what one did oneself to a party that one may see")
    return own.filter(subject_type="contacts.party", subject_id=of.pk, user=actor.user_id or 0)


def last_change(actor: Actor, of: Party) -> Entry | None:
    """What this user did last to a party: what Undo takes back."""
    return _own_entries(actor, of).order_by("-id").first()


def own_entry(actor: Actor, of: Party, entry_id: int) -> Entry:
    """An entry about a party that this user wrote; raises Entry.DoesNotExist."""
    return _own_entries(actor, of).get(pk=entry_id)


def choices(
    actor: Actor, query: str, *, kinds: Iterable[str] = (), limit: int = 7
) -> list[tuple[int, str, str, str]]:
    """Parties that match what is being typed: id, name, where they belong, kind."""
    wanted = [str(kind) for kind in kinds] or ["person", "organisation", "group"]
    hits = search.find(actor, query, kinds=wanted, limit=5 * limit)
    folded = text.fold(query)
    # Those who are called that come before those who belong to somebody called that.
    hits.sort(key=lambda hit: folded not in text.fold(hit.title))
    return [(hit.subject_id, hit.title, hit.detail, hit.kind) for hit in hits[:limit]]
