"""Setting up webhooks, and looking at what they were sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.answers import done, found, refused
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.core import events
from enishi.core.parameters import number
from enishi.timeline.words import address
from enishi.webhooks import queries, services
from enishi.webhooks.forms import EndpointForm
from enishi.webhooks.models import Delivery, Endpoint


@require_GET
@needs_everywhere(queries.RIGHT)
def endpoints(request: StaffRequest) -> HttpResponse:
    return render(request, "webhooks/endpoints.html", {"endpoints": list(queries.endpoints(request.actor))})


@never_cache
@require_http_methods(["GET", "POST"])
@needs_everywhere(queries.RIGHT)
def new(request: StaffRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    return _form(request, found(queries.endpoint, request.actor, endpoint_id))


def _form(request: StaffRequest, endpoint: Endpoint | None) -> HttpResponse:
    first: dict[str, Any] = {}
    if endpoint is not None:
        first = {
            "address": endpoint.address,
            "events": endpoint.events,
            "projects": endpoint.project_ids,
        }
    form = EndpointForm(request.actor, request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            saved, secret = services.save(
                request.actor,
                endpoint,
                address=given["address"],
                events=given["events"],
                project_ids=given["projects"],
            )
        except services.WebhookError as error:
            form.add_error(error.field or None, str(error))
        else:
            if secret:
                return _page(request, saved, secret=secret)
            messages.success(request, _("Saved."))
            return redirect("webhooks:endpoint", saved.pk)
    context = {"form": form, "endpoint": endpoint, "groups": form.event_groups()}
    return render(request, "webhooks/form.html", context, status=422 if form.errors else 200)


@require_GET
def endpoint(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    """What it is told, its secret, and what was sent."""
    return _page(request, found(queries.endpoint, request.actor, endpoint_id))


def _page(request: StaffRequest, one: Endpoint, *, secret: str = "") -> HttpResponse:
    before = number(request.GET.get("before"))
    page = queries.deliveries(request.actor, one, before=before)
    own = reverse("webhooks:endpoint", args=[one.pk])
    rows = [
        {
            "listed": row,
            "last": row.attempts[0] if row.attempts else None,
            "what": None if row.entry is None else events.label(row.entry.event),
            "url": "" if row.entry is None else address(row.entry.subject_type, row.entry.subject_id),
            "again": row.delivery.entry_id is not None and one.is_on,
        }
        for row in page.rows
    ]
    names = {p.pk: p.name for p in accounts.projects(request.actor)}
    context = {
        "endpoint": one,
        "mine": one.owner_id == request.actor.own_id,
        "secret": secret,
        "events": [events.label(code) for code in one.events],
        "projects": [names[pk] for pk in one.project_ids if pk in names],
        "waiting": queries.waiting(one),
        "rows": rows,
        "testing": any(
            row.delivery.entry_id is None and row.delivery.state == Delivery.State.WAITING
            for row in page.rows
        ),
        "own": own,
        "back_url": own if before is not None else "",
        "next_url": f"{own}?before={page.next}" if page.next else "",
    }
    return render(request, "webhooks/endpoint.html", context)


def _here(endpoint_id: int) -> str:
    return reverse("webhooks:endpoint", args=[endpoint_id])


@never_cache
@require_POST
def renew(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    """The page once more, with the new secret on it."""
    one = found(queries.endpoint, request.actor, endpoint_id)
    try:
        secret = services.renew_secret(request.actor, one.pk)
    except services.WebhookError as error:
        return refused(request, str(error), after=_here(one.pk))
    return _page(request, found(queries.endpoint, request.actor, endpoint_id), secret=secret)


@require_POST
def switch(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    one = found(queries.endpoint, request.actor, endpoint_id)
    on = request.POST.get("on") == "1"
    try:
        services.switch(request.actor, one.pk, on=on)
    except services.WebhookError as error:
        return refused(request, str(error), after=_here(one.pk))
    words = _("It is switched on.") if on else _("It is switched off. What waits is kept.")
    return done(request, words, after=_here(one.pk))


@require_POST
def take(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    one = found(queries.endpoint, request.actor, endpoint_id)
    services.take_over(request.actor, one.pk)
    return done(request, _("It is yours, and is told what you may read."), after=_here(one.pk))


@require_POST
def test(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    one = found(queries.endpoint, request.actor, endpoint_id)
    services.send_test(request.actor, one.pk)
    return done(request, _("The test is on its way."), after=_here(one.pk))


@require_POST
def again(request: StaffRequest, delivery_id: int) -> HttpResponse:
    row: Delivery = found(queries.delivery, request.actor, delivery_id)
    try:
        services.send_again(request.actor, row)
    except services.WebhookError as error:
        return refused(request, str(error), after=_here(row.endpoint_id))
    return done(request, _("It is sent once more."), after=_here(row.endpoint_id))


@require_POST
def remove(request: StaffRequest, endpoint_id: int) -> HttpResponse:
    one = found(queries.endpoint, request.actor, endpoint_id)
    services.remove(request.actor, one.pk)
    messages.success(request, _("The webhook is removed."))
    return redirect("webhooks:endpoints")
