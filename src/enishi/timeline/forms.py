"""Which part of the history one wants to see."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.core import clock, events, formats


class HistoryFilter(forms.Form):
    """All fields may stay empty; what cannot be read is left out of the conditions and said at its field."""

    who: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("who"), queryset=None, required=False, empty_label=_("anybody")
    )
    event = forms.ChoiceField(label=_("what"), required=False)
    project: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("project"), queryset=None, required=False, empty_label=_("all projects")
    )
    since = forms.DateField(label=_("from"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("to"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, actor: Actor, data: Any) -> None:
        super().__init__(data or None, auto_id="f-%s")
        self.fields["who"].queryset = accounts.users(active=None)  # type: ignore[attr-defined]
        self.fields["project"].queryset = accounts.projects(actor, "timeline.view")  # type: ignore[attr-defined]
        kinds = sorted(
            ((e.code, str(e.label)) for e in events.known_events()), key=lambda pair: pair[1].lower()
        )
        self.fields["event"].choices = [("", _("anything")), *kinds]  # type: ignore[attr-defined]
        self.is_valid()
        self._clean: dict[str, Any] = {
            name: value
            for name, value in getattr(self, "cleaned_data", {}).items()
            if value not in (None, "")
        }

    def conditions(self) -> dict[str, Any]:
        """Arguments of ``queries.history``; days are days of the reader's time zone."""
        clean = self._clean
        return {
            "event": clean.get("event", ""),
            "user_id": clean["who"].pk if "who" in clean else None,
            "project_id": clean["project"].pk if "project" in clean else None,
            "since": _midnight(clean.get("since")),
            "until": _midnight(clean["until"] + dt.timedelta(days=1)) if "until" in clean else None,
        }

    def chosen(self) -> dict[str, str]:
        """What stands in the address."""
        return {name: str(getattr(value, "pk", value)) for name, value in self._clean.items()}

    def shown(self) -> list[dict[str, str]]:
        """The conditions as words, each with the address without it."""
        chosen = self.chosen()
        words: dict[str, str] = {}
        for name, value in self._clean.items():
            if isinstance(value, dt.date):
                words[name] = formats.format_date(value, get_language() or "en", today=clock.today())
            else:
                words[name] = str(events.label(value)) if name == "event" else str(value)
        return [
            {
                "field": str(self.fields[name].label),
                "value": text,
                "remove_url": "?" + urlencode({key: item for key, item in chosen.items() if key != name}),
            }
            for name, text in words.items()
        ]


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else timezone.make_aware(dt.datetime.combine(day, dt.time.min))
