"""What people choose for a report."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import LANGUAGES
from enishi.commitments.models import Promise
from enishi.core.fields import DayField
from enishi.core.formats import counted
from enishi.reports import queries
from enishi.reports.framing import Definition
from enishi.reports.measuring import PERIODS
from enishi.reports.models import Schedule
from enishi.reports.queries import Choice, end_of


class ScheduleForm(forms.Form):
    """When a report is sent by itself, and to whom."""

    rhythm = forms.ChoiceField(label=_("When"), choices=Schedule.Rhythm.choices, widget=forms.RadioSelect)
    recipients = forms.TypedMultipleChoiceField(
        label=_("To"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets what they may see; who may not see it is named when you keep this."),
        error_messages={"required": _("Choose at least one colleague.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["recipients"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(user.pk, user.name) for user in accounts.users()]

    def refuse(self, error: queries.ReportError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class ReportForm(forms.Form):
    """The filters of one definition. Fields that it does not take are left out."""

    project = forms.TypedChoiceField(label=_("Project"), required=False, coerce=int, empty_value=None)
    since = DayField(label=pgettext_lazy("date", "From"))
    until = DayField(label=_("To"))
    level = forms.TypedChoiceField(
        label=_("Confidentiality up to"),
        coerce=int,
        help_text=_(
            "More confidential records count in no figure. Who may not read up to here cannot open the report."
        ),
    )
    tag = forms.TypedChoiceField(label=_("Tag"), required=False, coerce=int, empty_value=None)
    side = forms.ChoiceField(
        label=_("Who owes"), required=False, choices=[("", _("Both sides")), *Promise.Direction.choices]
    )
    as_of = DayField(
        label=_("As it stood on"),
        required=False,
        help_text=_("Leave it empty for now. A day counts to its end; later changes do not show."),
    )
    language = forms.ChoiceField(label=_("Language of the report"))

    def __init__(self, actor: Actor, definition: Definition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        projects = queries.projects(actor, definition)
        self._choose("project", [(project.pk, project.name) for project in projects])
        if queries.clearance(actor, definition, None) is not None:
            self._choose("project", [("", _("All projects")), *((p.pk, p.name) for p in projects)])
        else:
            self.fields["project"].required = True
        levels = queries.levels(actor, definition, projects)
        self._choose("level", [(level, Level(level).label) for level in levels])
        self.fields["level"].initial = min(Level.INTERNAL, max(levels, default=0))
        if "tag" in definition.filters:
            self._choose("tag", [("", _("Any")), *queries.tag_choices(projects)])
        self._choose("language", LANGUAGES)
        for name in ("tag", "side"):
            if name not in definition.filters:
                del self.fields[name]
        if not definition.past or not actor.may("timeline.view"):
            del self.fields["as_of"]
        if not definition.period:
            del self.fields["since"], self.fields["until"]

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def choice(self, today: dt.date) -> Choice:
        """What was chosen, once the form is valid."""
        cleaned = self.cleaned_data
        day = cleaned.get("as_of")
        at = end_of(day, timezone.get_current_timezone()) if day and day != today else None
        return Choice(
            project_id=cleaned["project"],
            since=cleaned.get("since") or day or today,
            until=min(cleaned.get("until") or today, day or dt.date.max),
            at=at,
            level=cleaned["level"],
            tag_id=cleaned.get("tag"),
            side=cleaned.get("side", ""),
        )

    def refuse(self, error: queries.ReportError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class DashboardForm(forms.Form):
    """Which figures stand on a dashboard, how far back they look, and who may open it."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})
    )
    figures = forms.MultipleChoiceField(
        label=_("Figures"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one figure.")},
        help_text=_("Twelve at most. Their order is changed on the dashboard."),
    )
    weeks = forms.TypedChoiceField(label=_("Looks back"), coerce=int)
    shared = forms.BooleanField(
        label=_("Everybody may open it"),
        required=False,
        help_text=_("Each sees their own numbers, within their own rights."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        figures, weeks = self.fields["figures"], self.fields["weeks"]
        assert isinstance(figures, forms.ChoiceField) and isinstance(weeks, forms.ChoiceField)
        figures.choices = [(one.code, f"{one.label}: {one.description}") for one in queries.offered(actor)]
        weeks.choices = [(number, weeks_label(number)) for number in PERIODS]
        if not actor.may("reports.make"):
            del self.fields["shared"]

    def values(self) -> dict[str, Any]:
        """What was chosen; figures that the form began with keep their order, further ones follow."""
        chosen = self.cleaned_data["figures"]
        begun = [code for code in self.initial.get("figures", []) if code in chosen]
        figures = [*begun, *(code for code in chosen if code not in begun)]
        return {"shared": False, **self.cleaned_data, "figures": figures}

    def refuse(self, error: queries.ReportError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


def weeks_label(number: int) -> str:
    return ngettext("%(n)s week", "%(n)s weeks", number) % {"n": counted(number)}
