"""What people enter about documents that oblige and their clauses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.commitments import queries
from enishi.commitments.forms.ledger import EDIT, REPEATS, MeantForm
from enishi.commitments.models import Duty, Series, Source
from enishi.commitments.services import Conflict, DutyDraft
from enishi.commitments.services.clauses import MOST
from enishi.core.fields import DayField, DueField

AREA = {"rows": 3, "dir": "auto"}
UNREAD = _("A file that you may not read")
"""Stands for what is chosen already: a form that does not know it would take it off."""


def _choose(form: forms.Form, name: str, choices: list[tuple[Any, Any]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _owners(form: forms.Form) -> dict[int, User]:
    users = {user.pk: user for user in accounts.users()}
    _choose(form, "owner", [("", _("Nobody yet")), *((pk, user.name) for pk, user in users.items())])
    return users


def _refuse(form: forms.Form, error: Exception, fields: dict[str, str] | None = None) -> None:
    """Show what a service refused at its field. After a conflict the next try is against the present version."""
    if isinstance(error, Conflict):
        form.add_error(None, str(error))
        assert isinstance(form.data, QueryDict)
        form.data = {**form.data.dict(), "version": str(error.current)}
        return
    name = getattr(error, "field", "")
    name = (fields or {}).get(name, name)
    form.add_error(name if name in form.fields else None, str(error))


class SourceForm(MeantForm):
    """A permit, a law, an agreement."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Source.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"}))
    reference = forms.CharField(
        label=_("Number"), max_length=120, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    file = forms.TypedChoiceField(label=_("File"), required=False, coerce=int, empty_value=None)
    valid_from = DayField(
        label=pgettext_lazy("date", "From"), required=False, help_text=_("For example 29 Dec 2026.")
    )
    valid_until = DayField(label=_("Until"), required=False)
    project = forms.TypedChoiceField(label=_("Project"), coerce=int)
    note = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs=AREA))
    confidentiality = forms.TypedChoiceField(
        label=_("Confidentiality"), coerce=int, required=False, empty_value=None
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        actor: Actor,
        *args: Any,
        instance: Source | None = None,
        project_id: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs["initial"] = self._present(instance) if instance else {"project": project_id}
        super().__init__(*args, **kwargs)
        self.actor, self.instance, self.candidates = actor, instance, []
        self.fields["person"].label = _("Authority or other side")
        self.projects = {project.pk: project for project in accounts.projects(actor, EDIT)}
        _choose(self, "project", [(pk, project.name) for pk, project in self.projects.items()])
        where = [instance.project_id] if instance else list(self.projects)
        self.papers = {file.pk: file for file in queries.files_of(actor, where)}
        papers = [("", _("None")), *((pk, file.name) for pk, file in self.papers.items())]
        if instance is not None:
            del self.fields["project"]
            self.named = instance.authority
            if instance.file_id is not None and instance.file_id not in self.papers:
                papers.append((instance.file_id, instance.file.name if instance.file else UNREAD))
        _choose(self, "file", papers)
        highest = actor.clearance("commitments.view", where) if not actor.system else Level.RESTRICTED
        levels: list[tuple[Any, Any]] = [(value, label) for value, label in Level.choices if value <= highest]
        usual = [] if instance else [("", _("As usual in the project"))]
        _choose(self, "confidentiality", [*usual, *levels])

    def _present(self, instance: Source) -> dict[str, Any]:
        names = (
            "kind",
            "title",
            "reference",
            "valid_from",
            "valid_until",
            "note",
            "confidentiality",
            "version",
        )
        return {
            **{name: getattr(instance, name) for name in names},
            "person": instance.authority.full_name if instance.authority else "",
            "party": instance.authority_id,
            "file": instance.file_id,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["authority"] = self.meant((cleaned.get("person") or "").strip(), cleaned.get("party"))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the service is passed."""
        cleaned = self.cleaned_data
        names = ("kind", "title", "reference", "valid_from", "valid_until", "note", "authority")
        given = {name: cleaned[name] for name in names}
        if self.instance is None or cleaned["file"] != self.instance.file_id:
            given["file"] = self.papers.get(cleaned["file"] or 0)
        if self.instance is None:
            return {
                **given,
                "project": self.projects[cleaned["project"]],
                "confidentiality": cleaned["confidentiality"],
            }
        if cleaned["confidentiality"] is not None:
            given["confidentiality"] = cleaned["confidentiality"]
        return given

    def refuse(self, error: Exception) -> None:
        _refuse(self, error, {"party": "person"})


class _Terms(forms.Form):
    """What one clause and several pasted at once are given: who looks after it, what proves it, how often it is reviewed."""

    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)
    evidence = forms.CharField(
        label=_("Proof asked for"),
        max_length=300,
        required=False,
        help_text=_("If it says something, the promise is kept only with proof."),
    )
    review_months = forms.IntegerField(
        label=_("Review every (months)"), required=False, min_value=1, max_value=120
    )
    shift = forms.ChoiceField(
        label=_("On a closed day"),
        required=False,
        choices=Series.Shift.choices,
        initial=Series.Shift.BACKWARD,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.users = _owners(self)

    def terms(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return {
            "owner": self.users.get(cleaned["owner"] or 0),
            "evidence": cleaned["evidence"],
            "review_months": cleaned["review_months"],
        }


class DutyForm(_Terms):
    """One clause."""

    clause = forms.CharField(
        label=_("Clause"), max_length=40, required=False, help_text=_("For example 4.2 (a).")
    )
    title = forms.CharField(label=_("Duty"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"}))
    negative = forms.BooleanField(label=_("A duty not to do something"), required=False)
    citation = forms.CharField(
        label=_("Words of the clause"), required=False, widget=forms.Textarea(attrs=AREA)
    )
    file_version = forms.TypedChoiceField(
        label=_("Version of the file"), required=False, coerce=int, empty_value=None
    )
    page = forms.CharField(
        label=_("Place in it"), max_length=60, required=False, help_text=_("For example page 12.")
    )
    next_review_on = DayField(label=_("Next review"), required=False)
    due_at = DueField(label=_("Due"), required=False, help_text=_("Empty where it always holds."))
    repeats = forms.ChoiceField(label=_("Repeats"), required=False, choices=REPEATS)
    rule = forms.CharField(
        label=_("Own rule"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("In the words of calendars (RFC 5545), for example FREQ=MONTHLY;BYDAY=2TU."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, actor: Actor, source: Source, *args: Any, instance: Duty | None = None, **kwargs: Any
    ) -> None:
        kwargs["initial"] = self._present(instance) if instance else {"owner": actor.user_id}
        super().__init__(*args, **kwargs)
        self.instance = instance
        self.versions = {version.pk: version for version in queries.file_versions(actor, source)}
        offered = [("", _("None")), *((pk, f"{version.number}") for pk, version in self.versions.items())]
        if (
            instance is not None
            and instance.file_version_id
            and instance.file_version_id not in self.versions
        ):
            offered.append((instance.file_version_id, UNREAD))
        _choose(self, "file_version", offered)
        if instance is not None:
            for name in ("due_at", "repeats", "rule", "shift"):
                del self.fields[name]
        else:
            del self.fields["file_version"], self.fields["next_review_on"]

    def _present(self, instance: Duty) -> dict[str, Any]:
        names = (
            "clause",
            "title",
            "negative",
            "citation",
            "page",
            "evidence",
            "review_months",
            "next_review_on",
            "version",
        )
        given = {name: getattr(instance, name) for name in names}
        return {**given, "owner": instance.owner_id, "file_version": instance.file_version_id}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("repeats") == "own" and not cleaned.get("rule"):
            self.add_error("rule", _("Write the rule, or choose one of the others."))
        if cleaned.get("repeats") and not cleaned.get("due_at") and "due_at" not in self.errors:
            self.add_error("due_at", _("What repeats needs its first date."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What changing it passes to the service."""
        names = ("clause", "title", "negative", "citation", "page", "next_review_on")
        given = {name: self.cleaned_data[name] for name in names}
        if self.instance is not None and given["next_review_on"] == self.instance.next_review_on:
            # Left as it was: a new interval may move it.
            del given["next_review_on"]
        chosen = self.cleaned_data["file_version"]
        if self.instance is None or chosen != self.instance.file_version_id:
            given["file_version"] = self.versions.get(chosen or 0)
        return {**given, **self.terms()}

    def draft(self) -> DutyDraft:
        cleaned = self.cleaned_data
        return DutyDraft(
            **{name: cleaned[name] for name in ("clause", "title", "negative", "citation", "page", "due_at")},
            **self.terms(),
            rule=cleaned["rule"] if cleaned["repeats"] == "own" else cleaned["repeats"],
            shift=cleaned["shift"] or Series.Shift.BACKWARD,
        )

    def refuse(self, error: Exception) -> None:
        own = self.data.get("repeats") == "own"
        _refuse(self, error, {} if own else {"rule": "repeats"})


class PasteForm(forms.Form):
    """The clauses of a document as they were copied out of it."""

    pasted = forms.CharField(
        label=_("Clauses"),
        strip=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 16, "dir": "auto"}),
        help_text=_(
            "Each line that begins with a number begins a clause: 4.2 (a), Article 5, 第4条, ماده ۵."
        ),
    )


