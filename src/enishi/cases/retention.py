"""Closed cases as something that grows old, and what open ones still need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.expressions import Exists
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.cases.models import Case, CaseDoor, CasePause, CaseStep, CaseTie, CaseWord
from enishi.cases.packs import packs
from enishi.cases.personal import TOLD
from enishi.cases.services.rules import address, findable
from enishi.content.models import File
from enishi.content.personal import FILE_WORDS, remove_files
from enishi.core.personal import STRUCK, Emptied
from enishi.privacy.queries import held_parties
from enishi.privacy.retention import Aging, Gone, Line, Wanted
from enishi.search.services import index

_WHY = "chosen by a rule within the rights of its worker"


class OldCases(Aging):
    """Closed cases, of one kind or of all. They stay as numbers with kind, stage, times and satisfaction."""

    code, label, icon, order = "cases", _("Closed cases"), "clipboard-text", 30
    since = _("after they were closed")
    rights = ("cases.view", "cases.manage")
    deeds: ClassVar[dict[str, Any]] = {
        "now": _("What was told, the talk and its files go for good at once; the figures stay")
    }
    model = Case

    def parts(self) -> Sequence[tuple[str, Any]]:
        return [(pack.code, str(pack.plural)) for pack in packs().values()]

    def present(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        found = Case.objects.visible_to(actor).filter(self.within(wanted), closed_at__isnull=False)
        if wanted.part:
            found = found.filter(kind=wanted.part)
        return found.annotate(aged_at=F("closed_at"))

    def held(self) -> Q:
        return Q(party__in=held_parties())

    def lines(self, found: QuerySet[Any]) -> list[Line]:
        return [Line(one.pk, str(one), address(one), one.closed_at, one.confidentiality) for one in found]

    def end(self, actor: Actor, ids: Sequence[int]) -> Gone:
        rows = Case.objects.unscoped(_WHY).filter(pk__in=list(ids))
        files = _own_files(ids)
        hashes = remove_files(files)
        CaseWord.objects.filter(case__in=list(ids)).update(text=STRUCK)
        CaseStep.objects.filter(case__in=list(ids)).update(note="")
        CasePause.objects.filter(case__in=list(ids)).update(reason=STRUCK)
        CaseDoor.objects.filter(case__in=list(ids)).delete()
        nothing = {name: {} if name == "values" else "" for name in TOLD}
        rows.update(**nothing, title=STRUCK)
        index([findable(case) for case in rows.select_related("party", "project").prefetch_related("words")])
        columns = frozenset({*TOLD, "title", "note", "words", "reason", "what", "person", *_own_columns()})
        return Gone(
            set(ids),
            [
                Emptied(Case, frozenset(ids), columns, label=True),
                Emptied(File, frozenset(files), frozenset(FILE_WORDS), label=True),
            ],
            hashes,
        )


def _own_columns() -> set[str]:
    """Own fields stand in the history each under its own name."""
    return {field.code for pack in packs().values() for field in pack.fields}


def _own_files(ids: Sequence[int]) -> list[int]:
    """Files that came with these cases and belong to no other."""
    ties = CaseTie.objects.filter(kind=CaseTie.Kind.FILE)
    here = ties.filter(case__in=list(ids)).values("subject_id")
    elsewhere = ties.exclude(case__in=list(ids)).filter(subject_id=OuterRef("pk"))
    found = File.objects.unscoped(_WHY).filter(~Exists(elsewhere), pk__in=here, attachment=True)
    return list(found.values_list("pk", flat=True))


def needed_by_cases(label: str) -> list[QuerySet[Any, Any]]:
    """What an open case hangs on is not old, whatever its age."""
    running = Case.objects.unscoped("what is still needed, whoever may see it").filter(closed_at__isnull=True)
    if label == "contacts.party":
        return [running.filter(party__isnull=False).values("party")]
    kinds = {"conversations.interaction": CaseTie.Kind.CONVERSATION, "content.file": CaseTie.Kind.FILE}
    if label not in kinds:
        return []
    return [CaseTie.objects.filter(kind=kinds[label], case__in=running).values("subject_id")]
