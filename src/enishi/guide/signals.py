from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

starter_added = Event("guide.starter_added", _("Starter pack added"))
starter_undone = Event("guide.starter_undone", _("Starter pack taken back"))
