"""Where work in the field stands on shared pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enishi.core.registry import MenuEntry, add_menu
from enishi.fieldwork.queries import LOG

add_menu(MenuEntry("people", _("In the field"), "fieldwork:page", icon="walk", right=LOG, order=60))
