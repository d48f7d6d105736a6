"""The promise register back from a spreadsheet: rows are found by their reference, and what was corrected is changed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.commitments.models import Promise
from enishi.commitments.services import CommitmentError, Conflict, change_promise, make_promise
from enishi.contacts.models import ImportRun
from enishi.contacts.services.importing.registers import Judged, Line, Refused
from enishi.core import clock
from enishi.core.dates import DateError, parse_date
from enishi.core.fields import CLOSE
from enishi.core.formats import format_date
from enishi.core.money import parse_money
from enishi.core.normalise.typed import Unusable
from enishi.core.text import ascii_digits, clean, fold
from enishi.reports.definitions.promises import PromiseRegister
from enishi.reports.services.returning.judging import Action, Judging, Rows, Said, by_name, only, words_of
from enishi.timeline.services import plain

EDIT = "commitments.edit"
Side = Promise.Direction


class PromiseRows(Rows):
    code, operation = "promises", "reports.promises_back"
    definition = PromiseRegister
    known_by: ClassVar[Sequence[str]] = ("title", "side", "reference")
    fields: ClassVar[Mapping[str, str]] = {
        "title": "title",
        "side": "direction",
        "who": "party",
        "owner": "owner",
        "due": "due_at",
        "quote": "quote",
        "amount": "money",
        "purpose": "purpose",
        "for_people": "for_people",
        "project": "project",
        "level": "confidentiality",
    }

    def judge(self, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> list[Judged]:
        return _Judging(self, actor, run, lines).all()

    def write(self, actor: Actor, subject_id: int | None, values: Mapping[str, Any]) -> None:
        forbidden = _("You may not change promises there. Ask whoever looks after them.")
        with self.refusing(CommitmentError, Conflict, forbidden):
            given = self.people(actor, values)
            if "project" in given:
                given["project"] = accounts.project(actor, given["project"], EDIT)
            if given.get("due_at"):
                given["due_at"] = dt.datetime.fromisoformat(given["due_at"])
            if given.get("money"):
                given["money"] = parse_money(given["money"])
            if subject_id is None:
                make_promise(actor, **given)
            else:
                version = given.pop("version", None)
                change_promise(actor, Promise.objects.visible_to(actor).get(pk=subject_id), version, **given)

    def words(self, code: str, value: Any) -> str:
        if code == "side" and value:
            return str(Side(value).label)
        if code == "purpose" and value:
            return str(Promise.Purpose(value).label)
        if code == "due" and value:
            return format_date(dt.date.fromisoformat(value), get_language() or "en", today=clock.today())
        return super().words(code, value)

    def address(self, subject_id: int) -> str:
        return reverse("commitments:promise", args=[subject_id])

    def note(self) -> str:
        return _(
            "Taken over are the words, who owes, to or from whom, owner, date, amount, what it is for, project and confidentiality. When it was made, its state"
            " and its proofs are not: settle a promise on its own page. Somebody is never taken off by an empty cell."
        )


class _Judging(Judging):
    pattern: ClassVar[re.Pattern[str]] = re.compile(r"[Pp](\d{1,18})(?:\.(\d{1,9}))?")

    def __init__(self, rows: Rows, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> None:
        super().__init__(rows, actor, run, lines)
        self.projects = by_name(accounts.projects(actor, EDIT), lambda one: [one.name])
        self.sides = words_of(Side.choices)
        self.purposes = words_of(Promise.Purpose.choices)
        titles = {line.cells.get("title", "").strip() for line in lines}
        same = Promise.objects.visible_to(actor).filter(title__in=titles)
        self.same = {self._key(one.title, one.direction, one.project_id, one.due_at): one for one in same}

    def found(self, references: Sequence[str]) -> dict[str, Any]:
        promises = Promise.objects.visible_to(self.actor).select_related("owner", "project")
        there = promises.in_bulk([int(number) for number in references])
        return {number: there[int(number)] for number in references if int(number) in there}

    def unknown(self) -> tuple[str, str]:
        return (
            _("This is no reference of a promise. It looks like P12.3; leave it empty for a new one."),
            _("There is no such promise, or you may not see it. Leave the cell empty for a new one."),
        )

    def now(self, record: Promise) -> dict[str, Said]:
        due = record.due_at
        return {
            **self.named(record),
            "side": (record.direction, record.direction),
            "due": (plain(due), due.astimezone(self.zone).date().isoformat() if due else None),
            "quote": (_text(record.quote), record.quote),
            "amount": _twice(str(record.money or "")),
            "purpose": _twice(record.purpose),
            "for_people": _twice(record.for_people),
            "project": (record.project_id, record.project.name),
        }

    def new(self, line: Line) -> Judged:
        wanted = self.wanted(line, None)
        if "title" not in wanted:
            raise Refused(_("Say in a few words what it is about."), "title")
        wanted.setdefault("side", (Side.OURS.value, Side.OURS.value))
        wanted.setdefault("project", (self.run.project_id, self.run.project.name))
        given = {code: said for code, said in wanted.items() if said[0] not in (None, "")}
        values = {self.rows.fields[code]: value for code, (value, _shown) in given.items()}
        due = dt.datetime.fromisoformat(values["due_at"]) if "due_at" in values else None
        same = self.same.get(self._key(values["title"], values["direction"], values["project"], due))
        if same is not None:
            return Judged(Action.SAME, same.title, same.pk, level=same.confidentiality)
        changes = [(code, None, shown) for code, (_value, shown) in given.items()]
        return self.tried(line, Judged(Action.CREATE, values["title"], None, values, changes))

    def _key(self, title: str, side: str, project_id: int, due: dt.datetime | None) -> tuple[Any, ...]:
        return title, side, project_id, due.astimezone(self.zone).date() if due else None

    def quote_of(self, cell: str, _record: Promise | None) -> Said:
        return _text(cell), cell

    def amount_of(self, cell: str, _record: Promise | None) -> Said:
        if not cell:
            return _twice("")
        try:
            return _twice(str(parse_money(cell)))
        except Unusable as error:
            raise Refused(str(error), "amount") from None

    def purpose_of(self, cell: str, _record: Promise | None) -> Said:
        if cell and fold(cell) not in self.purposes:
            names = ", ".join(str(label) for label in Promise.Purpose.labels)
            raise Refused(_("There is no such purpose. There are: %(names)s") % {"names": names}, "purpose")
        return _twice(self.purposes[fold(cell)] if cell else "")

    def for_people_of(self, cell: str, _record: Promise | None) -> Said:
        number = ascii_digits(cell).replace(",", "")
        if number and (not number.isdecimal() or not 0 < int(number) <= Promise.MOST_PEOPLE):
            raise Refused(_("Write how many people in digits, or leave it empty."), "for_people")
        return _twice(int(number) if number else None)

    def side_of(self, cell: str, _record: Promise | None) -> Said | None:
        if not cell:
            return None
        if fold(cell) not in self.sides:
            raise Refused(_("Write “We owe” or “They owe us”."), "side")
        return self.sides[fold(cell)], self.sides[fold(cell)]

    def project_of(self, cell: str, record: Promise | None) -> Said | None:
        if not cell or (record is not None and fold(cell) == fold(record.project.name)):
            return None
        project = only(self.projects.get(fold(cell), []), "project")
        return project.pk, project.name

    def due_of(self, cell: str, record: Promise | None) -> Said:
        if not cell:
            return None, None
        try:
            day = parse_date(cell)
        except DateError as error:
            raise Refused(str(error), "due") from None
        before = record.due_at.astimezone(self.zone) if record is not None and record.due_at else None
        time = before.time() if before else dt.time(CLOSE)
        return plain(dt.datetime.combine(day, time, tzinfo=self.zone)), day.isoformat()


def _twice(value: Any) -> Said:
    return value, value


def _text(cell: str) -> str:
    return clean(cell).replace("\r\n", "\n").strip()
