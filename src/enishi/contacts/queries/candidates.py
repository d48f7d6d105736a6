"""Contacts that rows of an import may speak of, by what both have in common; one query for thousands of rows.

These find numbers only. Who asks reads the contacts behind them within the actor's rights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db import connection

from enishi.core.bulk import text_array

_BY_KEYS = """
SELECT 'x:' || x.system || ':' || x.value, x.party_id
FROM unnest(%(systems)s::text[], %(values)s::text[]) w(system, value)
JOIN contacts_externalid x ON x.system = w.system AND x.value = w.value
UNION ALL
SELECT 'e:' || c.key, c.party_id FROM contacts_contactpoint c WHERE c.kind = 'email' AND c.key = ANY(%(emails)s::text[])
UNION ALL
SELECT 'p:' || c.key, c.party_id FROM contacts_contactpoint c
WHERE c.kind = 'phone' AND c.label <> 'fax' AND c.key = ANY(%(phones)s::text[])
UNION ALL
SELECT 'g:' || p.match_key, p.id FROM contacts_party p
WHERE p.match_key = ANY(%(organisations)s::text[]) AND p.kind <> 'person' AND p.deleted_at IS NULL
UNION ALL
SELECT 'a:' || c.key || ':' || p.match_key, p.id
FROM unnest(%(postcodes)s::text[], %(names)s::text[]) w(postcode, name)
JOIN contacts_party p ON p.match_key = w.name AND p.deleted_at IS NULL
JOIN contacts_contactpoint c ON c.party_id = p.id AND c.kind = 'address' AND c.key = w.postcode
"""

_NAMESAKES = """
SELECT w.name, p.id
FROM unnest(%(names)s::text[]) w(name)
CROSS JOIN LATERAL (
    SELECT id FROM contacts_party
    WHERE match_key = w.name AND kind = 'person' AND deleted_at IS NULL ORDER BY id LIMIT %(limit)s
) p
"""

_COLLEAGUES = """
SELECT w.organisation, w.name, p.id
FROM unnest(%(organisations)s::text[], %(names)s::text[]) w(organisation, name)
CROSS JOIN LATERAL (
    SELECT r.source_id
    FROM contacts_party o JOIN contacts_relation r ON r.target_id = o.id
    WHERE o.match_key = w.organisation AND o.kind <> 'person' AND o.deleted_at IS NULL LIMIT %(limit)s
) r
JOIN contacts_party p ON p.id = r.source_id AND p.deleted_at IS NULL AND p.kind = 'person'
    AND p.match_key <> w.name AND left(p.match_key, 2) = left(w.name, 2)
"""

_BELONGINGS = """
SELECT party_id, CASE kind WHEN 'email' THEN 'e:' WHEN 'phone' THEN 'p:' ELSE 'a:' END || key
FROM contacts_contactpoint
WHERE party_id = ANY(%(ids)s::bigint[]) AND key <> '' AND kind IN ('email', 'phone', 'address')
UNION ALL
SELECT r.source_id, 'o:' || o.match_key
FROM contacts_relation r
JOIN contacts_relationtype t ON t.id = r.type_id AND t.affiliates
JOIN contacts_party o ON o.id = r.target_id
WHERE r.source_id = ANY(%(ids)s::bigint[])
"""


def by_keys(
    *,
    ids: Collection[tuple[str, str]],
    emails: Collection[str],
    phones: Collection[str],
    organisations: Collection[str],
    places: Collection[tuple[str, str]],
) -> Iterator[tuple[str, int]]:
    """(key, contact) for outside ids, e-mail addresses, phone numbers, names of organisations, and (postcode, name)."""
    parameters = {
        "systems": text_array([system for system, _value in ids]),
        "values": text_array([value for _system, value in ids]),
        "emails": text_array(emails),
        "phones": text_array(phones),
        "organisations": text_array(organisations),
        "postcodes": text_array([postcode for postcode, _name in places]),
        "names": text_array([name for _postcode, name in places]),
    }
    if not (ids or emails or phones or organisations or places):
        return
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEYS, parameters)
        yield from cursor.fetchall()


def namesakes(names: Collection[str], *, limit: int) -> list[tuple[str, int]]:
    """(name key, person) of persons with these very names."""
    if not names:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NAMESAKES, {"names": text_array(names), "limit": limit})
        return list(cursor.fetchall())


def colleagues(pairs: Sequence[tuple[str, str]], *, limit: int) -> list[tuple[str, str, int]]:
    """(organisation, name key, person) of persons of these organisations whose names begin alike but are not the same."""
    if not pairs:
        return []
    parameters: dict[str, Any] = {
        "organisations": text_array([organisation for organisation, _name in pairs]),
        "names": text_array([name for _organisation, name in pairs]),
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COLLEAGUES, parameters)
        return list(cursor.fetchall())


def belongings(party_ids: Collection[int]) -> list[tuple[int, str]]:
    """(contact, key) of everything that tells these contacts apart: addresses, numbers, postcodes, organisations."""
    if not party_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BELONGINGS, {"ids": list(party_ids)})
        return list(cursor.fetchall())
