"""From what a file says to what will be stored: names taken apart, numbers and dates normalised, words looked up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from enishi.contacts.importing.mapping import Draft
from enishi.contacts.importing.mapping.columns import yes_or_no
from enishi.contacts.importing.mapping.draft import ContactPoint as ReadPoint
from enishi.contacts.importing.mapping.draft import PostalAddress, Reading
from enishi.contacts.models import Consent, ContactPoint, Field, FieldValue, Party
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services.importing.lookups import Setup, language_code, tag_path, time_zones
from enishi.contacts.services.importing.prepared import Affiliation, Point, Prepared, Value
from enishi.contacts.services.importing.problems import from_reason, from_unusable, problem
from enishi.contacts.services.parties import ContactError, work_out
from enishi.contacts.services.points import normalised
from enishi.contacts.services.setup import read_value
from enishi.core import dates, names, normalise, storage, text

LABELS = {
    "work": ContactPoint.Label.WORK,
    "private": ContactPoint.Label.HOME,
    "home": ContactPoint.Label.HOME,
    "mobile": ContactPoint.Label.MOBILE,
    "fax": ContactPoint.Label.FAX,
    "other": ContactPoint.Label.OTHER,
}
LONGEST = {
    "full_name": 300,
    "family_name": 150,
    "given_name": 150,
    "honorific": 60,
    "greeting": 200,
    "title": 200,
    "department": 200,
    "organisation": 300,
    "external_id": 200,
    "tags": 400,
}
# Other programs' switches, by the purpose that they are about here.
PURPOSES = {"newsletter": "news", "email": "news", "mail": "news"}
# A refusal of these says that the address is not to be used, not only what for.
REFUSED_POINTS = {
    "email": ContactPoint.Kind.EMAIL,
    "phone": ContactPoint.Kind.PHONE,
    "post": ContactPoint.Kind.ADDRESS,
}
GROUPS = {"group", "household", "グループ", "世帯", "ménage", "groupe", "خانوار", "گروه"}
_ADDRESS_FORMS = {
    "mr": Party.Address.MR,
    "mrs": Party.Address.MS,
    "ms": Party.Address.MS,
    "miss": Party.Address.MS,
}
_GENDERS = {
    **dict.fromkeys(
        ("m", "male", "man", "男", "男性", "homme", "h", "masculin", "مرد", "مذکر"), Party.Address.MR
    ),
    **dict.fromkeys(
        ("f", "female", "woman", "女", "女性", "femme", "féminin", "زن", "مونث"), Party.Address.MS
    ),
}
PHOTO_LIMIT = 5 * 1024 * 1024


def prepare(draft: Draft, setup: Setup) -> Prepared:
    """One row, normalised. What is wrong with it stands in ``problems``; nothing is raised."""
    return _Preparing(draft, setup).run()


class _Preparing:
    __slots__ = ("draft", "prepared", "setup")

    def __init__(self, draft: Draft, setup: Setup) -> None:
        self.draft, self.setup = draft, setup
        self.prepared = Prepared(draft.number)

    def run(self) -> Prepared:
        draft, prepared = self.draft, self.prepared
        if draft.doubts:
            prepared.problems += [
                from_reason(doubt.column, doubt.reason, doubt=True) for doubt in draft.doubts
            ]
        prepared.language = self._language()
        said = draft.text("party_kind").casefold()
        if said in GROUPS:
            prepared.kind = Party.Kind.GROUP
        elif draft.is_organisation:
            prepared.kind = Party.Kind.ORGANISATION
        self._names()
        self._texts()
        self._points()
        self._affiliations()
        self._further()
        self._finish()
        return prepared

    # --- reading single values

    def _line(self, reading: Reading, code: str = "") -> str:
        """A text in one line, without what reorders the text around it, within the length that is stored."""
        value = reading.value
        if not (value.isascii() and value.isprintable()):
            value = text.strip_bidi(text.clean(value))
            if not value.isprintable():
                value = " ".join(value.split())
        limit = LONGEST.get(code)
        if limit and len(value) > limit:
            self._wrong(
                reading,
                problem(
                    reading.column,
                    _("The text is longer than %(limit)s characters. Shorten it."),
                    {"limit": limit},
                ),
            )
            value = value[:limit]
        return value.strip()

    def _text(self, target: str, code: str = "") -> str:
        reading = self.draft.texts.get(target)
        return self._line(reading, code or target) if reading else ""

    def _wrong(self, reading: Reading | ReadPoint, found: dict[str, Any]) -> None:
        """Refuse the row for this value, or keep the value as a note."""
        if not self.setup.strict:
            found["doubt"] = True
            self.prepared.notes.append(f"{reading.column}: {text.clean(reading.value)}")
        self.prepared.problems.append(found)

    def _closed(self, name: str, reading: Reading | ReadPoint) -> bool:
        """Whether a value is left out because whoever imports may not change that field: also not kept as a note."""
        if name not in self.setup.closed:
            return False
        words = _(
            "The field “%(field)s” is protected, and no role lets you change it. The value is left out."
        )
        self.prepared.problems.append(problem(reading.column, words, {"field": reading.column}, doubt=True))
        return True

    def _keep(self, reading: Reading | ReadPoint) -> None:
        """What has no field of its own is not lost."""
        self.prepared.notes.append(f"{reading.column}: {text.clean(reading.value).strip()}")

    def _date(self, reading: Reading) -> dt.date | None:
        try:
            return dates.parse_date(text.clean(reading.value), day_first=self.setup.day_first)
        except normalise.Unusable as error:
            self._wrong(reading, from_unusable(reading.column, error))
            return None

    def _language(self) -> str:
        reading = self.draft.texts.get("language")
        if reading is None:
            return self.setup.language
        code = language_code(reading.value)
        if not code:
            self._keep(reading)
        return code

    # --- names

    def _names(self) -> None:
        prepared = self.prepared
        if prepared.kind != Party.Kind.PERSON:
            first = self.draft.affiliations[0] if self.draft.affiliations else None
            named = first.organisation if first else None
            prepared.full_name = self._line(named, "full_name") if named else self._text("full_name")
            prepared.full_name = prepared.full_name or self._text("family_name", "full_name")
            kana = first.organisation_kana if first else None
            self._kana({"full": kana or self.draft.texts.get("full_kana")})
        else:
            self._person()
            texts = self.draft.texts
            self._kana(
                {
                    "family": texts.get("family_kana"),
                    "given": texts.get("given_kana"),
                    "full": texts.get("full_kana"),
                }
            )
        if romaji := self._text("romaji", "full_name"):
            prepared.names["Latn"] = {"full": romaji}
        if not prepared.full_name and not prepared.family_name and not prepared.given_name:
            prepared.full_name = self._name_from_points()

    def _person(self) -> None:
        prepared = self.prepared
        prepared.family_name, prepared.given_name = self._text("family_name"), self._text("given_name")
        middle = self._text("middle_name", "given_name")
        if middle and middle not in prepared.given_name.split():
            prepared.given_name = f"{prepared.given_name} {middle}".strip()
        honorific = self._text("honorific")
        whole = self._text("full_name")
        if whole and not (prepared.family_name and prepared.given_name):
            parts = names.split(whole, prepared.language)
            if not prepared.family_name and not prepared.given_name:
                prepared.family_name, prepared.given_name = parts.family, parts.given
            prepared.full_name = parts.full
            honorific = honorific or parts.honorific
        elif whole:
            prepared.full_name = whole
        suffix = self._text("name_suffix", "honorific")
        if suffix and prepared.full_name and suffix not in prepared.full_name:
            prepared.full_name = f"{prepared.full_name} {suffix}"
        if honorific:
            prepared.texts["honorific"] = honorific
            form = next(
                (_ADDRESS_FORMS[name] for name in names.forms(honorific) if name in _ADDRESS_FORMS), None
            )
            if form:
                prepared.texts["address_form"] = form
        if gender := self.draft.texts.get("gender"):
            if called := _GENDERS.get(gender.value.strip().casefold()):
                prepared.texts["address_form"] = called
            else:
                self._keep(gender)

    def _kana(self, readings: dict[str, Reading | None]) -> None:
        found = {}
        for part, reading in readings.items():
            if reading is None:
                continue
            try:
                found[part] = normalise.kana(reading.value).value
            except normalise.Unusable:
                # Romaji in the column of readings is common, and harms nobody.
                self._keep(reading)
        if found:
            if "full" in found and "family" not in found and found["full"].count(" ") == 1:
                found["family"], found["given"] = found["full"].split(" ")
            found.setdefault("full", " ".join(filter(None, [found.get("family"), found.get("given")])))
            self.prepared.names["Kana"] = found

    def _name_from_points(self) -> str:
        draft = self.draft
        kana = self.prepared.names.get("Kana", {}).get("full", "")
        latin = self.prepared.names.get("Latn", {}).get("full", "")
        reach = ((_EMAIL, draft.emails), (_PHONE, draft.phones), (_WEB, draft.urls))
        points = [read for kind, found in reach if kind not in self.setup.closed for read in found]
        first = text.strip_bidi(text.clean(points[0].value)).strip()[:300] if points else ""
        return kana or latin or self._text("nickname", "full_name") or first

    # --- texts

    def _texts(self) -> None:
        draft, prepared = self.draft, self.prepared
        for code, reading in draft.texts.items():
            if code in _HANDLED:
                continue
            if code == "greeting":
                prepared.texts["greeting"] = self._line(reading, "greeting")
            elif code == "birthday":
                if self._closed("birth_date", reading):
                    continue
                day = self._date(reading)
                if day:
                    prepared.texts["birth_date"] = day.isoformat()
            elif code == "time_zone":
                if reading.value.strip() in time_zones():
                    prepared.texts["time_zone"] = reading.value.strip()
                else:
                    self._keep(reading)
            elif code == "owner":
                self._owner(reading)
            elif code == "nickname":
                if reading.value.strip() != prepared.full_name:
                    self._keep(reading)
            else:
                self._keep(reading)
        if draft.yes_no.get("deceased") or "deceased_on" in draft.texts:
            prepared.texts["status"] = Party.Status.DECEASED
        elif draft.yes_no.get("inactive"):
            prepared.texts["status"] = Party.Status.INACTIVE
        if prepared.language:
            prepared.texts["language"] = prepared.language
        prepared.notes += [text.clean(note.value).strip() for note in draft.notes]

    def _owner(self, reading: Reading) -> None:
        typed = reading.value.strip()
        owners = self.setup.owners
        found = (
            owners.get(typed.lower())
            or owners.get(text.fold(typed))
            or owners.get(names.person_key(typed, ""))
        )
        if found:
            self.prepared.texts["owner_id"] = found
            return
        self.prepared.problems.append(
            problem(
                reading.column,
                _("Nobody who signs in is called “%(name)s”; it is kept as a note."),
                {"name": typed[:60]},
                doubt=True,
            )
        )
        self._keep(reading)

    # --- points

    def _points(self) -> None:
        draft = self.draft
        country = self._country()
        for kind, points in ((_EMAIL, draft.emails), (_PHONE, draft.phones), (_WEB, draft.urls)):
            if points:
                self._reach(kind, points, country)
        for address in draft.addresses:
            self._address(address, country)
        self._first_choices()
        refusals = draft.keyed.get("refusal")
        if refusals:
            for name, reading in refusals.items():
                if (refused := REFUSED_POINTS.get(name)) and yes_or_no(reading.value):
                    for point in self.prepared.points:
                        if point.kind == refused:
                            point.status = ContactPoint.Status.REFUSED

    def _country(self) -> str:
        for address in self.draft.addresses:
            if reading := address.parts.get("country"):
                try:
                    return normalise.country(reading.value).value
                except normalise.Unusable:
                    pass
        return self.setup.country

    def _reach(self, kind: str, points: list[ReadPoint], country: str) -> None:
        held = self.prepared.points
        for read in points:
            typed = text.clean(read.value).strip()
            if self._closed(kind, read):
                continue
            try:
                found = normalised(kind, typed, {}, country=country)
            except normalise.Unusable as error:
                self._wrong(read, from_unusable(read.column, error))
                continue
            point = Point(
                kind,
                LABELS.get(read.kind, ContactPoint.Label.WORK),
                found.value[:500],
                typed[:500],
                found.key,
                found.parts,
                is_primary=read.preferred,
            )
            if all(point.sameness != other.sameness for other in held):
                held.append(point)

    def _address(self, address: PostalAddress, country: str) -> None:
        if any(self._closed(_ADDRESS, reading) for reading in islice(address.parts.values(), 1)):
            return
        parts = {code: self._line(reading) for code, reading in address.parts.items() if code != "address"}
        whole = address.parts.get("address")
        typed = self._line(whole) if whole else ""
        if typed and not parts.get("street"):
            parts["street"] = typed
        parts = {code: value for code, value in parts.items() if value}
        if not parts or parts.keys() == {"country"}:
            return
        for code in ("country", "postcode"):
            reading = address.parts.get(code)
            if reading is None:
                continue
            try:
                if code == "country":
                    country = normalise.country(reading.value).value
                else:
                    normalise.postcode(parts[code], country)
            except normalise.Unusable as error:
                self._wrong(reading, from_unusable(reading.column, error))
                del parts[code]
        found = normalised(_ADDRESS, typed, parts, country=country)
        if found.value:
            label = LABELS.get(address.kind, ContactPoint.Label.WORK)
            point = Point(_ADDRESS, label, found.value, (typed or found.value)[:500], found.key, found.parts)
            if all(point.sameness != other.sameness for other in self.prepared.points):
                self.prepared.points.append(point)

    def _first_choices(self) -> None:
        """One first choice of each kind: what the file prefers, else what stands first."""
        chosen: dict[str, Point] = {}
        for point in self.prepared.points:
            best = chosen.setdefault(point.kind, point)
            if point.is_primary and not best.is_primary:
                chosen[point.kind] = point
        for point in self.prepared.points:
            point.is_primary = chosen[point.kind] is point

    # --- what hangs on a contact

    def _affiliations(self) -> None:
        if self.prepared.kind != Party.Kind.PERSON:
            return
        for read in self.draft.affiliations:
            title = self._line(read.job_title, "title") if read.job_title else ""
            department = self._line(read.department, "department") if read.department else ""
            organisation = self._line(read.organisation, "organisation") if read.organisation else ""
            if not organisation:
                for reading in (read.job_title, read.department):
                    if reading:
                        self._keep(reading)
                continue
            kana = ""
            if read.organisation_kana:
                try:
                    kana = normalise.kana(read.organisation_kana.value).value
                except normalise.Unusable:
                    self._keep(read.organisation_kana)
            day = self._date(read.seen_on) if read.seen_on else None
            self.prepared.affiliations.append(
                Affiliation(
                    organisation,
                    _organisation_key(organisation),
                    kana,
                    title,
                    department,
                    day.isoformat() if day else "",
                )
            )

    def _further(self) -> None:
        draft, prepared = self.draft, self.prepared
        tags = dict.fromkeys(filter(None, (tag_path(tag.value) for tag in draft.tags)))
        if self.setup.tags:
            tags.update(dict.fromkeys(self.setup.tags))
        prepared.tags = list(tags)
        for code, found in draft.keyed.items():
            for key, reading in found.items():
                _KEYED[code](self, key, reading)
        if draft.photo:
            if len(draft.photo) <= PHOTO_LIMIT:
                prepared.texts["photo"] = storage.put_bytes(draft.photo).sha256
            else:
                prepared.problems.append(
                    problem("PHOTO", _("The photo is larger than 5 MB and is left out."), doubt=True)
                )

    def _external_id(self, key: str, reading: Reading) -> None:
        if value := self._line(reading, "external_id"):
            self.prepared.ids.append((key[:60], value))

    def _own_field(self, key: str, reading: Reading) -> None:
        found = self.setup.own_fields.get(key) or self.setup.own_fields.get(text.fold(key))
        if found is None or found.kind in (Field.Kind.PERSON, Field.Kind.FILE):
            self._keep(reading)
            return
        if self._closed(f"field:{found.code}", reading):
            return
        typed: Any = text.clean(reading.value).strip()
        if found.kind == Field.Kind.DATE:
            typed = self._date(reading)
        elif found.kind == Field.Kind.FLAG:
            typed = yes_or_no(reading.value)
            if typed is None:
                unclear = problem(
                    reading.column, _("“%(value)s” is neither yes nor no."), {"value": reading.value[:60]}
                )
                self._wrong(reading, unclear)
        elif found.kind == Field.Kind.CHOICES:
            typed = [part.strip() for part in re.split(r"[|;、،,\n]", reading.value) if part.strip()]
        if typed is None:
            return
        try:
            values = read_value(found, typed)
        except ContactError as error:
            self._wrong(reading, problem(reading.column, str(error)))
            return
        self.prepared.values += [_value(found, value) for value in values]

    def _consent(self, key: str, reading: Reading) -> None:
        said = yes_or_no(reading.value)
        if said is None:
            self._keep(reading)
        else:
            self._state(key, Consent.State.GIVEN if said else Consent.State.REFUSED, reading)

    def _consent_until(self, key: str, reading: Reading) -> None:
        """A last day of what the file says was given; alone it says that it was."""
        purpose, day = PURPOSES.get(key, key), self._date(reading)
        if day is None:
            return
        if purpose not in self.setup.purposes:
            self._keep(reading)
            return
        self.prepared.consents_until[purpose] = day.isoformat()
        if purpose not in dict(self.prepared.consents):
            self.prepared.consents.append((purpose, Consent.State.GIVEN))

    def _refusal(self, key: str, reading: Reading) -> None:
        said = yes_or_no(reading.value)
        if said is None:
            self._keep(reading)
        elif said:
            self._state(key, Consent.State.REFUSED, reading)

    def _state(self, key: str, state: str, reading: Reading) -> None:
        purpose = PURPOSES.get(key, key)
        if purpose not in self.setup.purposes:
            self._keep(reading)
            return
        stated = dict(self.prepared.consents)
        # Two columns about one purpose: the stricter counts.
        if stated.get(purpose) != Consent.State.REFUSED:
            stated[purpose] = state
        self.prepared.consents = list(stated.items())

    def _finish(self) -> None:
        prepared = self.prepared
        if not (prepared.full_name or prepared.family_name or prepared.given_name):
            prepared.problems.append(
                problem(
                    "",
                    _("The row has neither a name nor an organisation, an e-mail address or a phone number."),
                )
            )
            return
        work_out(prepared)
        limit = LONGEST["full_name"]
        prepared.full_name = prepared.full_name[:limit]
        prepared.notes = [note for note in dict.fromkeys(prepared.notes) if note]


_EMAIL, _PHONE, _WEB, _ADDRESS = (
    ContactPoint.Kind.EMAIL.value,
    ContactPoint.Kind.PHONE.value,
    ContactPoint.Kind.WEB.value,
    ContactPoint.Kind.ADDRESS.value,
)
_HANDLED = frozenset(
    {
        "full_name", "family_name", "given_name", "middle_name", "full_kana", "family_kana", "given_kana", "romaji",
        "honorific", "name_suffix", "gender", "party_kind", "language",
    }
)  # fmt: skip
_KEYED: dict[str, Callable[[_Preparing, str, Reading], None]] = {
    "external_id": _Preparing._external_id,
    "custom": _Preparing._own_field,
    "consent": _Preparing._consent,
    "consent_until": _Preparing._consent_until,
    "refusal": _Preparing._refusal,
}


def _value(found: Field, value: FieldValue) -> Value:
    return Value(
        found.pk,
        found.code,
        plain=_jsonable(plain_value(value)),
        text=value.text,
        folded=value.folded,
        number=str(value.number) if value.number is not None else None,
        currency=value.currency,
        date=value.date.isoformat() if value.date else None,
        flag=value.flag,
        several=found.kind == Field.Kind.CHOICES,
    )


def _jsonable(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


@lru_cache(maxsize=4096)
def _organisation_key(name: str) -> str:
    return names.organisation_key(name)
