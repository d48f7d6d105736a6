"""Setting up the service that writes drafts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.answers import done, refused
from enishi.accounts.requests import StaffRequest
from enishi.core.ai.generation import GenerationError
from enishi.writing import queries, services
from enishi.writing.forms import ServiceForm


@sensitive_post_parameters("key")
@sensitive_variables("given", "form")
@require_http_methods(["GET", "POST"])
def service(request: StaffRequest) -> HttpResponse:
    """Address, model, key, and how confidential what is sent may be."""
    request.actor.require_everywhere(services.SETUP)
    row = queries.service()
    first = {name: getattr(row, name) for name in ("address", "model", "highest", "on")}
    form = ServiceForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.change_service(request.actor, **given)
        except services.WritingError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(
                request, _("Drafts can be asked for.") if given["on"] else _("It is kept, and switched off.")
            )
            return redirect("writing:setup")
    context = {
        "form": form,
        "service": row,
        "has_key": bool(row.sealed_key),
        "can_try": bool(row.address and row.model),
    }
    return render(request, "writing/setup.html", context, status=422 if form.errors else 200)


@require_POST
def try_it(request: StaffRequest) -> HttpResponse:
    """Ask the service to say hello; nothing of ours is sent."""
    request.actor.require_everywhere(services.SETUP)
    try:
        said = services.try_service(request.actor)
    except (GenerationError, services.WritingError) as error:
        return refused(request, str(error), after="/writing/setup/")
    return done(request, _("It answers: %(words)s") % {"words": said}, after="/writing/setup/")
