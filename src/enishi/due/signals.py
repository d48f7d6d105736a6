from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

# By the name that entries of the history have had from the beginning.
step_changed = Event("commitments.escalation_changed", _("Rule for what stays late changed"))
