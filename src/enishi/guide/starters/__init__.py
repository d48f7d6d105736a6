"""Starter packs as data: the fields, tags, themes and purposes of consent that a line of work usually wants.

One TOML file each, with its words in every language. A tag or a theme may stand ``under`` one that comes before it.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from enishi.contacts.models import Field, Party
from enishi.core.packs import PackError, Words, read_words

PARTS = ("fields", "tags", "themes", "purposes")
WITH_CHOICES = (Field.Kind.CHOICE, Field.Kind.CHOICES)


@dataclass(frozen=True)
class Item:
    """One thing of a pack. ``help`` is that of a field, or what belongs to a theme; the kinds and options are of fields."""

    part: str
    code: str
    label: Words
    help: Words | None = None
    under: Item | None = None
    kind: str = ""
    party_kinds: Sequence[str] = ()
    options: Sequence[Words] = ()

    @property
    def key(self) -> str:
        return f"{self.part}:{self.code}"


@dataclass(frozen=True)
class Starter:
    """A pack: what it is for, and its things, what stands above others first."""

    code: str
    icon: str
    order: int
    label: Words
    about: Words
    items: Sequence[Item]


def read_starter(where: str, source: str) -> Starter:
    """A pack from the text of its file; ``where`` names it in errors. Raises PackError."""
    try:
        data = tomllib.loads(source)
        items: dict[str, Item] = {}
        for part in PARTS:
            for one in data.get(part, []):
                item = _item(where, part, one, items)
                if item.key in items:
                    raise PackError(f"{where}: {item.key} stands there twice")
                items[item.key] = item
        return Starter(
            code=data["code"],
            icon=data["icon"],
            order=data["order"],
            label=read_words(where, data["label"]),
            about=read_words(where, data["about"]),
            items=list(items.values()),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise PackError(f"{where}: {error}") from None


def _item(where: str, part: str, data: dict[str, Any], before: Mapping[str, Item]) -> Item:
    code = data["code"]
    kind, party_kinds = data.get("kind", ""), data.get("for", [])
    options = [read_words(f"{where}: {code}", one) for one in data.get("options", [])]
    if part == "fields" and kind not in Field.Kind.values:
        raise PackError(f"{where}: {code}: a field is one of {', '.join(Field.Kind.values)}")
    if bool(options) != (kind in WITH_CHOICES):
        raise PackError(f"{where}: {code}: a choice, and nothing else, has options")
    if unknown := set(party_kinds) - set(Party.Kind.values):
        raise PackError(f"{where}: {code}: nobody knows what {', '.join(sorted(unknown))} is")
    return Item(
        part=part,
        code=code,
        label=read_words(f"{where}: {code}", data["label"]),
        help=read_words(f"{where}: {code}", data["help"]) if "help" in data else None,
        under=before[f"{part}:{data['under']}"] if "under" in data else None,
        kind=kind,
        party_kinds=party_kinds,
        options=options,
    )


@functools.cache
def starters() -> Mapping[str, Starter]:
    """Every pack, in the order in which people choose."""
    found = [
        read_starter(one.name, one.read_text(encoding="utf-8"))
        for one in files(__name__).iterdir()
        if one.name.endswith(".toml")
    ]
    return {one.code: one for one in sorted(found, key=lambda one: one.order)}
