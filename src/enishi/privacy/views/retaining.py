"""Retention rules: the list, one rule with what it would do, its things, what it did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.core.formats import format_percent
from enishi.privacy import queries, services
from enishi.privacy.forms import RuleForm
from enishi.privacy.models import RetentionItem, RetentionRule, RetentionRun
from enishi.privacy.retention import Aging, kind_of, kinds
from enishi.privacy.services.retaining import MOST, RIGHT, require, wanted_by

PAGE = 50


def _crumbs(rule: RetentionRule | None = None) -> list[dict[str, Any]]:
    listed = [{"label": _("How long things are kept"), "url": reverse("privacy:rules")}]
    if rule is not None:
        listed.append({"label": services.describe(rule), "url": reverse("privacy:rule", args=[rule.pk])})
    return listed


def _rule(request: StaffRequest, rule_id: int) -> RetentionRule:
    one = found(queries.rule, request.actor, rule_id)
    require(request.actor, one.project)
    return one


@require_GET
def rules(request: StaffRequest) -> HttpResponse:
    """Every rule that the reader may see, with its last run; what new ones can be about."""
    request.actor.require(RIGHT)
    listed = list(queries.rules(request.actor))
    last = queries.last_runs([one.pk for one in listed])
    rows = [{"rule": one, "words": services.describe(one), "run": last.get(one.pk)} for one in listed]
    return render(request, "privacy/rules.html", {"rows": rows, "kinds": kinds()})


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    request.actor.require(RIGHT)
    kind = _kind(request.GET.get("kind") or kinds()[0].code)
    form = RuleForm(request.actor, kind, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.draft_rule(request.actor, **form.values())
        except services.RetentionRefused as refused:
            form.refuse(refused)
        else:
            return redirect("privacy:rule", made.pk)
    context = {"form": form, "kind": kind, "crumbs": _crumbs(), "back": reverse("privacy:rules")}
    return render(request, "privacy/rule_form.html", context, status=422 if form.errors else 200)


def _kind(code: str) -> Aging:
    try:
        return kind_of(code)
    except KeyError:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
def change(request: StaffRequest, rule_id: int) -> HttpResponse:
    rule, kind = (one := _rule(request, rule_id)), kind_of(one.kind)
    form = RuleForm(request.actor, kind, request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_rule(request.actor, rule, **form.values())
        except services.RetentionRefused as refused:
            form.refuse(refused)
        else:
            return redirect("privacy:rule", rule.pk)
    context = {
        "form": form,
        "kind": kind,
        "rule": rule,
        "crumbs": _crumbs(rule),
        "back": reverse("privacy:rule", args=[rule.pk]),
    }
    return render(request, "privacy/rule_form.html", context, status=422 if form.errors else 200)


@require_GET
def rule(request: StaffRequest, rule_id: int) -> HttpResponse:
    """What a rule would do now, before it does it, and what it did."""
    return _shown(request, _rule(request, rule_id))


def _shown(request: StaffRequest, rule: RetentionRule, *, problem: str = "") -> HttpResponse:
    look = services.look(request.actor, rule)
    due = look.kind.due(request.actor, look.wanted).order_by("aged_at", "pk")
    context = {
        "rule": rule,
        "words": services.describe(rule),
        "deed": look.kind.deeds[rule.deed],
        "look": look,
        "share": format_percent(look.share, request.actor.language),
        "most": format_percent(MOST, request.actor.language),
        "lines": look.kind.lines(due[:5]),
        "runs": queries.runs(rule),
        "problem": problem,
        "may_switch": _may_switch(request, rule),
        "crumbs": _crumbs(),
    }
    return render(request, "privacy/rule.html", context, status=422 if problem else 200)


def _may_switch(request: StaffRequest, rule: RetentionRule) -> bool:
    rights = kind_of(rule.kind).rights
    if rule.project_id is None:
        return all(request.actor.may_everywhere(right) for right in rights)
    return all(request.actor.may(right, rule.project_id) for right in rights)


@require_POST
def on(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Switch a rule on with the number that was shown; its first run begins."""
    rule = _rule(request, rule_id)
    shown, typed = (_number(request.POST.get(name, "")) for name in ("shown", "typed"))
    try:
        rule = services.switch_on(request.actor, rule, shown=-1 if shown is None else shown, typed=typed)
    except services.RetentionRefused as refused:
        return _shown(request, rule, problem=str(refused))
    if rule.agreed:
        return redirect("privacy:run", services.start_run(request.actor, rule, total=rule.agreed).pk)
    messages.success(request, _("The rule is on. It looks every night."))
    return redirect("privacy:rule", rule.pk)


