"""Where the history stands in the navigation, and where its own records have their pages."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.core.registry import MenuEntry, add_menu, provide

add_menu(
    MenuEntry(
        "insight", _("History and proof"), "timeline:history", "history", right="timeline.view", order=80
    )
)


@provide("timeline.url", "timeline.check")
def check_url(subject_id: int) -> str:
    return reverse("timeline:proof")
