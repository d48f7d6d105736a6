"""The list, one conversation, and its versions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.answers import listed_project
from enishi.contacts.queries import party_or_none
from enishi.conversations import paragraphs, queries, services
from enishi.conversations.mail import Defect
from enishi.conversations.models import Interaction
from enishi.conversations.storyline import ICONS
from enishi.conversations.views.lookup import EDIT, VIEW, actor_of, interaction_or_404
from enishi.core import clock, formats, registry
from enishi.core.parameters import day, in_address, moment_and_id, number, words


def filters_from(request: HttpRequest) -> queries.Filters:
    given = request.GET
    return queries.Filters(
        channel=given.get("channel", "") if given.get("channel") in Interaction.Channel.values else "",
        project_id=listed_project(request),
        party_id=number(given.get("party")),
        answer=given.get("answer", "") if given.get("answer") in Interaction.Answer.values else "",
        since=day(given.get("since")),
        until=day(given.get("until"), after=True),
        text=words(given.get("q")),
        added=tuple((code, given[code]) for code in queries.added_filters() if given.get(code)),
    )


@require_GET
def interactions(request: HttpRequest) -> HttpResponse:
    """All conversations within the reader's rights, newest first."""
    actor = actor_of(request)
    actor.require(VIEW)
    filters = filters_from(request)
    after, before = moment_and_id(request.GET.get("after")), moment_and_id(request.GET.get("before"))
    page = queries.interactions(
        actor,
        filters,
        after=queries.Position(*after) if after else None,
        before=queries.Position(*before) if before else None,
    )
    return render(
        request,
        "conversations/list.html",
        {
            "page": page,
            "icons": ICONS,
            "filters": filters,
            "since": request.GET.get("since", ""),
            "until": request.GET.get("until", ""),
            "party": party_or_none(actor, filters.party_id) if filters.party_id else None,
            "channels": Interaction.Channel.choices,
            "answers": Interaction.Answer.choices,
            "added": _added(actor, filters),
            "project_list": accounts.projects(actor, VIEW),
            "next_url": _page_url(request, "after", page.after),
            "back_url": _page_url(request, "before", page.before),
            "senders": queries.senders_count(actor),
            "views": views_of(actor, filters.answer == Interaction.Answer.WAITING),
        },
    )


def _added(actor: Actor, filters: queries.Filters) -> list[dict[str, Any]]:
    """The choices that other apps add to the filter."""
    chosen = dict(filters.added)
    listed = [(code, one, one.choices(actor)) for code, one in sorted(queries.added_filters().items())]
    return [
        {"code": code, "label": one.label, "every": one.every, "choices": choices, "value": chosen.get(code)}
        for code, one, choices in listed
        if choices
    ]


def views_of(actor: Actor, waiting: bool = False, senders: bool = False) -> list[dict[str, Any]]:
    """The views in the top bar."""
    base = reverse("conversations:interactions")
    return [
        {"label": _("All"), "url": base, "current": not waiting and not senders},
        {"label": _("Waits for an answer"), "url": f"{base}?answer=waiting", "current": waiting},
        {"label": _("Unknown senders"), "url": reverse("conversations:senders"), "current": senders},
    ]


def _page_url(request: HttpRequest, which: str, position: queries.Position | None) -> str:
    if position is None:
        return ""
    kept = {name: value for name, value in request.GET.items() if name not in {"after", "before"}}
    return f"?{urlencode({**kept, which: in_address(position.occurred_at, position.interaction_id)})}"


@require_GET
def interaction(request: HttpRequest, interaction_id: int) -> HttpResponse:
    """One conversation: numbered points, passages with what was born from them, people, files, versions."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    services.view_interaction(actor, found)
    born = queries.born_from(actor, [found.pk])[found.pk]
    marks = queries.marks_of(found, born)
    for heard in registry.providers("conversations.marks").values():
        marks += heard(actor, found)
    points = paragraphs.paragraphs(found.text, folds=found.folds, marks=marks)
    placed = {mark.made.anchor for mark in marks if mark.made}
    now = timezone.localtime(clock.now())
    return render(
        request,
        "conversations/interaction.html",
        {
            "one": found,
            "icon_name": ICONS.get(found.channel, "message-circle"),
            "moment": formats.format_datetime(
                timezone.localtime(found.occurred_at),
                translation.get_language() or "en",
                today=now.date(),
                long=True,
            ),
            "to_come": found.occurred_at > now,
            "may_invite": queries.may_be_invited_to(found) and actor.may(EDIT, found),
            "invited": queries.invited(actor, found),
            "blocks": paragraphs.blocks(points),
            **_defects(found),
            "born": born,
            "unplaced": [one for one in born if one.anchor not in placed],
            "versions": queries.versions(actor, found),
            "siblings": queries.siblings(actor, found),
            "project_names": accounts.projects_among(actor, found.project_ids, right=VIEW),
            "may_edit": actor.may(EDIT, found),
            "may_delete": actor.may("conversations.delete", found),
            "may_see_history": actor.may("timeline.view", found.project_ids),
            "may_promise": actor.may_some("commitments.edit", found.project_ids),
            **guard(actor, found),
            "panels": registry.panels("conversations.interaction.end", actor, found),
        },
    )


def _defects(found: Interaction) -> dict[str, Any]:
    """What had to be repaired to read a mail, in words; and whether its sender may be forged."""
    known = [Defect(code) for code in found.defects if code in set(Defect)]
    return {
        "forged": Defect.SENDER_REFUTED.label if Defect.SENDER_REFUTED in known else "",
        "repairs": [one.label for one in known if one is not Defect.SENDER_REFUTED],
    }


def guard(actor: Actor, found: Interaction) -> dict[str, Any]:
    """Who else may read something confidential."""
    if found.confidentiality < Level.CONFIDENTIAL:
        return {"readers": None, "level": Level(found.confidentiality).name.lower()}
    others = accounts.readers(VIEW, found.project_ids, found.confidentiality, owners=found.owners()).exclude(
        pk=actor.user_id or 0
    )
    return {"readers": others.count(), "level": Level(found.confidentiality).name.lower()}


@require_GET
def version(request: HttpRequest, interaction_id: int, number: int) -> HttpResponse:
    """One earlier version, and what the next one changed of it."""
    actor = actor_of(request)
    found = interaction_or_404(actor, interaction_id)
    services.view_interaction(actor, found, how="version")
    compared = queries.compare(actor, found, number)
    if compared is None:
        raise Http404
    return render(request, "conversations/version.html", {"one": found, "number": number, **compared})
