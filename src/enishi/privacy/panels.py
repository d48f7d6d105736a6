"""What privacy shows on the page of a contact and in the set-up, and what it answers others."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.privacy.personal import PrivacyKeeper
from enishi.privacy.services import blocked
from enishi.privacy.services.erasing import RIGHT as ERASE
from enishi.privacy.services.exporting import RIGHT as EXPORT

add_menu(MenuEntry("setup", _("Privacy"), "privacy:setup", "shield-lock", right=ERASE, order=75))
provide(PLACE, PrivacyKeeper.code)(PrivacyKeeper)
provide("contacts.blocked", "privacy")(blocked)


@provide("timeline.url", "privacy.erasure")
def erasure_url(subject_id: int) -> str:
    return reverse("privacy:erasure", args=[subject_id])


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
