"""You said, we did: writing what was done, looking at who gets it, sending it, and who got it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import found
from enishi.accounts.requests import StaffRequest
from enishi.contacts.queries.setup import purpose_name
from enishi.themes import queries, services
from enishi.themes.forms import ReplyForm
from enishi.themes.models import Reply, ReplyTo, Theme
from enishi.themes.queries import replies, sending
from enishi.themes.views import outgoing
from enishi.themes.views.outgoing import SHOWN, letters_file, progress_of, sheets_of
from enishi.themes.views.pages import VIEW, asked


def _crumbs(theme: Theme) -> list[dict[str, Any]]:
    return [
        {"label": _("Themes"), "url": reverse("themes:list")},
        {"label": theme.path, "url": reverse("themes:theme", args=[theme.pk])},
    ]


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, theme_id: int) -> HttpResponse:
    request.actor.require(VIEW)
    theme = found(queries.theme, request.actor, theme_id)
    request.actor.require(services.REPLY, theme.projects or None)
    _filters, period, kept = asked(request)
    last = timezone.localtime(period.until) - dt.timedelta(days=1)
    first = {
        "since": timezone.localtime(period.since).date(),
        "until": last.date(),
        "project": theme.project_id or kept["project"],
    }
    return _form(request, theme, None, first)


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, reply_id: int) -> HttpResponse:
    one = _reply(request, reply_id)
    request.actor.require(services.REPLY, one.project_id)
    first: dict[str, Any] = {
        "since": one.since,
        "until": one.until,
        "project": one.project_id,
        "purpose": one.purpose_id,
        "also_unstated": one.also_unstated,
    }
    for language, words in sending.texts(one).items():
        first |= {f"subject_{language}": words.subject, f"text_{language}": words.text}
    return _form(request, one.theme, one, first)


def _form(request: StaffRequest, theme: Theme, one: Reply | None, first: dict[str, Any]) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    form = ReplyForm(request.actor, services.REPLY, theme, sent, initial=first)
    if sent is not None and form.is_valid():
        given = form.cleaned_data
        names = ("project", "since", "until", "purpose", "also_unstated")
        try:
            saved = services.save_reply(
                request.actor, one, theme=theme, words=form.words(), **{name: given[name] for name in names}
            )
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("themes:reply", saved.pk)
    context = {"form": form, "parts": form.parts(), "theme": theme, "reply": one, "crumbs": _crumbs(theme)}
    return render(request, "themes/reply_form.html", context, status=422 if form.errors else 200)


def _reply(request: StaffRequest, reply_id: int) -> Reply:
    request.actor.require(VIEW)
    return found(replies.reply, request.actor, reply_id)


@require_GET
def reply(request: StaffRequest, reply_id: int) -> HttpResponse:
    """Who would get it and who not, and why; once it is sent, who got it."""
    one = _reply(request, reply_id)
    draft = one.state == Reply.State.DRAFT
    plan = replies.plan(request.actor, one) if draft else sending.Plan()
    told = [] if draft else replies.told(request.actor, one)
    letters = len(plan.letters) if draft else sum(row.way == ReplyTo.Way.LETTER for row, _party in told)
    context = {
        "reply": one,
        "crumbs": _crumbs(one.theme),
        "purpose": purpose_name(one.purpose),
        "texts": list(sending.texts(one).values()),
        "plan": plan,
        "count": len(plan.reached),
        "told": told[:SHOWN],
        "more": max(0, len(told) - SHOWN),
        "letters": letters,
        "may": request.actor.may(services.REPLY, one.project_id),
        **_state(one),
    }
    return render(request, "themes/reply.html", context)


def _state(one: Reply) -> dict[str, Any]:
    return progress_of(one, "reply", sending.counts(one))


@require_GET
def progress(request: StaffRequest, reply_id: int) -> HttpResponse:
    one = _reply(request, reply_id)
    return render(request, "themes/sending.html", _state(one))


@require_POST
def send(request: StaffRequest, reply_id: int) -> HttpResponse:
    one = _reply(request, reply_id)
    return outgoing.sent(request, "reply", one.pk, lambda: services.send_reply(request.actor, one.pk))


@require_POST
def stop(request: StaffRequest, reply_id: int) -> HttpResponse:
    one = _reply(request, reply_id)
    return outgoing.stopped(request, "reply", one.pk, lambda: services.stop_reply(request.actor, one.pk))


@require_POST
def remove(request: StaffRequest, reply_id: int) -> HttpResponse:
    one = _reply(request, reply_id)
    after = reverse("themes:theme", args=[one.theme_id])
    return outgoing.removed(
        request, "reply", one.pk, lambda: services.remove_reply(request.actor, one.pk), after=after
    )


@require_GET
def letters(request: StaffRequest, reply_id: int) -> HttpResponse:
    """Who has no e-mail address, with address and words: for printing letters and labels."""
    one = _reply(request, reply_id)
    request.actor.require(services.REPLY, one.project_id)
    words = sending.texts(one)
    if one.state == Reply.State.DRAFT:
        listed = [(r.party, r.address, r.language) for r in replies.plan(request.actor, one).letters]
    else:
        told = replies.told(request.actor, one)
        listed = [(p, r.address, r.language) for r, p in told if r.way == ReplyTo.Way.LETTER]
    sheets = sheets_of(request, listed, lambda _party, code: (words[code].subject, words[code].text))
    return letters_file(sheets, title=one.theme.path, name=f"letters-{one.pk}")
