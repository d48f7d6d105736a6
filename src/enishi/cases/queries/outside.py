"""What somebody outside sees of their own case, and of the page on which they raise it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.cases.models import Case, CaseDoor, CaseTie, CaseUnmasking, CaseWord, ReportPage
from enishi.cases.packs import Stage
from enishi.commitments.models import Promise
from enishi.core import clock


@dataclass(frozen=True)
class Seen:
    """The talk as the other side sees it: their words and ours, our promises, where it is. No names, no notes."""

    case: Case
    words: Sequence[CaseWord]
    promises: Sequence[Promise]
    path: Sequence[tuple[Stage, str]]
    news: bool
    opened_at: dt.datetime | None = None
    """When two people here agreed to open the address."""
    may_be_opened: bool = False
    """The words under which the kept address was left."""


@dataclass(frozen=True)
class Unmasking:
    """What whoever holds the right sees of the address of somebody anonymous: never the address."""

    last: CaseUnmasking | None
    can_be_asked: bool
    open_to_me: bool


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


def may_be_opened(project_id: int) -> bool:
    """Whether an address that is left now may be opened by two people together."""
    return ReportPage.objects.filter(project=project_id, may_be_opened=True).exists()


def unmasking(actor: Actor, case: Case) -> Unmasking | None:
    """The latest word on opening the address; None where there is nothing to open and never was."""
    asked = CaseUnmasking.objects.filter(case=case).select_related("asked_by", "answered_by")
    last = asked.order_by("-pk").first()
    kept = CaseDoor.objects.filter(case=case, news_to__isnull=False, may_be_opened=True).exists()
    if last is None and not kept:
        return None
    now = clock.now()
    is_open = bool(kept and last and last.shown_until and last.shown_until > now)
    two = (last.asked_by_id, last.answered_by_id) if last else ()
    waiting = bool(last and last.state == CaseUnmasking.State.ASKED and last.answer_by > now)
    return Unmasking(
        last=last,
        can_be_asked=kept and not waiting,
        open_to_me=is_open and actor.own_id in two,
    )


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
    door = CaseDoor.objects.filter(case=case).first()
    agreed = CaseUnmasking.objects.filter(case=case, state=CaseUnmasking.State.AGREED).order_by("-pk").first()
    return Seen(
        case=case,
        words=list(case.words.exclude(side=CaseWord.Side.NOTE).order_by("at", "id")),
        promises=list(promises.order_by("due_at", "id")),
        path=_path(case),
        news=door is not None and door.news_to is not None,
        opened_at=agreed.answered_at if agreed else None,
        may_be_opened=door is not None and door.may_be_opened,
    )


def _path(case: Case) -> list[tuple[Stage, str]]:
    """The stages in their words, without an appeal that was not made."""
    place = case.pack.place(case.stage)
    return [
        (stage, "now" if number == place else "done" if number < place else "next")
        for number, stage in enumerate(case.pack.stages)
        if not stage.optional or case.appealed_at is not None
    ]
