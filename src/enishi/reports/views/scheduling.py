"""Reports that are sent by themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.reports import queries, services
from enishi.reports.definitions import KIND
from enishi.reports.forms import ScheduleForm
from enishi.reports.models import Schedule
from enishi.reports.views.making import MAKE, crumbs, tabs
from enishi.reports.views.pages import VIEW, report_or_404


def _schedule_or_404(request: StaffRequest, schedule_id: int) -> Schedule:
    return found(queries.schedule, request.actor, schedule_id)


@require_GET
def schedules(request: StaffRequest) -> HttpResponse:
    """What is sent by itself."""
    request.actor.require(VIEW)
    labels = {definition.code: definition for definition in KIND.all()}
    found = queries.schedules(request.actor).order_by("next_at", "pk")
    context = {
        "schedules": [{"schedule": one, "definition": labels[one.definition]} for one in found],
        "views": tabs("scheduled"),
    }
    return render(request, "reports/schedules.html", context)


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, report_id: int) -> HttpResponse:
    """Send a report like this one regularly: same definition, project, level, filters and language."""
    request.actor.require(VIEW)
    report = report_or_404(request, report_id)
    request.actor.require(MAKE, report.projects or None)
    initial = {"rhythm": Schedule.Rhythm.MONTHLY, "recipients": [request.user.pk]}
    form = ScheduleForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.schedule_report(
                request.actor,
                definition=report.definition,
                choice=queries.Choice.read(report.filters),
                language=report.language,
                zone=report.time_zone,
                rhythm=form.cleaned_data["rhythm"],
                recipient_ids=form.cleaned_data["recipients"],
            )
        except queries.ReportError as error:
            form.refuse(error)
        else:
            messages.success(request, _("It is sent from now on."))
            return redirect("reports:schedule", made.pk)
    context = {
        "form": form,
        "report": report,
        "definition": queries.definition_of(report),
        "crumbs": crumbs((report.title, reverse("reports:report", args=[report.pk]))),
    }
    return render(request, "reports/schedule_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def schedule(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """When it is sent, to whom, and how it went."""
    request.actor.require(VIEW)
    found = _schedule_or_404(request, schedule_id)
    if request.method == "POST":
        services.require_change(request.actor, found)
    initial = {"rhythm": found.rhythm, "recipients": [user.pk for user in found.recipients.all()]}
    form = ScheduleForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_schedule(
                request.actor,
                found,
                rhythm=form.cleaned_data["rhythm"],
                recipient_ids=form.cleaned_data["recipients"],
            )
            return redirect("reports:schedule", found.pk)
        except queries.ReportError as error:
            form.refuse(error)
    context = {
        "form": form,
        "schedule": found,
        "definition": queries.definition_of(found),
        "dispatches": queries.dispatches(request.actor, found),
        "may_change": request.actor.may(MAKE, [found.project_id] if found.project_id else None),
        "crumbs": crumbs((_("Sent by themselves"), reverse("reports:schedules"))),
    }
    return render(request, "reports/schedule.html", context, status=422 if form.errors else 200)


@require_POST
def pause(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Pause, or go on."""
    found = _schedule_or_404(request, schedule_id)
    services.pause_schedule(request.actor, found, paused=found.paused_at is None)
    return redirect("reports:schedule", found.pk)


@require_POST
def end(request: StaffRequest, schedule_id: int) -> HttpResponse:
    """Send no more."""
    services.end_schedule(request.actor, _schedule_or_404(request, schedule_id))
    return redirect("reports:schedules")
