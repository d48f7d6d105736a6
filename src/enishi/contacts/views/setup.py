"""Setting up what is known about contacts: own fields, tags, relation types, consent purposes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.contacts import services
from enishi.contacts.forms.setup import (
    FieldForm,
    MergeTagForm,
    PurposeForm,
    RelationTypeForm,
    TagForm,
    WordingForm,
)
from enishi.contacts.models import Field, Party
from enishi.contacts.queries import setup, ties

SETUP = "contacts.setup"


def _page(request: StaffRequest, name: str, context: dict[str, Any], *forms: Form | None) -> HttpResponse:
    """A page of the set-up, with its place among the others."""
    here = name.partition("_")[0]
    listed = (
        ("fields", _("Own fields")),
        ("tags", _("Tags")),
        ("relations", _("Relations")),
        ("consents", _("Consents")),
    )
    context["views"] = [
        {"label": label, "url": reverse(f"contacts:setup_{code}"), "current": here == code}
        for code, label in listed
    ]
    wrong = any(form is not None and form.errors for form in forms)
    return render(request, f"contacts/setup/{name}.html", context, status=422 if wrong else 200)


def _refuse(form: Form, error: services.ContactError) -> None:
    name = {"text": "wording", "kept": "kept"}.get(error.field, error.field)
    form.add_error(name if name in form.fields else None, str(error))


def _found(find: Any, pk: int) -> Any:
    return found(find, pk)


@require_GET
@needs_everywhere(SETUP)
def fields(request: StaffRequest) -> HttpResponse:
    names = dict(Party.Kind.choices)
    rows = [
        {"field": one, "kinds": [names.get(kind, kind) for kind in one.party_kinds]} for one in setup.fields()
    ]
    return _page(request, "fields", {"rows": rows})


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def field(request: StaffRequest, field_id: int = 0) -> HttpResponse:
    """One own field: new, or changed."""
    found: Field | None = _found(setup.field, field_id) if field_id else None
    form = FieldForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_field(request.actor, found, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.label})
            return redirect("contacts:setup_fields")
    return _page(request, "fields_one", {"form": form, "field": found}, form)


@require_POST
@needs_everywhere(SETUP)
def field_archive(request: StaffRequest, field_id: int) -> HttpResponse:
    found = _found(setup.field, field_id)
    services.archive_field(request.actor, found, archived="archive" in request.POST)
    return redirect("contacts:setup_fields")


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def tags(request: StaffRequest) -> HttpResponse:
    """The tree of tags, and a form for one more."""
    form = TagForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_tag(request.actor, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(form, error)
        else:
            return redirect("contacts:setup_tags")
    return _page(request, "tags", {"form": form, "branches": setup.tag_tree()}, form)


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def tag(request: StaffRequest, tag_id: int) -> HttpResponse:
    """One tag: rename or move it, merge it into another, put it away."""
    found = _found(setup.tag, tag_id)
    merging = "kept" in request.POST
    form = TagForm(found, None if merging else request.POST or None)
    merge = MergeTagForm(found, request.POST if merging else None)
    if request.method == "POST" and not merging and form.is_valid():
        try:
            saved = services.rename_tag(request.actor, found, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("The tag is “%(name)s” now.") % {"name": saved.path})
            return redirect("contacts:setup_tags")
    if merging and merge.is_valid():
        try:
            kept = services.merge_tags(request.actor, kept=merge.cleaned_data["kept"], gone=found)
        except services.ContactError as error:
            _refuse(merge, error)
        else:
            words = _("Everybody with “%(gone)s” has “%(kept)s” now.")
            messages.success(request, words % {"gone": found.name, "kept": kept.path})
            return redirect("contacts:setup_tags")
    return _page(request, "tags_one", {"form": form, "merge": merge, "tag": found}, form, merge)


@require_POST
@needs_everywhere(SETUP)
def tag_archive(request: StaffRequest, tag_id: int) -> HttpResponse:
    services.archive_tag(request.actor, _found(setup.tag, tag_id), archived="archive" in request.POST)
    return redirect("contacts:setup_tags")


@require_GET
@needs_everywhere(SETUP)
def relations(request: StaffRequest) -> HttpResponse:
    rows = [
        {
            "type": kind,
            "name": ties.words(kind, outgoing=True),
            "inverse": ties.words(kind, outgoing=False),
        }
        for kind in setup.relation_types()
    ]
    return _page(request, "relations", {"rows": rows})


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def relation(request: StaffRequest, type_id: int = 0) -> HttpResponse:
    """One kind of relation of the organisation's own."""
    found = _found(setup.relation_type, type_id) if type_id else None
    form = RelationTypeForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_relation_type(request.actor, found, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:setup_relations")
    return _page(request, "relations_one", {"form": form, "type": found}, form)


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def consents(request: StaffRequest) -> HttpResponse:
    """What consents are asked for, and a form for one more purpose."""
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_purpose(request.actor, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(form, error)
        else:
            return redirect("contacts:setup_consents")
    rows = [{"purpose": purpose, "name": setup.purpose_name(purpose)} for purpose in setup.purposes()]
    return _page(request, "consents", {"form": form, "rows": rows}, form)


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETUP)
def consent(request: StaffRequest, purpose_id: int) -> HttpResponse:
    """One purpose: its name, and the versions of the words that people agree to."""
    found = _found(setup.purpose, purpose_id)
    adding = "wording" in request.POST
    form = PurposeForm(None if adding else request.POST or None, initial={"name": setup.purpose_name(found)})
    wording = WordingForm(request.POST if adding else None, initial={"language": request.actor.language})
    sent = wording if adding else form
    if request.method == "POST" and sent.is_valid():
        try:
            if adding:
                services.add_wording(request.actor, found, **wording.cleaned_data)
            else:
                services.save_purpose(request.actor, found, **form.cleaned_data)
        except services.ContactError as error:
            _refuse(sent, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:setup_consent", found.pk)
    context = {"form": form, "wording": wording, "purpose": found, "name": setup.purpose_name(found)}
    return _page(request, "consents_one", context, form, wording)


@require_POST
@needs_everywhere(SETUP)
def consent_archive(request: StaffRequest, purpose_id: int) -> HttpResponse:
    services.archive_purpose(
        request.actor, _found(setup.purpose, purpose_id), archived="archive" in request.POST
    )
    return redirect("contacts:setup_consents")
