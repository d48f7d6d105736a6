from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import ConsentPurpose
from enishi.contacts.queries.setup import purpose_name, purposes
from enishi.conversations.models import Interaction
from enishi.core.fields import DayField
from enishi.themes import queries
from enishi.themes.models import Feeling, Theme


def whole(value: Any) -> int | None:
    return int(value) if value not in (None, "") else None


class MarkForm(forms.Form):
    """What was meant in a passage."""

    start = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    end = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    themes = forms.TypedMultipleChoiceField(
        label=_("Themes"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    new_theme = forms.CharField(
        label=_("A new theme"), required=False, max_length=80, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    feeling = forms.TypedChoiceField(
        label=_("How it felt"), coerce=whole, required=False, empty_value=None, widget=forms.RadioSelect
    )
    party = forms.TypedChoiceField(label=_("Said by"), coerce=whole, required=False, empty_value=None)

    def __init__(
        self, actor: Actor, interaction: Interaction, *args: Any, kept: Any = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        themes = {one.pk: one.path for one in kept}
        themes |= {one.pk: one.path for one in queries.usable(actor, interaction.project_ids)}
        people = queries.took_part(actor, interaction.pk)
        fields: Any = self.fields
        fields["themes"].choices = sorted(themes.items(), key=lambda pair: pair[1])
        fields["feeling"].choices = [("", _("Not said")), *Feeling.choices]
        fields["party"].choices = [("", _("Nobody named")), *((one.pk, one.full_name) for one in people)]
        if not themes:
            del self.fields["themes"]


class ChorusForm(forms.Form):
    """What all who say much the same mean, by one sentence of one of them."""

    sentence = forms.TypedChoiceField(label=_("Words"), coerce=int, widget=forms.RadioSelect, initial=0)
    themes = forms.TypedMultipleChoiceField(
        label=_("Themes"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    new_theme = forms.CharField(
        label=_("A new theme"), required=False, max_length=80, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    feeling = forms.TypedChoiceField(label=_("How it felt"), coerce=whole, required=False, empty_value=None)

    def __init__(
        self, actor: Actor, talk: Interaction, said: Sequence[str], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["sentence"].choices = list(enumerate(said))
        fields["feeling"].choices = [("", _("Not said")), *Feeling.choices]
        themes = queries.usable(actor, talk.project_ids)
        fields["themes"].choices = [(one.pk, one.path) for one in themes]
        if not themes:
            del self.fields["themes"]


class _ThemeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, **kwargs)


class ThemeForm(forms.Form):
    """A theme, where it stands, and what belongs to it."""

    name = forms.CharField(label=_("name"), max_length=80, widget=forms.TextInput(attrs={"dir": "auto"}))
    parent = _ThemeChoice(label=_("below"), required=False, empty_label=_("at the top"))
    meaning = forms.CharField(
        label=_("what belongs here"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        help_text=_("Sentences as people say them, in any language, one on each line."),
    )
    project = _ThemeChoice(label=_("project"), required=False, empty_label=_("All projects"))

    def __init__(self, actor: Actor, theme: Theme | None, *args: Any, **kwargs: Any) -> None:
        if theme is not None:
            kwargs["initial"] = {"name": theme.name, "parent": theme.parent_id, "meaning": theme.meaning}
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["parent"].queryset = queries.other_themes(actor, theme)
        fields["project"].queryset = accounts.projects(actor, "themes.setup")
        if theme is not None:
            del self.fields["project"]
        elif not actor.may_everywhere("themes.setup"):
            fields["project"].required, fields["project"].empty_label = True, None


class NameThemeForm(forms.Form):
    """A theme for what has none, with the sentences that belong to it."""

    name = forms.CharField(label=_("name"), max_length=80, widget=forms.TextInput(attrs={"dir": "auto"}))
    parent = _ThemeChoice(label=_("below"), required=False, empty_label=_("at the top"))
    project = _ThemeChoice(label=_("project"), required=False, empty_label=_("All projects"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["parent"].queryset = queries.other_themes(actor)
        fields["project"].queryset = accounts.projects(actor, "conversations.edit")
        if not actor.may_everywhere("themes.setup"):
            fields["project"].required, fields["project"].empty_label = True, None


class MergeThemeForm(forms.Form):
    kept = _ThemeChoice(label=_("into"), empty_label=None)

    def __init__(self, actor: Actor, theme: Theme, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["kept"].queryset = queries.other_themes(actor, theme)


def _wording(languages: Sequence[tuple[str, str]]) -> dict[str, forms.Field]:
    """A subject and a text in each language."""
    fields: dict[str, forms.Field] = {}
    for code, _name in languages:
        fields[f"subject_{code}"] = forms.CharField(
            label=_("subject"), max_length=200, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
        )
        fields[f"text_{code}"] = forms.CharField(
            label=_("text"),
            max_length=20_000,
            required=False,
            widget=forms.Textarea(attrs={"rows": 8, "dir": "auto", "data-grow": ""}),
        )
    return fields


class _Worded(forms.Form):
    """A form with words in several languages."""

    languages: Sequence[tuple[str, str]] = ()

    def words(self) -> dict[str, tuple[str, str]]:
        given = self.cleaned_data
        return {code: (given[f"subject_{code}"], given[f"text_{code}"]) for code, _name in self.languages}

    def parts(self) -> list[dict[str, Any]]:
        """The fields of each language, open where something stands in them."""
        return [
            {
                "name": name,
                "code": code,
                "subject": self[f"subject_{code}"],
                "text": self[f"text_{code}"],
                "open": bool(self[f"text_{code}"].value() or self[f"subject_{code}"].value()),
            }
            for code, name in self.languages
        ]


class AnswerForm(_Worded):
    """One answer in the languages of those who get it."""

    otherwise = forms.ChoiceField(
        label=_("whoever reads none of these languages gets it in"),
        required=False,
        help_text=_("Left open, the page says whose language is missing."),
    )

    def __init__(self, languages: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        fields: Any = self.fields
        fields["otherwise"].choices = [("", _("nobody yet")), *languages]
        self.fields |= _wording(languages)


class ReplyForm(_Worded):
    """What was done, in each language, and for whom."""

    project: forms.ModelChoiceField[Any] = forms.ModelChoiceField(label=_("project"), queryset=None)
    since = DayField(label=_("said since"))
    until = DayField(label=_("said until"))
    purpose = forms.TypedChoiceField(label=_("only to whoever agreed to"), coerce=int)
    also_unstated = forms.BooleanField(
        label=_("also to whoever said nothing about that"),
        required=False,
        help_text=_("Never to whoever refused or took it back."),
    )

    def __init__(self, actor: Actor, right: str, theme: Theme, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        where = accounts.projects(actor, right)
        fields["project"].queryset = where if theme.project_id is None else where.filter(pk=theme.project_id)
        self.purposes = {one.pk: one for one in purposes(archived=False)}
        fields["purpose"].choices = [(pk, purpose_name(one)) for pk, one in self.purposes.items()]
        # Of what comes with the product, news is the nearest.
        fields["purpose"].initial = next(
            (pk for pk, one in self.purposes.items() if one.code == "news"), None
        )
        self.languages = [(code, str(name)) for code, name in settings.LANGUAGES]
        self.fields |= _wording(self.languages)

    def clean_purpose(self) -> ConsentPurpose:
        return self.purposes[self.cleaned_data["purpose"]]
