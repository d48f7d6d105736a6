from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

mailbox_added = Event("mailboxes.mailbox_added", _("Mailbox added"))
mailbox_changed = Event("mailboxes.mailbox_changed", _("Mailbox changed"))
reply_written = Event("mailboxes.reply_written", _("Answer sent off"))
reply_dropped = Event("mailboxes.reply_dropped", _("Unsent answer thrown away"))
mailbox_removed = Event("mailboxes.mailbox_removed", _("Mailbox removed"))
mailbox_signed_in = Event("mailboxes.mailbox_signed_in", _("Signed in for a mailbox"))
provider_added = Event("mailboxes.provider_added", _("Sign-in for mailboxes added"))
provider_changed = Event("mailboxes.provider_changed", _("Sign-in for mailboxes changed"))
provider_removed = Event("mailboxes.provider_removed", _("Sign-in for mailboxes removed"))
