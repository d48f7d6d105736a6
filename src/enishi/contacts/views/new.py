"""Entering a new person, organisation or group."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.answers import shell_project
from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.forms.choosing import project_choices
from enishi.contacts.forms.new import NewContactForm
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.views.answers import EDIT, address_of, country, crumbs
from enishi.core import names

TITLES = {
    Party.Kind.PERSON: gettext_lazy("New person"),
    Party.Kind.ORGANISATION: gettext_lazy("New organisation"),
    Party.Kind.GROUP: gettext_lazy("New group"),
}
_KANJI = {"Jpan", "Hans"}


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, kind: str) -> HttpResponse:
    actor = request.actor
    actor.require(EDIT)
    form = NewContactForm(actor, kind, request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            party = services.enter_contact(
                actor,
                _draft(kind, form.cleaned_data),
                project_ids=form.cleaned_data["projects"],
                country=country(),
                belongs_to=form.picked.answer,
                tie="works-for" if kind == Party.Kind.PERSON else "division-of",
                title=form.cleaned_data.get("title", ""),
            )
        except services.ContactError as error:
            form.add_error(_field(form, error.field), str(error))
        else:
            undo = reverse("contacts:delete", args=[party.pk])
            can = actor.may("contacts.delete", party)
            words = _("“%(name)s” is in your contacts.") % {"name": party.full_name}
            messages.success(request, words, extra_tags=undo if can else "")
            if "another" in request.POST:
                return redirect(request.path)
            return redirect("contacts:party", party.pk)
    context: dict[str, Any] = {
        "form": form,
        "kind": kind,
        "title": TITLES[Party.Kind(kind)],
        "crumbs": crumbs(),
        "preview": name_parts(form["name"].value() or "", form["language"].value() or ""),
        "similar_url": address_of("contacts:similar"),
    }
    return render(request, "contacts/edit/new.html", context, status=422 if form.errors else 200)


def _initial(request: StaffRequest) -> dict[str, Any]:
    chosen = shell_project(request)
    offered = [pk for pk, _name in project_choices(request.actor)]
    only = offered[0] if len(offered) == 1 else None
    given = {
        name: request.GET[name]
        for name in ("name", "email", "phone", "organisation", "title")
        if name in request.GET
    }
    return {**given, "projects": [chosen] if chosen in offered else [only] if only else []}


def _field(form: NewContactForm, field: str) -> str | None:
    name = {"full_name": "name", "project_ids": "projects"}.get(field, field)
    return name if name in form.fields else None


def _draft(kind: str, told: dict[str, Any]) -> services.PartyDraft:
    points = [
        services.PointDraft(kind=kind_of, typed=told[name], label=label)
        for kind_of, name, label in (
            (ContactPoint.Kind.EMAIL, "email", ContactPoint.Label.WORK),
            (ContactPoint.Kind.PHONE, "phone", ContactPoint.Label.WORK),
        )
        if told.get(name)
    ]
    person = kind == Party.Kind.PERSON
    parts = names.split(told["name"], told.get("language", "")) if person else None
    other: dict[str, dict[str, str]] = {}
    if told.get("reading"):
        other["Kana"] = _reading(told["reading"])
    return services.PartyDraft(
        kind=told.get("kind") or kind,
        full_name=parts.full if parts else told["name"],
        honorific=parts.honorific[:60] if parts else "",
        family_name=told.get("family_name", ""),
        given_name=told.get("given_name", ""),
        names=other,
        language=told.get("language", ""),
        points=points,
        confidentiality=told["confidentiality"],
    )


def _reading(typed: str) -> dict[str, str]:
    family, _space, given = typed.replace("\u3000", " ").partition(" ")
    return {"family": family, "given": given} if given else {"full": typed}


def name_parts(typed: str, language: str) -> dict[str, Any]:
    """How a name would be split, and whether it needs a reading."""
    parts = names.split(typed, language)
    return {
        "parts": parts,
        "reading": parts.script in _KANJI,
        "unsure": bool(parts.full) and not parts.is_split,
    }


@require_GET
def name_preview(request: StaffRequest) -> HttpResponse:
    """Family and given name of what is being typed."""
    typed, language = request.GET.get("name", "")[:300], request.GET.get("language", "")[:10]
    return render(request, "contacts/edit/name_preview.html", {"preview": name_parts(typed, language)})
