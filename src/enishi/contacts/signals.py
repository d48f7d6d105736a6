from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

party_created = Event("contacts.party_created", _("Contact created"))
party_changed = Event("contacts.party_changed", _("Contact changed"))
party_deleted = Event("contacts.party_deleted", _("Moved to the recycle bin"))
party_restored = Event("contacts.party_restored", _("Taken out of the recycle bin"))
party_imported = Event("contacts.party_imported", _("Contact imported"))
party_updated_by_import = Event("contacts.party_updated_by_import", _("Contact updated by an import"))
party_merged = Event("contacts.party_merged", _("Contacts merged"))
merge_undone = Event("contacts.merge_undone", _("Merge undone"))
person_erased = Event("contacts.person_erased", _("Person erased for good"))
change_undone = Event("contacts.change_undone", _("Change undone"))
import_finished = Event("contacts.import_finished", _("Import finished"))
import_undone = Event("contacts.import_undone", _("Import undone"))
bulk_changed = Event("contacts.bulk_changed", _("Many contacts changed"))
contacts_exported = Event("contacts.exported", _("Contacts exported"))
not_duplicate = Event("contacts.not_duplicate", _("Marked as not the same"))
consent_stated = Event("contacts.consent_stated", _("Consent stated"))
setup_changed = Event("contacts.setup_changed", _("Set-up of contacts changed"))
town_placed = Event("contacts.town_placed", _("Town put on the map"))