def _number(typed: str) -> int | None:
    plain = "".join(sign for sign in typed if sign.isdecimal())
    return int(plain) if 0 < len(plain) < 10 else None


@require_POST
def off(request: StaffRequest, rule_id: int) -> HttpResponse:
    rule = _rule(request, rule_id)
    services.switch_off(request.actor, rule)
    messages.success(request, _("The rule is off."))
    return redirect("privacy:rule", rule.pk)


@require_GET
def things(request: StaffRequest, rule_id: int) -> HttpResponse:
    """The things behind a number of a rule, by their number: what it takes, what is held, what is still needed."""
    rule = _rule(request, rule_id)
    kind, wanted, which = kind_of(rule.kind), wanted_by(rule), request.GET.get("which", "takes")
    read = {"takes": kind.due, "held": kind.kept, "in_use": kind.in_use, "every": kind.every}.get(which)
    if read is None:
        raise Http404
    after = _number(request.GET.get("after", "")) or 0
    rows = kind.lines(read(request.actor, wanted).filter(pk__gt=after).order_by("pk")[: PAGE + 1])
    context = {
        "rule": rule,
        "title": {
            "takes": _("What it would take"),
            "held": _("Kept because somebody must be"),
            "in_use": _("Still needed"),
            "every": _("All that it is about"),
        }[which],
        "lines": rows[:PAGE],
        "next_url": f"?which={which}&after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        "back_url": f"?which={which}" if after else "",
        "crumbs": _crumbs(rule),
    }
    return render(request, "privacy/things.html", context)


@require_GET
def run(request: StaffRequest, run_id: int) -> HttpResponse:
    """How far a run is, what became of each thing, and the way to take it back."""
    request.actor.require(RIGHT)
    one = found(queries.run, request.actor, run_id)
    require(request.actor, one.rule.project)
    running = one.state in (RetentionRun.State.RUNNING, RetentionRun.State.FINAL)
    if request.htmx and request.htmx.target == f"run-{one.pk}":
        if not running:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return render(request, "privacy/run_progress.html", {"run": one})
    state = request.GET.get("state", "")
    after = _number(request.GET.get("after", "")) or 0
    items = queries.items(one, state=state if state in RetentionItem.State.values else "", after=after)
    kind = kind_of(one.rule.kind)
    seen = queries.lines_of(request.actor, kind, [item.subject_id for item in items[:PAGE]])
    counts = services.run_counts(one)
    more = f"?state={state}&after={items[PAGE - 1].subject_id}" if len(items) > PAGE else ""
    context = {
        "run": one,
        "running": running,
        "words": services.describe(one.rule),
        "deed": kind.deeds[one.deed],
        "counts": [(code, RetentionItem.State(code).label, n) for code, n in counts.items() if n],
        "rows": [{"item": item, "line": seen.get(item.subject_id)} for item in items[:PAGE]],
        "next_url": more,
        "back_url": f"?state={state}" if after else "",
        "can_undo": one.deed == RetentionRule.Deed.BIN and one.final_at is None and not running,
        "crumbs": _crumbs(one.rule),
    }
    return render(request, "privacy/run.html", context)
