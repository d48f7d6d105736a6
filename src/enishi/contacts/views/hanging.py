"""Changing what hangs on a contact: ways to reach it, relations, consents, ids in other systems."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enishi.accounts.access import Forbidden
from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.forms.hanging import ADDRESS_PARTS, ConsentForm, IdForm, PointForm, TieForm
from enishi.contacts.models import ContactPoint, Party, Relation
from enishi.contacts.queries import record as records
from enishi.contacts.queries import ties
from enishi.contacts.services.points import PLACES_FIRST, ROADS_FIRST
from enishi.contacts.views.answers import country, editable, form_answer, saved_answer
from enishi.core import normalise
from enishi.core.parameters import words


@require_http_methods(["GET", "POST"])
def point(request: StaffRequest, party_id: int, point_id: int = 0, kind: str = "") -> HttpResponse:
    """One way to reach a party: new (with a kind), changed, or removed."""
    party = editable(request, party_id)
    found: ContactPoint | None = None
    if point_id:
        try:
            found = records.point(request.actor, party, point_id)
        except ContactPoint.DoesNotExist:
            raise Http404 from None
    elif kind not in ContactPoint.Kind.values:
        raise Http404
    kind, here = (found.kind if found else kind), country()
    if kind not in records.open_kinds(request.actor, party):
        raise Forbidden(kind)
    form = PointForm(kind, found, here)
    if request.method == "POST" and "remove" in request.POST and found is not None:
        services.save_point(request.actor, party, None, point=found)
        return saved_answer(request, party, section="reach", sheet=False, words=_("Removed."))
    if request.method == "POST":
        form = PointForm(kind, found, here, request.POST)
        if form.is_valid():
            changed = form.changed_values()
            if form.clashes:
                form.ask_again()
            elif found is not None and not changed:
                return saved_answer(request, party, section="reach", sheet=False)
            else:
                try:
                    services.save_point(
                        request.actor,
                        party,
                        _point_draft(form, changed),
                        point=found,
                        country=_read_by(form, found),
                    )
                except services.ContactError as error:
                    form.refuse(error)
                else:
                    return saved_answer(request, party, section="reach", sheet=False)
    elif "country" in request.GET:
        # Another country was chosen: the same words in its order of fields.
        form = PointForm(kind, found, here, request.GET)
        form.is_valid()
        form.errors.clear()
    order = PLACES_FIRST if form.here == "JP" else ROADS_FIRST
    context: dict[str, Any] = {
        "form": form,
        "point": found,
        "parts": [form[part] for part in order] if kind == ContactPoint.Kind.ADDRESS else [],
    }
    return form_answer(
        request, party, "contacts/edit/point.html", context, section="reach", title=_("Reach"), sheet=False
    )


def _read_by(form: PointForm, found: ContactPoint | None) -> str:
    """The country by which a number is read: that of the number itself once there is one."""
    if found is not None and found.kind == ContactPoint.Kind.PHONE:
        return normalise.phone(found.value).country or form.here
    return form.here


def _point_draft(form: PointForm, changed: dict[str, Any]) -> services.PointDraft:
    """What stands in the record, with what this user changed."""
    told = {**form.initial, **changed}
    return services.PointDraft(
        kind=form.kind,
        typed=told.get("typed", ""),
        parts={part: told[part] for part in (*ADDRESS_PARTS, "country")} if "country" in told else {},
        **{
            name: told[name]
            for name in ("label", "status", "is_primary", "valid_from", "valid_until", "note")
        },
    )


@require_http_methods(["GET", "POST"])
def tie(request: StaffRequest, party_id: int, relation_id: int = 0) -> HttpResponse:
    """A relation of a party, seen from it: new, changed, or taken back."""
    party = editable(request, party_id)
    found: ties.Tie | None = None
    if relation_id:
        try:
            found = ties.tie(request.actor, party, relation_id)
        except Relation.DoesNotExist:
            raise Http404 from None
    form = TieForm(request.actor, party, found)
    if request.method == "POST" and "remove" in request.POST and found is not None:
        services.remove_relation(request.actor, found.relation)
        return saved_answer(request, party, section="ties", sheet=True, words=_("Removed."))
    if request.method == "POST":
        form = TieForm(request.actor, party, found, request.POST)
        if form.is_valid():
            changed = form.changed_values()
            if form.clashes:
                form.ask_again()
            elif found is not None and not changed:
                return saved_answer(request, party, section="ties", sheet=True)
            else:
                try:
                    _relate(request, party, form, found, changed)
                except services.ContactError as error:
                    form.refuse(error)
                else:
                    return saved_answer(request, party, section="ties", sheet=True)
    context = {"form": form, "tie": found}
    return form_answer(
        request, party, "contacts/edit/tie.html", context, section="ties", title=_("Relation"), sheet=True
    )


def _relate(
    request: StaffRequest, party: Party, form: TieForm, found: ties.Tie | None, changed: dict[str, Any]
) -> None:
    told = {**form.initial, **changed}
    type_id, _colon, way = told["words"].partition(":")
    services.relate_from(
        request.actor,
        party,
        form.picked.answer or "",
        kind=form.types[int(type_id)],
        outgoing=way == "out",
        relation=found.relation if found else None,
        **{
            name: told[name]
            for name in ("title", "department", "valid_from", "valid_until", "seen_on", "evidence")
        },
    )


@require_http_methods(["GET", "POST"])
def consent(request: StaffRequest, party_id: int) -> HttpResponse:
    """Write down what somebody stated about one purpose."""
    party = editable(request, party_id)
    form = ConsentForm(request.POST or None, initial={"purpose": request.GET.get("purpose")})
    if request.method == "POST" and form.is_valid():
        try:
            services.state_consent(request.actor, party, **form.cleaned_data)
        except services.ContactError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return saved_answer(request, party, section="consents", sheet=False, words=_("Written down."))
    return form_answer(
        request, party, "contacts/edit/consent.html", {"form": form}, section="consents",
        title=_("What was stated"), sheet=False,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def external_id(request: StaffRequest, party_id: int) -> HttpResponse:
    """What another system calls this party; an empty id takes it away."""
    party = editable(request, party_id)
    known = {one.system: one.value for one in party.external_ids.all()}
    system = request.GET.get("system", "")
    initial = {"system": system, "value": known.get(system, "")}
    form = IdForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_external_id(request.actor, party, **form.cleaned_data)
        except services.ContactError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return saved_answer(request, party, section="ids", sheet=False)
    return form_answer(
        request, party, "contacts/edit/id.html", {"form": form}, section="ids",
        title=_("Id in another system"), sheet=False,
    )  # fmt: skip


@require_GET
def party_choices(request: StaffRequest) -> HttpResponse:
    """Parties that match what is being typed, as radio buttons of the field ``name``, with a line to create one."""
    query = words(request.GET.get("q"))
    name = request.GET.get("name", "party")
    kinds = [kind for kind in request.GET.get("kinds", "").split(",") if kind in Party.Kind.values]
    context = {
        "name": name if name.replace("-", "").replace("_", "").isalnum() else "party",
        "found": records.choices(request.actor, query, kinds=kinds) if query else [],
        "create": query if request.GET.get("create") and request.actor.may("contacts.edit") else "",
    }
    return render(request, "contacts/edit/party_choices.html", context)
