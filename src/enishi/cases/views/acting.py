"""What one does with a case: move, say, promise, ask, tie, keep somebody out."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.cases import queries, services
from enishi.cases.forms import (
    EDIT,
    AppealForm,
    KeepOutForm,
    NoteForm,
    PauseForm,
    PromiseForm,
    SatisfactionForm,
    WhyForm,
)
from enishi.cases.models import Case
from enishi.cases.services.rules import MANAGE, address
from enishi.cases.views import answers
from enishi.commitments.services import CommitmentError
from enishi.core.parameters import number, words
from enishi.search import queries as search
from enishi.search.models import Kind

TIED = (Kind.PROMISE, Kind.TASK, Kind.CONVERSATION, Kind.FILE)


@require_POST
def acknowledge(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    services.acknowledge(request.actor, row, note=request.POST.get("note", ""))
    return answers.done(request, _("The first word is noted"), after=address(row))


@require_http_methods(["GET", "POST"])
def move(request: StaffRequest, case_id: int) -> HttpResponse:
    """To the next stage, or back with a reason. What is still missing stands in the form."""
    row = answers.case_for(request, case_id, EDIT)
    to = request.POST.get("to") or request.GET.get("to") or ""
    try:
        stage = row.pack.stage(to)
    except KeyError:
        raise Http404 from None
    forward = row.pack.place(to) > row.pack.place(row.stage)
    form = (NoteForm if forward else WhyForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.move_case(request.actor, row, to=to, note=form.cleaned_data["note"])
        except services.CaseError as error:
            form.add_error("note" if error.field == "note" else None, str(error))
        else:
            said = _("Closed: %(case)s") if stage.final else _("Moved: %(case)s")
            return answers.done(request, said % {"case": row.number}, after=address(row))
    lacking = queries.missing(request.actor, row, stage) if forward else []
    title = _("Close the case") if stage.final else _("Move to “%(stage)s”") % {"stage": stage.label}
    return answers.short_form(
        request,
        form,
        title=title,
        verb=_("Close") if stage.final else _("Move"),
        back=address(row),
        to=to,
        lacking=lacking,
        case=row,
    )


@require_http_methods(["GET", "POST"])
def reopen(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reopen_case(request.actor, row, note=form.cleaned_data["note"])
        except services.CaseError as error:
            form.add_error(None, str(error))
        else:
            return answers.done(request, _("Open again"), after=address(row))
    return answers.short_form(
        request, form, title=_("Open the case again"), verb=_("Open again"), back=address(row)
    )


@require_http_methods(["GET", "POST"])
def pause(request: StaffRequest, case_id: int) -> HttpResponse:
    """The clock to the answer stands still while somebody else has to act."""
    row = answers.case_for(request, case_id, EDIT)
    form = PauseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.pause(request.actor, row, **form.cleaned_data)
        except services.CaseError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return answers.done(request, _("The clock stands still"), after=address(row))
    return answers.short_form(
        request, form, title=_("Pause the clock to the answer"), verb=_("Pause"), back=address(row)
    )


@require_POST
def resume(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    services.resume(request.actor, row)
    return answers.done(request, _("The clock goes on"), after=address(row))


@require_http_methods(["GET", "POST"])
def appeal(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.appeal(request.actor, row, words=form.cleaned_data["words"])
        except services.CaseError as error:
            form.add_error("words" if error.field == "words" else None, str(error))
        else:
            return answers.done(request, _("The appeal is taken up"), after=address(row))
    return answers.short_form(
        request, form, title=_("Take up an appeal"), verb=_("Take it up"), back=address(row)
    )


@require_POST
def ask(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    try:
        services.ask_satisfaction(request.actor, row)
    except services.CaseError as error:
        return answers.refused(request, str(error), after=address(row))
    return answers.done(request, _("Asked. From today the silence counts."), after=address(row))


@require_http_methods(["GET", "POST"])
def satisfaction(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    form = SatisfactionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.note_satisfaction(request.actor, row, **form.cleaned_data)
        except services.CaseError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return answers.done(request, _("Their judgement is written down"), after=address(row))
    return answers.short_form(
        request, form, title=_("What they say of the outcome"), verb=_("Write it down"), back=address(row)
    )


@require_POST
def note(request: StaffRequest, case_id: int) -> HttpResponse:
    """A word for colleagues, or one for whoever raised the case."""
    row = answers.case_for(request, case_id, EDIT)
    out = request.POST.get("to") == "them"
    try:
        (services.say if out else services.note)(request.actor, row, text=request.POST.get("text", ""))
    except services.CaseError as error:
        return answers.refused(request, str(error), after=address(row))
    return answers.done(request, _("Sent") if out else _("Noted"), after=address(row))


@require_http_methods(["GET", "POST"])
def promise(request: StaffRequest, case_id: int) -> HttpResponse:
    """A promise or a task that belongs to the case."""
    row = answers.case_for(request, case_id, EDIT)
    request.actor.require_some("commitments.edit", row.project_id)
    users = queries.readers_of(row, "commitments.view")
    first = {"owner": request.actor.user_id, "kind": "task" if request.GET.get("kind") == "task" else "ours"}
    form = PromiseForm(users, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "owner": form.users.get(form.cleaned_data["owner"] or 0)}
        try:
            services.promise_from_case(request.actor, row, **given)
        except (CommitmentError, services.CaseError) as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return answers.done(request, _("Written down"), after=address(row))
    return answers.short_form(
        request, form, title=_("Promise or task"), verb=_("Write it down"), back=address(row)
    )


@require_http_methods(["GET", "POST"])
def keep_out(request: StaffRequest, case_id: int) -> HttpResponse:
    """Somebody with an interest in the case finds no trace of it any more."""
    row = answers.case_for(request, case_id, MANAGE)
    form = KeepOutForm(_could_read(row), request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.users[form.cleaned_data["user"]]
        try:
            services.keep_out(request.actor, row, user=user, reason=form.cleaned_data["reason"])
        except services.CaseError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            after = reverse("cases:list") if user.pk == request.actor.user_id else address(row)
            return answers.done(
                request, _("%(name)s no longer sees the case") % {"name": user.name}, after=after
            )
    return answers.short_form(
        request, form, title=_("Keep somebody out"), verb=_("Keep out"), back=address(row)
    )


def _could_read(case: Case) -> list[Any]:
    return queries.readers_of(case)


@require_POST
def let_in(request: StaffRequest, case_id: int, user_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, MANAGE)
    kept = {one.user_id: one.user for one in queries.kept_out(row)}
    if user_id not in kept:
        raise Http404
    services.let_in(request.actor, row, user=kept[user_id])
    said = _("%(name)s sees the case again as far as their role goes") % {"name": kept[user_id].name}
    return answers.done(request, said, after=address(row))


@require_GET
def things(request: StaffRequest, case_id: int) -> HttpResponse:
    """Promises, tasks, conversations and files by what was typed, to tie to the case."""
    row = answers.case_for(request, case_id, EDIT)
    typed = words(request.GET.get("q")) or (row.party.full_name if row.party else "")
    hits = search.find(request.actor, typed, kinds=TIED, limit=20) if typed else []
    context = {"case": row, "hits": hits, "typed": typed, "back": address(row)}
    in_sheet = bool(request.htmx) and request.htmx.target in {"sheet", "things"}
    return render(request, "cases/things_sheet.html" if in_sheet else "cases/things.html", context)


@require_POST
def tie(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    subject_id = number(request.POST.get("subject"))
    if not subject_id:
        raise Http404
    kind = request.POST.get("kind", "")
    try:
        answers.found(_tie, request, row, kind, subject_id)
    except services.CaseError as error:
        return answers.refused(request, str(error), after=address(row))
    return answers.done(request, _("It belongs to the case now"), after=address(row))


def _tie(request: StaffRequest, case: Case, kind: str, subject_id: int) -> None:
    services.tie(request.actor, case, kind=kind, subject_id=subject_id)


@require_POST
def untie(request: StaffRequest, case_id: int) -> HttpResponse:
    row = answers.case_for(request, case_id, EDIT)
    subject_id = number(request.POST.get("subject"))
    if not subject_id:
        raise Http404
    services.untie(request.actor, row, kind=request.POST.get("kind", ""), subject_id=subject_id)
    return answers.done(request, _("It no longer belongs to the case"), after=address(row))
