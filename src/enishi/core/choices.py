"""Lists to choose from that follow the reader: languages, countries, time zones."""

from __future__ import annotations

import zoneinfo
from functools import cache

from babel import Locale
from django.utils.translation import get_language

from enishi.core.text import sort_key

# Two-letter codes of CLDR that are no countries.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
Choices = list[tuple[str, str]]


def _reader() -> str:
    return (get_language() or "en").split("-")[0]


@cache
def time_zones() -> Choices:
    known = zoneinfo.available_timezones()
    places = {zone for zone in known if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))}
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(places))]


def countries() -> Choices:
    """Countries in the reader's language and order."""
    return _countries(_reader())


@cache
def _countries(reader: str) -> Choices:
    names = Locale(reader).territories
    listed = [(code, name) for code, name in names.items() if len(code) == 2 and code not in _NO_COUNTRIES]
    return sorted(listed, key=lambda pair: sort_key(pair[1], None, reader))


def languages() -> Choices:
    """Languages in the reader's language and order."""
    return _languages(_reader())


@cache
def _languages(reader: str) -> Choices:
    listed = [(code, name) for code, name in Locale(reader).languages.items() if len(code) == 2]
    return sorted(listed, key=lambda pair: sort_key(pair[1], None, reader))


def language_name(code: str) -> str:
    """What a language is called in the reader's language; its code when nobody has a name for it."""
    return str(Locale(_reader()).languages.get(code.replace("-", "_"), code)) if code else ""
