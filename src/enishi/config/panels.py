"""What belongs to no app but stands in the navigation."""

from django.utils.translation import gettext_lazy as _

from enishi.core.registry import MenuEntry, add_menu

add_menu(MenuEntry(group="setup", label=_("API"), url_name="api_guide", icon="api", order=90))
