"""What the pages of cases share: the record or 404, and the answer to an action."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from enishi.accounts.answers import done, found, refused, way_back
from enishi.accounts.requests import StaffRequest
from enishi.cases import queries
from enishi.cases.models import Case

__all__ = ("case_for", "done", "found", "refused", "short_form", "way_back")


def case_for(request: StaffRequest, case_id: int, right: str) -> Case:
    """The case, with the right to do this to it."""
    row = found(queries.case, request.actor, case_id)
    request.actor.require(right, row)
    return row


def short_form(
    request: StaffRequest, form: forms.Form, *, title: str, verb: str, back: str, **context: Any
) -> HttpResponse:
    """A short form: in the sheet that asked for it, else on a page of its own."""
    in_sheet = bool(request.htmx) and request.htmx.target == "sheet"
    template = "cases/short_sheet.html" if in_sheet else "cases/short.html"
    shown = {"form": form, "title": title, "verb": verb, "back": back, **context}
    return render(request, template, shown, status=422 if form.errors else 200)
