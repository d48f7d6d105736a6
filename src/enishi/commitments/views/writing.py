"""Forms of promises and tasks: what writing one down and changing one have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.answers import shell_project
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.forms import PromiseForm, TaskForm
from enishi.commitments.models import Promise, Task
from enishi.commitments.services.rules import EDIT, VIEW, C, address
from enishi.commitments.views import answers
from enishi.core.parameters import number
from enishi.timeline.models import Entry

F = TypeVar("F", PromiseForm, TaskForm)
BROUGHT = ("title", "quote", "direction", "said_in_id", "said_start", "said_end", "promise", "project")


def new(
    request: StaffRequest,
    form_class: type[F],
    make: Callable[..., Promise | Task],
    *,
    title: str,
    said: str,
    back: str,
) -> HttpResponse:
    """Write something down; the address may bring words, person and conversation along. ``said`` is the answer."""
    actor = request.actor
    actor.require(EDIT)
    form = form_class(
        actor, request.POST or None, initial=_brought(request), project_id=shell_project(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = make(actor, **form.new_values())
        except services.CommitmentError as error:
            form.refuse(error)
        else:
            return answers.done(request, said, after=answers.way_back(request, address(made)))
    return _shown(request, form, title, back)


def edit(
    request: StaffRequest,
    form_class: type[F],
    row: Promise | Task,
    change: Callable[[F], Promise | Task],
    *,
    title: str,
    **context: Any,
) -> HttpResponse:
    """Change something written down; ``change`` saves what the valid form holds."""
    request.actor.require(EDIT, row)
    form = form_class(request.actor, request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            changed = change(form)
        except (services.CommitmentError, services.Conflict) as error:
            form.refuse(error)
        else:
            if not request.actor.may(VIEW, changed):
                return answers.done(request, _("Saved"), after=reverse("commitments:list"))
            after = answers.way_back(request, address(row))
            return answers.done(request, _("Saved"), undo=changed.undo_entry, after=after)
    return _shown(request, form, title, address(row), **context)


def delete(
    request: StaffRequest, row: C, remove: Callable[[Actor, C, int | None], Entry], *, after: str
) -> HttpResponse:
    """Delete something unless it was changed since the page was drawn on which one pressed."""
    try:
        entry = remove(request.actor, row, number(request.POST.get("version")))
    except services.Conflict as error:
        return answers.refused(request, str(error), after=address(row))
    return answers.done(request, _("Deleted: %(title)s") % {"title": row.title}, undo=entry.pk, after=after)


def _brought(request: StaffRequest) -> dict[str, Any]:
    """What another page hands over to a new promise or task."""
    given: dict[str, Any] = {name: request.GET[name] for name in BROUGHT if request.GET.get(name)}
    if party_id := number(request.GET.get("party")):
        party = answers.found(queries.party, request.actor, party_id)
        given |= {"party": party.pk, "person": party.full_name}
    return given


def _shown(
    request: StaffRequest, form: PromiseForm | TaskForm, title: str, back: str, **context: Any
) -> HttpResponse:
    in_sheet = request.htmx and request.htmx.target == "sheet"
    template = "commitments/form_sheet.html" if in_sheet else "commitments/form.html"
    shown = {"form": form, "title": title, "back": answers.way_back(request, back), **context}
    return render(request, template, shown, status=422 if form.errors else 200)
