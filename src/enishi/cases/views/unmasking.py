"""Opening the address of somebody anonymous, by two people."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.cases import services
from enishi.cases.forms import WhyForm
from enishi.cases.services.rules import UNMASK, address
from enishi.cases.views import answers


@require_http_methods(["GET", "POST"])
def ask(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, UNMASK)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_to_unmask(request.actor, row, reason=form.cleaned_data["note"])
        except services.CaseError as error:
            form.add_error("note" if error.field == "note" else None, str(error))
        else:
            return answers.done(
                request, _("Asked. Whoever else holds the right is told."), after=address(row)
            )
    return answers.short_form(
        request, form, title=_("Ask to open the address"), verb=_("Ask"), back=address(row)
    )


@require_http_methods(["GET", "POST"])
def answer(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, UNMASK)
    agree = "agree" in (request.POST.get("to"), request.GET.get("to"))
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.answer_unmasking(request.actor, row, agree=agree, reason=form.cleaned_data["note"])
        except services.CaseError as error:
            form.add_error("note" if error.field == "note" else None, str(error))
        else:
            words = _("Agreed. The address is open to you both.") if agree else _("Refused")
            return answers.done(request, words, after=address(row))
    return answers.short_form(
        request,
        form,
        title=_("Agree to open the address") if agree else _("Refuse to open the address"),
        verb=_("Agree") if agree else _("Refuse"),
        back=address(row),
        to="agree" if agree else "refuse",
    )


@never_cache
@require_POST
def show(request: StaffRequest, case_id: int) -> HttpResponse:
    """The address, on a page of its own that nothing keeps."""
    row = answers.case_for(request, case_id, UNMASK)
    try:
        opened, found = services.open_address(request.actor, row)
    except services.CaseError as error:
        return answers.refused(request, str(error), after=address(row))
    return render(request, "cases/address.html", {"case": row, "opened": opened, "address": found})
