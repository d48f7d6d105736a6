"""Roles as a table of things by rights, what a change would do, and why somebody can or cannot see something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import fields, queries, services
from enishi.accounts.access import Level, Via, known, narrowable, rights
from enishi.accounts.answers import found
from enishi.accounts.forms import (
    REACHES,
    SHOWN_FIELD,
    FixedRoleForm,
    ProtectedFieldsForm,
    RoleForm,
    WhyForm,
    reach_field,
)
from enishi.accounts.models import Role
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import registry

COLUMNS = ("view", "edit", "delete", "export", "bulk")
RECORDS = "accounts.records"


def _role(role_id: int) -> Role:
    return found(queries.role, role_id)


def _things(chosen: set[str], saved: set[str], reach: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of the table: each part of the product, its usual rights and what else it has."""
    rows = []
    for config in apps.get_app_configs():
        declared = getattr(config, "rights", {})
        cells = {
            code.partition(".")[2]: {
                "code": code,
                "label": label,
                "on": code in chosen,
                "changed": (code in chosen) != (code in saved),
                "reach": {"name": reach_field(code), "is": reach.get(code, "")}
                if code in narrowable()
                else None,
            }
            for code, label in declared.items()
        }
        if cells:
            usual = [cells.pop(name, None) for name in COLUMNS]
            more = list(cells.values())
            rows.append(
                {
                    "label": config.verbose_name,
                    "usual": usual,
                    "more": more,
                    "any": any(usual),
                    "both": any(usual) and bool(more),
                }
            )
    return rows[::-1]


