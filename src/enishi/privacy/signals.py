from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

hold_set = Event("privacy.hold_set", _("Kept from being erased"))
hold_ended = Event("privacy.hold_ended", _("May be erased again"))
block_lifted = Event("privacy.block_lifted", _("Taken off the list of who is not to be added again"))
person_given_out = Event("privacy.person_exported", _("Everything about a person given out"))
rule_drafted = Event("privacy.rule_drafted", _("Retention rule drafted"))
rule_changed = Event("privacy.rule_changed", _("Retention rule changed"))
rule_switched_on = Event("privacy.rule_switched_on", _("Retention rule switched on"))
rule_switched_off = Event("privacy.rule_switched_off", _("Retention rule switched off"))
rule_did = Event("privacy.rule_did", _("Retention rule did its work"))
words_forgotten = Event("privacy.words_forgotten", _("Words gone for good by a retention rule"))
