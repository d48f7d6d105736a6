"""Creating and changing parties, one at a time. (Many at once: ``importing`` and ``bulk``.)"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries import protected
from enishi.contacts.services.points import PointDraft, give_place, normalised
from enishi.contacts.services.searchable import index_new, index_parties
from enishi.core import clock, names, normalise, registry, text
from enishi.core.errors import Refusal
from enishi.core.events import Event
from enishi.timeline.models import Operation
from enishi.timeline.services import Changes, differences, reclassify, record, record_each

EDIT = "contacts.edit"
DELETE = "contacts.delete"


class ContactError(Refusal):
    """A contact cannot be saved as asked; ``field`` is where, the text says why and what to do."""


class Conflict(Exception):
    """Somebody else saved the record since it was read; ``current`` is the version now."""

    def __init__(self, current: int) -> None:
        super().__init__(_("Somebody else has changed this contact since you opened it."))
        self.current = current


@dataclass(frozen=True)
class PartyDraft:
    """A contact as entered. Give ``full_name`` or family and given name; ``names`` by script code."""

    kind: str = Party.Kind.PERSON
    full_name: str = ""
    family_name: str = ""
    given_name: str = ""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    honorific: str = ""
    address_form: str = ""
    greeting: str = ""
    language: str = ""
    time_zone: str = ""
    birth_date: dt.date | None = None
    note: str = ""
    owner_id: int | None = None
    status: str = Party.Status.ACTIVE
    points: Sequence[PointDraft] = ()
    confidentiality: int = Level.INTERNAL


PARTY_FIELDS = (
    "kind", "full_name", "family_name", "given_name", "names", "honorific", "address_form", "greeting", "language",
    "time_zone", "birth_date", "note", "owner_id", "status", "confidentiality", "project_ids",
)  # fmt: skip


LONGEST = {"full_name": 300, "family_name": 150, "given_name": 150}


def snapshot(party: Party) -> dict[str, Any]:
    """The fields of a party that people change, for before and after."""
    return {name: getattr(party, name) for name in PARTY_FIELDS}


class Named(Protocol):
    """What bears a name: a party, or one that is about to be."""

    kind: str
    full_name: str
    family_name: str
    given_name: str
    names: Any
    language: str
    script: str
    sort_key: str
    match_key: str


def work_out(party: Named) -> None:
    """Fill what follows from the names: the full name, its script, and the keys to sort and match by.

    Raises ContactError when there is no name at all.
    """
    for name in ("full_name", "family_name", "given_name"):
        setattr(party, name, text.strip_bidi(text.clean(getattr(party, name))).strip())
    script = names.script(party.full_name or party.family_name or party.given_name)
    if not party.full_name:
        party.full_name = names.display(party.family_name, party.given_name, script)
    if not party.full_name:
        raise ContactError(_("Give a name. A single word is enough."), "full_name")
    for name, most in LONGEST.items():
        if len(getattr(party, name)) > most:
            raise ContactError(
                _("A name has at most %(count)d characters. Shorten it.") % {"count": most}, name
            )
    party.script = script
    reading = party.names.get("Kana", {})
    if party.kind == Party.Kind.PERSON:
        spoken = " ".join(filter(None, [reading.get("family"), reading.get("given")])) or reading.get("full")
        written = " ".join(filter(None, [party.family_name, party.given_name])) or party.full_name
        party.match_key = names.person_key(party.family_name or party.full_name, party.given_name)
    else:
        spoken, written = reading.get("full"), party.full_name
        party.match_key = names.organisation_key(party.full_name)
    party.sort_key = text.sort_key(written, spoken, party.language)


def point_from(draft: PointDraft, *, country: str) -> ContactPoint:
    """Normalise one way to reach somebody; raises ContactError naming the field and the repair."""
    point = ContactPoint(
        kind=draft.kind,
        label=draft.label,
        typed=text.clean(draft.typed).strip()[:500],
        note=draft.note,
        status=draft.status,
        is_primary=draft.is_primary,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
    )
    if draft.valid_from and draft.valid_until and draft.valid_until < draft.valid_from:
        raise ContactError(_("The end date lies before the start date."), "valid_until")
    try:
        found = normalised(draft.kind, point.typed, draft.parts, country=country)
    except normalise.Unusable as error:
        raise ContactError(str(error), draft.kind) from None
    if not found.value:
        raise ContactError(_("Nothing was entered here."), draft.kind)
    point.value, point.key, point.parts = found.value, found.key, found.parts
    point.typed = point.typed or point.value
    return point


@transaction.atomic
def create_party(
    actor: Actor, draft: PartyDraft, *, project_ids: Sequence[int], country: str = "GB"
) -> Party:
    """Create a contact in these projects, with its points; records and indexes it.

    Whoever reaches only what they look after looks after it, unless another of their team is named. Raises ContactError for what cannot be used, Forbidden without the right in every project.
    """
    owner_id = draft.owner_id or _keeper(actor, project_ids)
    _require_new(actor, project_ids, owner_id)
    if not project_ids:
        raise ContactError(_("Choose at least one project."), "project_ids")
    given = set(PARTY_FIELDS) - {"project_ids", "names", "owner_id"}
    party = Party(
        project_ids=list(project_ids),
        owner_id=owner_id,
        **{name: getattr(draft, name) for name in given},
        names={code: dict(parts) for code, parts in draft.names.items() if any(parts.values())},
    )
    _within_clearance(actor, party)
    filled = [name for name in protected.BUILT_IN if getattr(party, name)]
    protected.require_changes(actor, {*filled, *(point.kind for point in draft.points)}, party)
    work_out(party)
    party.save()
    points = [point_from(point, country=country) for point in draft.points]
    refuse_blocked(points)
    _one_first_choice(points)
    for point in points:
        point.party = party
    ContactPoint.objects.bulk_create(points)
    index_new(party, points)
    record(
        actor,
        signals.party_created,
        subject=party,
        party_id=party.pk,
        changes={
            **differences({}, {name: value for name, value in snapshot(party).items() if value}),
            **({"points": ([], [describe(point) for point in points])} if points else {}),
        },
    )
    return party


def _keeper(actor: Actor, project_ids: Iterable[int]) -> int | None:
    """Who looks after a new contact for which nobody was named: whoever would not reach it otherwise."""
    me = actor.own_id
    reached = (EDIT, Party.view_right)
    for right, pk in itertools.product(reached, project_ids):
        if not actor.may_new(right, pk) and actor.may_new(right, pk, [me]):
            return me
    return None


def _require_new(actor: Actor, project_ids: Iterable[int], owner_id: int | None) -> None:
    """The right to enter a contact there that this user looks after; raises Forbidden, ContactError for another."""
    for project_id in project_ids:
        if not actor.may_new(EDIT, project_id, [owner_id]):
            actor.require_some(EDIT, project_id)
            raise ContactError(
                _("With your role, you or your team must look after this contact. Choose another person."),
                "owner_id",
            )


def refuse_blocked(points: Iterable[ContactPoint]) -> None:
    """Raise ContactError for an address of somebody who was erased and is not to be added again."""
    ask = registry.provider("contacts.blocked", "privacy")
    asked = list(points)
    blocked = ask([(point.kind, point.key) for point in asked]) if ask is not None and asked else set()
    for point in asked:
        if (point.kind, point.key) in blocked:
            raise ContactError(
                _(
                    "This address belongs to somebody who was erased and is not to be added again. If they came back, "
                    "take the address off the list first: Set-up, Privacy."
                ),
                point.kind,
            )


def _within_clearance(actor: Actor, party: Party) -> None:
    if party.confidentiality > actor.clearance(Party.view_right, party.project_ids, own=True):
        raise ContactError(
            _("You cannot make a contact more confidential than you may read."), "confidentiality"
        )


def _one_first_choice(points: Iterable[ContactPoint]) -> None:
    """The first of each kind is the first choice unless one was marked."""
    seen: set[str] = {point.kind for point in points if point.is_primary}
    for point in points:
        if point.kind not in seen:
            point.is_primary = True
            seen.add(point.kind)


def describe(point: ContactPoint) -> dict[str, Any]:
    """A point as it stands in the history."""
    return {
        "id": point.pk,
        "kind": point.kind,
        "label": point.label,
        "value": point.value,
        "status": point.status,
        "is_primary": point.is_primary,
        # What undoing needs besides, to bring a removed one back as it was.
        "typed": point.typed,
        "key": point.key,
        "parts": point.parts,
        "note": point.note,
        "from": point.valid_from,
        "until": point.valid_until,
        **({"place": place_of(point)} if point.latitude is not None else {}),
    }


def place_of(point: ContactPoint) -> dict[str, Any] | None:
    """Where an address lies and how that is known; None for one without a place."""
    if point.latitude is None:
        return None
    return {"latitude": point.latitude, "longitude": point.longitude, "source": point.place_source}


@transaction.atomic
def change_party(actor: Actor, party: Party, *, version: int | None = None, **values: Any) -> Party:
    """Change fields of a contact; records what differs and brings index, timeline and history after it.

    With ``version``, raises Conflict when somebody else saved meanwhile. Raises ContactError for what cannot be used.
    """
    actor.require(EDIT, party)
    unknown = set(values) - set(PARTY_FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    party = locked(party, version)
    protected.require_changes(actor, protected.BUILT_IN.keys() & values, party)
    before = snapshot(party)
    names_given = {"full_name", "family_name", "given_name"} & set(values)
    if names_given and "full_name" not in values:
        party.full_name = ""
    for name, value in values.items():
        setattr(party, name, value)
    for project_id in set(party.project_ids) ^ set(before["project_ids"]):
        actor.require_new(EDIT, project_id, [before["owner_id"]])
    if not party.project_ids:
        raise ContactError(_("Choose at least one project."), "project_ids")
    if party.confidentiality != before["confidentiality"]:
        _within_clearance(actor, party)
    work_out(party)
    changes = differences(before, snapshot(party))
    if not changes:
        return party
    save_changed(party)
    finish_change(actor, party, changes)
    return party


def locked(party: Party, version: int | None = None) -> Party:
    """The party as it stands now, kept from others until the end of the transaction.

    What a page or a caller still holds may be old, and saving it would bring old values back. With ``version``, raises
    Conflict when somebody else saved meanwhile.
    """
    found = (
        Party.objects.unscoped("locked for a change the actor may make")
        .select_for_update(no_key=True)
        .get(pk=party.pk)
    )
    if found.erased_at is not None:
        raise ContactError(_("This person was erased. Nothing can be written about them any more."))
    if version is not None and found.version != version:
        raise Conflict(found.version)
    return found


def save_changed(party: Party) -> None:
    party.version, party.updated_at = party.version + 1, clock.now()
    party.save()


def finish_change(
    actor: Actor,
    party: Party,
    changes: Changes,
    *,
    event: Event = signals.party_changed,
    data: Mapping[str, Any] | None = None,
) -> None:
    """After a change: index, placement of past entries, history."""
    index_parties([party.pk])
    if {"project_ids", "confidentiality"} & set(changes):
        reclassify(party, project_ids=party.project_ids, confidentiality=party.confidentiality)
    record(actor, event, subject=party, party_id=party.pk, changes=changes, data=data)


@transaction.atomic
def save_point(
    actor: Actor,
    party: Party,
    draft: PointDraft | None,
    *,
    point: ContactPoint | None = None,
    country: str = "GB",
) -> ContactPoint | None:
    """Add (no ``point``), change (both) or remove (no ``draft``) one way to reach a party."""
    actor.require(EDIT, party)
    party = locked(party)
    protected.require_changes(actor, {one.kind for one in (draft, point) if one is not None}, party)
    before = [describe(p) for p in party.points.order_by("id")]
    saved: ContactPoint | None = None
    if draft is not None:
        saved = point_from(draft, country=country)
        saved.party = party
        if point is not None:
            saved.pk = point.pk
        give_place(saved, before=point)
        refuse_blocked([saved])
        others = party.points.filter(kind=saved.kind).exclude(pk=saved.pk)
        if saved.is_primary:
            others.filter(is_primary=True).update(is_primary=False)
        elif not others.filter(is_primary=True).exists():
            saved.is_primary = True
        saved.save()
    elif point is not None:
        point.delete()
    after = [describe(p) for p in party.points.order_by("id")]
    if before != after:
        Party.objects.unscoped("the party that was changed").filter(pk=party.pk).update(
            version=F("version") + 1, updated_at=clock.now()
        )
        finish_change(actor, party, {"points": (before, after)})
    return saved


def change_points(
    actor: Actor, wanted: Mapping[ContactPoint, Mapping[str, Any]], *, operation: Operation | None
) -> None:
    """Change fields of many points, loaded with their parties, as part of an operation; told party by party."""
    if not wanted:
        return
    happened = []
    for point, values in wanted.items():
        before = describe(point)
        for name, value in values.items():
            setattr(point, name, value)
        happened.append((point.party, point.party_id, {"points": ([before], [describe(point)])}))
    fields = sorted({name for values in wanted.values() for name in values})
    ContactPoint.objects.bulk_update(list(wanted), fields, batch_size=1000)
    Party.objects.unscoped("the parties whose points changed").filter(
        pk__in={point.party_id for point in wanted}
    ).update(version=F("version") + 1, updated_at=clock.now())
    record_each(actor, signals.party_changed, happened, operation=operation)


@transaction.atomic
def delete_party(
    actor: Actor, party: Party, *, version: int | None = None, operation: Operation | None = None
) -> Party:
    """Move a contact to the recycle bin: off lists and search, restorable.

    With ``version``, raises Conflict when somebody else saved meanwhile.
    """
    party = locked(party, version)
    actor.require(DELETE, party)
    if party.deleted_at is None:
        party.deleted_at = clock.now()
        save_changed(party)
        index_parties([party.pk])
        record(actor, signals.party_deleted, subject=party, party_id=party.pk, operation=operation)
    return party


@transaction.atomic
def restore_party(actor: Actor, party: Party, *, operation: Operation | None = None) -> Party:
    """Take a contact out of the recycle bin. A merged one comes back by undoing the merge."""
    party = locked(party)
    actor.require(DELETE, party)
    if party.merged_into_id is not None:
        raise ContactError(_("This contact was merged. Undo the merge to get it back."))
    if party.deleted_at is not None:
        party.deleted_at = None
        save_changed(party)
        index_parties([party.pk])
        record(actor, signals.party_restored, subject=party, party_id=party.pk, operation=operation)
    return party


def touch(party_ids: Iterable[int], *, at: dt.datetime, channel: str) -> None:
    """Remember the last contact; an older moment changes nothing."""
    Party.objects.unscoped("last contact follows conversations").filter(
        Q(last_contact_at__isnull=True) | Q(last_contact_at__lt=at), pk__in=list(party_ids)
    ).update(last_contact_at=at, last_channel=channel)
