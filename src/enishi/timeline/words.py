"""How entries read: fields by their names on screen, values as people write them.

An app names what is recorded under another name than its model field::

    @provide("timeline.fields", "contacts.party")
    def _fields() -> Mapping[str, Any]:
        return {"project_ids": _("projects")}

says in its own words what a value is (None: as it stands)::

    @provide("timeline.values", "contacts.party")
    def _value(name: str, value: Any) -> str | None: ...

and says where a record has its page, when that is not called ``<app>:<model>``::

    @provide("timeline.url", "accounts.user")
    def _url(subject_id: int) -> str: ...

what of an entry somebody does not read, by the names in the history::

    @provide("timeline.hidden", "contacts.party")
    def _hidden(actor: Actor, entry: Entry) -> frozenset[str]: ...

and how a value reads of which somebody does not read all::

    @provide("timeline.parts", "contacts.party")
    def _parts(actor: Actor, entry: Entry, name: str, value: Any) -> Any: ...
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level, Via
from enishi.core import choices as listed
from enishi.core import clock, events, formats, registry
from enishi.core.personal import STRUCK
from enishi.timeline.as_of import State
from enishi.timeline.models import Entry
from enishi.timeline.queries import hidden, partly

_ICONS = {
    "created": "plus",
    "changed": "pencil",
    "deleted": "trash",
    "restored": "arrow-back-up",
    "undone": "arrow-back-up",
    "merged": "git-merge",
    "imported": "table-import",
    "exported": "download",
    "in": "login",
    "failed": "alert-triangle",
}

# What apps record under the same names, where they do not name it themselves.
_USUAL = {
    "days": gettext_lazy("days"),
    "folds": gettext_lazy("folded parts"),
    "language": gettext_lazy("language"),
    "participants": gettext_lazy("participants"),
    "parties": gettext_lazy("contacts"),
    "path": gettext_lazy("path"),
    "project": gettext_lazy("project"),
    "role": gettext_lazy("role"),
    "sha256": gettext_lazy("SHA-256"),
    "size": gettext_lazy("size"),
    "tags": gettext_lazy("tags"),
    "told": gettext_lazy("told to"),
    "version": gettext_lazy("version"),
}


@dataclass(frozen=True)
class Told:
    """One entry as it is drawn."""

    entry: Entry
    what: Any
    icon: str
    day: dt.date
    via: Any
    url: str = ""
    sealed: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)


def told(actor: Actor, entry: Entry) -> Told:
    """Put one entry into words, as far as somebody may read it; costs no query."""
    unread, shown = hidden(actor, entry), partly(actor, entry)
    names = _names(entry.subject_type)
    fields = _fields(entry.subject_type)
    rows = [
        {
            "field": _label(names, fields, name),
            "old": _value(entry.subject_type, name, fields.get(name), before),
            "new": _value(entry.subject_type, name, fields.get(name), after),
        }
        for name, pair in entry.changes.items()
        for before, after in [[shown(name, value) for value in pair]]
        # What differs only in what is not read has not changed.
        if name not in unread and (before != after or pair[0] == pair[1])
    ]
    # What neither is nor was said in words is for programs only.
    rows = [row for row in rows if row["old"] or row["new"]]
    first = not entry.event.endswith("_changed") and not any(row["old"] for row in rows)
    facts = [(row["field"], row["new"]) for row in rows if row["new"]] if first else []
    facts += [
        (_label(names, fields, name), text)
        for name, value in entry.data.items()
        # What only the undo reads begins with a line below.
        if not name.startswith("_")
        and (text := _value(entry.subject_type, name, fields.get(name), shown(name, value)))
    ]
    return Told(
        entry=entry,
        what=events.label(entry.event),
        icon=_ICONS.get(entry.event.rpartition("_")[2], "point"),
        day=timezone.localdate(entry.at),
        via=Via(entry.via).label,
        url=address(entry.subject_type, entry.subject_id),
        sealed=entry.confidentiality >= Level.CONFIDENTIAL,
        # What is new has no "before".
        rows=[] if first else rows,
        facts=facts,
    )


def labels(entry: Entry) -> dict[str, str]:
    """What was changed, by the names on screen."""
    names, fields = _names(entry.subject_type), _fields(entry.subject_type)
    return {name: _label(names, fields, name) for name in entry.changes}


def stood(subject_type: str, found: State) -> list[dict[str, Any]]:
    """What a record said at a moment and says now, field by field; what was empty then and now is left out."""
    names, fields = _names(subject_type), _fields(subject_type)
    rows = []
    for one in found.fields:
        plain, _colon, number = one.name.partition(":")
        plain = plain if number.isdecimal() else one.name
        then, last = (_value(subject_type, plain, fields.get(plain), value) for value in (one.then, one.last))
        if then or last:
            label = _label(names, fields, plain)
            rows.append({"field": label, "then": then, "now": last, "changed": one.changed_since})
    return rows


def address(subject_type: str, subject_id: int) -> str:
    """Where a record has its page; empty when it has none."""
    own = registry.provider("timeline.url", subject_type)
    if own is not None:
        return str(own(subject_id))
    try:
        return reverse(subject_type.replace(".", ":", 1), args=[subject_id])
    except NoReverseMatch:
        return ""


def _names(subject_type: str) -> Mapping[str, Any]:
    """Its owner's names, and those of apps that write about it: they register under ``contacts.party:<app>``, as for values."""
    named = registry.providers("timeline.fields").items()
    # Not one dictionary: the names of own fields are worked out when they are asked for.
    return ChainMap(*(names() for key, names in named if key.partition(":")[0] == subject_type))


