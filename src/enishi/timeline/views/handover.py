"""Handing somebody's open work to others: choose, look, do; and the brief for whoever gets it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts import queries as accounts
from enishi.accounts.answers import found
from enishi.accounts.models import User
from enishi.accounts.requests import StaffRequest
from enishi.timeline import queries
from enishi.timeline.handover import brief, moving, planning
from enishi.timeline.models import Operation

_CHOICE = re.compile(r"all|[a-z]+(?:[-:]\d{1,18})?")
SHOWN = 3
ONE_BY_ONE = 200


def _person(user_id: int) -> User:
    return found(accounts.person, user_id)


def _choices(request: StaffRequest) -> dict[str, str]:
    """What was chosen, by the keys of ``planning.Choices``; empty choices say nothing."""
    return {
        name[3:]: str(value)
        for name, value in request.POST.items()
        if name.startswith("to-") and value and _CHOICE.fullmatch(name[3:])
    }


@require_http_methods(["GET", "POST"])
def start(request: StaffRequest, user_id: int) -> HttpResponse:
    """Choose who gets what; the same address shows what would happen, does it, and shows a brief before it is done."""
    person = _person(user_id)
    planning.require(request.actor, person)
    choices = _choices(request)
    if request.method == "GET":
        wanted = request.GET.get("open", "")
        if wanted and request.htmx:
            return _one_by_one(request, person, wanted)
        return _choose(request, person, choices, opened=[wanted])
    if receiver := request.POST.get("brief", ""):
        return _brief_before(request, person, choices, receiver)
    if request.POST.get("step") == "choose":
        return _choose(request, person, choices)
    if request.POST.get("step") == "do":
        return _do(request, person, choices)
    return _look(request, person, choices)


def _choose(
    request: StaffRequest,
    person: User,
    choices: planning.Choices,
    *,
    opened: Iterable[str] = (),
    problem: str = "",
) -> HttpResponse:
    groups = planning.held_by(request.actor, person)
    listed = [
        {
            "group": group,
            "name": f"to-{group.kind.code}",
            "chosen": choices.get(group.kind.code, ""),
            "places": [_place(group, place, choices, set(opened)) for place in group.places],
        }
        for group in groups
    ]
    context = {
        **_common(request, person),
        "groups": listed,
        "count": sum(group.count for group in groups),
        "recipients": planning.recipients(person),
        "choices": choices,
        "everything": choices.get("all", ""),
        "earlier": [_earlier(one) for one in queries.handovers(request.actor, person.pk)],
        "problem": problem,
    }
    return render(request, "timeline/handover/start.html", context, status=422 if problem else 200)


def _place(
    group: planning.Group, place: planning.Place, choices: planning.Choices, opened: set[str]
) -> dict[str, Any]:
    code = group.kind.code
    key = f"{code}-{place.key}"
    rows = [
        {"item": item, "name": f"to-{code}:{item.pk}", "chosen": choices.get(f"{code}:{item.pk}", "")}
        for item in place.items
    ]
    return {
        "place": place,
        "key": key,
        "name": f"to-{key}",
        "chosen": choices.get(key, ""),
        "first": place.items[:SHOWN],
        "more": max(0, len(place.items) - SHOWN),
        "rows": rows[:ONE_BY_ONE],
        "beyond": max(0, len(rows) - ONE_BY_ONE),
        "open": key in opened or any(row["chosen"] for row in rows),
    }


def _one_by_one(request: StaffRequest, person: User, wanted: str) -> HttpResponse:
    """The things of one kind in one project, each with its own choice."""
    for group in planning.held_by(request.actor, person):
        for place in group.places:
            if wanted == f"{group.kind.code}-{place.key}":
                context = {
                    "at": _place(group, place, {}, set()),
                    "group": group,
                    "person": person,
                    "recipients": planning.recipients(person),
                }
                return render(request, "timeline/handover/rows.html", context)
    raise Http404


def _common(request: StaffRequest, person: User) -> dict[str, Any]:
    own = request.actor.user_id == person.pk
    crumbs = [{"label": _("Your account"), "url": reverse("account")}]
    if not own:
        crumbs = [
            {"label": _("People and rights"), "url": reverse("accounts:people")},
            {"label": str(person), "url": reverse("accounts:person", args=[person.pk])},
        ]
    return {"person": person, "own": own, "crumbs": crumbs, "back_url": crumbs[-1]["url"]}


def _earlier(operation: Operation) -> dict[str, Any]:
    names = {user.pk: str(user) for user in accounts.users(active=None)}
    return {
        "operation": operation,
        "briefs": [
            {"name": names.get(pk, ""), "url": moving.brief_url(operation, pk)}
            for pk in brief.receivers_of(operation)
        ],
    }


def _look(request: StaffRequest, person: User, choices: planning.Choices) -> HttpResponse:
    """What would go to whom, and what cannot."""
    planned = planning.plan(request.actor, person, choices)
    if not planned.count and not planned.refused:
        return _choose(request, person, choices, problem=_("Choose first who gets something."))
    context = {
        **_common(request, person),
        "plan": planned,
        "kept": [(f"to-{key}", value) for key, value in choices.items()],
        "later": planned.count > moving.AT_ONCE,
    }
    return render(request, "timeline/handover/look.html", context)


def _do(request: StaffRequest, person: User, choices: planning.Choices) -> HttpResponse:
    try:
        operation = moving.hand_over(request.actor, person, choices)
    except moving.HandoverError as error:
        return _choose(request, person, choices, problem=str(error))
    if operation.state == Operation.State.RUNNING:
        messages.info(request, _("It is being handed over. You will be told when it is done."))
    else:
        undo = reverse("timeline:undo", args=[operation.pk])
        messages.success(request, _("Handed over. Everybody who got something has a brief."), extra_tags=undo)
    return redirect("handover:start", person.pk)


def _brief_before(
    request: StaffRequest, person: User, choices: planning.Choices, receiver: str
) -> HttpResponse:
    planned = planning.plan(request.actor, person, choices)
    gift = next((gift for gift in planned.gifts if str(gift.user.pk) == receiver), None)
    if gift is None:
        raise Http404
    context = {"brief": brief.brief_of_plan(request.actor, person, gift), "crumbs": [], "before": True}
    return render(request, "timeline/handover/brief.html", context)


@require_GET
def read_brief(request: StaffRequest, operation_id: int, user_id: int) -> HttpResponse:
    """What somebody took over and is still open."""
    try:
        operation = moving.of_number(operation_id)
    except Operation.DoesNotExist:
        raise Http404 from None
    if not brief.may_read(request.actor, operation, user_id):
        raise Http404
    context = {"brief": brief.brief_of(request.actor, operation, user_id), "operation": operation}
    return render(request, "timeline/handover/brief.html", context)
