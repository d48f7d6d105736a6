"""The grievance register back from a spreadsheet: what was corrected of grievances is changed; none is opened or moved on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor
from enishi.cases.models import Case
from enishi.cases.packs import pack
from enishi.cases.services import CaseError, Conflict, change_case
from enishi.contacts.models import ImportRun
from enishi.contacts.services.importing.registers import Judged, Line, Refused
from enishi.core.text import fold
from enishi.reports.definitions.grievances import KIND, GrievanceRegister
from enishi.reports.services.returning.judging import Judging, Rows, Said, words_of

NOBODY = (gettext_lazy("Anonymous"), gettext_lazy("No contact"))
"""What the register says where it names nobody."""


class GrievanceRows(Rows):
    code, operation = "grievances", "reports.grievances_back"
    definition = GrievanceRegister
    known_by: ClassVar[Sequence[str]] = ("title", "number", "reference")
    fields: ClassVar[Mapping[str, str]] = {
        "title": "title",
        "category": "category",
        "who": "party",
        "owner": "owner",
        "level": "confidentiality",
    }

    def judge(self, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> list[Judged]:
        return _Judging(self, actor, run, lines).all()

    def write(self, actor: Actor, subject_id: int | None, values: Mapping[str, Any]) -> None:
        forbidden = _("You may not change grievances there. Ask whoever looks after them.")
        with self.refusing(CaseError, Conflict, forbidden):
            given = self.people(actor, values)
            if "category" in given:
                given["values"] = {"category": given.pop("category")}
            version = given.pop("version", None)
            change_case(actor, Case.objects.visible_to(actor).get(pk=subject_id or 0), version, **given)

    def words(self, code: str, value: Any) -> str:
        if code == "category" and value:
            return str(pack(KIND).field(code).shown(value))
        return super().words(code, value)

    def address(self, subject_id: int) -> str:
        return reverse("cases:case", args=[subject_id])

    def note(self) -> str:
        return _(
            "Taken over are the words, what it is about, by whom it was raised, owner and confidentiality. Days, stage, appeal and"
            " satisfaction are not: they are written on the page of a grievance. Nothing is taken off by an empty cell but the owner."
        )


class _Judging(Judging):
    pattern: ClassVar[re.Pattern[str]] = re.compile(r"([A-Z]{1,4}-\d{4}-\d{1,9})(?:\.(\d{1,9}))?")

    def __init__(self, rows: Rows, actor: Actor, run: ImportRun, lines: Sequence[Line]) -> None:
        super().__init__(rows, actor, run, lines)
        self.categories = words_of(pack(KIND).field("category").options.items())
        self.nobody = set(words_of([(name, name) for name in NOBODY]))

    def found(self, references: Sequence[str]) -> dict[str, Any]:
        cases = Case.objects.visible_to(self.actor).filter(kind=KIND, number__in=references)
        return {case.number: case for case in cases.select_related("owner", "project")}

    def unknown(self) -> tuple[str, str]:
        return (
            _("This is no reference of a grievance. It looks like G-2026-0012.3."),
            _("There is no such grievance, or you may not see it."),
        )

    def now(self, record: Case) -> dict[str, Said]:
        category = record.values.get("category")
        return {**self.named(record), "category": (category, category)}

    def new(self, line: Line) -> Judged:
        raise Refused(
            _(
                "A grievance is not opened by an import: its clocks begin when somebody opens it. Leave this row out."
            ),
            "reference",
        )

    def who_of(self, cell: str, record: Case) -> Said | None:
        return None if fold(cell) in self.nobody else super().who_of(cell, record)

    def category_of(self, cell: str, _record: Case) -> Said | None:
        if not cell:
            return None
        if fold(cell) not in self.categories:
            raise Refused(_("There is no such kind of grievance. Write it as the register does."), "category")
        return self.categories[fold(cell)], self.categories[fold(cell)]
