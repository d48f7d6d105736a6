"""Minutes of a meeting: how they begin, and what came out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods

from enishi.accounts.access import Actor
from enishi.commitments.services import CommitmentError
from enishi.conversations import minutes, paragraphs, queries, services
from enishi.conversations.forms import ResultForm, ResultsForm
from enishi.conversations.models import Interaction
from enishi.conversations.views.lookup import EDIT, actor_of, interaction_or_404
from enishi.core import formats
from enishi.core.parameters import number

COMMIT = "commitments.edit"
WITH_MINUTES = (Interaction.Channel.MEETING, Interaction.Channel.VISIT)
Refused = (services.ConversationError, CommitmentError, services.Conflict)


def empty_minutes(present: Sequence[str]) -> str:
    """How minutes begin, in the words of the reader; the last heading is one that `minutes.read_minutes` knows."""
    return "\n".join(
        [
            _("Present: %(names)s") % {"names": ", ".join(present)},
            "",
            _("Agenda:"),
            "1. ",
            "2. ",
            "",
            _("Decisions:"),
            "- ",
            "",
            pgettext("heading of minutes", "To do:"),
            "- ",
        ]
    )


@require_http_methods(["GET", "POST"])
def template(request: HttpRequest) -> HttpResponse:
    """GET: the offer to begin with minutes, where the channel has any. POST: the field with them, after what is typed."""
    actor = actor_of(request)
    actor.require(EDIT)
    if request.method == "GET":
        offered = request.GET.get("channel") in WITH_MINUTES
        return render(request, "conversations/minutes_offer.html", {"offered": offered})
    people = queries.people_by_token(actor, request.POST.getlist("who"))
    typed = request.POST.get("text", "").rstrip()
    begun = empty_minutes([actor.name, *(person.name for person in people)])
    context = {"text": f"{typed}\n\n{begun}" if typed else begun}
    return render(request, "conversations/minutes_text.html", context)


@require_http_methods(["GET", "POST"])
def results(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """What the text says is to be done or was promised: each line is kept, changed or dropped by a person."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    actor.require_some(COMMIT, found.project_ids)
    services.view_interaction(actor, found)
    projects = [(project.pk, project.name) for project in services.projects_for(actor, found)]
    choices = _choices(actor, found)
    if request.method == "GET":
        whole = ResultsForm(
            initial={"project": projects[0][0] if projects else None, "version": found.version},
            projects=projects,
        )
        proposed = services.proposals(actor, found)
        forms = [
            ResultForm(prefix=f"r{n}", initial=_first(actor, one, choices), choices=choices)
            for n, one in enumerate(proposed)
        ]
        return _page(request, found, whole, forms)
    whole = ResultsForm(request.POST, projects=projects)
    numbers = [n for n in request.POST.getlist("result") if n.isdecimal() and len(n) < 4][: minutes.MOST]
    forms = [ResultForm(request.POST, prefix=f"r{n}", choices=choices) for n in numbers]
    kept = [form for form in forms if form.data.get(f"{form.prefix}-keep")]
    # Every form is asked, so that each shows what is wrong with it.
    wrong = [form for form in kept if not form.is_valid()]
    if whole.is_valid() and not wrong:
        try:
            made = services.write_down_results(
                actor,
                found,
                [_draft(form.cleaned_data) for form in kept],
                version=whole.cleaned_data["version"],
                project_id=whole.cleaned_data["project"],
            )
        except Refused as error:
            whole.add_error(None, str(error))
        else:
            messages.success(request, _told(actor, made), extra_tags=_undo(actor, found, made))
            return redirect("conversations:interaction", found.pk)
    return _page(request, found, whole, forms)


def _choices(actor: Actor, found: Interaction) -> dict[str, list[tuple[Any, Any]]]:
    took_part = {one.party_id: one.party.full_name for one in found.people if one.party_id}  # type: ignore[attr-defined]
    owners = [(user.pk, str(user)) for user in services.owners_for(actor, found)]
    return {
        "party": [("", _("Nobody named")), *took_part.items()],
        "owner": [("", _("Nobody yet")), *owners],
    }


def _first(actor: Actor, one: minutes.Found, choices: dict[str, list[tuple[Any, Any]]]) -> dict[str, Any]:
    """What a proposal begins with: who is named, else who writes it down; the one contact who took part."""
    kind, _colon, number = one.who.key.partition(":") if one.who else ("", "", "")
    alone = choices["party"][1][0] if len(choices["party"]) == 2 else None
    mine = actor.user_id if any(pk == actor.user_id for pk, _name in choices["owner"]) else None
    return {
        "keep": one.sure,
        "start": one.start,
        "end": one.end,
        "negative": one.negative,
        "title": one.title[:300],
        "kind": one.kind,
        "due_at": timezone.localtime(one.due) if one.due else None,
        "owner": int(number) if kind == "user" else mine,
        "party": int(number) if kind == "party" else alone,
    }


def _draft(given: dict[str, Any]) -> services.ResultDraft:
    return services.ResultDraft(
        start=given["start"],
        end=given["end"],
        kind=given["kind"],
        title=given["title"],
        owner_id=given["owner"],
        party_id=given["party"],
        due_at=given["due_at"],
        negative=given["negative"] and given["kind"] != minutes.TASK,
    )


def _page(
    request: HttpRequest, found: Interaction, whole: ResultsForm, forms: Sequence[ResultForm]
) -> HttpResponse:
    listed = paragraphs.paragraphs(found.text, folds=found.folds)
    rows = []
    for form in forms:
        start, end = (number(str(form[name].value())) or 0 for name in ("start", "end"))
        point = next((one.number for one in listed if one.start <= start < max(one.end, one.start + 1)), None)
        rows.append(
            {"form": form, "number": (form.prefix or "r")[1:], "quote": found.text[start:end], "point": point}
        )
    failed = bool(whole.errors) or any(form.is_bound and form.errors for form in forms)
    context = {
        "one": found,
        "whole": whole,
        "rows": rows,
        "checked": sum(bool(form["keep"].value()) for form in forms),
    }
    return render(request, "conversations/results.html", context, status=422 if failed else 200)


def _told(actor: Actor, made: services.Results) -> str:
    shown = formats.format_number(made.count, actor.language)
    words = ngettext(
        "%(count)s result is written down where it was said.",
        "%(count)s results are written down where they were said.",
        made.count,
    )
    return words % {"count": shown}


def _undo(actor: Actor, found: Interaction, made: services.Results) -> str:
    """Where taking it back posts to; nothing when the actor may not delete it."""
    if not actor.may_some("commitments.delete", found.project_ids):
        return ""
    ids = [("promise", promise.pk) for promise in made.promises] + [("task", task.pk) for task in made.tasks]
    return f"{reverse('conversations:undo_line')}?{urlencode(ids)}"
