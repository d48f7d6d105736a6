"""What is spoken about without having a theme: put forward, named, or set aside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import done, found
from enishi.accounts.requests import StaffRequest
from enishi.themes import drawing, services
from enishi.themes.forms import NameThemeForm
from enishi.themes.queries import emerging, machine
from enishi.themes.queries.emerging import Unnamed
from enishi.themes.views.pages import VIEW, asked, shared

EDIT = "conversations.edit"
EXAMPLES = 3


@require_GET
def unnamed(request: StaffRequest) -> HttpResponse:
    """Sentences that mean the same, are said in several conversations and have no theme; three examples of each."""
    request.actor.require(VIEW)
    filters, period, kept = asked(request)
    reads = machine.reads_along()
    listed = emerging.unnamed(request.actor, period, filters.project_id) if reads else []
    context = {
        **shared(request, filters, kept),
        "views": drawing.views("unnamed"),
        "rows": [
            {
                "one": one,
                "examples": one.lines[:EXAMPLES],
                "url": f"{reverse('themes:unnamed_one', args=[one.first.key])}?{urlencode(kept)}",
            }
            for one in listed
        ],
        "reads": reads,
    }
    return render(request, "themes/unnamed.html", context)


def _one(request: StaffRequest, key: str) -> tuple[Unnamed, dict[str, str]]:
    """What stands for itself by that sentence; 404 where it has a theme by now or is out of reach."""
    request.actor.require(VIEW)
    filters, period, kept = asked(request)
    there = (
        emerging.unnamed_at(request.actor, period, filters.project_id, key) if machine.reads_along() else None
    )
    if there is None:
        raise Http404
    return there, kept


@require_http_methods(["GET", "POST"])
def one(request: StaffRequest, key: str) -> HttpResponse:
    """Every sentence of it, and a form that makes it a theme."""
    there, kept = _one(request, key)
    may_edit = request.actor.may_whole(EDIT)
    if request.method == "POST":
        request.actor.require(EDIT)
    form = NameThemeForm(request.actor, request.POST if request.method == "POST" else None)
    chosen = (
        set(request.POST.getlist("line")) if request.method == "POST" else {line.key for line in there.lines}
    )
    if request.method == "POST" and form.is_valid():
        lines = [line for line in there.lines if line.key in chosen]
        try:
            made = services.name_theme(request.actor, **form.cleaned_data, lines=lines)
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            said = ngettext(
                "“%(name)s” is a theme now, %(n)s sentence is marked with it.",
                "“%(name)s” is a theme now, %(n)s sentences are marked with it.",
                made.marked,
            ) % {"name": made.theme.path, "n": made.marked}
            address = f"{reverse('themes:theme', args=[made.theme.pk])}?{urlencode(kept)}"
            return done(request, said, after=address)
    context: dict[str, Any] = {
        "one": there,
        "key": key,
        "kept": urlencode(kept),
        "crumbs": [
            {"label": _("Themes"), "url": reverse("themes:list")},
            {"label": _("Without a theme"), "url": f"{reverse('themes:unnamed')}?{urlencode(kept)}"},
        ],
        "rows": [{"line": line, "chosen": line.key in chosen} for line in there.lines],
        "form": form if may_edit else None,
    }
    return render(request, "themes/unnamed_one.html", context, status=422 if form.errors else 200)


@require_POST
def aside(request: StaffRequest, key: str) -> HttpResponse:
    """It is no theme: nothing that means the same is put forward again."""
    there, kept = _one(request, key)
    found(services.set_aside, request.actor, there.first)
    return done(
        request,
        _("It is not put forward again."),
        after=f"{reverse('themes:unnamed')}?{urlencode(kept)}",
    )
