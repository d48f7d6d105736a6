"""What people enter about cases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.cases.models import Case, CasePause
from enishi.cases.packs import GRIEVANCE, Field, Pack
from enishi.cases.services import CaseError, Conflict
from enishi.commitments.queries import party as party_of
from enishi.commitments.queries import people_like
from enishi.contacts.models import Party
from enishi.content.services import FileDraft
from enishi.core.fields import DayField, DueField
from enishi.search.queries import Hit

VIEW, EDIT = "cases.view", "cases.edit"


def long_field(label: Any, *, rows: int = 3, help_text: Any = "", required: bool = False) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows, "dir": "auto"})
    return forms.CharField(label=label, required=required, widget=area, help_text=help_text)


def short_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    line = forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
    return forms.CharField(label=label, required=required, max_length=200, widget=line, help_text=help_text)


def own_field(field: Field) -> forms.Field:
    """The control of one of the pack's fields; what it takes is checked by the field itself."""
    label = str(field.label)
    if field.kind == "flag":
        return forms.BooleanField(label=label, required=False)
    if field.kind == "choice":
        choices = [("", _("Not said yet")), *((code, str(words)) for code, words in field.options.items())]
        return forms.ChoiceField(label=label, required=False, choices=choices)
    if field.kind == "long":
        return long_field(label)
    direction = "auto" if field.kind == "text" else "ltr"
    return forms.CharField(
        label=label,
        required=False,
        widget=forms.TextInput(attrs={"dir": direction, "autocomplete": "off"}),
        help_text=_("For example 29 Dec 2026.") if field.kind == "date" else "",
    )


