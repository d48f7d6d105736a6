"""Conversations on shared pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.contacts.models import Party
from enishi.conversations import queries
from enishi.conversations.storyline import ICONS, story
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, panel, provide

VIEW, EDIT = "conversations.view", "conversations.edit"

add_menu(
    MenuEntry(
        group="",
        label=_("Conversations"),
        url_name="conversations:interactions",
        icon="inbox",
        right=VIEW,
        order=20,
        key="i",
        tab=1,
    )
)
add_new(
    NewEntry(
        label=_("Log a conversation"), url_name="conversations:new", icon="message-plus", right=EDIT, order=10
    )
)


@panel("contacts.record.middle", order=10)
def timeline_of_party(actor: Actor, party: Party) -> Shown:
    """Quick log and thread: the middle of the page of a person or organisation."""
    view = queries.View()
    thread = queries.party_timeline(actor, party, view)
    context = story(actor, party, view, thread)
    return Shown("conversations/middle.html", {**context, "may_log": actor.may(EDIT, party.project_ids)})


@panel("home.main", order=30)
def waiting_for_an_answer(actor: Actor, project_id: int | None) -> Shown | None:
    """What people wait to hear from us."""
    if not actor.may(VIEW):
        return None
    found = queries.waiting(actor, project_id=project_id, limit=6)
    if not found:
        return None
    return Shown("conversations/waiting.html", {"waiting": found[:5], "icons": ICONS, "more": len(found) > 5})


@provide("timeline.draw", "conversations.interaction")
def draw(actor: Actor, ids: Sequence[int]) -> dict[int, Shown]:
    """Conversations as items of a timeline, with what was made from them."""
    found = queries.by_ids(actor, ids)
    born = queries.born_from(actor, found)
    return {
        pk: Shown(
            "conversations/drawn.html",
            {
                "one": one,
                "icon_name": ICONS.get(one.channel, "message-circle"),
                "born": born[pk],
                "sealed": one.confidentiality >= Level.CONFIDENTIAL,
            },
        )
        for pk, one in found.items()
    }
