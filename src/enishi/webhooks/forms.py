"""The form of a webhook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.webhooks import queries


class EndpointForm(forms.Form):
    address = forms.CharField(
        label=_("address"),
        max_length=500,
        help_text=_("Where messages are posted, for example https://example.org/hooks/enishi."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "inputmode": "url"}),
    )
    projects = forms.TypedMultipleChoiceField(
        label=_("projects"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every project that you may read."),
    )
    events = forms.MultipleChoiceField(label=_("events"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree = accounts.project_tree(accounts.projects(actor))
        self.fields["projects"].choices = [(p.pk, "\u2007" * 2 * depth + p.name) for depth, p in tree]  # type: ignore[attr-defined]
        self.groups = queries.offered()
        self.fields["events"].choices = [event for group in self.groups for event in group.events]  # type: ignore[attr-defined]

    def event_groups(self) -> list[dict[str, Any]]:
        """The events by app, as they are ticked now."""
        ticked = set(self["events"].value() or ())
        return [
            {
                "label": group.label,
                "boxes": [(code, label, code in ticked) for code, label in group.events],
                "count": sum(code in ticked for code, _label in group.events),
            }
            for group in self.groups
        ]
