from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.core.money import Money, MoneyError, format_money, is_currency, minor_units, parse_money, usual


def test_an_amount_as_its_currency_is_written():
    assert [
        str(usual(Decimal(amount), currency))
        for amount, currency in (
            ("1204.5000", "EUR"), ("1204.0000", "EUR"), ("0.1250", "EUR"), ("88000.0000", "JPY"), ("0.5", "JPY"), ("1.2", "KWD"),
        )
    ] == ["1204.50", "1204", "0.125", "88000", "0.5", "1.200"]  # fmt: skip
    assert str(Money(Decimal("1204.5000"), "EUR")) == "1204.5 EUR"
    assert parse_money(str(Money(Decimal("5E+3"), "EUR"))) == Money(Decimal(5000), "EUR")


@pytest.mark.parametrize(
    ("text", "default", "amount", "currency"),
    [
        ("¥88,000", None, "88000", "JPY"),
        ("８８，０００円", None, "88000", "JPY"),
        ("3万円", None, "30000", "JPY"),
        ("△1,000円", None, "-1000", "JPY"),
        ("¥5", "CNY", "5", "CNY"),
        ("1 204,50 €", None, "1204.50", "EUR"),
        ("1\u202f204,50\u00a0€", None, "1204.50", "EUR"),
        ("1.204.567,89 EUR", None, "1204567.89", "EUR"),
        ("€1,204.50", None, "1204.50", "EUR"),
        ("1.204 €", None, "1204", "EUR"),
        ("1,204", "JPY", "1204", "JPY"),
        ("0,5", "EUR", "0.5", "EUR"),
        ("0.125", "EUR", "0.125", "EUR"),
        ("1.204", "KWD", "1.204", "KWD"),
        ("CHF 1'204.50", None, "1204.50", "CHF"),
        ("12,34,567.00 INR", None, "1234567.00", "INR"),
        ("£.50", None, "0.50", "GBP"),
        ("10k €", None, "10000", "EUR"),
        ("$5", "CAD", "5", "CAD"),
        ("$5", None, "5", "USD"),
        ("(1,204.50)", "USD", "-1204.50", "USD"),
        ("-5 €", None, "-5", "EUR"),
        ("€-5", None, "-5", "EUR"),
        ("5-", "EUR", "-5", "EUR"),
        ("۱٬۲۰۴٫۵۰", "EUR", "1204.50", "EUR"),
        ("۸۸٬۰۰۰ ریال", None, "88000", "IRR"),
        ("۸۸٬۰۰۰ تومان", None, "880000", "IRR"),
        ("\u202e5 EUR\u202c", None, "5", "EUR"),
    ],
)
def test_parse_money(text: str, default: str | None, amount: str, currency: str) -> None:
    assert parse_money(text, default) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "default", "message"),
    [
        ("abc", "EUR", "is not an amount"),
        ("", "EUR", "is not an amount"),
        ("NaN", "EUR", "is not an amount"),
        ("\ud800\x00", "EUR", "is not an amount"),
        ("5", None, "does not say its currency"),
        ("5 zorkmids", None, "“zorkmids” is not a currency"),
        ("€5 USD", None, "names two currencies"),
        ("1e9999", "EUR", "is not a currency"),
        ("9" * 40, "EUR", "more than an amount can be"),
        ("1.23456", "EUR", "too many decimals"),
        ("1,2,3", "EUR", "not grouped by thousands"),
        ("1,204.50.3", "EUR", "not grouped by thousands"),
        ("1" * 1_000_000, "EUR", "too long"),
    ],
)
def test_parse_money_refuses_in_words(text: str, default: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        parse_money(text, default)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("language", "yen", "euros", "rials"),
    [
        ("en", "¥88,000", "€1,204.50", "−IRR\u00a01,204"),
        ("ja", "¥88,000", "€1,204.50", "−IRR\u00a01,204"),
        ("fr", "88\u202f000\u00a0¥", "1\u202f204,50\u00a0€", "−1\u202f204\u00a0IRR"),
        ("fa", "۸۸٬۰۰۰\u00a0¥", "۱٬۲۰۴٫۵۰\u00a0€", "−۱٬۲۰۴\u00a0ریال"),
    ],
)
def test_format_money(language: str, yen: str, euros: str, rials: str) -> None:
    assert format_money(Money(Decimal(88000), "JPY"), language) == yen
    assert format_money(Money(Decimal("1204.5"), "EUR"), language) == euros
    assert format_money(Money(Decimal(-1204), "IRR"), language) == rials


def test_whole_amounts_can_drop_their_decimals() -> None:
    assert format_money(Money(Decimal(1204), "EUR"), "en", whole=True) == "€1,204"
    assert format_money(Money(Decimal("1204.5"), "EUR"), "en", whole=True) == "€1,204.50"


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.sampled_from(["en", "fr", "fa"]))
def test_what_is_written_is_read_back(amount: Decimal, language: str) -> None:
    money = Money(amount, "EUR")
    assert parse_money(format_money(money, language)) == money


def test_minor_units_and_rounding() -> None:
    assert (minor_units("JPY"), minor_units("EUR"), minor_units("KWD")) == (0, 2, 3)
    assert Money(Decimal("1204.505"), "EUR").in_minor_units == 120451
    assert Money(Decimal("88000.4"), "JPY").in_minor_units == 88000
    assert Money(Decimal("-0.005"), "EUR").rounded() == Money(Decimal("-0.01"), "EUR")


def test_arithmetic_keeps_to_one_currency() -> None:
    five, seven = Money(Decimal(5), "EUR"), Money(Decimal(7), "EUR")
    assert five + seven == Money(Decimal(12), "EUR")
    assert -(five - seven) == Money(Decimal(2), "EUR")
    assert five * 3 == Money(Decimal(15), "EUR")
    assert five < seven
    with pytest.raises(ValueError, match="EUR and JPY"):
        five + Money(Decimal(1), "JPY")


def test_is_currency() -> None:
    assert is_currency("EUR")
    assert not is_currency("EURO")
    assert issubclass(MoneyError, ValueError)
