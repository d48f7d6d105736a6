"""The promise register back from a spreadsheet: rows are found by their reference, and what was corrected is changed."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import LANGUAGES
from enishi.commitments.models import Promise
from enishi.commitments.services import CommitmentError, Conflict, change_promise, make_promise
from enishi.contacts.models import ImportRow, ImportRun, Party
from enishi.contacts.services.importing.registers import Judged, Line, Refused, Register, zone_of
from enishi.core import clock
from enishi.core.dates import DateError, parse_date
from enishi.core.fields import CLOSE
from enishi.core.formats import format_date
from enishi.core.personal import STRUCK
from enishi.core.text import clean, fold
from enishi.reports.definitions.promises import PromiseRegister
from enishi.timeline.services import plain

EDIT, IMPORT = "commitments.edit", "contacts.import"
KIND = "reports.promises_back"
_REFERENCE = re.compile(r"[Pp](\d{1,18})(?:\.(\d{1,9}))?")
_FIELDS = {
    "title": "title",
    "side": "direction",
    "who": "party",
    "owner": "owner",
    "due": "due_at",
    "quote": "quote",
    "project": "project",
    "level": "confidentiality",
}
"""What is taken over: columns of the register, and the fields of a promise."""
Action = ImportRow.Action


class PromiseRows(Register):
    code, operation = "promises", KIND
    known_by: ClassVar[Sequence[str]] = ("title", "reference")

    def headers(self, language: str) -> Mapping[str, str]:
        with translation.override(language):
            return {column.code: column.label for column in PromiseRegister.columns()}

    def judge(self, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> list[Judged]:
        return _Judging(actor, run, lines).all()

    def write(self, actor: Actor, subject_id: int | None, values: Mapping[str, Any]) -> None:
        try:
            given = _objects(actor, values)
            if subject_id is None:
                make_promise(actor, **given)
            else:
                version = given.pop("version", None)
                change_promise(actor, Promise.objects.visible_to(actor).get(pk=subject_id), version, **given)
        except CommitmentError as error:
            columns = {field: code for code, field in _FIELDS.items()}
            raise Refused(str(error), self._header(columns.get(error.field, ""))) from None
        except Conflict:
            raise Refused(_changed_since(), self._header("reference")) from None
        except Forbidden:
            raise Refused(_("You may not change promises there. Ask whoever looks after them.")) from None
        except models.ObjectDoesNotExist:
            raise Refused(_("What this row speaks of is no longer there.")) from None

    def _header(self, code: str) -> str:
        return self.headers(get_language() or "en").get(code, "")

    def words(self, code: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        if code == "side":
            return str(Promise.Direction(value).label)
        if code == "level":
            return str(Level(value).label)
        if code == "due":
            return format_date(dt.date.fromisoformat(value), get_language() or "en", today=clock.today())
        return str(value)

    def address(self, subject_id: int) -> str:
        return reverse("commitments:promise", args=[subject_id])

    def note(self) -> str:
        return _(
            "Taken over are the words, who owes, to or from whom, owner, date, project and confidentiality. When it was made, its state"
            " and its proofs are not: settle a promise on its own page. Somebody is never taken off by an empty cell."
        )


def _changed_since() -> str:
    return _(
        "It was changed since this file was made. Make the register anew, or take the point and what follows off the reference, so"
        " that the file counts."
    )


def _objects(actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Staged values as the service takes them, within what the actor may see by now."""
    found = dict(values)
    if found.get("party"):
        found["party"] = Party.objects.visible_to(actor).present().get(pk=found["party"])
    if found.get("owner"):
        found["owner"] = accounts.users().get(pk=found["owner"])
    if "project" in found:
        found["project"] = accounts.project(actor, found["project"], EDIT)
    if found.get("due_at"):
        found["due_at"] = dt.datetime.fromisoformat(found["due_at"])
    return found


class _Try(Exception):
    """What was tried is taken back."""


