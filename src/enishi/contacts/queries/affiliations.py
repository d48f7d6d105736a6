"""Whose story is also whose: persons of an organisation, divisions of a company, members of a group."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import F

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core import clock

# Ties that hold on the day; the walk ends by itself in a circle because UNION keeps each party once.
_BELOW = """
WITH RECURSIVE below AS (
    SELECT %(party)s::bigint AS id
    UNION
    SELECT r.source_id
    FROM below
    JOIN contacts_relation r ON r.target_id = below.id
    JOIN contacts_relationtype t ON t.id = r.type_id AND t.affiliates
    WHERE (r.valid_from IS NULL OR r.valid_from <= %(day)s) AND (r.valid_until IS NULL OR r.valid_until >= %(day)s)
)
SELECT id FROM below WHERE id <> %(party)s
"""

_SPOKEN_TO_LAST = (F("last_contact_at").desc(nulls_last=True), F("id").desc())


def affiliated(actor: Actor, party_id: int, *, on: dt.date | None = None, limit: int = 200) -> list[Party]:
    """Those whose story is also this party's (its people, their divisions' people…), spoken to last first.

    Only ties that hold on that day, only parties that the actor may see.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, {"party": party_id, "day": on or clock.today()})
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    found = Party.objects.visible_to(actor).present().filter(pk__in=ids)
    return list(found.order_by(*_SPOKEN_TO_LAST)[:limit])


def affiliated_ids(actor: Actor, party_id: int, *, on: dt.date | None = None, limit: int = 200) -> list[int]:
    """The ids of ``affiliated``."""
    return [party.pk for party in affiliated(actor, party_id, on=on, limit=limit)]
