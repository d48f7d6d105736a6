"""How one stakeholder stands in a project: the history, and rating again."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.engagement import queries, services
from enishi.engagement.forms import RatingForm
from enishi.engagement.models import Rating
from enishi.engagement.services.rules import RATE
from enishi.engagement.views import answers
from enishi.timeline.models import Entry


@require_GET
def standing(request: StaffRequest, project_id: int, party_id: int) -> HttpResponse:
    """How somebody was judged over time, with the reasons."""
    project = answers.project_or_404(request, project_id)
    party = answers.stakeholder_or_404(request, project, party_id)
    context = {
        **answers.page(request, project, "matrix"),
        "party": party,
        "ratings": queries.history(request.actor, project.pk, party.pk),
        "may_rate": request.actor.may(RATE, project.pk),
    }
    return render(request, "engagement/standing.html", context)


@require_http_methods(["GET", "POST"])
def rate(request: StaffRequest, project_id: int, party_id: int) -> HttpResponse:
    """Judge somebody; the address may bring the field of the matrix to which they were moved."""
    project = answers.project_or_404(request, project_id)
    party = answers.stakeholder_or_404(request, project, party_id)
    request.actor.require(RATE, project.pk)
    now = queries.latest(request.actor, project.pk, party.pk)
    moved = {
        name: request.GET[name] for name in ("influence", "interest") if request.GET.get(name) in set("12345")
    }
    form = RatingForm(request.POST or None, now=now, moved=moved)
    after = answers.way_back(request, reverse("engagement:standing", args=[project.pk, party.pk]))
    if request.method == "POST" and form.is_valid():
        try:
            _rating, entry = services.rate(
                request.actor,
                project=project,
                party=party,
                judgement=form.judgement,
                reason=form.cleaned_data["reason"],
                rated_on=form.cleaned_data["rated_on"],
                instead_of=form.cleaned_data["seen"],
            )
        except services.EngagementError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            words = _("Rated: %(name)s") % {"name": party.full_name}
            return answers.done(request, words, undo=entry.pk, after=after)
    in_sheet = request.htmx and request.htmx.target == "sheet"
    context = {
        **answers.page(request, project, "matrix"),
        "party": party,
        "form": form,
        "back": after,
        "now": now,
    }
    template = "engagement/rate_sheet.html" if in_sheet else "engagement/rate.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
def withdraw(request: StaffRequest, rating_id: int) -> HttpResponse:
    """Take a rating back that was a mistake."""
    try:
        rating = queries.by_id(request.actor, rating_id)
    except Rating.DoesNotExist:
        raise Http404 from None
    after = answers.way_back(
        request, reverse("engagement:standing", args=[rating.project_id, rating.party_id])
    )
    try:
        entry = services.withdraw_rating(request.actor, rating)
    except services.EngagementError as error:
        return answers.refused(request, str(error), after=after)
    return answers.done(request, _("Rating taken back"), undo=entry.pk, after=after)


@require_POST
def undo(request: StaffRequest, entry_id: int) -> HttpResponse:
    """Take one's own change back, and draw the page anew on which one stands."""
    after = answers.way_back(request, reverse("projects"))
    try:
        services.undo(request.actor, entry_id)
    except services.EngagementError as error:
        return answers.refused(request, str(error), after=after)
    except (Entry.DoesNotExist, Rating.DoesNotExist):
        return answers.refused(request, _("There is nothing to take back any more."), after=after)
    if request.htmx:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    return redirect(after)