@functools.cache
def _fields(subject_type: str) -> Mapping[str, Any]:
    model = next((m for m in apps.get_models() if m._meta.label_lower == subject_type), None)
    return {f.name: f for f in model._meta.get_fields()} if model else {}


def _label(names: Mapping[str, Any], fields: Mapping[str, Any], name: str) -> str:
    own = names.get(name) or getattr(fields.get(name), "verbose_name", None)
    # A field without a name of its own has one that Django made of its English identifier.
    if not own or (isinstance(own, str) and name in _USUAL):
        own = _USUAL.get(name) or name.replace("_", " ")
    return capfirst(str(own))


def _value(subject_type: str, name: str, field: Any, value: Any) -> str:
    """A value in the words of the app that owns the record, where it has better ones."""
    for key, own in registry.providers("timeline.values").items():
        if key.partition(":")[0] == subject_type and (words := own(name, value)) is not None:
            return str(words)
    return value_words(field, value) if (words := _usual(name, value)) is None else words


def _usual(name: str, value: Any) -> str | None:
    """What apps record under the same names, in words; None for what has no words of its own."""
    if name == "project_ids" and isinstance(value, list):
        # By number only: a reader of the history need not know of every project.
        return ngettext("%(count)s project", "%(count)s projects", len(value)) % {
            "count": formats.counted(len(value))
        }
    if name == "owner_id" and isinstance(value, int):
        return colleague(value)
    if name == "language" and isinstance(value, str):
        return listed.language_name(value)
    return None


def colleague(user_id: int) -> str:
    """The name of somebody who works here."""
    return _colleague(user_id, clock.today())


@functools.lru_cache(1024)
def _colleague(user_id: int, _today: dt.date) -> str:
    """Asked for once a day: a page of the history names the same few again and again."""
    return str(next(iter(accounts.users(active=None).filter(pk=user_id)), user_id))


def value_words(field: Any, value: Any) -> str:
    """A recorded value as people write it: choices by their label, dates and numbers in the reader's way."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value_words(None, item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {value_words(None, item)}" for key, item in value.items())
    if value == STRUCK:
        return _("erased")
    choices = dict(getattr(field, "flatchoices", None) or ())
    if value in choices:
        return str(choices[value])
    language = get_language() or "en"
    if isinstance(value, int):
        return formats.format_number(value, language)
    if isinstance(field, models.DateTimeField) and (moment := parse_datetime(str(value))):
        local = timezone.localtime(moment)
        return f"{formats.format_date(local, language, today=clock.today())} {formats.format_time(local, language)}"
    if isinstance(field, models.DateField) and (day := parse_date(str(value))):
        return formats.format_date(day, language, today=clock.today())
    return str(value)


__all__ = ["Told", "address", "colleague", "labels", "stood", "told", "value_words"]
