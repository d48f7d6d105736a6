"""Kinds of cases as data."""

from __future__ import annotations

import pytest
from django.utils import translation

from enishi.cases.packs import pack, packs, read_pack
from enishi.core.packs import LANGUAGES, PackError, Words

WORDS = '{ en = "A", ja = "あ", fr = "A", fa = "ا" }'


def _source(*, fields: str = "", needs: str = "[]", final: str = "true", label: str = WORDS) -> str:
    return f"""
code = "x"
prefix = "X"
icon = "flag"
order = 1
level = 0
label = {label}
plural = {label}
[[stages]]
code = "first"
label = {label}
[[stages]]
code = "last"
label = {label}
needs = {needs}
final = {final}
{fields}
"""


def test_four_kinds_stand_in_their_order():
    assert list(packs()) == ["grievance", "issue", "incident", "enquiry"]
    assert [stage.code for stage in pack("grievance").stages] == [
        "register", "assess", "investigate", "resolve", "appeal", "close",
    ]  # fmt: skip
    assert pack("grievance").service.acknowledge == 5
    assert len({one.prefix for one in packs().values()}) == 4


def test_a_grievance_passes_over_the_appeal():
    grievance = pack("grievance")
    following = grievance.after("resolve")
    assert following is not None and following.code == "close"
    assert grievance.after("close") is None
    assert grievance.appeal_stage is not None and grievance.appeal_stage.code == "appeal"
    assert pack("issue").appeal_stage is None


def test_words_read_in_every_language():
    read = []
    for language in LANGUAGES:
        with translation.override(language):
            read.append(str(pack("grievance").label))
    assert read == ["Grievance", "苦情", "Plainte", "شکایت"]
    assert all(isinstance(field.label, Words) for one in packs().values() for field in one.fields)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("code = ", "x.toml"),
        (_source(label='{ en = "A" }'), "en, ja, fr, fa"),
        (_source(needs='["luck"]'), "luck"),
        (_source(needs='["field:gone"]'), "field:gone"),
        (_source(final="false"), "final"),
        (_source(fields=f'[[fields]]\ncode = "f"\nkind = "song"\nlabel = {WORDS}'), "song"),
        (_source(fields=f'[[fields]]\ncode = "f"\nkind = "choice"\nlabel = {WORDS}'), "options"),
        (_source().replace("order = 1\n", ""), "order"),
    ],
)
def test_a_pack_that_cannot_be_used_says_what_is_wrong(source, says):
    with pytest.raises(PackError) as refused:
        read_pack("x.toml", source)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "code", "given", "stored"),
    [
        ("grievance", "category", "nuisance", "nuisance"),
        ("grievance", "affected", "۲۱۰", 210),
        ("grievance", "affected", "1,200", 1200),
        ("grievance", "affected", "2.5", 2.5),
        ("grievance", "vulnerable", "on", True),
        ("grievance", "remedy", "  Wet the road \n", "Wet the road"),
        ("grievance", "remedy", "  ", None),
        ("incident", "happened_on", "29 Dec 2026", "2026-12-29"),
        ("incident", "happened_on", "", None),
    ],
)
def test_fields_are_typed(kind, code, given, stored):
    assert pack(kind).field(code).read(given) == stored


@pytest.mark.parametrize(
    ("kind", "code", "given"),
    [
        ("grievance", "category", "luck"),
        ("grievance", "affected", "many"),
        ("grievance", "affected", "NaN"),
        ("grievance", "affected", "1e400"),
        ("incident", "happened_on", "31 Nov 2026"),
        ("enquiry", "subject", "x" * 301),
    ],
)
def test_fields_refuse_what_they_cannot_mean(kind, code, given):
    with pytest.raises(ValueError, match=r"\w"):
        pack(kind).field(code).read(given)
