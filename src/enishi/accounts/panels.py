"""Where accounts stand in the navigation."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts import fields, queries
from enishi.accounts.access import rights
from enishi.core.registry import MenuEntry, NewEntry, add_menu, add_new, provide

add_menu(MenuEntry("engage", _("Projects"), "projects", "topology-star-3", right="contacts.view", order=20))
add_menu(
    MenuEntry(
        "setup",
        _("People and rights"),
        "accounts:people",
        "user-shield",
        right="accounts.manage",
        order=10,
        everywhere=True,
    )
)
add_menu(
    MenuEntry(
        "setup",
        _("Organisation"),
        "accounts:organisation",
        "settings",
        right="accounts.settings",
        order=20,
        everywhere=True,
    )
)
add_new(
    NewEntry(_("Colleague"), "accounts:person_new", "user-plus", "accounts.manage", order=90, everywhere=True)
)


@provide("timeline.url", "accounts.project")
def project_url(subject_id: int) -> str:
    return reverse("project", args=[subject_id])


@provide("timeline.url", "accounts.user")
def user_url(subject_id: int) -> str:
    return reverse("accounts:person", args=[subject_id])


@provide("timeline.fields", "accounts.user")
def user_fields() -> dict[str, Any]:
    return {
        "methods": _("by"),
        "address": _("from"),
        "step": _("step"),
        "known": _("known account"),
        "role": _("role"),
        "project": _("project"),
        "sessions": _("sessions"),
        "service": _("sign-in service"),
        "kind": _("kind"),
        "what": _("what"),
    }


@provide("timeline.values", "accounts.user")
def user_value(name: str, value: Any) -> str | None:
    return queries.methods_in_words(value) if name == "methods" and isinstance(value, list) else None


@provide("timeline.values", "accounts.role")
def role_value(name: str, value: Any) -> str | None:
    if name in ("seen_fields", "changed_fields") and value:
        return ", ".join(fields.labels(value))
    return (
        ", ".join(str(rights().get(code, code)) for code in value)
        if name in ("codes", "own_codes", "team_codes") and value
        else None
    )


@provide("timeline.fields", "accounts.organisation:fields")
def organisation_fields() -> dict[str, Any]:
    return {"protected_fields": _("protected fields")}


@provide("timeline.values", "accounts.organisation")
def field_words(name: str, value: Any) -> str | None:
    """Protected fields by their labels."""
    return ", ".join(fields.labels(value)) if name == "protected_fields" and value else None
