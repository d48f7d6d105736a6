"""The public page: raise a grievance, ask or suggest something without an account, and go on talking with its number and passphrase.

Nothing here says whether a number exists: a wrong number and a wrong passphrase get the same words after the same work.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.open_pages import place, private, slow_down, too_often
from enishi.cases import queries, services
from enishi.cases.clocks import LABELS
from enishi.cases.forms import AppealForm, EnterForm, NewsForm, ReportForm, SatisfactionForm, TellForm
from enishi.cases.models import Case
from enishi.core import clock

DOOR = "case_door"
OPEN_S = 10 * 60
"""A talk closes by itself after ten minutes."""
TRIES = {"number": (10, 3600), "place": (30, 900), "report": (10, 3600), "word": (60, 3600)}
"""How many tries of a kind are taken in how many seconds."""


def _too_many(kind: str, of: str) -> bool:
    most, seconds = TRIES[kind]
    return too_often(kind, of, most=most, seconds=seconds)


@private
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Tell us what happened. The answer shows number and passphrase, once."""
    try:
        found = queries.open_page(token)
    except ObjectDoesNotExist:
        raise Http404 from None
    kinds = {one.code: one for one in found.kinds}
    asked = request.POST.get("kind") or request.GET.get("kind", "")
    kind = kinds.get(asked) or found.kinds[0]
    first = {"once": uuid.uuid4().hex, "kind": kind.code}
    form = ReportForm(request.POST or None, request.FILES or None, initial=first)
    if request.method == "POST" and form.is_valid():
        if _too_many("report", place(request)):
            return slow_down(request)
        if not cache.add(f"report:once:{form.cleaned_data['once']}", 1, 3600):
            return redirect("report:enter")
        try:
            case, passphrase = services.report(found, language=get_language() or "en", **form.given())
        except services.CaseError as error:
            cache.delete(f"report:once:{form.cleaned_data['once']}")
            _refuse(form, error)
        else:
            _open(request, case)
            context = {
                "case": case,
                "passphrase": passphrase,
                "form": NewsForm(),
                "labels": LABELS,
                "opens": found.may_be_opened,
            }
            return render(request, "cases/public/sent.html", context)
    context = {"page": found, "form": form, "kind": kind, "kinds": found.kinds}
    return render(request, "cases/public/tell.html", context, status=422 if form.errors else 200)


def _open(request: HttpRequest, case: Case) -> None:
    request.session.cycle_key()
    request.session[DOOR] = {"case": case.pk, "until": int(clock.now().timestamp()) + OPEN_S}


def _case(request: HttpRequest) -> Case | None:
    """The case that this session has opened, for ten more minutes."""
    door = request.session.get(DOOR)
    if not isinstance(door, dict) or door.get("until", 0) < clock.now().timestamp():
        request.session.pop(DOOR, None)
        return None
    request.session[DOOR] = {**door, "until": int(clock.now().timestamp()) + OPEN_S}
    return queries.behind_door(door["case"])


@private
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Number and passphrase; with both right, the talk."""
    form = EnterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["number"].strip().upper()
        # Both are counted before anything is looked up: the count tells nothing either.
        often = [_too_many("number", typed), _too_many("place", place(request))]
        if any(often):
            return slow_down(request)
        case = services.enter(form.cleaned_data["number"], form.cleaned_data["passphrase"])
        if case is not None:
            _open(request, case)
            return redirect("report:talk")
        form.add_error(None, _("Number and passphrase do not fit together. Look at both again."))
    return render(request, "cases/public/enter.html", {"form": form}, status=422 if form.errors else 200)


@private
@require_GET
def talk(request: HttpRequest) -> HttpResponse:
    """Where it is, what we promised, what was said."""
    case = _case(request)
    return _talk(request, case) if case else redirect("report:enter")


def _talk(request: HttpRequest, case: Case, status: int = 200, **forms: Any) -> HttpResponse:
    services.read_ours(case)
    may_judge = case.satisfaction is None and (case.asked_at is not None or not case.is_open)
    context = {
        "seen": queries.seen_from_outside(case),
        "case": case,
        "tell": forms.get("tell") or TellForm(),
        "judge": (forms.get("judge") or SatisfactionForm()) if may_judge else None,
        "appeal": (forms.get("appeal") or AppealForm()) if services.appeal_until(case) else None,
        "appeal_until": services.appeal_until(case),
        "news": forms.get("news") or NewsForm(),
        "opens": queries.may_be_opened(case.project_id),
        "minutes": OPEN_S // 60,
    }
    return render(request, "cases/public/talk.html", context, status=status)


def _with_case(
    act: Callable[[HttpRequest, Case], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """An action of the talk: without an open talk one is asked for number and passphrase again."""

    @private
    @require_POST
    @wraps(act)
    def guarded(request: HttpRequest) -> HttpResponse:
        case = _case(request)
        if case is None:
            return redirect("report:enter")
        if _too_many("word", str(case.pk)):
            return slow_down(request)
        return act(request, case)

    return guarded


def _refuse(form: ReportForm | TellForm, error: services.CaseError) -> None:
    field = "uploads" if error.field == "files" else error.field
    form.add_error(field if field in form.fields else None, str(error))


@_with_case
def tell(request: HttpRequest, case: Case) -> HttpResponse:
    form = TellForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.tell(case, text=form.cleaned_data["text"], files=form.cleaned_data["uploads"])
        except services.CaseError as error:
            _refuse(form, error)
        else:
            return redirect("report:talk")
    return _talk(request, case, 422, tell=form)


@_with_case
def judge(request: HttpRequest, case: Case) -> HttpResponse:
    form = SatisfactionForm(request.POST)
    if form.is_valid():
        try:
            services.judge_outcome(case, step=form.cleaned_data["step"], words=form.cleaned_data["words"])
        except services.CaseError as error:
            form.add_error(None, str(error))
        else:
            return redirect("report:talk")
    return _talk(request, case, 422, judge=form)


@_with_case
def appeal(request: HttpRequest, case: Case) -> HttpResponse:
    form = AppealForm(request.POST)
    if form.is_valid():
        try:
            services.appeal_outcome(case, words=form.cleaned_data["words"])
        except services.CaseError as error:
            form.add_error(None, str(error))
        else:
            return redirect("report:talk")
    return _talk(request, case, 422, appeal=form)


@_with_case
def news(request: HttpRequest, case: Case) -> HttpResponse:
    form = NewsForm(request.POST)
    if form.is_valid():
        try:
            services.leave_address(case, **form.cleaned_data)
        except services.CaseError as error:
            form.add_error("address", str(error))
        else:
            return redirect("report:talk")
    return _talk(request, case, 422, news=form)


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close the talk on this device."""
    request.session.pop(DOOR, None)
    request.session.cycle_key()
    return redirect("report:enter")