class ClauseForm(forms.Form):
    """One proposed duty, to be confirmed."""

    take = forms.BooleanField(label=_("Write down"), required=False)
    clause = forms.CharField(label=_("Clause"), max_length=40, required=False)
    title = forms.CharField(
        label=_("Duty"), max_length=300, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    citation = forms.CharField(required=False, widget=forms.HiddenInput)
    negative = forms.BooleanField(label=_("Not to do"), required=False)
    repeats = forms.ChoiceField(
        label=_("Repeats"), required=False, choices=[one for one in REPEATS if one[0] != "own"]
    )
    due_at = DueField(label=_("First due"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("take"):
            if not (cleaned.get("title") or "").strip():
                self.add_error("title", _("Say in a few words what it is about."))
            if cleaned.get("repeats") and not cleaned.get("due_at") and "due_at" not in self.errors:
                self.add_error("due_at", _("What repeats needs its first date."))
        return cleaned


_ClauseSet = forms.formset_factory(ClauseForm, extra=0, max_num=MOST, absolute_max=MOST)


class ClausesForm:
    """Proposed duties with what all of them are given."""

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        proposed: list[dict[str, Any]] | None = None,
        owner: int | None = None,
    ) -> None:
        self.terms = _Terms(data, initial={"owner": owner})
        self.rows = _ClauseSet(data, initial=proposed or [], prefix="c")

    def is_valid(self) -> bool:
        return all([self.terms.is_valid(), self.rows.is_valid()])

    def drafts(self) -> list[DutyDraft]:
        shared = self.terms.terms()
        shift = self.terms.cleaned_data["shift"] or Series.Shift.BACKWARD
        return [
            DutyDraft(
                **{name: row[name] for name in ("clause", "title", "citation", "negative", "due_at")},
                **shared,
                rule=row["repeats"],
                shift=shift,
            )
            for row in (form.cleaned_data for form in self.rows)
            if row.get("take")
        ]


class ReviewForm(forms.Form):
    """What a review found."""

    note = forms.CharField(
        label=_("What you found"), max_length=500, required=False, widget=forms.Textarea(attrs=AREA)
    )
    next_on = DayField(
        label=_("Next review"), required=False, help_text=_("Empty: by its interval, from today.")
    )


class EndForm(forms.Form):
    """Why a duty holds no more."""

    why = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs=AREA))
