"""What may be typed when fields, tags, relation types and consent purposes are set up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import Field, Party, RelationType, Tag
from enishi.contacts.queries import setup


class FieldForm(forms.Form):
    label = forms.CharField(label=_("label"), max_length=120, widget=forms.TextInput(attrs={"dir": "auto"}))
    kind = forms.ChoiceField(label=_("kind"), choices=Field.Kind.choices)
    options = forms.CharField(
        label=_("choices"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=_("One on each line."),
    )
    party_kinds = forms.MultipleChoiceField(
        label=_("for"),
        required=False,
        choices=Party.Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means for all."),
    )
    help_text = forms.CharField(
        label=_("help"), required=False, max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    position = forms.IntegerField(
        label=_("position"),
        min_value=0,
        max_value=9999,
        initial=100,
        help_text=_("Lower numbers stand first."),
    )

    def __init__(self, field: Field | None, *args: Any, **kwargs: Any) -> None:
        if field is not None:
            kwargs["initial"] = {
                "label": field.label,
                "options": "\n".join(str(option["label"]) for option in field.options),
                "party_kinds": field.party_kinds,
                "help_text": field.help_text,
                "position": field.position,
            }
        super().__init__(*args, **kwargs)
        if field is not None:
            # Values are stored by kind, so a field keeps the one it was made with.
            del self.fields["kind"]
            if field.kind not in {Field.Kind.CHOICE, Field.Kind.CHOICES}:
                del self.fields["options"]

    def clean_options(self) -> list[str]:
        return str(self.cleaned_data["options"]).splitlines()


class _TagChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, **kwargs)


class TagForm(forms.Form):
    """A tag and where it stands."""

    name = forms.CharField(label=_("name"), max_length=80, widget=forms.TextInput(attrs={"dir": "auto"}))
    parent = _TagChoice(label=_("below"), required=False, empty_label=_("at the top"))

    def __init__(self, tag: Tag | None, *args: Any, **kwargs: Any) -> None:
        if tag is not None:
            kwargs["initial"] = {"name": tag.name, "parent": tag.parent_id}
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = setup.other_tags(tag)  # type: ignore[attr-defined]


class MergeTagForm(forms.Form):
    kept = _TagChoice(label=_("into"), empty_label=None)

    def __init__(self, tag: Tag, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kept"].queryset = setup.other_tags(tag)  # type: ignore[attr-defined]


class RelationTypeForm(forms.Form):
    name = forms.CharField(
        label=_("read from one side"), max_length=80, help_text=_("For example: is the landlord of.")
    )
    inverse_name = forms.CharField(
        label=_("read from the other side"), max_length=80, help_text=_("For example: rents from.")
    )
    affiliates = forms.BooleanField(
        label=_("story belongs to both"),
        required=False,
        help_text=_("What is said with the first also stands on the timeline of the second."),
    )

    def __init__(self, kind: RelationType | None, *args: Any, **kwargs: Any) -> None:
        if kind is not None:
            kwargs["initial"] = {name: getattr(kind, name) for name in ("name", "inverse_name", "affiliates")}
        super().__init__(*args, **kwargs)


class PurposeForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=120, widget=forms.TextInput(attrs={"dir": "auto"}))


class WordingForm(forms.Form):
    language = forms.ChoiceField(label=_("language"), choices=LANGUAGES)
    wording = forms.CharField(
        label=_("words that people agree to"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
