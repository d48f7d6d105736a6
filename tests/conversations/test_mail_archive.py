"""Archives of every shape come out as the same messages, and hostile ones stop in time."""

import gzip
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.conversations.mail import Limits, RawItem, Unreadable, messages, read
from enishi.conversations.mail.archive import from_bytes

MBOX = Path(__file__).parents[3] / "shared/data/mbox"
needs_mbox = pytest.mark.skipif(not MBOX.is_dir(), reason="the sample mailboxes are not there")
ONE = b"From: a@kaze.example\nSubject: one\n\nHello\n"
TWO = b"From: b@kaze.example\nSubject: two\n\nHi\n"
SEPARATOR = b"From a@kaze.example Mon Mar  2 10:00:00 2026\n"


def items(data: bytes, name: str = "in.mbox", **limits: int) -> list[RawItem | Unreadable]:
    return list(from_bytes(data, name, limits=Limits(**limits)))


def raws(found: list[RawItem | Unreadable]) -> list[bytes]:
    return [each.raw for each in found if isinstance(each, RawItem)]


def codes(found: list[RawItem | Unreadable]) -> list[str]:
    return [each.code for each in found if isinstance(each, Unreadable)]


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@needs_mbox
def test_sample_mailboxes() -> None:
    found = [item for item in messages(MBOX) if isinstance(item, RawItem)]
    assert [item.name for item in found] == [
        "mbox_complex.mbox #1, byte 0",
        "mbox_complex.mbox #2, byte 2496",
        "mbox_multipart.mbox #1, byte 0",
        "mbox_multipart.mbox #2, byte 5430",
        "mbox_no_fields.mbox #1, byte 0",
        "mbox_no_fields.mbox #2, byte 328",
        "mbox_no_fields.mbox #3, byte 656",
        "mbox_no_fields.mbox #4, byte 946",
        "mbox_no_fields.mbox #5, byte 1244",
        "mbox_no_fields.mbox #6, byte 1542",
        "mbox_single.mbox #1, byte 0",
        "pipermail_2015_november.mbox #1, byte 0",
        "pipermail_2015_november.mbox #2, byte 951",
        "pipermail_2015_november.mbox #3, byte 2236",
        "pipermail_2015_november.mbox #4, byte 4211",
    ]
    parsed = [read(item.raw, envelope=item.envelope) for item in found]
    assert [(each.senders[0].name, each.senders[0].address) for each in parsed[10:12]] == [
        ("Göran Lastname", "goran@domain.com"),
        ("Andy Grunwald", "andy@example.com"),
    ]
    assert [each.date.isoformat() if each.date else None for each in parsed[6:10]] == [
        "2010-12-01T08:26:40+00:00",
        "2010-12-01T14:26:40+01:00",
        "2010-12-01T08:26:40+00:00",
        "2016-09-21T22:42:07+03:00",
    ]
    assert ">>From the 2.3M + 17M MO files" in parsed[1].text
    assert parsed[1].list_id == "desktop-devel-list.gnome.org"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_mbox_with_either_line_end(newline: bytes) -> None:
    data = (SEPARATOR + ONE + b"\n" + SEPARATOR + TWO).replace(b"\n", newline)
    assert raws(items(data)) == [ONE.replace(b"\n", newline), TWO.replace(b"\n", newline)]


def test_separator_without_date_needs_a_sender_an_empty_line_and_a_header_after_it() -> None:
    assert raws(items(SEPARATOR + ONE + b"\nFrom a@kaze.example\n" + TWO)) == [ONE, TWO]
    text = ONE + b"\nFrom here on it is plain.\nFrom: no header either\n"
    assert raws(items(SEPARATOR + text)) == [text]


def test_quoted_separators_are_unquoted() -> None:
    data = SEPARATOR + ONE + b">From the start\n>>From before\n"
    assert raws(items(data)) == [ONE + b"From the start\n>From before\n"]


def test_eml_with_a_separator_on_top_is_one_message() -> None:
    data = SEPARATOR + ONE + b"\nFrom one solid piece\nfollows\n"
    assert raws(items(data, "a.eml")) == [data]
    assert read(data).subject == "one"


