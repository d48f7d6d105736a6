"""What cases show on shared pages: menu, contact, project, conversation, promise, My day, timeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.cases import queries
from enishi.cases.models import Case, CaseTie
from enishi.cases.packs import packs
from enishi.cases.personal import CasesKeeper
from enishi.cases.retention import OldCases, needed_by_cases
from enishi.cases.services import due
from enishi.cases.services.handover import Cases
from enishi.cases.services.rules import address
from enishi.contacts.models import Party
from enishi.contacts.queries.briefs import LATE, Matter, Part, Section, Subject, each_of
from enishi.conversations.models import Interaction
from enishi.conversations.services import Passage
from enishi.core import clock
from enishi.core.formats import counted
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, panel, provide
from enishi.core.templatetags.enishi import format_date
from enishi.due.kinds import PLACE as DUE
from enishi.privacy.retention import NEEDED
from enishi.privacy.retention import PLACE as RETENTION
from enishi.timeline.paper import on_paper

VIEW, EDIT = "cases.view", "cases.edit"
SHOWN = 5
OVERDUE = LATE - 10

add_menu(
    MenuEntry(
        "answer", _("Cases"), "cases:list", "clipboard-check", right=VIEW, order=20, count=queries.open_count
    )
)
add_new(NewEntry(_("Case"), "cases:new", "clipboard-text", EDIT, order=25))

provide("handover", Cases.code)(Cases)
provide(DUE, "cases.case")(due.Cases)
provide(PLACE, CasesKeeper.code)(CasesKeeper)
provide(RETENTION, OldCases.code)(OldCases)
provide(NEEDED, "cases")(needed_by_cases)
provide("commitments.level_of_ties", "cases")(queries.level_of_ties)
provide("content.hangs_on", "cases")(queries.TiedFiles)
provide("content.least_level", "cases")(queries.level_of_file)


@panel("contacts.record.end", order=20)
def of_party(actor: Actor, party: Party) -> Shown | None:
    """Cases of one person or organisation."""
    if not actor.may_some(VIEW, party.project_ids):
        return None
    found = queries.of_party(actor, party.pk)
    may_edit = actor.may_some(EDIT, party.project_ids)
    if not found and not may_edit:
        return None
    return Shown(
        "cases/panels/party.html",
        {
            "party": party,
            "cases": found[:SHOWN],
            "total": len(found),
            "more": max(0, len(found) - SHOWN),
            "may_edit": may_edit,
            "now": clock.now(),
        },
    )


@provide("brief", "cases")
def brief(actor: Actor, subjects: Sequence[Subject]) -> Mapping[int, Part]:
    """What they raised that is still open, with the time that is left."""
    within = each_of(subjects)
    rows: dict[int, list[Case]] = {}
    for case in queries.open_of_parties(actor, list(within)):
        for pk in within[case.party_id or 0]:
            rows.setdefault(pk, []).append(case)
    found = {subject.party.pk: subject.party for subject in subjects}
    return {pk: _brief(found[pk], listed) for pk, listed in rows.items()}


def _brief(of: Party, listed: Sequence[Case]) -> Part:
    told, left_off = on_paper(listed)
    context = {"cases": told[:SHOWN], "more": max(0, len(told) - SHOWN), "of": of, "now": clock.now()}
    sections = [Section(_("Open cases"), Shown("cases/panels/brief.html", context), order=15)] if told else []
    return Part(sections, [_over(case) for case in told if case.is_over(clock.now())], left_off)


def _over(case: Case) -> Matter:
    """That a clock ran out: said after a promise that is late, before a question that waits."""
    assert case.due_at is not None
    words = gettext("The case “%(title)s” (%(number)s) was due on %(day)s.") % {
        "title": f"\u2068{case.title}\u2069",
        "number": f"\u2068{case.number}\u2069",
        "day": format_date(case.due_at),
    }
    return Matter(OVERDUE, words, case.due_at, address(case))


@panel("conversations.interaction.end", order=20)
def of_conversation(actor: Actor, talk: Interaction) -> Shown | None:
    """The cases that a conversation belongs to, and the way to a new one."""
    if not actor.may_some(VIEW, talk.project_ids):
        return None
    may_edit = actor.may_some(EDIT, talk.project_ids)
    found = queries.tied_to(actor, CaseTie.Kind.CONVERSATION, [talk.pk])
    if not found and not may_edit:
        return None
    return Shown(
        "cases/panels/conversation.html",
        {"cases": found, "talk": talk, "may_edit": may_edit, "now": clock.now()},
    )


@provide("conversations.passage", "cases")
def from_passage(actor: Actor, talk: Interaction, said: Passage) -> dict[str, Any] | None:
    """From selected words to a case."""
    if not actor.may_some(EDIT, talk.project_ids):
        return None
    query = urlencode({"said_in": talk.pk, "said_start": said.start, "said_end": said.end})
    return {
        "label": _("Open a case from these words"),
        "icon": "clipboard-text",
        "url": f"{reverse('cases:new')}?{query}",
    }


@panel("project.side", order=20)
def of_project(actor: Actor, project: Project) -> Shown | None:
    """What is open in a project."""
    if not actor.may_some(VIEW, project.pk):
        return None
    total, rows = queries.of_project(actor, project.pk, limit=SHOWN)
    page = queries.page_of(project)
    return Shown(
        "cases/panels/project.html",
        {
            "cases": rows,
            "total": total,
            "more": max(0, total - len(rows)),
            "now": clock.now(),
            "project": project,
            "page_url": queries.address_of(page) if page and page.is_on else "",
            "may_manage": actor.may("cases.manage", project.pk),
        },
    )


@panel("home.main", order=20)
def near(actor: Actor, project_id: int | None) -> Shown | None:
    """My cases that are over time or due this week."""
    if not actor.may(VIEW):
        return None
    found = queries.near(actor, project_id, limit=SHOWN + 1)
    if not found:
        return None
    return Shown(
        "cases/panels/home.html",
        {"cases": found[:SHOWN], "more": len(found) > SHOWN, "now": clock.now()},
    )


@provide("home.sentence", "cases")
def sentence(actor: Actor, project_id: int | None, owners: tuple[int, ...]) -> str:
    """What the head of the day says of cases."""
    if not actor.may(VIEW):
        return ""
    over = queries.over_count(actor, project_id, owners)
    if not over:
        return ""
    words = ngettext("One case is over time.", "%(n)s cases are over time.", over)
    return words % {"n": counted(over)}


@provide("timeline.draw", "cases.case")
def draw(actor: Actor, ids: Collection[int]) -> Mapping[int, Shown]:
    return {
        pk: Shown("cases/panels/timeline.html", {"case": row, "now": clock.now()})
        for pk, row in queries.by_ids(actor, ids).items()
    }


@provide("timeline.fields", "cases.case")
def fields() -> Mapping[str, Any]:
    own = {field.code: field.label for pack in packs().values() for field in pack.fields}
    return {
        **own,
        "note": _("note"),
        "what": _("what"),
        "what_kind": _("kind"),
        "person": _("person"),
        "reason": _("why"),
        "waits_for": _("we wait for"),
        "look_again_at": _("look again on"),
        "acknowledge_by": _("first word by"),
        "resolve_by": _("answer by"),
    }


@provide("timeline.values", "cases.case")
def value(name: str, stored: Any) -> str | None:
    """Codes by their words: kinds, stages, steps, choices of own fields."""
    if stored in (None, ""):
        return None
    if name == "kind":
        return str(packs()[stored].label) if stored in packs() else None
    if name == "stage":
        stages = (stage for pack in packs().values() for stage in pack.stages)
        return next((str(stage.label) for stage in stages if stage.code == stored), None)
    if name == "what_kind":
        return str(CaseTie.Kind(stored).label)
    if name in {"priority", "impact", "satisfaction"}:
        steps = {"priority": Case.Priority, "impact": Case.Impact, "satisfaction": Case.Satisfaction}[name]
        return str(steps(stored).label)
    for pack in packs().values():
        for field in pack.fields:
            if field.code == name and stored in field.options:
                return str(field.options[stored])
    return None
