"""Many rows at once: COPY for new ones, one UPDATE for changed ones."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from django.db import connection, models
from django.db.models.expressions import RawSQL


def table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def among(ids: Iterable[int]) -> RawSQL:
    """For ``pk__in`` with thousands of numbers: one parameter instead of thousands of placeholders."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """While thousands of rows are built, which form no cycles, the garbage collector would only look through them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def analyse(*models: type[models.Model]) -> None:
    """Let the planner know of thousands of new rows now; by itself the database notices within minutes."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(map(table, models))}")


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Numbers for that many new rows, taken from the sequence of the table."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_in(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows by COPY. JSON goes in as text; constraints hold, defaults of the database fill other columns."""
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table(model)} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def update_all(model: type[models.Model], columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set these columns of many rows, found by ``id``, in one statement."""
    if not rows:
        return
    sets = ", ".join(f"{connection.ops.quote_name(c)} = v.{connection.ops.quote_name(c)}" for c in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table(model)} t SET {sets}"  # noqa: S608 - names of columns, from code
            f" FROM jsonb_populate_recordset(NULL::{table(model)}, %s::jsonb) v WHERE t.id = v.id",
            [to_json(rows)],
        )


def upsert_all(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    unique: Sequence[str],
) -> None:
    """Write rows in one statement; one that agrees in ``unique`` with a stored row replaces its other columns."""
    if not rows:
        return
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    sets = ", ".join(f"{quote(c)} = excluded.{quote(c)}" for c in columns if c not in unique)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table(model)} ({names}) SELECT {names}"  # noqa: S608 - names of columns, from code
            f" FROM jsonb_populate_recordset(NULL::{table(model)}, %s::jsonb)"
            f" ON CONFLICT ({', '.join(map(quote, unique))}) DO UPDATE SET {sets}",
            [to_json(rows)],
        )


def to_json(value: Any) -> str:
    """Compact JSON; what JSON has no type for (dates, moments, decimals) as its ``str``."""
    return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


from_json = orjson.loads


def text_array(items: Collection[str]) -> str:
    """A text array as PostgreSQL reads it; many times faster than one that the driver builds."""
    if not items:
        return "{}"
    joined = '","'.join(items)
    if "\\" in joined or joined.count('"') != 2 * (len(items) - 1):
        joined = '","'.join(item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return f'{{"{joined}"}}'


def number_array(items: Iterable[int]) -> str:
    return f"{{{','.join(map(str, items))}}}"
