"""What cases keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from enishi.accounts.access import Actor
from enishi.cases.models import Case, CasePause, CaseStep, CaseWord
from enishi.cases.services.following import index_of_party
from enishi.core.formats import counted
from enishi.core.personal import (
    STRUCK,
    Chapter,
    Emptied,
    Fate,
    Hindrance,
    Keeper,
    Subject,
    Table,
    labels_of,
    plain_row,
)

_CASE = (
    "number", "kind", "title", "text", "channel", "place", "happened", "stage", "outcome", "opened_at", "closed_at",
    "satisfaction", "satisfaction_words", "appeal_words", "quote",
)  # fmt: skip


TOLD = (
    "text", "teller_name", "teller_reach", "place", "happened", "root_cause", "outcome", "values",
    "satisfaction_words", "appeal_words", "quote",
)  # fmt: skip
"""What somebody told us: it goes, while the case stays in the figures."""


class CasesKeeper(Keeper):
    """Cases stay and count, by kind and stage; what was told, and the talk about it, goes."""

    code = "cases"
    order = 25
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            Case,
            ("party",),
            Fate.STAYS,
            _("Cases, without what was told"),
            clears=TOLD,
        ),
        Table(CaseWord, ("case__party",), Fate.STAYS, _("Words of cases"), shown=False),
        Table(CasePause, ("case__party",), Fate.STAYS, _("Pauses of cases"), shown=False),
        Table(CaseStep, ("case__party",), Fate.STAYS, _("Steps of cases"), clears=("note",), shown=False),
    )  # fmt: skip

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        every = Case.objects.unscoped("a count of what is left out").filter(party__in=subject.party_ids)
        cases = Case.objects.visible_to(actor).filter(party__in=subject.party_ids).order_by("opened_at", "pk")
        rows = [plain_row(case, _CASE) for case in cases]
        labels = labels_of(Case, _CASE)
        yield Chapter("cases", _("Cases"), rows, labels, every.count() - len(rows), model=Case)

    def prevents(self, actor: Actor, subject: Subject) -> Iterable[Hindrance]:
        running = Case.objects.unscoped("what is not settled, whoever may see it")
        count = running.filter(party__in=subject.party_ids, closed_at__isnull=True).count()
        if count:
            words = ngettext(
                "%(count)s case is still open. Close it first.",
                "%(count)s cases are still open. Close them first.",
                count,
            )
            yield Hindrance(
                words % {"count": counted(count)}, reverse("contacts:party", args=[subject.party_id])
            )

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        mine = Case.objects.unscoped("about somebody who is erased").filter(party__in=subject.party_ids)
        self._cases = list(mine.values_list("pk", flat=True))
        CaseWord.objects.filter(case__in=self._cases).update(text=STRUCK)
        CasePause.objects.filter(case__in=self._cases).update(reason=STRUCK)
        mine.update(title=STRUCK)
        return ()

    def emptied(self) -> Iterable[Emptied]:
        yield Emptied(
            Case, frozenset(self._cases), frozenset({"title", "note", "words", "reason"}), label=True
        )

    def finish(self, subject: Subject) -> None:
        for party_id in subject.party_ids:
            index_of_party(party_id)
