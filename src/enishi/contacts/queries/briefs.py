"""One page about somebody before a meeting or a call, put together from what each app tells.

An app adds its part in its ``panels.py``; it is asked once for all that are briefed together::

    @provide("brief", "cases")
    def brief(actor: Actor, subjects: Sequence[Subject]) -> Mapping[int, Part]: ...

The sheet lies about once it is printed: what a part holds went through ``timeline.paper.on_paper``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enishi.accounts.access import Actor, Level
from enishi.contacts.models import Party
from enishi.contacts.queries.affiliations import affiliated_of
from enishi.contacts.queries.naming import ShownName, greeting, shown_name
from enishi.contacts.queries.ties import Tie, affiliations
from enishi.core import registry
from enishi.core.choices import language_name
from enishi.core.registry import Shown

PLACE = "brief"
OCCASIONS = "brief.occasion"
MOST = 20
"""So many are briefed about together."""

# How pressing a matter is; of two alike the older one is said first.
GONE, LATE, UNANSWERED, SOON, OWED = 100, 90, 70, 50, 40


@dataclass(frozen=True)
class Subject:
    """Whom a brief is about, with those whose story is also theirs: an organisation's people."""

    party: Party
    own: Sequence[Party] = ()

    @property
    def ids(self) -> list[int]:
        return [self.party.pk, *(party.pk for party in self.own)]


@dataclass(frozen=True)
class Section:
    """A heading with what an app draws under it; a lower order stands first, a wide one over both columns."""

    title: Any
    shown: Shown
    order: int = 50
    wide: bool = False


@dataclass(frozen=True)
class Matter:
    """Something that may be the first thing to say: one whole sentence, and since when it has been so."""

    weight: int
    words: str
    since: dt.datetime
    url: str = ""

    @property
    def kind(self) -> str:
        return "bad" if self.weight >= UNANSWERED else "warn"


@dataclass(frozen=True)
class Part:
    """What one app tells of one subject. ``left_off`` counts what the reader may read and paper may not hold."""

    sections: Sequence[Section] = ()
    matters: Sequence[Matter] = ()
    left_off: int = 0


@dataclass(frozen=True)
class Sheet:
    """One page about one party; of a confidential party nothing stands on it."""

    party: Party
    name: ShownName
    greeting: ShownName | None
    language: str
    tie: Tie | None
    where: ShownName | None
    sections: Sequence[Section]
    first: Matter | None
    left_off: int

    @property
    def sealed(self) -> bool:
        return self.party.confidentiality >= Level.CONFIDENTIAL

    @property
    def narrow(self) -> list[Section]:
        return [section for section in self.sections if not section.wide]

    @property
    def wide(self) -> list[Section]:
        return [section for section in self.sections if section.wide]


@dataclass(frozen=True)
class Occasion:
    """What one is briefed for: a meeting, a call. Of a confidential one neither words nor place come here."""

    party_ids: Sequence[int]
    at: dt.datetime
    url: str
    title: str = ""
    place: str = ""


def occasion(actor: Actor, code: str) -> Occasion | None:
    """What ``talk-12`` stands for, as the app that keeps it answers; None for what the actor may not see."""
    kind, _dash, number = code.partition("-")
    answer = registry.provider(OCCASIONS, kind)
    if answer is None or not number.isdecimal() or len(number) > 18:
        return None
    found: Occasion | None = answer(actor, int(number))
    return found


def each_of(subjects: Sequence[Subject]) -> dict[int, list[int]]:
    """For each party of these stories, the subjects in whose story it stands."""
    found: dict[int, list[int]] = {}
    for subject in subjects:
        for party_id in subject.ids:
            found.setdefault(party_id, []).append(subject.party.pk)
    return found


def briefs(actor: Actor, party_ids: Iterable[int], *, language: str) -> list[Sheet]:
    """A sheet for each of these parties that the actor may see, in that order, whatever their number in as many queries."""
    wanted = list(dict.fromkeys(party_ids))[:MOST]
    seen = Party.objects.visible_to(actor).present().in_bulk(wanted)
    parties = [seen[pk] for pk in wanted if pk in seen]
    subjects = _subjects(actor, [party for party in parties if party.confidentiality < Level.CONFIDENTIAL])
    parts: dict[int, list[Part]] = {}
    for tell in registry.providers(PLACE).values():
        told: Mapping[int, Part] = tell(actor, subjects) if subjects else {}
        for pk, part in told.items():
            parts.setdefault(pk, []).append(part)
    ties = affiliations(actor, [subject.party.pk for subject in subjects])
    return [_sheet(party, parts.get(party.pk, []), ties.get(party.pk, []), language) for party in parties]


def _subjects(actor: Actor, parties: Collection[Party]) -> list[Subject]:
    together = affiliated_of(actor, [party.pk for party in parties if not party.is_person])
    return [Subject(party, together.get(party.pk, [])) for party in parties]


def _sheet(party: Party, parts: Sequence[Part], ties: Sequence[Tie], language: str) -> Sheet:
    gone = party.status == Party.Status.DECEASED
    open_ties = [tie for tie in ties if tie.party.confidentiality < Level.CONFIDENTIAL]
    tie = open_ties[0] if open_ties else None
    matters = [matter for part in parts for matter in part.matters]
    return Sheet(
        party=party,
        name=shown_name(party, language),
        greeting=greeting(party) if party.is_person and not gone else None,
        language=language_name(party.language),
        tie=tie,
        where=shown_name(tie.party, language) if tie else None,
        sections=sorted((s for part in parts for s in part.sections), key=lambda section: section.order),
        first=min(matters, key=lambda matter: (-matter.weight, matter.since), default=None),
        left_off=sum(part.left_off for part in parts) + len(ties) - len(open_ties),
    )
