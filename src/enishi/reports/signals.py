from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

report_made = Event("reports.report_made", _("Report made"))
report_failed = Event("reports.report_failed", _("Report could not be made"))
report_taken = Event("reports.report_taken", _("Report downloaded"))
report_redacted = Event("reports.report_redacted", _("Erased person sealed out of a report"))
confidential_read = Event("reports.confidential_read", _("Confidential report opened"))
