from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

interaction_logged = Event("conversations.interaction_logged", _("Conversation logged"))
interaction_changed = Event("conversations.interaction_changed", _("Conversation changed"))
interaction_deleted = Event("conversations.interaction_deleted", _("Conversation deleted"))
interaction_restored = Event("conversations.interaction_restored", _("Conversation restored"))
mail_imported = Event("conversations.mail_imported", _("Mail imported"))
mail_import_undone = Event("conversations.mail_import_undone", _("Mail import undone"))
sender_settled = Event("conversations.sender_settled", _("Unknown sender settled"))
sender_reopened = Event("conversations.sender_reopened", _("Unknown sender to be looked at again"))
answer_given_to = Event("conversations.answer_given_to", _("Answer given to somebody else"))
sender_given_to = Event("conversations.sender_given_to", _("Unknown sender given to somebody else"))
confidential_read = Event("conversations.confidential_read", _("Confidential conversation read"))
invitation_sent = Event("conversations.invitation_sent", _("Invitation sent"))
invitation_called_off = Event("conversations.invitation_called_off", _("Invitation called off"))
invitation_answered = Event("conversations.invitation_answered", _("Invitation answered"))
