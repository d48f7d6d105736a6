"""Bringing the staged rows into the contacts, a chunk and a transaction at a time.

The transaction of a chunk also moves the cursor of the run, under a lock on the run: whoever continues after a crash, or beside
somebody who continues already, takes up exactly where the last chunk ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ConsentPurpose, DuplicatePair, ImportRow, ImportRun, Party
from enishi.contacts.services.importing import matching
from enishi.contacts.services.importing.checking import CHUNK
from enishi.contacts.services.importing.merge import Ground, merge, new_record
from enishi.contacts.services.importing.organisations import Organisations
from enishi.contacts.services.importing.prepared import DRAFT, Prepared
from enishi.contacts.services.importing.problems import problem
from enishi.contacts.services.importing.records import Record, load
from enishi.contacts.services.importing.tagging import known_tags, make_tags
from enishi.contacts.services.importing.write import Terms, terms, write
from enishi.contacts.services.parties import EDIT
from enishi.core import bulk
from enishi.timeline.models import Operation

Action = ImportRow.Action
COUNTED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.SAME: "unchanged",
    Action.DUPLICATE: "duplicate",
    Action.REFUSE: "refused",
    Action.SKIP: "left_out",
}


@dataclass(slots=True)
class _Row:
    id: int
    number: int
    prepared: Prepared
    action: str
    decision: str
    party_id: int
    matches: list[dict[str, Any]]
    stored: tuple[str, int] = ("", 0)
    problems: list[dict[str, Any]] = field(default_factory=list)


class Staged(Protocol):
    number: Any
    action: Any


S = TypeVar("S", bound=Staged)


class Pass(ABC, Generic[S]):
    """One pass over the staged rows of a run, in one process. What it knows between chunks is only ever a cache."""

    def __init__(self, actor: Actor, run: ImportRun) -> None:
        self.actor, self.run_id = actor, run.pk

    @abstractmethod
    def _rows(self, run: ImportRun) -> list[S]:
        """The rows of the next chunk."""

    @abstractmethod
    def _bring_in(self, rows: list[S]) -> None:
        """Write them, in the caller's transaction, and set what became of each."""

    def next_chunk(self) -> bool:
        """Bring in the next rows; False when none is left, or the run is no longer being applied."""
        with transaction.atomic():
            run = (
                ImportRun.objects.unscoped("a run that the job was given")
                .select_for_update(no_key=True, of=("self",))
                .get(pk=self.run_id)
            )
            rows = self._rows(run) if run.state == ImportRun.State.APPLYING else []
            if not rows:
                return False
            self._bring_in(rows)
            counts: dict[str, int] = run.cursor.setdefault("counts", {})
            for row in rows:
                name = COUNTED[Action(row.action)]
                counts[name] = counts.get(name, 0) + 1
            run.cursor["row"] = rows[-1].number
            run.progress += len(rows)
            run.save(update_fields=["cursor", "progress"])
        return True