@require_GET
@needs_everywhere(services.MANAGE)
def roles(request: StaffRequest) -> HttpResponse:
    """The first role; without any, the form for a new one."""
    first = queries.roles().first()
    return redirect("accounts:role", first.pk) if first else redirect("accounts:role_new")


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def role(request: StaffRequest, role_id: int) -> HttpResponse:
    found = _role(role_id)
    saved, saved_reach = set(found.codes), queries.reach_of(found.own_codes, found.team_codes)
    fixed = found.name == services.ADMINISTRATOR
    form = _form(found, request.POST or None, fixed=fixed)
    chosen = set(request.POST.getlist("codes")) if request.method == "POST" and not fixed else saved
    if request.method == "POST" and form.is_valid():
        try:
            services.change_role(request.actor, found, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error(None, str(error))
            found = _role(role_id)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:role", found.pk)
    context = {
        "role": found,
        "fixed": fixed,
        "unprotected": queries.without_second_factor(found),
        "people": queries.role_sizes().get(found.pk, 0),
        "places": queries.role_places(found),
        "clearance": Level(found.clearance).label,
        **_page(form, chosen, saved, _reach(request) if request.method == "POST" else saved_reach),
    }
    return render(request, "accounts/role.html", context, status=422 if form.errors else 200)


def _reach(request: StaffRequest) -> dict[str, str]:
    """How far each right reaches that was sent: ``own`` or ``team``; the others reach everything."""
    return {
        code: said
        for code in narrowable()
        if (said := request.POST.get(reach_field(code), "")) in ("own", "team")
    }


def _form(role: Role, data: QueryDict | None, *, fixed: bool) -> FixedRoleForm | RoleForm:
    kind = FixedRoleForm if fixed else RoleForm
    told = {**{name: getattr(role, name) for name in kind.base_fields}, "seen_fields": role.seen_fields}
    return kind(data, initial={**told, "changed_fields": role.changed_fields})


def _page(
    form: FixedRoleForm | RoleForm, chosen: set[str], saved: set[str], reach: Mapping[str, str]
) -> dict[str, Any]:
    sizes = queries.role_sizes()
    return {
        "form": form,
        "things": _things(chosen, saved, reach),
        "reaches": REACHES,
        "roles": [{"role": role, "people": sizes.get(role.pk, 0)} for role in queries.roles()],
        "why_form": WhyForm(),
    }


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def new_role(request: StaffRequest) -> HttpResponse:
    form = RoleForm(request.POST or None)
    chosen = set(request.POST.getlist("codes"))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_role(request.actor, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("The role “%(name)s” can now be given to people and teams.") % {"name": made}
            )
            return redirect("accounts:role", made.pk)
    context = {"role": None, **_page(form, chosen, chosen, _reach(request))}
    return render(request, "accounts/role.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(services.MANAGE)
def effect(request: StaffRequest, role_id: int) -> HttpResponse:
    """What saving the table as it stands would do to the people who hold the role."""
    codes = {known(code) for code in request.POST.getlist("codes") if code in rights()}
    level = request.POST.get("clearance", "")
    found = _role(role_id)
    clearance = int(level) if level in {str(value) for value in Level.values} else found.clearance
    reach = _reach(request)
    shown = {
        name.removeprefix("protected:"): said
        for name, said in request.POST.items()
        if name.startswith("protected:") and said in {"see", "change"}
    }
    done = queries.role_effect(
        found,
        codes=codes,
        clearance=clearance,
        own_codes=[code for code, far in reach.items() if far == "own"],
        team_codes=[code for code, far in reach.items() if far == "team"],
        seen_fields=list(shown),
        changed_fields=[name for name, said in shown.items() if said == "change"],
    )
    context = {
        "effect": done,
        "gains": [{"right": rights()[code], "people": n} for code, n in done.gains.items()],
        "losses": [{"right": rights()[code], "people": n} for code, n in done.losses.items()],
        "reaches": [
            {"right": rights()[code], "far": dict(REACHES)[far]} for code, far in done.reaches.items()
        ],
        "shown": [
            {"field": label, "how": dict(SHOWN_FIELD)[said]}
            for label, said in zip(fields.labels(done.shown), done.shown.values(), strict=True)
        ],
        "clearance": Level(done.clearance).label if done.clearance is not None else "",
        "locks_out": services.LastAdministrator() if done.locks_out else None,
    }
    return render(request, "accounts/role_effect.html", context)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def protected_fields(request: StaffRequest) -> HttpResponse:
    """Which fields are seen only through roles that name them, and which roles do."""
    held = sorted(queries.protected_fields())
    form = ProtectedFieldsForm(request.POST or None, initial={"names": held})
    if request.method == "POST" and (form := ProtectedFieldsForm(request.POST)).is_valid():
        try:
            services.protect_fields(request.actor, form.cleaned_data["names"])
        except services.AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:role_fields")
    showing, chosen = queries.roles_showing(), form["names"].value() or []
    rows = [
        {"name": name, "label": label, "on": name in chosen, "roles": showing.get(name, [])}
        for name, label in fields.protectable().items()
    ]
    context = {"form": form, "rows": rows}
    return render(request, "accounts/role_fields.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(services.MANAGE)
def delete_role(request: StaffRequest, role_id: int) -> HttpResponse:
    found = _role(role_id)
    try:
        services.delete_role(request.actor, found)
    except services.AccountError as error:
        messages.error(request, str(error))
        return redirect("accounts:role", role_id)
    messages.success(request, _("The role “%(name)s” is gone.") % {"name": found.name})
    return redirect("accounts:roles")


@require_GET
@needs_everywhere(services.MANAGE)
def why(request: StaffRequest) -> HttpResponse:
    """Why somebody can or cannot see a record; with several matches, which one is meant is asked first.

    What the asker may not see is not found here either.
    """
    form = WhyForm(request.GET or None)
    context: dict[str, Any] = {"why_form": form}
    if form.is_valid():
        context |= _answer(request, form)
    template = "accounts/why_answer.html" if request.htmx else "accounts/why.html"
    return render(request, template, context)


def _answer(request: StaffRequest, form: WhyForm) -> dict[str, Any]:
    """The record that is meant, who can see it, and why the person asked about can or cannot."""
    find = registry.provider(RECORDS, "find")
    what = form.cleaned_data["record"] or form.cleaned_data["what"]
    found = find(request.actor, what) if find and what else []
    if len(found) != 1:
        return {"choices": found, "asked": what}
    record, who = found[0], form.cleaned_data["who"]
    why = (
        queries.explain(who, record.right, record.project_ids, record.level, record.subject) if who else None
    )
    app = record.right.partition(".")[0]
    edit = f"{app}.edit"
    hidden = (
        fields.out_of_sight(queries.actor(who, via=Via.WEB), app, record.project_ids, record.level)
        if why and why.visible
        else ()
    )
    kind, pk = record.subject
    return {
        "record": record,
        "who": who,
        "why": why,
        "why_change": queries.explain_change(who, edit, record.project_ids, why, record.subject)
        if why
        else None,
        "hidden_fields": sorted(fields.labels(f"{app}.{name}" for name in hidden)),
        "readers": queries.readers(
            record.right,
            record.project_ids,
            record.level,
            subject=record.subject,
            owners=queries.owners_of(kind, pk, record.right),
        ),
        "level": Level(record.level).label,
    }
