"""Dashboards: figures of now, each of which opens its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.answers import chosen_project, done, found, refused
from enishi.accounts.requests import StaffRequest
from enishi.core import clock
from enishi.core.documents import Document, write_pdf
from enishi.core.formats import format_date
from enishi.core.parameters import number
from enishi.reports import queries, services
from enishi.reports.forms import DashboardForm, weeks_label
from enishi.reports.measuring import PERIODS, Look
from enishi.reports.models import Dashboard
from enishi.reports.views.making import crumbs

VIEW, MAKE = "reports.view", "reports.make"


@dataclass(frozen=True)
class Opened:
    """A dashboard that stands from the first day, or one that somebody made."""

    name: str
    figures: Sequence[str]
    weeks: int
    url: str
    pdf_url: str
    copy_url: str
    own: Dashboard | None = None


def _audience(code: str) -> Opened:
    try:
        one = queries.AUDIENCES[code]
    except KeyError:
        raise Http404 from None
    return Opened(
        str(one.name),
        one.figures,
        one.weeks,
        reverse("reports:audience", args=[code]),
        reverse("reports:audience_pdf", args=[code]),
        f"{reverse('reports:dashboard_new')}?{urlencode({'like': code})}",
    )


def _stored(request: StaffRequest, dashboard_id: int) -> Opened:
    one = found(queries.dashboard, request.actor, dashboard_id)
    return Opened(
        one.name,
        one.figures,
        one.weeks,
        reverse("reports:dashboard", args=[one.pk]),
        reverse("reports:dashboard_pdf", args=[one.pk]),
        f"{reverse('reports:dashboard_new')}?{urlencode({'like': one.pk})}",
        one,
    )


def _look(request: StaffRequest, opened: Opened) -> Look:
    """At the chosen project, as far back as the address asks for, else as the dashboard does."""
    asked = request.GET.get("weeks", "")
    weeks = int(asked) if asked in map(str, PERIODS) else opened.weeks
    return Look(request.actor, chosen_project(request), weeks)


def _again(request: StaffRequest, weeks: int) -> str:
    """The same dashboard over another period, of the same project."""
    kept = {"project": request.GET["project"]} if request.GET.get("project") else {}
    return f"?{urlencode({**kept, 'weeks': weeks})}"


def _tabs(request: StaffRequest, here: str) -> list[dict[str, Any]]:
    listed = [(one.name, reverse("reports:audience", args=[code])) for code, one in queries.AUDIENCES.items()]
    listed += [
        (one.name, reverse("reports:dashboard", args=[one.pk])) for one in queries.dashboards(request.actor)
    ]
    return [{"label": label, "url": url, "current": url == here} for label, url in listed]


def _shown(request: StaffRequest, opened: Opened) -> HttpResponse:
    request.actor.require(VIEW)
    look = _look(request, opened)
    own = opened.own if opened.own and opened.own.owner_id == request.actor.own_id else None
    context = {
        "opened": opened,
        "own": own,
        "board": queries.board(look, opened.figures),
        "periods": [
            {"label": weeks_label(weeks), "url": _again(request, weeks), "current": weeks == look.weeks}
            for weeks in PERIODS
        ],
        "pdf_url": opened.pdf_url + _again(request, look.weeks),
        "span": look.span,
        "before": look.before,
        "views": _tabs(request, opened.url),
    }
    return render(request, "reports/dashboard.html", context)


def _pdf(request: StaffRequest, opened: Opened) -> HttpResponse:
    """The same figures on paper, as they are now."""
    request.actor.require(VIEW)
    look, language, today = _look(request, opened), get_language() or "en", clock.today()
    project = found(accounts.project, request.actor, look.project_id) if look.project_id else None
    first, last = (format_date(day, language, today=today) for day in (look.span.first, look.span.last))
    paper = Document(
        title=opened.name,
        subtitle=_("%(project)s, %(start)s to %(end)s")
        % {"project": project.name if project else _("All projects"), "start": first, "end": last},
        language=language,
        zone=ZoneInfo(timezone.get_current_timezone_name()),
        made_at=clock.now(),
        author=str(request.user),
        notes=[_("Figures of the moment, of what %(name)s may see.") % {"name": request.user}],
    )
    document = queries.on_paper(queries.board(look, opened.figures), paper)
    answer = HttpResponse(write_pdf(document), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="dashboard-{today.isoformat()}.pdf"'
    return answer


@require_GET
def first(request: StaffRequest) -> HttpResponse:
    """One's own first dashboard, else that of the team."""
    request.actor.require(VIEW)
    mine = queries.dashboards(request.actor).filter(owner=request.actor.own_id).first()
    if mine is not None:
        return redirect("reports:dashboard", mine.pk)
    return redirect("reports:audience", "team")


