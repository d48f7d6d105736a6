"""Adding what a starter pack holds, and taking it back: what is there already stays as it is."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.branches import BETWEEN
from enishi.contacts import services as contacts
from enishi.contacts.models import ConsentPurpose, Field, Tag
from enishi.core.errors import Refusal
from enishi.core.packs import LANGUAGES
from enishi.guide import signals
from enishi.guide.starters import Item, Starter
from enishi.themes import services as themes
from enishi.themes.models import Theme
from enishi.timeline.models import Operation
from enishi.timeline.services import finish_operation, record, start_operation

KIND = "guide.starter"
SETUP, THEMES = "contacts.setup", "themes.setup"
Kept = Field | Tag | Theme | ConsentPurpose


class StarterError(Refusal):
    """A pack cannot be added as asked; the text says why and what to do."""


class Standing(enum.Enum):
    """Whether a thing of a pack is there already; ``AWAY``: it was put away, and comes back."""

    NEW = "new"
    THERE = "there"
    AWAY = "away"


@dataclass(frozen=True)
class Offer:
    """One thing of a pack as it stands here."""

    item: Item
    standing: Standing


def parts_of(actor: Actor) -> list[str]:
    """Of which parts the actor may add things: one's rights decide."""
    return [
        part
        for part in ("fields", "tags", "themes", "purposes")
        if actor.may_everywhere(THEMES if part == "themes" else SETUP)
    ]


def offers(actor: Actor, starter: Starter) -> dict[str, list[Offer]]:
    """What the pack would add here, by part; in four questions whatever its size."""
    there = _There(starter)
    found: dict[str, list[Offer]] = {part: [] for part in parts_of(actor)}
    for item in starter.items:
        if item.part in found:
            found[item.part].append(Offer(item, there.standing(item)))
    return {part: rows for part, rows in found.items() if rows}


class _There:
    """What of a pack is there: fields and purposes by their code, tags and themes by their path in any language."""

    def __init__(self, starter: Starter) -> None:
        self.found: dict[str, Kept] = {}
        for part, model, name in (
            ("fields", Field, "code"),
            ("tags", Tag, "path"),
            ("themes", Theme, "path"),
            ("purposes", ConsentPurpose, "code"),
        ):
            items = [item for item in starter.items if item.part == part]
            wanted = {word: item for item in items for word in _names(item)}
            objects: Any = model._default_manager
            rows = objects.filter(**{f"{name}__in": list(wanted)})
            for row in rows.filter(project=None) if name == "path" else rows:
                self.found[wanted[getattr(row, name)].key] = row

    def standing(self, item: Item) -> Standing:
        row = self.found.get(item.key)
        if row is None:
            return Standing.NEW
        return Standing.AWAY if row.archived_at else Standing.THERE


def _names(item: Item) -> list[str]:
    if item.part in ("fields", "purposes"):
        return [item.code]
    return [path_of(item, language) for language in LANGUAGES]


def path_of(item: Item, language: str) -> str:
    """What it is called in that language, below what it stands under."""
    name = item.label.by_language[language]
    return f"{path_of(item.under, language)}{BETWEEN}{name}" if item.under else name


@dataclass
class _Adding:
    """Adds things one after another, what they stand under first; each only once."""

    actor: Actor
    there: _There
    made: list[tuple[str, int]] = field(default_factory=list)
    back: list[tuple[str, int]] = field(default_factory=list)

    def add(self, item: Item) -> Kept:
        if item.under:
            self.add(item.under)
        row = self.there.found.get(item.key)
        if row is None:
            row = _MAKERS[item.part](self, item)
            self.made.append((item.part, row.pk))
        elif row.archived_at:
            row = _archive(self.actor, item.part, row, archived=False)
            self.back.append((item.part, row.pk))
        self.there.found[item.key] = row
        return row

    def field(self, item: Item) -> Field:
        return contacts.save_field(
            self.actor,
            label=str(item.label),
            kind=item.kind,
            code=item.code,
            party_kinds=item.party_kinds,
            options=[str(option) for option in item.options],
            help_text=str(item.help or ""),
        )

    def tag(self, item: Item) -> Tag:
        above = self.there.found.get(item.under.key) if item.under else None
        assert above is None or isinstance(above, Tag)
        return contacts.create_tag(self.actor, name=str(item.label), parent=above)

    def theme(self, item: Item) -> Theme:
        above = self.there.found.get(item.under.key) if item.under else None
        assert above is None or isinstance(above, Theme)
        return themes.create_theme(
            self.actor, name=str(item.label), parent=above, meaning=str(item.help or "")
        )

    def purpose(self, item: Item) -> ConsentPurpose:
        return contacts.save_purpose(self.actor, name=str(item.label), code=item.code)


