from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

endpoint_added = Event("webhooks.endpoint_added", _("Webhook added"))
endpoint_changed = Event("webhooks.endpoint_changed", _("Webhook changed"))
endpoint_removed = Event("webhooks.endpoint_removed", _("Webhook removed"))
secret_renewed = Event("webhooks.secret_renewed", _("Secret of a webhook renewed"))
