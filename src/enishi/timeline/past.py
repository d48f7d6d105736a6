"""Tables as they stood at a moment: the rows of now, wound back by what the history says happened since.

An app says in its ``past.py`` how a table of its own is wound back. While ``standing`` lasts, temporary tables of the same names
stand before those of now in this transaction, so that whatever reads them, with rights and filters, reads what stood there then.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.db import connection, models, transaction
from django.db.models.expressions import DatabaseDefault

from enishi.core.bulk import copy_in
from enishi.core.personal import STRUCK
from enishi.timeline.models import Entry

Row = dict[str, Any]
Winding = Callable[["Row | None"], "Row | None"]


class Untold(Exception):
    """The history does not say enough to wind a table back to that moment."""


@dataclass(frozen=True)
class Turn:
    """One thing that happened, backwards: ``before`` makes of a row what it was until then; None is no row."""

    at: dt.datetime
    order: int
    pk: int
    before: Winding


class Gate(Protocol):
    """What of a table may be shown today: a condition on its rows, and which of those that are gone."""

    def visible(self, model: type[models.Model]) -> models.QuerySet[Any]: ...

    def gone(self, model: type[models.Model], ids: Collection[int]) -> set[int]: ...


class Past:
    """How one table is wound back."""

    model: ClassVar[type[models.Model]]

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        """What happened to its rows after that moment, in any order. Raises Untold."""
        raise NotImplementedError

    def settled(self, rows: Sequence[Row]) -> None:
        """Work out anew, in rows that were wound back, what follows from the rest of them."""

    def wind_back(self, at: dt.datetime, gate: Gate, schema: str) -> None:
        """Make of the temporary table what stood there at that moment."""
        turns: dict[int, list[Turn]] = defaultdict(list)
        for turn in self.turns(at):
            turns[turn.pk].append(turn)
        now = _rows(self.model, models.Q(pk__in=list(turns)))
        gone = gate.gone(self.model, set(turns) - _existing(self.model, turns, schema)) if turns else set()
        then = [
            row
            for pk, happened in turns.items()
            if pk in now or pk in gone
            if (row := _then(now.get(pk), happened)) is not None
        ]
        self.settled(then)
        _replace(self.model, now, then)


class Recorded(Past):
    """A table whose rows the history tells of one by one."""

    made: ClassVar[frozenset[str]] = frozenset()

    def turns(self, since: dt.datetime) -> Iterable[Turn]:
        for entry in entries_since(self.model, since):
            yield Turn(entry.at, entry.pk, entry.subject_id, self._winding(entry))

    def _winding(self, entry: Entry) -> Winding:
        return lambda row: None if entry.event in self.made else self.before(entry, row)

    def before(self, entry: Entry, row: Row | None) -> Row | None:
        """The row as it was before that entry."""
        return None if row is None else {**row, **self.columns(entry)}

    def columns(self, entry: Entry) -> Row:
        """What the columns that an entry tells of held before it."""
        told = {**entry.changes, **entry.data.get("_ids", {})}
        return {
            name: value_of(self.model, name, pair[0])
            for name, pair in told.items()
            if name in columns_of(self.model) and pair[0] != STRUCK
        }


class Sheet:
    """Rows that hang on others, on their way back: by number, and by what they hang on (``parent`` is that column)."""

    def __init__(self, parent: str, rows: Mapping[int, Row]) -> None:
        self.parent = parent
        self.rows: dict[int, Row] = {}
        self._held: dict[int, set[int]] = defaultdict(set)
        self._unnumbered = itertools.count(-1, -1)
        for row in rows.values():
            self.put(row)

    def of(self, parent_id: int) -> list[Row]:
        return [self.rows[pk] for pk in sorted(self._held[parent_id])]

    def put(self, row: Row) -> None:
        """Let this row stand there; one whose number the history does not tell gets one that nothing else has."""
        pk = row.get("id") or next(self._unnumbered)
        self.drop(pk)
        self.rows[pk] = {**row, "id": pk}
        self._held[row[self.parent]].add(pk)

    def drop(self, pk: int) -> None:
        row = self.rows.pop(pk, None)
        if row is not None:
            self._held[row[self.parent]].discard(pk)

    def turn(self, turn: Turn) -> None:
        """What happened to one row, backwards."""
        row = self.rows.get(turn.pk)
        self.drop(turn.pk)
        if (then := turn.before(row)) is not None:
            self.put(then)


@dataclass(frozen=True)
class Deed:
    """One thing that happened to rows that hang on others; ``parents`` and ``rows`` are the numbers that it touches."""

    at: dt.datetime
    order: int
    undo: Callable[[Sheet], None]
    parents: Collection[int] = ()
    rows: Collection[int] = ()


class Hanging(Past):
    """A table whose rows the history tells as lists of what they hang on, under ``parent``."""

    parent: ClassVar[str]

    def deeds(self, since: dt.datetime) -> Iterable[Deed]:
        """What happened to its rows after that moment, in any order. Raises Untold."""
        raise NotImplementedError

    def wind_back(self, at: dt.datetime, gate: Gate, schema: str) -> None:
        deeds = sorted(self.deeds(at), key=lambda deed: (deed.at, deed.order), reverse=True)
        parents = {pk for deed in deeds for pk in deed.parents}
        numbers = {pk for deed in deeds for pk in deed.rows}
        touched = models.Q(pk__in=list(numbers)) | models.Q(**{f"{self.parent}__in": list(parents)})
        now = _rows(self.model, touched) if deeds else {}
        sheet = Sheet(self.parent, now)
        for deed in deeds:
            deed.undo(sheet)
        _replace(self.model, now, list(sheet.rows.values()))


def entries_since(model: type[models.Model], since: dt.datetime) -> Iterator[Entry]:
    """What the history says of the rows of a table after a moment."""
    entries = Entry.objects.unscoped("only rows that the gate lets through are wound back")
    found = entries.filter(subject_type=model._meta.label_lower, at__gt=since)
    return found.defer("salt", "label").iterator(chunk_size=2000)


def columns_of(model: type[models.Model]) -> frozenset[str]:
    return frozenset(field.attname for field in model._meta.concrete_fields)


def value_of(model: type[models.Model], column: str, stored: Any) -> Any:
    """A value from the history as the model has it; of what was erased only a text can say so."""
    if stored == STRUCK and not isinstance(
        model._meta.get_field(column), (models.CharField, models.TextField)
    ):
        return None
    field = model._meta.get_field(column)
    assert isinstance(field, models.Field)
    return field.to_python(stored)


@contextmanager
def standing(pasts: Sequence[Past], at: dt.datetime, gate: Gate) -> Iterator[None]:
    """Let these tables stand as they did at that moment, for this block. Nothing may be written to them in it."""
    with transaction.atomic():
        schema = _schema()
        visible = {past.model: gate.visible(past.model) for past in pasts}
        # Copied first: what changes meanwhile is told by an entry that is read afterwards, and wound back with the rest.
        for model, rows in visible.items():
            _copy(model, rows)
        for past in pasts:
            past.wind_back(at, gate, schema)
        yield
        with connection.cursor() as cursor:
            for model in visible:
                cursor.execute(f"DROP TABLE pg_temp.{_quoted(model)}")


def _rows(model: type[models.Model], wanted: models.Q) -> dict[int, Row]:
    """What the temporary table holds of these."""
    return {row["id"]: row for row in model._base_manager.filter(wanted).values()}


def _replace(model: type[models.Model], now: Mapping[int, Row], then: Sequence[Row]) -> None:
    with connection.cursor() as cursor:
        if now:
            cursor.execute(f"DELETE FROM pg_temp.{_quoted(model)} WHERE id = ANY(%s)", [list(now)])  # noqa: S608
        fields = model._meta.concrete_fields
        copy_in(
            model,
            [str(field.column) for field in fields],
            ([_kept(field, row) for field in fields] for row in then),
        )
        cursor.execute(f"ANALYZE pg_temp.{_quoted(model)}")


def _kept(field: models.Field[Any, Any], row: Row) -> Any:
    """A value as its column takes it; of what the history does not tell the usual one."""
    value = row[field.attname] if field.attname in row else field.get_default()
    return field.get_db_prep_save(None if isinstance(value, DatabaseDefault) else value, connection)


def _then(row: Row | None, happened: Iterable[Turn]) -> Row | None:
    for turn in sorted(happened, key=lambda turn: (turn.at, turn.order), reverse=True):
        row = turn.before(row)
    return row


def _quoted(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return connection.ops.quote_name(cursor.fetchone()[0])


def _copy(model: type[models.Model], rows: models.QuerySet[Any]) -> None:
    table = _quoted(model)
    wanted, params = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE {table} ON COMMIT DROP AS SELECT * FROM {table} WHERE id IN ({wanted})",  # noqa: S608
            params,
        )
        # Grouping by the whole row takes a primary key.
        cursor.execute(f"ALTER TABLE pg_temp.{table} ADD PRIMARY KEY (id)")


def _existing(model: type[models.Model], ids: Collection[int], schema: str) -> set[int]:
    """Those that are there now, whoever may see them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {schema}.{_quoted(model)} WHERE id = ANY(%s)", [list(ids)])  # noqa: S608
        return {pk for (pk,) in cursor.fetchall()}
