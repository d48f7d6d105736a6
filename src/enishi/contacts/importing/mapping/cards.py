"""A card as a draft."""

from __future__ import annotations

from enishi.contacts.importing.reasons import because
from enishi.contacts.importing.vcard import Address, Card, Entry

from .columns import kind_of
from .draft import Affiliation, ContactPoint, Doubt, Draft, PostalAddress, Reading


def from_card(card: Card) -> Draft:
    """What a card says, under the names of its properties instead of columns. What fits nowhere goes to the notes."""
    draft = Draft(card.number)
    texts = draft.texts
    _names(draft, card)
    for code, value, column in (
        ("birthday", card.birthday, "BDAY"),
        ("deceased_on", card.deceased, "DEATHDATE"),
        ("gender", card.gender.partition(";")[0], "GENDER"),
        ("time_zone", card.time_zone, "TZ"),
        ("language", card.languages[0] if card.languages else "", "LANG"),
        ("party_kind", {"org": "organisation", "group": "group"}.get(card.kind, ""), "KIND"),
    ):
        if value:
            texts[code] = Reading(value, column)
    if card.deceased:
        draft.yes_no["deceased"] = True
    draft.affiliations = _affiliations(card)
    draft.emails = [_point(entry, "EMAIL", "email") for entry in card.emails]
    draft.phones = [_point(entry, "TEL", "phone") for entry in card.phones]
    draft.urls = [_point(entry, "URL", "url") for entry in card.urls]
    draft.addresses = [_address(address) for address in card.addresses]
    draft.tags = [Reading(category, "CATEGORIES") for category in card.categories]
    draft.notes = [Reading(note, "NOTE") for note in card.notes]
    draft.notes += [Reading(f"{_service(entry)}: {entry.value}", "IMPP") for entry in card.messaging]
    draft.notes += [
        Reading(f"{entry.label or ' '.join(entry.kinds)}: {entry.value}", "RELATED") for entry in card.related
    ]
    draft.notes += [Reading(f"{name}: {value}", name) for name, value in _further(card)]
    if card.uid:
        draft.keyed["external_id"] = {"vcard": Reading(card.uid, "UID")}
    photo = next((photo for photo in card.photos if photo.data), None)
    if photo:
        draft.photo, draft.photo_type = photo.data, photo.media_type
    draft.doubts = [Doubt(name, because("card_bytes", encoding="UTF-8")) for name in card.broken]
    return draft


def _names(draft: Draft, card: Card) -> None:
    texts = draft.texts
    if name := card.name:
        for code, value in (
            ("family_name", name.family),
            ("given_name", name.given),
            ("middle_name", name.additional),
            ("honorific", name.prefix),
            ("name_suffix", name.suffix),
        ):
            if value:
                texts[code] = Reading(value, "N")
    if card.full_name:
        texts["full_name"] = Reading(card.full_name, "FN")
    if card.nicknames:
        texts["nickname"] = Reading(", ".join(card.nicknames), "NICKNAME")
    if (reading := card.reading) is not None:
        whole = reading.full or (
            f"{reading.family} {reading.given}".strip() if not (reading.family and reading.given) else ""
        )
        codes = (("family_kana", reading.family), ("given_kana", reading.given), ("full_kana", whole))
        if not reading.is_kana:
            latin = f"{reading.given} {reading.family}".strip()
            codes = (("romaji", latin),) if latin.isascii() else ()  # type: ignore[assignment]
        for code, value in codes:
            if value:
                texts[code] = Reading(value, "N;PHONETIC")


def _affiliations(card: Card) -> list[Affiliation]:
    found: list[Affiliation] = []
    titles = card.titles or card.roles
    for index, organisation in enumerate(card.organisations):
        found.append(
            Affiliation(
                organisation=Reading(organisation.name, "ORG") if organisation.name else None,
                organisation_kana=Reading(organisation.reading, "ORG;SORT-AS")
                if organisation.reading
                else None,
                department=Reading(" ".join(organisation.units), "ORG") if organisation.units else None,
                job_title=Reading(titles[index], "TITLE") if index < len(titles) else None,
            )
        )
    found.extend(Affiliation(job_title=Reading(title, "TITLE")) for title in titles[len(found) :])
    return found


def _point(entry: Entry, column: str, family: str) -> ContactPoint:
    kind = (
        kind_of(" ".join(entry.kinds), family)
        if entry.kinds
        else kind_of(entry.label, family)
        if entry.label
        else ""
    )
    return ContactPoint(entry.value, column, "" if family == "url" else kind, entry.label, entry.preferred)


def _address(address: Address) -> PostalAddress:
    values = {
        "postcode": address.postcode,
        "country": address.country,
        "region": address.region,
        "city": address.city,
        "street": "\n".join(filter(None, (address.street, address.po_box))),
        "building": address.extended,
        "address": address.whole,
    }
    kind = kind_of(" ".join(address.kinds), "address") if address.kinds else ""
    return PostalAddress(
        {code: Reading(value, "ADR") for code, value in values.items() if value}, kind, address.label
    )


def _service(entry: Entry) -> str:
    return next((kind for kind in reversed(entry.kinds)), "") or entry.value.partition(":")[0]


def _further(card: Card) -> list[tuple[str, str]]:
    further = [("ANNIVERSARY", card.anniversary)] if card.anniversary else []
    further += [("ROLE", role) for role in card.roles] if card.titles else []
    return further + [(name, value) for name, value in card.others if len(value) < 1000]
