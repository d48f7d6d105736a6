"""Saving the demo's contacts, set-wise, with the history that the services would have written."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence

from enishi.config.demo import where
from enishi.config.demo.organisation import House
from enishi.config.demo.people import Sketch
from enishi.contacts import signals
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ContactPoint,
    ExternalId,
    Field,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    RelationType,
)
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services import index_parties, tag_by_path
from enishi.contacts.services.parties import describe, point_from, snapshot, work_out
from enishi.contacts.services.setup import read_value
from enishi.contacts.services.ties import describe as describe_tie
from enishi.core import clock
from enishi.timeline.services import Changes, differences, record

MINUTE = dt.timedelta(minutes=1)


def save(house: House, sketches: Sequence[Sketch]) -> None:
    """Insert contacts with points, tags, own fields, ids and ties; found by the search, told in the history."""
    points = {id(sketch): prepare(sketch, house) for sketch in sketches}
    Party.objects.bulk_create([sketch.party for sketch in sketches])
    for sketch in sketches:
        for point in points[id(sketch)]:
            point.party = sketch.party
    ContactPoint.objects.bulk_create([point for some in points.values() for point in some])
    for sketch in sketches:
        _tell_creation(house, sketch, points[id(sketch)])
    _save_tags(house, sketches)
    _save_values(house, sketches)
    _save_ids(house, sketches)
    _save_ties(house, sketches)
    Party.objects.unscoped("counted up by what hangs on them").bulk_update(
        [sketch.party for sketch in sketches], ["version", "updated_at"]
    )
    index_parties([sketch.party.pk for sketch in sketches])


def prepare(sketch: Sketch, house: House) -> list[ContactPoint]:
    """Make the unsaved party of a sketch; returns its unsaved points."""
    draft = sketch.draft
    party = sketch.party = Party(
        kind=draft.kind,
        full_name=draft.full_name,
        family_name=draft.family_name,
        given_name=draft.given_name,
        names={code: dict(parts) for code, parts in draft.names.items()},
        honorific=draft.honorific,
        address_form=draft.address_form,
        language=draft.language,
        birth_date=draft.birth_date,
        note=draft.note,
        owner=house.users[sketch.owner],
        status=draft.status,
        confidentiality=draft.confidentiality,
        project_ids=[house.projects[code].pk for code in sketch.projects],
        created_at=sketch.created_at,
        updated_at=sketch.created_at,
    )
    work_out(party)
    points = [point_from(point, country=sketch.country) for point in draft.points]
    where.place(points)
    seen: set[str] = set()
    for point in points:
        point.is_primary = point.kind not in seen
        seen.add(point.kind)
    return points


def _tell_creation(house: House, sketch: Sketch, points: Sequence[ContactPoint]) -> None:
    given = {name: value for name, value in snapshot(sketch.party).items() if value}
    with clock.standing_at(sketch.created_at):
        record(
            house.actors[sketch.owner],
            signals.party_created,
            subject=sketch.party,
            party_id=sketch.party.pk,
            changes={**differences({}, given), "points": ([], [describe(point) for point in points])},
        )


def _tell(house: House, sketch: Sketch, changes: Changes) -> None:
    """One more thing that was filled in, a minute after the last."""
    party = sketch.party
    party.version, party.updated_at = party.version + 1, party.updated_at + MINUTE
    with clock.standing_at(party.updated_at):
        record(
            house.actors[sketch.owner],
            signals.party_changed,
            subject=party,
            party_id=party.pk,
            changes=changes,
        )


def _save_tags(house: House, sketches: Sequence[Sketch]) -> None:
    paths = dict.fromkeys(path for sketch in sketches for path in sketch.tags)
    tags = {path: tag_by_path(house.system, path) for path in paths}
    rows = []
    for sketch in sketches:
        if sketch.tags:
            _tell(house, sketch, {"tags": ([], sorted(sketch.tags))})
        rows += [PartyTag(party=sketch.party, tag=tags[path]) for path in dict.fromkeys(sketch.tags)]
    PartyTag.objects.bulk_create(rows)


def _save_values(house: House, sketches: Sequence[Sketch]) -> None:
    fields = {field.code: field for field in Field.objects.all()}
    rows: list[FieldValue] = []
    for sketch in sketches:
        for code, typed in sketch.values.items():
            made = read_value(fields[code], typed)
            for value in made:
                value.party = sketch.party
            rows += made
            _tell(house, sketch, {f"field:{code}": ([], [plain_value(value) for value in made])})
    FieldValue.objects.bulk_create(rows)


def _save_ids(house: House, sketches: Sequence[Sketch]) -> None:
    rows = []
    for sketch in sketches:
        for system, value in sketch.outside_ids.items():
            rows.append(ExternalId(party=sketch.party, system=system, value=value))
            _tell(house, sketch, {f"id:{system}": ("", value)})
    ExternalId.objects.bulk_create(rows)


def _save_ties(house: House, sketches: Sequence[Sketch]) -> None:
    types = {kind.code: kind for kind in RelationType.objects.all()}
    rows = []
    for sketch in sketches:
        for tie in sketch.ties:
            relation = Relation(
                type=types[tie.kind],
                source=sketch.party,
                target=tie.target.party,
                title=tie.title,
                valid_from=tie.since,
                valid_until=tie.until,
            )
            rows.append(relation)
            changes = {"relation": (None, describe_tie(relation))}
            _tell(house, sketch, changes)
            with clock.standing_at(sketch.party.updated_at):
                record(
                    house.actors[sketch.owner],
                    signals.party_changed,
                    subject=tie.target.party,
                    party_id=tie.target.party.pk,
                    changes=changes,
                )
    Relation.objects.bulk_create(rows)


def save_consents(house: House, people: Sequence[Sketch], rng: random.Random) -> None:
    """What people agreed to, refused and took back, by which words and on what evidence."""
    purposes = {purpose.code: purpose for purpose in ConsentPurpose.objects.all()}
    wordings = {
        (text.purpose.code, text.language): text for text in ConsentText.objects.select_related("purpose")
    }
    rows = []
    for person in people:
        for code, state, basis, evidence, at in _statements(person, rng):
            if at > clock.now():
                continue
            consent = Consent(
                party=person.party,
                purpose=purposes[code],
                state=state,
                basis=basis,
                text=wordings.get((code, person.language)) if basis == Consent.Basis.CONSENT else None,
                evidence=evidence,
                stated_on=at.date(),
                created_at=at,
            )
            rows.append(consent)
            with clock.standing_at(at):
                record(
                    house.actors[person.owner],
                    signals.consent_stated,
                    subject=person.party,
                    party_id=person.party.pk,
                    changes={code: (None if state != "withdrawn" else "given", state)},
                    data={
                        "basis": basis,
                        "evidence": evidence,
                        "stated_on": at.date(),
                        "text": consent.text_id,
                    },
                )
    Consent.objects.bulk_create(rows)


_EVIDENCE = {
    "en": ("Sign-in sheet, consultation evening", "Form on the web page", "Said on the phone"),
    "ja": ("説明会の受付票", "ウェブの申込みフォーム", "電話で確認"),
    "fr": ("Feuille de présence, réunion publique", "Formulaire du site", "Accord donné par téléphone"),
    "fa": ("برگهٔ حضور در نشست", "فرم وب‌سایت", "اعلام تلفنی"),
}


def _statements(person: Sketch, rng: random.Random) -> Iterator[tuple[str, str, str, str, dt.datetime]]:
    at = person.created_at + dt.timedelta(hours=1)
    evidence = _EVIDENCE[person.language]
    chance = rng.random()
    if person.audience in {"resident", "ngo", "business", "fishing", "candidate"} and chance < 0.75:
        yield "news", "given" if chance < 0.6 else "refused", "consent", rng.choice(evidence), at
        if chance < 0.08:
            yield "news", "withdrawn", "consent", evidence[2], at + dt.timedelta(days=rng.uniform(20, 100))
    if person.audience == "customer":
        yield "recording", "given", "consent", evidence[2], at
        if chance < 0.1:
            yield (
                "recording",
                "withdrawn",
                "consent",
                evidence[2],
                at + dt.timedelta(days=rng.uniform(20, 100)),
            )
    if person.audience in {"resident", "school"} and rng.random() < 0.3:
        yield "photos", rng.choice(["given", "refused"]), "consent", evidence[0], at
    if person.audience in {"council", "harbour"}:
        yield "events", "given", "public", "", at
