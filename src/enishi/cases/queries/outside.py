"""What somebody outside sees of their own case, and of the page on which they raise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from enishi.accounts.models import Project
from enishi.cases.models import Case, CaseDoor, CaseTie, CaseWord, ReportPage
from enishi.cases.packs import Stage
from enishi.commitments.models import Promise


@dataclass(frozen=True)
class Seen:
    """The talk as the other side sees it: their words and ours, our promises, where it is. No names, no notes."""

    case: Case
    words: Sequence[CaseWord]
    promises: Sequence[Promise]
    path: Sequence[tuple[Stage, str]]
    news: bool


def open_page(token: str) -> ReportPage:
    """The page of that token, while it is switched on; raises ReportPage.DoesNotExist."""
    found = ReportPage.objects.select_related("project")
    return found.get(token=token, is_on=True, project__archived_at__isnull=True)


def page_of(project: Project) -> ReportPage | None:
    return ReportPage.objects.filter(project=project).first()


def address_of(page: ReportPage) -> str:
    return reverse("report:page", args=[page.token])


def has_door(case: Case) -> bool:
    return CaseDoor.objects.filter(case=case).exists()


def behind_door(case_id: int) -> Case | None:
    """The case whose number and passphrase somebody gave in this session."""
    found = Case.objects.unscoped("opened with its number and passphrase")
    return found.filter(pk=case_id, door__isnull=False).select_related("project").first()


def seen_from_outside(case: Case) -> Seen:
    """Everything that the one who raised it may see."""
    ties = CaseTie.objects.filter(case=case, kind=CaseTie.Kind.PROMISE).values("subject_id")
    promises = Promise.objects.unscoped("what we promised in this very case").filter(
        pk__in=ties, direction=Promise.Direction.OURS
    )
    return Seen(
        case=case,
        words=list(case.words.exclude(side=CaseWord.Side.NOTE).order_by("at", "id")),
        promises=list(promises.order_by("due_at", "id")),
        path=_path(case),
        news=CaseDoor.objects.filter(case=case, news_to__isnull=False).exists(),
    )


def _path(case: Case) -> list[tuple[Stage, str]]:
    """The stages in their words, without an appeal that was not made."""
    place = case.pack.place(case.stage)
    return [
        (stage, "now" if number == place else "done" if number < place else "next")
        for number, stage in enumerate(case.pack.stages)
        if not stage.optional or case.appealed_at is not None
    ]
