"""Why something was not read, as a code with its values: stored as data, said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MESSAGES: dict[str, str | Promise] = {
    # The whole file
    "empty": _("The file is empty. Export it again and upload the new file."),
    "only_header": _("The file has a header row but no rows below it."),
    "missing": _("The file cannot be opened. Upload it again."),
    "too_large": _("The file has %(size)s MB; the limit is %(limit)s MB. Split it and import the parts."),
    "binary": _(
        "This is not a table, a vCard or a mail archive. Save the list as CSV or XLSX and upload that."
    ),
    "html": _(
        "This is a web page with the ending of a spreadsheet. Open it in a spreadsheet program and save it as XLSX."
    ),
    "old_spreadsheet": _(
        "This is an old or different spreadsheet format. Open it and save it as XLSX or CSV."
    ),
    "encrypted": _(
        "The workbook is protected by a password. Remove the password, save it, and upload it again."
    ),
    "damaged": _("The workbook is damaged: %(detail)s. Open it in a spreadsheet program and save it again."),
    "bomb": _(
        "Unpacked, the file would need %(size)s MB, which is more than the limit of %(limit)s MB. It is not opened."
    ),
    "ratio": _("Part “%(part)s” of the file unpacks to %(ratio)s times its size. Such files are not opened."),
    "too_many_parts": _("The archive holds %(count)s entries; the limit is %(limit)s. Split it."),
    "doctype": _(
        "Part “%(part)s” of the workbook declares entities, which no spreadsheet program does. It is not opened."
    ),
    "too_many_cells": _(
        "Sheet “%(sheet)s” spans %(cells)s cells; the limit is %(limit)s. Save it as CSV, or split it."
    ),
    "too_many_columns": _(
        "The file has %(count)s columns; the limit is %(limit)s. Is the delimiter right? Remove what is not needed."
    ),
    "no_sheet": _("No sheet of the workbook holds data."),
    "unknown_sheet": _("The workbook has no sheet “%(sheet)s”. It has: %(sheets)s."),
    "not_a_table": _("This file is read as %(kind)s, not as a table."),
    "encoding": _("The file is not valid %(encoding)s. Choose another encoding, or save it as “CSV UTF-8”."),
    # One row
    "too_many": _(
        "The row has %(found)s cells, the header has %(expected)s. Is a delimiter inside a text without quotes?"
    ),
    "too_few": _(
        "The row has %(found)s cells, the header has %(expected)s. Is a line break inside a text without quotes?"
    ),
    "bytes": _("The row has bytes that are no text in %(encoding)s (shown as �). Write them again."),
    "long_cell": _("A cell is longer than %(limit)s characters. Shorten it."),
    "long_line": _("The line is longer than %(limit)s characters. Shorten it."),
    "open_quote": _(
        "A quotation mark opens in this row and is never closed. Close it, or double it if it is part of the text."
    ),
    # Notes on the file as a whole
    "duplicate_header": _("Column “%(header)s” occurs more than once; the later one is called “%(name)s”."),
    "blank_header": _("Column %(column)s has no name."),
    "no_header": _("The first row looks like data, so the columns are called by their letters."),
    "preamble": _("%(count)s lines above the header row were skipped."),
    "null_characters": _("The file has null characters; they are left out."),
    "formula_without_value": _(
        "Some formulas carry no calculated value and read as empty. Open the workbook, save it, upload again."
    ),
    "short_rows_padded": _(
        "Rows often end early, as some spreadsheet programs write them; missing cells at the end read as empty."
    ),
    # One cell
    "lost_zero": _("“%(value)s” looks like a number that lost its leading zero in a spreadsheet."),
    "rounded_number": _(
        "“%(value)s” was rounded by a spreadsheet; the digits are lost. Enter the number again."
    ),
    "spreadsheet_error": _("“%(value)s” is an error of a formula, not a value."),
    "bad_choice": _("“%(value)s” is neither yes nor no."),
    # vCard
    "card_not_closed": _("The card has no END:VCARD."),
    "card_empty": _("The card has neither a name nor an organisation, an e-mail address or a phone number."),
    "card_too_long": _("The card is longer than %(limit)s MB."),
    "card_bytes": _("The card has bytes that are no text in %(encoding)s."),
    "outside_card": _("The lines stand outside of any card."),
    "bad_line": _("Line %(line)s is not a property: “%(text)s”."),
    # How the encoding was found
    "found_bom": _("%(encoding)s, named by the byte order mark"),
    "found_ascii": _("plain ASCII letters"),
    "found_utf8": _("UTF-8, valid in every byte"),
    "found_utf8_mostly": _("UTF-8, except for %(count)s broken places"),
    "found_zero_bytes": _("%(encoding)s, found by the zero bytes"),
    "found_escapes": _("%(encoding)s, found by its escape sequences"),
    "found_kana": _("%(encoding)s, found by the kana and kanji"),
    "found_arabic": _("%(encoding)s, found by the Arabic letters"),
    "found_latin": _("%(encoding)s, found by the accented letters"),
    "found_statistics": _("%(encoding)s, the most likely by its letters"),
    "found_fallback": _("%(encoding)s, assumed; please look at the preview"),
    "chosen": _("%(encoding)s, as chosen"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of MESSAGES with the values of its sentence; `str()` says it in the active language."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(MESSAGES[self.code]) % self.params if self.params else str(MESSAGES[self.code])

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "params": dict(self.params)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reason:
        return cls(data["code"], data["params"])


def because(code: str, **params: Any) -> Reason:
    return Reason(code, params)


class Unreadable(Exception):
    """The file as a whole cannot be read; `reason` says why and what to do."""

    def __init__(self, code: str, **params: Any) -> None:
        self.reason = Reason(code, params)
        super().__init__(code, params)

    def __str__(self) -> str:
        return str(self.reason)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One item of a file that was not read. `raw` is its text as far as it can be shown."""

    item: str
    reason: Reason
    raw: str
