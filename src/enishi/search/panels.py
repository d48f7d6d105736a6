"""What search answers to others: which record somebody means."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from enishi.accounts.access import Actor
from enishi.core.parameters import number
from enishi.core.registry import provide
from enishi.search import queries
from enishi.search.models import Kind
from enishi.search.pages import PAGES


@provide("accounts.records", "find")
def find_records(actor: Actor, what: str) -> list[queries.Found]:
    """Records within the actor's rights by their key (``person:12``), the address of their page, or their words."""
    kind, _colon, key = what.partition(":")
    if kind in Kind.values and (subject_id := number(key)):
        return queries.found(actor, [(kind, subject_id)])
    places = _page(what)
    if places is None:
        places = [(hit.kind, hit.subject_id) for hit in queries.find(actor, what, limit=8)]
    return queries.found(actor, places)


def _page(what: str) -> list[tuple[str, int]] | None:
    """What the address of a page may be about; None when it is no such address."""
    if "/" not in what:
        return None
    try:
        match = resolve(urlsplit(what.strip()).path)
    except (Resolver404, ValueError):
        return None
    kinds = [str(kind) for kind, (name, _icon) in PAGES.items() if name == match.view_name]
    numbers = [value for value in match.kwargs.values() if isinstance(value, int)]
    return [(kind, numbers[0]) for kind in kinds] if kinds and numbers else None
