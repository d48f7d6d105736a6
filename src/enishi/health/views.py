"""The score of a contact or a project: the panel that their pages fetch, and the page with all it is made of."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.engagement.services.rules import RATE
from enishi.health import queries, services
from enishi.health.forms import ExpectedForm, OwnForm
from enishi.health.queries import Subject

VIEW = "contacts.view"


def _contact(request: StaffRequest, party_id: int) -> Subject:
    request.actor.require(VIEW)
    return found(queries.party_subject, request.actor, party_id)


def _project(request: StaffRequest, project_id: int) -> Subject:
    return found(queries.project_subject, request.actor, project_id)


def _page(
    request: StaffRequest,
    subject: Subject,
    *,
    own: OwnForm | None = None,
    expected: ExpectedForm | None = None,
    status: int = 200,
) -> HttpResponse:
    part = bool(request.htmx) and request.method == "GET" and not request.htmx.boosted
    score = queries.score(request.actor, subject, rows=not part)
    context = {
        "score": score,
        "subject": subject,
        "url": _url(subject),
        "back": reverse("contacts:party" if subject.party else "project", args=[subject.pk]),
    }
    if part:
        return render(request, "health/score.html", context)
    context |= {
        "may_judge": services.may_judge(request.actor, subject),
        "own": own or OwnForm(),
        "expected": expected or ExpectedForm(initial={"number": score.expected}),
        "own_url": _url(subject, "_own"),
        "expected_url": _url(subject, "_expected"),
    }
    return render(request, "health/page.html", context, status=status)


def _url(subject: Subject, what: str = "") -> str:
    return reverse(f"health:{subject.kind}{what}", args=[subject.pk])


@require_GET
def contact(request: StaffRequest, party_id: int) -> HttpResponse:
    """How the relation with somebody stands."""
    return _page(request, _contact(request, party_id))


@require_GET
def project(request: StaffRequest, project_id: int) -> HttpResponse:
    """How the relations of a project stand."""
    return _page(request, _project(request, project_id))


def _judge(request: StaffRequest, subject: Subject) -> HttpResponse:
    request.actor.require_some(RATE, subject.projects)
    form = OwnForm(request.POST)
    if _kept(form, lambda: services.judge(request.actor, subject, **form.cleaned_data)):
        return redirect(_url(subject))
    return _page(request, subject, own=form, status=422)


def _expect(request: StaffRequest, subject: Subject) -> HttpResponse:
    request.actor.require_some(RATE, subject.projects)
    form = ExpectedForm(request.POST)
    if _kept(form, lambda: services.expect(request.actor, subject, **form.cleaned_data)):
        return redirect(_url(subject))
    return _page(request, subject, expected=form, status=422)


def _kept(form: forms.Form, keep: Callable[[], object]) -> bool:
    if not form.is_valid():
        return False
    try:
        keep()
    except services.HealthError as error:
        form.add_error(error.field, str(error))
        return False
    return True


@require_POST
def contact_own(request: StaffRequest, party_id: int) -> HttpResponse:
    return _judge(request, _contact(request, party_id))


@require_POST
def contact_expected(request: StaffRequest, party_id: int) -> HttpResponse:
    return _expect(request, _contact(request, party_id))


@require_POST
def project_own(request: StaffRequest, project_id: int) -> HttpResponse:
    return _judge(request, _project(request, project_id))


@require_POST
def project_expected(request: StaffRequest, project_id: int) -> HttpResponse:
    return _expect(request, _project(request, project_id))
