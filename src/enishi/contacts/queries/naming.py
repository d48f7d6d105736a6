"""A party's name as a reader sees it: in the reader's script first, then as its bearer writes it, then its reading."""

from __future__ import annotations

from dataclasses import dataclass

from enishi.contacts.models import Party
from enishi.core import names

# The language of a script where the party's own language is written in another one.
_LANGUAGES = {
    "Jpan": "ja",
    "Kana": "ja-Kana",
    "Hans": "zh-Hans",
    "Hant": "zh-Hant",
    "Hang": "ko",
    "Arab": "fa",
    "Cyrl": "ru",
    "Grek": "el",
    "Hebr": "he",
    "Deva": "hi",
    "Thai": "th",
}


@dataclass(frozen=True)
class ShownName:
    """A name with its language, and its other writings as ``party_name`` draws them."""

    text: str
    lang: str
    others: tuple[dict[str, str], ...] = ()


def language_of(script: str, language: str) -> str:
    """The language tag of a name in that script, borne by somebody of that language."""
    if language and names.reader_script(language) == script:
        return language
    if script == "Latn":
        return "und-Latn" if language else ""
    return _LANGUAGES.get(script, "")


def writings(party: Party) -> dict[str, str]:
    """The name in every script there is, its bearer's first."""
    found = {party.script: party.full_name}
    for script, parts in party.names.items():
        full = parts.get("full") or names.display(parts.get("family", ""), parts.get("given", ""), script)
        if full:
            found.setdefault(script, full)
    return found


def shown_name(party: Party, reader: str) -> ShownName:
    """The name for a reader of that language."""
    found = writings(party)
    first = names.preferred_script(found, reader) or party.script
    rest = [(script, text) for script, text in found.items() if script != first and text != found[first]]
    return ShownName(
        found[first],
        language_of(first, party.language),
        tuple({"text": text, "lang": language_of(script, party.language)} for script, text in rest),
    )


def greeting(party: Party) -> ShownName:
    """How to begin a letter: as the record says, else by the forms of the party's language; never guessed."""
    language = party.language or "en"
    if party.greeting:
        return ShownName(party.greeting, "")
    wanted = names.reader_script(language)
    other = party.names.get(wanted, {}) if wanted != party.script else {}
    if other:
        parts = names.NameParts(
            other.get("full") or names.display(other.get("family", ""), other.get("given", ""), wanted),
            wanted,
            other.get("family", ""),
            other.get("given", ""),
            f"{party.address_form} {party.honorific}".strip(),
        )
    else:
        parts = names.NameParts(
            party.full_name,
            party.script,
            party.family_name,
            party.given_name,
            f"{party.address_form} {party.honorific}".strip(),
        )
    return ShownName(names.greeting(parts, language), language)
