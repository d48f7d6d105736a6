"""Importing contacts: the list of imports, upload, dry run, decisions, result."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.contacts.forms.importing import UploadForm
from enishi.contacts.models import ImportRow, ImportRun
from enishi.contacts.queries import importing as queries
from enishi.contacts.queries.duplicates import REASONS
from enishi.contacts.services import importing
from enishi.contacts.services.importing import registers
from enishi.contacts.services.importing.problems import refuses, said
from enishi.contacts.services.importing.showing import changes
from enishi.core.formats import counted
from enishi.core.parameters import number, numbers

PAGE, ROWS = 30, 50
Action, State = ImportRow.Action, ImportRun.State
AT_WORK = {State.CHECKING, State.APPLYING, State.UNDOING}
OUTCOMES = (
    (Action.CREATE, "created", gettext_lazy("New contacts"), "c2"),
    (Action.UPDATE, "updated", gettext_lazy("Updates, old values kept"), "c6"),
    (Action.SAME, "unchanged", gettext_lazy("Unchanged"), "c7"),
    (Action.DUPLICATE, "duplicate", gettext_lazy("Possible duplicates"), "c3"),
    (Action.REFUSE, "refused", gettext_lazy("Cannot be read"), "c5"),
    (Action.SKIP, "left_out", gettext_lazy("Left out"), "c4"),
)
# A sheet takes these at the beginning of a cell for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def run_or_404(request: StaffRequest, run_id: int) -> ImportRun:
    return found(queries.run, request.actor, run_id)


def crumbs(*further: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"label": _("Contacts"), "url": reverse("contacts:list")},
        {"label": _("Imports"), "url": reverse("contacts:imports")},
        *({"label": label, "url": url} for label, url in further),
    ]


def steps(run: ImportRun | None, now: int) -> list[dict[str, str]]:
    """File, columns, problems, import; a card has no columns."""
    names = [_("File"), _("Match columns"), _("Settle problems"), _("Import")]
    urls = ["", "", "", ""]
    if run is not None and run.operation_id is None and run.state not in AT_WORK:
        if run.importer == importing.CONTACTS:
            urls[1] = reverse("contacts:import_columns", args=[run.pk])
        urls[2] = reverse("contacts:import", args=[run.pk]) if run.state == State.CHECKED else ""
    return [
        {
            "label": name,
            "state": "done" if place < now else "now" if place == now else "next",
            "url": urls[place],
        }
        for place, name in enumerate(names)
    ]


# --- the list, and a new one


@require_GET
def imports(request: StaffRequest) -> HttpResponse:
    """Past imports and drafts, newest first."""
    request.actor.require(importing.RIGHT)
    before = number(request.GET.get("before"))
    found = list(queries.runs(request.actor, before=before)[: PAGE + 1])
    last = found[PAGE - 1].pk if len(found) > PAGE else None
    # An archive that was just uploaded appears as soon as its reading begins.
    awaited = number(request.GET.get("awaited"))
    missing = awaited is not None and not any(run.pk > awaited for run in found)
    context = {
        "runs": [{"run": run, "url": reverse("contacts:import", args=[run.pk])} for run in found[:PAGE]],
        "at_work": missing or any(run.state in AT_WORK for run in found),
        "crumbs": crumbs()[:1],
        "next_url": f"?before={last}" if last else "",
        "back_url": request.path if before else "",
    }
    return render(request, "contacts/import/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Upload one or several files."""
    request.actor.require(importing.RIGHT)
    form = UploadForm(
        request.actor,
        request.POST or None,
        request.FILES or None,
        initial={"project": request.session.get("project")},
    )
    if request.method == "POST" and form.is_valid():
        runs, others = [], 0
        for file in form.cleaned_data["upload"]:
            try:
                run = importing.receive(
                    request.actor, project_id=form.cleaned_data["project"], name=file.name, stream=file
                )
            except importing.ImportRefused as error:
                form.add_error("upload", _("%(name)s: %(reason)s") % {"name": file.name, "reason": error})
                continue
            runs += [run] if run else []
            others += not run
        if not form.errors:
            return _uploaded(request, runs, others)
    context = {"form": form, "crumbs": crumbs(), "steps": steps(None, 0)}
    return render(request, "contacts/import/new.html", context, status=422 if form.errors else 200)


