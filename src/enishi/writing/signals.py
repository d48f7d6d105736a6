from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

service_changed = Event("writing.service_changed", _("Service that writes drafts changed"))
sent_out = Event("writing.sent_out", _("Sent to the service that writes drafts"))
