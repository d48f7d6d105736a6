"""From words to a promise or a task: a sheet over the page, or a page of its own without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.commitments.services import CommitmentError
from enishi.conversations import paragraphs, services
from enishi.conversations.forms import PassageForm, level_choices
from enishi.conversations.models import Interaction
from enishi.conversations.views.lookup import actor_of, interaction_or_404
from enishi.core import registry
from enishi.core.parameters import number

COMMIT = "commitments.edit"


@require_http_methods(["GET", "POST"])
def passage(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """The form, prefilled with the words; posting it makes the promise or the task."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    actor.require_some(COMMIT, found.project_ids)
    choices = _choices(actor, found)
    if request.method == "GET":
        said = _said(request, found)
        first = {
            "start": said.start,
            "end": said.end,
            "title": " ".join(said.quote.split())[:300],
            "kind": "task" if request.GET.get("kind") == "task" else "ours",
            "owner": actor.user_id,
            "party": choices["party"][1][0] if len(choices["party"]) == 2 else None,
            "confidentiality": found.confidentiality,
        }
        return _form(request, found, PassageForm(initial=first, choices=choices), said)
    form = PassageForm(request.POST, choices=choices)
    if form.is_valid():
        try:
            anchor = _make(actor, found, form.cleaned_data)
        except (services.ConversationError, CommitmentError) as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("Written down where it was said."))
            return _done(request, f"{reverse('conversations:interaction', args=[found.pk])}#{anchor}")
    start, end = number(request.POST.get("start")) or 0, number(request.POST.get("end")) or 0
    try:
        said = services.passage(found, start, end)
    except services.ConversationError:
        raise Http404 from None
    return _form(request, found, form, said)


def _said(request: HttpRequest, found: Interaction) -> services.Passage:
    """The words selected (within the point that begins at ``base``), or those of the point with that number."""
    point = number(request.GET.get("point"))
    if point:
        listed = paragraphs.paragraphs(found.text, folds=found.folds)
        spans = [(one.start, one.end) for one in listed if one.number == point]
        start, end = spans[0] if spans else (0, 0)
    else:
        base = number(request.GET.get("base")) or 0
        start, end = (
            base + (number(request.GET.get("start")) or 0),
            base + (number(request.GET.get("end")) or 0),
        )
    try:
        return services.passage(found, start, end)
    except services.ConversationError:
        raise Http404 from None


def _choices(actor: Actor, found: Interaction) -> dict[str, list[tuple[Any, Any]]]:
    took_part = {one.party_id: one.party.full_name for one in found.people if one.party_id}  # type: ignore[attr-defined]
    projects = services.projects_for(actor, found)
    readers = accounts.takers("commitments.view", found.project_ids, found.confidentiality)
    return {
        "party": [("", _("Nobody named")), *took_part.items()],
        "owner": [("", _("Nobody yet")), *((user.pk, str(user)) for user in readers)],
        "project": [(project.pk, project.name) for project in projects],
        "confidentiality": list(
            level_choices(actor, "commitments.view", found.project_ids, at_least=found.confidentiality)
        ),
    }


def _make(actor: Actor, found: Interaction, given: dict[str, Any]) -> str:
    common = {
        "title": given["title"],
        "party_id": given["party"],
        "owner_id": given["owner"],
        "due_at": given["due_at"],
        "project_id": given["project"],
        "confidentiality": given["confidentiality"],
    }
    start, end = given["start"], given["end"]
    if given["kind"] == "task":
        return f"task-{services.task_from_passage(actor, found, start, end, **common).pk}"
    made = services.promise_from_passage(
        actor, found, start, end, given["kind"], negative=given["negative"], **common
    )
    return f"promise-{made.pk}"


def _done(request: HttpRequest, address: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        # From the page itself the address differs in its anchor only, which loads nothing.
        return HttpResponse(status=204, headers={"HX-Redirect": address, "HX-Refresh": "true"})
    return redirect(address)


def _form(
    request: HttpRequest, found: Interaction, form: PassageForm, said: services.Passage
) -> HttpResponse:
    template = "conversations/passage_sheet.html" if request.htmx else "conversations/passage.html"  # type: ignore[attr-defined]
    offers = [
        offer(actor_of(request), found, said)
        for offer in registry.providers("conversations.passage").values()
    ]
    context = {"one": found, "form": form, "said": said, "others": [one for one in offers if one]}
    return render(request, template, context, status=422 if form.errors else 200)
