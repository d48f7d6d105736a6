"""The dry run: every row is read, normalised, matched and staged with what would become of it. Contacts stay as they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.importing.reasons import Quarantined as Unread
from enishi.contacts.models import ImportRow, ImportRun, Party, Quarantined
from enishi.contacts.services.importing import matching, reading, within
from enishi.contacts.services.importing.matching import Suspect
from enishi.contacts.services.importing.merge import Ground, merge
from enishi.contacts.services.importing.organisations import Organisations
from enishi.contacts.services.importing.prepared import Prepared
from enishi.contacts.services.importing.problems import Problem, problem
from enishi.contacts.services.importing.records import load
from enishi.core import bulk, registry, storage, text

CHUNK = 2_500
"""Rows that are worked on at once: enough that queries cost little for each, few enough for memory and progress."""
Action = ImportRow.Action
ERASED = _("Belongs to somebody who was erased and is not to be added again.")
Told = Callable[[int], None]
_COLUMNS = (
    "run_id",
    "number",
    "cells",
    "draft",
    "action",
    "decision",
    "party_id",
    "keys",
    "matches",
    "errors",
)


@dataclass(slots=True)
class Judged:
    """What would become of one row."""

    number: int
    action: str
    cells: Iterable[str] = ()
    prepared: Prepared | None = None
    party_id: int | None = None
    suspects: list[Suspect] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Tags(dict[str, int]):
    """In a dry run a tag that does not exist yet is as good as any other."""

    def __missing__(self, path: str) -> int:
        self[path] = number = -len(self) - 1
        return number


def ground_for_trying(actor: Actor, run: ImportRun, tags: dict[str, int]) -> Ground:
    numbers = itertools.count(-1, -1)
    return Ground(
        project_id=run.project_id,
        file_wins=run.options.get("file_wins", True),
        evidence="",
        organisations=Organisations(actor, run.project_id, numbers),
        ids=numbers,
        tags=Tags(tags),
    )


def check(actor: Actor, run: ImportRun, *, tags: dict[str, int], told: Told) -> dict[str, int]:
    """Stage the file of a run anew and judge each row; returns the counts by action. Raises Unreadable.

    Started again after a crash it begins from the beginning: nothing but the staging depends on it.
    """
    facts = reading.facts_of(run)
    with transaction.atomic():
        ImportRow.objects.filter(run=run).delete()
        Quarantined.objects.filter(run=run).delete()
    ground = ground_for_trying(actor, run, tags)
    done = 0
    rows = _readable(run, reading.read(run, facts))
    while True:
        with transaction.atomic():
            chunk = list(itertools.islice(rows, CHUNK))
            if not chunk:
                break
            stage(run, _judge(actor, chunk, ground))
        done += len(chunk)
        told(done)
    if done > CHUNK:
        bulk.analyse(ImportRow)
    with transaction.atomic():
        within.settle(run, ground)
    return within.counts(run)


def _readable(run: ImportRun, found: Iterable[reading.Read | Unread]) -> Iterator[reading.Read]:
    """The rows; what could not be read as a row is set aside."""
    for item in found:
        if isinstance(item, Unread):
            set_aside(run, item.item, str(item.reason), item.raw.encode("utf-8", "replace"))
        else:
            yield item


def set_aside(run: ImportRun, item: str, reason: str, raw: bytes) -> Quarantined:
    """Keep what could not be read, with the reason."""
    kept = storage.put_bytes(raw)
    return Quarantined.objects.get_or_create(
        run=run,
        file=run.filename[:500],
        item=item[:300],
        sha256=kept.sha256,
        defaults={"reason": reason[:500], "size": kept.size},
    )[0]


def _judge(actor: Actor, chunk: list[reading.Read], ground: Ground) -> list[Judged]:
    good = [row.prepared for row in chunk if row.prepared is not None and not row.prepared.refused]
    found = matching.find(actor, good)
    ground.organisations.look_up(good)
    meant = {item.sure for item in found.values() if item.sure is not None}
    meant |= {s.party_id for item in found.values() for s in item.suspects[:3] if s.party_id is not None}
    records = load(meant, lock=False)
    fresh = iter(bulk.next_ids(Party, len(chunk)))
    blocked = _blocked(good)
    judged: list[Judged] = []
    for row in chunk:
        prepared = row.prepared
        if prepared is None or prepared.refused:
            problems = row.problems or (prepared.problems if prepared else [])
            judged.append(Judged(row.number, Action.REFUSE, row.cells, problems=problems))
            continue
        if any((point.kind, point.key) in blocked for point in prepared.points):
            # Nothing of the row is kept: it is somebody who asked for just that.
            judged.append(Judged(row.number, Action.REFUSE, problems=[problem("", ERASED)]))
            continue
        one = Judged(row.number, Action.CREATE, prepared=prepared, problems=prepared.problems)
        match = found.get(row.number)
        if match and match.sure in records:
            changed = merge(records[match.sure], prepared, ground)
            one.party_id, one.action = match.sure, Action.UPDATE if changed else Action.SAME
        elif match and match.suspects:
            same = next(
                (
                    s
                    for s in match.suspects[:3]
                    if _says_it_all(records.get(s.party_id or 0), prepared, ground)
                ),
                None,
            )
            if same:
                one.party_id, one.action = same.party_id, Action.SAME
            else:
                one.action, one.suspects, one.cells = Action.DUPLICATE, match.suspects[:5], row.cells
        if one.party_id is None:
            one.party_id = next(fresh)
        judged.append(one)
    return judged


def _blocked(rows: Iterable[Prepared]) -> set[tuple[str, str]]:
    """Addresses among these rows that are not to be added again."""
    ask = registry.provider("contacts.blocked", "privacy")
    asked = {(point.kind, point.key) for row in rows for point in row.points}
    return ask(asked) if ask is not None and asked else set()


def _says_it_all(record: Any, prepared: Prepared, ground: Ground) -> bool:
    """Whether a contact that may be meant holds everything that the row says already."""
    return record is not None and not merge(deepcopy(record), prepared, ground)


def stage(run: ImportRun, judged: Iterable[Judged]) -> None:
    bulk.copy_in(
        ImportRow,
        _COLUMNS,
        (
            (
                run.pk,
                row.number,
                bulk.text_array([_storable(cell) for cell in row.cells]) if row.cells else "{}",
                row.prepared.dumps() if row.prepared else "{}",
                row.action,
                "",
                row.party_id,
                bulk.text_array(row.prepared.marks()) if row.prepared else "{}",
                bulk.to_json([suspect.to_json() for suspect in row.suspects]) if row.suspects else "[]",
                bulk.to_json(row.problems) if row.problems else "[]",
            )
            for row in judged
        ),
    )


def _storable(cell: str) -> str:
    return text.clean(cell)
