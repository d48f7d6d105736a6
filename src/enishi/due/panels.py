"""My day, and where the rule for what stays late is set up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core.registry import MenuEntry, Shown, add_menu, panel
from enishi.due import queries

add_menu(
    MenuEntry(
        "setup",
        _("When something stays late"),
        "due:steps",
        "stairs-up",
        right="accounts.settings",
        order=65,
        everywhere=True,
    )
)


@panel("home.main", order=30)
def my_day(actor: Actor, project_id: int | None) -> Shown | None:
    """What falls due for the reader of the kinds that have no place of their own on that page."""
    found = queries.near(actor, project_id)
    return Shown("due/my_day.html", {"kinds": found}) if found else None