class CaseForm(forms.Form):
    """A case as it is written down and changed. ``candidates`` are the people to choose from when a name fits several."""

    title = forms.CharField(
        label=_("In a few words"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    text = long_field(_("What happened"), rows=5, help_text=_("In their own words where you can."))
    person = short_field(_("Who raised it"))
    party = forms.IntegerField(required=False, widget=forms.HiddenInput)
    anonymous = forms.BooleanField(
        label=_("They stay anonymous"),
        required=False,
        help_text=_("No name is kept, not even in the history."),
    )
    channel = forms.ChoiceField(label=_("Came in by"), choices=Case.Channel.choices, initial="other")
    place = short_field(_("Where"))
    happened = short_field(_("When"), help_text=_("As they say it, for example “since early November”."))
    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    priority = forms.TypedChoiceField(
        label=_("Priority"), required=False, coerce=int, empty_value=None, choices=()
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), required=False, coerce=int, empty_value=None, choices=()
    )
    root_cause = long_field(
        _("Root cause"), help_text=_("What made it happen, not who. Ask “why” until it stops.")
    )
    outcome = long_field(_("Outcome"), help_text=_("Whoever raised it reads this."))
    confidentiality = forms.TypedChoiceField(
        label=_("Confidentiality"), required=False, coerce=int, empty_value=None
    )
    said_in = forms.IntegerField(required=False, widget=forms.HiddenInput)
    said_start = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    said_end = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    quote = forms.CharField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        actor: Actor,
        the_pack: Pack,
        *args: Any,
        instance: Case | None = None,
        project_id: int | None = None,
        **kwargs: Any,
    ) -> None:
        given = kwargs.pop("initial", None) or {}
        usual = _present(instance) if instance else {"owner": actor.user_id, "project": project_id}
        kwargs["initial"] = {**usual, **given}
        super().__init__(*args, **kwargs)
        self.actor, self.pack, self.instance = actor, the_pack, instance
        self.candidates: list[Hit] = []
        for field in the_pack.fields:
            self.fields[f"own_{field.code}"] = own_field(field)
        self._offer()
        if instance is None:
            del self.fields["root_cause"], self.fields["outcome"]
        else:
            del self.fields["project"]

    def _offer(self) -> None:
        self.projects = {project.pk: project for project in accounts.projects(self.actor, EDIT)}
        self.users = {user.pk: user for user in accounts.users()}
        unset = [("", _("Not weighed yet"))]
        _choose(self, "project", [(pk, project.name) for pk, project in self.projects.items()])
        _choose(self, "owner", owner_choices(self.users.values()))
        _choose(self, "priority", [*unset, *reversed(Case.Priority.choices)])
        _choose(self, "impact", [*unset, *reversed(Case.Impact.choices)])
        highest = (
            self.actor.clearance(VIEW, list(self.projects), own=True)
            if not self.actor.system
            else Level.RESTRICTED
        )
        levels = [(value, label) for value, label in Level.choices if self.pack.level <= value <= highest]
        present = self.instance.confidentiality if self.instance else None
        if present is not None and present > highest:
            levels.append((present, Level(present).label))
        usual = [("", _("As usual for this kind"))] if self.instance is None else []
        _choose(self, "confidentiality", [*usual, *levels])

    @property
    def own(self) -> list[forms.BoundField]:
        """The pack's own fields."""
        return [self[f"own_{field.code}"] for field in self.pack.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        typed = cleaned.get("person", "").strip()
        if cleaned.get("anonymous") and typed:
            self.add_error("person", _("An anonymous case names nobody. Take the name away."))
            typed = ""
        cleaned["party"] = self._party(typed, cleaned.get("party"))
        cleaned["owner"] = self.users.get(cleaned.get("owner") or 0)
        if "project" in self.fields:
            cleaned["project"] = self.projects.get(cleaned.get("project") or 0)
        for field in self.pack.fields:
            try:
                field.read(cleaned.get(f"own_{field.code}"))
            except ValueError as error:
                self.add_error(f"own_{field.code}", str(error))
        return cleaned

    def _party(self, typed: str, chosen: int | None) -> Party | None:
        """Who was meant: the chosen one where the words fit them, else the only one whom the words fit."""
        if not typed:
            return None
        named = self.instance.party if self.instance else None
        if named is not None and (chosen, typed) == (named.pk, named.full_name):
            return named
        try:
            if chosen and (party := party_of(self.actor, chosen)).full_name == typed:
                return party
        except Party.DoesNotExist:
            pass
        found = people_like(self.actor, typed)
        fitting = (
            [hit for hit in found if hit.subject_id == chosen]
            or [hit for hit in found if hit.title == typed]
            or found
        )
        if len(fitting) == 1:
            return party_of(self.actor, fitting[0].subject_id)
        self.candidates = found
        if found:
            self.add_error("person", _("Several people fit. Choose one of them."))
        else:
            self.add_error("person", _("Nobody by that name. Check the spelling, or add the contact first."))
        return None

    def refuse(self, error: Exception) -> None:
        """Show what a service refused at its field. After a conflict the next try is against the present version."""
        if isinstance(error, Conflict):
            self.add_error(None, str(error))
            assert isinstance(self.data, QueryDict)
            self.data = {**self.data.dict(), "version": str(error.current)}
            return
        named = error.field if isinstance(error, CaseError) else ""
        field = {"party": "person"}.get(named, named.replace("values.", "own_"))
        self.add_error(field if field in self.fields else None, str(error))

    def values(self) -> dict[str, Any]:
        """What a change passes to the service."""
        names = [
            "title",
            "text",
            "party",
            "anonymous",
            "channel",
            "place",
            "happened",
            "owner",
            "priority",
            "impact",
        ]
        names += [name for name in ("root_cause", "outcome", "project") if name in self.fields]
        given = {name: self.cleaned_data[name] for name in names}
        given["values"] = {field.code: self.cleaned_data[f"own_{field.code}"] for field in self.pack.fields}
        if self.instance is None or self.cleaned_data["confidentiality"] is not None:
            given["confidentiality"] = self.cleaned_data["confidentiality"]
        return given


def _choose(form: forms.Form, name: str, choices: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def owner_choices(users: Any) -> list[tuple[Any, Any]]:
    return [("", _("Nobody yet")), *((user.pk, user.name) for user in users)]


def _present(case: Case) -> dict[str, Any]:
    names = (
        "title",
        "text",
        "anonymous",
        "channel",
        "place",
        "happened",
        "priority",
        "impact",
        "root_cause",
        "outcome",
    )
    return {
        **{name: getattr(case, name) for name in names},
        "person": case.party.full_name if case.party else "",
        "party": case.party_id,
        "owner": case.owner_id,
        "confidentiality": case.confidentiality,
        "version": case.version,
        **{f"own_{code}": value for code, value in case.values.items()},
    }


class NoteForm(forms.Form):
    """A reason, or a word for colleagues."""

    note = long_field(_("Note"))


class WhyForm(forms.Form):
    """Something that needs its reason."""

    note = long_field(_("Why"), required=True)


class PauseForm(forms.Form):
    """For whom the clock to the answer stands still, why, and until when at most."""

    waits_for = forms.ChoiceField(
        label=_("We wait for"), widget=forms.RadioSelect, choices=CasePause.For.choices, initial="them"
    )
    reason = forms.CharField(
        label=_("What we wait for"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("For example: their photos of the damage; the report of the laboratory."),
    )
    look_on = DayField(label=_("Look again on"))


class AppealForm(forms.Form):
    """What is not settled for whoever raised the case."""

    words = long_field(
        _("What is not settled"), required=True, help_text=_("In their own words where you can.")
    )


class SatisfactionForm(forms.Form):
    """How whoever raised the case judges the outcome."""

    step = forms.TypedChoiceField(
        label=_("Is the outcome enough?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=list(reversed(Case.Satisfaction.choices)),
    )
    words = long_field(_("In their words"))


class KeepOutForm(forms.Form):
    """Who is kept out of a case, and why."""

    user = forms.TypedChoiceField(label=_("Who"), coerce=int)
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("For example: leads the works that the case is about."),
    )

    def __init__(self, users: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.users = {user.pk: user for user in users}
        _choose(self, "user", [("", _("Choose somebody")), *((user.pk, user.name) for user in users)])


class PromiseForm(forms.Form):
    """A promise or a task that belongs to the case."""

    kind = forms.ChoiceField(
        label=_("What"),
        widget=forms.RadioSelect,
        choices=[("ours", _("We owe")), ("theirs", _("They owe us")), ("task", _("Task"))],
        initial="ours",
    )
    title = forms.CharField(
        label=_("In a few words"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    due_at = DueField(
        label=_("Due"), required=False, help_text=_("For example 20 Nov 2026 18:00, or 2026-11-20.")
    )
    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)

    def __init__(self, users: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.users = {user.pk: user for user in users}
        _choose(self, "owner", owner_choices(users))


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[FileDraft]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [FileDraft(one.name, one) for one in given if one]


class ReportForm(forms.Form):
    """What somebody tells us, with one question first. ``kind`` is what they came to say."""

    kind = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("What happened?"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=_("In any language, as long or short as you like."),
        error_messages={"required": _("Tell us what happened.")},
    )
    place = short_field(_("Where?"))
    happened = short_field(_("When?"))
    uploads = FilesField(
        label=_("Photos or files"),
        required=False,
        help_text=_(
            "At most 5, together 20 MB. Place and device are removed from photos (JPEG, PNG); other files stay as they are."
        ),
    )
    who = forms.ChoiceField(
        label=_("Who are you?"),
        choices=[("anonymous", _("I stay anonymous")), ("named", _("I give my name"))],
        initial="anonymous",
    )
    name = short_field(_("Your name"))
    reach = short_field(_("Phone or e-mail"))
    once = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def given(self) -> dict[str, Any]:
        """What the service takes: of somebody anonymous no name, even if one was typed before."""
        cleaned = self.cleaned_data
        named = cleaned["who"] == "named"
        return {
            **{name: cleaned[name] for name in ("text", "place", "happened")},
            "kind": cleaned["kind"] or GRIEVANCE,
            "files": cleaned["uploads"],
            "name": cleaned["name"] if named else "",
            "reach": cleaned["reach"] if named else "",
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("who") == "named" and not (cleaned.get("name") or cleaned.get("reach")):
            self.add_error("name", _("Give a name, or stay anonymous."))
        return cleaned


class EnterForm(forms.Form):
    """The number of a case with its passphrase."""

    number = forms.CharField(
        label=_("Case number"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "inputmode": "numeric"}),
        help_text=_("Sixteen digits."),
    )


class TellForm(forms.Form):
    """A further word from outside."""

    text = forms.CharField(
        label=_("Write to us"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"})
    )
    uploads = FilesField(label=_("Photos or files"), required=False)


class NewsForm(forms.Form):
    """Where to tell of news."""

    address = forms.CharField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    # The words that stood above the field: what was switched since holds for nobody who has not read it.
    may_be_opened = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PageForm(forms.Form):
    """The public page of a project."""

    is_on = forms.BooleanField(label=_("Anybody can tell us here"), required=False)
    comments = forms.BooleanField(
        label=_("Questions, ideas and comments too"),
        required=False,
        help_text=_(
            "They become enquiries, answered like a grievance; those that say the same are found together."
        ),
    )
    about = forms.CharField(
        label=_("What it is about"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_(
            "Everybody reads this, for example: the wind farm off the coast and everything around it."
        ),
    )
    may_be_opened = forms.BooleanField(
        label=_("Two people together may open an address that is left for news"),
        required=False,
        help_text=_(
            "The page says so to whoever leaves one. It holds for addresses left from now on, never for earlier ones."
        ),
    )
    emergency = forms.CharField(
        label=_("Number to call in danger"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
    )
