"""One task: its page, its form, ticking it off."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.forms import TaskForm
from enishi.commitments.models import Task
from enishi.commitments.views import answers
from enishi.commitments.views.promises import DELETE, EDIT, VIEW, _form, brought
from enishi.search.services import visit


def address(task: Task) -> str:
    return reverse("commitments:task", args=[task.pk])


@require_GET
def task(request: StaffRequest, task_id: int) -> HttpResponse:
    actor = request.actor
    actor.require(VIEW)
    row = answers.found(queries.task, actor, task_id)
    visit(actor, "task", row.pk)
    context = {
        "task": row,
        "may_edit": actor.may(EDIT, row.project_id),
        "may_delete": actor.may(DELETE, row.project_id),
        "may_see_history": actor.may("timeline.view", row.project_id),
        "here": request.path,
    }
    return render(request, "commitments/task.html", context)


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    actor = request.actor
    actor.require(EDIT)
    form = TaskForm(
        actor, request.POST or None, initial=brought(request), project_id=request.session.get("project")
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_task(actor, **form.new_values())
        except services.CommitmentError as error:
            form.refuse(error)
        else:
            return answers.done(
                request, _("Task written down"), after=answers.way_back(request, address(made))
            )
    return _form(request, form, _("New task"), reverse("commitments:tasks"))


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, task_id: int) -> HttpResponse:
    actor = request.actor
    row = answers.found(queries.task, actor, task_id)
    actor.require(EDIT, row.project_id)
    form = TaskForm(actor, request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_task(actor, row, form.cleaned_data["version"], **form.values())
        except (services.CommitmentError, services.Conflict) as error:
            form.refuse(error)
        else:
            return answers.done(
                request, _("Saved"), undo=changed.undo_entry, after=answers.way_back(request, address(row))
            )
    return _form(request, form, _("Change the task"), address(row), task=row)


@require_POST
def tick(request: StaffRequest, task_id: int) -> HttpResponse:
    """Done, or not done after all."""
    row = answers.found(queries.task, request.actor, task_id)
    after = answers.way_back(request, address(row))
    if row.is_open:
        ticked = services.finish_task(request.actor, row)
        words = _("Done: %(title)s")
    else:
        ticked = services.reopen_task(request.actor, row)
        words = _("To do again: %(title)s")
    return answers.done(request, words % {"title": row.title}, undo=ticked.undo_entry, after=after)


@require_POST
def delete(request: StaffRequest, task_id: int) -> HttpResponse:
    row = answers.found(queries.task, request.actor, task_id)
    entry = services.delete_task(request.actor, row)
    return answers.done(
        request,
        _("Deleted: %(title)s") % {"title": row.title},
        undo=entry.pk,
        after=reverse("commitments:tasks"),
    )
