"""Postcodes and countries."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import OSA

from enishi.core.normalise.typed import Unusable, plain, shown
from enishi.core.text import clean, fold


@dataclass(frozen=True, slots=True)
class Postcode:
    value: str
    typed: str
    country: str


_POSTCODES = {
    "JP": (re.compile(r"〒?(\d{3})-?(\d{4})"), "{}-{}", "123-4567"),
    "FR": (re.compile(r"(?:F-)?(\d{5})"), "{}", "75001"),
    "IR": (re.compile(r"(\d{5})-?(\d{5})"), "{}-{}", "12345-67890"),
    "GB": (re.compile(r"(GIR|[A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2}|0AA)"), "{} {}", "SW1A 1AA"),
    "US": (re.compile(r"(\d{5})(-\d{4})?"), "{}{}", "90210"),
    "CA": (re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)"), "{} {}", "K1A 0B1"),
    "DE": (re.compile(r"(?:D-)?(\d{5})"), "{}", "10115"),
    "IT": (re.compile(r"(?:I-)?(\d{5})"), "{}", "00118"),
    "ES": (re.compile(r"(\d{5})"), "{}", "28001"),
    "BE": (re.compile(r"(?:B-)?(\d{4})"), "{}", "1000"),
    "CH": (re.compile(r"(?:CH-)?(\d{4})"), "{}", "8001"),
    "AU": (re.compile(r"(\d{4})"), "{}", "2000"),
    "NL": (re.compile(r"(\d{4})([A-Z]{2})"), "{} {}", "1012 AB"),
    "KR": (re.compile(r"(\d{5})"), "{}", "04524"),
    "CN": (re.compile(r"(\d{6})"), "{}", "100000"),
}
# Spreadsheets turn 01000 into 1000; so many digits the whole code has.
_ALL_DIGITS = {"JP": 7, "FR": 5, "US": 5, "DE": 5, "IT": 5, "ES": 5, "KR": 5, "IR": 10}
_ANY_POSTCODE = re.compile(r"[A-Z0-9][A-Z0-9 -]{1,10}[A-Z0-9]")


def postcode(typed: str, country: str | None = None) -> Postcode:
    """`typed` as the post of `country` writes it; for countries without a known form, in capitals as it is."""
    typed = clean(typed)
    text = plain(typed).upper().replace("ー", "-")
    known = _POSTCODES.get(country or "")
    if known is None:
        value = " ".join(text.removeprefix("〒").split())
        if not _ANY_POSTCODE.fullmatch(value):
            raise Unusable(_("“%(typed)s” is not a postcode."), typed=shown(typed))
        return Postcode(value, typed, country or "")
    pattern, form, example = known
    compact = text.replace(" ", "")
    match = pattern.fullmatch(compact)
    if match:
        return Postcode(form.format(*(group or "" for group in match.groups())), typed, country or "")
    repair = None
    padded = compact.zfill(_ALL_DIGITS.get(country or "", 0))
    if compact.isdigit() and 0 <= len(padded) - len(compact) <= 2 and (match := pattern.fullmatch(padded)):
        repair = form.format(*(group or "" for group in match.groups()))
    raise Unusable(
        _("“%(typed)s” is not a postcode of %(country)s, which looks like %(example)s."),
        repair=repair,
        typed=shown(typed),
        country=country,
        example=example,
    )


@dataclass(frozen=True, slots=True)
class Country:
    value: str
    typed: str


# Everyday names that CLDR, the source of all others, does not list.
_COUNTRY_ALIASES = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "grande bretagne": "GB",
    "angleterre": "GB",
    "英国": "GB",
    "usa": "US",
    "united states of america": "US",
    "america": "US",
    "etats unis d'amerique": "US",
    "米国": "US",
    "امریکا": "US",
    "日本国": "JP",
    "nippon": "JP",
    "iran, islamic republic of": "IR",
    "جمهوری اسلامی ایران": "IR",
    "south korea": "KR",
    "republic of korea": "KR",
    "north korea": "KP",
    "russian federation": "RU",
    "holland": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
    "viet nam": "VN",
    "uae": "AE",
}


# Two-letter codes of CLDR that are no countries.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


@cache
def _countries() -> dict[str, str]:
    found = {}
    for language in ("en", "fr", "ja", "fa"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code not in _NO_COUNTRIES:
                found[fold(name)] = found[code.lower()] = code
    countries = set(found.values())
    for alias, (target, *_others) in get_global("territory_aliases").items():
        if isinstance(alias, str) and len(alias) == 3 and alias.isalpha() and target in countries:
            found[alias.lower()] = target
    return found | {fold(alias): code for alias, code in _COUNTRY_ALIASES.items()}


@lru_cache(maxsize=1024)
def _country(text: str) -> tuple[str | None, str | None]:
    known = _countries()
    key = fold(text)
    code = (
        known.get(key)
        or known.get(key.removeprefix("the "))
        or known.get(re.sub(r"^(?:la |le |les |l)", "", key))
    )
    if code or len(key) < 4:
        return code, None
    near = [
        name
        for name in known
        if abs(len(name) - len(key)) <= 1 and OSA.distance(name, key, score_cutoff=1) <= 1
    ]
    return None, known[near[0]] if len({known[name] for name in near}) == 1 else None


def country(typed: str) -> Country:
    """ISO 3166 code from a code (two or three letters) or a name in English, French, Japanese or Persian."""
    typed = clean(typed)
    code, near = _country(plain(typed))
    if code is None:
        raise Unusable(_("“%(typed)s” is not a country that we know."), repair=near, typed=shown(typed))
    return Country(code, typed)
