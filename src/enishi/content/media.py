"""What a file is, by its bytes: what a browser or a sender claims about it is not trusted."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePath

HEAD = 4096
"""Bytes that are enough to tell."""

BINARY = "application/octet-stream"
PLAIN, HTML, CSV, PDF = "text/plain", "text/html", "text/csv", "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OFFICE}.wordprocessingml.document"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
PPTX = f"{_OFFICE}.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"

SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""All that a browser may show from our own address: pictures that cannot carry a program."""

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", PDF),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
)
_ZIPPED = {
    ".docx": DOCX, ".xlsx": XLSX, ".pptx": PPTX, ".odt": ODT, ".ods": ODS,
    ".odp": "application/vnd.oasis.opendocument.presentation", ".epub": "application/epub+zip",
}  # fmt: skip
_COMPOUND = {
    ".doc": "application/msword", ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint", ".msg": "application/vnd.ms-outlook",
}  # fmt: skip
_TEXTS = {
    ".csv": CSV, ".tsv": "text/tab-separated-values", ".md": "text/markdown", ".ics": "text/calendar",
    ".vcf": "text/vcard", ".eml": "message/rfc822", ".json": "application/json", ".geojson": "application/geo+json",
}  # fmt: skip
_MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?P<name>!doctype\s+html|[a-z][\w:-]*)",
    re.IGNORECASE | re.DOTALL,
)
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HTML_TAGS = frozenset(
    {b"html", b"head", b"body", b"script", b"div", b"p", b"table", b"iframe", b"style", b"meta"}
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def sniff(head: bytes, name: str = "") -> str:
    """The media type by the first ``HEAD`` bytes; the name only tells apart what begins alike."""
    ending = PurePath(name).suffix.lower()
    for offset, signature, media_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    if head.startswith(b"PK\x03\x04"):
        return _ZIPPED.get(ending, "application/zip")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _COMPOUND.get(ending, "application/x-ole-storage")
    if not head.startswith(_BOMS) and _CONTROLS.search(head):
        return BINARY
    return _markup(head) or _TEXTS.get(ending, PLAIN)


def _markup(head: bytes) -> str:
    plain = head.replace(b"\x00", b"") if head.startswith(_BOMS[1:]) else head
    found = _MARKUP.match(plain.lstrip(b"\xef\xbb\xbf\xff\xfe"))
    if found is None:
        return ""
    name = found["name"].lower()
    if name.startswith(b"!doctype") or name in _HTML_TAGS:
        return HTML
    if _SVG.search(plain):
        return "image/svg+xml"
    return "application/xml" if plain.lstrip().startswith(b"<?xml") else ""


def icon(media_type: str) -> str:
    """The sign that stands for a kind of file."""
    family = media_type.partition("/")[0]
    if media_type in {CSV, XLSX, ODS, "text/tab-separated-values", "application/vnd.ms-excel"}:
        return "file-spreadsheet"
    return {"image": "photo", "audio": "microphone", "video": "video"}.get(family, "file-text")
