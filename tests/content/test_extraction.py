import io
import zipfile

import openpyxl
import pytest

from enishi.content import extraction, media

DOCX = """<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:body><w:p><w:r><w:t>Night work</w:t></w:r><w:r><w:t> at pier 3</w:t></w:r></w:p><w:p><w:r><w:t>夜間工事</w:t></w:r></w:p></w:body></w:document>"""


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def pdf(words):
    stream = f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (table, len(out))
    )


def workbook():
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Berths"
    book.active.append(["Boat", "Pier"])
    book.active.append(["Ushio Maru", 3])
    book.save(out)
    return out.getvalue()


def words(tmp_path, data, name):
    path = tmp_path / "file"
    path.write_bytes(data)
    return extraction.extract(path, media.sniff(data[: media.HEAD], name))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", "Été à la mer".encode(), "Été à la mer"),
        (
            "a.txt",
            "夜間工事の騒音について、ご連絡いたします。".encode("cp932"),
            "夜間工事の騒音について、ご連絡いたします。",
        ),
        ("a.txt", "\ufeffUTF-16 text".encode("utf-16-le"), "UTF-16 text"),
        ("a.csv", b"name,pier\nUshio,3\n", "name,pier\nUshio,3\n"),
        (
            "a.html",
            b"<html><body><p>Seen</p><script>hidden()</script><style>p{}</style></body></html>",
            "Seen",
        ),
        ("a.docx", zipped(word__document__xml=""), None),
        ("a.pdf", pdf("Noise survey"), "Noise survey\n"),
        ("a.xlsx", workbook(), "Berths\nBoat\tPier\nUshio Maru\t3.0\n"),
    ],
)
def test_words_of_each_kind_of_file(tmp_path, name, data, expected):
    found = words(tmp_path, data, name)
    if expected is None:
        assert found.failed
    else:
        assert (found.text.lstrip("\ufeff"), found.failed) == (expected, False)


def test_words_of_a_document(tmp_path):
    data = zipped(**{"word/document.xml": DOCX})
    found = words(tmp_path, data, "minutes.docx")
    assert [line for line in found.text.splitlines() if line.strip()] == ["Night work at pier 3", "夜間工事"]


def bomb():
    """300 MB of zeros in 300 kB."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as member,
    ):
        for _ in range(300):
            member.write(bytes(1 << 20))
    return out.getvalue()


ENTITIES = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "boom">]><w:document xmlns:w="w"><w:p>&x;</w:p></w:document>"""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cut.pdf", pdf("Noise survey")[:200]),
        ("noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 50),
        ("cut.docx", zipped(**{"word/document.xml": DOCX})[:120]),
        ("empty.docx", zipped(other="x")),
        ("bomb.docx", bomb()),
        ("entities.docx", zipped(**{"word/document.xml": ENTITIES})),
        ("broken.xlsx", zipped(**{"xl/workbook.xml": "<workbook>"})),
    ],
)
def test_broken_locked_and_hostile_files_fail_without_harm(tmp_path, name, data):
    assert words(tmp_path, data, name) == extraction.Extracted("", failed=True)


def test_what_takes_too_long_is_given_up(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(pdf("Noise survey"))
    assert extraction.extract(path, media.PDF, seconds=0.001) == extraction.Extracted("", failed=True)


def test_no_more_is_kept_than_the_limit(tmp_path):
    found = words(tmp_path, b"word " * 100_000, "long.txt")
    assert len(found.text) == extraction.TEXT_LIMIT


def test_a_picture_has_no_words(tmp_path):
    assert words(tmp_path, b"\x89PNG\r\n\x1a\n" + b"\x00" * 9, "a.png") == extraction.Extracted("")


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (b"%PDF-1.4", "x.txt", "application/pdf"),
        (b"  <!DOCTYPE html><p>", "x.png", "text/html"),
        (b"<svg onload='x()'>", "x.png", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg xmlns='x'>", "x.jpg", "image/svg+xml"),
        (b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "x.txt", "text/html"),
        (b"PK\x03\x04rest", "x.docx", media.DOCX),
        (b"PK\x03\x04rest", "x.png", "application/zip"),
        (b"RIFF1234WEBPVP8", "x", "image/webp"),
        (b"MZ\x90\x00", "photo.jpg", "application/vnd.microsoft.portable-executable"),
        (b"a,b\n1,2", "x.csv", "text/csv"),
        (b"plain words", "x", "text/plain"),
        (b"\x00\x01\x02", "x.txt", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_bytes_say(head, name, media_type):
    assert media.sniff(head, name) == media_type
