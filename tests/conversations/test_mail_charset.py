"""Texts whose charset is odd, wrong or unsaid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.conversations.mail.charset import codec_name, decode
from enishi.conversations.mail.headers import decode_text


@pytest.mark.parametrize(
    ("data", "declared", "text", "how"),
    [
        (b"\x1b$B$9$_$^$;$s!#\x1b(B", "iso-2022-jp", "すみません。", "declared"),
        (b'\x1b$B-!-j\x1b(I12\x1b(B abc\x1b$B$"', "ISO-2022-JP", "①㈱ｱｲ abcあ", "declared"),
        (b"\x1b$B|b:j\x1b(B", "iso-2022-jp", "髙崎", "declared"),
        (b'\x1b$B$"\nabc', "iso-2022-jp-ms", "あ\nabc", "declared"),
        (b'\x1b$B$"\x1b(B', "us-ascii", "あ", "sniffed"),
        ("①㈱髙﨑～".encode("cp932"), "shift_jis", "①㈱髙﨑～", "declared"),
        ("風車".encode("cp932"), "x-sjis", "風車", "declared"),
        ("스티해".encode("cp949"), "ks_c_5601-1987", "스티해", "declared"),
        ("똠방각하".encode("cp949"), "euc-kr", "똠방각하", "declared"),
        ("镕".encode("gb18030"), "gb2312", "镕", "declared"),
        ("“été” €".encode("cp1252"), "iso-8859-1", "“été” €", "declared"),
        ("été".encode("cp1252"), "us-ascii", "été", "declared"),
        ("été".encode(), "iso-8859-1", "été", "sniffed"),
        ("سلام".encode(), "utf8", "سلام", "declared"),
        ("سلام".encode(), "x-unknown", "سلام", "sniffed"),
        (b"Hi Mom -+Jjo--!", "unicode-1-1-utf-7", "Hi Mom -☺-!", "declared"),
        (b"\xff\xfea\x00", None, "a", "sniffed"),
        ("こんにちは世界".encode("cp932"), "x-nobody", "こんにちは世界", "sniffed"),
        ("こんにちは世界、元気ですか".encode("euc_jp"), None, "こんにちは世界、元気ですか", "sniffed"),
        ("Формы и письма для проверки".encode("cp1251"), None, "Формы и письма для проверки", "sniffed"),
        ("été".encode("latin-1"), "utf-8", "été", "sniffed"),
        ("風車の音".encode() + b"\xff" + b"a" * 40, "utf-8", "風車の音\ufffd" + "a" * 40, "replaced"),
        (b"a\x00b", "utf-8", "a\ufffdb", "declared"),
        (b"abc", "rot13", "abc", "declared"),
    ],
)
def test_decode(data: bytes, declared: str | None, text: str, how: str) -> None:
    decoded = decode(data, declared)
    assert (decoded.text, decoded.how) == (text, how)


def test_names_that_are_no_charset_of_text() -> None:
    assert [codec_name(name) for name in ("base64", "idna", "unicode_escape", "a\x00b", "", "none")] == [
        None
    ] * 6


@given(
    st.binary(max_size=80),
    st.sampled_from([None, "utf-8", "utf-7", "iso-2022-jp", "hz", "gb2312", "utf-16", "cp950", "none"]),
)
def test_every_text_can_be_stored(data: bytes, declared: str | None) -> None:
    text = decode(data, declared).text
    assert "\x00" not in text
    assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"=?ISO-8859-1?Q?Eelanal=FC=FCsi_p=E4ring?=", "Eelanalüüsi päring"),
        (b"=?NONE?B?VEVTVA=?=", "TEST"),
        (b"=?utf-8?B?6aI=?=\r\n =?utf-8?B?qOi7ig==?=", "風車"),
        (b"=?iso-2022-jp?B?GyRCSXcbKEI=?= =?iso-2022-jp?B?GyRCPFYbKEI=?=", "風車"),
        (b"Re: =?utf-8?Q?caf=C3=A9?= today", "Re: café today"),
        (b"=?utf-8?Q?How are you??=", "How are you?"),
        (b"=?utf-8*en?q?a?= =?latin1?q?=E9?=", "aé"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        (b"two\r\n lines", "two lines"),
        ("Verão".encode("latin-1"), "Verão"),
    ],
)
def test_header_words(value: bytes, text: str) -> None:
    assert decode_text(value) == text
