"""What the pages of cases share: the record or 404, and the answer to an action."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from enishi.accounts.requests import StaffRequest
from enishi.cases import queries
from enishi.cases.models import Case

T = TypeVar("T")


def found(read: Callable[..., T], *args: Any) -> T:
    """The record, or 404: out of scope, kept from the reader and not there look the same."""
    try:
        return read(*args)
    except ObjectDoesNotExist:
        raise Http404 from None


def case_for(request: StaffRequest, case_id: int, right: str) -> Case:
    """The case, with the right to do this to it."""
    row = found(queries.case, request.actor, case_id)
    request.actor.require(right, row.project_id)
    return row


def way_back(request: StaffRequest, otherwise: str) -> str:
    """Where an action was asked from."""
    after = request.POST.get("next") or request.GET.get("next") or ""
    return after if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}) else otherwise


def done(request: StaffRequest, words: str, *, after: str) -> HttpResponse:
    """Say what happened, and draw the page anew on which it was asked."""
    if not request.htmx:
        messages.success(request, words)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words}, "close-sheet": True})
    answer["HX-Location"] = json.dumps(
        {"path": after, "target": "#main", "select": "#main", "swap": "outerHTML", "push": "false"}
    )
    return answer


def refused(request: StaffRequest, words: str, *, after: str) -> HttpResponse:
    """Say why not, where no form stands that could say it."""
    if not request.htmx:
        messages.error(request, words)
        return redirect(after)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps({"toast": {"text": words, "kind": "error"}})
    return answer


def short_form(
    request: StaffRequest, form: forms.Form, *, title: str, verb: str, back: str, **context: Any
) -> HttpResponse:
    """A short form: in the sheet that asked for it, else on a page of its own."""
    in_sheet = bool(request.htmx) and request.htmx.target == "sheet"
    template = "cases/short_sheet.html" if in_sheet else "cases/short.html"
    shown = {"form": form, "title": title, "verb": verb, "back": back, **context}
    return render(request, template, shown, status=422 if form.errors else 200)
