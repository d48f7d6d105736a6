"""What the rows of a corrected register say, and what would become of them: what all registers have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import ImportRow, ImportRun, Party
from enishi.contacts.services.importing.registers import Judged, Line, Refused, Register, zone_of
from enishi.core.personal import STRUCK
from enishi.core.text import clean, fold
from enishi.reports.definitions.grievances import GrievanceRegister
from enishi.reports.definitions.promises import PromiseRegister

IMPORT = "contacts.import"
Action = ImportRow.Action
Said = tuple[Any, Any]
"""What a cell says: as it is written, and as it is shown."""


def changed_since() -> str:
    return _(
        "It was changed since this file was made. Make the register anew, or take the point and what follows off the reference, so"
        " that the file counts."
    )


class Rows(Register):
    """A register of ours. ``fields`` are the columns that are taken over, with the fields of a record."""

    fields: ClassVar[Mapping[str, str]]
    definition: ClassVar[type[PromiseRegister | GrievanceRegister]]

    def headers(self, language: str) -> Mapping[str, str]:
        with translation.override(language):
            return {column.code: column.label for column in self.definition.columns()}

    def words(self, code: str, value: Any) -> str:
        if code == "level" and value is not None:
            return str(Level(value).label)
        return "" if value is None else str(value)

    def header(self, code: str) -> str:
        return self.headers(get_language() or "en").get(code, "")

    @contextmanager
    def refusing(self, error: type[Exception], conflict: type[Exception], forbidden: str) -> Iterator[None]:
        """Say in words, and at the column, what the services refuse."""
        try:
            yield
        except error as refused:
            columns = {field: code for code, field in self.fields.items()}
            raise Refused(
                str(refused),
                self.header(columns.get(getattr(refused, "field", "").removeprefix("values."), "")),
            ) from None
        except conflict:
            raise Refused(changed_since(), self.header("reference")) from None
        except Forbidden:
            raise Refused(forbidden) from None
        except models.ObjectDoesNotExist:
            raise Refused(_("What this row speaks of is no longer there.")) from None

    @staticmethod
    def people(actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
        """Staged values with the people of now in place of their numbers, within what the actor may see."""
        found = dict(values)
        if found.get("party"):
            found["party"] = Party.objects.visible_to(actor).present().get(pk=found["party"])
        if found.get("owner"):
            found["owner"] = accounts.users().get(pk=found["owner"])
        return found


class _Try(Exception):
    """What was tried is taken back."""


class Judging(ABC):
    """One chunk of rows, with everything that it names looked up at once.

    A column is read by the method of its name: it gives what the cell says, or None where that changes nothing.
    """

    def __init__(self, rows: Rows, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> None:
        self.rows, self.actor, self.run, self.lines, self.zone = rows, actor, run, lines, zone_of(run)
        self.users = by_name(accounts.users(), lambda one: [one.name, one.email])
        self.levels = words_of(Level.choices)
        self.records = self.found([reference[1] for line in lines if (reference := self.reference(line))])
        self.people: dict[str, list[Party]] = defaultdict(list)
        names = {line.cells.get("who", "").strip() for line in lines}
        for party in Party.objects.visible_to(actor).present().filter(full_name__in=names):
            self.people[party.full_name].append(party)
        own = {one.party_id for one in self.records.values() if one.party_id}
        shown = Party.objects.visible_to(actor).filter(pk__in=own)
        self.names: dict[int | None, str] = dict(shown.values_list("pk", "full_name"))
        self.met: set[int] = set()

    pattern: ClassVar[re.Pattern[str]]
    """A reference: which record, and behind a point in which version."""

    @abstractmethod
    def found(self, references: Sequence[str]) -> dict[str, Any]:
        """The records of these references that the actor may see."""

    @abstractmethod
    def now(self, record: Any) -> dict[str, Said]:
        """What stands in a record, column by column."""

    @abstractmethod
    def new(self, line: Line) -> Judged:
        """A row without a reference. Raises Refused."""

    @abstractmethod
    def unknown(self) -> tuple[str, str]:
        """What is said to something that is no reference, and to one of which nothing is known."""

    def all(self) -> list[Judged]:
        return [self._one(line) for line in self.lines]

    def reference(self, line: Line) -> re.Match[str] | None:
        return self.pattern.fullmatch(clean(line.cells.get("reference", "")).strip())

    def _one(self, line: Line) -> Judged:
        try:
            judged = self._known(line) if line.cells.get("reference", "").strip() else self.new(line)
        except Refused as error:
            judged = line.refused(error.column, str(error))
        judged.party_id = judged.values.get("party") or self._named_in(line)
        return judged

    def _named_in(self, line: Line) -> int | None:
        """Whose name stands in the row, so that an erasure finds the file."""
        found = self.reference(line)
        record = self.records.get(found[1]) if found else None
        if record is not None:
            party_id: int | None = record.party_id
            return party_id
        return next((party.pk for party in self.people.get(line.cells.get("who", "").strip(), ())), None)

    def _known(self, line: Line) -> Judged:
        found = self.reference(line)
        if found is None:
            raise Refused(self.unknown()[0], "reference")
        record = self.records.get(found[1])
        if record is None:
            raise Refused(self.unknown()[1], "reference")
        if record.pk in self.met:
            raise Refused(_("A row above has the same reference. Keep one of them."), "reference")
        self.met.add(record.pk)
        self._within(record.confidentiality)
        now = self.now(record)
        wanted = {code: said for code, said in self.wanted(line, record).items() if said[0] != now[code][0]}
        if not wanted:
            return Judged(Action.SAME, record.title, record.pk, level=record.confidentiality)
        values = {self.rows.fields[code]: value for code, (value, _shown) in wanted.items()}
        changes = [(code, now[code][1], shown) for code, (_value, shown) in wanted.items()]
        if found[2] is not None:
            if int(found[2]) != record.version:
                raise Refused(changed_since(), "reference")
            values["version"] = record.version
        return self.tried(
            line,
            Judged(Action.UPDATE, record.title, record.pk, values, changes, level=record.confidentiality),
        )

    def tried(self, line: Line, judged: Judged) -> Judged:
        """What the services would say to it: tried, and taken back at once."""
        try:
            with transaction.atomic():
                self.rows.write(self.actor, judged.subject_id, judged.values)
                raise _Try
        except _Try:
            judged.level = max(judged.level, judged.values.get("confidentiality", 0))
        except Refused as error:
            refused = line.refused("", str(error))
            refused.problems[0]["column"] = error.column
            return refused
        self._within(judged.level)
        return judged

    def _within(self, level: int) -> None:
        """The import tells of its rows, so none of them is beyond what whoever imports may read of imports."""
        if level > self.actor.clearance(IMPORT, [self.run.project_id]):
            raise Refused(_("It is more confidential than what you may import. Change it on its own page."))

    def wanted(self, line: Line, record: Any) -> dict[str, Said]:
        """What the row says, column by column; nothing where a name was erased. Raises Refused."""
        found: dict[str, Said] = {}
        for code, cell in line.cells.items():
            if code in self.rows.fields and STRUCK not in cell:
                said: Said | None = getattr(self, f"{code}_of")(cell.strip(), record)
                if said is not None:
                    found[code] = said
        return found

    def title_of(self, cell: str, _record: Any) -> Said:
        if not one_line(cell):
            raise Refused(_("Say in a few words what it is about."), "title")
        return one_line(cell), one_line(cell)

    def level_of(self, cell: str, _record: Any) -> Said | None:
        if not cell:
            return None
        if fold(cell) not in self.levels:
            names = ", ".join(str(label) for _value, label in Level.choices)
            raise Refused(_("There is no such level. There are: %(names)s") % {"names": names}, "level")
        return self.levels[fold(cell)], self.levels[fold(cell)]

    def owner_of(self, cell: str, record: Any) -> Said | None:
        if record is not None and record.owner is not None and fold(cell) == fold(record.owner.name):
            return None
        if not cell:
            return None, ""
        user = only(self.users.get(fold(cell), []), "owner")
        return user.pk, user.name

    def who_of(self, cell: str, record: Any) -> Said | None:
        if not cell or (record is not None and cell == self.names.get(record.party_id)):
            return None
        party = only(self.people.get(cell, []), "who")
        return party.pk, party.full_name

    def named(self, record: Any) -> dict[str, Said]:
        """Title, people and level of a record, as every register has them."""
        return {
            "title": (record.title, record.title),
            "who": (record.party_id, self.names.get(record.party_id, "")),
            "owner": (record.owner_id, record.owner.name if record.owner else ""),
            "level": (record.confidentiality, record.confidentiality),
        }


def only(found: Sequence[Any], code: str) -> Any:
    """The one that was meant. Raises Refused where there are several, or none."""
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(_("Several bear this name. Change it on its own page."), code)
    raise Refused(
        _("There is nobody and nothing by this name that you may use here. Check the spelling."), code
    )


def one_line(cell: str) -> str:
    return " ".join(clean(cell).split())


def words_of(choices: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """The codes of choices by their labels in every language."""
    found: dict[str, Any] = {}
    for language, _label in LANGUAGES:
        with translation.override(language):
            found |= {fold(str(label)): value for value, label in choices}
    return found


def by_name(rows: Iterable[Any], names: Callable[[Any], list[str]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for name in dict.fromkeys(fold(name) for name in names(row) if name):
            found[name].append(row)
    return found
