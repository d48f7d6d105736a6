"""Registers that a report wrote and that come back corrected. An app provides its own in its ``panels.py``::

    provide("contacts.register", "promises")(PromiseRows)

They go the way of every import: staged with what would become of each row, brought in as one operation, taken back from the
undo log. Their columns are those that the report wrote, in whatever language, so nobody has to match them.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.accounts.models import LANGUAGES
from enishi.contacts.importing.mapping.columns import unguarded
from enishi.contacts.importing.tables import Row, rows
from enishi.contacts.models import ImportRow, ImportRun
from enishi.contacts.services.importing import reading
from enishi.contacts.services.importing.applying import Pass
from enishi.contacts.services.importing.problems import Problem, from_reason, problem
from enishi.contacts.services.importing.showing import Change
from enishi.core import registry
from enishi.core.text import fold
from enishi.timeline.models import Operation
from enishi.timeline.services import part_of

PLACE = "contacts.register"
CHUNK = 200
Action = ImportRow.Action


@dataclass
class Line:
    """One row of the file: its cells by what their columns mean. ``headers`` say how the file calls these."""

    number: int
    cells: Mapping[str, str]
    headers: Mapping[str, str]

    def refused(self, code: str, text: Any, params: Mapping[str, Any] | None = None) -> Judged:
        return Judged(Action.REFUSE, self.title, problems=[problem(self.headers.get(code, ""), text, params)])

    @property
    def title(self) -> str:
        return next((cell for cell in self.cells.values() if cell), "")


@dataclass
class Judged:
    """What would become of a row. ``values`` is what is written, ``changes`` what people see of it: column, before, after.

    ``subject_id`` is the record that it speaks of, ``level`` how confidential that is, ``party_id`` whose name stands there.
    """

    action: str
    title: str
    subject_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    level: int = 0
    party_id: int | None = None

    def draft(self) -> dict[str, Any]:
        return {
            "full_name": self.title[:300],
            "subject": self.subject_id,
            "values": self.values,
            "changes": [list(change) for change in self.changes],
        }


class Refused(Exception):
    """A row cannot be brought in; the text says why. ``column`` is the code of the one at fault."""

    def __init__(self, message: str, column: str = "") -> None:
        super().__init__(message)
        self.column = column


class Register(ABC):
    """One kind of register. ``code`` names its imports, ``operation`` what the undo log keeps of them."""

    code: ClassVar[str]
    operation: ClassVar[str]
    known_by: ClassVar[Sequence[str]]
    """Columns without which a table is no such register."""

    @abstractmethod
    def headers(self, language: str) -> Mapping[str, str]:
        """How the report calls its columns in that language, by their codes."""

    @abstractmethod
    def judge(self, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> list[Judged]:
        """What would become of each of these rows; writes nothing."""

    @abstractmethod
    def write(self, actor: Actor, subject_id: int | None, values: Mapping[str, Any]) -> None:
        """Bring one row in, in the caller's transaction. Raises Refused."""

    @abstractmethod
    def words(self, code: str, value: Any) -> str:
        """A value of ``Judged.changes`` as people read it."""

    @abstractmethod
    def address(self, subject_id: int) -> str:
        """The page of a record."""

    @abstractmethod
    def note(self) -> str:
        """What is not taken over."""

    def places(self, headers: Sequence[str]) -> dict[str, int] | None:
        """Where its columns stand in a table with these headers; None for a table of another kind."""
        here = {fold(header.strip()): place for place, header in reversed(list(enumerate(headers)))}
        for language, _label in LANGUAGES:
            found = {
                code: here[fold(label)]
                for code, label in self.headers(language).items()
                if fold(label) in here
            }
            if all(code in found for code in self.known_by):
                return found
        return None


def registers() -> dict[str, Register]:
    return {code: make() for code, make in registry.providers(PLACE).items()}


def register_of(run: ImportRun) -> Register | None:
    make = registry.provider(PLACE, run.importer)
    return make() if make is not None else None


def recognised(headers: Sequence[str]) -> Register | None:
    """The register whose columns these are."""
    return next((one for one in registers().values() if one.places(headers) is not None), None)


def zone_of(run: ImportRun) -> dt.tzinfo:
    return zoneinfo.ZoneInfo(run.user.time_zone) if run.user is not None else dt.UTC


def check(actor: Actor, run: ImportRun, register: Register) -> dict[str, int]:
    """Stage every row with what would become of it; returns the counts by action. Raises Unreadable."""
    facts = reading.facts_of(run)
    places = register.places(facts.headers) or {}
    headers = {code: facts.headers[place] for code, place in places.items()}
    found = rows(reading.path_of(run), facts)
    counts: Counter[str] = Counter()
    with transaction.atomic():
        ImportRow.objects.filter(run=run).delete()
        while chunk := list(islice(found, CHUNK)):
            lines = [
                Line(
                    row.number, {code: unguarded(row.cells[place]) for code, place in places.items()}, headers
                )
                for row in chunk
                if row.problem is None
            ]
            judged = {
                line.number: one for line, one in zip(lines, register.judge(actor, run, lines), strict=True)
            }
            staged = [_staged(run, row, judged.get(row.number)) for row in chunk]
            ImportRow.objects.bulk_create(staged)
            counts.update(row.action for row in staged)
            run.confidentiality = max([run.confidentiality, *(one.level for one in judged.values())])
    return dict(counts)


def _staged(run: ImportRun, row: Row, judged: Judged | None) -> ImportRow:
    if judged is None:
        assert row.problem is not None
        judged = Judged(
            Action.REFUSE, next(filter(None, row.cells), ""), problems=[from_reason("", row.problem)]
        )
    return ImportRow(
        run=run,
        number=row.number,
        cells=row.cells if judged.action == Action.REFUSE else [],
        draft=judged.draft(),
        action=judged.action,
        party_id=judged.party_id,
        errors=judged.problems,
    )


def changes(register: Register, draft: Mapping[str, Any], language: str) -> list[Change]:
    """What a staged row would change, in words."""
    labels = register.headers(language)
    return [
        Change(labels[code], register.words(code, before), register.words(code, after))
        for code, before, after in draft.get("changes", ())
    ]


class RegisterPass(Pass[ImportRow]):
    """Brings the rows of a register in, one by one: each under the rules that hold for it."""

    def __init__(self, actor: Actor, run: ImportRun, operation: Operation, register: Register) -> None:
        super().__init__(actor, run)
        self.operation, self.register = operation, register

    def _rows(self, run: ImportRun) -> list[ImportRow]:
        found = ImportRow.objects.filter(run=run, number__gt=run.cursor.get("row", -1))
        return list(found.exclude(action=Action.REFUSE).order_by("number")[:CHUNK])

    def _bring_in(self, rows: list[ImportRow]) -> None:
        for row in rows:
            if row.action in (Action.CREATE, Action.UPDATE):
                with part_of(self.operation):
                    self._one(row)

    def _one(self, row: ImportRow) -> None:
        try:
            with transaction.atomic():
                self.register.write(self.actor, row.draft["subject"], row.draft["values"])
        except Refused as error:
            row.action, row.errors = Action.REFUSE, [problem(error.column, str(error))]
            row.save(update_fields=["action", "errors"])
