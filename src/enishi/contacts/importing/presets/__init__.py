"""Exports of known programs: recognised by their headers, mapped without a question."""

from __future__ import annotations

from collections.abc import Sequence

from enishi.contacts.importing.mapping.columns import Column, Mapping

from . import address_books, cards, crm, enishi
from .preset import Preset, plain

PRESETS: tuple[Preset, ...] = (*enishi.PRESETS, *cards.PRESETS, *address_books.PRESETS, *crm.PRESETS)

__all__ = ["PRESETS", "Preset", "detect_preset", "mapping_for", "preset"]


def preset(code: str) -> Preset:
    """The preset of a code. Raises KeyError."""
    found = next((candidate for candidate in PRESETS if candidate.code == code), None)
    if found is None:
        raise KeyError(code)
    return found


def detect_preset(headers: Sequence[str]) -> Preset | None:
    """The preset whose signs these headers show; of several, the one that knows most of them."""
    present = {plain(header) for header in headers}
    fitting = [candidate for candidate in PRESETS if candidate.recognises(present)]
    return max(fitting, key=lambda candidate: candidate.known(headers), default=None)


def mapping_for(chosen: Preset, headers: Sequence[str]) -> Mapping:
    """The preset for a file with these headers; columns that the preset does not know are not imported."""
    columns = tuple(
        Column(header, chosen.rule(header), dict(chosen.column_options.get(plain(header), {})))
        for header in headers
    )
    return Mapping(columns, {**chosen.options, "preset": chosen.code})
