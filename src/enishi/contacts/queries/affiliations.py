"""Whose story is also whose: persons of an organisation, divisions of a company, members of a group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import F

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core import clock

# Ties that hold on the day; the walk ends by itself in a circle because UNION keeps each party once.
_BELOW = """
WITH RECURSIVE below AS (
    SELECT id AS root, id FROM unnest(%(parties)s::bigint[]) AS asked (id)
    UNION
    SELECT below.root, r.source_id
    FROM below
    JOIN contacts_relation r ON r.target_id = below.id
    JOIN contacts_relationtype t ON t.id = r.type_id AND t.affiliates
    WHERE (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_until IS NULL OR r.valid_until >= %(day)s)
)
SELECT root, id FROM below WHERE id <> root
"""

_SPOKEN_TO_LAST = (F("last_contact_at").desc(nulls_last=True), F("id").desc())


def affiliated(actor: Actor, party_id: int, *, on: dt.date | None = None, limit: int = 200) -> list[Party]:
    """Those whose story is also this party's (its people, their divisions' people…), spoken to last first.

    Only ties that hold on that day, only parties that the actor may see.
    """
    return affiliated_of(actor, [party_id], on=on, limit=limit)[party_id]


def affiliated_of(
    actor: Actor, party_ids: Collection[int], *, on: dt.date | None = None, limit: int = 200
) -> dict[int, list[Party]]:
    """The same for several parties, each of them a key, in two queries."""
    found: dict[int, list[Party]] = {party_id: [] for party_id in party_ids}
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, {"parties": list(found), "day": on or clock.today()})
        roots: dict[int, list[int]] = {}
        for root, party_id in cursor.fetchall():
            roots.setdefault(party_id, []).append(root)
    if roots:
        below = Party.objects.visible_to(actor).present().filter(pk__in=list(roots))
        for party in below.order_by(*_SPOKEN_TO_LAST)[: limit * len(found)]:
            for root in roots[party.pk]:
                found[root].append(party)
    return {root: parties[:limit] for root, parties in found.items()}


def affiliated_ids(actor: Actor, party_id: int, *, on: dt.date | None = None, limit: int = 200) -> list[int]:
    """The ids of ``affiliated``."""
    return [party.pk for party in affiliated(actor, party_id, on=on, limit=limit)]
