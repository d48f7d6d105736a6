"""The organisations that people of a file work for: found by their name without legal form, else created."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.contacts.services.importing.prepared import Affiliation, Prepared
from enishi.contacts.services.importing.records import Record
from enishi.contacts.services.parties import work_out

REMEMBERED = 50_000


@dataclass(slots=True)
class Organisation:
    id: int
    name: str


class Organisations:
    """``created`` holds those that the rows since the last ``take`` brought up."""

    def __init__(self, actor: Actor, project_id: int, ids: Iterator[int]) -> None:
        self.actor, self.project_id, self.ids = actor, project_id, ids
        self.known: dict[str, Organisation] = {}
        self.created: dict[str, Record] = {}

    def look_up(self, rows: Iterable[Prepared]) -> None:
        """Find those of these rows that exist, in one query. Of several with one name the one in this project is meant."""
        if len(self.known) > REMEMBERED:
            self.known.clear()
        keys = {tie.key for row in rows for tie in row.affiliations} - self.known.keys()
        if not keys:
            return
        found = (
            Party.objects.visible_to(self.actor)
            .present()
            .filter(match_key__in=keys)
            .exclude(kind=Party.Kind.PERSON)
            .order_by("-id")
            .values_list("id", "match_key", "full_name", "project_ids")
        )
        in_project: set[str] = set()
        for party_id, key, name, project_ids in found:
            here = self.project_id in project_ids
            if here or key not in in_project:
                self.known[key] = Organisation(party_id, name)
            if here:
                in_project.add(key)

    def get(self, read: Affiliation) -> Organisation:
        """The one that is meant, created where nobody knows it yet."""
        known = self.known.get(read.key)
        if known is None:
            record = Record(
                next(self.ids),
                is_new=True,
                kind=Party.Kind.ORGANISATION,
                project_ids=[self.project_id],
                full_name=read.organisation,
                names={"Kana": {"full": read.kana}} if read.kana else {},
            )
            work_out(record)
            self.created[read.key] = record
            known = self.known[read.key] = Organisation(record.id, record.full_name)
        return known

    def put(self, record: Record) -> None:
        """A row about an organisation itself: the people below it work there."""
        self.known[record.match_key] = Organisation(record.id, record.full_name)

    def take(self) -> dict[str, Record]:
        """Those created since the last time, by key."""
        taken, self.created = self.created, {}
        return taken
