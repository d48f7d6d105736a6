"""One reader for each kind of file: a path to pieces of text. They run under limits of time and memory."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from enishi.content import media

_BYTES = 8 << 20
"""Of plain text no more is read than could ever be kept."""
_UNPACKED = 256 << 20
"""A document that unpacks to more than this is a bomb."""


class Unreadable(Exception):
    """The file is broken, locked or hostile."""


def _decoded(data: bytes) -> str:
    import charset_normalizer

    for encoding in ("utf-8-sig", "utf-16"):
        if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            # What was cut off at the limit may end inside a character.
            if error.start >= len(data) - 4:
                return data[: error.start].decode(encoding)
    best = charset_normalizer.from_bytes(data[:65_536]).best()
    return data.decode(best.encoding if best else "latin-1", "replace")


def plain(path: Path) -> Iterator[str]:
    with path.open("rb") as source:
        yield _decoded(source.read(_BYTES))


def html(path: Path) -> Iterator[str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser("".join(plain(path)))
    tree.strip_tags(["script", "style", "noscript", "template"])
    if tree.body is not None:
        yield tree.body.text(separator="\n", strip=True)


def pdf(path: Path) -> Iterator[str]:
    import logging

    import pypdf

    logging.disable(logging.CRITICAL)
    try:
        document = pypdf.PdfReader(path)
        if document.is_encrypted and not document.decrypt(""):
            raise Unreadable("locked by a password")
        for page in document.pages:
            yield page.extract_text() + "\n"
    except Unreadable:
        raise
    except Exception as error:
        # Broken files make the parser fail in every way there is.
        raise Unreadable(str(error)) from error


class _Words:
    """Takes the words out of a document's XML while it is parsed; nothing of the tree is kept."""

    def __init__(self, paragraph_ends: frozenset[str]) -> None:
        self.paragraph_ends, self.pieces = paragraph_ends, list[str]()

    def doctype(self, name: str, public_id: str, system: str) -> None:
        raise Unreadable("a document type is not allowed here")

    def start(self, tag: str, attributes: object) -> None:
        if tag.rpartition("}")[2] == "tab":
            self.pieces.append("\t")

    def data(self, words: str) -> None:
        self.pieces.append(words)

    def end(self, tag: str) -> None:
        if tag.rpartition("}")[2] in self.paragraph_ends:
            self.pieces.append("\n")

    def close(self) -> None: ...

    def take(self) -> str:
        words, self.pieces = "".join(self.pieces), []
        return words


def _xml_text(source: IO[bytes], paragraph_ends: frozenset[str]) -> Iterator[str]:
    words = _Words(paragraph_ends)
    parser = ElementTree.XMLParser(target=words)  # noqa: S314 see the import
    while chunk := source.read(1 << 16):
        parser.feed(chunk)
        yield words.take()
    parser.close()
    yield words.take()


def _zipped(prefix: str, ends: frozenset[str]) -> Callable[[Path], Iterator[str]]:
    def read(path: Path) -> Iterator[str]:
        try:
            with zipfile.ZipFile(path) as archive:
                members = [
                    m
                    for m in archive.infolist()
                    if m.filename.startswith(prefix) and m.filename.endswith(".xml")
                ]
                if not members:
                    raise Unreadable(f"{prefix} is missing")
                if sum(member.file_size for member in members) > _UNPACKED:
                    raise Unreadable("unpacks to far more than it should")
                for member in sorted(members, key=lambda m: (len(m.filename), m.filename)):
                    with archive.open(member) as source:
                        yield from _xml_text(source, ends)
        except (
            zipfile.BadZipFile,
            ElementTree.ParseError,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise Unreadable(str(error)) from error

    return read


def workbook(path: Path) -> Iterator[str]:
    from python_calamine import CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _UNPACKED:
                raise Unreadable("unpacks to far more than it should")
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            yield f"{name}\n"
            for row in book.get_sheet_by_name(name).iter_rows():
                line = "\t".join(str(cell) for cell in row if cell != "")
                if line:
                    yield f"{line}\n"
    except Unreadable:
        raise
    except Exception as error:
        # The parser has no common base for what it raises.
        raise Unreadable(str(error)) from error


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    media.PLAIN: plain,
    media.CSV: plain,
    "text/markdown": plain,
    "text/tab-separated-values": plain,
    "text/calendar": plain,
    "text/vcard": plain,
    "application/json": plain,
    "message/rfc822": plain,
    media.HTML: html,
    media.PDF: pdf,
    media.DOCX: _zipped("word/document", frozenset({"p", "tr"})),
    media.PPTX: _zipped("ppt/slides/slide", frozenset({"p"})),
    media.ODT: _zipped("content", frozenset({"p", "h"})),
    media.XLSX: workbook,
    media.ODS: workbook,
}
