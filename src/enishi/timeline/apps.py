from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TimelineConfig(AppConfig):
    name = "enishi.timeline"
    label = "timeline"
    verbose_name = _("History")
    rights = {"timeline.view": _("See the history")}

    def ready(self) -> None:
        from enishi.core.events import keep_history_with
        from enishi.timeline.services import record

        keep_history_with(record)