_MAKERS: Mapping[str, Callable[[_Adding, Item], Kept]] = {
    "fields": _Adding.field,
    "tags": _Adding.tag,
    "themes": _Adding.theme,
    "purposes": _Adding.purpose,
}
_MODELS: Mapping[str, type[models.Model]] = {
    "fields": Field,
    "tags": Tag,
    "themes": Theme,
    "purposes": ConsentPurpose,
}


def _archive(actor: Actor, part: str, row: Any, *, archived: bool) -> Any:
    archive: Mapping[str, Callable[..., Any]] = {
        "fields": contacts.archive_field,
        "tags": contacts.archive_tag,
        "themes": themes.archive_theme,
        "purposes": contacts.archive_purpose,
    }
    return archive[part](actor, row, archived=archived)


@transaction.atomic
def add_starter(actor: Actor, starter: Starter, *, keys: Collection[str], language: str) -> Operation:
    """Add the chosen things with their words in that language, as one operation. Raises StarterError."""
    actor.require_everywhere(SETUP)
    parts = parts_of(actor)
    wanted = [item for item in starter.items if item.key in keys and item.part in parts]
    if language not in LANGUAGES:
        raise StarterError(_("Choose one of the languages."), "language")
    adding = _Adding(actor, _There(starter))
    with translation.override(language):
        for item in wanted:
            adding.add(item)
    if not (adding.made or adding.back):
        raise StarterError(_("Choose something that is not there yet."))
    operation = start_operation(
        actor,
        kind=KIND,
        label=str(starter.label),
        project_ids=[],
        data={"starter": starter.code, "made": adding.made, "back": adding.back},
    )
    counts = {"added": len(adding.made), "restored": len(adding.back)}
    finish_operation(operation, counts={name: n for name, n in counts.items() if n})
    data = {"starter": str(starter.label), "count": len(adding.made) + len(adding.back)}
    record(actor, signals.starter_added, subject=operation, data=data, operation=operation)
    return operation


def put_away(actor: Actor, operation: Operation) -> Mapping[str, int]:
    """Put away again what a pack brought, as far as it is not put away yet; what was filled in with it stays."""
    counts = Counter[str]()
    for part, rows in there_of(operation).items():
        # What stands below first: with a tag go those under it, which others may have added.
        for row in sorted(rows, key=lambda one: getattr(one, "path", ""), reverse=True):
            if isinstance(row, Tag | Theme) and row.children.filter(archived_at=None).exists():
                counts["kept"] += 1
                continue
            _archive(actor, part, row, archived=True)
            counts["put_away"] += 1
    record(actor, signals.starter_undone, subject=operation, data=dict(counts), operation=operation)
    return counts


def there_of(operation: Operation) -> Mapping[str, list[Any]]:
    """What a pack brought and is still offered."""
    ids: dict[str, list[int]] = {}
    for part, pk in [*operation.data["made"], *operation.data["back"]]:
        ids.setdefault(part, []).append(pk)
    return {
        part: list(_MODELS[part]._default_manager.filter(pk__in=pks, archived_at=None).order_by("pk"))
        for part, pks in ids.items()
    }


def count_of(rows: Mapping[str, list[Offer]]) -> Counter[str]:
    """How many things of each part are not there yet."""
    return Counter(
        {part: sum(one.standing is not Standing.THERE for one in listed) for part, listed in rows.items()}
    )
