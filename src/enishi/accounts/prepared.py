"""Queries that are worked out once and run with other values from then on.

Putting together one statement takes Django longer than PostgreSQL needs to answer it, and a page asks forty of them.
A function under ``prepared`` describes a query; it is called twice when it is needed again, with two sets of stand-ins
for its values, and what the two statements differ in shows where the values go. From then on only those are filled in.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Func, IntegerField, QuerySet
from django.utils import timezone
from psycopg.types.json import Jsonb

from enishi.accounts.access import Actor, ScopedQuerySet, Via
from enishi.core import clock

P = ParamSpec("P")
R = TypeVar("R")

MOST = 512
"""So many statements of one function are kept: one for each set of rights that readers have, and each option."""
_IDS, _MOMENT = 2_040_000_000, dt.datetime(2900, 1, 1, tzinfo=dt.UTC)
"""Stand-ins begin here: in reach of every column of that type, and never asked for."""
_ROUND = 1_000
_TOO_FAR = 2**63
"""No column holds such a number: an address of a page may name it, and finds nothing."""
_LATER = dt.timedelta(days=400)
PATIENCE = 1
"""So often a statement is put together as ever before it is prepared, which costs as much as doing so four times."""


class CannotPrepare(UserWarning):
    """The statement depends on its values in more ways than by holding them, so it is put together each time."""


@dataclass(frozen=True)
class _Statement:
    """One statement, with the compiler that reads its rows and the places of its values."""

    built: QuerySet[Any, Any]
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    """Which parameter takes which value."""

    def rows(self, values: Sequence[Any]) -> list[Any]:
        params = list(self.params)
        for place, number in self.places:
            params[place] = _wrapped(values[number], params[place])
        filled = copy.copy(self.compiler)
        filled.connection = connections[DEFAULT_DB_ALIAS]
        filled.as_sql = lambda *_args, **_kwargs: (self.sql, tuple(params))
        built: Any = self.built
        found: Any = QuerySet(built.model, _Filled(built.query, filled))  # type: ignore[arg-type]
        found._fields = built._fields
        return [*built._iterable_class(found)]


class _Filled:
    """Stands for the query of a queryset: everything of it but the compiler, which holds the values."""

    def __init__(self, query: Any, compiler: Any) -> None:
        self._query, self._compiler = query, compiler

    def get_compiler(self, *_args: Any, **_kwargs: Any) -> Any:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


class Prepared(Generic[P, R]):
    """A query by its function. Positional values of the call are filled in, named ones and ``None`` shape the statement."""

    def __init__(self, build: Callable[P, QuerySet[Any, R]]) -> None:
        self.build = build
        self._kept: dict[Hashable, _Statement | int | None] = {}
        """By shape: a statement; None to put it together each time; how often it was put together so far."""
        functools.update_wrapper(self, build)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """The rows for these values, as the queryset would answer them."""
        values: list[Any] = []
        zone = timezone.get_current_timezone_name()
        shape = (zone, *(_shape(value, values) for value in args), *kwargs.items())
        if any(isinstance(value, int) and abs(value) >= _TOO_FAR for value in values):
            return []
        found = self._kept.get(shape, 0)
        if isinstance(found, int):
            found = self._keep(shape, found, args, kwargs)
        return found.rows(values) if isinstance(found, _Statement) else [*self.build(*args, **kwargs)]

    def first(self, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """The first row, or nothing."""
        return next(iter(self(*args, **kwargs)), None)

    def _keep(self, shape: Hashable, times: int, args: Any, kwargs: Any) -> _Statement | int | None:
        found: _Statement | int | None = times + 1
        if times >= PATIENCE:
            try:
                found = self._prepare(args, kwargs)
            except CannotPrepare as reason:
                warnings.warn(reason, stacklevel=3)
                found = None
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[shape] = found
        return found

    def _prepare(self, args: Any, kwargs: Any) -> _Statement | None:
        first: list[Any] = []
        second: list[Any] = []
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(self._asks_first):
            here = self.build(*_stand_ins(args, 0, first), **kwargs)
            with clock.standing_at(clock.now() + _LATER):
                there = self.build(*_stand_ins(args, _ROUND, second), **kwargs)
        if here._prefetch_related_lookups or here._known_related_objects:  # type: ignore[attr-defined]
            raise CannotPrepare(f"{self.build.__qualname__} answers more than the rows of its statement")
        if isinstance(here, ScopedQuerySet):
            here.guard()
        try:
            compiler, sql, params = _compiled(here)
        except EmptyResultSet:
            # Without a statement there is nothing to save.
            return None
        _other, other_sql, other_params = _compiled(there)
        if sql != other_sql or len(params) != len(other_params):
            raise CannotPrepare(f"{self.build.__qualname__} asks another question for other values")
        places = tuple(self._places(params, other_params, list(zip(first, second, strict=True))))
        return _Statement(here, compiler, sql, params, places)

    def _asks_first(self, *_statement: Any) -> None:
        raise CannotPrepare(
            f"{self.build.__qualname__} depends on what the database answered before it asked"
        )

    def _places(
        self, params: Sequence[Any], others: Sequence[Any], stand_ins: list[tuple[Any, Any]]
    ) -> Iterator[tuple[int, int]]:
        for place, both in enumerate(zip(params, others, strict=True)):
            pair = (_bare(both[0]), _bare(both[1]))
            if pair[0] == pair[1]:
                continue
            if pair not in stand_ins:
                raise CannotPrepare(f"{self.build.__qualname__} works values out before it asks with them")
            yield place, stand_ins.index(pair)


def prepared(build: Callable[P, QuerySet[Any, R]]) -> Prepared[P, R]:
    """Make of a function that answers a queryset one that answers its rows, compiled once.

    Its positional arguments are ids, lists of ids (asked with ``among`` or ``meets``, which keep one shape), days, moments,
    texts, or an actor. What is asked of a clock, of a language or of the database while building has to be an argument.
    """
    return Prepared(build)


def counted(queryset: QuerySet[Any, Any]) -> QuerySet[Any, int]:
    """How many rows a queryset has, as a queryset that can be prepared."""
    count = Func(template="count(*)", output_field=IntegerField())
    return queryset.order_by().values_list(count, flat=True)


def _compiled(queryset: QuerySet[Any, Any]) -> tuple[Any, str, tuple[Any, ...]]:
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    sql, params = compiler.as_sql()
    return compiler, sql, tuple(params)


def _bare(param: Any) -> Any:
    """A value without what says that it travels as JSON."""
    return param.obj if isinstance(param, Jsonb) else param


def _wrapped(value: Any, like: Any) -> Any:
    if not isinstance(like, Jsonb):
        return value
    found = copy.copy(like)
    found.obj = value
    return found


def _shape(value: Any, values: list[Any]) -> Hashable:
    """What of an argument the statement depends on; its value is put aside."""
    if isinstance(value, Actor):
        values.append(value.user_id)
        return value.reading
    if value is None or isinstance(value, bool):
        return value
    values.append(value)
    return type(value).__name__


def _stand_ins(args: Sequence[Any], first: int, said: list[Any]) -> Iterator[Any]:
    """Values that nobody asks for, in place of the given ones; those are noted in the order of ``_shape``."""
    for number, value in enumerate(args, start=first):
        if value is None or isinstance(value, bool):
            yield value
        elif isinstance(value, Actor):
            said.append(None if value.user_id is None else _IDS + number)
            yield _as_rights_alone(value, said[-1])
        else:
            said.append(_stand_in(value, number))
            yield said[-1]


def _stand_in(value: Any, number: int) -> Any:
    if isinstance(value, dt.datetime):
        return _MOMENT + dt.timedelta(days=number)
    if isinstance(value, dt.date):
        return _MOMENT.date() + dt.timedelta(days=number)
    if isinstance(value, int):
        return _IDS + number
    if isinstance(value, str):
        return f"stand-in {number}"
    if isinstance(value, list) and all(isinstance(one, int) for one in value):
        return [_IDS + number]
    raise CannotPrepare(f"a value of type {type(value).__name__} cannot be filled in")


def _as_rights_alone(actor: Actor, user_id: int | None) -> Actor:
    """The actor as far as ``Actor.reading`` tells of it, so that a statement cannot hold anything else of it."""
    return Actor(
        user_id=user_id,
        name="",
        via=Via.WEB,
        grants=actor.grants,
        system=actor.system,
        token_scopes=actor.token_scopes,
        kept_from=actor.kept_from,
        within=actor.within,
        team_mates=actor.team_mates,
        protected=actor.protected,
    )
