"""What parties are to each other, told from the side of one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party, Relation, RelationType
from enishi.core import clock

MOST = 60
"""So many ties from other parties stand on a page before it asks for the rest."""
ALL = 1000


@dataclass(frozen=True)
class Tie:
    """One relation seen from one end: ``words`` is how it reads from there, ``party`` the other end."""

    relation: Relation
    party: Party
    words: str
    outgoing: bool
    past: bool

    @property
    def belongs(self) -> bool:
        """Whether the other end is one of this party's own: its people, its members, its divisions."""
        return not self.outgoing and self.relation.type.affiliates


@dataclass(frozen=True)
class Ties:
    """The ties of a party, those that hold first; ``more`` others stand behind them."""

    shown: list[Tie]
    more: int = 0

    @property
    def current(self) -> list[Tie]:
        return [tie for tie in self.shown if not tie.past]

    @property
    def past(self) -> list[Tie]:
        return [tie for tie in self.shown if tie.past]


def words(kind: RelationType, *, outgoing: bool) -> str:
    """How a kind of relation reads from the source or from the target."""
    name = kind.name if outgoing else kind.inverse_name
    return _(name) if kind.built_in else name


def _seen(actor: Actor, side: str) -> Q:
    """That the actor may see the other end, and that it is not in the recycle bin."""
    present = Q(**{f"{side}__deleted_at__isnull": True})
    limit = Party.scope_condition(actor.scope(Party.view_right), f"{side}__")
    return present if limit is None else present & limit


def _past(day: dt.date) -> Case:
    return Case(When(valid_until__lt=day, then=Value(True)), default=Value(False))


def _over(relation: Relation, day: dt.date) -> bool:
    return relation.valid_until is not None and relation.valid_until < day


def _side(actor: Actor, party_id: int, day: dt.date, *, outgoing: bool) -> QuerySet[Relation]:
    """The relations that a party has from one of its ends, in the order of their telling."""
    here, there = ("source", "target") if outgoing else ("target", "source")
    found = Relation.objects.filter(_seen(actor, there), **{here: party_id}).select_related("type", there)
    latest = F(f"{there}__last_contact_at").desc(nulls_last=True)
    return found.annotate(past=_past(day)).order_by("past", latest, "type__position", "id")


@prepared
def _first(actor: Actor, party_id: int, day: dt.date, *, outgoing: bool, most: int) -> QuerySet[Relation]:
    return _side(actor, party_id, day, outgoing=outgoing)[:most]


def ties(actor: Actor, party: Party, *, limit: int = MOST) -> Ties:
    """The relations of a party from both sides, whose other end the actor may see, in two queries.

    Those that hold come first, among them those that were spoken to last. Beyond ``limit`` they are counted only.
    """
    day = clock.today()
    found: list[Tie] = []
    more = 0
    for outgoing, side in ((True, "target"), (False, "source")):
        rows = _first(actor, party.pk, day, outgoing=outgoing, most=limit + 1)
        if len(rows) > limit:
            more += _side(actor, party.pk, day, outgoing=outgoing).count() - limit
            rows = rows[:limit]
        found += [
            Tie(row, getattr(row, side), words(row.type, outgoing=outgoing), outgoing, _over(row, day))
            for row in rows
        ]
    found.sort(key=lambda tie: (tie.past, not tie.outgoing, tie.relation.type.position))
    return Ties(found, more)


def tie(actor: Actor, party: Party, relation_id: int) -> Tie:
    """One relation of that party whose other end the actor may see; raises Relation.DoesNotExist."""
    own = (Q(source=party) & _seen(actor, "target")) | (Q(target=party) & _seen(actor, "source"))
    row = Relation.objects.filter(own).select_related("type", "source", "target").get(pk=relation_id)
    outgoing = row.source_id == party.pk
    there = row.target if outgoing else row.source
    return Tie(row, there, words(row.type, outgoing=outgoing), outgoing, _over(row, clock.today()))


def affiliations(actor: Actor, party_ids: Collection[int]) -> dict[int, list[Tie]]:
    """Where these parties belong now, most important first, in one query."""
    day = clock.today()
    rows = (
        Relation.objects.filter(_seen(actor, "target"), source__in=list(party_ids), type__affiliates=True)
        .exclude(valid_until__lt=day)
        .exclude(valid_from__gt=day)
        .select_related("type", "target")
        .order_by("type__position", "id")
    )
    found: dict[int, list[Tie]] = {}
    for row in rows:
        tie = Tie(row, row.target, words(row.type, outgoing=True), outgoing=True, past=False)
        found.setdefault(row.source_id, []).append(tie)
    return found


def relation_types() -> QuerySet[RelationType]:
    return RelationType.objects.all()


def relation_type(type_id: int) -> RelationType:
    """One kind of relation; raises RelationType.DoesNotExist."""
    return RelationType.objects.get(pk=type_id)
