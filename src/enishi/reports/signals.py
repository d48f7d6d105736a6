from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

report_made = Event("reports.report_made", _("Report made"))
report_failed = Event("reports.report_failed", _("Report could not be made"))
report_taken = Event("reports.report_taken", _("Report downloaded"))
schedule_made = Event("reports.schedule_made", _("Report scheduled"))
schedule_changed = Event("reports.schedule_changed", _("Scheduled report changed"))
schedule_ended = Event("reports.schedule_ended", _("Scheduled report ended"))
report_sent = Event("reports.report_sent", _("Report sent by itself"))
report_redacted = Event("reports.report_redacted", _("Erased person sealed out of a report"))
confidential_read = Event("reports.confidential_read", _("Confidential report opened"))
dashboard_made = Event("reports.dashboard_made", _("Dashboard made"))
dashboard_changed = Event("reports.dashboard_changed", _("Dashboard changed"))
dashboard_removed = Event("reports.dashboard_removed", _("Dashboard removed"))
dashboard_restored = Event("reports.dashboard_restored", _("Dashboard restored"))
