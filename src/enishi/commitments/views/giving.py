"""What was given of a promised amount: written down, corrected, taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.commitments import queries, services
from enishi.commitments.forms import GivenForm
from enishi.commitments.models import Contribution, Promise
from enishi.commitments.services.rules import EDIT, address
from enishi.commitments.views import answers
from enishi.content.services import FileError


@require_http_methods(["GET", "POST"])
def give(request: StaffRequest, promise_id: int) -> HttpResponse:
    """Write down what was given, when, and what proves it."""
    promise = answers.found(queries.promise, request.actor, promise_id)

    def save(values: dict[str, Any]) -> Contribution:
        return services.give(request.actor, promise, **values)

    return _form(request, promise, save, _("Write down what was given"))


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, contribution_id: int) -> HttpResponse:
    row = answers.found(queries.contribution, request.actor, contribution_id)

    def save(values: dict[str, Any]) -> Contribution:
        return services.change_contribution(request.actor, row, **values)

    return _form(request, row.promise, save, _("Correct what was given"), row)


def _form(
    request: StaffRequest,
    promise: Promise,
    save: Callable[[dict[str, Any]], Contribution],
    title: str,
    row: Contribution | None = None,
) -> HttpResponse:
    request.actor.require(EDIT, promise)
    posted = request.method == "POST"
    form = GivenForm(promise, request.POST if posted else None, request.FILES if posted else None, row=row)
    if posted and form.is_valid():
        try:
            saved = save(form.values())
        except services.CommitmentError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except services.Conflict as error:
            form.add_error(None, str(error))
        except FileError as error:
            form.add_error("file", str(error))
        else:
            words = _("Given: %(amount)s") % {"amount": answers.amount(saved.money)}
            return answers.done(request, words, undo=saved.undo_entry, after=address(promise))
    context = {"form": form, "promise": promise, "row": row, "title": title, "back": address(promise)}
    return answers.part(request, "commitments/given", context, form)


@require_POST
def remove(request: StaffRequest, contribution_id: int) -> HttpResponse:
    row = answers.found(queries.contribution, request.actor, contribution_id)
    entry = services.remove_contribution(request.actor, row)
    return answers.done(request, _("Taken out"), undo=entry.pk, after=address(row.promise))
