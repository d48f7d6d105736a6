"""Entering and changing conversations."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.answers import shell_project
from enishi.contacts.services import ContactError
from enishi.content.services import FileDraft, FileError
from enishi.conversations import queries, services
from enishi.conversations.forms import InteractionForm, first_values, initial_for, people_from
from enishi.conversations.minutes import without_empty
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.views.lookup import EDIT, actor_of, interaction_or_404
from enishi.conversations.views.minutes import WITH_MINUTES, empty_minutes
from enishi.core.parameters import number, numbers

Refused = (services.ConversationError, FileError, ContactError)


def _first_projects(request: HttpRequest, actor: Actor) -> list[int]:
    """The project one filters by, or the only one."""
    mine = list(accounts.projects(actor, EDIT).values_list("pk", flat=True)[:2])
    chosen = number(request.GET.get("project")) or shell_project(request)
    return [chosen] if chosen else mine if len(mine) == 1 else []


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Log a conversation."""
    actor = actor_of(request)
    actor.require(EDIT)
    reply_to = None
    if asked := number(request.GET.get("reply_to") or request.POST.get("reply_to")):
        reply_to = interaction_or_404(actor, asked)
    tags = queries.tag_choices(actor)
    if request.method == "GET":
        if reply_to is not None:
            first = first_values(
                reply_to.project_ids, channel=reply_to.channel, direction="out", subject=reply_to.subject
            )
            people = [queries.token_of(one) for one in reply_to.people if one.user_id != actor.user_id]  # type: ignore[attr-defined]
        else:
            first = first_values(
                _first_projects(request, actor),
                channel=request.GET.get("channel"),
                subject=request.GET.get("subject"),
                text=empty_minutes([actor.name]) if request.GET.get("minutes") else "",
            )
            people = [f"party:{pk}" for pk in numbers(request.GET.getlist("party"))]
        form = InteractionForm(initial=first, actor=actor, tags=tags)
        return _form(request, form, people, reply_to=reply_to)
    form = InteractionForm(request.POST, request.FILES, actor=actor, tags=tags)
    if form.is_valid():
        try:
            given = form.values()
            if given["channel"] in WITH_MINUTES:
                given["text"] = without_empty(given["text"])
            made = services.log_interaction(actor, participants=_people(request), reply_to=reply_to, **given)
        except Refused as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Logged."), extra_tags=_undo(actor, made))
            return redirect(f"conversations:{_next(actor, made)}", made.pk)
    return _form(request, form, request.POST.getlist("who"), reply_to=reply_to)


def _next(actor: Actor, made: Interaction) -> str:
    """After a meeting whose minutes say what is to be done, the page that proposes it."""
    if made.channel not in WITH_MINUTES or not actor.may_some("commitments.edit", made.project_ids):
        return "interaction"
    return "results" if any(one.sure for one in services.proposals(actor, made)) else "interaction"


def _undo(actor: Actor, made: Interaction) -> str:
    if not actor.may("conversations.delete", made):
        return ""
    return reverse("conversations:delete", args=[made.pk])


def _people(request: HttpRequest) -> list[services.ParticipantDraft]:
    return people_from(request.POST, request.POST.getlist("who"), request.POST.get("who_typed", ""))


def _refuse(form: InteractionForm, error: Exception) -> None:
    field = getattr(error, "field", "")
    form.add_error(field if field in form.fields else None, str(error))


def _form(
    request: HttpRequest,
    form: InteractionForm,
    tokens: list[str],
    *,
    one: Interaction | None = None,
    reply_to: Interaction | None = None,
    conflict: Interaction | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "one": one,
        "reply_to": reply_to,
        "conflict": conflict,
        "people": queries.people_by_token(actor_of(request), tokens),
        "roles": Participant.Role.choices,
        "posted": request.POST,
        "typed": request.POST.get("who_typed", ""),
        "offered": form["channel"].value() in WITH_MINUTES,
    }
    status = 409 if conflict else 422 if form.errors else 200
    return render(request, "conversations/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """Change a conversation; when somebody else was quicker, nothing typed is lost."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    actor.require(EDIT, found)
    tags = queries.tag_choices(actor)
    if request.method == "GET":
        services.view_interaction(actor, found, how="edit")
        people = [queries.token_of(one) for one in found.people]  # type: ignore[attr-defined]
        form = InteractionForm(initial=initial_for(found), actor=actor, tags=tags, kept=found.project_ids)
        return _form(request, form, people, one=found)
    form = InteractionForm(request.POST, request.FILES, actor=actor, tags=tags, kept=found.project_ids)
    conflict = None
    if form.is_valid():
        try:
            services.change_interaction(
                actor,
                found,
                version=form.cleaned_data["version"],
                participants=_people(request),
                drop_files=numbers(request.POST.getlist("drop_file")),
                **form.values(),
            )
        except services.Conflict as error:
            conflict = interaction_or_404(actor, interaction_id)
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(error.current)  # type: ignore[index]
            form.add_error(None, str(error))
        except Refused as error:
            _refuse(form, error)
        else:
            return redirect("conversations:interaction", interaction_id)
    return _form(request, form, request.POST.getlist("who"), one=found, conflict=conflict)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Who is meant, while one types: contacts, colleagues, or only the name."""
    actor = actor_of(request)
    actor.require(EDIT)
    before, _comma, typed = request.GET.get("who_typed", "").rpartition(",")
    typed = typed.strip()
    token = request.GET.get("token", "")
    if token:
        return render(
            request,
            "conversations/people_chosen.html",
            {
                "people": queries.people_by_token(actor, [token]),
                "roles": Participant.Role.choices,
                "typed": before,
            },
        )
    return render(
        request,
        "conversations/people_found.html",
        {"found": queries.people_found(actor, typed), "typed": typed},
    )


@require_POST
def delete(request: HttpRequest, interaction_id: int) -> HttpResponse:
    actor = actor_of(request)
    services.delete_interaction(actor, interaction_or_404(actor, interaction_id))
    undo = reverse("conversations:restore", args=[interaction_id])
    messages.success(request, _("The conversation was deleted."), extra_tags=undo)
    return redirect("conversations:interactions")


@require_POST
def restore(request: HttpRequest, interaction_id: int) -> HttpResponse:
    actor = actor_of(request)
    services.restore_interaction(actor, interaction_or_404(actor, interaction_id, deleted=True))
    return redirect("conversations:interaction", interaction_id)


@require_POST
def answer(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """Say whether it waits for an answer of ours."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    wanted = request.POST.get("answer", "")
    services.set_answer(
        actor, found, answer=wanted if wanted in Interaction.Answer.values else Interaction.Answer.NONE
    )
    return redirect("conversations:interaction", interaction_id)


@require_POST
def add_files(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """Files dropped on the page of a conversation."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    given = [FileDraft(one.name or "", one) for one in request.FILES.getlist("files")]
    try:
        services.change_interaction(actor, found, files=given)
    except Refused as error:
        messages.error(request, str(error))
    return redirect("conversations:interaction", interaction_id)
