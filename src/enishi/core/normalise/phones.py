"""Phone numbers in E.164."""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext_lazy as _

from enishi.core.normalise.typed import Unusable, plain, shown
from enishi.core.text import clean


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number in E.164; `extension` is not part of it."""

    value: str
    typed: str
    extension: str = ""

    @property
    def valid(self) -> bool:
        """Whether the numbering plan assigns it. Reserved and fictional numbers are possible but not valid."""
        return phonenumbers.is_valid_number(_parsed(self.value))

    @property
    def country(self) -> str:
        """ISO code of the country whose number this is, or "" for numbers of several countries."""
        return phonenumbers.region_code_for_number(_parsed(self.value)) or ""

    @property
    def national(self) -> str:
        """As it is written within its country."""
        return phonenumbers.format_number(_parsed(self.value), phonenumbers.PhoneNumberFormat.NATIONAL)

    @property
    def international(self) -> str:
        return phonenumbers.format_number(_parsed(self.value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def _parsed(e164: str) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(e164)


# Whole national numbers whose E.164 form follows without the numbering plan; the tests hold them to the library.
_NATIONAL = {
    "JP": ("+81", re.compile(r"0([1-9]\d{8}|[5789]0[1-9]\d{7})")),
    "FR": ("+33", re.compile(r"0([1-9]\d{8})")),
    "IR": ("+98", re.compile(r"0([1-9]\d{9})")),
    "GB": ("+44", re.compile(r"0([1237]\d{9})")),
    "US": ("+1", re.compile(r"([2-9]\d\d[2-9]\d{6})")),
    "CA": ("+1", re.compile(r"([2-9]\d\d[2-9]\d{6})")),
}
_E164 = re.compile(
    r"\+(?:81(?:[1-9]\d{8}|[5789]0[1-9]\d{7})|33[1-9]\d{8}|98[1-9]\d{9}|44[1237]\d{9}|1[2-9]\d\d[2-9]\d{6})"
)
_separators = str.maketrans("", "", " -().\t")
_LOCAL_EXTENSION = re.compile(r"(?:\(?内線[:.]?|\bposte\b|\bdw\b|داخلی)\s*[:.]?\s*", re.IGNORECASE)


def phone(typed: str, country: str | None = None) -> Phone:
    """`typed` in E.164, read as dialled within `country` (ISO code) unless it says its own.

    Numbers of a possible length are accepted, so that reserved and newly assigned ones are too; see `Phone.valid`.
    """
    typed = clean(typed)
    text = plain(typed)
    digits = text.translate(_separators)
    if _E164.fullmatch(digits) and "(0" not in text:
        return Phone(digits, typed)
    known = _NATIONAL.get(country or "")
    if known and (match := known[1].fullmatch(digits)):
        return Phone(known[0] + match[1], typed)
    value, extension = _phone_by_plan(text, country or None, shown(typed))
    return Phone(value, typed, extension)


def _dialled_abroad(text: str) -> phonenumbers.PhoneNumber | None:
    """A number with 00 for "+", typed where one dials abroad in another way (010 in Japan)."""
    try:
        number = phonenumbers.parse("+" + text[2:].lstrip())
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _possible(number: phonenumbers.PhoneNumber) -> int:
    if phonenumbers.is_valid_number(number):
        return phonenumbers.ValidationResult.IS_POSSIBLE
    # Free-phone numbers of some plans are so long (17 digits in Japan) that two numbers in one would pass.
    return phonenumbers.is_possible_number_for_type_with_reason(
        number, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    )


@lru_cache(maxsize=4096)
def _phone_by_plan(text: str, country: str | None, typed: str) -> tuple[str, str]:
    text = _LOCAL_EXTENSION.sub(" ext. ", text.replace("ー", "-"))
    try:
        number = phonenumbers.parse(text, country)
        if text.startswith("00") and not phonenumbers.is_valid_number(number):
            number = _dialled_abroad(text) or number
        possible = _possible(number)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not text.startswith(
            "+"
        ):
            raise Unusable(
                _(
                    "“%(typed)s” does not say its country. Write it with the country code, as in +81 3 …, or name the country."
                ),
                typed=typed,
            ) from None
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            raise Unusable(
                _("“%(typed)s” begins with a country code that does not exist."), typed=typed
            ) from None
        raise Unusable(_("“%(typed)s” is not a phone number."), typed=typed) from None
    if possible in (
        phonenumbers.ValidationResult.TOO_SHORT,
        phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    ):
        raise Unusable(
            _("“%(typed)s” has too few digits for a phone number. Is the area code missing?"), typed=typed
        )
    if possible == phonenumbers.ValidationResult.TOO_LONG:
        raise Unusable(
            _("“%(typed)s” has too many digits for a phone number. Are these two numbers?"), typed=typed
        )
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Unusable(
            _("“%(typed)s” does not have as many digits as a phone number has there."), typed=typed
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number.extension or ""
