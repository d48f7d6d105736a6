"""Set-up: the days on which the organisation is closed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.commitments import queries, services
from enishi.commitments.forms import ClosingDayForm
from enishi.commitments.views import answers

SETTINGS = "accounts.settings"


@require_http_methods(["GET", "POST"])
@needs_everywhere(SETTINGS)
def closing_days(request: StaffRequest) -> HttpResponse:
    """Own closing days, beside the public holidays of the country."""
    form = ClosingDayForm(request.actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_closing_day(request.actor, **form.values())
        except services.CommitmentError as error:
            form.add_error(error.field or None, str(error))
        else:
            return answers.done(request, _("Closed on that day"), after=reverse("commitments:closing_days"))
    context = {
        "form": form,
        "days": queries.closing_days(request.actor),
        "country": accounts.organisation().country,
    }
    return render(request, "commitments/closing_days.html", context, status=422 if form.errors else 200)


@require_POST
@needs_everywhere(SETTINGS)
def remove(request: StaffRequest, closing_day_id: int) -> HttpResponse:
    closing = answers.found(queries.closing_day, request.actor, closing_day_id)
    services.remove_closing_day(request.actor, closing)
    return answers.done(request, _("Open on that day again"), after=reverse("commitments:closing_days"))
