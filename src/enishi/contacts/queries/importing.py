"""Reading imports: runs, their rows, what was set aside, saved mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.accounts.fields import out_of_sight
from enishi.contacts.models import STREAM, Field, ImportMapping, ImportRow, ImportRun, Party, Quarantined
from enishi.contacts.queries import protected

Action = ImportRow.Action


def runs(actor: Actor, *, before: int | None = None) -> ScopedQuerySet[ImportRun]:
    """Imports within the actor's rights, newest first; ``before`` is the id where the page above ended."""
    found = ImportRun.objects.visible_to(actor).select_related("project", "user", "operation")
    found = found.exclude(importer=STREAM)
    if before is not None:
        found = found.filter(pk__lt=before)
    return found.order_by("-id")


def run(actor: Actor, run_id: int) -> ImportRun:
    """One import; raises ImportRun.DoesNotExist out of sight.

    The file of a colleague is out of sight when it fills a field that the reader does not see in its project.
    """
    found = ImportRun.objects.visible_to(actor).select_related("project", "user", "operation").get(pk=run_id)
    if actor.protected and found.user_id != (actor.user_id or 0) and _unseen_targets(actor, found):
        raise ImportRun.DoesNotExist
    return found


_ADDRESS = ("postcode", "country", "region", "city", "street", "building", "address")
_FILLS = {
    "birthday": "birth_date",
    **{name: name for name in ("note", "email", "phone")},
    **dict.fromkeys(_ADDRESS, "address"),
}


def _unseen_targets(actor: Actor, found: ImportRun) -> bool:
    """Whether a file fills a field that somebody does not see. A card says itself what it fills."""
    hidden = out_of_sight(actor, protected.APP, [found.project_id], found.project.default_level)
    rules = [str(column["rule"]) for column in found.mapping.get("columns", ())] if found.mapping else _FILLS
    fills = {_FILLS.get(rule.partition("@")[0], rule.replace("custom:", protected.OWN, 1)) for rule in rules}
    return not fills.isdisjoint(hidden)


def imported_before(actor: Actor, found: ImportRun) -> ImportRun | None:
    """The last time that the very same file was imported into this project."""
    earlier = ImportRun.objects.visible_to(actor).filter(
        project=found.project_id, sha256=found.sha256, state=ImportRun.State.DONE, pk__lt=found.pk
    )
    return earlier.order_by("-id").first()


@dataclass
class Suspected:
    """Somebody whom a row may mean. ``row`` is set for an earlier row of the same file."""

    name: str
    score: int
    reason: str
    party_id: int | None
    row: int | None


@dataclass
class Row:
    """One staged row as it is listed. ``name`` is what the row calls its contact."""

    number: int
    action: str
    decision: str
    name: str
    party_id: int | None
    cells: list[str]
    draft: dict[str, Any]
    problems: list[dict[str, Any]]
    suspects: list[Suspected] = field(default_factory=list)
    exists: bool = False


def rows(
    actor: Actor, found: ImportRun, *, action: str, after: int = 0, limit: int = 50, doubts: bool = False
) -> list[Row]:
    """One page of the rows with that outcome, in the order of the file; ``doubts``: only those with a remark."""
    listed = ImportRow.objects.filter(run=found, number__gt=after)
    listed = listed.filter(action=action) if action else listed
    if doubts:
        listed = listed.exclude(errors=[])
    page = list(listed.order_by("number")[:limit])
    numbers = {row.party_id for row in page} | {match["party"] for row in page for match in row.matches}
    seen = _names(actor, numbers)
    above = _rows_above(found, {match["row"] for row in page for match in row.matches if match["row"]})
    return [
        Row(
            number=row.number,
            action=row.action,
            decision=row.decision,
            name=row.draft.get("full_name", "") or _first(row.cells),
            party_id=row.party_id,
            cells=row.cells,
            draft=row.draft,
            problems=row.errors,
            exists=row.party_id in seen,
            suspects=[
                Suspected(
                    seen.get(match["party"], "") or above.get(match["row"], ""),
                    match["score"],
                    match["reason"],
                    match["party"],
                    match["row"],
                )
                for match in row.matches
                if match["party"] in seen or match["row"] in above
            ],
        )
        for row in page
    ]


def _first(cells: Iterable[str]) -> str:
    return next((cell for cell in cells if cell.strip()), "")


def _names(actor: Actor, numbers: set[int | None]) -> dict[int | None, str]:
    known = [number for number in numbers if number is not None]
    found = Party.objects.visible_to(actor).present().filter(pk__in=known)
    return dict(found.values_list("pk", "full_name"))


def _rows_above(found: ImportRun, numbers: set[int]) -> dict[int | None, str]:
    listed = ImportRow.objects.filter(run=found, number__in=numbers)
    return {number: draft.get("full_name", "") for number, draft in listed.values_list("number", "draft")}


@dataclass(frozen=True)
class Open:
    """What somebody should look at before the import: possible duplicates nobody decided, and refused rows."""

    duplicates: int
    refused: int


def open_questions(found: ImportRun) -> Open:
    counts = ImportRow.objects.filter(run=found).aggregate(
        duplicates=Count("id", filter=Q(action=Action.DUPLICATE, decision="")),
        refused=Count("id", filter=Q(action=Action.REFUSE)),
    )
    return Open(**counts)


def refused(found: ImportRun) -> Iterator[tuple[int, list[str], list[dict[str, Any]]]]:
    """Every refused row: number, cells, problems."""
    listed = ImportRow.objects.filter(run=found, action=Action.REFUSE).order_by("number")
    yield from listed.values_list("number", "cells", "errors").iterator(chunk_size=2000)


def set_aside(found: ImportRun, *, limit: int = 200) -> QuerySet[Quarantined]:
    return Quarantined.objects.filter(run=found).order_by("id")[:limit]


def saved_mappings(actor: Actor) -> QuerySet[ImportMapping]:
    """The actor's own saved mappings, by name."""
    return ImportMapping.objects.filter(owner_id=actor.own_id)


def own_fields() -> QuerySet[Field]:
    """Own fields that a column can go to."""
    return Field.objects.filter(archived_at__isnull=True).exclude(
        kind__in=(Field.Kind.PERSON, Field.Kind.FILE)
    )
