"""The rows of a run's file, prepared, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enishi.accounts.access import Via
from enishi.accounts.queries import actor, users
from enishi.contacts.importing.mapping import Mapping, apply, from_card
from enishi.contacts.importing.reasons import Quarantined as Unread
from enishi.contacts.importing.sniff import FileFacts, Kind, sniff
from enishi.contacts.importing.tables import Row, rows
from enishi.contacts.importing.vcard import Card, cards
from enishi.contacts.models import ImportRun
from enishi.contacts.queries import protected
from enishi.contacts.services.importing.lookups import Setup, setup
from enishi.contacts.services.importing.prepare import prepare
from enishi.contacts.services.importing.prepared import Prepared
from enishi.contacts.services.importing.problems import Problem, from_reason
from enishi.core import dates, storage

DATES = {"birthday", "seen_on", "deceased_on"}


@dataclass(slots=True)
class Read:
    """One row: prepared, or with the ``problems`` for which it is not. ``cells`` as they stand in the file."""

    number: int
    cells: Sequence[str] = ()
    prepared: Prepared | None = None
    problems: list[Problem] = field(default_factory=list)


def path_of(run: ImportRun) -> Path:
    return storage.path_of(run.sha256)


def facts_of(run: ImportRun) -> FileFacts:
    """What the file is, read as the user chose. Raises Unreadable."""
    chosen = run.facts.get("chosen", {})
    return sniff(
        path_of(run),
        chosen_encoding=chosen.get("encoding", ""),
        chosen_delimiter=chosen.get("delimiter", ""),
        chosen_sheet=chosen.get("sheet", ""),
    )


def mapping_of(run: ImportRun) -> Mapping:
    return Mapping.from_json(run.mapping) if run.mapping else Mapping(())


def setup_of(run: ImportRun) -> Setup:
    mapping, options = mapping_of(run), run.options
    return setup(
        country=options.get("country") or mapping.options.get("country") or run.project.country,
        day_first=_day_first(run, mapping),
        strict=options.get("unreadable", "refuse") == "refuse",
        language=mapping.options.get("language", ""),
        tags=options.get("tags", ()),
        users=users(active=None),
        closed=_closed(run),
    )


def _closed(run: ImportRun) -> frozenset[str]:
    """The protected fields that whoever imports may not change in the project of the run."""
    if run.user is None:
        return frozenset()
    importer, level = actor(run.user, via=Via.JOB), run.project.default_level
    if not importer.protected:
        return frozenset()
    names = protected.protectable()
    return frozenset(name for name in names if not protected.open_in(importer, name, run.project_id, level))


def _day_first(run: ImportRun, mapping: Mapping) -> bool | None:
    order = run.options.get("date_order") or mapping.options.get("date_order", "")
    if order:
        return {"dmy": True, "mdy": False}.get(order)
    samples: list[list[str]] = run.facts.get("sample", [])
    places = [place for place, column in enumerate(mapping.columns) if column.rule.target in DATES]
    return dates.guess_order(
        row[place] for row in samples for place in places if place < len(row) and row[place]
    )


def read(run: ImportRun, facts: FileFacts) -> Iterator[Read | Unread]:
    """Every row or card of the file, in order. Raises Unreadable when the file turns out to be unreadable after all."""
    ready = setup_of(run)
    if facts.kind is Kind.VCARD:
        for found in cards(path_of(run), file_encoding=run.facts.get("chosen", {}).get("encoding", "")):
            if isinstance(found, Card):
                yield Read(found.number, prepared=prepare(from_card(found), ready))
            else:
                yield found
        return
    mapping = _with_country(mapping_of(run), ready)
    for row in rows(path_of(run), facts):
        if row.problem is not None:
            yield Read(row.number, row.cells, problems=[from_reason("", row.problem)])
        else:
            yield Read(row.number, row.cells, prepare(apply(mapping, row), ready))


def _with_country(mapping: Mapping, ready: Setup) -> Mapping:
    """What counts as a lost zero depends on the country."""
    return Mapping(mapping.columns, {**mapping.options, "country": ready.country})


def preview(run: ImportRun, limit: int = 10) -> list[Prepared]:
    """The first rows as they would be read with the mapping as it stands, from the sample that is kept with the run."""
    ready = setup_of(run)
    mapping = _with_country(mapping_of(run), ready)
    sample: list[list[Any]] = run.facts.get("sample", [])
    first = run.facts.get("data_from", 1)
    return [
        prepare(apply(mapping, Row(first + place, cells)), ready)
        for place, cells in enumerate(sample[:limit])
    ]
