"""People who sign in, their teams, and the roles that both hold."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.answers import found
from enishi.accounts.forms import GrantForm, NewPersonForm, PersonForm, TeamForm
from enishi.accounts.leaving import Leaving, left_behind
from enishi.accounts.models import Grant, Team, User
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import registry
from enishi.core.parameters import number, words

PAGE = 50


def _person(user_id: int) -> User:
    return found(queries.person, user_id)


def _team(team_id: int) -> Team:
    return found(queries.team, team_id)


def _after(value: str) -> tuple[str, int] | None:
    """Where the page before ended: ``id:name``."""
    key, _colon, name = value.partition(":")
    return (words(name), pk) if (pk := number(key)) else None


@require_GET
@needs_everywhere(services.MANAGE)
def people(request: StaffRequest) -> HttpResponse:
    search, state = words(request.GET.get("q")), request.GET.get("state", "active")
    active = {"inactive": False, "all": None}.get(state, True)
    after = _after(request.GET.get("after", ""))
    found = list(queries.people(search=search, active=active, after=after)[: PAGE + 1])
    kept = {"q": search, "state": state}
    more = found[PAGE - 1] if len(found) > PAGE else None
    context = {
        "people": [{"user": user, "roles": _role_names(user)} for user in found[:PAGE]],
        "search": search,
        "states": [
            {"label": label, "url": f"?{urlencode({'q': search, 'state': key})}", "current": key == state}
            for key, label in (("active", _("Active")), ("inactive", _("Not active")), ("all", _("All")))
        ],
        "state": state,
        "next_url": f"?{urlencode({**kept, 'after': f'{more.pk}:{more.name}'})}" if more else "",
        "back_url": f"?{urlencode(kept)}" if after else "",
    }
    return render(request, "accounts/people.html", context)


def _role_names(user: User) -> str:
    grants = [*user.grants.all(), *(grant for team in user.teams.all() for grant in team.grants.all())]
    return ", ".join(sorted({grant.role.name for grant in grants}))


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def new_person(request: StaffRequest) -> HttpResponse:
    """Create somebody and send them the link by which they set their password."""
    ours = queries.organisation()
    initial = {"language": ours.language, "time_zone": ours.time_zone}
    form = NewPersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.create_user(request.actor, **form.cleaned_data)
            services.invite(request.actor, user)
        except services.AccountError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("%(name)s gets a link by e-mail to set a password.") % {"name": user})
            return redirect("accounts:person", user.pk)
    return render(request, "accounts/person_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def person(request: StaffRequest, user_id: int) -> HttpResponse:
    """Somebody's data, what they may do and where; saves the data."""
    fields = ("name", "email", "language", "time_zone", "is_active")
    user = _person(user_id)
    form = PersonForm(request.POST or None, initial={name: getattr(user, name) for name in fields})
    if request.method == "POST" and form.is_valid():
        leaving = user.is_active and not form.cleaned_data["is_active"]
        behind = left_behind(request.actor, user) if leaving and "leave_open" not in request.POST else None
        if behind is not None:
            return _person_page(request, user, form, GrantForm(), behind=behind)
        try:
            services.change_user(request.actor, user, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error("email" if "email" in form.changed_data else None, str(error))
            user = _person(user_id)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:person", user.pk)
    return _person_page(request, user, form, GrantForm())


def _person_page(
    request: StaffRequest,
    user: User,
    form: PersonForm,
    grant_form: GrantForm,
    *,
    behind: Leaving | None = None,
) -> HttpResponse:
    context = {
        "person": user,
        "form": form,
        "grant_form": grant_form,
        "grants": queries.grants_of(user),
        "teams": list(user.teams.all()),
        "history_url": _history_url("accounts.user", user.pk),
        "behind": behind,
        "panels": registry.panels("accounts.person", request.actor, user),
    }
    refused = form.errors or grant_form.errors or behind
    return render(request, "accounts/person.html", context, status=422 if refused else 200)


def _history_url(subject_type: str, subject_id: int) -> str:
    return reverse("timeline:of", args=[subject_type, subject_id])


@require_POST
@needs_everywhere(services.MANAGE)
def invite(request: StaffRequest, user_id: int) -> HttpResponse:
    user = _person(user_id)
    try:
        services.invite(request.actor, user)
    except services.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s gets a link by e-mail to set a password.") % {"name": user})
    return redirect("accounts:person", user.pk)


@require_POST
@needs_everywhere(services.MANAGE)
def give(request: StaffRequest) -> HttpResponse:
    """Give a role to the person or team named in the form."""
    to_team = "team" in request.POST
    pk = number(request.POST.get("team" if to_team else "user"))
    if not pk:
        raise Http404
    form = GrantForm(request.POST)
    whom: dict[str, Any] = {"team": _team(pk)} if to_team else {"user": _person(pk)}
    page = "accounts:team" if to_team else "accounts:person"
    if form.is_valid():
        try:
            services.give_role(
                request.actor, role=form.cleaned_data["role"], project=form.cleaned_data["place"], **whom
            )
        except services.AccountError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Choose a role and where it holds."))
    return redirect(page, pk)


@require_POST
@needs_everywhere(services.MANAGE)
def take(request: StaffRequest, grant_id: int) -> HttpResponse:
    """Take a role away; the toast gives it back."""
    try:
        grant = queries.grant(grant_id)
    except Grant.DoesNotExist:
        raise Http404 from None
    page = ("accounts:team", grant.team_id) if grant.team_id else ("accounts:person", grant.user_id)
    try:
        services.take_role(request.actor, grant)
    except services.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(role)s” was taken away.") % {"role": grant.role.name})
    return redirect(*page)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def teams(request: StaffRequest) -> HttpResponse:
    """Every team, and one more."""
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = services.create_team(request.actor, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error("name", str(error))
        else:
            return redirect("accounts:team", team.pk)
    context = {"teams": queries.teams(), "form": form}
    return render(request, "accounts/teams.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def team(request: StaffRequest, team_id: int) -> HttpResponse:
    """A team's name, members and roles; saves name and members."""
    found = _team(team_id)
    members = [user.pk for user in found.members.all()]
    form = TeamForm(request.POST or None, initial={"name": found.name, "members": members})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_team(request.actor, found, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error("name" if "name" in form.changed_data else None, str(error))
            found = _team(team_id)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:team", found.pk)
    context = {
        "team": found,
        "form": form,
        "grant_form": GrantForm(),
        "grants": queries.grants_of_team(found),
    }
    return render(request, "accounts/team.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(services.MANAGE)
def delete_team(request: StaffRequest, team_id: int) -> HttpResponse:
    found = _team(team_id)
    try:
        services.delete_team(request.actor, found)
    except services.AccountError as error:
        messages.error(request, str(error))
        return redirect("accounts:team", team_id)
    messages.success(
        request, _("The team “%(name)s” is gone; its members keep their own roles.") % {"name": found.name}
    )
    return redirect("accounts:teams")
