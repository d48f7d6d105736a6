"""Changing one contact in place, section by section, and taking the change back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.forms.records import AboutForm, FieldsForm, NameForm, TagsForm
from enishi.contacts.forms.seen import SeenForm
from enishi.contacts.models import Field, Party
from enishi.contacts.queries import record as records
from enishi.contacts.queries import setup
from enishi.contacts.views.answers import editable, form_answer, party_or_404, saved_answer
from enishi.core import registry, text
from enishi.timeline.models import Entry

TRIES = 3
"""So often a save is tried anew when somebody else saves another field in the same moment."""


@dataclass(frozen=True)
class Section:
    """A part of a contact that is changed as one: its form, what saves it, and whether it needs the sheet's width."""

    title: Any
    form: Callable[..., SeenForm]
    save: Callable[[StaffRequest, Party, Any], None]
    sheet: bool = False


def _save_columns(request: StaffRequest, party: Party, form: Any) -> None:
    wanted = form.changes()
    if wanted:
        services.change_party(request.actor, party, version=party.version, **wanted)


def _save_tags(request: StaffRequest, party: Party, form: Any) -> None:
    actor = request.actor
    services.set_tags(actor, party, [services.tag_by_path(actor, path) for path in form.wanted()])


def _save_fields(request: StaffRequest, party: Party, form: Any) -> None:
    wanted = {form.own[code]: value for code, value in form.changed_values().items()}
    for field, value in wanted.items():
        if field.kind == Field.Kind.FILE and value is not None and not isinstance(value, int):
            keep = registry.provider("contacts.files", "keep")
            if keep is None:
                raise services.ContactError(_("Files cannot be kept here."), f"field:{field.code}")
            try:
                wanted[field] = keep(request.actor, party, value)
            except ValueError as refused:
                raise services.ContactError(str(refused), f"field:{field.code}") from None
    if wanted:
        services.set_values(request.actor, party, wanted)


SECTIONS = {
    "name": Section(gettext_lazy("Name"), NameForm, _save_columns, sheet=True),
    "tags": Section(gettext_lazy("Tags"), TagsForm, _save_tags, sheet=True),
    "about": Section(gettext_lazy("About"), AboutForm, _save_columns),
    "fields": Section(gettext_lazy("Own fields"), FieldsForm, _save_fields),
}


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, party_id: int, section: str) -> HttpResponse:
    """The form of one section, and saving it. What others changed meanwhile is never overwritten unasked."""
    part = SECTIONS.get(section)
    if part is None:
        raise Http404
    party = editable(request, party_id)
    form = part.form(request.actor, party)
    if request.method == "POST":
        for attempt in range(TRIES):
            form = part.form(request.actor, party, request.POST, request.FILES)
            if not form.is_valid():
                break
            try:
                part.save(request, party, form)
            except services.ContactError as error:
                form.refuse(error)
                break
            except services.Conflict:
                if attempt == TRIES - 1:
                    form.add_error(None, _("Others are saving this contact right now. Save once more."))
                    break
                party = editable(request, party_id)
                continue
            if not form.clashes:
                return saved_answer(request, party, section=section, sheet=part.sheet)
            form.ask_again()
            break
    return form_answer(
        request, party, f"contacts/edit/{section}.html", {"form": form}, section=section,
        title=part.title, sheet=part.sheet,
    )  # fmt: skip


@require_GET
def tag_choices(request: StaffRequest) -> HttpResponse:
    """Tags that match what is being typed, to tick."""
    request.actor.require("contacts.edit")
    query = text.between_commas(request.GET.get("more", ""))[-1][:80]
    found = setup.matching_tags(query) if query else []
    exact = any(tag.path.casefold() == query.casefold() for tag in found)
    return render(
        request,
        "contacts/edit/tag_choices.html",
        {"found": found, "create": "" if exact else query, "query": query},
    )


@require_POST
def undo_change(request: StaffRequest, party_id: int, entry_id: int) -> HttpResponse:
    """Take back one change that this user made, as far as nobody changed the same since."""
    party = party_or_404(request, party_id)
    try:
        entry = records.own_entry(request.actor, party, entry_id)
    except Entry.DoesNotExist:
        raise Http404 from None
    try:
        undone = services.undo_change(request.actor, party, entry)
    except services.ContactError as error:
        messages.error(request, str(error))
    else:
        if undone.kept:
            messages.warning(request, _("Undone, except what was changed again since."))
        else:
            messages.success(request, _("Undone."))
    page = reverse("contacts:party", args=[party.pk])
    return HttpResponse(status=204, headers={"HX-Redirect": page}) if request.htmx else redirect(page)
