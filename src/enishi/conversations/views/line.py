"""The quick-log line: understood while it is typed, saved by Enter, taken back by Undo."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.access import Actor
from enishi.accounts.answers import shell_project
from enishi.commitments.services import CommitmentError
from enishi.contacts.services import ContactError
from enishi.conversations import services
from enishi.conversations.models import Interaction
from enishi.conversations.quicklog import Chip, ChipKind
from enishi.conversations.storyline import ICONS
from enishi.conversations.views.lookup import EDIT, actor_of
from enishi.core import clock, formats, text
from enishi.core.parameters import number, numbers

Refused = (services.ConversationError, CommitmentError, ContactError)


def setting_from(data: Any, request: HttpRequest) -> services.Setting:
    return services.Setting(
        party_id=number(data.get("party")),
        project_id=number(data.get("in_project")) or shell_project(request),
        people={name[4:]: value for name, value in data.items() if name.startswith("who-")},
    )


@require_GET
def parse(request: HttpRequest) -> HttpResponse:
    """The chips of what will be saved."""
    actor = actor_of(request)
    actor.require(EDIT)
    line = request.GET.get("line", "")
    if not line.strip():
        return HttpResponse("")
    setting = setting_from(request.GET, request)
    understood = services.understand(actor, line, setting)
    context = {
        "understood": understood,
        "chips": [
            _shown(chip, understood, setting)
            for chip in understood.reading.chips
            if chip.kind != ChipKind.PROJECT
        ],
        "project": understood.projects[0] if understood.projects else None,
    }
    return render(request, "conversations/chips.html", context)


def _shown(chip: Chip, understood: services.Understood, setting: services.Setting) -> dict[str, Any]:
    """A chip in words: its kind, its sign, and for a name the people it can mean."""
    shown: dict[str, Any] = {"kind": chip.kind.value, "sure": chip.sure, "icon": "", "tone": ""}
    if chip.kind == ChipKind.WHO:
        name = chip.parts[0]
        mention = next((who for who in understood.reading.who if who.text == name), None)
        key = text.fold(name)
        return {
            **shown,
            "icon": "user",
            "words": mention.candidates[0].name if mention and mention.sure else name,
            "candidates": mention.candidates if mention and not mention.sure else (),
            "field": f"who-{key}",
            "chosen": setting.people.get(key, ""),
        }
    words, icon, tone = _words(chip, understood)
    return {**shown, "words": words, "icon": icon, "tone": tone}


def _words(chip: Chip, understood: services.Understood) -> tuple[str, str, str]:
    first = chip.parts[0]
    if chip.kind == ChipKind.CHANNEL:
        return str(Interaction.Channel(first).label), ICONS[first], ""
    if chip.kind in (ChipKind.WHEN, ChipKind.DUE):
        return _moment(chip.parts), "calendar-event" if chip.kind == ChipKind.DUE else "clock", ""
    if chip.kind == ChipKind.PROMISE:
        side, what = chip.parts[0], chip.parts[1]
        if what == "not":
            return (_("Promise not to: we") if side == "ours" else _("Promise not to: they")), "link", side
        return (_("Promise, we owe") if side == "ours" else _("Promise, they owe us")), "link", side
    if chip.kind == ChipKind.TASK:
        return pgettext("noun", "Task"), "checkbox", ""
    if chip.kind == ChipKind.OWNER:
        return _("owner: you"), "user", ""
    if chip.kind == ChipKind.TAG and first in understood.missing_tags:
        return _("no tag “%(name)s”") % {"name": first}, "tag", "warn"
    return first, "tag" if chip.kind == ChipKind.TAG else "message-2", ""


def _moment(parts: tuple[str, ...]) -> str:
    if parts[0] == "now":
        return _("now")
    moment, language = (
        timezone.localtime(dt.datetime.fromisoformat(parts[0])),
        translation.get_language() or "en",
    )
    if parts[1] == "day":
        return formats.format_date(moment.date(), language, today=clock.today())
    return formats.format_datetime(moment, language, today=clock.today())


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the line; answers with a toast that can take it back."""
    actor = actor_of(request)
    actor.require(EDIT)
    after = _back(request)
    try:
        logged = services.log_line(actor, request.POST.get("line", ""), setting_from(request.POST, request))
    except Refused as error:
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "conversations/refused.html", {"error": str(error)}, status=422)
        messages.error(request, str(error))
        return redirect(after)
    words, undo = _told(logged), undo_url(actor, logged)
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, words, extra_tags=undo)
        return redirect(after)
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"toast": {"text": words, "undo_url": undo}, "logged": True})
    return response


def _back(request: HttpRequest) -> str:
    after = request.POST.get("next") or request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(after, allowed_hosts={request.get_host()}):
        return after
    return reverse("conversations:interactions")


def _told(logged: services.Logged) -> str:
    """What was saved, in one sentence."""
    if logged.interaction and (logged.promises or logged.task):
        return _("Logged, with what was promised.") if logged.promises else _("Logged, with a task.")
    if logged.interaction:
        return _("Logged.")
    return _("Promise written down.") if logged.promises else _("Task written down.")


def undo_url(actor: Actor, logged: services.Logged) -> str:
    """Where taking it back posts to; nothing when the actor may not delete all of it."""
    made = [("interaction", logged.interaction.pk)] if logged.interaction else []
    made += [("promise", promise.pk) for promise in logged.promises]
    made += [("task", logged.task.pk)] if logged.task else []
    made += [("party", party.pk) for party in logged.created]
    projects = [
        p for thing in (logged.interaction, logged.task, *logged.promises) if thing for p in thing.projects
    ]
    needed = {"interaction": "conversations.delete", "party": "contacts.delete"}
    if not all(actor.may_some(needed.get(kind, "commitments.delete"), projects) for kind, _pk in made):
        return ""
    return f"{reverse('conversations:undo_line')}?{urlencode(made)}"


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what a line made."""
    actor, given = actor_of(request), request.GET
    try:
        services.take_back_line(
            actor,
            interaction_id=number(given.get("interaction")),
            promise_ids=numbers(given.getlist("promise")),
            task_ids=numbers(given.getlist("task")),
            party_ids=numbers(given.getlist("party")),
        )
    except ObjectDoesNotExist:
        raise Http404 from None
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    messages.success(request, _("Taken back."))
    return redirect(_back(request))
