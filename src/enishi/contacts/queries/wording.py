"""A filter as people read it: field, comparison and value in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.contacts.queries.filters import FilterField, find_field
from enishi.contacts.queries.tree import Leaf, Node, Place
from enishi.core.parameters import numbers

WORDLESS = {"empty"}
COUNTED = {"within", "older"}


@dataclass(frozen=True)
class Told:
    """One condition in words, with its place in the tree; ``known`` is false when its field is gone."""

    place: tuple[int, ...]
    icon: str
    field: Any
    op: Any
    value: str
    known: bool = True

    @property
    def at(self) -> str:
        return ".".join(map(str, self.place))


@dataclass(frozen=True)
class ToldGroup:
    place: tuple[int, ...]
    op: str
    items: tuple[Told | ToldGroup, ...]

    @property
    def at(self) -> str:
        return ".".join(map(str, self.place))


def told(actor: Actor, node: Node, place: Place = ()) -> ToldGroup:
    """A tree in words. A condition is read once however often its field occurs."""
    fields: dict[str, FilterField | None] = {}

    def tell(item: Node | Leaf, where: tuple[int, ...]) -> Told | ToldGroup:
        if isinstance(item, Node):
            inner = tuple(tell(each, (*where, position)) for position, each in enumerate(item.items))
            return ToldGroup(where, item.op, inner)
        if item.field not in fields:
            fields[item.field] = find_field(item.field)
        return _leaf(actor, item, fields[item.field], where)

    found = tell(node, tuple(place))
    assert isinstance(found, ToldGroup)
    return found


def _leaf(actor: Actor, leaf: Leaf, field: FilterField | None, where: tuple[int, ...]) -> Told:
    if field is None or leaf.cmp not in field.compare:
        return Told(where, "help-circle", leaf.field, _("does not exist any more"), "", known=False)
    value = "" if leaf.cmp in WORDLESS or field.kind == "none" else value_words(actor, field, leaf.value)
    if field.kind == "days" and leaf.cmp in COUNTED and value.isdecimal() and len(value) < 9:
        value = ngettext("%(n)s day", "%(n)s days", int(value)) % {"n": value}
    return Told(where, field.icon, field.label, field.compare[leaf.cmp], value)


def value_words(actor: Actor, field: FilterField, value: Any) -> str:
    """The chosen values by their labels; parties by their names, as far as the reader may see them."""
    items = [str(item) for item in (value if isinstance(value, list) else [value]) if item not in (None, "")]
    if field.kind == "choice" and field.choices is not None:
        labels = {code: str(label) for code, label in field.choices(actor)}
        return _listed(labels.get(item, _("not known")) for item in items)
    if field.kind == "party":
        ids = numbers(items)
        names = dict(Party.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", "full_name"))
        return _listed(names.get(pk, _("not known")) for pk in ids)
    return _listed(map(field.words, items) if field.words else items)


def _listed(words: Iterable[str]) -> str:
    """Several values in one line; each keeps its own direction, so that scripts do not mix."""
    parts = list(words)
    return parts[0] if len(parts) == 1 else _(" or ").join(f"\u2068{part}\u2069" for part in parts)


def sentence(actor: Actor, node: Node) -> str:
    """A whole tree as one line, for the history and for labels."""

    def say(item: Told | ToldGroup) -> str:
        if isinstance(item, Told):
            return " ".join(filter(None, (str(item.field), str(item.op), item.value)))
        inner = {"and": _(" and "), "or": _(" or "), "not": _(" and ")}[item.op].join(map(say, item.items))
        if item.op == "not":
            return _("not (%(conditions)s)") % {"conditions": inner}
        return f"({inner})" if item.place and len(item.items) > 1 else inner

    return say(told(actor, node))
