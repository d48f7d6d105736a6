from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.content.models import File
from enishi.core.fields import FilesField


def project_choices(actor: Actor, right: str) -> list[tuple[int, str]]:
    return [(project.pk, project.name) for project in accounts.projects(actor, right)]


def level_choices(actor: Actor, right: str, project_ids: list[int]) -> list[tuple[int, str]]:
    """Levels up to what the actor may read there."""
    clearance = actor.clearance(right, project_ids, own=True)
    return [(value, str(label)) for value, label in Level.choices if value <= clearance]


class UploadForm(forms.Form):
    uploads = FilesField(label=_("Files"))
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    folder = forms.CharField(label=_("Folder"), max_length=200, required=False)
    confidentiality = forms.TypedChoiceField(
        label=_("Confidentiality"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = project_choices(actor, "content.edit")
        self.fields["project"].choices = choices  # type: ignore[attr-defined]
        levels = level_choices(actor, "content.view", [pk for pk, _name in choices])
        self.fields["confidentiality"].choices = [("", _("As usual in the project")), *levels]  # type: ignore[attr-defined]


class FileForm(forms.ModelForm):  # type: ignore[type-arg]
    confidentiality = forms.TypedChoiceField(label=_("Confidentiality"), coerce=int)

    class Meta:
        model = File
        fields = ("name", "description", "folder", "confidentiality")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = level_choices(actor, "content.view", [self.instance.project_id])
        self.fields["confidentiality"].choices = choices  # type: ignore[attr-defined]


class VersionForm(forms.Form):
    file = forms.FileField(label=_("Newer version"))
