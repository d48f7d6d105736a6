from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

operation_undone = Event("timeline.operation_undone", _("Operation undone"))
history_checked = Event("timeline.history_checked", _("History checked"))
handed_over = Event("timeline.handed_over", _("Work handed over"))
