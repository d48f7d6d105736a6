"""The public page of a project: switching it on, and what it says of itself."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries, services
from enishi.cases.forms import PageForm
from enishi.cases.services.rules import MANAGE, VIEW


@require_http_methods(["GET", "POST"])
def public_page(request: StaffRequest, project_id: int) -> HttpResponse:
    try:
        project = accounts.project(request.actor, project_id, VIEW)
    except ObjectDoesNotExist:
        raise Http404 from None
    request.actor.require(MANAGE, project.pk)
    present = queries.page_of(project)
    fields = ("is_on", "about", "emergency", "may_be_opened", "comments")
    initial = {name: getattr(present, name) for name in fields} if present else {"comments": True}
    form = PageForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.set_page(request.actor, project, **form.cleaned_data)
        messages.success(request, _("Saved"))
        return redirect("cases:public_page", project.pk)
    url = request.build_absolute_uri(queries.address_of(present)) if present else ""
    context = {"project": project, "page": present, "form": form, "url": url}
    return render(request, "cases/public_page.html", context, status=422 if form.errors else 200)
