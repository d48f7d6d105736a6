"""Where stakeholders stand on shared pages: the project, the contact, the contact list."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party, Tag
from enishi.contacts.queries import setup
from enishi.contacts.queries.briefs import Part, Section, Subject
from enishi.contacts.queries.colours import PLACE as COLOURS
from enishi.contacts.queries.filters import FilterField
from enishi.content.models import File
from enishi.core import clock, formats
from enishi.core.calendar import describe_rule
from enishi.core.personal import PLACE
from enishi.core.registry import ProjectTab, Shown, add_project_tab, panel, provide
from enishi.engagement import queries
from enishi.engagement.models import PlanStep, Rating
from enishi.engagement.personal import EngagementKeeper
from enishi.engagement.queries.on_map import RatingColours
from enishi.engagement.services.handover import PlanLines
from enishi.engagement.services.rules import PLAN, RATE, SHARE, VIEW
from enishi.privacy.retention import NEEDED
from enishi.timeline.paper import on_paper

SHOWN, NEXT = 50, 3

add_project_tab(ProjectTab("matrix", _("Stakeholders"), "engagement:matrix", VIEW, order=20))
add_project_tab(ProjectTab("plan", _("Plan"), "engagement:plan", VIEW, order=25))
add_project_tab(ProjectTab("gaps", _("Gaps"), "engagement:gaps", VIEW, order=30))


provide("handover", PlanLines.code)(PlanLines)
provide(NEEDED, "engagement")(queries.needed_by_plan)
provide(PLACE, EngagementKeeper.code)(EngagementKeeper)


@panel("project.main", order=20)
def matrix_of_project(actor: Actor, project: Project) -> Shown | None:
    """The matrix as it is today, with the way to its page."""
    if not actor.may(VIEW, project.pk):
        return None
    found = queries.matrix(actor, project.pk)
    url = reverse("engagement:matrix", args=[project.pk])
    cells = {cell.code: f"{url}?cell={cell.code}" for row in found.rows for cell in row}
    context = {"project": project, "matrix": found, "url": url, "cells": cells, "may_rate": False}
    return Shown("engagement/panels/project.html", context)


@panel("project.side", order=20)
def plan_of_project(actor: Actor, project: Project) -> Shown | None:
    """What is to be done next, and what is missing of those with much influence."""
    if not actor.may(VIEW, project.pk):
        return None
    plan = queries.plan_of(actor, project.pk)
    _rated, _much, gaps = queries.gap_report(actor, project.pk)
    context = {
        "project": project,
        "steps": plan.rows[:NEXT],
        "late": plan.late,
        "gaps": [gap for gap in gaps if gap.high],
    }
    return Shown("engagement/panels/project_side.html", context)


@panel("contacts.record.end", order=15)
def standing_of_party(actor: Actor, party: Party) -> Shown | None:
    """How somebody stands in each of their projects."""
    if not actor.may(VIEW, party.project_ids) or party.deleted_at is not None:
        return None
    found = queries.standings(actor, party)
    if not found:
        return None
    rows = [
        {
            "standing": one,
            "may_rate": actor.may(RATE, one.project.pk),
            "may_plan": actor.may(PLAN, one.project.pk),
        }
        for one in found
    ]
    steps = queries.plan_of_party(actor, party.pk)
    return Shown("engagement/panels/party.html", {"party": party, "rows": rows, "steps": steps})


@provide("brief", "engagement")
def brief(actor: Actor, subjects: Sequence[Subject]) -> Mapping[int, Part]:
    """How they stand today in each project, since when and why."""
    rows: dict[int, list[Rating]] = {}
    for rating in queries.held_of(actor, [subject.party.pk for subject in subjects]):
        rows.setdefault(rating.party_id, []).append(rating)
    return {pk: _brief(ratings) for pk, ratings in rows.items()}


def _brief(ratings: Sequence[Rating]) -> Part:
    told, left_off = on_paper(ratings)
    shown = Shown("engagement/panels/brief.html", {"ratings": told})
    return Part([Section(_("Standing"), shown, order=20)] if told else [], left_off=left_off)


@panel("contacts.record.end", order=61)
def given_to_party(actor: Actor, party: Party) -> Shown | None:
    """Which versions of which files somebody was given."""
    if not actor.may(VIEW, party.project_ids) or party.deleted_at is not None:
        return None
    give_url = reverse("engagement:give_party", args=[party.pk])
    return _given(
        queries.given(actor, party_id=party.pk),
        of="party",
        title=_("What they were given"),
        give_url=give_url if actor.may(SHARE, party.project_ids) else "",
    )


@panel("content.file.end", order=20)
def given_of_file(actor: Actor, file: File) -> Shown | None:
    """Who was given which version of a file."""
    if not actor.may(VIEW, file.project_id):
        return None
    give_url = reverse("engagement:give_file", args=[file.pk])
    return _given(
        queries.given(actor, file_id=file.pk),
        of="file",
        title=_("Who was given it"),
        give_url=give_url if actor.may(SHARE, file.project_id) else "",
    )


_HOW_ICONS = {"sent": "send", "handed": "file-export", "published": "world"}


def _given(found: Sequence[queries.Given], *, of: str, title: Any, give_url: str) -> Shown | None:
    if not found and not give_url:
        return None
    rows = [{"given": one, "icon": _HOW_ICONS[one.how], "url": _other_end(one, of)} for one in found[:SHOWN]]
    return Shown(
        "engagement/panels/given.html",
        {"rows": rows, "total": len(found), "of": of, "title": title, "give_url": give_url},
    )


def _other_end(one: queries.Given, of: str) -> str:
    """From a file to whom it was given, from a person to the file; nothing leads to everybody."""
    if of != "file":
        return reverse("content:file", args=[one.file_id])
    return reverse("contacts:party", args=[one.party_id]) if one.party_id else ""


@panel("home.main", order=25)
def plan_of_today(actor: Actor, project_id: int | None) -> Shown | None:
    """What the reader planned up to today and is still to be done."""
    if not actor.may(VIEW):
        return None
    steps = queries.my_steps(actor, project_id)
    return Shown("engagement/panels/day.html", {"steps": steps, "count": len(steps)}) if steps else None


provide(COLOURS, "engagement")(RatingColours)


@provide("contacts.filter", "gap")
def gap_filter() -> FilterField:
    return FilterField(
        code="gap",
        label=_("Missing of a stakeholder"),
        icon="zoom-question",
        kind="choice",
        compare={"is": _("is"), "not": _("is not")},
        build=queries.lacking,
        choices=lambda actor: list(queries.gap_choices(actor)),
    )


@provide("timeline.fields", "engagement.handout")
def handout_fields() -> Mapping[str, Any]:
    return {
        "file": _("file"),
        "version": _("version"),
        "given_on": _("on"),
        "how": _("how"),
        "note": _("note"),
    }


@provide("timeline.fields", "engagement.planline")
def plan_fields() -> Mapping[str, Any]:
    return {
        "due_on": _("planned for"),
        "state": _("state"),
        "done_on": _("done on"),
        "note": _("note"),
        "party_id": _("who"),
        "tag_id": _("tag"),
        "owner_id": _("owner"),
    }


@provide("timeline.values", "engagement.planline")
def plan_value(name: str, value: Any) -> str | None:
    """Whom a line is about is said by its page, within what its reader may see."""
    if name == "party_id":
        return ""
    if name == "tag_id" and isinstance(value, int):
        return _tag(value, clock.today())
    if name == "rule" and value:
        return describe_rule(value, get_language() or "en")
    if name == "state" and value in PlanStep.State.values:
        return str(PlanStep.State(value).label)
    if name in {"due_on", "done_on"} and (day := parse_date(str(value or ""))):
        return formats.format_date(day, get_language() or "en", today=clock.today())
    return None


@functools.lru_cache(256)
def _tag(tag_id: int, _today: dt.date) -> str:
    """Asked for once a day: a page of the history names the same few again and again."""
    try:
        return setup.tag(tag_id).path
    except Tag.DoesNotExist:
        return ""


@provide("timeline.fields", "engagement.rating")
def rating_fields() -> Mapping[str, Any]:
    return {"rated_on": _("from"), "reason": _("reason")}
