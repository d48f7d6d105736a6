"""What people choose while importing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.forms.choosing import with_none
from enishi.contacts.importing.encoding import LABELS
from enishi.core import text
from enishi.core.choices import countries

RIGHT = "contacts.import"
_DELIMITERS = ((",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", _("Vertical bar")))


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, (list, tuple)) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    upload = FilesField(
        label=_("Files"), error_messages={"empty": _("“%(name)s” is empty. Export it again.")}
    )
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = project_choices(actor)  # type: ignore[attr-defined]


def project_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(str(project.pk), project.name) for project in accounts.projects(actor, RIGHT)]


class ReadAsForm(forms.Form):
    """How to read the file, where it was found wrongly. Empty: as found."""

    encoding = forms.ChoiceField(label=_("Characters"), required=False)
    delimiter = forms.ChoiceField(label=_("Between columns"), required=False)
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)

    def __init__(self, facts: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = {name: label for name, label in LABELS.items() if name != "utf-8-sig"}
        self.fields["encoding"].choices = with_none(found.items(), _("As found"))  # type: ignore[attr-defined]
        self.fields["delimiter"].choices = [("", _("As found")), *_DELIMITERS]  # type: ignore[attr-defined]
        sheets = [(sheet, sheet) for sheet in facts.get("sheets", [])]
        self.fields["sheet"].choices = with_none(sheets, _("As found"))  # type: ignore[attr-defined]
        for name in ("encoding", "delimiter") if sheets else ("sheet",):
            del self.fields[name]


class OptionsForm(forms.Form):
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    country = forms.ChoiceField(
        label=_("Country of numbers without one"),
        help_text=_("For phone numbers and postcodes."),
        required=False,
    )
    date_order = forms.ChoiceField(
        label=_("Dates such as 03/04/2026"),
        required=False,
        choices=(("", _("As the column shows")), ("dmy", _("3 April")), ("mdy", _("4 March"))),
    )
    file_wins = forms.TypedChoiceField(
        label=_("Where a value differs"),
        coerce=lambda value: value == "1",
        choices=(
            ("1", _("The file replaces it; the history keeps what was there")),
            ("0", _("What is there stays")),
        ),
    )
    unreadable = forms.ChoiceField(
        label=_("A value that cannot be read"),
        choices=(("refuse", _("Refuses its row, to be corrected")), ("note", _("Is kept as a note"))),
    )
    duplicates = forms.ChoiceField(
        label=_("Possible duplicates without a decision"),
        choices=(("create", _("Import, and list them under Duplicates")), ("skip", _("Leave out"))),
    )
    tags = forms.CharField(
        label=_("Tags for all"),
        required=False,
        max_length=400,
        help_text=_("Several are separated by commas; a slash stands between a tag and one below it."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = project_choices(actor)  # type: ignore[attr-defined]
        self.fields["country"].choices = with_none(countries(), _("As the project"))  # type: ignore[attr-defined]

    def clean_tags(self) -> list[str]:
        return [tag for tag in text.between_commas(self.cleaned_data["tags"]) if tag]


class MappingNameForm(forms.Form):
    name = forms.CharField(label=_("Name of the mapping"), max_length=120)
