"""Pieces of the forms about contacts: text lines, lists to choose from, the type-ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.contacts.models import (
    Party,
)
from enishi.contacts.queries import party_or_none
from enishi.core import normalise
from enishi.core.parameters import number


def text_line(label: Any, length: int, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, max_length=length, required=False, widget=widget)


def with_none(choices: Iterable[tuple[str, Any]], words: Any = "") -> list[tuple[str, Any]]:
    return [("", words), *choices]


def levels(actor: Actor, project_ids: Iterable[int] | None = None) -> list[tuple[int, Any]]:
    """The levels that the actor may give: none above what they may read themselves."""
    ids = list(project_ids) if project_ids is not None else list(actor.scope("contacts.edit").some.projects)
    reach = actor.clearance(Party.view_right, ids, own=True)
    everywhere = actor.scope(Party.view_right).some.everywhere
    most = max(reach, everywhere if everywhere is not None else -1)
    return [(value, label) for value, label in Level.choices if value <= most]


def project_choices(actor: Actor) -> list[tuple[int, str]]:
    tree = accounts.project_tree(accounts.projects(actor, "contacts.edit"))
    return [(project.pk, "\u2007" * 2 * depth + project.name) for depth, project in tree]


def read_kana(form: forms.Form, name: str, typed: str) -> str:
    """A reading in kana of ordinary width; what is no kana is refused at its field."""
    if not typed:
        return ""
    try:
        return normalise.kana(typed).value
    except normalise.Unusable as error:
        form.add_error(name, refusal(error))
        return typed


def refusal(error: normalise.Unusable) -> forms.ValidationError:
    return forms.ValidationError(str(error), params={"repair": error.repair} if error.repair else None)


class Picked:
    """What the type-ahead sends: the id of a party one may see, or ``new:`` with a name."""

    def __init__(self, party: Party | None, name: str) -> None:
        self.party, self.name = party, name

    @classmethod
    def read(cls, actor: Actor, sent: str) -> Picked:
        if sent.startswith("new:"):
            return cls(None, sent.removeprefix("new:").strip()[:300])
        party = party_or_none(actor, pk) if (pk := number(sent)) else None
        return cls(party, party.full_name if party else "")

    def __bool__(self) -> bool:
        return bool(self.name)

    @property
    def value(self) -> str:
        return str(self.party.pk) if self.party else f"new:{self.name}" if self.name else ""

    @property
    def answer(self) -> Party | str | None:
        return self.party or self.name or None