def _uploaded(request: StaffRequest, runs: list[ImportRun], others: int) -> HttpResponse:
    if len(runs) == 1 and not others:
        return redirect("contacts:import", runs[0].pk)
    if others:
        words = ngettext(
            "%(count)s mail archive is being read in the background. It appears in this list.",
            "%(count)s mail archives are being read in the background. They appear in this list.",
            others,
        )
        messages.info(request, words % {"count": counted(others)})
        newest = queries.runs(request.actor).first()
        return redirect(f"{reverse('contacts:imports')}?awaited={newest.pk if newest else 0}")
    return redirect("contacts:imports")


# --- one import


@require_GET
def show(request: StaffRequest, run_id: int) -> HttpResponse:
    """Where an import stands: its next step, its progress, or its result."""
    run = run_or_404(request, run_id)
    if run.state in {State.UPLOADED, State.MAPPED} and run.importer == importing.CONTACTS:
        return redirect("contacts:import_columns", run.pk)
    return render(request, "contacts/import/run.html", _standing(request, run))


def _standing(request: StaffRequest, run: ImportRun) -> dict[str, Any]:
    """What the pages of a run share from the dry run on."""
    counts, bars = outcomes(run)
    done = run.state in {State.DONE, State.UNDONE, State.UNDOING}
    open_questions = queries.open_questions(run)
    context: dict[str, Any] = {
        "run": run,
        "counts": counts,
        "bars": bars,
        "open": open_questions,
        "done": done,
        "at_work": run.state in AT_WORK,
        "live": f"import-{run.pk}",
        "quarantined": list(queries.set_aside(run)),
        "crumbs": crumbs(),
        "steps": steps(run, 4 if done else 3 if run.state == State.APPLYING else 2),
        "undo_url": _undo_url(request, run),
        "may": request.actor.may(importing.RIGHT, run.project_id),
        "resumable": run.state == State.FAILED and run.operation_id is not None,
        "ready": run.state == State.CHECKED,
        "bring_in": _to_bring_in(run, open_questions.duplicates),
    }
    register = importing.register_of(run)
    if run.state in {State.CHECKED, State.DONE, State.UNDONE} and (
        register or run.importer == importing.CONTACTS
    ):
        context |= listed(request, run, counts)
    context["note"] = register.note() if register else ""
    return context


def _to_bring_in(run: ImportRun, undecided: int) -> int:
    """How many rows the import would bring in as things stand."""
    counts = run.counts
    waiting = counts.get("duplicate", 0)
    if run.options.get("duplicates") == "skip":
        waiting -= undecided
    return int(counts.get("created", 0) + counts.get("updated", 0) + waiting)


def _undo_url(request: StaffRequest, run: ImportRun) -> str:
    operation = run.operation
    if (
        operation is None
        or run.state != State.DONE
        or not request.actor.may("timeline.view", [run.project_id])
    ):
        return ""
    try:
        return reverse("timeline:operation", args=[operation.pk])
    except NoReverseMatch:
        return ""


def outcomes(run: ImportRun) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The counts with their words, and the pieces of the bar, in percent."""
    register = importing.register_of(run)
    counts = [
        {
            "action": action,
            "label": action.label if register else label,
            "n": run.counts.get(name, 0),
            "css": css,
        }
        for action, name, label, css in OUTCOMES
        if run.counts.get(name) or name in {"created", "updated"}
    ]
    total = sum(count["n"] for count in counts) or 1
    bars, start = [], 0.0
    for count in counts:
        width = round(100 * count["n"] / total, 2)
        if width:
            bars.append({"x": f"{start:.2f}%", "width": f"{width:.2f}%", "css": count["css"]})
        start += width
    return counts, bars


def listed(request: StaffRequest, run: ImportRun, counts: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of one outcome: those that need a look first."""
    there = {count["action"] for count in counts if count["n"]}
    wanted = request.GET.get("show", "")
    order = (Action.DUPLICATE, Action.REFUSE, Action.UPDATE, Action.CREATE, Action.SAME, Action.SKIP)
    action = wanted if wanted in there else next((one for one in order if one in there), Action.CREATE)
    after = number(request.GET.get("after")) or 0
    rows = queries.rows(request.actor, run, action=action, after=after, limit=ROWS + 1)
    page = rows[:ROWS]
    told: list[Any] = [[] for _row in page]
    register = importing.register_of(run)
    if register:
        told = [registers.changes(register, row.draft, request.user.language) for row in page]
    elif action in (Action.UPDATE, Action.DUPLICATE) and run.state == State.CHECKED:
        told = changes(request.actor, run, [(_target(row), row.draft) for row in page])
    address = reverse("contacts:import", args=[run.pk])
    return {
        "action": action,
        "register": register is not None,
        "rows": [_row(row, change, register) for row, change in zip(page, told, strict=True)],
        "tabs": [
            {
                "label": c["label"],
                "url": f"{address}?show={c['action']}",
                "count": c["n"],
                "current": c["action"] == action,
            }
            for c in counts
            if c["n"]
        ],
        "next_url": f"{address}?show={action}&after={page[-1].number}" if len(rows) > ROWS else "",
        "back_url": f"{address}?show={action}" if after else "",
    }


