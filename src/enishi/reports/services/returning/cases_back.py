"""Taking back what a corrected grievance register brought in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.cases import signals
from enishi.cases.models import Case
from enishi.cases.packs import pack
from enishi.cases.services import EDIT, CaseError, change_case
from enishi.contacts.models import Party
from enishi.reports.definitions.grievances import KIND
from enishi.reports.services.returning.back import Back, UndoRows
from enishi.timeline.models import Entry, Operation


class UndoGrievancesBack(UndoRows):
    people: ClassVar[Mapping[str, type[Party] | type[User]]] = {"party": Party, "owner": User}

    def backs(self, actor: Actor, operation: Operation, *, lock: bool = False) -> Iterator[Back]:
        entries = Entry.objects.unscoped("the operation's own").filter(
            operation=operation, subject_type=Case._meta.label_lower, event=signals.case_changed.code
        )
        found = list(entries.order_by("-pk"))
        cases = Case.objects.visible_to(actor).select_related("project", "party", "owner")
        if lock:
            cases = cases.select_for_update(no_key=True, of=("self",))
        there = cases.in_bulk([entry.subject_id for entry in found])
        for entry in found:
            case = there.get(entry.subject_id)
            if case is not None and actor.may(EDIT, case):
                back = Back(case, entry)
                for column, pair in _changed(entry).items():
                    back.compare(column, pair, self.now(case, column))
                yield back

    def put_back(self, actor: Actor, back: Back, wanted: Mapping[str, Any]) -> bool:
        """What the rules of today no longer allow (an owner without the right) stays as it is."""
        values = dict(wanted)
        if "category" in values:
            values["values"] = {"category": values.pop("category")}
        if values.get("party"):
            values["party"] = Party.objects.visible_to(actor).filter(pk=values["party"]).first()
        if values.get("owner"):
            values["owner"] = accounts.users().filter(pk=values["owner"]).first()
        try:
            with transaction.atomic():
                change_case(actor, back.record, **values)
        except CaseError:
            return False
        return True

    def address(self, record: Any) -> str:
        return reverse("cases:case", args=[record.pk])

    def label(self, column: str) -> str:
        if column == "category":
            return str(pack(KIND).field(column).label)
        return str(getattr(Case._meta.get_field(column), "verbose_name", column))

    def now(self, record: Any, column: str) -> Any:
        if column in self.people:
            return getattr(record, f"{column}_id")
        return record.values.get("category") if column == "category" else getattr(record, column)

    def shown(self, column: str, value: Any) -> str:
        if value is None:
            return ""
        if column == "category":
            return str(pack(KIND).field(column).shown(value))
        if column in self.people:
            return str(self.people[column]._base_manager.filter(pk=value).first() or "")
        return str(Level(value).label) if column == "confidentiality" else str(value)


def _changed(entry: Entry) -> dict[str, Any]:
    """What an entry changed, by the names by which a case is changed."""
    found = {
        name: pair for name, pair in entry.changes.items() if name in ("title", "category", "confidentiality")
    }
    ids = entry.data.get("_ids", {})
    return {**found, **{column.removesuffix("_id"): pair for column, pair in ids.items()}}