class Applying(Pass[_Row]):
    """Tags and organisations are known from chunk to chunk."""

    def __init__(self, actor: Actor, run: ImportRun, operation: Operation) -> None:
        super().__init__(actor, run)
        self.project_id = run.project_id
        self.leave_duplicates = run.options.get("duplicates") == "skip"
        evidence = f"{run.filename}"
        self.tags = known_tags(run.project_id)
        self.ground = Ground(
            project_id=run.project_id,
            file_wins=run.options.get("file_wins", True),
            evidence=evidence[:200],
            organisations=Organisations(actor, run.project_id, _numbers()),
            ids=_numbers(),
            tags=self.tags,
        )
        purposes = dict(ConsentPurpose.objects.values_list("code", "id"))
        self.terms: Terms = terms(actor, operation, evidence=evidence, purposes=purposes)

    def _rows(self, run: ImportRun) -> list[_Row]:
        found = (
            ImportRow.objects.filter(run=run, number__gt=run.cursor.get("row", -1))
            .exclude(action=Action.REFUSE)
            .order_by("number")
            .values_list("id", "number", DRAFT, "action", "decision", "party_id", "matches")[:CHUNK]
        )
        return [
            _Row(
                pk,
                number,
                Prepared.loads(draft),
                action,
                decision,
                party_id or 0,
                matches,
                (action, party_id or 0),
            )
            for pk, number, draft, action, decision, party_id, matches in found
        ]

    def _bring_in(self, rows: list[_Row]) -> None:
        wanted = [row for row in rows if not self._left_out(row)]
        for row in wanted:
            row.action = row.decision or row.action
        self._match_again(wanted)
        self._make_tags(wanted)
        self.ground.organisations.look_up(row.prepared for row in wanted)
        records = load({row.party_id for row in wanted}, lock=True)
        self._replace_numbers_of_the_deleted(wanted, records)
        touched: dict[int, Record] = {}
        for row in wanted:
            self._one(row, records, touched)
        for record in self.ground.organisations.take().values():
            touched.setdefault(record.id, record)
        write(touched.values(), self.terms)
        self._keep_pairs(wanted)
        changed = [
            {"id": row.id, "action": row.action, "party_id": row.party_id, "errors": row.problems}
            for row in rows
            if row.problems
        ]
        bulk.update_all(ImportRow, ["action", "party_id", "errors"], changed)
        moved = [
            {"id": row.id, "action": row.action, "party_id": row.party_id}
            for row in rows
            if not row.problems and (row.action, row.party_id) != row.stored
        ]
        bulk.update_all(ImportRow, ["action", "party_id"], moved)

    def _left_out(self, row: _Row) -> bool:
        undecided = row.action == Action.DUPLICATE and not row.decision
        if row.decision == Action.SKIP or (undecided and self.leave_duplicates):
            row.action = Action.SKIP
            return True
        return False

    def _match_again(self, rows: list[_Row]) -> None:
        """Somebody may have created the contact since the dry run."""
        new = [row for row in rows if row.action == Action.CREATE and not row.decision]
        found = matching.find(self.actor, [row.prepared for row in new], by_name=False)
        for row in new:
            match = found.get(row.number)
            if match is not None and match.sure is not None:
                row.party_id = match.sure

    def _make_tags(self, rows: list[_Row]) -> None:
        created = make_tags(
            self.tags, {path for row in rows for path in row.prepared.tags}, project_id=self.project_id
        )
        if created:
            operation = self.terms.operation
            operation.data = {**operation.data, "tags": [*operation.data.get("tags", []), *created]}
            operation.save(update_fields=["data"])

    def _replace_numbers_of_the_deleted(self, rows: list[_Row], records: dict[int, Record]) -> None:
        """A contact that was chosen and has gone into the recycle bin since stays there; its row makes a new one."""
        missing = {row.party_id for row in rows} - records.keys()
        in_bin = set(
            Party.objects.unscoped("numbers that are taken")
            .filter(pk__in=bulk.among(missing))
            .values_list("pk", flat=True)
        )
        fresh = dict(zip(sorted(in_bin), bulk.next_ids(Party, len(in_bin)), strict=True))
        for row in rows:
            row.party_id = fresh.get(row.party_id, row.party_id)

    def _one(self, row: _Row, records: dict[int, Record], touched: dict[int, Record]) -> None:
        prepared = row.prepared
        record = records.get(row.party_id)
        if record is None and prepared.kind != Party.Kind.PERSON and row.action != Action.DUPLICATE:
            # Somebody above works there, so the organisation is on its way in already.
            record = self.ground.organisations.created.get(prepared.match_key)
            if record is not None:
                row.party_id, row.action = record.id, Action.CREATE
                merge(record, prepared, self.ground)
                return
        if record is None:
            record = new_record(prepared, self.ground, number=row.party_id)
            records[record.id] = touched[record.id] = record
            if row.action != Action.DUPLICATE:
                row.action = Action.CREATE
            if prepared.kind != Party.Kind.PERSON:
                self.ground.organisations.put(record)
            return
        if not record.is_new and not self.actor.may(EDIT, record.project_ids):
            row.action = Action.REFUSE
            row.problems = [
                problem(
                    "",
                    _("You may not change the contact that this row is about. Ask whoever looks after it."),
                )
            ]
            return
        touched[record.id] = record
        row.action = Action.UPDATE if merge(record, prepared, self.ground) else Action.SAME

    def _keep_pairs(self, rows: list[_Row]) -> None:
        """What may be one is listed under duplicates, unless somebody said that it is not."""
        doubtful = [row for row in rows if row.matches and row.action in (Action.DUPLICATE, Action.CREATE)]
        above = {match["row"] for row in doubtful for match in row.matches if match.get("row")}
        by_row = dict(
            ImportRow.objects.filter(run=self.run_id, number__in=above)
            .exclude(action__in=(Action.REFUSE, Action.SKIP))
            .values_list("number", "party_id")
        )
        by_row |= {row.number: row.party_id for row in rows}
        pairs = {}
        for row in doubtful:
            for match in row.matches:
                other = match.get("party") or by_row.get(match.get("row") or 0)
                if other and other != row.party_id:
                    pairs[min(other, row.party_id), max(other, row.party_id)] = row, match
        alive = set(
            Party.objects.unscoped("pairs of contacts that the matching found")
            .present()
            .filter(pk__in={number for pair in pairs for number in pair})
            .values_list("pk", flat=True)
        )
        DuplicatePair.objects.bulk_create(
            [
                DuplicatePair(
                    first_id=first,
                    second_id=second,
                    score=match["score"],
                    reasons=[match["reason"]],
                    state=DuplicatePair.State.DIFFERENT if row.decision else DuplicatePair.State.OPEN,
                )
                for (first, second), (row, match) in pairs.items()
                if first in alive and second in alive
            ],
            ignore_conflicts=True,
        )


def _numbers() -> Iterator[int]:
    while True:
        yield from bulk.next_ids(Party, 500)
