from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

judged = Event("health.judged", _("Own score given"))
expected = Event("health.expected", _("Expected conversations changed"))
