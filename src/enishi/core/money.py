"""Amounts of money: reading what people write, and writing them the reader's way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_currency_precision, get_currency_symbol
from django.utils.translation import gettext_lazy as _

from enishi.core.formats import format_number
from enishi.core.normalise.typed import Unusable, plain, shown

# PostgreSQL stores amounts as numeric(18, 4).
LARGEST = Decimal(10) ** 14
_MAX_DECIMALS = 4
STEP = Decimal(1).scaleb(-_MAX_DECIMALS)
# Signs and words for currencies; "$" and "¥" mean the default currency where it is one of theirs.
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "a$": "AUD",
    "¥": "JPY",
    "円": "JPY",
    "圓": "JPY",
    "yen": "JPY",
    "元": "CNY",
    "rmb": "CNY",
    "₩": "KRW",
    "원": "KRW",
    "₽": "RUB",
    "₹": "INR",
    "﷼": "IRR",
    "ریال": "IRR",
    "ريال": "IRR",
    "rial": "IRR",
    "rials": "IRR",
    "euro": "EUR",
    "euros": "EUR",
    "یورو": "EUR",
    "دلار": "USD",
}
_SHARED_SIGNS = {"$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}, "¥": {"JPY", "CNY"}}
# The toman is no currency of its own: ten rials, in which Iranians count.
_TOMAN = frozenset({"تومان", "تومن", "toman", "tomans"})
_MULTIPLIERS = {"万": 10_000, "億": 100_000_000, "k": 1_000}
_AMOUNT = re.compile(r"\d+(?:[ .,'٬٫_]\d+)*(?:[.,٫]\d*)?|[.,٫]\d+")
_NEGATIVE_SIGNS = frozenset("-−△▲‐–")


class MoneyError(Unusable):
    """An amount that cannot be read, or that its currency cannot have."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount of one currency (ISO 4217)."""

    amount: Decimal
    currency: str

    @property
    def minor_units(self) -> int:
        """How many decimals the currency has in use: 2 for EUR, 0 for JPY."""
        return minor_units(self.currency)

    @property
    def in_minor_units(self) -> int:
        """The amount as payment providers take it: cents, or whole yen."""
        return int(self.rounded().amount.scaleb(self.minor_units))

    def rounded(self) -> Money:
        """To the smallest unit in use, halves away from zero."""
        return Money(self.amount.quantize(Decimal(1).scaleb(-self.minor_units), ROUND_HALF_UP), self.currency)

    def __str__(self) -> str:
        """As everybody can read it, and ``parse_money`` too: 1204.5 EUR."""
        return f"{exact(self.amount)} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be combined")
        return other.amount


@cache
def _currencies() -> frozenset[str]:
    return frozenset(Locale("en").currencies)


def exact(amount: Decimal) -> Decimal:
    """The same amount without zeros at its end, so that it is written alike everywhere."""
    return Decimal(f"{amount.normalize():f}")


def usual(amount: Decimal, currency: str) -> Decimal:
    """The same amount as its currency is written: 1204.50 in euro; whole ones without decimals."""
    amount = exact(amount)
    written = amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)
    return amount if amount == amount.to_integral_value() or amount != written else written


def is_currency(code: str) -> bool:
    return code in _currencies()


def minor_units(currency: str) -> int:
    return get_currency_precision(currency)


def parse_money(text: str, currency: str | None = None) -> Money:
    """An amount with its currency, or in `currency` where the text names none.

    One separator with three digits behind it groups thousands (1.204 and 1,204 are 1204; 0,125 is not), because no
    amount in use has three decimals but for the few currencies that do; of two kinds of separator the last is decimal.
    """
    typed = shown(text)
    prepared = plain(text).lower()
    negative = False
    if prepared.startswith("(") and prepared.endswith(")"):
        negative, prepared = True, prepared[1:-1].strip()
    for place in (0, -1):
        if prepared and prepared[place] in _NEGATIVE_SIGNS:
            negative, prepared = True, prepared.strip("".join(_NEGATIVE_SIGNS)).strip()
    match = _AMOUNT.search(prepared)
    if match is None:
        raise MoneyError(_("“%(typed)s” is not an amount of money."), typed=typed)
    before, after = prepared[: match.start()].strip(), prepared[match.end() :].strip()
    if before and before[-1] in _NEGATIVE_SIGNS:
        negative, before = True, before[:-1].strip()
    factor = Decimal(1)
    if after[:1] in _MULTIPLIERS and not (after[:1] == "k" and after[1:2].isalpha()):
        factor, after = Decimal(_MULTIPLIERS[after[0]]), after[1:].strip()
    words = [word.strip(" .") for word in (before, after) if word.strip(" .-")]
    found, unit = _currency(words, currency, typed)
    amount = _number(match[0], found, typed) * factor * unit
    if abs(amount) >= LARGEST:
        raise MoneyError(_("“%(typed)s” is more than an amount can be."), typed=typed)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > max(_MAX_DECIMALS, minor_units(found)):
        raise MoneyError(
            _("“%(typed)s” has too many decimals: at most %(count)d."), typed=typed, count=_MAX_DECIMALS
        )
    return Money(-amount if negative else amount, found)


