"""Buttons for drafts on the pages of conversations, people and cases. Where no service is switched on, there are none."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.cases.models import Case
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.writing import queries
from enishi.writing.personal import WritingKeeper
from enishi.writing.services import SETUP

provide(PLACE, WritingKeeper.code)(WritingKeeper)
add_menu(
    MenuEntry(
        "setup", _("Drafts by a service"), "writing:setup", "robot", right=SETUP, order=85, everywhere=True
    )
)


@panel("conversations.interaction.end", order=60)
def of_conversation(actor: Actor, talk: Interaction) -> Shown | None:
    service = queries.usable_service(actor, talk.project_ids)
    if service is None or not talk.text or talk.confidentiality > service.highest:
        return None
    return _shown(reverse("writing:of_conversation", args=[talk.pk]), _("Summarise"), service.address)


@panel("contacts.record.end", order=90)
def of_person(actor: Actor, party: Party) -> Shown | None:
    if not actor.may_some("conversations.view", party.project_ids):
        return None
    service = queries.usable_service(actor, party.project_ids)
    if service is None:
        return None
    return _shown(reverse("writing:of_person", args=[party.pk]), _("Summarise the talk"), service.address)


@panel("cases.case.end", order=60)
def of_case(actor: Actor, case: Case) -> Shown | None:
    if not actor.may("cases.edit", case):
        return None
    service = queries.usable_service(actor, [case.project_id])
    if service is None or case.confidentiality > service.highest:
        return None
    return _shown(reverse("writing:of_case", args=[case.pk]), _("Draft an answer"), service.address)


def _shown(url: str, verb: Any, address: str) -> Shown:
    return Shown("writing/panels/ask.html", {"url": url, "verb": verb, "host": queries.host_of(address)})


def _names() -> dict[str, Any]:
    return {
        "draft": _("draft"),
        "record_id": _("record"),
        "sent_to": _("sent to"),
        "model_name": _("model"),
        "instruction": _("instruction"),
        "words_sent": _("what was sent"),
    }


for _subject in ("conversations.interaction", "cases.case"):
    provide("timeline.fields", f"{_subject}:writing")(_names)
