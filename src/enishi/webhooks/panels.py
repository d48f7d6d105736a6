"""Where webhooks stand in the navigation and in the history."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from enishi.core import events
from enishi.core.registry import MenuEntry, add_menu, provide
from enishi.webhooks.queries import RIGHT

add_menu(
    MenuEntry("setup", _("Webhooks"), "webhooks:endpoints", "webhook", right=RIGHT, order=95, everywhere=True)
)


@provide("timeline.values", "webhooks.endpoint")
def endpoint_value(name: str, value: Any) -> str | None:
    return ", ".join(str(events.label(code)) for code in value) if name == "events" and value else None