def test_separators_across_chunk_borders() -> None:
    filler = b"x" * 70 + b"\n"
    body = filler * (2**20 // len(filler))
    one = b"From: a@kaze.example\n\n" + body
    data = b"".join(SEPARATOR + one + b"y" * cut + b"\n\n" for cut in range(5))
    found = raws(items(data))
    assert found == [one + b"y" * cut + b"\n" for cut in range(5)]


def test_folder_with_maildir_zip_gzip_and_droppings(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1234.host:2,S").write_bytes(ONE)
    (tmp_path / ".DS_Store").write_bytes(b"\0\1")
    (tmp_path / "a.zip").write_bytes(
        zipped({"../in.mbox": SEPARATOR + ONE + b"\n" + SEPARATOR + TWO, "x/b.eml": TWO})
    )
    (tmp_path / "b.mbox.gz").write_bytes(gzip.compress(SEPARATOR + TWO))
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list(messages(tmp_path))
    assert [(each.name, each.raw) for each in found if isinstance(each, RawItem)] == [
        ("a.zip/in.mbox #1, byte 0", ONE),
        ("a.zip/in.mbox #2, byte " + str(len(SEPARATOR + ONE) + 1), TWO),
        ("a.zip/x/b.eml", TWO),
        ("b.mbox #1, byte 0", TWO),
        ("cur/1234.host:2,S", ONE),
    ]
    assert not codes(found)


def test_names_are_shown_without_tricks(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/a\xff\xe2\x80\xaeb.eml"
    Path(os.fsdecode(path)).write_bytes(ONE)
    (found,) = messages(tmp_path)
    assert isinstance(found, RawItem)
    assert found.file == "a\ufffd\ufffdb.eml"


def test_zip_bomb_stops() -> None:
    found = items(
        zipped({"a.eml": ONE, "bomb.mbox": SEPARATOR + ONE + b"\0" * 40 * 2**20, "b.eml": TWO}), "x.zip"
    )
    assert raws(found) == [ONE, TWO]
    assert codes(found) == ["archive-bomb"]
    total = items(
        zipped({f"{number}.eml": ONE for number in range(100)}), "x.zip", archive_total=10 * len(ONE)
    )
    assert (len(raws(total)), codes(total)) == (10, ["archive-bomb"])


def test_zip_in_zip_is_read_to_a_depth() -> None:
    data = zipped({"a.eml": ONE})
    for _ in range(2):
        data = zipped({"in.zip": data})
    assert raws(items(data, "x.zip")) == [ONE]
    assert codes(items(zipped({"in.zip": data}), "x.zip")) == ["archive-depth"]


def test_damaged_and_encrypted_archives_keep_what_is_good() -> None:
    data = bytearray(
        zipped({"a.eml": ONE, "b.eml": b"From: x@kaze.example\n\n" + os.urandom(500), "c.eml": TWO})
    )
    position = data.index(b"b.eml") + 60
    data[position : position + 50] = bytes(50)
    found = items(bytes(data), "x.zip")
    assert (raws(found), codes(found)) == ([ONE, TWO], ["archive-broken"])
    assert codes(items(b"PK\x03\x04 no zip at all", "x.zip")) == ["archive-broken"]
    locked = bytearray(zipped({"a.eml": ONE}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert codes(items(bytes(locked), "x.zip")) == ["archive-encrypted"]
    assert codes(items(gzip.compress(SEPARATOR + ONE)[:-12], "x.gz")) == ["archive-broken"]


def test_a_message_beyond_the_limit_is_named_and_the_next_one_read() -> None:
    huge = b"From: a@kaze.example\n\n" + (b"x" * 99 + b"\n") * 40_000
    found = items(
        SEPARATOR + ONE + b"\n" + SEPARATOR + huge + b"\n" + SEPARATOR + TWO, message=2**20, quarantine=100
    )
    assert raws(found) == [ONE, TWO]
    (refused,) = [each for each in found if isinstance(each, Unreadable)]
    assert (refused.code, refused.item, len(refused.raw)) == (
        "too-large",
        f"#2, byte {len(SEPARATOR + ONE) + 1}",
        100,
    )
    assert [each.item.split(",")[0] for each in found] == ["#1", "#2", "#3"]


def test_memory_does_not_grow_with_the_mailbox(tmp_path: Path) -> None:
    path = tmp_path / "big.mbox"
    with path.open("wb") as stream:
        for _ in range(3000):
            stream.write(SEPARATOR + ONE + b"z" * 9_000 + b"\n\n")
    tracemalloc.start()
    count = sum(1 for _ in messages(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3000
    assert peak < 8 * 2**20


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [SEPARATOR, ONE, TWO, b"\n", b"From x\n", b"\0", b"PK\x03\x04", b"\x1f\x8b", b">From a\n"]
        ),
        max_size=8,
    )
)
def test_nothing_is_lost_and_nothing_else_raised(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    found = items(data)
    if data.startswith((b"PK", b"\x1f\x8b")):
        assert found
        return
    kept = b"".join(each.envelope.encode() + each.raw for each in found if isinstance(each, RawItem))
    assert sorted(kept.replace(b">", b"").replace(b"\n", b"")) == sorted(
        data.replace(b">", b"").replace(b"\n", b"")
    )
