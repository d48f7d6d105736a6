"""Who is tied to whom around one party, up to two steps away, and where each stands in the drawing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from enishi.accounts.access import Actor
from enishi.contacts.models import Party, Relation
from enishi.contacts.queries.ties import words
from enishi.core import clock

NEAR, EACH = 24, 6
"""So many stand around the middle, and so many behind each of them; the others are counted."""
_INNER, _FURTHER, _ROOM = 150.0, 170.0, 44.0
_SIDE, _ABOVE = 110, 30


@dataclass
class Node:
    """A party in the drawing: how it is tied to the one before it, and who is tied to it further out."""

    party: Party
    words: str = ""
    title: str = ""
    more: int = 0
    behind: list[Node] = field(default_factory=list)
    across: list[tuple[str, Node]] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def weight(self) -> int:
        return max(1, len(self.behind))


@dataclass
class Web:
    """A party with what is around it."""

    middle: Node
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0

    @property
    def nodes(self) -> Iterator[Node]:
        for near in self.middle.behind:
            yield near
            yield from near.behind

    @property
    def lines(self) -> Iterator[tuple[Node, Node, str]]:
        """From whom to whom, and in which words; ties between two who are both drawn already come last."""
        for near in self.middle.behind:
            yield self.middle, near, near.words
            for far in near.behind:
                yield near, far, far.words
        for near in self.middle.behind:
            for told, other in near.across:
                yield near, other, told

    @property
    def view(self) -> str:
        """The part of the plane that is drawn, as SVG writes it."""
        return f"{self.left} {self.top} {self.width} {self.height}"


def web(actor: Actor, party: Party) -> Web:
    """The ties that hold within the reader's sight, two steps far, in four queries whatever their number."""
    middle = Node(party)
    drawn: dict[int, Node] = {party.pk: middle}
    for _here, node, left in _ties(actor, [party.pk], most=NEAR):
        middle.more += left
        if node.party.pk in drawn:
            continue
        if len(middle.behind) < NEAR:
            drawn[node.party.pk] = node
            middle.behind.append(node)
        else:
            middle.more += 1
    near = {node.party.pk: node for node in middle.behind}
    met: set[frozenset[int]] = set()
    for here, node, left in _ties(actor, near, most=EACH + NEAR):
        before, other = near[here], node.party.pk
        pair = frozenset((here, other))
        before.more += left
        if other == party.pk or pair in met:
            continue
        if other in drawn and (other in near or len(before.across) < EACH):
            met.add(pair)
            before.across.append((node.words, drawn[other]))
        elif other not in drawn and len(before.behind) < EACH:
            met.add(pair)
            drawn[other] = node
            before.behind.append(node)
        else:
            before.more += 1
    _lay_out(found := Web(middle))
    return found


def _ties(actor: Actor, ids: Collection[int], *, most: int) -> list[tuple[int, Node, int]]:
    """Ties of these parties that hold, seen from them, those spoken to last first: from whom, to whom, and with the last
    of them how many are left out."""
    day = clock.today()
    seen = Party.objects.visible_to(actor).present().values("pk")
    found: list[tuple[int, Node, int]] = []
    for here, there in (("source", "target"), ("target", "source")):
        rows = (
            Relation.objects.filter(**{f"{here}__in": list(ids), f"{there}__in": seen})
            .exclude(valid_until__lt=day)
            .exclude(valid_from__gt=day)
            .annotate(
                place=Window(
                    RowNumber(),
                    partition_by=F(here),
                    order_by=[F(f"{there}__last_contact_at").desc(nulls_last=True), F("pk").asc()],
                ),
                total=Window(Count("pk"), partition_by=F(here)),
            )
            .filter(Q(place__lte=most))
            .select_related("type", there)
            .order_by("type__position", "place", "pk")
        )
        for row in rows:
            told = words(row.type, outgoing=here == "source")
            left = row.total - most if row.place == most else 0
            found.append((getattr(row, f"{here}_id"), Node(getattr(row, there), told, row.title), left))
    return found


def _lay_out(found: Web) -> None:
    """Two rings: each of the inner one gets as much of the circle as stands behind it; the same web always looks the same."""
    middle = found.middle
    inner = max(_INNER, len(middle.behind) * _ROOM * 1.6 / math.tau)
    leaves = sum(node.weight for node in middle.behind)
    outer = (
        max(inner + _FURTHER, leaves * _ROOM / math.tau) if any(n.behind for n in middle.behind) else inner
    )
    angle = -math.pi / 2
    for node in middle.behind:
        share = math.tau * node.weight / max(leaves, 1)
        _put(node, inner, angle + share / 2)
        for number, far in enumerate(node.behind):
            _put(far, outer, angle + share * (number + 0.5) / len(node.behind))
        angle += share
    across, down = [[0.0, *(node.x for node in found.nodes)], [0.0, *(node.y for node in found.nodes)]]
    found.left, found.top = round(min(across)) - _SIDE, round(min(down)) - _ABOVE
    found.width = round(max(across)) + _SIDE - found.left
    found.height = round(max(down)) + 2 * _ABOVE - found.top


def _put(node: Node, radius: float, angle: float) -> None:
    node.x, node.y = round(radius * math.cos(angle), 1), round(radius * math.sin(angle), 1)
