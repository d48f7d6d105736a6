"""One promise: its page, its forms, and what one does with it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.forms import DueForm, PromiseForm, ProofForm, SettleForm
from enishi.commitments.models import Promise, Series, Task
from enishi.commitments.services.rules import DELETE, EDIT, VIEW, address
from enishi.commitments.views import answers, writing
from enishi.contacts import queries as contacts
from enishi.content.services import FileError
from enishi.due.queries import escalations
from enishi.search.services import visit
from enishi.timeline.models import Entry


@require_GET
def promise(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Who promised what to whom, where it was said, what proves it."""
    actor = request.actor
    actor.require(VIEW)
    row = answers.found(queries.promise, actor, promise_id)
    visit(actor, "promise", row.pk)
    context = {
        "promise": row,
        "may_see_party": contacts.reaches(actor, row.party),
        "proofs": queries.proofs(actor, row),
        "given": queries.given(actor, row),
        "tasks": queries.tasks_of(actor, row),
        "runs": queries.runs(actor, [row.series_id]).get(row.series_id) if row.series_id else None,
        "may_see_source": actor.may_some("conversations.view", row.project_id),
        "readers": _readers(request, row),
        "closed": queries.closed_on(row.project, row.due_at) if row.is_open else "",
        "escalations": escalations(row),
        "proof_form": ProofForm(),
        "may_see_duty": row.duty is not None and actor.may(VIEW, row.duty),
        "may_edit": actor.may(EDIT, row),
        "may_delete": actor.may(DELETE, row),
        "may_see_history": actor.may("timeline.view", row.project_id),
        "here": request.path,
    }
    return render(request, "commitments/promise.html", context)


def _readers(request: StaffRequest, row: Promise) -> int | None:
    """How many others may read a confidential promise."""
    if row.confidentiality < Level.CONFIDENTIAL:
        return None
    return (
        accounts.readers(VIEW, [row.project_id], row.confidentiality, owners=row.owners())
        .exclude(pk=request.actor.user_id or 0)
        .count()
    )


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    return writing.new(
        request,
        PromiseForm,
        services.make_promise,
        title=_("New promise"),
        said=_("Promise written down"),
        back=reverse("commitments:list"),
    )


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Change one promise, or with ``later`` also the times of its series that come after it."""
    row = answers.found(queries.promise, request.actor, promise_id)

    change_it = services.change_from_here if request.POST.get("later") == "1" else services.change_promise

    def change(form: PromiseForm) -> Promise:
        return change_it(request.actor, row, form.cleaned_data["version"], **form.values())

    return writing.edit(request, PromiseForm, row, change, title=_("Change the promise"), promise=row)


@require_http_methods(["GET", "POST"])
def settle(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Kept at once; broken and waived ask for the reason where one stands, what waits for proof for the proof."""
    actor = request.actor
    row = answers.found(queries.promise, actor, promise_id)
    actor.require(EDIT, row)
    after = answers.way_back(request, address(row))
    posted = request.method == "POST"
    form = SettleForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        initial={"state": request.GET.get("state", "kept")},
    )
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("state", "outcome", "proof_text")}
        try:
            settled = services.settle_promise(actor, row, files=form.drafts(), **given)
        except services.CommitmentError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except FileError as error:
            form.add_error("file", str(error))
        else:
            words = {
                "kept": _("Kept: %(title)s"),
                "kept_late": _("Kept late: %(title)s"),
                "broken": _("Broken: %(title)s"),
                "waived": _("Waived: %(title)s"),
            }[settled.state]
            return answers.done(request, words % {"title": row.title}, undo=settled.undo_entry, after=after)
    state = form.data.get("state") if form.is_bound else form.initial["state"]
    context = {"form": form, "promise": row, "state": state, "back": after}
    return answers.part(request, "commitments/settle", context, form)


