"""Projects: their tree, their pages, and their set-up; and the settings of the organisation."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.access import Level
from enishi.accounts.answers import found
from enishi.accounts.forms import OrganisationForm, ProjectForm
from enishi.accounts.models import Project
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import registry


@require_GET
def projects(request: StaffRequest) -> HttpResponse:
    """The projects that one may see, in the order of their tree."""
    listed = [project for _depth, project in queries.project_tree(queries.projects(request.actor))]
    names = {project.pk: project.name for project in listed}
    context = {
        "rows": [{"project": project, "above": names.get(project.parent_id or 0, "")} for project in listed],
        "manages": request.actor.may_everywhere(services.MANAGE),
    }
    return render(request, "accounts/projects.html", context)


@require_GET
def project(request: StaffRequest, project_id: int) -> HttpResponse:
    """One project: its parts, its people, and what every app shows of it."""
    actor = request.actor
    try:
        found = queries.project(actor, project_id)
    except Project.DoesNotExist:
        raise Http404 from None
    people = queries.access_to(found)
    context = {
        "project": found,
        "tabs": registry.project_tabs(actor, found),
        "parts": queries.children(found),
        "people": people,
        "figures": registry.panels("project.figures", actor, found),
        "main": registry.panels("project.main", actor, found),
        "side": registry.panels("project.side", actor, found),
        "level": Level(found.default_level).label,
        "manages": actor.may_everywhere(services.MANAGE),
        "history_url": reverse("timeline:of", args=["accounts.project", found.pk])
        if actor.may("timeline.view", found.pk)
        else "",
    }
    return render(request, "accounts/project.html", context)


@require_GET
@needs_everywhere(services.MANAGE)
def setup(request: StaffRequest) -> HttpResponse:
    """Every project, archived ones too, to set them up."""
    tree = queries.project_tree(queries.all_projects())
    rows = [
        {"depth": depth, "project": project, "level": Level(project.default_level).label}
        for depth, project in tree
    ]
    return render(request, "accounts/projects_setup.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def new_project(request: StaffRequest) -> HttpResponse:
    form = ProjectForm(request.POST or None, initial={"country": queries.organisation().country})
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_project(request.actor, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error("code", str(error))
        else:
            messages.success(
                request, _("“%(name)s” is there. Give people a role in it.") % {"name": made.name}
            )
            return redirect("accounts:projects_setup")
    return render(
        request,
        "accounts/project_form.html",
        {"form": form, "project": None},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def edit_project(request: StaffRequest, project_id: int) -> HttpResponse:
    found = _any_project(project_id)
    form = ProjectForm(request.POST or None, instance=_any_project(project_id))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_project(request.actor, found, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error("parent", str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:projects_setup")
    return render(
        request,
        "accounts/project_form.html",
        {"form": form, "project": found},
        status=422 if form.errors else 200,
    )


def _any_project(project_id: int) -> Project:
    return found(queries.any_project, project_id)


@require_POST
@needs_everywhere(services.MANAGE)
def archive(request: StaffRequest, project_id: int) -> HttpResponse:
    """Put a project away, or take it back; the toast does the other."""
    found = _any_project(project_id)
    away = found.archived_at is None
    services.archive_project(request.actor, found, archived=away)
    text = _("“%(name)s” is put away.") if away else _("“%(name)s” is back.")
    messages.success(
        request, text % {"name": found.name}, extra_tags=reverse("accounts:project_archive", args=[found.pk])
    )
    return redirect("accounts:projects_setup")


@require_http_methods(["GET", "POST"])
@needs_everywhere("accounts.settings")
def organisation(request: StaffRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None, instance=queries.organisation())
    if request.method == "POST" and form.is_valid():
        services.change_settings(request.actor, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:organisation")
    return render(request, "accounts/organisation.html", {"form": form}, status=422 if form.errors else 200)
