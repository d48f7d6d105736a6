"""Writing down who was given which version of a file, from the page of the file or of the person."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.access import Forbidden
from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.engagement import queries, services
from enishi.engagement.forms import GiveForm
from enishi.engagement.services.rules import SHARE, VIEW
from enishi.engagement.views import answers


def _found(read: Any, *args: Any) -> Any:
    return found(read, *args)


@require_http_methods(["GET", "POST"])
def give_file(request: StaffRequest, file_id: int) -> HttpResponse:
    """Say to whom a version of this file was given, or that it was published."""
    actor = request.actor
    file = _found(queries.file_to_give, actor, file_id)
    for right in (VIEW, SHARE):
        actor.require(right, file.project_id)
    form = GiveForm(actor, queries.versions_of([file.pk]), request.POST or None, project=file.project)
    return _answer(request, form, title=file.name, back=reverse("content:file", args=[file.pk]))


@require_http_methods(["GET", "POST"])
def give_party(request: StaffRequest, party_id: int) -> HttpResponse:
    """Say which version of which file this person was given."""
    actor = request.actor
    party = _found(queries.party_to_give, actor, party_id)
    if not actor.may(SHARE, party.project_ids):
        raise Forbidden(SHARE)
    versions = queries.versions_of(queries.files_to_give(actor, party))
    form = GiveForm(actor, versions, request.POST or None, party=party)
    return _answer(request, form, title=party.full_name, back=reverse("contacts:party", args=[party.pk]))


def _answer(request: StaffRequest, form: GiveForm, *, title: str, back: str) -> HttpResponse:
    after = answers.way_back(request, back)
    if request.method == "POST" and form.is_valid():
        try:
            _handout, entry = services.give(request.actor, **form.values())
        except services.EngagementError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return answers.done(request, _("Written down"), undo=entry.pk, after=after)
    in_sheet = request.htmx and request.htmx.target == "sheet"
    template = "engagement/give_sheet.html" if in_sheet else "engagement/give.html"
    context = {"form": form, "title": title, "back": after, "into": "#sheet" if in_sheet else ""}
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
def take_back(request: StaffRequest, handout_id: int) -> HttpResponse:
    """Remove what was written down by mistake."""
    handout = _found(queries.handout, request.actor, handout_id)
    after = answers.way_back(request, reverse("content:file", args=[handout.version.file_id]))
    entry = services.take_back(request.actor, handout)
    return answers.done(request, _("Removed"), undo=entry.pk, after=after)