@require_GET
def built_in(request: StaffRequest, audience: str) -> HttpResponse:
    """A dashboard that stands from the first day."""
    return _shown(request, _audience(audience))


@require_GET
def built_in_pdf(request: StaffRequest, audience: str) -> HttpResponse:
    return _pdf(request, _audience(audience))


@require_GET
def own(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    """A dashboard that somebody made."""
    request.actor.require(VIEW)
    return _shown(request, _stored(request, dashboard_id))


@require_GET
def own_pdf(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    request.actor.require(VIEW)
    return _pdf(request, _stored(request, dashboard_id))


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Keep figures under a name; begins with those of the dashboard one comes from."""
    request.actor.require(VIEW)
    like = request.GET.get("like", "")
    stored = number(like)
    begun = _stored(request, stored) if stored else _audience(like) if like else None
    initial = {"weeks": 12} if begun is None else {"weeks": begun.weeks, "figures": list(begun.figures)}
    form = DashboardForm(request.actor, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.make_dashboard(request.actor, **form.values())
        except queries.ReportError as error:
            form.refuse(error)
        else:
            return done(request, _("Kept"), after=reverse("reports:dashboard", args=[made.pk]))
    return _form(request, form, _("New dashboard"), _("Keep"))


def _mine(request: StaffRequest, dashboard_id: int) -> Dashboard:
    """One's own; somebody else's is not found, shared or not."""
    request.actor.require(VIEW)
    one = found(queries.dashboard, request.actor, dashboard_id)
    if one.owner_id != request.actor.own_id:
        raise Http404
    return one


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    """Other figures, another name, for everybody or not."""
    one = _mine(request, dashboard_id)
    initial = {"name": one.name, "figures": one.figures, "weeks": one.weeks, "shared": one.shared}
    form = DashboardForm(request.actor, request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_dashboard(request.actor, one, **form.values())
        except queries.ReportError as error:
            form.refuse(error)
        else:
            return done(request, _("Saved"), after=reverse("reports:dashboard", args=[one.pk]))
    return _form(request, form, _("Change the dashboard"), _("Save"), one)


def _form(
    request: StaffRequest, form: DashboardForm, title: str, verb: str, one: Dashboard | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "verb": verb,
        "own": one,
        "crumbs": [*crumbs(), {"label": _("Dashboards"), "url": reverse("reports:dashboards")}],
    }
    return render(request, "reports/dashboard_form.html", context, status=422 if form.errors else 200)


@require_POST
def move(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    """A figure one place earlier or later."""
    one = _mine(request, dashboard_id)
    by = 1 if request.POST.get("to") == "later" else -1
    services.arrange(request.actor, one, request.POST.get("figure", ""), by=by)
    return done(request, _("Moved"), after=reverse("reports:dashboard", args=[one.pk]))


@require_POST
def remove(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    one = _mine(request, dashboard_id)
    services.remove_dashboard(request.actor, one)
    back = reverse("reports:dashboard_restore", args=[one.pk])
    return done(
        request, _("Dashboard removed"), after=reverse("reports:audience", args=["team"]), undo_url=back
    )


@require_POST
def restore(request: StaffRequest, dashboard_id: int) -> HttpResponse:
    """Take a removed one back."""
    request.actor.require(VIEW)
    one = found(queries.removed_dashboard, request.actor, dashboard_id)
    team = reverse("reports:audience", args=["team"])
    try:
        services.restore_dashboard(request.actor, one)
    except queries.ReportError as error:
        return refused(request, str(error), after=team)
    return done(request, _("Dashboard restored"), after=reverse("reports:dashboard", args=[one.pk]))
