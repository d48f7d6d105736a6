"""Whatever the bytes, reading ends in rows, in quarantine or in Unreadable."""

import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enishi.contacts.importing import mapping
from enishi.contacts.importing.mapping import Draft
from enishi.contacts.importing.reasons import Unreadable
from enishi.contacts.importing.sniff import sniff
from enishi.contacts.importing.tables import rows
from enishi.contacts.importing.vcard import Card, cards

PIECES = st.sampled_from(
    b", ; \t \" ' \n \r\n \r \0 Name E-mail = \xff \x8a\xbf \xc7\xe1 \\ \xed\xa0\x80 BEGIN:VCARD\n END:VCARD\n FN: TEL; ENCODING= "
    b"PK\x03\x04 QUOTED-PRINTABLE: BASE64: CHARSET=utf-7: N: BDAY: : item1. \xff\xfe =C3 sep=;\n \xe4\xbd\x90 \xc3\xa9".split(
        b" "
    )
)
BYTES = st.one_of(
    st.binary(max_size=400), st.lists(PIECES | st.binary(max_size=4), max_size=60).map(b"".join)
)
FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


def at(data: bytes, directory: str) -> Path:
    path = Path(directory) / "file"
    path.write_bytes(data)
    return path


@FUZZ
@given(BYTES)
def test_tables(data):
    with tempfile.TemporaryDirectory() as directory:
        path = at(data, directory)
        try:
            facts = sniff(path)
            if not facts.kind.is_table:
                return
            found = mapping.suggest(facts.headers, facts.sample)
            for row in rows(path, facts):
                assert row.problem or len(row.cells) == len(facts.headers)
                assert not any("\0" in cell or "\ufdd0" in cell for cell in row.cells)
                "".join(row.cells).encode()
                if not row.problem:
                    draft = mapping.apply(found, row)
                    assert Draft.from_json(draft.to_json()) == draft
        except Unreadable as refused:
            assert "%(" not in str(refused)


@FUZZ
@given(BYTES)
def test_cards(data):
    with tempfile.TemporaryDirectory() as directory:
        try:
            for card in cards(at(data, directory)):
                if isinstance(card, Card):
                    draft = mapping.from_card(card)
                    assert not any("\0" in reading.value for _code, reading in draft.readings())
                else:
                    assert "%(" not in str(card.reason)
        except Unreadable as refused:
            assert "%(" not in str(refused)


@pytest.mark.parametrize("cut", range(0, 2600, 130))
def test_workbooks_cut_or_damaged_anywhere(tmp_path, cut):
    book = openpyxl.Workbook()
    book.active.append(["Name", "City"])
    book.active.append(["Ann", "Bath"])
    path = tmp_path / "b.xlsx"
    book.save(path)
    data = bytearray(path.read_bytes())
    data[cut : cut + 3] = b"\xff\xff\xff"
    path.write_bytes(data)
    try:
        assert list(rows(path, sniff(path))) is not None
    except Unreadable as refused:
        assert str(refused)
