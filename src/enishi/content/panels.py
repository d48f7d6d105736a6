"""Files on shared pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.content import queries
from enishi.core import formats
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide

add_menu(
    MenuEntry(
        group="answer",
        label=_("Files"),
        url_name="content:files",
        icon="files",
        right="content.view",
        order=60,
    )
)


@panel("contacts.record.end", order=60)
def files_of_party(actor: Actor, party: Party) -> Shown | None:
    """What belongs to a person or organisation."""
    if not actor.may("content.view", party.project_ids):
        return None
    found = queries.files_of_party(actor, party.pk)
    return Shown("content/party_files.html", {"files": found}) if found else None


@provide("timeline.draw", "content.file")
def draw(actor: Actor, ids: Sequence[int]) -> dict[int, Shown]:
    """Files as items of a timeline."""
    language = translation.get_language() or "en"
    return {
        pk: Shown(
            "content/drawn.html",
            {"file": one, "time": formats.format_time(timezone.localtime(one.created_at), language)},
        )
        for pk, one in queries.by_ids(actor, ids).items()
    }
