"""Small addresses that belong to no app: what the user chose, whether the service is alive."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts import queries, services
from enishi.accounts.models import LANGUAGES, Theme, User
from enishi.core.parameters import number


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember one choice: the project to filter by (this session), appearance, language or keys (the user)."""
    actor, chosen = request.actor, request.POST  # type: ignore[attr-defined]
    if "project" in chosen:
        _choose_project(request, chosen["project"])
    values: dict[str, Any] = {}
    if chosen.get("theme") in Theme.values:
        values["theme"] = chosen["theme"]
    if chosen.get("language") in dict(LANGUAGES):
        values["language"] = chosen["language"]
    if "single_keys" in chosen:
        values["single_keys"] = chosen["single_keys"] == "on"
    if values:
        services.change_user(actor, cast(User, request.user), **values)
    after = chosen.get("next", "")
    if not url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        after = "/"
    if "project" in chosen:
        after = _without_project(after)
    return HttpResponse(status=204) if request.htmx else redirect(after)  # type: ignore[attr-defined]


def _without_project(address: str) -> str:
    """The page one comes from, without the project that its address named: another one was chosen."""
    parts = urlsplit(address)
    rest = [(name, value) for name, value in parse_qsl(parts.query, True) if name not in {"project", "in"}]
    return urlunsplit(parts._replace(query=urlencode(rest)))


def _choose_project(request: HttpRequest, value: str) -> None:
    actor = request.actor  # type: ignore[attr-defined]
    project_id = number(value)
    if project_id and queries.projects(actor).filter(pk=project_id).exists():
        request.session["project"] = project_id
    else:
        request.session.pop("project", None)


@require_GET
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers, for load balancers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
