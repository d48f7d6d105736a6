from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

taken_along = Event("fieldwork.taken_along", _("Contacts taken along on a phone"))
