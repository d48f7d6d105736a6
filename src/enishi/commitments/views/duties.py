"""The register of duties: documents that oblige, their clauses, pasting many at once, reviews."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import chosen_project, shell_project
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.forms import ClausesForm, DutyForm, EndForm, PasteForm, ReviewForm, SourceForm
from enishi.commitments.models import Duty, Source
from enishi.commitments.queries import DutyFilter
from enishi.commitments.services.clauses import first_due, read_clauses
from enishi.commitments.services.rules import EDIT, VIEW, duty_address, source_address
from enishi.commitments.views import answers
from enishi.commitments.views.lists import tabs
from enishi.contacts import queries as contacts
from enishi.core import clock
from enishi.core.documents import guarded
from enishi.core.parameters import number, words

KEPT = ("state", "source", "who", "q", "project")


def _asked(request: StaffRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in KEPT if request.GET.get(name)}


def _filter(request: StaffRequest) -> DutyFilter:
    wanted = _asked(request)
    return DutyFilter(
        state=wanted["state"] if wanted.get("state") in queries.DUTY_STATES else "",
        project_id=chosen_project(request),
        source_id=number(wanted.get("source")),
        owner_ids=(request.actor.own_id,) if wanted.get("who") == "mine" else None,
        text=words(wanted.get("q")),
    )


def _with(request: StaffRequest, **changed: str) -> str:
    kept = {name: value for name, value in {**_asked(request), **changed}.items() if value}
    return f"?{urlencode(kept)}" if kept else reverse("commitments:duties")


@require_GET
def register(request: StaffRequest) -> HttpResponse:
    """Every duty that holds, document by document, or those of one state."""
    actor = request.actor
    actor.require(VIEW)
    filters = _filter(request)
    page = queries.register(actor, filters, after=number(request.GET.get("after")))
    chips: list[tuple[str, str, Any]] = [("who", "mine", _("Mine"))]
    chips += [("state", code, label) for code, label in queries.DUTY_STATES.items()]
    context = {
        "tabs": tabs(request, "duties"),
        "page": page,
        "filters": filters,
        "kept": _asked(request),
        "chips": [
            {
                "label": label,
                "pressed": _asked(request).get(name) == value,
                "url": _with(request, **{name: "" if _asked(request).get(name) == value else value}),
            }
            for name, value, label in chips
        ],
        "sources": queries.sources(actor, project_id=filters.project_id),
        "next_url": f"{_with(request)}{'&' if _asked(request) else '?'}after={page.after}"
        if page.after
        else "",
        "export_url": f"{reverse('commitments:duties_export')}?{urlencode(_asked(request))}",
        "may_edit": actor.may_whole(EDIT),
    }
    return render(request, "commitments/duties/register.html", context)


@require_GET
def export(request: StaffRequest) -> StreamingHttpResponse:
    """The register as a table, with the filter of the page."""
    request.actor.require(VIEW)
    answer = StreamingHttpResponse(_lines(request, _filter(request)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="duties-{clock.today():%Y-%m-%d}.csv"'
    return answer


def _lines(request: StaffRequest, filters: DutyFilter) -> Iterator[bytes]:
    yield "\ufeff".encode()
    yield _line(
        _("Id"), _("Document"), _("Number"), _("Kind"), _("Authority"), _("Project"), _("Clause"), _("Duty"), _("Not to do"),
        _("Words of the clause"), _("Proof asked for"), _("Owner"), _("Next due"), _("State"), _("Next review"), _("Ended"),
    )  # fmt: skip
    for row in queries.exported(request.actor, filters):
        duty, source, coming = row.duty, row.duty.source, row.next
        yield _line(
            duty.pk, source.title, source.reference, source.get_kind_display(),
            source.authority.full_name if source.authority else "", duty.project.name, duty.clause, duty.title,
            _("yes") if duty.negative else "", duty.citation, duty.evidence, duty.owner.name if duty.owner else "",
            f"{coming.due_at:%Y-%m-%d}" if coming and coming.due_at else "", row.sign,
            duty.next_review_on or "", f"{duty.ended_at:%Y-%m-%d}" if duty.ended_at else "",
        )  # fmt: skip


def _line(*cells: object) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(str(cell)) for cell in cells])
    return out.getvalue().encode()


@require_http_methods(["GET", "POST"])
def new_source(request: StaffRequest) -> HttpResponse:
    """Write down a document that obliges."""
    actor = request.actor
    actor.require_whole(EDIT)
    form = SourceForm(actor, request.POST or None, project_id=shell_project(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.write_source(actor, **form.values())
        except services.CommitmentError as error:
            form.refuse(error)
        else:
            return answers.done(request, _("Document written down"), after=source_address(made))
    return _form(request, form, _("New document"), reverse("commitments:duties"))


def _form(request: StaffRequest, form: Any, title: str, back: str, **context: Any) -> HttpResponse:
    shown = {"form": form, "title": title, "back": back, **context}
    return render(request, "commitments/duties/form.html", shown, status=422 if form.errors else 200)


@require_GET
def source(request: StaffRequest, source_id: int) -> HttpResponse:
    """A document with its clauses and how each of them stands."""
    actor = request.actor
    actor.require(VIEW)
    found: Source = answers.found(queries.source, actor, source_id)
    state = request.GET.get("state", "")
    filters = DutyFilter(state=state if state == "ended" else "", source_id=found.pk)
    page = queries.register(actor, filters, limit=1000)
    context = {
        "source": found,
        "page": page,
        "may_see_authority": contacts.reaches(actor, found.authority),
        "ended": filters.state == "ended",
        "figures": queries.source_figures(page.rows),
        "may_edit": actor.may(EDIT, found),
        "may_see_history": actor.may("timeline.view", found.project_id),
    }
    return render(request, "commitments/duties/source.html", context)


@require_http_methods(["GET", "POST"])
def edit_source(request: StaffRequest, source_id: int) -> HttpResponse:
    actor = request.actor
    found: Source = answers.found(queries.source, actor, source_id)
    actor.require(EDIT, found)
    form = SourceForm(actor, request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_source(actor, found, form.cleaned_data["version"], **form.values())
        except (services.CommitmentError, services.Conflict) as error:
            form.refuse(error)
        else:
            return answers.done(request, _("Saved"), after=source_address(found))
    return _form(request, form, _("Change the document"), source_address(found), source=found)


@require_http_methods(["GET", "POST"])
def new_duty(request: StaffRequest, source_id: int) -> HttpResponse:
    """Write down one clause."""
    actor = request.actor
    found: Source = answers.found(queries.source, actor, source_id)
    actor.require(EDIT, found)
    form = DutyForm(actor, found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            [made] = services.write_duties(actor, found, [form.draft()])
        except services.CommitmentError as error:
            form.refuse(error)
        else:
            return answers.done(request, _("Duty written down"), after=duty_address(made))
    return _form(request, form, _("New duty"), source_address(found), source=found)


@require_http_methods(["GET", "POST"])
def paste(request: StaffRequest, source_id: int) -> HttpResponse:
    """Paste clauses, look at what is proposed, write down what is ticked."""
    actor = request.actor
    found: Source = answers.found(queries.source, actor, source_id)
    actor.require(EDIT, found)
    context: dict[str, Any] = {"source": found, "back": source_address(found)}
    if request.method == "POST" and "c-TOTAL_FORMS" in request.POST:
        return _confirm(request, found, context)
    form = PasteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        proposed = [
            {"take": True, "clause": one.clause, "title": one.title, "citation": one.citation,
             "negative": one.negative, "repeats": one.rule, "due_at": first_due(one.rule)}
            for one in read_clauses(form.cleaned_data["pasted"])
        ]  # fmt: skip
        if proposed:
            shown = ClausesForm(proposed=proposed, owner=actor.user_id)
            return render(request, "commitments/duties/confirm.html", {**context, "form": shown})
        form.add_error("pasted", _("There is no clause in this. Paste the text of the document."))
    context["form"] = form
    return render(request, "commitments/duties/paste.html", context, status=422 if form.errors else 200)


def _confirm(request: StaffRequest, found: Source, context: dict[str, Any]) -> HttpResponse:
    form = ClausesForm(request.POST)
    if form.is_valid():
        drafts = form.drafts()
        try:
            made = services.write_duties(request.actor, found, drafts)
        except services.CommitmentError as error:
            name = error.field if error.field in form.terms.fields else None
            form.terms.add_error(name, str(error))
        else:
            words = ngettext("%(n)s duty written down", "%(n)s duties written down", len(made))
            return answers.done(request, words % {"n": len(made)}, after=source_address(found))
    return render(request, "commitments/duties/confirm.html", {**context, "form": form}, status=422)


@require_GET
def duty(request: StaffRequest, duty_id: int) -> HttpResponse:
    """A clause with its words, how it stands, and each time it had to be kept."""
    actor = request.actor
    actor.require(VIEW)
    found: Duty = answers.found(queries.duty, actor, duty_id)
    [standing] = queries.standings(actor, [found])
    every = queries.all_times(actor, found)
    ahead = [time for time in every if standing.comes_after_next(time)]
    context = {
        "duty": found,
        "row": standing,
        "times": [time for time in every if time not in ahead],
        "ahead": ahead,
        "total": len(every),
        "may_see_authority": contacts.reaches(actor, found.source.authority),
        "may_read_file": queries.may_read_file(actor, found.source),
        "review": ReviewForm(),
        "ending": EndForm(),
        "may_edit": actor.may(EDIT, found),
        "may_see_history": actor.may("timeline.view", found.project_id),
        "here": request.path,
    }
    return render(request, "commitments/duties/duty.html", context)


@require_http_methods(["GET", "POST"])
def edit_duty(request: StaffRequest, duty_id: int) -> HttpResponse:
    """Change a clause; its open promises follow."""
    actor = request.actor
    found: Duty = answers.found(queries.duty, actor, duty_id)
    actor.require(EDIT, found)
    form = DutyForm(actor, found.source, request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_duty(actor, found, form.cleaned_data["version"], **form.values())
        except (services.CommitmentError, services.Conflict) as error:
            form.refuse(error)
        else:
            return answers.done(request, _("Saved"), after=duty_address(found))
    return _form(request, form, _("Change the duty"), duty_address(found), source=found.source)


@require_POST
def review(request: StaffRequest, duty_id: int) -> HttpResponse:
    """Say that it was reviewed."""
    found: Duty = answers.found(queries.duty, request.actor, duty_id)
    request.actor.require(EDIT, found)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return answers.refused(request, form.errors.as_text(), after=duty_address(found))
    services.review_duty(request.actor, found, **form.cleaned_data)
    return answers.done(request, _("Reviewed"), after=duty_address(found))


@require_POST
def end(request: StaffRequest, duty_id: int) -> HttpResponse:
    """Say why it holds no more."""
    found: Duty = answers.found(queries.duty, request.actor, duty_id)
    try:
        services.end_duty(request.actor, found, why=request.POST.get("why", ""))
    except services.CommitmentError as error:
        return answers.refused(request, str(error), after=duty_address(found))
    return answers.done(request, _("The duty has ended"), after=duty_address(found))


@require_POST
def resume(request: StaffRequest, duty_id: int) -> HttpResponse:
    found: Duty = answers.found(queries.duty, request.actor, duty_id)
    services.resume_duty(request.actor, found)
    return answers.done(request, _("The duty holds again"), after=duty_address(found))
