"""Forms that remember what stood in them when they were opened, so that two people may edit one record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import QueryDict

from enishi.contacts.services import ContactError
from enishi.timeline.services import plain

MINE, THEIRS = "a", "b"


@dataclass(frozen=True)
class Clash:
    """A field that both changed: what this form says and what somebody else saved meanwhile."""

    name: str
    label: Any
    mine: str
    theirs: str


class SeenForm(forms.Form):
    """A form over values that others may change meanwhile.

    Only what this user changed is saved. Where somebody else changed the same field since, the form shows both
    (``clashes``) and the answer says which one stays.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, current: Mapping[str, Any], data: Any = None, files: Any = None, **kwargs: Any
    ) -> None:
        self.current = {name: plain(value) for name, value in current.items()}
        self.clashes: list[Clash] = []
        initial = {**current, "seen": json.dumps(self.current)}
        super().__init__(data, files, initial=initial, **kwargs)

    def changed_values(self) -> dict[str, Any]:
        """What this user wants otherwise; fills ``clashes`` and answers nothing while one of them is undecided."""
        before = self._seen()
        wanted: dict[str, Any] = {}
        for name in self.current:
            if name not in self.cleaned_data or self.data.get(f"keep-{name}") == THEIRS:
                continue
            mine, theirs = plain(self.cleaned_data[name]), self.current[name]
            if mine in (theirs, before.get(name, theirs)):
                continue
            if before.get(name, theirs) != theirs and self.data.get(f"keep-{name}") != MINE:
                label = self.fields[name].label if name in self.fields else name
                self.clashes.append(
                    Clash(name, label, self.in_words(name, mine), self.in_words(name, theirs))
                )
            wanted[name] = self.cleaned_data[name]
        return {} if self.clashes else wanted

    def _seen(self) -> dict[str, Any]:
        try:
            told = json.loads(self.cleaned_data.get("seen") or "{}")
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def ask_again(self) -> None:
        """Show the form once more, with what stands now as what was seen."""
        data = cast(QueryDict, self.data).copy()
        data["seen"] = json.dumps(self.current)
        self.data = data

    def in_words(self, name: str, value: Any) -> str:
        """A plain value as it stands beside the other one."""
        field = self.fields.get(name)
        choices = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        if isinstance(value, list):
            return ", ".join(choices.get(str(one), str(one)) for one in value)
        return "" if value is None else choices.get(str(value), str(value))

    def refuse(self, error: ContactError) -> None:
        """Show why a service refused, at its field where the form has it."""
        name = error.field.partition(":")[2] or error.field
        self.add_error(name if name in self.fields else None, str(error))
