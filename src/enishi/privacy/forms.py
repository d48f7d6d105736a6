"""What retention rules are asked for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.privacy.models import RetentionRule
from enishi.privacy.retention import Aging
from enishi.privacy.services.retaining import RIGHT, RetentionRefused


class RuleForm(forms.Form):
    """A rule of one kind of thing."""

    project = forms.TypedChoiceField(label=_("Project"), required=False, coerce=int, empty_value=None)
    part = forms.ChoiceField(label=_("Which of them"), required=False)
    after = forms.IntegerField(label=_("Keep them for"), min_value=1, max_value=1200, initial=3)
    unit = forms.ChoiceField(label=_("Unit"), choices=RetentionRule.Unit.choices, initial="years")
    deed = forms.ChoiceField(label=_("What happens then"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("For example: accounting law, ten years; or: consent was for the time of the works."),
    )

    def __init__(
        self, actor: Actor, kind: Aging, *args: Any, instance: RetentionRule | None = None, **kwargs: Any
    ) -> None:
        if instance is not None:
            names = ("project_id", "part", "after", "unit", "deed", "reason")
            kwargs["initial"] = {name.removesuffix("_id"): getattr(instance, name) for name in names}
        else:
            kwargs.setdefault("initial", {"deed": next(iter(kind.deeds))})
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.projects = {project.pk: project for project in accounts.projects(actor, RIGHT)}
        everywhere = [("", _("Everywhere"))] if actor.may_everywhere(RIGHT) else []
        _choose(self, "project", [*everywhere, *((pk, one.name) for pk, one in self.projects.items())])
        parts = list(kind.parts())
        if parts:
            _choose(self, "part", [("", _("All of them")), *parts])
        else:
            del self.fields["part"]
        _choose(self, "deed", list(kind.deeds.items()))

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "project": self.projects.get(given["project"] or 0),
            "kind": self.kind.code,
            "part": given.get("part", ""),
            **{name: given[name] for name in ("after", "unit", "deed", "reason")},
        }

    def refuse(self, error: RetentionRefused) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


def _choose(form: forms.Form, name: str, choices: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