def _currency(words: list[str], default: str | None, typed: str) -> tuple[str, Decimal]:
    """ISO code, and how many of its units the written unit is (10 for the toman)."""
    if not words:
        if default is None:
            raise MoneyError(_("“%(typed)s” does not say its currency. Write it like 1200 EUR."), typed=typed)
        return default, Decimal(1)
    codes = set()
    unit = Decimal(1)
    for word in words:
        if word in _TOMAN:
            codes.add("IRR")
            unit = Decimal(10)
        elif default is not None and default in _SHARED_SIGNS.get(word, ()):
            codes.add(default)
        elif word in _SIGNS:
            codes.add(_SIGNS[word])
        elif is_currency(word.upper()):
            codes.add(word.upper())
        else:
            raise MoneyError(_("“%(typed)s”: “%(word)s” is not a currency."), typed=typed, word=shown(word))
    if len(codes) != 1:
        raise MoneyError(_("“%(typed)s” names two currencies."), typed=typed)
    return codes.pop(), unit


def _number(text: str, currency: str, typed: str) -> Decimal:
    text = text.replace("٬", ",").replace("٫", ".;").replace(" ", "_").replace("'", "_")
    if ".;" in text:
        # The Persian decimal sign leaves no doubt about the others.
        whole, _sign, decimals = text.partition(".;")
        return _grouped(whole, typed) + _fraction(decimals, typed)
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return _grouped(text, typed)
    sign, whole, decimals = text[last], text[:last], text[last + 1 :]
    groups_only = (
        len(decimals) == 3
        and whole.strip("0") != ""
        and not {".", ","} - {sign} & set(whole)
        and "_" not in whole
        and (minor_units(currency) < 3 or sign in whole)
    )
    if groups_only or sign in whole:
        return _grouped(text, typed)
    return _grouped(whole, typed) + _fraction(decimals, typed)


def _grouped(text: str, typed: str) -> Decimal:
    groups = re.split(r"[.,_]", text)
    if len({char for char in text if char in ".,_"}) > 1 or any(
        len(group) not in (2, 3) for group in groups[1:]
    ):
        raise MoneyError(
            _("“%(typed)s” is not an amount: its digits are not grouped by thousands."), typed=typed
        )
    return Decimal("".join(groups) or "0")


def _fraction(decimals: str, typed: str) -> Decimal:
    if not decimals:
        return Decimal(0)
    if not decimals.isdecimal():
        raise MoneyError(_("“%(typed)s” is not an amount of money."), typed=typed)
    return Decimal(f"0.{decimals}")


def format_money(money: Money, language: str, *, whole: bool = False) -> str:
    """¥88,000; 1 204,50 €; ۸۸٬۰۰۰ ریال. Rounded to the smallest unit in use; `whole` drops decimals that are zero."""
    amount = money.rounded().amount
    decimals = 0 if whole and amount == amount.to_integral_value() else money.minor_units
    number = format_number(abs(amount), language, decimals=decimals)
    sign = "\u2212" if amount < 0 else ""
    symbol = currency_symbol(money.currency, language)
    if language.partition("-")[0] in ("fr", "fa"):
        return f"{sign}{number}\u00a0{symbol}"
    gap = "\u00a0" if symbol[-1].isalpha() else ""
    return f"{sign}{symbol}{gap}{number}"


@cache
def currency_symbol(currency: str, language: str) -> str:
    # Code and full-width sign are what CLDR has for the yen in French and Japanese.
    return "¥" if currency == "JPY" else get_currency_symbol(currency, locale=Locale.parse(language, sep="-"))
