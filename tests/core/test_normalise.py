import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.core.normalise import Unusable, country, email, kana, phone, postcode, url


@pytest.mark.parametrize(
    ("typed", "country_code", "value", "extension"),
    [
        ("090-1234-5678", "JP", "+819012345678", ""),
        ("０３ー１２３４ー５６７８", "JP", "+81312345678", ""),
        ("03−1234−5678", "JP", "+81312345678", ""),
        ("+81 (0)3 1234 5678", None, "+81312345678", ""),
        ("03-1234-5678 内線 12", "JP", "+81312345678", "12"),
        ("9012345678", "JP", "+819012345678", ""),
        ("819012345678", "JP", "+819012345678", ""),
        ("0081 90 1234 5678", "JP", "+819012345678", ""),
        ("0120-123-456", "JP", "+81120123456", ""),
        ("06.12.34.56.78", "FR", "+33612345678", ""),
        ("0033 6 12 34 56 78", "FR", "+33612345678", ""),
        ("01 99 00 12 34 poste 5", "FR", "+33199001234", "5"),
        ("۰۹۱۲۱۲۳۴۵۶۷", "IR", "+989121234567", ""),
        ("٠٢١-٨٨٧٦٥٤٣٢ داخلی ٣", "IR", "+982188765432", "3"),
        ("(020) 7946 0958", "GB", "+442079460958", ""),
        ("(202) 555-0142 ext. 7", "US", "+12025550142", "7"),
        ("030 123456", "DE", "+4930123456", ""),
        ("\u202d+81 90-1234-5678\u202c", "FR", "+819012345678", ""),
    ],
)
def test_phone(typed: str, country_code: str | None, value: str, extension: str) -> None:
    number = phone(typed, country_code)
    assert (number.value, number.extension, number.typed) == (value, extension, typed)


def test_phone_says_how_it_is_written_and_whether_it_is_assigned() -> None:
    number = phone("+81312345678")
    assert (number.national, number.international) == ("03-1234-5678", "+81 3-1234-5678")
    assert (number.country, number.valid) == ("JP", True)
    assert phone("02 99 00 12 34", "FR").value == "+33299001234"
    assert not phone("555 010 0142", "US").valid


@pytest.mark.parametrize(
    ("typed", "country_code", "message"),
    [
        ("555-0142", "US", "too few digits"),
        ("12345", None, "does not say its country"),
        ("abc", "JP", "is not a phone number"),
        ("", "JP", "is not a phone number"),
        ("+999 123 4567", "JP", "country code that does not exist"),
        ("090-1234-5678 / 03-1234-5678", "JP", "is not a phone number"),
        ("03 1234 5678 9012 3456", "JP", "too many digits"),
        ("1" * 1_000_000, "JP", "too long"),
        ("\ud800\x00\u202e", "JP", "is not a phone number"),
    ],
)
def test_phone_refuses_in_words(typed: str, country_code: str | None, message: str) -> None:
    with pytest.raises(Unusable, match=message) as refusal:
        phone(typed, country_code)
    assert len(str(refusal.value)) < 200


@given(
    st.sampled_from(["JP", "FR", "IR", "GB", "US", "CA"]),
    st.sampled_from(["", "0", "+81", "+33", "+98", "+44", "+1", "00"]),
    st.text("0123456789", min_size=6, max_size=11),
)
def test_phone_agrees_with_the_numbering_plan(country_code: str, prefix: str, digits: str) -> None:
    try:
        parsed = phonenumbers.parse(prefix + digits, country_code)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_valid_number(parsed):
        expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert phone(prefix + digits, country_code).value == expected


@pytest.mark.parametrize(
    ("typed", "value", "display"),
    [
        ("Taro.Tanaka@Mail.EXAMPLE", "Taro.Tanaka@mail.example", "Taro.Tanaka@mail.example"),
        ("ｔａｒｏ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "taro@mail.example", "taro@mail.example"),
        ("mailto:a@b.example?subject=x", "a@b.example", "a@b.example"),
        ("a@例え.example", "a@xn--r8jz45g.example", "a@例え.example"),
        ("a@XN--R8JZ45G.example", "a@xn--r8jz45g.example", "a@例え.example"),
        ("a@例え。example", "a@xn--r8jz45g.example", "a@例え.example"),
        (" a@b.example. ", "a@b.example", "a@b.example"),
        ("a@b.example,", "a@b.example", "a@b.example"),
        ("user..name.@mobile.example", "user..name.@mobile.example", "user..name.@mobile.example"),
        ("o'hara+x@x.example", "o'hara+x@x.example", "o'hara+x@x.example"),
        ("a@\u200bb.example", "a@b.example", "a@b.example"),
    ],
)
def test_email(typed: str, value: str, display: str) -> None:
    address = email(typed)
    assert (address.value, address.display, address.suggestion) == (value, display, None)


def test_email_with_a_name_and_for_matching() -> None:
    address = email('"Tanaka, Taro" <Taro@Mail.example>')
    assert (address.value, address.name, address.key) == (
        "Taro@mail.example",
        "Tanaka, Taro",
        "taro@mail.example",
    )


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmail.con", "a@gmail.com"),
        ("a@firm.con", "a@firm.com"),
        ("a@yahoo.co.jo", "a@yahoo.co.jp"),
    ],
)
def test_email_suggests_the_provider_that_was_meant(typed: str, suggestion: str) -> None:
    address = email(typed)
    assert (address.value, address.suggestion) == (typed, suggestion)


