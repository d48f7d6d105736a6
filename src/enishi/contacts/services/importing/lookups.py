"""What the rows of a file are read with: own fields, purposes, colleagues, languages, time zones; looked up once."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from babel import Locale

from enishi.accounts.models import User
from enishi.contacts.models import ConsentPurpose, Field
from enishi.core import names, text

_BETWEEN = re.compile(r"\s*[/>]\s*|\s*::\s*")


@dataclass(frozen=True)
class Setup:
    """What the rows of a file are read with. ``strict``: a value that cannot be read refuses its row; else it is kept as a note."""

    country: str
    day_first: bool | None = None
    strict: bool = True
    language: str = ""
    tags: tuple[str, ...] = ()
    own_fields: dict[str, Field] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    """Protected fields that whoever imports may not change, by their names in the history."""
    purposes: frozenset[str] = frozenset()
    owners: dict[str, int] = field(default_factory=dict)


def setup(
    *,
    country: str,
    day_first: bool | None,
    strict: bool,
    language: str,
    tags: Sequence[str],
    users: Iterable[User],
    closed: frozenset[str] = frozenset(),
) -> Setup:
    """Look up once what every row may name: own fields, purposes, colleagues."""
    own = {}
    for found in Field.objects.filter(archived_at__isnull=True):
        own[text.fold(found.label)] = own[found.code] = found
    return Setup(
        country=country,
        day_first=day_first,
        strict=strict,
        language=language,
        tags=tuple(filter(None, map(tag_path, tags))),
        own_fields=own,
        closed=closed,
        purposes=frozenset(ConsentPurpose.objects.values_list("code", flat=True)),
        owners=_owners(users),
    )


def _owners(users: Iterable[User]) -> dict[str, int]:
    """Colleagues by e-mail, name, and any single word of a name that only one of them has."""
    found: dict[str, int] = {}
    words: dict[str, set[int]] = {}
    for user in users:
        found[user.email.lower()] = user.pk
        found.setdefault(text.fold(user.name), user.pk)
        found.setdefault(names.person_key(user.name, ""), user.pk)
        for word in text.fold(user.name).split():
            words.setdefault(word, set()).add(user.pk)
    for word, ids in words.items():
        if len(ids) == 1:
            found.setdefault(word, next(iter(ids)))
    return found


def tag_path(typed: str) -> str:
    """``Media/Press`` or ``Media > Press`` as tags are kept: ``Media / Press``."""
    parts = [part.strip()[:80] for part in _BETWEEN.split(text.strip_bidi(text.clean(typed)))]
    return " / ".join(part for part in parts if part)[:400]


@cache
def time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@cache
def _languages() -> dict[str, str]:
    found: dict[str, str] = {}
    for reader in ("en", "fr", "ja", "fa"):
        for code, name in Locale(reader).languages.items():
            if "_" not in code and len(code) <= 3:
                found.setdefault(text.fold(name), code)
                found[code] = code
    return found


@lru_cache(maxsize=1024)
def language_code(typed: str) -> str:
    """The code of a language given by code (``fr-CA``) or name in English, French, Japanese or Persian; else empty."""
    known = _languages()
    head = re.split(r"[-_]", typed.strip().lower(), maxsplit=1)[0]
    return known.get(head) or known.get(text.fold(typed)) or ""
