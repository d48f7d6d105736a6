"""What the history forgets of an erased person: everything about them, their words, and their name where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from enishi.core.personal import STRUCK, Emptied, Subject
from enishi.privacy.services.striking import Striker
from enishi.timeline.models import Entry
from enishi.timeline.redaction import Content

PARTY = "contacts.party"
# What says nothing of anybody.
_NEUTRAL = {"kind", "status", "project_ids", "confidentiality", "owner_id"}


class Forgetting:
    """Finds the entries that speak of somebody, and says what they are to say instead."""

    def __init__(
        self,
        subject: Subject,
        striker: Striker,
        *,
        own: Mapping[type[models.Model], Collection[int]],
        emptied: Collection[Emptied],
    ) -> None:
        self.ids = set(subject.party_ids)
        self.striker = striker
        self.own = {model._meta.label_lower: set(ids) for model, ids in own.items()}
        self.emptied = emptied

    def entries(self) -> list[Entry]:
        """Those to look at, locked: about the person, about records of theirs, and wherever the name stands."""
        condition = Q(party_id__in=self.ids)
        for label, held in self.own.items():
            condition |= Q(subject_type=label, subject_id__in=held)
        for one in self.emptied:
            condition |= Q(subject_type=one.model._meta.label_lower, subject_id__in=one.ids)
        found = Entry.objects.unscoped("an erasure reaches every entry").annotate(
            changes_text=Cast("changes", models.TextField()), data_text=Cast("data", models.TextField())
        )
        # Relations stand in the history of their other end too.
        ids = "|".join(map(str, sorted(self.ids)))
        condition |= Q(changes_text__regex=f'"(?:source|target)": (?:{ids})[,}}]')
        if pattern := self.striker.anywhere:
            condition |= Q(label__regex=pattern)
            condition |= Q(changes_text__regex=pattern) | Q(data_text__regex=pattern)
        return list(found.filter(condition).order_by("pk").select_for_update(no_key=True, of=("self",)))

    def rewrite(self, entry: Entry) -> Content:
        if entry.subject_type == PARTY and entry.subject_id in self.ids:
            changes = {name: _pair(name, pair) for name, pair in entry.changes.items()}
            data = {name: _blank(name, value) for name, value in entry.data.items()}
            return Content(STRUCK, changes, data)
        label, changes, data = rewrite_emptied(entry, self.emptied)
        own = entry.party_id in self.ids or entry.subject_id in self.own.get(entry.subject_type, ())
        return Content(
            self.striker.strike(label, own=own),
            self._strike(changes, own=own),
            self._strike(data, own=own),
        )

    def _strike(self, value: Any, *, own: bool) -> Any:
        """Names out of all texts, and what a relation says as a whole where they are one end of it."""
        if isinstance(value, dict):
            if {value.get("source"), value.get("target")} & self.ids:
                return STRUCK
            return {name: self._strike(item, own=own) for name, item in value.items()}
        if isinstance(value, list):
            return [self._strike(item, own=own) for item in value]
        return self.striker.strike_all(value, own=own)


def rewrite_emptied(entry: Entry, emptied: Collection[Emptied]) -> Content:
    """An entry without the columns that were emptied in its record."""
    label, changes, data = entry.label, dict(entry.changes), dict(entry.data)
    for one in emptied:
        if entry.subject_type == one.model._meta.label_lower and entry.subject_id in one.ids:
            label = STRUCK if one.label and label else label
            changes = {n: _pair(n, p, one.left) if n in one.columns else p for n, p in changes.items()}
            data = {n: _blank(n, v, one.left) if n in one.columns else v for n, v in data.items()}
    return Content(label, changes, data)


def _pair(name: str, pair: Any, left: Callable[[Any], Any] | None = None) -> Any:
    if isinstance(pair, list):
        return [_blank(name, value, left) for value in pair]
    return _blank(name, pair, left)


def _blank(name: str, value: Any, left: Callable[[Any], Any] | None = None) -> Any:
    """A mark in place of what was said; that nothing was said, or yes or no, or a number of a record, stays."""
    if left is not None:
        return left(value)
    if name in _NEUTRAL or value is None or isinstance(value, (bool, int)) or value in ("", [], {}):
        return value
    return STRUCK