@pytest.mark.parametrize(
    ("typed", "message", "repair"),
    [
        ("a@gmailcom", "has no dot", "a@gmail.com"),
        ("a.gmail.com", "the @ is missing", "a@gmail.com"),
        ("taro gmail.com", "the @ is missing", "taro@gmail.com"),
        ("a@b,example", "has no dot", "a@b.example"),
        ("a b@c.example", "a space within it", "ab@c.example"),
        ("a@@b.example", "more than one @", "a@b.example"),
        ("a@b.example; c@d.example", "more than one @", None),
        ("@b.example", "nothing before the @", None),
        ("a@b", "has no dot", None),
        ("", "the @ is missing", None),
        ("a@-b.example", "is not an e-mail address", None),
        ("<script>@b.example", "is not an e-mail address", None),
        ("\ud800@b.example", "nothing before the @", None),
        ("a" * 1_000_000 + "@b.example", "too long", None),
    ],
)
def test_email_refuses_in_words_with_a_repair(typed: str, message: str, repair: str | None) -> None:
    with pytest.raises(Unusable, match=message) as refusal:
        email(typed)
    assert refusal.value.repair == repair


@pytest.mark.parametrize(
    ("typed", "country_code", "value"),
    [
        ("〒１２３－４５６７", "JP", "123-4567"),
        ("1234567", "JP", "123-4567"),
        ("123ー4567", "JP", "123-4567"),
        ("75 001", "FR", "75001"),
        ("F-75001", "FR", "75001"),
        ("۱۲۳۴۵۶۷۸۹۰", "IR", "12345-67890"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("90210", "US", "90210"),
        ("90210-1234", "US", "90210-1234"),
        ("k1a0b1", "CA", "K1A 0B1"),
        ("1012ab", "NL", "1012 AB"),
        ("ab-12  3", None, "AB-12 3"),
    ],
)
def test_postcode(typed: str, country_code: str | None, value: str) -> None:
    assert postcode(typed, country_code).value == value


@pytest.mark.parametrize(
    ("typed", "country_code", "repair"),
    [
        ("600001", "JP", "060-0001"),
        ("1000", "FR", "01000"),
        ("2134", "US", "02134"),
        ("12345678", "JP", None),
        ("ABC", "GB", None),
        ("<b>", None, None),
    ],
)
def test_postcode_refuses_with_the_zero_a_spreadsheet_lost(
    typed: str, country_code: str | None, repair: str | None
) -> None:
    with pytest.raises(Unusable, match="is not a postcode") as refusal:
        postcode(typed, country_code)
    assert refusal.value.repair == repair


@pytest.mark.parametrize(
    ("typed", "value", "display"),
    [
        ("firm.example", "https://firm.example", "firm.example"),
        ("HTTP://WWW.Firm.example:80/", "http://www.firm.example", "firm.example"),
        ("firm.example:8443/a", "https://firm.example:8443/a", "firm.example:8443/a"),
        (
            "https://例え.example/パス?q=あ#f",
            "https://xn--r8jz45g.example/%E3%83%91%E3%82%B9?q=%E3%81%82#f",
            "例え.example/パス",
        ),
        ("ｈｔｔｐｓ：／／firm．example", "https://firm.example", "firm.example"),
    ],
)
def test_url(typed: str, value: str, display: str) -> None:
    address = url(typed)
    assert (address.value, address.display) == (value, display)


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "localhost",
        "x",
        "",
        "http://u:p@x.example",
        "http://[::1",
    ],
)
def test_url_refuses(typed: str) -> None:
    with pytest.raises(Unusable):
        url(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("日本", "JP"),
        ("Japon", "JP"),
        ("jpn", "JP"),
        ("ژاپن", "JP"),
        ("Iran (Islamic Republic of)", "IR"),
        ("ايران", "IR"),
        ("U.S.A.", "US"),
        ("アメリカ合衆国", "US"),
        ("États-Unis", "US"),
        ("ＵＫ", "GB"),
        ("The Netherlands", "NL"),
        ("l’Allemagne", "DE"),
        ("Côte d’Ivoire", "CI"),
        ("fr", "FR"),
    ],
)
def test_country(typed: str, code: str) -> None:
    assert country(typed).value == code


@pytest.mark.parametrize(
    ("typed", "repair"), [("Germny", "DE"), ("Atlantis", None), ("ZZ", None), ("", None)]
)
def test_country_refuses(typed: str, repair: str | None) -> None:
    with pytest.raises(Unusable, match="is not a country") as refusal:
        country(typed)
    assert refusal.value.repair == repair


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("やまだ　たろう", "ヤマダ タロウ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
        ("カ゛", "ガ"),
        ("サ－バ-", "サーバー"),
        ("いすゞ", "イスヾ"),
        ("ジャン・ポール", "ジャン・ポール"),
    ],
)
def test_kana(typed: str, value: str) -> None:
    assert kana(typed).value == value


@pytest.mark.parametrize(
    ("typed", "message"), [("山田", "holds “山”"), ("yamada", "holds “y”"), (" ", "is empty")]
)
def test_kana_refuses(typed: str, message: str) -> None:
    with pytest.raises(Unusable, match=message):
        kana(typed)


def test_what_was_typed_is_kept_storable() -> None:
    assert email("a@b.example\x00\ud800").typed == "a@b.example"
