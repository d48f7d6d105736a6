"""Filter trees as data: reading, writing, changing one place.

A tree is JSON: ``{"op": "and", "items": [...]}``, ``{"op": "or", ...}``, ``{"op": "not", "items": [...]}`` or a leaf
``{"field": "tag", "cmp": "is", "value": [3]}``. A place in it is the positions on the way down: ``(1, 0)``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

MAX_LEAVES = 40
MAX_GROUPS = 40
MAX_DEPTH = 6
OPS = ("and", "or", "not")

Place = Sequence[int]


class FilterError(ValueError):
    """A filter that cannot be read; the text names the condition and the remedy."""


@dataclass(frozen=True)
class Leaf:
    field: str
    cmp: str
    value: Any = None


@dataclass(frozen=True)
class Node:
    op: str
    items: tuple[Node | Leaf, ...] = field(default=())


EVERYBODY = Node("and")


def parse(spec: Any) -> Node:
    """Read a stored or submitted tree; raises FilterError for anything that is none."""
    leaves = groups = 0

    def read(item: Any, depth: int) -> Node | Leaf:
        nonlocal leaves, groups
        if not isinstance(item, dict) or depth > MAX_DEPTH:
            raise FilterError(_("This filter cannot be read. Remove the last condition and add it again."))
        if "field" in item:
            leaves += 1
            if leaves > MAX_LEAVES:
                raise FilterError(_("A filter holds at most %(n)s conditions.") % {"n": MAX_LEAVES})
            return Leaf(str(item["field"]), str(item.get("cmp", "is")), item.get("value"))
        groups += 1
        op, items = item.get("op"), item.get("items", [])
        if op not in OPS or not isinstance(items, list) or groups > MAX_GROUPS:
            raise FilterError(_("This filter cannot be read. Remove the last condition and add it again."))
        return Node(op, tuple(read(each, depth + 1) for each in items))

    root = read(spec or {"op": "and", "items": []}, 0)
    return root if isinstance(root, Node) else Node("and", (root,))


def as_json(node: Node | Leaf) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"field": node.field, "cmp": node.cmp, "value": node.value}
    return {"op": node.op, "items": [as_json(item) for item in node.items]}


def encode(node: Node) -> str:
    """A tree as it stands in an address."""
    raw = json.dumps(as_json(node), ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def decode(text: str) -> Node:
    """Read a tree from an address; raises FilterError."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return parse(json.loads(raw.decode("utf-8", "surrogatepass")))
    except FilterError:
        raise
    except (ValueError, binascii.Error, RecursionError):
        raise FilterError(_("The address of this list is damaged. Start from one of the views.")) from None


def at(node: Node, place: Place) -> Node | Leaf:
    """What stands at a place; raises FilterError when there is nothing."""
    found: Node | Leaf = node
    for position in place:
        if not isinstance(found, Node) or not 0 <= position < len(found.items):
            raise FilterError(_("This condition is not there any more. Look at the filter again."))
        found = found.items[position]
    return found


def put(node: Node, place: Place, item: Node | Leaf | None) -> Node:
    """The tree with another item at a place, or without it; a group that becomes empty goes as well."""
    if not place:
        return item if isinstance(item, Node) else EVERYBODY
    at(node, place)
    position, rest = place[0], place[1:]
    items = list(node.items)
    if rest:
        inner = items[position]
        assert isinstance(inner, Node)
        changed = put(inner, rest, item)
        items[position : position + 1] = [changed] if changed.items else []
    else:
        items[position : position + 1] = [] if item is None else [item]
    return replace(node, items=tuple(items))


def add(node: Node, place: Place, item: Node | Leaf) -> Node:
    """The tree with one more item at the end of the group at a place."""
    group = at(node, place)
    if not isinstance(group, Node):
        raise FilterError(_("This condition is not there any more. Look at the filter again."))
    return put(node, place, replace(group, items=(*group.items, item)))


def switch(node: Node, place: Place, op: str) -> Node:
    """The tree with the items of one group joined another way."""
    group = at(node, place)
    if not isinstance(group, Node) or op not in OPS:
        raise FilterError(_("This condition is not there any more. Look at the filter again."))
    return put(node, place, replace(group, op=op))