@require_POST
def move(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Move a card to another column. Where a reason or a proof is missing, the form for it comes back."""
    actor = request.actor
    row = answers.found(queries.promise, actor, promise_id)
    actor.require(EDIT, row)
    to = {"waiting": "open"}.get(request.POST.get("to", ""), request.POST.get("to", ""))
    after = answers.way_back(request, reverse("commitments:board"))
    if to not in {"open", "doing", "proof", "kept", "kept_late", "broken", "waived"}:
        return answers.refused(request, _("There is no such column."), after=after)
    try:
        moved = services.move_promise(actor, row, to=to, outcome=request.POST.get("outcome", ""))
    except services.CommitmentError:
        form = SettleForm(initial={"state": to})
        context = {"form": form, "promise": row, "state": to, "back": after}
        return answers.part(request, "commitments/settle", context, form)
    return answers.done(
        request, _("Moved: %(title)s") % {"title": row.title}, undo=moved.undo_entry, after=after
    )


@require_http_methods(["GET", "POST"])
def due(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Move the date."""
    actor = request.actor
    row = answers.found(queries.promise, actor, promise_id)
    actor.require(EDIT, row)
    after = answers.way_back(request, address(row))
    form = DueForm(request.POST or None, initial={"due_at": row.due_at, "version": row.version})
    if request.method == "POST" and form.is_valid():
        try:
            moved = services.change_promise(
                actor, row, form.cleaned_data["version"], due_at=form.cleaned_data["due_at"]
            )
        except (services.CommitmentError, services.Conflict) as error:
            form.add_error("due_at", str(error))
        else:
            return answers.done(request, _("Date moved"), undo=moved.undo_entry, after=after)
    return answers.part(request, "commitments/due", {"form": form, "promise": row, "back": after}, form)


def _stepped(
    request: StaffRequest, promise_id: int, step: Callable[[Actor, Promise], Promise], said: str
) -> HttpResponse:
    row = answers.found(queries.promise, request.actor, promise_id)
    stepped = step(request.actor, row)
    after = answers.way_back(request, address(row))
    return answers.done(request, said % {"title": row.title}, undo=stepped.undo_entry, after=after)


@require_POST
def start(request: StaffRequest, promise_id: int) -> HttpResponse:
    return _stepped(request, promise_id, services.start_promise, _("Work on it has begun"))


@require_POST
def done(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Done, with the proof to follow."""
    return _stepped(request, promise_id, services.report_done, _("Done, waits for proof: %(title)s"))


@require_POST
def reopen(request: StaffRequest, promise_id: int) -> HttpResponse:
    return _stepped(request, promise_id, services.reopen_promise, _("Open again"))


@require_POST
def proof(request: StaffRequest, promise_id: int) -> HttpResponse:
    actor = request.actor
    row = answers.found(queries.promise, actor, promise_id)
    actor.require(EDIT, row)
    form = ProofForm(request.POST, request.FILES)
    if not form.is_valid():
        return answers.refused(request, form.errors.as_text(), after=address(row))
    try:
        services.add_proof(actor, row, text=form.cleaned_data["proof_text"], files=form.drafts())
    except (services.CommitmentError, FileError) as error:
        return answers.refused(request, str(error), after=address(row))
    return answers.done(request, _("Proof added"), after=address(row))


@require_POST
def delete(request: StaffRequest, promise_id: int) -> HttpResponse:
    row = answers.found(queries.promise, request.actor, promise_id)
    return writing.delete(request, row, services.delete_promise, after=reverse("commitments:list"))


@require_POST
def end_series(request: StaffRequest, series_id: int) -> HttpResponse:
    series = answers.found(queries.series, request.actor, series_id)
    entry = services.end_series(request.actor, series)
    return answers.done(
        request,
        _("It no longer repeats"),
        undo=entry.pk,
        after=answers.way_back(request, reverse("commitments:list")),
    )


@require_POST
def undo(request: StaffRequest, entry_id: int) -> HttpResponse:
    """Take one's own change back, and draw the page anew on which one stands."""
    try:
        row = services.undo(request.actor, entry_id)
    except services.CommitmentError as error:
        return answers.refused(request, str(error), after=reverse("commitments:list"))
    except (Entry.DoesNotExist, Promise.DoesNotExist, Task.DoesNotExist, Series.DoesNotExist):
        return answers.refused(
            request, _("There is nothing to take back any more."), after=reverse("commitments:list")
        )
    if request.htmx:
        answer = HttpResponse(status=204)
        answer["HX-Refresh"] = "true"
        return answer
    if isinstance(row, Series):
        return redirect("commitments:list")
    return redirect("commitments:promise" if isinstance(row, Promise) else "commitments:task", row.pk)


@require_GET
def people(request: StaffRequest) -> HttpResponse:
    """People by what was typed so far, to choose from."""
    request.actor.require(EDIT)
    typed = request.GET.get("person", "")[:200]
    return render(
        request,
        "commitments/_people.html",
        {"people": queries.people_like(request.actor, typed) if typed else []},
    )
