"""What people enter about promises, tasks and closing days, one at a time."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.commitments import queries
from enishi.commitments.models import Contribution, Promise, Series, Task
from enishi.commitments.services import Conflict
from enishi.contacts.models import Party
from enishi.content.services import FileDraft
from enishi.core import clock
from enishi.core.fields import DayField, DueField, MoneyField
from enishi.search.queries import Hit

EDIT = "commitments.edit"
REPEATS = (
    ("", _("Does not repeat")),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", _("Every weekday")),
    ("FREQ=WEEKLY", _("Every week")),
    ("FREQ=WEEKLY;INTERVAL=2", _("Every two weeks")),
    ("FREQ=MONTHLY", _("Every month")),
    ("FREQ=MONTHLY;INTERVAL=3", _("Every quarter")),
    ("FREQ=YEARLY", _("Every year")),
    ("own", _("By a rule of my own")),
)


class MeantForm(forms.Form):
    """A form that names somebody in words. ``candidates`` are the people to choose from when a name fits several."""

    person = forms.CharField(
        required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"})
    )
    party = forms.IntegerField(required=False, widget=forms.HiddenInput)
    actor: Actor
    candidates: list[Hit]
    named: Party | None = None
    """Whom the record names already: they stay, whether the actor reaches them or not."""

    def meant(self, typed: str, chosen: int | None) -> Party | None:
        """Who was meant: the chosen one where the words fit them, else the only one whom the words fit."""
        if not typed:
            return None
        if self.named is not None and (chosen, typed) == (self.named.pk, self.named.full_name):
            return self.named
        try:
            if chosen and (party := queries.party(self.actor, chosen)).full_name == typed:
                return party
        except Party.DoesNotExist:
            pass
        found = queries.people_like(self.actor, typed)
        fitting = (
            [hit for hit in found if hit.subject_id == chosen]
            or [hit for hit in found if hit.title == typed]
            or found
        )
        if len(fitting) == 1:
            return queries.party(self.actor, fitting[0].subject_id)
        self.candidates = found
        if found:
            self.add_error("person", _("Several people fit. Choose one of them."))
        else:
            self.add_error("person", _("Nobody by that name. Check the spelling, or add the contact first."))
        return None


class _CommitmentForm(MeantForm):
    """What promises and tasks share."""

    title = forms.CharField(max_length=300)
    due_at = DueField(
        label=_("Due"), required=False, help_text=_("For example 20 Nov 2026 18:00, or 2026-11-20.")
    )
    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    detail = forms.CharField(
        label=_("Details"), required=False, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
    )
    confidentiality = forms.TypedChoiceField(label=_("Confidentiality"), coerce=int)
    repeats = forms.ChoiceField(label=_("Repeats"), required=False, choices=REPEATS)
    rule = forms.CharField(
        label=_("Own rule"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("In the words of calendars (RFC 5545), for example FREQ=MONTHLY;BYDAY=2TU."),
    )
    shift = forms.ChoiceField(
        label=_("On a closed day"),
        required=False,
        choices=Series.Shift.choices,
        initial=Series.Shift.BACKWARD,
    )
    said_in_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    said_start = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    said_end = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        actor: Actor,
        *args: Any,
        instance: Promise | Task | None = None,
        project_id: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = kwargs.pop("initial", None) or {}
        usual = self._present(instance) if instance else {"owner": actor.user_id, "project": project_id}
        kwargs["initial"] = {**usual, **given}
        super().__init__(*args, **kwargs)
        self.actor, self.instance = actor, instance
        self.candidates = []
        self.named = instance.party if instance else None
        projects = list(accounts.projects(actor, EDIT))
        self.projects = {project.pk: project for project in projects}
        self._choose("project", [(project.pk, project.name) for project in projects])
        self.users = {user.pk: user for user in accounts.users()}
        self._choose(
            "owner", [("", _("Nobody yet")), *((user.pk, user.name) for user in self.users.values())]
        )
        highest = (
            actor.clearance("commitments.view", list(self.projects), own=True)
            if not actor.system
            else Level.RESTRICTED
        )
        levels = [
            ("", _("As usual in the project")),
            *((value, label) for value, label in Level.choices if value <= highest),
        ]
        self._choose("confidentiality", levels if instance is None else levels[1:])
        self.fields["confidentiality"].required = instance is not None

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _present(self, instance: Promise | Task) -> dict[str, Any]:
        return {
            "title": instance.title,
            "person": instance.party.full_name if instance.party else "",
            "party": instance.party_id,
            "due_at": instance.due_at,
            "owner": instance.owner_id,
            "project": instance.project_id,
            "detail": instance.detail,
            "confidentiality": instance.confidentiality,
            "version": instance.version,
        }

    def refuse(self, error: Exception) -> None:
        """Show what a service refused at its field. After a conflict the next try is against the present version."""
        if isinstance(error, Conflict):
            self.add_error(None, str(error))
            assert isinstance(self.data, QueryDict)
            self.data = {**self.data.dict(), "version": str(error.current)}
            return
        field = {"party": "person"}.get(getattr(error, "field", ""), getattr(error, "field", ""))
        if field == "rule" and self.cleaned_data.get("repeats") != "own":
            field = "repeats"
        self.add_error(field if field in self.fields else None, str(error))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["party"] = self.meant(cleaned.get("person", "").strip(), cleaned.get("party"))
        cleaned["project"] = self.projects.get(cleaned.get("project") or 0)
        cleaned["owner"] = self.users.get(cleaned.get("owner") or 0)
        if cleaned.get("repeats") == "own" and not cleaned.get("rule"):
            self.add_error("rule", _("Write the rule, or choose one of the others."))
        if cleaned.get("said_start") is not None and (cleaned.get("said_end") or 0) <= cleaned["said_start"]:
            cleaned["said_start"] = cleaned["said_end"] = None
        return cleaned

    def values(self) -> dict[str, Any]:
        """What a change passes to the service."""
        names = ("title", "party", "due_at", "owner", "project", "detail", "confidentiality")
        return {name: self.cleaned_data[name] for name in names}

    def new_values(self) -> dict[str, Any]:
        """What making it passes to the service."""
        cleaned = self.cleaned_data
        rule = cleaned["rule"] if cleaned["repeats"] == "own" else cleaned["repeats"]
        said = {name: cleaned[name] for name in ("said_in_id", "said_start", "said_end")}
        level = cleaned["confidentiality"]
        return {
            **self.values(),
            **said,
            "confidentiality": level if level != "" else None,
            "rule": rule,
            "shift": cleaned["shift"] or Series.Shift.BACKWARD,
        }


class PromiseForm(_CommitmentForm):
    """A promise, ours or theirs."""

    direction = forms.ChoiceField(
        label=_("Who owes"),
        choices=Promise.Direction.choices,
        widget=forms.RadioSelect,
        initial=Promise.Direction.OURS,
    )
    negative = forms.BooleanField(
        label=_("A promise not to do something"),
        required=False,
        help_text=_("Its date is until when it holds."),
    )
    quote = forms.CharField(
        label=_("The words themselves"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("As they were said or written."),
    )
    money = MoneyField(
        label=_("Amount"), required=False, help_text=_("With its currency, for example 5000 EUR.")
    )
    purpose = forms.ChoiceField(
        label=_("What it is for"), required=False, choices=[("", _("Not said")), *Promise.Purpose.choices]
    )
    for_people = forms.IntegerField(
        label=_("For how many people"), required=False, min_value=1, max_value=Promise.MOST_PEOPLE
    )
    field_order = [
        "direction",
        "title",
        "negative",
        "person",
        "due_at",
        "owner",
        "project",
        "quote",
        "money",
        "purpose",
        "for_people",
        "detail",
        "confidentiality",
    ]
    own: ClassVar[tuple[str, ...]] = ("direction", "negative", "quote", "money", "purpose", "for_people")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label, self.fields["person"].label = _("Promise"), _("To or from whom")

    def _present(self, instance: Promise | Task) -> dict[str, Any]:
        assert isinstance(instance, Promise)
        own = {name: getattr(instance, name) for name in self.own}
        return {**super()._present(instance), **own}

    def values(self) -> dict[str, Any]:
        return {
            **super().values(),
            **{name: self.cleaned_data[name] for name in self.own},
        }


class TaskForm(_CommitmentForm):
    """Something to do, perhaps for a promise."""

    promise = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label, self.fields["person"].label = _("Task"), _("About whom")

    def _present(self, instance: Promise | Task) -> dict[str, Any]:
        assert isinstance(instance, Task)
        return {**super()._present(instance), "promise": instance.promise_id}

    def clean_promise(self) -> Promise | None:
        chosen = self.cleaned_data["promise"]
        try:
            return queries.promise(self.actor, chosen) if chosen else None
        except Promise.DoesNotExist:
            raise ValidationError(_("The promise that this task serves no longer exists.")) from None

    def values(self) -> dict[str, Any]:
        return {**super().values(), "promise": self.cleaned_data["promise"]}


class ProofForm(forms.Form):
    """Evidence in words or as a file."""

    proof_text = forms.CharField(
        label=_("Proof"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    file = forms.FileField(label=_("File"), required=False)

    def drafts(self) -> list[FileDraft]:
        """The file that was chosen, if any, as the service takes it."""
        upload = self.cleaned_data["file"]
        return [FileDraft(upload.name, upload)] if upload else []


class SettleForm(ProofForm):
    """What became of a promise, with the reason or the proof."""

    state = forms.ChoiceField(
        choices=[choice for choice in Promise.State.choices if choice[0] != Promise.State.OPEN],
        widget=forms.HiddenInput,
    )
    outcome = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Its sheet opens over the page of the promise, which asks for proof too.
        kwargs["auto_id"] = "settle_%s"
        super().__init__(*args, **kwargs)


class GivenForm(ProofForm):
    """What was given of a promised amount, and what proves it."""

    day = DayField(
        label=_("Given on"),
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("For example 29 Dec 2026."),
    )
    in_kind = forms.BooleanField(
        label=_("In kind"), required=False, help_text=_("Works or goods: the amount is what they are worth.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, promise: Promise, *args: Any, row: Contribution | None = None, **kwargs: Any) -> None:
        now = {name: getattr(row, name) for name in ("day", "money", "in_kind", "note")} if row else {}
        kwargs["initial"] = {"day": clock.today(), "version": promise.version, **now}
        # It opens above the page of the promise, which has a form for proofs of its own.
        kwargs["auto_id"] = "given_%s"
        super().__init__(*args, **kwargs)
        self.fields["money"] = MoneyField(
            label=_("Amount"),
            currency=promise.currency,
            help_text=_("In %(currency)s.") % {"currency": promise.currency},
        )

    def values(self) -> dict[str, Any]:
        names = ("day", "money", "in_kind", "note", "proof_text", "version")
        return {**{name: self.cleaned_data[name] for name in names}, "files": self.drafts()}


class DueForm(forms.Form):
    """Another date."""

    due_at = DueField(
        label=_("Due"), required=False, help_text=_("For example 20 Nov 2026 18:00, or 2026-11-20.")
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ClosingDayForm(forms.Form):
    """A day on which the organisation is closed."""

    day = DayField(
        label=_("Day"), widget=forms.TextInput(attrs={"dir": "ltr"}), help_text=_("For example 29 Dec 2026.")
    )
    name = forms.CharField(label=_("Reason"), max_length=120)
    project = forms.TypedChoiceField(label=_("Project"), required=False, coerce=int, empty_value=None)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.projects = {project.pk: project for project in accounts.projects(actor, "commitments.view")}
        field = self.fields["project"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("Everywhere")),
            *((pk, project.name) for pk, project in self.projects.items()),
        ]

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "day": cleaned["day"],
            "name": cleaned["name"],
            "project": self.projects.get(cleaned["project"] or 0),
        }
