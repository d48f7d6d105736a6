"""Whether a row speaks of somebody who is there already: one query per rule for thousands of rows.

The same: an outside id; an e-mail address or phone number with a name that fits; name and postcode; for organisations the name
without its legal form. Perhaps the same, for a person to decide: an address or number under a name that does not fit, a
namesake in the same organisation, a namesake of whom one side knows nothing else, and a nearly equal name in the same
organisation or at the same postcode. Namesakes who differ in all that is known are taken as two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from enishi.accounts.access import Actor
from enishi.accounts.fields import reached
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries import candidates
from enishi.contacts.queries.protected import APP
from enishi.contacts.services.importing.prepared import Prepared
from enishi.core import names
from enishi.core.bulk import among

FITS = 0.86
NEARLY = 0.9
NAMESAKES, COLLEAGUES = 20, 200
"""How many contacts are looked at for one name, and for one organisation."""
_ADDRESS = ContactPoint.Kind.ADDRESS
_ORDER = "xeapg"


@dataclass(slots=True)
class Known:
    """What matching needs to know of a contact."""

    id: int
    kind: str
    full_name: str
    match_key: str
    names: dict[str, Any]
    project_ids: list[int]
    confidentiality: int
    keys: set[str] = field(default_factory=set)

    @property
    def is_bare(self) -> bool:
        return not any(key[0] in "ep" for key in self.keys)


@dataclass(slots=True)
class Suspect:
    """Somebody who may be meant: a contact, or an earlier row of the same file."""

    score: int
    reason: str
    party_id: int | None = None
    row: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"party": self.party_id, "row": self.row, "score": self.score, "reason": self.reason}


@dataclass(slots=True)
class Found:
    """``sure`` is the contact that the row speaks of; else ``suspects``, the likeliest first."""

    sure: int | None = None
    suspects: list[Suspect] = field(default_factory=list)


def fits(row: Prepared, match_key: str, full_name: str, other_names: dict[str, Any]) -> bool:
    """Whether two names can be of one person: in any script that both are written in, slips and initials forgiven."""
    if row.match_key == match_key:
        return True
    ours = [row.full_name, *(_whole(parts) for parts in row.names.values())]
    theirs = [full_name, *(_whole(parts) for parts in other_names.values())]
    return any(names.similar(a, b) >= FITS for a in ours for b in theirs if a and b)


def might_be(row: Prepared, match_key: str, full_name: str, other_names: dict[str, Any]) -> bool:
    """Whether two names that do not fit can still be of one person: they share a part, or no script to compare them in."""
    if set(row.match_key.split()) & set(match_key.split()):
        return True
    return not {names.script(row.full_name), *row.names} & {names.script(full_name), *other_names}


def _whole(parts: dict[str, str]) -> str:
    return parts.get("full") or " ".join(filter(None, [parts.get("family"), parts.get("given")]))


def find(actor: Actor, rows: Sequence[Prepared], *, by_name: bool = True) -> dict[int, Found]:
    """Whom these rows speak of, by row number; rows without anybody are left out. Only who the actor may see is found."""
    hits = _hits(rows)
    known = _known(actor, {party_id for found in hits.values() for party_id, _key in found})
    results: dict[int, Found] = {}
    unsure: list[Prepared] = []
    for row in rows:
        shared = [(known[pk], key) for pk, key in hits.get(row.number, ()) if pk in known]
        found = _by_keys(row, [(other, key) for other, key in shared if not hides(actor, other, key)])
        if found.sure is not None or found.suspects:
            results[row.number] = found
        if found.sure is None and row.kind == Party.Kind.PERSON:
            unsure.append(row)
    if by_name:
        _by_names(actor, unsure, results)
    return results


def _hits(rows: Sequence[Prepared]) -> dict[int, list[tuple[int, str]]]:
    """Contacts that share a key with a row: (contact, key)."""
    wanted: dict[str, list[int]] = defaultdict(list)
    places: set[tuple[str, str]] = set()
    for row in rows:
        for key in row.marks():
            wanted[key].append(row.number)
        places.update(
            (point.key, row.match_key) for point in row.points if point.kind == _ADDRESS and point.key
        )
    values: dict[str, list[str]] = defaultdict(list)
    for key in wanted:
        values[key[0]].append(key[2:])
    found = candidates.by_keys(
        ids={pair for row in rows for pair in row.ids},
        emails=values["e"],
        phones=values["p"],
        organisations=values["g"],
        places=places,
    )
    hits: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for key, party_id in found:
        for number in wanted[key]:
            hits[number].append((party_id, key))
    return hits


def _known(actor: Actor, party_ids: set[int]) -> dict[int, Known]:
    if not party_ids:
        return {}
    columns = ("id", "kind", "full_name", "match_key", "names", "project_ids", "confidentiality")
    visible = Party.objects.visible_to(actor).present().filter(pk__in=among(party_ids)).values_list(*columns)
    known = {row[0]: Known(*row) for row in visible}
    for party_id, key in candidates.belongings(known):
        if not hides(actor, known[party_id], key):
            known[party_id].keys.add(key)
    return known


_KINDS = {"e": ContactPoint.Kind.EMAIL.value, "p": ContactPoint.Kind.PHONE.value, "a": _ADDRESS.value}


def hides(actor: Actor, other: Known, key: str) -> bool:
    """Whether a key comes from an address or number of a contact that whoever imports does not see."""
    if not actor.protected or key[0] not in _KINDS:
        return False
    return not reached(actor, f"{APP}.{_KINDS[key[0]]}", other.project_ids, other.confidentiality)


def _by_keys(row: Prepared, hits: list[tuple[Known, str]]) -> Found:
    found = Found()
    for other, key in sorted(hits, key=lambda hit: (_ORDER.index(hit[1][0]), hit[0].id)):
        rule = key[0]
        if rule == "x":
            return Found(sure=other.id)
        if other.kind != row.kind:
            continue
        if rule == "a" or (
            rule == "g" and not row.is_elsewhere({key[2:] for key in other.keys if key[0] == "a"})
        ):
            return Found(sure=other.id)
        if rule == "g":
            found.suspects.append(Suspect(80, "name", party_id=other.id))
        elif fits(row, other.match_key, other.full_name, other.names):
            return Found(sure=other.id)
        elif might_be(row, other.match_key, other.full_name, other.names):
            found.suspects.append(Suspect(80, "email" if rule == "e" else "phone", party_id=other.id))
    return found


def _by_names(actor: Actor, rows: list[Prepared], results: dict[int, Found]) -> None:
    """Namesakes, and people of the same organisation who are called nearly the same."""
    near: dict[str, set[int]] = defaultdict(set)
    for name, party_id in candidates.namesakes({row.match_key for row in rows}, limit=NAMESAKES):
        near[name].add(party_id)
    pairs = list({(tie.key, row.match_key) for row in rows for tie in row.affiliations})
    for _organisation, name, party_id in candidates.colleagues(pairs, limit=COLLEAGUES):
        near[name].add(party_id)
    known = _known(actor, {party_id for found in near.values() for party_id in found})
    for row in rows:
        suspects = [
            suspect
            for party_id in sorted(near.get(row.match_key, ()))
            if party_id in known and (suspect := _namesake(row, known[party_id]))
        ]
        if suspects:
            found = results.setdefault(row.number, Found())
            held = {suspect.party_id for suspect in found.suspects}
            found.suspects += [suspect for suspect in suspects if suspect.party_id not in held]
            found.suspects.sort(key=lambda suspect: -suspect.score)


def _namesake(row: Prepared, other: Known) -> Suspect | None:
    colleagues = any(f"o:{tie.key}" in other.keys for tie in row.affiliations)
    if row.match_key == other.match_key:
        if colleagues:
            return Suspect(95, "organisation", party_id=other.id)
        if other.is_bare or row.is_bare:
            return Suspect(85, "name", party_id=other.id)
        return None
    alike = names.similar(row.full_name, other.full_name)
    return Suspect(int(alike * 100), "similar", party_id=other.id) if colleagues and alike >= NEARLY else None
