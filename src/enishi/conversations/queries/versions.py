"""Earlier versions of a conversation, worked out backwards from the history."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.content.models import File
from enishi.conversations import signals
from enishi.conversations.models import Interaction
from enishi.core import clock, formats
from enishi.timeline.models import Entry

_EVENTS = (signals.interaction_logged.code, signals.interaction_changed.code, signals.mail_imported.code)


@dataclass(frozen=True)
class Version:
    """One saved state; ``changes`` is what it changed of the one before."""

    number: int
    at: dt.datetime
    by: str
    changes: Mapping[str, tuple[Any, Any]]


@prepared
def _entries(actor: Actor, interaction_id: int) -> QuerySet[Entry]:
    limit = Entry.scope_condition(actor.scope(Interaction.view_right))
    found = Entry.objects.unscoped(
        "versions are read under the right for the conversation, and limited by it here"
    )
    own = found.filter(subject_type="conversations.interaction", subject_id=interaction_id, event__in=_EVENTS)
    return own.filter(limit if limit is not None else Q()).order_by("-id")


def versions(actor: Actor, interaction: Interaction) -> list[Version]:
    """The saved states, newest first, under the right for the conversation itself.

    What was said while it was more confidential than the actor may read stays closed, and so does what lies before.
    """
    found: list[Version] = []
    expected = interaction.version
    for entry in _entries(actor, interaction.pk):
        number = int(entry.data.get("version", 1))
        if number != expected:
            break
        found.append(
            Version(number, entry.at, entry.actor_name, {k: (v[0], v[1]) for k, v in entry.changes.items()})
        )
        expected -= 1
    return found


def compare(actor: Actor, interaction: Interaction, number: int) -> dict[str, Any] | None:
    """A version as it read, and what it changed of the one before; None when the actor cannot look back that far."""
    state: dict[str, Any] = {"subject": interaction.subject, "text": interaction.text}
    for version in versions(actor, interaction):
        if version.number == number:
            rows = _rows(actor, interaction, version.changes) if number > 1 else []
            words = version.changes.get("text") if number > 1 else None
            return {
                "version": version,
                "state": state,
                "rows": rows,
                "lines": _lines(*words) if words else [],
            }
        for name, (before, _after) in version.changes.items():
            state[name] = before
    return None


@dataclass(frozen=True)
class Line:
    """One line of a comparison: ``sign`` is ``+``, ``-`` or a space."""

    sign: str
    text: str


def _lines(before: str | None, after: str | None) -> list[Line]:
    compared = difflib.ndiff((before or "").splitlines(), (after or "").splitlines())
    return [Line(line[0], line[2:]) for line in compared if line[0] != "?"]


def _rows(
    actor: Actor, interaction: Interaction, changes: Mapping[str, tuple[Any, Any]]
) -> list[dict[str, str]]:
    """Before and after of each field in words; texts are compared line by line instead."""
    names = _names(actor, changes)
    return [
        {"field": str(_label(name)), "old": _words(name, old, names), "new": _words(name, new, names)}
        for name, (old, new) in changes.items()
        if name not in {"text", "folds"}
    ]


def _label(name: str) -> Any:
    labels = {
        "project_ids": _("Projects"), "participants": _("People"), "tags": _("Tags"), "files": _("Files"),
    }  # fmt: skip
    return labels.get(name) or capfirst(Interaction._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _names(actor: Actor, changes: Mapping[str, tuple[Any, Any]]) -> dict[tuple[str, int], str]:
    """Names of the people, projects and files in the changes, as far as the actor may see them."""
    people = [one for pair in [changes.get("participants", ([], []))] for side in pair for one in side or []]
    ids = {kind: {one[kind] for one in people if one[kind]} for kind in ("party", "user")}
    files = {pk for side in changes.get("files", ([], [])) for pk in side or []}
    projects = {pk for side in changes.get("project_ids", ([], [])) for pk in side or []}
    found: dict[tuple[str, int], str] = {}
    if ids["party"]:
        found |= {
            ("party", p.pk): p.full_name for p in Party.objects.visible_to(actor).filter(pk__in=ids["party"])
        }
    if ids["user"]:
        found |= {("user", u.pk): str(u) for u in accounts.users(active=None).filter(pk__in=ids["user"])}
    if files:
        found |= {("file", f.pk): f.name for f in File.objects.visible_to(actor).filter(pk__in=files)}
    if projects:
        found |= {
            ("project", p.pk): p.name
            for p in accounts.projects(actor, "conversations.view").filter(pk__in=projects)
        }
    return found


def _words(name: str, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    if value is None or value == []:
        return ""
    if name == "participants":
        known = [_person(one, names) for one in value]
        return ", ".join(filter(None, known))
    if name in {"files", "project_ids"}:
        kind = "file" if name == "files" else "project"
        return ", ".join(filter(None, (names.get((kind, pk), "") for pk in value)))
    if name == "tags":
        return ", ".join(value)
    if name == "occurred_at":
        moment = timezone.localtime(dt.datetime.fromisoformat(value))
        return formats.format_datetime(
            moment, translation.get_language() or "en", today=clock.today(), long=True
        )
    choices = dict(Interaction._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))


def _person(one: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> str:
    if one["party"]:
        return names.get(("party", one["party"]), "")
    if one["user"]:
        return names.get(("user", one["user"]), "")
    return str(one["name"] or one["address"])
