from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

user_created = Event("accounts.user_created", _("User created"))
user_changed = Event("accounts.user_changed", _("User changed"))
team_created = Event("accounts.team_created", _("Team created"))
team_changed = Event("accounts.team_changed", _("Team changed"))
team_deleted = Event("accounts.team_deleted", _("Team deleted"))
project_created = Event("accounts.project_created", _("Project created"))
project_changed = Event("accounts.project_changed", _("Project changed"))
role_created = Event("accounts.role_created", _("Role created"))
role_changed = Event("accounts.role_changed", _("Role changed"))
role_deleted = Event("accounts.role_deleted", _("Role deleted"))
grant_given = Event("accounts.grant_given", _("Role given"))
grant_taken = Event("accounts.grant_taken", _("Role taken away"))
token_created = Event("accounts.token_created", _("API token created"))
token_revoked = Event("accounts.token_revoked", _("API token revoked"))
settings_changed = Event("accounts.settings_changed", _("Settings changed"))
signed_in = Event("accounts.signed_in", _("Signed in"))
sign_in_failed = Event("accounts.sign_in_failed", _("Sign-in failed"))
password_changed = Event("accounts.password_changed", _("Password changed"))
second_factor_changed = Event("accounts.second_factor_changed", _("Second factor changed"))
user_invited = Event("accounts.user_invited", _("Invitation sent"))
