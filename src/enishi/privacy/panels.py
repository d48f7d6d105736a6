"""What privacy shows on the page of a contact and in the set-up, and what it answers others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.privacy import undo  # noqa: F401  its undoer registers itself
from enishi.privacy.models import RetentionItem
from enishi.privacy.oldpeople import OldPeople
from enishi.privacy.personal import PrivacyKeeper
from enishi.privacy.retention import PLACE as RETENTION
from enishi.privacy.retention import kinds
from enishi.privacy.services import blocked
from enishi.privacy.services.erasing import RIGHT as ERASE
from enishi.privacy.services.exporting import RIGHT as EXPORT
from enishi.privacy.services.retaining import RIGHT as RETAIN

add_menu(MenuEntry("setup", _("Privacy"), "privacy:setup", icon="shield-lock", right=ERASE, order=75))
add_menu(
    MenuEntry("setup", _("How long things are kept"), "privacy:rules", "clock-pause", right=RETAIN, order=77)
)
provide(PLACE, PrivacyKeeper.code)(PrivacyKeeper)
provide(RETENTION, OldPeople.code)(OldPeople)
provide("contacts.blocked", "privacy")(blocked)


@provide("timeline.url", "privacy.erasure")
def erasure_url(subject_id: int) -> str:
    return reverse("privacy:erasure", args=[subject_id])


@provide("timeline.url", "privacy.retentionrule")
def rule_url(subject_id: int) -> str:
    return reverse("privacy:rule", args=[subject_id])


@provide("timeline.fields", "privacy.retentionrule")
def rule_fields() -> Mapping[str, Any]:
    return {
        "part": _("which of them"),
        "after": _("how long"),
        "unit": _("unit"),
        "deed": _("what happens"),
        "reason": _("why"),
        "agreed": _("number it was switched on with"),
        "trouble": _("why it stopped"),
        **{code: label.lower() for code, label in RetentionItem.State.choices},
    }


@provide("timeline.values", "privacy.retentionrule")
def rule_value(name: str, value: Any) -> str | None:
    parts = (part for kind in kinds() for part in kind.parts()) if name == "part" else ()
    return next((str(label) for code, label in parts if code == value), None)


@panel("contacts.record.menu", order=80)
def menu(actor: Actor, party: Party) -> Shown | None:
    """What can be done with everything about a person, in the menu of their page."""
    if not party.is_person or party.erased_at is not None:
        return None
    may_export = actor.may(EXPORT, party.project_ids)
    may_erase = all(actor.may(ERASE, project_id) for project_id in party.project_ids)
    if not may_export and not may_erase:
        return None
    return Shown("privacy/menu.html", {"may_export": may_export, "may_erase": may_erase})