def _target(row: queries.Row) -> int:
    suspect = next((s.party_id for s in row.suspects if s.party_id), None)
    return suspect or row.party_id or 0


def _row(row: queries.Row, change: Any, register: registers.Register | None) -> dict[str, Any]:
    subject = row.draft.get("subject")
    return {
        "row": row,
        "url": register.address(subject) if register and subject else "",
        "changes": change,
        "problems": [
            {"column": found["column"], "words": said(found), "refuses": refuses(found)}
            for found in row.problems
        ],
        "suspects": [
            {
                "suspect": suspect,
                "reason": REASONS.get(suspect.reason, ""),
                "value": suspect.party_id or f"row{suspect.row}",
            }
            for suspect in row.suspects
        ],
    }


@require_GET
def progress(request: StaffRequest, run_id: int) -> HttpResponse:
    """The bar alone, polled while a job works; the page is drawn anew when it has ended."""
    run = run_or_404(request, run_id)
    if run.state not in AT_WORK:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "contacts/import/progress.html", {"run": run, "live": f"import-{run.pk}"})


def _step(request: StaffRequest, run: ImportRun, action: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """One step of the wizard; what it refuses is said on the page of the import."""
    try:
        action(request.actor, run, *args, **kwargs)
    except importing.ImportRefused as error:
        messages.error(request, str(error))
    return redirect("contacts:import", run.pk)


@require_POST
def check(request: StaffRequest, run_id: int) -> HttpResponse:
    return _step(request, run_or_404(request, run_id), importing.start_check)


@require_POST
def apply(request: StaffRequest, run_id: int) -> HttpResponse:
    return _step(request, run_or_404(request, run_id), importing.start_apply)


@require_POST
def decide(request: StaffRequest, run_id: int) -> HttpResponse:
    """One row, or all that are undecided: ``create``, ``skip``, or ``update`` with the contact that is meant."""
    run = run_or_404(request, run_id)
    choice, _colon, target = request.POST.get("decision", "").partition(":")
    rows, party_id = numbers(request.POST.getlist("row")), number(target)
    try:
        importing.decide(request.actor, run, rows, decision=choice, party_id=party_id)
    except importing.ImportRefused as error:
        messages.error(request, str(error))
    back = reverse("contacts:import", args=[run.pk])
    after = request.POST.get("after", "")
    return redirect(f"{back}?show=duplicate{f'&after={after}' if after.isdecimal() else ''}")


@require_POST
def discard(request: StaffRequest, run_id: int) -> HttpResponse:
    run = run_or_404(request, run_id)
    try:
        importing.discard(request.actor, run)
    except importing.ImportRefused as error:
        messages.error(request, str(error))
        return redirect("contacts:import", run.pk)
    messages.success(request, _("The draft of “%(name)s” is thrown away.") % {"name": run.filename})
    return redirect("contacts:imports")


class _Echo:
    def write(self, value: str) -> str:
        return value


@require_GET
def refused(request: StaffRequest, run_id: int) -> HttpResponseBase:
    """The refused rows as they stood in the file, with a column that says why: to be corrected and imported again."""
    run = run_or_404(request, run_id)
    answer = StreamingHttpResponse(_refused_lines(run), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{run.pk}.csv"'
    return answer


def _refused_lines(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Echo())
    headers: list[str] = run.facts.get("headers", [])
    yield "\ufeff"
    yield writer.writerow([*headers, _("Why refused")])
    for place, cells, problems in queries.refused(run):
        row = [*cells, *[""] * (len(headers) - len(cells))]
        reasons = "; ".join(
            f"{found['column']}: {said(found)}" if found["column"] else said(found)
            for found in problems
            if refuses(found)
        )
        told = _("Row %(number)d. %(reasons)s") % {"number": place, "reasons": reasons}
        yield writer.writerow([*map(_harmless, row[: max(len(headers), len(cells))]), told])


def _harmless(cell: str) -> str:
    """A cell that no sheet takes for a formula; phone numbers keep their plus sign."""
    risky = cell.startswith(_FORMULA) and not (cell[:1] in "+-" and cell[1:].replace(" ", "").isdecimal())
    return f"'{cell}" if risky else cell
