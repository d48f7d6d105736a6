"""What the staged rows of an import have in common."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

_SHARED = """
SELECT key, array_agg(number ORDER BY number)
FROM (
    SELECT number, unnest(keys) AS key FROM contacts_importrow WHERE run_id = %s AND action <> 'refuse'
) staged
WHERE left(key, 1) IN ('x', 'e', 'a', 'p', 'g', 'o')
GROUP BY key HAVING count(*) > 1
ORDER BY position(left(key, 1) IN 'xeapgo'), min(number)
"""

_BARE = """
WITH staged AS MATERIALIZED (
    SELECT number, unnest(keys) AS key FROM contacts_importrow WHERE run_id = %s AND action <> 'refuse'
)
SELECT bare.number, min(other.number)
FROM staged bare
JOIN staged other ON other.key = 'n:' || substr(bare.key, 3) AND other.number < bare.number
WHERE bare.key LIKE 'b:%%'
GROUP BY bare.number
"""


def shared_keys(run_id: int) -> Iterator[tuple[str, list[int]]]:
    """Every key that more than one row has, with the numbers of the rows in order; the surest rules first."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [run_id])
        yield from cursor.fetchall()


def bare_namesakes(run_id: int) -> Iterator[tuple[int, int]]:
    """Rows that give nothing but a name, each with the first row above it that has the same name."""
    with connection.cursor() as cursor:
        cursor.execute(_BARE, [run_id])
        yield from cursor.fetchall()
