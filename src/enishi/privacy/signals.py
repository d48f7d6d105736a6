from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

hold_set = Event("privacy.hold_set", _("Kept from being erased"))
hold_ended = Event("privacy.hold_ended", _("May be erased again"))
block_lifted = Event("privacy.block_lifted", _("Taken off the list of who is not to be added again"))
person_given_out = Event("privacy.person_exported", _("Everything about a person given out"))
