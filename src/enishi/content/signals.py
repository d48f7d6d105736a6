from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

file_added = Event("content.file_added", _("File added"))
file_changed = Event("content.file_changed", _("File changed"))
version_added = Event("content.version_added", _("File version added"))
file_deleted = Event("content.file_deleted", _("File deleted"))
file_restored = Event("content.file_restored", _("File restored"))
confidential_read = Event("content.confidential_read", _("Confidential file read"))
