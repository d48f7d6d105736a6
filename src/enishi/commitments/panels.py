"""What promises and tasks show on shared pages: menu, contact, project, timeline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.commitments import queries
from enishi.commitments.models import Promise
from enishi.commitments.personal import CommitmentsKeeper
from enishi.commitments.queries.of_contacts import next_promises, owed, owed_choices
from enishi.commitments.retention import needed_by_promises
from enishi.commitments.services import due as falling
from enishi.commitments.services.handover import Duties, Promises, Repeats, Tasks
from enishi.contacts.models import Party
from enishi.contacts.queries.briefs import LATE, OWED, SOON, Matter, Part, Section, Subject, each_of
from enishi.contacts.queries.columns import AddedColumn
from enishi.contacts.queries.filters import FilterField
from enishi.core import clock, formats
from enishi.core.money import exact, format_money, parse_money
from enishi.core.personal import PLACE, STRUCK
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, panel, provide
from enishi.core.templatetags.enishi import due, format_date, knot
from enishi.due.kinds import PLACE as DUE
from enishi.privacy.retention import NEEDED
from enishi.timeline.paper import on_paper

VIEW, EDIT = "commitments.view", "commitments.edit"
SHOWN = 5

add_menu(MenuEntry("", _("My day"), "home", "sun", order=10, key="h", tab=1))
add_menu(
    MenuEntry(
        "",
        _("Promises"),
        "commitments:list",
        "link",
        right=VIEW,
        order=30,
        count=queries.late_count,
        hot=True,
        key="p",
    )
)
add_menu(
    MenuEntry(
        "setup",
        _("Closing days"),
        "commitments:closing_days",
        "calendar-off",
        right="accounts.settings",
        order=60,
        everywhere=True,
    )
)
add_new(NewEntry(_("Promise"), "commitments:new", "link", EDIT, order=20))
add_new(NewEntry(_("Task"), "commitments:new_task", "checkbox", EDIT, order=30))


for kind in (Promises, Tasks, Repeats, Duties):
    provide("handover", kind.code)(kind)
for due_kind in (falling.Promises, falling.Tasks, falling.Reviews):
    provide(DUE, due_kind.model._meta.label_lower)(due_kind)
provide(PLACE, CommitmentsKeeper.code)(CommitmentsKeeper)
provide(NEEDED, "commitments")(needed_by_promises)
provide("content.hangs_on", "commitments")(queries.Proving)


@panel("contacts.record.end", order=10)
def of_party(actor: Actor, party: Party) -> Shown | None:
    """Open promises and tasks of one person or organisation."""
    if not actor.may_some(VIEW, party.project_ids):
        return None
    promises = queries.open_of_parties(actor, [party.pk])
    tasks = queries.open_tasks_of_parties(actor, [party.pk])
    return Shown(
        "commitments/panels/party.html",
        {
            "party": party,
            "promises": promises[:SHOWN],
            "promises_total": len(promises),
            "promises_more": max(0, len(promises) - SHOWN),
            "tasks": tasks[:SHOWN],
            "tasks_total": len(tasks),
            "may_edit": actor.may_some(EDIT, party.project_ids),
        },
    )


IN_BRIEF = 6
NEAR = dt.timedelta(days=2)


@provide("brief", "commitments")
def brief(actor: Actor, subjects: Sequence[Subject]) -> Mapping[int, Part]:
    """What is open between us, both ways."""
    within = each_of(subjects)
    rows: dict[int, list[Promise]] = {subject.party.pk: [] for subject in subjects}
    for promise in queries.open_of_parties(actor, list(within)):
        for pk in within[promise.party_id or 0]:
            rows[pk].append(promise)
    return {
        subject.party.pk: _brief(subject, rows[subject.party.pk])
        for subject in subjects
        if actor.may_some(VIEW, subject.party.project_ids)
    }


def _brief(subject: Subject, rows: Sequence[Promise]) -> Part:
    told, left_off = on_paper(rows)
    sections = []
    for side, order in ((Promise.Direction.OURS, 10), (Promise.Direction.THEIRS, 11)):
        these = [promise for promise in told if promise.direction == side]
        context = {
            "promises": these[:IN_BRIEF],
            "more": max(0, len(these) - IN_BRIEF),
            "of": subject.party,
        }
        sections.append(Section(side.label, Shown("commitments/panels/brief.html", context), order))
    return Part(sections, [matter for row in told if (matter := _matter(row)) is not None], left_off)


def _matter(promise: Promise) -> Matter | None:
    """Whether a promise presses: what is late, on either side, and what we owe in the next two days."""
    now = timezone.localtime(clock.now())
    if promise.due_at is None or promise.done_at or promise.negative or promise.due_at > now + NEAR:
        return None
    ours, late = promise.direction == Promise.Direction.OURS, promise.due_at < now
    if not late and not ours:
        return None
    if late and ours:
        words, weight = gettext("We promised “%(title)s” for %(day)s; it is %(late)s."), LATE
    elif late:
        words, weight = gettext("They promised “%(title)s” for %(day)s; it is %(late)s."), OWED
    else:
        words, weight = gettext("“%(title)s” is promised for %(day)s: say how far it is."), SOON
    told = words % {
        "title": f"\u2068{promise.title}\u2069",
        "day": format_date(promise.due_at),
        "late": formats.format_relative(promise.due_at, now, get_language() or "en", due=True),
    }
    return Matter(weight, told, promise.due_at, reverse("commitments:promise", args=[promise.pk]))


@panel("project.side", order=10)
def of_project(actor: Actor, project: Project) -> Shown | None:
    """What is open in a project, and how well it keeps its word."""
    if not actor.may_some(VIEW, project.pk):
        return None
    filters = queries.Filter(project_id=project.pk)
    page = queries.ledger(actor, filters, limit=SHOWN)
    total = sum(queries.group_totals(actor, filters).values())
    return Shown(
        "commitments/panels/project.html",
        {
            "project": project,
            "promises": page.rows,
            "total": total,
            "more": max(0, total - len(page.rows)),
            "rate": queries.kept_rate(actor, filters),
        },
    )


@provide("timeline.draw", "commitments.promise")
def draw_promises(actor: Actor, ids: Collection[int]) -> Mapping[int, Shown]:
    return {
        pk: Shown("commitments/panels/timeline_promise.html", {"promise": row})
        for pk, row in queries.by_ids(actor, ids).items()
    }


@provide("timeline.draw", "commitments.task")
def draw_tasks(actor: Actor, ids: Collection[int]) -> Mapping[int, Shown]:
    return {
        pk: Shown("commitments/panels/timeline_task.html", {"task": row})
        for pk, row in queries.tasks_by_ids(actor, ids).items()
    }


@provide("timeline.fields", "commitments.promise")
def promise_fields() -> Mapping[str, Any]:
    return {
        "words": _("proof"),
        "files": _("files"),
        "said_at": _("said"),
        "given": _("given"),
        "given_note": _("note"),
    }


@provide("timeline.values", "commitments.promise")
def promise_value(name: str, value: Any) -> str | None:
    """Where in a text it was said is shown by the passage itself, not by numbers; an amount without zeros at its end."""
    if name == "given" and isinstance(value, dict):
        return _given(value)
    if name == "amount" and value and value != STRUCK:
        return formats.counted(exact(Decimal(value)))
    return "" if name in {"said_start", "said_end", "said_via"} else None


def _given(told: Mapping[str, Any]) -> str:
    language = get_language() or "en"
    words = {
        "amount": format_money(parse_money(told["amount"]), language, whole=True),
        "day": formats.format_date(dt.date.fromisoformat(told["day"]), language, today=clock.today()),
    }
    if told["in_kind"]:
        return gettext("%(amount)s in kind, %(day)s") % words
    return gettext("%(amount)s, %(day)s") % words


@provide("timeline.fields", "commitments.series")
def series_fields() -> Mapping[str, Any]:
    return {
        "removed": _("times taken away"),
        "times": _("times changed"),
        "party_id": _("to or from"),
        "owner_id": _("owner"),
        "owner": _("owner"),
        "amount": _("amount"),
        "currency": _("currency"),
        "purpose": _("what it is for"),
        "for_people": _("for how many people"),
    }


@provide("contacts.column", "next_promise")
def next_promise_column() -> AddedColumn:
    return AddedColumn(_("Next promise"), _next_promises, default=True)


def _next_promises(actor: Actor, party_ids: Sequence[int]) -> Mapping[int, str]:
    return {
        party_id: format_html(
            '<span class="en-line g2">{}<a class="clip" href="{}"><bdi>{}</bdi></a>{}</span>',
            knot(promise.sign, promise.direction),
            reverse("commitments:promise", args=[promise.pk]),
            promise.title,
            due(promise.due_at),
        )
        for party_id, promise in next_promises(actor, party_ids).items()
    }


@provide("contacts.filter", "promise")
def promise_filter() -> FilterField:
    return FilterField(
        code="promise",
        label=_("Promise"),
        icon="link",
        kind="choice",
        compare={"is": _("has"), "not": _("has not")},
        build=owed,
        choices=owed_choices,
    )
