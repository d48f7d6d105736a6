"""The form for the rule of what stays late."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.due.models import Step
from enishi.due.queries import SETTINGS


class StepForm(forms.Form):
    """Whom to tell of what stays late."""

    project = forms.TypedChoiceField(label=_("Project"), required=False, coerce=int, empty_value=None)
    days = forms.IntegerField(label=_("Business days late"), min_value=1, max_value=250, initial=3)
    to = forms.ChoiceField(label=_("Tell"), choices=Step.To.choices)
    user = forms.TypedChoiceField(
        label=_("Person"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Only where one person is told."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.projects = {project.pk: project for project in accounts.projects(actor, SETTINGS)}
        self.users = {user.pk: user for user in accounts.users()}
        for name, empty, rows in (
            ("project", _("Everywhere"), self.projects),
            ("user", _("Nobody yet"), self.users),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", empty), *((pk, str(row)) for pk, row in rows.items())]

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "days": cleaned["days"],
            "to": cleaned["to"],
            "project": self.projects.get(cleaned["project"] or 0),
            "user": self.users.get(cleaned["user"] or 0),
        }
