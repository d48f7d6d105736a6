"""Set-up: who is told when something stays late."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts import answers
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.due import queries, services
from enishi.due.forms import StepForm


@require_http_methods(["GET", "POST"])
@needs_everywhere(queries.SETTINGS)
def steps(request: StaffRequest) -> HttpResponse:
    """The steps of every project, and a form for one more."""
    form = StepForm(request.actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_step(request.actor, **form.values())
        except services.DueError as error:
            form.add_error(error.field or None, str(error))
        else:
            return answers.done(request, _("Step added"), after=reverse("due:steps"))
    context = {"form": form, "steps": queries.steps(request.actor)}
    return render(request, "due/steps.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(queries.SETTINGS)
def remove(request: StaffRequest, step_id: int) -> HttpResponse:
    step = answers.found(queries.step, request.actor, step_id)
    services.remove_step(request.actor, step)
    return answers.done(request, _("Step taken away"), after=reverse("due:steps"))
