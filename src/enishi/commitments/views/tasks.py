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
from enishi.commitments.services.rules import DELETE, EDIT, VIEW, address
from enishi.commitments.views import answers, writing
from enishi.contacts import queries as contacts
from enishi.search.services import visit


@require_GET
def task(request: StaffRequest, task_id: int) -> HttpResponse:
    actor = request.actor
    actor.require(VIEW)
    row = answers.found(queries.task, actor, task_id)
    visit(actor, "task", row.pk)
    context = {
        "task": row,
        "may_see_party": contacts.reaches(actor, row.party),
        "may_see_promise": row.promise is not None and actor.may(VIEW, row.promise),
        "may_edit": actor.may(EDIT, row),
        "may_delete": actor.may(DELETE, row),
        "may_see_history": actor.may("timeline.view", row.project_id),
        "here": request.path,
    }
    return render(request, "commitments/task.html", context)


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    return writing.new(
        request,
        TaskForm,
        services.make_task,
        title=_("New task"),
        said=_("Task written down"),
        back=reverse("commitments:tasks"),
    )


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, task_id: int) -> HttpResponse:
    row = answers.found(queries.task, request.actor, task_id)

    def change(form: TaskForm) -> Task:
        return services.change_task(request.actor, row, form.cleaned_data["version"], **form.values())

    return writing.edit(request, TaskForm, row, change, title=_("Change the task"), task=row)


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
    return writing.delete(request, row, services.delete_task, after=reverse("commitments:tasks"))
