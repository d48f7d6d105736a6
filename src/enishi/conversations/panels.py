"""Conversations on shared pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.contacts.models import Party
from enishi.conversations import queries
from enishi.conversations.paragraphs import excerpt
from enishi.conversations.services.mail_import import MailImporter, UndoMailImport
from enishi.conversations.storyline import ICONS, story
from enishi.core import formats
from enishi.conversations.services.handover import Senders, Waiting, notes_handed
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, panel, provide

VIEW, EDIT = "conversations.view", "conversations.edit"

provide("importer", "mail")(MailImporter)
provide("timeline.undo", "conversations.mail_import")(UndoMailImport)

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
    language = translation.get_language() or "en"
    return {
        pk: Shown(
            "conversations/drawn.html",
            {
                "one": one,
                "icon_name": ICONS.get(one.channel, "message-circle"),
                "time": formats.format_time(timezone.localtime(one.occurred_at), language),
                "excerpt": excerpt(one.text, one.folds),
                "born": born[pk],
                # Stand under the words they came from, not once more beside them.
                "holds": {(f"commitments.{thing.kind}", thing.thing.pk) for thing in born[pk]},
                "sealed": one.confidentiality >= Level.CONFIDENTIAL,
            },
        )
        for pk, one in found.items()
    }


provide("content.least_level", "conversations")(queries.level_of_file)
provide("commitments.least_level", "conversations")(queries.level_of)
provide("handover", Waiting.code)(Waiting)
provide("handover", Senders.code)(Senders)
provide("handover.notes", "conversations")(notes_handed)
