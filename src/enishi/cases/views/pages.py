"""The page of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from enishi.accounts.access import Level
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries, services
from enishi.cases.clocks import Clock, in_words
from enishi.cases.models import Case, CaseStep, CaseWord
from enishi.cases.services.rules import EDIT, MANAGE, UNMASK, VIEW
from enishi.cases.views import answers
from enishi.contacts import queries as contacts
from enishi.content.models import File
from enishi.conversations.models import Interaction
from enishi.core import clock, registry
from enishi.search.services import visit

AROUND_RING = 113.1
"""The way round the ring of a clock, in units of its drawing."""


@dataclass(frozen=True)
class Said:
    """One item of the talk, as the page draws it."""

    at: dt.datetime
    side: str
    text: str
    who: str = ""
    word: CaseWord | None = None
    talk: Interaction | None = None
    files: Sequence[File] = field(default_factory=list)


@require_GET
def case(request: StaffRequest, case_id: int) -> HttpResponse:
    """Where a case is, what it still needs, what was said, what we owe."""
    actor = request.actor
    row = answers.case_for(request, case_id, VIEW)
    visit(actor, "case", row.pk)
    tied = queries.tied(actor, row)
    files = queries.files_of_words(actor, row, tied.files)
    readers = queries.readers_of(row) if row.confidentiality >= Level.CONFIDENTIAL else []
    following = row.pack.after(row.stage) if row.is_open else None
    with_words = {file.pk for listed in files.values() for file in listed}
    context: dict[str, Any] = {
        "case": row,
        "pack": row.pack,
        "stages": _stages(row, queries.steps(row)),
        "clocks": [_drawn(one) for one in queries.clocks(row)],
        "grid": _grid(row) if row.weight else [],
        "own": [
            (one.label, one.shown(row.values[one.code])) for one in row.pack.fields if one.code in row.values
        ],
        "talk": _talk(row, tied, files),
        "tied": tied,
        "loose_files": [file for file in tied.files if file.pk not in with_words],
        "following": following,
        "pauses": queries.pauses(row),
        "needs": queries.needs(actor, row, following) if following else [],
        "earlier": _earlier(row) if row.is_open else [],
        "kept_out": queries.kept_out(row),
        "readers": sum(user.pk != actor.user_id for user in readers) if readers else None,
        "appeal_until": services.appeal_until(row),
        "may_be_asked": queries.can_be_asked(row),
        "has_door": queries.has_door(row),
        "unmasking": queries.unmasking(actor, row) if actor.may(UNMASK, row.project_id) else None,
        "may_see_party": contacts.reaches(actor, row.party),
        "may_edit": actor.may(EDIT, row),
        "may_manage": actor.may(MANAGE, row.project_id),
        "may_promise": actor.may_some("commitments.edit", row.project_id),
        "may_see_history": actor.may("timeline.view", row.project_id),
        "panels": registry.panels("cases.case.end", actor, row),
        "here": request.path,
        "now": clock.now(),
    }
    return render(request, "cases/case.html", context)


def _stages(case: Case, steps: Sequence[CaseStep]) -> list[dict[str, Any]]:
    """The way of the case: who brought it where, when."""
    last = {step.stage: step for step in steps}
    place = case.pack.place(case.stage)
    drawn = []
    for number, stage in enumerate(case.pack.stages):
        step = last.get(stage.code) if number <= place else None
        if stage.code == case.stage:
            state = "now" if case.is_open else "done"
        else:
            state = "done" if step is not None else "optional" if stage.optional else "next"
        drawn.append({"stage": stage, "state": state, "step": step, "due": stage.final and case.resolve_by})
    return drawn


def _drawn(one: Clock) -> dict[str, Any]:
    tone = {"soon": "en-warn", "over": "en-bad", "late": "en-warn", "paused": "en-dim"}.get(one.state, "")
    return {
        "clock": one,
        "words": in_words(one, get_language() or "en"),
        "tone": tone,
        "ring": f"{one.share * AROUND_RING:.1f} {AROUND_RING}",
    }


def _grid(case: Case) -> list[dict[str, Any]]:
    """Priority by impact, five by five, the most urgent row first."""
    rows = []
    for priority in reversed(Case.Priority):
        cells = [
            {
                "here": (priority, impact) == (case.priority, case.impact),
                "tone": "b" if priority * impact >= 15 else "w" if priority * impact >= 8 else "",
            }
            for impact in Case.Impact
        ]
        rows.append({"label": priority.label, "cells": cells})
    return rows


def _talk(case: Case, tied: queries.Tied, files: dict[int, list[File]]) -> list[Said]:
    """What was said, oldest first: how it came in, the words since, and the conversations that belong to it."""
    items = [
        Said(
            word.at,
            word.side,
            word.text,
            word.user.name if word.user else "",
            word,
            None,
            files.get(word.pk, []),
        )
        for word in queries.words_of(case)
    ]
    items += [Said(talk.occurred_at, "talk", talk.text[:600], "", None, talk) for talk in tied.conversations]
    items.sort(key=lambda said: said.at)
    first = case.quote or case.text
    return [Said(case.opened_at, "first", first), *items] if first else items


def _earlier(case: Case) -> list[Any]:
    """Stages to which a case can go back."""
    place = case.pack.place(case.stage)
    return [stage for stage in case.pack.stages[:place] if not stage.optional]
