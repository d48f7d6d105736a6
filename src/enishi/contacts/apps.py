from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "enishi.contacts"
    label = "contacts"
    verbose_name = _("Contacts")
    rights = {
        "contacts.view": _("See contacts"),
        "contacts.edit": _("Create and change contacts"),
        "contacts.delete": _("Move contacts to the recycle bin and back"),
        "contacts.merge": _("Merge duplicates and undo it"),
        "contacts.bulk": _("Change many contacts at once"),
        "contacts.import": _("Import contacts and mail"),
        "contacts.export": _("Export contacts"),
        "contacts.setup": _("Set up fields, tags and relation types"),
    }
    by_owner = ("contacts.view", "contacts.edit", "contacts.delete", "contacts.bulk", "contacts.export")
