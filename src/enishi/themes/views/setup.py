"""Setting up the tree of themes."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.themes import queries, services
from enishi.themes.forms import MergeThemeForm, ThemeForm
from enishi.themes.models import Theme
from enishi.themes.queries import machine


def _found(request: StaffRequest, theme_id: int) -> Theme:
    """One theme that the actor may set up: 404 out of sight, 403 without the right."""
    request.actor.require("conversations.view")
    try:
        found = queries.theme(request.actor, theme_id)
    except Theme.DoesNotExist:
        raise Http404 from None
    services.require_setup(request.actor, found.project_id)
    return found


@require_http_methods(["GET", "POST"])
def themes(request: StaffRequest) -> HttpResponse:
    """The tree, and a form for one more."""
    request.actor.require(services.SETUP)
    form = ThemeForm(request.actor, None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_theme(request.actor, **form.cleaned_data)
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("themes:setup")
    context = {
        "form": form,
        "branches": queries.branches(request.actor),
        "machine": machine.machine(),
        "reader": machine.reader(),
        "progress": machine.progress() if request.actor.may_everywhere(services.SETUP) else None,
    }
    wrong = request.method == "POST" or bool(form.errors)
    return render(request, "themes/setup.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "POST"])
def theme(request: StaffRequest, theme_id: int) -> HttpResponse:
    """One theme: rename or move it, say what belongs to it, merge it into another."""
    found = _found(request, theme_id)
    merging = "kept" in request.POST
    posted = request.method == "POST"
    form = ThemeForm(request.actor, found, request.POST if posted and not merging else None)
    merge = MergeThemeForm(request.actor, found, request.POST if merging else None)
    try:
        if posted and not merging and form.is_valid():
            saved = services.rename_theme(request.actor, found, **form.cleaned_data)
            messages.success(request, _("The theme is “%(name)s” now.") % {"name": saved.path})
            return redirect("themes:setup")
        if merging and merge.is_valid():
            kept = services.merge_themes(request.actor, kept=merge.cleaned_data["kept"], gone=found)
            words = _("Every passage with “%(gone)s” has “%(kept)s” now.")
            messages.success(request, words % {"gone": found.name, "kept": kept.path})
            return redirect("themes:setup")
    except services.ThemeError as error:
        wrong = merge if merging else form
        wrong.add_error(error.field if error.field in wrong.fields else None, str(error))
    context = {"form": form, "merge": merge, "theme": found}
    return render(request, "themes/setup_theme.html", context, status=422 if posted else 200)


@require_POST
def archive(request: StaffRequest, theme_id: int) -> HttpResponse:
    services.archive_theme(request.actor, _found(request, theme_id), archived="archive" in request.POST)
    return redirect("themes:setup")
