from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.conversations.models import Interaction
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
        people = queries.took_part(actor, interaction)
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
