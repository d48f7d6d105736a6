"""What the user should know: the page, the inside of the bell, and marking as read."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.core.parameters import number
from enishi.timeline import queries, services
from enishi.timeline.models import Notification

BELL = 8
PAGE = 50


@require_GET
def notifications(request: StaffRequest) -> HttpResponse:
    actor = request.actor
    if request.htmx:
        return render(
            request, "timeline/bell.html", {"notifications": queries.notifications(actor, limit=BELL)}
        )
    before = number(request.GET.get("before"))
    found = list(queries.notifications(actor, limit=PAGE + 1, before=before))
    last = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {
        "notifications": found[:PAGE],
        "next_url": f"?before={last}" if last else "",
        "back_url": request.path if before else "",
    }
    return render(request, "timeline/notifications.html", context)


@require_POST
def read(request: StaffRequest) -> HttpResponse:
    """Mark all as read."""
    services.read_notifications(request.actor)
    if request.htmx:
        return render(
            request, "timeline/bell.html", {"notifications": queries.notifications(request.actor, limit=BELL)}
        )
    return redirect("notifications")


@require_POST
def follow(request: StaffRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    try:
        found = queries.notification(request.actor, notification_id)
    except Notification.DoesNotExist:
        raise Http404 from None
    services.read_notifications(request.actor, [found.pk])
    safe = url_has_allowed_host_and_scheme(found.url, allowed_hosts={request.get_host()})
    return redirect(found.url if found.url and safe else "notifications")
