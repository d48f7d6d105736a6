"""What people enter about stakeholders."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import Party
from enishi.contacts.queries import filters
from enishi.content.models import FileVersion
from enishi.conversations.models import Interaction
from enishi.core.fields import DayField
from enishi.engagement import queries
from enishi.engagement.models import Handout, Method, Position, Rating, Step
from enishi.engagement.queries import Wanted
from enishi.engagement.services import Judgement


def _step(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, coerce=int, choices=[("", _("Choose")), *Step.choices])


class RatingForm(forms.Form):
    """How somebody is judged. ``seen`` is the rating of today that the form began with."""

    influence = _step(_("Influence on the project"))
    interest = _step(_("Interest in the project"))
    impact = _step(_("Impact of the project on them"))
    position = forms.TypedChoiceField(
        label=_("Position"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Not known")), *Position.choices],
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("What was said or done that shows it."),
    )
    rated_on = DayField(
        label=pgettext_lazy("date", "From"),
        required=False,
        help_text=_("Today if empty. For example 3 Nov 2026."),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: Rating | None = None, moved: dict[str, str], **kwargs: Any) -> None:
        judged = (
            {name: getattr(now, name) for name in ("influence", "interest", "impact", "position")}
            if now
            else {}
        )
        kwargs["initial"] = {**judged, **moved, "seen": now.pk if now else None}
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = now is not None
        if now is not None:
            self.fields["reason"].widget.attrs["data-focus"] = ""

    @property
    def judgement(self) -> Judgement:
        return Judgement(
            **{name: self.cleaned_data[name] for name in ("impact", "interest", "influence", "position")}
        )


class WantedForm(forms.Form):
    """The filter above the matrix; what it cannot mean is passed over."""

    q = forms.CharField(label=_("Name"), required=False, max_length=200)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Every kind")), *Party.Kind.choices]
    )
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    position = forms.ChoiceField(
        label=_("Position"),
        required=False,
        choices=[("", _("Every position")), *Position.choices, ("unknown", _("Not known"))],
    )
    on = DayField(label=_("On"), required=False)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tags = filters.BUILT_IN["tag"].choices
        field = self.fields["tag"]
        assert isinstance(field, forms.ChoiceField) and tags is not None
        field.choices = [("", _("Every tag")), *tags(actor)]

    def read(self) -> tuple[Wanted, dt.date | None]:
        self.is_valid()
        given = self.cleaned_data
        names = {"text": "q", "kind": "kind", "tag": "tag", "position": "position"}
        wanted = Wanted(**{name: given.get(field) or "" for name, field in names.items()}, cell=self._cell())
        return wanted, given.get("on")

    def _cell(self) -> tuple[int, int] | None:
        influence, dash, interest = str(self.data.get("cell", "")).partition("-")
        fits = dash and influence in set("12345") and interest in set("12345")
        return (int(influence), int(interest)) if fits else None


REPEATS = (
    ("", _("Does not repeat")),
    ("FREQ=WEEKLY", _("Every week")),
    ("FREQ=WEEKLY;INTERVAL=2", _("Every two weeks")),
    ("FREQ=MONTHLY", _("Every month")),
    ("FREQ=MONTHLY;INTERVAL=3", _("Every quarter")),
    ("FREQ=YEARLY", _("Every year")),
    ("own", _("By a rule of my own")),
)


class _PersonForm(forms.Form):
    """A form in which a stakeholder of a project is typed; ``candidates`` are to choose from when a name fits several."""

    person = forms.CharField(
        label=_("Person or organisation"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    party = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, actor: Actor, project: Project | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.project = actor, project
        self.candidates: list[Party] = []

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _meant(self, given: dict[str, Any]) -> Party | None:
        """The person that the typed name means, or the one chosen among several."""
        typed, chosen = given.get("person", ""), given.get("party")
        if not typed or self.project is None:
            return None
        party = queries.stakeholder_or_none(self.actor, self.project.pk, chosen) if chosen else None
        if party is not None and party.full_name == typed:
            return party
        self.candidates = queries.stakeholders_like(self.actor, self.project.pk, typed)
        if party in self.candidates:
            return party
        if len(self.candidates) == 1:
            return self.candidates[0]
        fits = _("Several people fit. Choose one.")
        self.add_error("person", fits if self.candidates else _("Nobody in the project is called that."))
        return None


class PlanForm(_PersonForm):
    """Who is to be heard or told, and how."""

    tag = forms.TypedChoiceField(
        label=_("Or everybody with the tag"), required=False, coerce=int, empty_value=None
    )
    aim = forms.CharField(label=_("What for"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"}))
    method = forms.ChoiceField(
        label=_("Method"),
        choices=[
            (Method.INFORM, _("Inform: they are told")),
            (Method.CONSULT, _("Consult: they are asked")),
            (Method.INVOLVE, _("Involve: their concerns are worked in")),
            (Method.COLLABORATE, _("Collaborate: it is worked out with them")),
            (Method.EMPOWER, _("Empower: they decide")),
        ],
        help_text=_("How much say they are given (IAP2 spectrum)."),
    )
    channel = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("Any channel")), *Interaction.Channel.choices]
    )
    starts_on = DayField(label=_("First on"), help_text=_("For example 3 Nov 2026."))
    repeats = forms.ChoiceField(label=_("Repeats"), required=False, choices=REPEATS)
    rule = forms.CharField(
        label=_("Own rule"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("In the words of calendars (RFC 5545), for example FREQ=MONTHLY;BYDAY=2TU."),
    )
    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)

    def __init__(self, actor: Actor, project: Project, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"owner": actor.user_id, **(kwargs.get("initial") or {})}
        super().__init__(actor, project, *args, **kwargs)
        self.users = {user.pk: user for user in accounts.users()}
        self.tags = {tag.pk: tag for tag in queries.tags_of(actor, project.pk)}
        self._choose("owner", [("", _("Nobody yet")), *((pk, user.name) for pk, user in self.users.items())])
        self._choose("tag", [("", _("No tag")), *((pk, tag.path) for pk, tag in self.tags.items())])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        given["party"] = None if given.get("tag") else self._meant(given)
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            **{name: given[name] for name in ("aim", "method", "channel", "starts_on", "party")},
            "tag": self.tags.get(given["tag"] or 0),
            "owner": self.users.get(given["owner"] or 0),
            "rule": given["rule"] if given["repeats"] == "own" else given["repeats"],
        }


class SettleForm(forms.Form):
    """What became of a step of the plan; ``talk`` is the conversation that did it."""

    state = forms.ChoiceField(choices=[("done", ""), ("left", "")], widget=forms.HiddenInput)
    talk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    done_on = DayField(
        label=_("Done on"), required=False, help_text=_("Today if empty. For example 3 Nov 2026.")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=300, widget=forms.TextInput(attrs={"dir": "auto"})
    )


class GiveForm(_PersonForm):
    """Which version was given to whom: on the page of a file to anybody of its project, on that of a person to them."""

    version = forms.TypedChoiceField(label=_("File and version"), coerce=int)
    how = forms.ChoiceField(label=_("How"))
    given_on = DayField(label=_("On"), required=False, help_text=_("Today if empty. For example 3 Nov 2026."))
    note = forms.CharField(
        label=_("Note"), required=False, max_length=300, widget=forms.TextInput(attrs={"dir": "auto"})
    )

    def __init__(
        self,
        actor: Actor,
        versions: list[FileVersion],
        *args: Any,
        project: Project | None = None,
        party: Party | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(actor, project, *args, **kwargs)
        self.to, self.versions = party, {version.pk: version for version in versions}
        words = _("%(file)s, version %(number)s")
        named = [(v.pk, words % {"file": v.file.name, "number": v.number}) for v in versions]
        self._choose("version", named)
        published = Handout.How.PUBLISHED
        self._choose("how", [one for one in Handout.How.choices if party is None or one[0] != published])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        published = given.get("how") == Handout.How.PUBLISHED
        given["party"] = self.to or (None if published else self._meant(given))
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        kept = {name: given[name] for name in ("how", "given_on", "note", "party")}
        return {**kept, "version": self.versions[given["version"]]}
