"""A vCard as typed values, and how its properties become them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .syntax import Property, from_base64

_APPLE_LABEL = re.compile(r"_\$!<(.*)>!\$_")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f\s・゛゜]+")


@dataclass(slots=True)
class Entry:
    """One of several values: `kinds` are the vCard types in lower case, `label` what the owner called it."""

    value: str
    kinds: tuple[str, ...] = ()
    preferred: bool = False
    label: str = ""


@dataclass(slots=True)
class Address:
    po_box: str = ""
    extended: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    whole: str = ""
    kinds: tuple[str, ...] = ()
    preferred: bool = False
    label: str = ""


@dataclass(slots=True)
class NameForm:
    """A name in one writing; `phonetic` names the system of a reading (RFC 9554), `script` as in ISO 15924."""

    family: str = ""
    given: str = ""
    additional: str = ""
    prefix: str = ""
    suffix: str = ""
    language: str = ""
    script: str = ""
    phonetic: str = ""
    full: str = ""

    @property
    def is_reading(self) -> bool:
        return bool(self.phonetic)

    @property
    def is_kana(self) -> bool:
        text = f"{self.family}{self.given}{self.full}"
        return bool(text.strip()) and bool(_KANA.fullmatch(text))


@dataclass(slots=True)
class Organisation:
    name: str
    units: tuple[str, ...] = ()
    reading: str = ""


@dataclass(slots=True)
class Photo:
    data: bytes | None = None
    url: str = ""
    media_type: str = ""


@dataclass(slots=True)
class Card:
    """`number` counts the cards of a file from 1, `line` is where the card begins. Dates are as written, ISO if possible.

    `bad_lines` were no properties, `broken` names properties with bytes that are no text.
    """

    number: int
    line: int
    raw: str
    version: str = ""
    kind: str = ""
    uid: str = ""
    revision: str = ""
    product: str = ""
    full_name: str = ""
    names: list[NameForm] = field(default_factory=list)
    nicknames: list[str] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    emails: list[Entry] = field(default_factory=list)
    phones: list[Entry] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    urls: list[Entry] = field(default_factory=list)
    messaging: list[Entry] = field(default_factory=list)
    related: list[Entry] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    birthday: str = ""
    anniversary: str = ""
    deceased: str = ""
    gender: str = ""
    pronouns: str = ""
    languages: list[str] = field(default_factory=list)
    time_zone: str = ""
    position: str = ""
    categories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    bad_lines: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def name(self) -> NameForm | None:
        """The name as written, not a reading of it."""
        return next((form for form in self.names if not form.is_reading), None)

    @property
    def reading(self) -> NameForm | None:
        """The reading in kana if there is one, else any reading."""
        readings = [form for form in self.names if form.is_reading]
        return next((form for form in readings if form.is_kana), readings[0] if readings else None)

    @property
    def is_empty(self) -> bool:
        who = self.full_name or self.names or self.organisations or self.nicknames
        return not (who or self.emails or self.phones or self.members)


def build(card: Card, properties: list[Property]) -> None:
    """Fill a card from its properties."""
    labels = {
        prop.group: _label(prop.value()) for prop in properties if prop.name == "X-ABLABEL" and prop.group
    }
    readings = NameForm(phonetic="script")
    for prop in properties:
        label = labels.get(prop.group, "") if prop.group else ""
        _read(card, prop, label, readings)
    if readings.family or readings.given or readings.full:
        card.names.append(readings)
    _settle_names(card)
    card.broken = list(dict.fromkeys(prop.name for prop in properties if prop.broken))


def _read(card: Card, prop: Property, label: str, readings: NameForm) -> None:
    if prop.name in _SINGLE:
        name = _SINGLE[prop.name]
        # The first of alternatives (ALTID) stands.
        if (value := prop.value()) and not getattr(card, name):
            setattr(card, name, _date(value, prop) if name in _DATES else value)
        return
    if prop.name in _ENTRIES:
        if value := _plain(prop.value()):
            entry = Entry(value, _kinds(prop), _preferred(prop), label or prop.parameter("LABEL"))
            getattr(card, _ENTRIES[prop.name]).append(entry)
        return
    if prop.name in _LISTS:
        if value := prop.value():
            getattr(card, _LISTS[prop.name]).append(value)
        return
    if special := _SPECIAL.get(prop.name):
        special(card, prop, label)
    elif prop.name in _READINGS:
        _add_reading(card, prop, readings)
    elif prop.name == "PHOTO":
        card.photos.extend(_photo(prop))
    elif prop.name not in _SILENT and (value := prop.value()):
        card.others.append((prop.name if not label else f"{prop.name} ({label})", value[:10_000]))


_SINGLE = {
    "FN": "full_name",
    "UID": "uid",
    "REV": "revision",
    "PRODID": "product",
    "BDAY": "birthday",
    "ANNIVERSARY": "anniversary",
    "X-ANNIVERSARY": "anniversary",
    "X-EVOLUTION-ANNIVERSARY": "anniversary",
    "DEATHDATE": "deceased",
    "GENDER": "gender",
    "X-GENDER": "gender",
    "PRONOUNS": "pronouns",
    "TZ": "time_zone",
    "GEO": "position",
}
_DATES = frozenset({"birthday", "anniversary", "deceased"})
_ENTRIES = {
    "EMAIL": "emails",
    "TEL": "phones",
    "URL": "urls",
    "IMPP": "messaging",
    "SOCIALPROFILE": "messaging",
    "X-SOCIALPROFILE": "messaging",
    "X-AIM": "messaging",
    "X-ICQ": "messaging",
    "X-JABBER": "messaging",
    "X-MSN": "messaging",
    "X-YAHOO": "messaging",
    "X-SKYPE": "messaging",
    "X-SKYPE-USERNAME": "messaging",
    "X-LINE": "messaging",
    "RELATED": "related",
    "X-ABRELATEDNAMES": "related",
    "X-SPOUSE": "related",
    "X-EVOLUTION-SPOUSE": "related",
    "AGENT": "related",
}
_LISTS = {
    "TITLE": "titles",
    "ROLE": "roles",
    "NOTE": "notes",
    "MEMBER": "members",
    "X-ADDRESSBOOKSERVER-MEMBER": "members",
    "LANG": "languages",
}
_READINGS = {
    "X-PHONETIC-LAST-NAME": "family",
    "X-PHONETIC-FIRST-NAME": "given",
    "X-PHONETIC-MIDDLE-NAME": "additional",
    "X-PHONETIC-ORG": "organisation",
    "SORT-STRING": "sort",
    "SOUND": "sound",
}
_SILENT = frozenset(
    {"BEGIN", "END", "VERSION", "X-ABLABEL", "X-ABADR", "KEY", "LOGO", "X-FC-LIST-ID", "X-ETAG", "SOURCE"}
)
_OTHER_SERVICES = {
    "X-AIM": "aim",
    "X-ICQ": "icq",
    "X-JABBER": "jabber",
    "X-MSN": "msn",
    "X-YAHOO": "yahoo",
    "X-LINE": "line",
}


def _label(text: str) -> str:
    match = _APPLE_LABEL.fullmatch(text)
    return match[1] if match else text


def _plain(value: str) -> str:
    return re.sub(r"^(?:mailto|tel):", "", value, flags=re.IGNORECASE)


def _kinds(prop: Property) -> tuple[str, ...]:
    kinds = tuple(kind for kind in prop.kinds if kind not in ("pref", "internet", "voice", "msg", "x400"))
    service = (
        prop.parameter("X-SERVICE-TYPE")
        or prop.parameter("SERVICE-TYPE")
        or _OTHER_SERVICES.get(prop.name, "")
    )
    spouse = ("spouse",) if prop.name.endswith("SPOUSE") else ()
    return (*kinds, *spouse, *((service.lower(),) if service else ()))


def _preferred(prop: Property) -> bool:
    return "pref" in prop.kinds or prop.parameter("PREF") == "1"


def _name(card: Card, prop: Property, _label: str) -> None:
    family, given, additional, prefix, suffix = [*prop.components(), "", "", "", "", ""][:5]
    form = NameForm(family, given, additional, prefix, suffix)
    if form == NameForm():
        return
    form.language, form.script = prop.parameter("LANGUAGE"), prop.parameter("SCRIPT")
    form.phonetic = prop.parameter("PHONETIC").lower()
    card.names.append(form)
    if sort_as := prop.parameter("SORT-AS"):
        family, _, given = sort_as.partition(",")
        if _KANA.fullmatch(sort_as.replace(",", "") or "x"):
            card.names.append(
                NameForm(family=family.strip(), given=given.strip(), phonetic="script", script="Kana")
            )


def _organisation(card: Card, prop: Property, _label: str) -> None:
    name, *units = prop.fields()
    if name or any(units):
        card.organisations.append(Organisation(name, tuple(filter(None, units)), prop.parameter("SORT-AS")))


def _address(card: Card, prop: Property, label: str) -> None:
    po_box, extended, street, city, region, postcode, country = [
        *prop.components(),
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ][:7]
    address = Address(po_box, extended, street, city, region, postcode, country)
    address.whole = prop.parameter("LABEL").replace("\\n", "\n")
    if address != Address():
        address.kinds = tuple(
            kind for kind in _kinds(prop) if kind not in ("postal", "parcel", "dom", "intl")
        )
        address.preferred, address.label = _preferred(prop), label
        card.addresses.append(address)


def _categories(card: Card, prop: Property, _label: str) -> None:
    card.categories.extend(item for item in prop.items() if item not in card.categories)


def _nicknames(card: Card, prop: Property, _label: str) -> None:
    card.nicknames.extend(prop.items())


def _kind(card: Card, prop: Property, _label: str) -> None:
    card.kind = prop.value().lower() or card.kind


def _company(card: Card, prop: Property, _label: str) -> None:
    if prop.value().upper() == "COMPANY":
        card.kind = "org"


def _apple_date(card: Card, prop: Property, label: str) -> None:
    if label.lower() == "anniversary" and not card.anniversary:
        card.anniversary = _date(prop.value(), prop)
    else:
        card.others.append((f"{prop.name} ({label})" if label else prop.name, prop.value()))


_SPECIAL: dict[str, Callable[[Card, Property, str], None]] = {
    "N": _name,
    "ORG": _organisation,
    "ADR": _address,
    "CATEGORIES": _categories,
    "NICKNAME": _nicknames,
    "KIND": _kind,
    "X-ADDRESSBOOKSERVER-KIND": _kind,
    "X-ABSHOWAS": _company,
    "X-ABDATE": _apple_date,
}


def _add_reading(card: Card, prop: Property, readings: NameForm) -> None:
    what = _READINGS[prop.name]
    if what in ("family", "given", "additional"):
        setattr(readings, what, prop.value())
    elif what == "organisation":
        if card.organisations:
            card.organisations[0].reading = prop.value()
    elif what == "sort":
        readings.full = readings.full or prop.value()
    elif "x-irmc-n" in prop.kinds:
        # Japanese phones put the reading of N here, in half-width kana.
        parts = [*prop.components(), "", ""]
        readings.family, readings.given = readings.family or parts[0], readings.given or parts[1]


_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T.*)?")
_PARTIAL_DATE = re.compile(r"--(\d{2})-?(\d{2})(?:T.*)?")
_LONG_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})[T ].*")


def _date(value: str, prop: Property) -> str:
    if match := _COMPACT_DATE.fullmatch(value):
        value = "-".join(match.groups())
    elif match := _PARTIAL_DATE.fullmatch(value):
        value = f"--{match[1]}-{match[2]}"
    elif match := _LONG_DATE.fullmatch(value):
        value = match[1]
    # Apple writes an unknown year as 1604 and says so in a parameter.
    omitted = prop.parameter("X-APPLE-OMIT-YEAR")
    if omitted and value.startswith(f"{omitted}-"):
        return "-" + value[4:]
    return value


def _photo(prop: Property) -> list[Photo]:
    """One photo, or none if the value is neither data nor a web address."""
    media = prop.parameter("MEDIATYPE") or next(iter(prop.kinds), "")
    media_type = media if "/" in media else f"image/{media}" if media else ""
    start = prop.raw[:200].decode("ascii", "replace").strip().lower()
    if start.startswith("data:"):
        media_type = start[5:].partition(";")[0]
        data = from_base64(prop.raw.partition(b",")[2])
    elif prop.encoding == "BASE64":
        data = from_base64(prop.raw)
    else:
        return (
            [Photo(url=prop.value(), media_type=media_type)]
            if start.startswith(("http://", "https://"))
            else []
        )
    return [Photo(data=data, media_type=media_type)] if data else []


def _settle_names(card: Card) -> None:
    """A name that is kana beside one that is not is its reading, whatever the parameters say."""
    plain = [form for form in card.names if not form.is_reading]
    if len(plain) > 1:
        for form in plain:
            if form.is_kana and any(not other.is_kana for other in plain):
                form.phonetic = "script"
