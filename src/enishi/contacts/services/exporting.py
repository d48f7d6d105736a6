"""Contacts as CSV and XLSX: only what the actor may export, streamed, safe to open in a spreadsheet, importable again."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Max, Q

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, ExternalId, Field, FieldValue, Party, PartyTag, Relation
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries import protected
from enishi.contacts.queries.columns import COLUMNS, OWN, POINT_OF, visible_end
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.queries.wording import sentence
from enishi.contacts.services.bulk import Selection
from enishi.core import clock
from enishi.core.documents import guarded
from enishi.timeline.services import plain, record

EXPORT = "contacts.export"
FORMATS = (("xlsx", "Excel (XLSX)"), ("csv", "CSV"))
CHUNK = 1000
MOST_POINTS = 10
SHEET_ROWS = 1_000_000
CELL_LENGTH = 32_767
ADDRESS_PARTS = ("street", "building", "postcode", "city", "region", "country")

# Headers are English and do not change with the reader, so that every export can be imported everywhere.
POINTS = {"email": "E-mail", "phone": "Phone", "web": "Web page"}
_FIXED: dict[str, tuple[str, ...]] = {
    "id": ("Enishi ID",),
    "kind": ("Kind",),
    "name": ("Name", "Family name", "Given name", "Reading of the family name", "Reading of the given name", "Reading of the name", "Name in Latin letters"),
    "address_as": ("Honorific", "Greeting"),
    "organisation": ("Organisation", "Job title", "Department"),
    "tags": ("Tags",),
    "status": ("Inactive", "Deceased"),
    "projects": ("Projects",),
    "owner": ("Owner",),
    "language": ("Language",),
    "time_zone": ("Time zone",),
    "birth_date": ("Date of birth",),
    "note": ("Note",),
    "last_contact": ("Last contact",),
    "created": ("Created",),
    "changed": ("Changed",),
    "confidentiality": ("Confidentiality",),
}  # fmt: skip
_ORDER = (
    "id", "kind", "name", "address_as", "organisation", "email", "phone", "web", "city", "language", "time_zone",
    "birth_date", "tags", "status", "projects", "owner", "note", "last_contact", "created", "changed", "confidentiality",
)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """An export that was allowed and recorded; ``rows`` of it may be read once or more."""

    actor: Actor
    selection: Selection
    format: str
    count: int
    headers: tuple[str, ...]
    groups: frozenset[str] = field(default_factory=frozenset)

    @property
    def filename(self) -> str:
        return f"contacts-{clock.today().isoformat()}.{self.format}"


def exportable(actor: Actor, selection: Selection) -> PartyQuerySet:
    """Those of a selection that the actor may export."""
    parties = selection.parties(actor)
    limit = Party.scope_condition(actor.scope(EXPORT))
    return parties if limit is None else parties.filter(limit)


@transaction.atomic
def start_export(
    actor: Actor, selection: Selection, *, format: str, columns: Sequence[str] | None = None
) -> Export:
    """Allow and record an export: these columns of the list, or everything. Raises Forbidden, FilterError."""
    actor.require(EXPORT)
    parties = exportable(actor, selection)
    groups = _groups(actor, columns)
    export = Export(
        actor=actor,
        selection=selection,
        format=format,
        count=parties.count(),
        headers=tuple(_headers(actor, parties, groups)),
        groups=frozenset(groups),
    )
    scope = actor.scope(EXPORT).some
    project_id = selection.spec.project_id if selection.spec else None
    record(
        actor,
        signals.contacts_exported,
        subject=accounts.organisation(),
        project_ids=[project_id]
        if project_id
        else []
        if scope.everywhere is not None
        else sorted(scope.projects),
        data={
            "format": format,
            "count": export.count,
            "filter": sentence(actor, selection.spec.filter) if selection.spec else "",
            "columns": list(columns or []),
        },
    )
    return export


def _groups(actor: Actor, columns: Sequence[str] | None) -> list[str]:
    codes = Field.objects.filter(archived_at__isnull=True).values_list("code", flat=True)
    own = [name for code in codes if protected.offered(actor, name := f"{OWN}{code}")]
    built_in = [name for name in _ORDER if protected.offered(actor, POINT_OF.get(name, name))]
    if columns is None:
        return [*built_in, *own, "ids"]
    wanted = {"name", *(code for code in columns if code in COLUMNS)}
    return ["id", *(code for code in built_in if code in wanted), *(code for code in own if code in columns)]


def _headers(actor: Actor, parties: PartyQuerySet, groups: Sequence[str]) -> Iterator[str]:
    most = _most_points(actor, parties)
    for group in groups:
        if group in _FIXED:
            yield from _FIXED[group]
        elif group in POINTS:
            for n in range(1, most.get(group, 1) + 1):
                yield f"{POINTS[group]} {n}"
                if group != "web":
                    yield f"{POINTS[group]} {n} use"
        elif group == "city":
            for n in range(1, most.get("address", 1) + 1):
                yield from (f"Address {n} {part}" for part in ADDRESS_PARTS)
                yield f"Address {n} use"
        elif group == "ids":
            systems = ExternalId.objects.filter(party__in=parties.values("pk")).order_by("system")
            yield from (f"ID: {system}" for system in systems.values_list("system", flat=True).distinct())
        else:
            yield f"Field: {group.removeprefix(OWN)}"


def _most_points(actor: Actor, parties: PartyQuerySet) -> dict[str, int]:
    """How many addresses of a kind the richest contact shows."""
    points = ContactPoint.objects.filter(
        protected.seen_points(actor), party__in=parties.values("pk"), valid_until__isnull=True
    )
    counted = points.values("kind", "party").annotate(n=Count("pk")).order_by()
    found = {}
    for kind in (*POINTS, "address"):
        most = counted.filter(kind=kind).aggregate(most=Max("n"))["most"]
        found[kind] = min(most or 1, MOST_POINTS)
    return found


def rows(export: Export) -> Iterator[list[str]]:
    """The lines of an export without the header, by name; a thousand contacts are in memory at a time."""
    parties = exportable(export.actor, export.selection).select_related("owner").order_by("sort_key", "pk")
    names = {project.pk: project.name for project in accounts.projects(export.actor)}
    after: Party | None = None
    while True:
        some = parties
        if after is not None:
            beyond = Q(sort_key__gt=after.sort_key) | Q(sort_key=after.sort_key, pk__gt=after.pk)
            some = parties.filter(beyond, sort_key__gte=after.sort_key)
        found = list(some[:CHUNK])
        if not found:
            return
        for line in _lines(export, found, names):
            yield [line.get(header, "") for header in export.headers]
        after = found[-1]


def _lines(export: Export, parties: Sequence[Party], projects: dict[int, str]) -> Iterator[dict[str, str]]:
    """One line for each party, by header; one query for each kind of thing."""
    ids = [party.pk for party in parties]
    lines = {
        party.pk: _own_columns(party, projects, protected.hidden(export.actor, party)) for party in parties
    }
    _add_points(export.actor, lines, ids)
    _add_organisations(export.actor, lines, ids)
    tags: dict[int, list[str]] = defaultdict(list)
    links = PartyTag.objects.filter(party__in=ids).order_by("tag__path")
    for party_id, path in links.values_list("party_id", "tag__path"):
        tags[party_id].append(path)
    for party_id, paths in tags.items():
        lines[party_id]["Tags"] = "; ".join(paths)
    if any(group.startswith(OWN) for group in export.groups):
        _add_values(export.actor, lines, ids)
    if "ids" in export.groups:
        outside = ExternalId.objects.filter(party__in=ids).values_list("party_id", "system", "value")
        for party_id, system, value in outside:
            lines[party_id][f"ID: {system}"] = value
    return iter(lines.values())


def _own_columns(party: Party, projects: dict[int, str], hidden: Collection[str]) -> dict[str, str]:
    born = party.birth_date if "birth_date" not in hidden else None
    kana, latin = party.names.get("Kana", {}), party.names.get("Latn", {})
    return {
        "Enishi ID": str(party.pk),
        "Kind": party.kind,
        "Name": party.full_name,
        "Family name": party.family_name,
        "Given name": party.given_name,
        "Reading of the family name": kana.get("family", ""),
        "Reading of the given name": kana.get("given", ""),
        "Reading of the name": "" if kana.get("family") else kana.get("full", ""),
        "Name in Latin letters": latin.get("full", ""),
        "Honorific": party.honorific,
        "Greeting": party.greeting,
        "Language": party.language,
        "Time zone": party.time_zone,
        "Date of birth": born.isoformat() if born else "",
        "Inactive": "yes" if party.status == Party.Status.INACTIVE else "",
        "Deceased": "yes" if party.status == Party.Status.DECEASED else "",
        "Projects": "; ".join(projects[pk] for pk in party.project_ids if pk in projects),
        "Owner": party.owner.email if party.owner else "",
        "Note": "" if "note" in hidden else party.note,
        "Last contact": party.last_contact_at.isoformat() if party.last_contact_at else "",
        "Created": party.created_at.isoformat(),
        "Changed": party.updated_at.isoformat(),
        "Confidentiality": str(party.get_confidentiality_display()),
    }


def _add_points(actor: Actor, lines: dict[int, dict[str, str]], ids: Sequence[int]) -> None:
    counts: dict[tuple[int, str], int] = defaultdict(int)
    points = ContactPoint.objects.filter(
        protected.seen_points(actor), party__in=ids, valid_until__isnull=True
    )
    for point in points.order_by("-is_primary", "id"):
        counts[point.party_id, point.kind] += 1
        n, line = counts[point.party_id, point.kind], lines[point.party_id]
        if point.kind == ContactPoint.Kind.ADDRESS:
            for part in ADDRESS_PARTS:
                line[f"Address {n} {part}"] = str(point.parts.get(part, ""))
            if not any(point.parts.get(part) for part in ("street", "city", "postcode")):
                line[f"Address {n} street"] = point.value
            line[f"Address {n} use"] = point.label
        elif point.kind in POINTS:
            line[f"{POINTS[point.kind]} {n}"] = point.value
            line[f"{POINTS[point.kind]} {n} use"] = point.label


def _add_organisations(actor: Actor, lines: dict[int, dict[str, str]], ids: Sequence[int]) -> None:
    ties = Relation.objects.filter(
        visible_end(actor, "target"), source__in=ids, type__code="works-for", valid_until__isnull=True
    )
    for tie in ties.select_related("target").order_by("-id"):
        lines[tie.source_id] |= {
            "Organisation": tie.target.full_name,
            "Job title": tie.title,
            "Department": tie.department,
        }


def _add_values(actor: Actor, lines: dict[int, dict[str, str]], ids: Sequence[int]) -> None:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    seen = Q(person__isnull=True) | visible_end(actor, "person")
    values = FieldValue.objects.filter(seen, protected.seen_values(actor), party__in=ids)
    for value in values.select_related("field", "person").order_by("id"):
        said = value.person.full_name if value.person else plain(plain_value(value))
        if isinstance(said, bool):
            said = "yes" if said else "no"
        found[value.party_id, value.field.code].append(str(said))
    for (party_id, code), texts in found.items():
        lines[party_id][f"Field: {code}"] = "; ".join(texts)


class _Line:
    """What a csv writer writes to: hands back each line."""

    def write(self, text: str) -> str:
        return text


def csv_lines(export: Export) -> Iterator[bytes]:
    """The file in pieces: UTF-8 with the mark by which Excel knows it."""
    writer: Any = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow(export.headers).encode()
    found = rows(export)
    while some := list(islice(found, CHUNK)):
        yield "".join(writer.writerow([guarded(text) for text in row]) for row in some).encode(
            "utf-8", "replace"
        )


def write_csv(export: Export, file: IO[bytes]) -> None:
    for piece in csv_lines(export):
        file.write(piece)


def write_xlsx(export: Export, file: IO[bytes]) -> None:
    """Write a workbook row by row; every cell is text, so that nothing is a formula and no phone number loses its plus."""
    # The library and what it brings take most of a second to load: not in every process that starts.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    found = rows(export)
    row = next(found, None)
    while row is not None or not book.worksheets:
        number = len(book.worksheets) + 1
        sheet = book.create_sheet("Contacts" if number == 1 else f"Contacts {number}")
        sheet.append(list(export.headers))
        for _n in range(SHEET_ROWS):
            if row is None:
                break
            sheet.append([_text(sheet, text) for text in row])
            row = next(found, None)
    book.save(file)


def _text(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    text = ILLEGAL_CHARACTERS_RE.sub("", text)[:CELL_LENGTH]
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
