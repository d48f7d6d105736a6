"""The plan of a project: its lines, what became of each time, and what was done instead."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.models import Project
from enishi.accounts.requests import StaffRequest
from enishi.core import clock
from enishi.core.parameters import number
from enishi.engagement import queries, services
from enishi.engagement.forms import REPEATS, PlanForm, SettleForm
from enishi.engagement.models import Method, PlanStep
from enishi.engagement.services.rules import PLAN
from enishi.engagement.views import answers


def _step(request: StaffRequest, step_id: int) -> PlanStep:
    """A step that the reader sees and may settle."""
    try:
        found = queries.step(request.actor, step_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    request.actor.require(PLAN, found.line.project_id)
    return found


def _home(project_id: int) -> str:
    return reverse("engagement:plan", args=[project_id])


@require_GET
def plan(request: StaffRequest, project_id: int) -> HttpResponse:
    """What is planned, by day, with the conversations that may have done it; or what was settled."""
    project = answers.project_or_404(request, project_id)
    if request.GET.get("state") == "suggested":
        return _suggested(request, project)
    state = "done" if request.GET.get("state") == "done" else "open"
    found = queries.plan_of(request.actor, project.pk, state=state, after=request.GET.get("after", ""))
    kept = {"state": "done"} if state == "done" else {}
    context = {
        **answers.page(request, project, "plan"),
        "plan": found,
        "state": state,
        "may_plan": request.actor.may(PLAN, project.pk),
        "lists": _lists(request, state),
        "next_url": f"{request.path}?{urlencode({**kept, 'after': found.next})}" if found.next else "",
    }
    return render(request, "engagement/plan.html", context)


def _lists(request: StaffRequest, here: str) -> list[dict[str, Any]]:
    tabs = (("open", _("To do")), ("done", _("Settled")), ("suggested", _("Suggested")))
    return [
        {
            "label": label,
            "url": request.path if code == "open" else f"{request.path}?state={code}",
            "current": code == here,
        }
        for code, label in tabs
    ]


def _suggested(request: StaffRequest, project: Project) -> HttpResponse:
    """With whom nothing is planned, the weightiest first, and how they might be heard by the rules told there."""
    total, found = queries.suggested(request.actor, project.pk)
    may_plan = request.actor.may(PLAN, project.pk)
    address = reverse("engagement:plan_new", args=[project.pk])
    back = f"{request.path}?state=suggested"
    rows = [
        {
            "rating": one.rating,
            "way": one.way,
            "against": one.against,
            "url": f"{address}?{urlencode({'party': one.rating.party_id, 'method': one.way.method.value, 'rule': one.way.rule, 'next': back})}",
        }
        for one in found
    ]
    context = {
        **answers.page(request, project, "plan"),
        "rows": rows,
        "total": total,
        "more": total - len(rows),
        "ways": queries.WAYS,
        "may_plan": may_plan,
        "lists": _lists(request, "suggested"),
    }
    return render(request, "engagement/suggested.html", context)


def _wanted(request: StaffRequest) -> dict[str, Any]:
    """What the address brings of a line: how, and how often from today on."""
    found: dict[str, Any] = {}
    if (method := request.GET.get("method")) in Method.values:
        found["method"] = method
    rule = request.GET.get("rule", "")[:300]
    if rule:
        found["starts_on"] = clock.today()
        found |= {"repeats": rule} if rule in dict(REPEATS) else {"repeats": "own", "rule": rule}
    return found


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, project_id: int) -> HttpResponse:
    """Plan something; the address may bring who, how and how often."""
    project = answers.project_or_404(request, project_id)
    request.actor.require(PLAN, project.pk)
    initial = _wanted(request)
    if party_id := number(request.GET.get("party")):
        party = answers.stakeholder_or_404(request, project, party_id)
        initial |= {"party": party.pk, "person": party.full_name}
    form = PlanForm(request.actor, project, request.POST or None, initial=initial)
    after = answers.way_back(request, _home(project.pk))
    if request.method == "POST" and form.is_valid():
        try:
            _line, entry = services.plan(request.actor, project=project, **form.values())
        except services.EngagementError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return answers.done(request, _("Planned"), undo=entry.pk, after=after)
    context = {**answers.page(request, project, "plan"), "form": form, "back": after}
    return render(request, "engagement/plan_form.html", context, status=422 if form.errors else 200)


@require_GET
def people(request: StaffRequest, project_id: int) -> HttpResponse:
    """Stakeholders by what was typed so far, to choose from."""
    project = answers.project_or_404(request, project_id)
    typed = request.GET.get("person", "")[:200]
    found = queries.stakeholders_like(request.actor, project.pk, typed)
    return render(request, "engagement/_people.html", {"people": found})


@require_http_methods(["GET", "POST"])
def settle(request: StaffRequest, step_id: int) -> HttpResponse:
    """Say what became of a step: done by a conversation, done in another way, or left out."""
    actor, step = request.actor, _step(request, step_id)
    after = answers.way_back(request, _home(step.line.project_id))
    form = SettleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if given["state"] == "left":
                entry, words = services.leave_out(actor, step, note=given["note"]), _("Left out")
            else:
                talk = queries.talk(actor, step, given["talk"]) if given["talk"] else None
                entry = services.fulfil(
                    actor, step, interaction=talk, done_on=given["done_on"], note=given["note"]
                )
                words = _("Done")
        except services.EngagementError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except ObjectDoesNotExist:
            raise Http404 from None
        else:
            return answers.done(request, words, undo=entry.pk, after=after)
    in_sheet = request.htmx and request.htmx.target == "sheet"
    project = step.line.project
    context = {**answers.page(request, project, "plan"), "form": form, "step": step, "back": after}
    template = "engagement/settle_sheet.html" if in_sheet else "engagement/settle.html"
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
def reopen(request: StaffRequest, step_id: int) -> HttpResponse:
    step = _step(request, step_id)
    entry = services.reopen_step(request.actor, step)
    after = answers.way_back(request, _home(step.line.project_id))
    return answers.done(request, _("Open again"), undo=entry.pk, after=after)


@require_POST
def end(request: StaffRequest, line_id: int) -> HttpResponse:
    """Plan no more times of a line."""
    try:
        line = queries.line(request.actor, line_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    after = answers.way_back(request, _home(line.project_id))
    try:
        entry = services.end_line(request.actor, line)
    except services.EngagementError as error:
        return answers.refused(request, str(error), after=after)
    return answers.done(request, _("No longer planned"), undo=entry.pk, after=after)