class _Judging:
    """One chunk of rows, with everything that it names looked up at once."""

    def __init__(self, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> None:
        self.actor, self.run, self.lines, self.zone = actor, run, lines, zone_of(run)
        self.projects = _by_name(accounts.projects(actor, EDIT), lambda one: [one.name])
        self.users = _by_name(accounts.users(), lambda one: [one.name, one.email])
        self.sides, self.levels = _words(Promise.Direction.choices), _words(Level.choices)
        numbers = [int(found[1]) for line in lines if (found := _reference(line))]
        promises = Promise.objects.visible_to(actor).select_related("owner", "project")
        self.promises = promises.in_bulk(numbers)
        self.people: dict[str, list[Party]] = defaultdict(list)
        names = {line.cells.get("who", "") for line in lines}
        for party in Party.objects.visible_to(actor).present().filter(full_name__in=names):
            self.people[party.full_name].append(party)
        self.met: set[int] = set()
        own = {one.party_id for one in self.promises.values() if one.party_id}
        shown = Party.objects.visible_to(actor).filter(pk__in=own)
        self.names: dict[int | None, str] = dict(shown.values_list("pk", "full_name"))
        same = promises.filter(title__in={_line(line.cells.get("title", "")) for line in lines})
        self.same = {self._key(one.title, one.direction, one.project_id, one.due_at): one for one in same}

    def all(self) -> list[Judged]:
        return [self._one(line) for line in self.lines]

    def _one(self, line: Line) -> Judged:
        try:
            judged = self._known(line) if line.cells.get("reference", "").strip() else self._new(line)
        except Refused as error:
            judged = line.refused(error.column, str(error))
        judged.party_id = judged.values.get("party") or self._named_in(line)
        return judged

    def _named_in(self, line: Line) -> int | None:
        """Whose name stands in the row, so that an erasure finds the file."""
        found = _reference(line)
        promise = self.promises.get(int(found[1])) if found else None
        if promise is not None:
            return promise.party_id
        return next((party.pk for party in self.people.get(line.cells.get("who", "").strip(), ())), None)

    def _known(self, line: Line) -> Judged:
        found = _reference(line)
        if found is None:
            raise Refused(
                _("This is no reference of a promise. It looks like P12.3; leave it empty for a new one."),
                "reference",
            )
        promise = self.promises.get(int(found[1]))
        if promise is None:
            raise Refused(
                _("There is no such promise, or you may not see it. Leave the cell empty for a new one."),
                "reference",
            )
        if promise.pk in self.met:
            raise Refused(_("A row above speaks of the same promise. Keep one of them."), "reference")
        self.met.add(promise.pk)
        wanted = self._wanted(line, promise)
        now = self._now(promise)
        values = {_FIELDS[code]: value for code, (value, _shown) in wanted.items() if value != now[code][0]}
        changes = [
            (code, now[code][1], shown) for code, (value, shown) in wanted.items() if value != now[code][0]
        ]
        if not values:
            return Judged(Action.SAME, promise.title, promise.pk, level=promise.confidentiality)
        if found[2] is not None:
            if int(found[2]) != promise.version:
                raise Refused(_changed_since(), "reference")
            values["version"] = promise.version
        return self._tried(line, Judged(Action.UPDATE, promise.title, promise.pk, values, changes))

    def _new(self, line: Line) -> Judged:
        wanted = self._wanted(line, None)
        if not wanted.get("title", ("", ""))[0]:
            raise Refused(_("Say in a few words what it is about."), "title")
        wanted.setdefault("side", (Promise.Direction.OURS.value, Promise.Direction.OURS.value))
        wanted.setdefault("project", (self.run.project_id, self.run.project.name))
        values = {_FIELDS[code]: value for code, (value, _shown) in wanted.items() if value not in (None, "")}
        due = dt.datetime.fromisoformat(values["due_at"]) if "due_at" in values else None
        same = self.same.get(self._key(values["title"], values["direction"], values["project"], due))
        if same is not None:
            return Judged(Action.SAME, same.title, same.pk, level=same.confidentiality)
        changes = [(code, None, shown) for code, (value, shown) in wanted.items() if value not in (None, "")]
        return self._tried(line, Judged(Action.CREATE, values["title"], None, values, changes))

    def _tried(self, line: Line, judged: Judged) -> Judged:
        """What the services would say to it: tried, and taken back at once."""
        try:
            with transaction.atomic():
                PromiseRows().write(self.actor, judged.subject_id, judged.values)
                raise _Try
        except _Try:
            judged.level = max(judged.values.get("confidentiality", 0), self._floor(judged.subject_id))
        except Refused as error:
            return line.refused("", str(error))
        if judged.level > self.actor.clearance(IMPORT, [self.run.project_id]):
            raise Refused(_("It is more confidential than what you may import. Change it on its own page."))
        return judged

    def _floor(self, subject_id: int | None) -> int:
        return self.promises[subject_id].confidentiality if subject_id else 0

    def _key(self, title: str, side: str, project_id: int, due: dt.datetime | None) -> tuple[Any, ...]:
        return fold(title), side, project_id, due.astimezone(self.zone).date() if due else None

    def _now(self, promise: Promise) -> dict[str, tuple[Any, Any]]:
        """What stands there: as it is written, and as it is shown."""
        due = promise.due_at
        return {
            "title": (promise.title, promise.title),
            "side": (promise.direction, promise.direction),
            "who": (promise.party_id, self.names.get(promise.party_id, "")),
            "owner": (promise.owner_id, promise.owner.name if promise.owner else ""),
            "due": (plain(due), due.astimezone(self.zone).date().isoformat() if due else None),
            "quote": (_text(promise.quote), promise.quote),
            "project": (promise.project_id, promise.project.name),
            "level": (promise.confidentiality, promise.confidentiality),
        }

    def _wanted(self, line: Line, promise: Promise | None) -> dict[str, tuple[Any, Any]]:
        """What the row says, column by column: what would be written, and how it is shown. Raises Refused."""
        found: dict[str, tuple[Any, Any]] = {}
        for code, cell in line.cells.items():
            if code not in _FIELDS or STRUCK in cell:
                continue
            said = getattr(self, f"_{code}")(cell.strip(), promise)
            if said is not None:
                found[code] = said
        return found

    def _title(self, cell: str, _promise: Promise | None) -> tuple[Any, Any]:
        if not _line(cell):
            raise Refused(_("Say in a few words what it is about."), "title")
        return _line(cell), _line(cell)

    def _quote(self, cell: str, _promise: Promise | None) -> tuple[Any, Any]:
        return _text(cell), cell

    def _side(self, cell: str, _promise: Promise | None) -> tuple[Any, Any] | None:
        if not cell:
            return None
        if fold(cell) not in self.sides:
            raise Refused(_("Write “We owe” or “They owe us”."), "side")
        return self.sides[fold(cell)], self.sides[fold(cell)]

    def _level(self, cell: str, _promise: Promise | None) -> tuple[Any, Any] | None:
        if not cell:
            return None
        if fold(cell) not in self.levels:
            names = ", ".join(str(label) for _value, label in Level.choices)
            raise Refused(_("There is no such level. There are: %(names)s") % {"names": names}, "level")
        return self.levels[fold(cell)], self.levels[fold(cell)]

    def _project(self, cell: str, promise: Promise | None) -> tuple[Any, Any] | None:
        if not cell or (promise is not None and fold(cell) == fold(promise.project.name)):
            return None
        project = self._only(self.projects.get(fold(cell), []), "project")
        return project.pk, project.name

    def _owner(self, cell: str, promise: Promise | None) -> tuple[Any, Any] | None:
        if promise is not None and promise.owner is not None and fold(cell) == fold(promise.owner.name):
            return None
        if not cell:
            return None, ""
        user = self._only(self.users.get(fold(cell), []), "owner")
        return user.pk, user.name

    def _who(self, cell: str, promise: Promise | None) -> tuple[Any, Any] | None:
        if not cell or (promise is not None and cell == self.names.get(promise.party_id)):
            return None
        party = self._only(self.people.get(cell, []), "who")
        return party.pk, party.full_name

    @staticmethod
    def _only(found: Sequence[Any], code: str) -> Any:
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused(_("Several bear this name. Change it on the page of the promise."), code)
        raise Refused(
            _("There is nobody and nothing by this name that you may use here. Check the spelling."), code
        )

    def _due(self, cell: str, promise: Promise | None) -> tuple[Any, Any]:
        if not cell:
            return None, None
        try:
            day = parse_date(cell)
        except DateError as error:
            raise Refused(str(error), "due") from None
        before = promise.due_at.astimezone(self.zone) if promise is not None and promise.due_at else None
        time = before.time() if before else dt.time(CLOSE)
        return plain(dt.datetime.combine(day, time, tzinfo=self.zone)), day.isoformat()


def _reference(line: Line) -> re.Match[str] | None:
    return _REFERENCE.fullmatch(clean(line.cells.get("reference", "")).strip())


def _line(cell: str) -> str:
    return " ".join(clean(cell).split())


def _text(cell: str) -> str:
    return clean(cell).replace("\r\n", "\n").strip()


def _words(choices: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """The codes of choices by their labels in every language."""
    found: dict[str, Any] = {}
    for language, _label in LANGUAGES:
        with translation.override(language):
            found |= {fold(str(label)): value for value, label in choices}
    return found


def _by_name(rows: Iterable[Any], names: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for name in dict.fromkeys(fold(name) for name in names(row) if name):
            found[name].append(row)
    return found
