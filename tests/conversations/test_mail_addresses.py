"""Addresses as people and programs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.conversations.mail.addresses import read_addresses
from enishi.conversations.mail.headers import message_ids


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@kaze.example", [("", "a@kaze.example")]),
        ("Yuki Sato <Yuki@Kaze.Example>", [("Yuki Sato", "Yuki@kaze.example")]),
        (
            '"Sato, Yuki" <y@kaze.example>, b@kaze.example',
            [("Sato, Yuki", "y@kaze.example"), ("", "b@kaze.example")],
        ),
        ("=?utf-8?B?5L2Q6Jek?= <y@kaze.example>", [("佐藤", "y@kaze.example")]),
        ("=?utf-8?Q?Sato=2C_Yuki?= <y@kaze.example>", [("Sato, Yuki", "y@kaze.example")]),
        ('"=?utf-8?B?5L2Q6Jek?=" <y@kaze.example>', [("佐藤", "y@kaze.example")]),
        (
            "Team: a@kaze.example, B <b@kaze.example>;, c@kaze.example",
            [("", "a@kaze.example"), ("B", "b@kaze.example"), ("", "c@kaze.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("a@kaze.example (Yuki Sato)", [("Yuki Sato", "a@kaze.example")]),
        ("yuki at kaze.example (Yuki (the boss) Sato)", [("Yuki (the boss) Sato", "yuki@kaze.example")]),
        ("yuki at kaze dot example", [("", "yuki@kaze.example")]),
        ("Yuki <@relay.example:yuki@kaze.example>", [("Yuki", "yuki@kaze.example")]),
        ("Yuki <mailto:yuki@kaze.example>", [("Yuki", "yuki@kaze.example")]),
        ("a@kaze.example; b@kaze.example", [("", "a@kaze.example"), ("", "b@kaze.example")]),
        ('"odd local"@kaze.example', [("", '"odd local"@kaze.example')]),
        ("'Yuki' <yuki@kaze.example>", [("Yuki", "yuki@kaze.example")]),
        ("yuki@kaze.example <yuki@kaze.example>", [("", "yuki@kaze.example")]),
        ("Yuki Sato yuki@kaze.example", [("Yuki Sato", "yuki@kaze.example")]),
        ("Array", [("Array", "")]),
        ("佐藤 <佐藤@例え.テスト>", [("佐藤", "佐藤@例え.テスト")]),
        (", ,", []),
        ("<>", []),
        ('"unclosed <a@kaze.example>', [("unclosed", "a@kaze.example")]),
    ],
)
def test_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.name, each.address) for each in read_addresses(value.encode())] == expected


@given(st.text(alphabet="ab@.,;:<>()\"\\ 'at", max_size=60))
def test_nothing_is_raised_and_no_comma_swallows_the_rest(value: str) -> None:
    for each in read_addresses(value.encode()):
        assert each.name or each.address
    found = read_addresses(b"x@kaze.example, " + value.encode())
    assert not found or found[0].address or found[0].name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<a@x> <b@x>\r\n\t<a@x>", ["a@x", "b@x"]),
        (b"<1234   @   local(blah)  .machine .example>", ["1234@local.machine.example"]),
        (b'<a@x> (Yuki\'s message of "Sun")', ["a@x"]),
        (b"a@x", ["a@x"]),
        (b"Your message of Monday", []),
        (b"message from a@x of Monday", []),
        (b"<a\x00b@x>", ["a\ufffdb@x"]),
        (b"<>", []),
        (b"", []),
    ],
)
def test_message_ids(value: bytes, expected: list[str]) -> None:
    assert message_ids(value) == expected
