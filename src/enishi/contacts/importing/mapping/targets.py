"""What a column can mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Shape(StrEnum):
    """How the values of a target are stored in a draft."""

    TEXT = "text"
    DATE = "date"
    YES_NO = "yes_no"
    AFFILIATION = "affiliation"
    POINT = "point"
    POINT_KIND = "point_kind"
    ADDRESS = "address"
    LIST = "list"
    KEYED = "keyed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Target:
    """`kinds` are the choices of a second control; a keyed target carries its key after a colon (`custom:size`)."""

    code: str
    label: str | Promise
    shape: Shape
    kinds: tuple[str, ...] = ()


KIND_LABELS: dict[str, str | Promise] = {
    "work": _("work"),
    "private": _("private"),
    "home": _("home"),
    "mobile": _("mobile"),
    "fax": _("fax"),
    "other": _("other"),
}
EMAIL_KINDS = ("work", "private", "other")
PHONE_KINDS = ("mobile", "work", "home", "fax", "other")
ADDRESS_KINDS = ("work", "home", "other")

_ALL = (
    Target("full_name", _("Name (whole)"), Shape.TEXT),
    Target("family_name", _("Family name"), Shape.TEXT),
    Target("given_name", _("Given name"), Shape.TEXT),
    Target("middle_name", _("Middle name"), Shape.TEXT),
    Target("full_kana", _("Reading of the name (whole)"), Shape.TEXT),
    Target("family_kana", _("Reading of the family name"), Shape.TEXT),
    Target("given_kana", _("Reading of the given name"), Shape.TEXT),
    Target("romaji", _("Name in Latin letters"), Shape.TEXT),
    Target("honorific", _("Honorific"), Shape.TEXT),
    Target("name_suffix", _("Name suffix"), Shape.TEXT),
    Target("nickname", _("Nickname"), Shape.TEXT),
    Target("greeting", _("Greeting"), Shape.TEXT),
    Target("gender", _("Gender"), Shape.TEXT),
    Target("party_kind", _("Person, organisation or household"), Shape.TEXT),
    Target("is_organisation", _("Is an organisation"), Shape.YES_NO),
    Target("organisation", _("Organisation"), Shape.AFFILIATION),
    Target("organisation_kana", _("Reading of the organisation"), Shape.AFFILIATION),
    Target("department", _("Department"), Shape.AFFILIATION),
    Target("job_title", _("Job title"), Shape.AFFILIATION),
    Target("seen_on", _("Affiliation seen on (card exchanged)"), Shape.AFFILIATION),
    Target("email", _("E-mail"), Shape.POINT, EMAIL_KINDS),
    Target("email_kind", _("Kind of the e-mail"), Shape.POINT_KIND),
    Target("phone", _("Phone"), Shape.POINT, PHONE_KINDS),
    Target("phone_kind", _("Kind of the phone"), Shape.POINT_KIND),
    Target("url", _("Web address"), Shape.POINT),
    Target("postcode", _("Postcode"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("country", _("Country"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("region", _("Region or prefecture"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("city", _("City"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("street", _("Street"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("building", _("Building"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("address", _("Address (whole)"), Shape.ADDRESS, ADDRESS_KINDS),
    Target("address_kind", _("Kind of the address"), Shape.POINT_KIND),
    Target("birthday", _("Birthday"), Shape.DATE),
    Target("language", _("Language"), Shape.TEXT),
    Target("time_zone", _("Time zone"), Shape.TEXT),
    Target("owner", _("Owner"), Shape.TEXT),
    Target("tags", _("Tags"), Shape.LIST),
    Target("note", _("Note"), Shape.LIST),
    Target("inactive", _("Inactive"), Shape.YES_NO),
    Target("active", _("Active"), Shape.YES_NO),
    Target("deceased", _("Deceased"), Shape.YES_NO),
    Target("deceased_on", _("Date of death"), Shape.DATE),
    Target("external_id", _("Identifier in another system"), Shape.KEYED),
    Target("consent", _("Consent to a purpose"), Shape.KEYED),
    Target("consent_until", _("Consent valid until"), Shape.KEYED),
    Target("refusal", _("Refusal of a purpose"), Shape.KEYED),
    Target("custom", _("Custom field"), Shape.KEYED),
    Target("ignore", _("Do not import"), Shape.NONE),
)
TARGETS: dict[str, Target] = {target.code: target for target in _ALL}


def target(code: str) -> Target:
    """The target of a code, with or without a key. Raises KeyError."""
    return TARGETS[code.partition(":")[0]]
