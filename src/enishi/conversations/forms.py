from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.content.services import FileDraft
from enishi.conversations.models import Interaction, Invitee, Participant
from enishi.conversations.services import ParticipantDraft
from enishi.core import clock, text
from enishi.core.parameters import number

MOMENT = "%Y-%m-%dT%H:%M"
LEVEL_UNSAID = ("", _("As usual in the project"))


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[FileDraft]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [FileDraft(one.name, one) for one in given if one]


def moment_field(label: Any, *, required: bool = True) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        input_formats=[MOMENT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"}),
    )


def level_choices(
    actor: Actor, right: str, project_ids: Sequence[int], *, at_least: int = Level.OPEN
) -> list[tuple[int, str]]:
    clearance = actor.clearance(right, project_ids, own=True)
    return [
        (value, str(label)) for value, label in Level.choices if at_least <= value <= max(clearance, at_least)
    ]


class InteractionForm(forms.Form):
    """A conversation as it is entered. People stand beside it as ``who`` tokens (``people_from``)."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Interaction.Channel.choices)
    occurred_at = moment_field(_("When"))
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=0, max_value=60 * 24 * 31)
    direction = forms.ChoiceField(label=_("Who turned to whom"), choices=Interaction.Direction.choices)
    subject = forms.CharField(label=_("Summary"), max_length=500, required=False)
    text = forms.CharField(
        label=_("What was said"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto"}),
        help_text=_("Each line becomes a numbered point. Promises are marked in it afterwards."),
    )
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    project_ids = forms.TypedMultipleChoiceField(
        label=_("Projects"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    answer = forms.ChoiceField(label=_("Answer"), choices=Interaction.Answer.choices)
    confidentiality = forms.TypedChoiceField(
        label=_("Confidentiality"), coerce=int, required=False, empty_value=None
    )
    tag_ids = forms.TypedMultipleChoiceField(
        label=_("Tags"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    uploads = FilesField(label=_("Files"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        actor: Actor,
        tags: Sequence[tuple[int, str]] = (),
        kept: Sequence[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        projects = [(p.pk, p.name) for p in accounts.projects(actor, "conversations.edit")]
        # Projects in which the editor may not log stay as they are.
        self.unseen = [pk for pk in kept if pk not in dict(projects)]
        self.fields["project_ids"].choices = projects  # type: ignore[attr-defined]
        self.fields["project_ids"].required = not self.unseen
        self.fields["tag_ids"].choices = tags  # type: ignore[attr-defined]
        levels = level_choices(actor, "conversations.view", [pk for pk, _name in projects] + list(kept))
        self.fields["confidentiality"].choices = levels if kept else [LEVEL_UNSAID, *levels]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """The fields as the services take them."""
        given = dict(self.cleaned_data)
        given.pop("version")
        given["files"] = given.pop("uploads")
        given["project_ids"] = [*given["project_ids"], *self.unseen]
        return given


def initial_for(interaction: Interaction) -> dict[str, Any]:
    names = (
        "channel",
        "occurred_at",
        "minutes",
        "direction",
        "subject",
        "text",
        "place",
        "project_ids",
        "answer",
    )
    return {
        **{name: getattr(interaction, name) for name in names},
        "confidentiality": interaction.confidentiality,
        "tag_ids": [link.tag_id for link in interaction.tag_links.all()],
        "version": interaction.version,
    }


def first_values(project_ids: Sequence[int], **given: Any) -> dict[str, Any]:
    """What an empty form begins with."""
    now = timezone.localtime(clock.now()).replace(second=0, microsecond=0)
    return {
        "channel": Interaction.Channel.CALL,
        "direction": Interaction.Direction.BOTH,
        "answer": Interaction.Answer.NONE,
        "occurred_at": now,
        "project_ids": list(project_ids),
        **{name: value for name, value in given.items() if value},
    }


def people_from(data: Mapping[str, Any], tokens: Sequence[str], typed: str) -> list[ParticipantDraft]:
    """People of the form: ``party:5``, ``user:3`` or ``name:…`` with their role, and what was typed and not chosen."""
    drafts = []
    for token in tokens:
        kind, _sep, value = token.partition(":")
        role = str(data.get(f"role-{token}", Participant.Role.WITH))
        pk = number(value)
        if kind == "party" and pk:
            drafts.append(ParticipantDraft(role, party_id=pk))
        elif kind == "user" and pk:
            drafts.append(ParticipantDraft(role, user_id=pk))
        elif kind == "name":
            drafts.append(_named(value, role))
    drafts += [
        _named(part, Participant.Role.WITH) for part in text.between_commas(typed.replace(";", ",")) if part
    ]
    return drafts


def _named(typed: str, role: str) -> ParticipantDraft:
    name, bracket, address = typed.strip().partition("<")
    if bracket:
        return ParticipantDraft(role, name=name.strip(), address=address.strip().rstrip(">").strip())
    return (
        ParticipantDraft(role, address=name)
        if "@" in name and " " not in name
        else ParticipantDraft(role, name=name)
    )


class PassageForm(forms.Form):
    """A promise or a task from words that were said."""

    KINDS = (("ours", _("We owe")), ("theirs", _("They owe us")), ("task", _("A task, no promise")))

    start = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    end = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    kind = forms.ChoiceField(label=_("What it is"), choices=KINDS, widget=forms.RadioSelect, initial="ours")
    title = forms.CharField(
        label=_("In one sentence"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    negative = forms.BooleanField(label=_("A promise not to do it"), required=False)
    due_at = moment_field(_("Due"), required=False)
    party = forms.TypedChoiceField(label=_("To or from"), coerce=int, required=False, empty_value=None)
    owner = forms.TypedChoiceField(label=_("Looked after by"), coerce=int, required=False, empty_value=None)
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    confidentiality = forms.TypedChoiceField(label=_("Confidentiality"), coerce=int)

    def __init__(self, *args: Any, choices: Mapping[str, Sequence[tuple[Any, Any]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]


class ResultForm(forms.Form):
    """One line of minutes as it could be written down; the words and their place come from the text."""

    keep = forms.BooleanField(label=_("Write it down"), required=False)
    start = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    end = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    negative = forms.BooleanField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("In one sentence"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    kind = forms.ChoiceField(label=_("What it is"), choices=PassageForm.KINDS)
    due_at = moment_field(_("Due"), required=False)
    owner = forms.TypedChoiceField(label=_("Looked after by"), coerce=int, required=False, empty_value=None)
    party = forms.TypedChoiceField(label=_("To or from"), coerce=int, required=False, empty_value=None)

    def __init__(self, *args: Any, choices: Mapping[str, Sequence[tuple[Any, Any]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]


class ResultsForm(forms.Form):
    """What holds for all results of a page."""

    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, projects: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = projects  # type: ignore[attr-defined]


class InvitationForm(forms.Form):
    """What people outside are told of a meeting. Who is invited stands beside it as ``who`` tokens."""

    title = forms.CharField(
        label=_("What it is about"), max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    place = forms.CharField(
        label=_("Place"), max_length=200, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=60 * 24 * 31)
    words = forms.CharField(
        label=_("Words to them"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )


class AnswerForm(forms.Form):
    """What somebody invited answers."""

    answer = forms.ChoiceField(label=_("Do you come?"), choices=Invitee.Answer.choices[1:])
    note = forms.CharField(
        label=_("A word to us"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
