"""Where addresses lie: put by hand, taken from their town, or looked up in the gazetteer; many at once in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, system_actor
from enishi.contacts import signals
from enishi.contacts.models import ContactPoint, Party, Town
from enishi.contacts.queries import protected
from enishi.contacts.queries.positions import CITY, COUNTRY, addresses
from enishi.contacts.services.parties import (
    EDIT,
    ContactError,
    change_points,
    describe,
    finish_change,
    locked,
    place_of,
)
from enishi.core import clock, gazetteer, jobs, positions, text
from enishi.core.positions import Point, PositionError
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import finish_operation, plain, record, start_operation
from enishi.timeline.undo import UndoPlan

BULK = "contacts.bulk"
KIND = "contacts.places"
CHUNK = 1000
Place = ContactPoint.Place


@transaction.atomic
def set_place(actor: Actor, party: Party, point: ContactPoint, position: Point | None) -> ContactPoint:
    """Say by hand where an address lies, or (None) that nobody knows; told in the history.

    Raises ContactError for what is no position, or no address.
    """
    actor.require(EDIT, party)
    party = locked(party)
    point = party.points.select_for_update(no_key=True).get(pk=point.pk)
    protected.require_changes(actor, [point.kind], party)
    if point.kind != ContactPoint.Kind.ADDRESS:
        raise ContactError(_("Only a postal address has a place on the map."), "latitude")
    before = describe(point)
    for name, value in _values(position, Place.HAND).items():
        setattr(point, name, value)
    if before == describe(point):
        return point
    point.save(update_fields=["latitude", "longitude", "place_source"])
    Party.objects.unscoped("the party that was changed").filter(pk=party.pk).update(
        version=F("version") + 1, updated_at=clock.now()
    )
    finish_change(actor, party, {"points": ([before], [describe(point)])})
    return point


def _values(position: Point | None, source: str) -> dict[str, Any]:
    if position is None:
        return {"latitude": None, "longitude": None, "place_source": Place.UNKNOWN}
    try:
        lat, lng = (
            positions.in_range(position[0], "latitude"),
            positions.in_range(position[1], "longitude"),
        )
    except PositionError as error:
        raise ContactError(str(error), "latitude") from None
    return {"latitude": lat, "longitude": lng, "place_source": source}


@transaction.atomic
def put_town(actor: Actor, *, country: str, name: str, position: Point) -> tuple[Town, Operation | None]:
    """Say where a town lies: its addresses that nobody placed by hand go there, those to come as well.

    One operation in the undo log; addresses out of the actor's reach follow by the next job. Raises ContactError.
    """
    actor.require_whole(BULK)
    name = text.strip_bidi(text.clean(name)).strip()[:200]
    key = text.fold(name)[:200]
    if not key or len(country) != 2:
        raise ContactError(_("Give the town and its country."), "name")
    values = _values(position, Place.TOWN)
    found = Town.objects.select_for_update(no_key=True).filter(country=country, key=key).first()
    before = {"latitude": found.latitude, "longitude": found.longitude} if found else {}
    town = found or Town(country=country, key=key, name=name)
    town.latitude, town.longitude = values["latitude"], values["longitude"]
    town.save()
    now = {"latitude": town.latitude, "longitude": town.longitude}
    record(
        actor,
        signals.town_placed,
        subject=town,
        changes={
            field: (before.get(field), value) for field, value in now.items() if before.get(field) != value
        },
    )
    jobs.defer("contacts.follow_town", town_id=town.pk)
    return town, _follow(actor, town)


@transaction.atomic
def follow_town(town_id: int) -> None:
    """Let the addresses follow their town that whoever put it there may not change. Safe to repeat."""
    if town := Town.objects.filter(pk=town_id).first():
        _follow(system_actor("places"), town)


def _follow(actor: Actor, town: Town) -> Operation | None:
    waiting = _of_town(town).exclude(place_source=Place.HAND).filter(party__in=_mine(actor))
    points = list(waiting.select_related("party").select_for_update(no_key=True, of=("self",)).order_by("pk"))
    values = _values((town.latitude, town.longitude), Place.TOWN)
    wanted = {point: values for point in points if _differs(point, values)}
    return _as_operation(actor, wanted, label=_("Place of %(town)s") % {"town": town.name})


def _mine(actor: Actor) -> Any:
    limit = Party.scope_condition(actor.scope(BULK))
    found = Party.objects.visible_to(actor).present().filter(protected.changed_where(actor, "address"))
    return (found if limit is None else found.filter(limit)).values("pk")


def _of_town(town: Town) -> Any:
    """Its addresses, in every spelling."""
    here = addresses().annotate(city=CITY, country=COUNTRY).filter(country=town.country, city__isnull=False)
    written = here.values_list("city", flat=True).distinct()
    return here.filter(city__in=[name for name in written if text.fold(name) == town.key])


def _differs(point: ContactPoint, values: Mapping[str, Any]) -> bool:
    return any(getattr(point, name) != value for name, value in values.items())


def _as_operation(
    actor: Actor, wanted: Mapping[ContactPoint, Mapping[str, Any]], *, label: str
) -> Operation | None:
    """Place these addresses as one line of the undo log, if there are any."""
    if not wanted:
        return None
    ids = sorted({pk for point in wanted for pk in point.party.project_ids})
    level = max(point.party.confidentiality for point in wanted)
    operation = start_operation(actor, kind=KIND, label=label, project_ids=ids, confidentiality=level)
    change_points(actor, wanted, operation=operation)
    facts = {"change": label, "count": len(wanted)}
    finish_operation(operation, counts={"changed": len(wanted)})
    record(actor, signals.bulk_changed, subject=operation, data=facts, operation=operation)
    return operation


def find_places() -> int:
    """Look up every address that was not looked for yet, first among the towns put by hand; returns how many were found.

    A thousand at a time, each in its own transaction; repeats are harmless.
    """
    waiting = ContactPoint.objects.filter(kind=ContactPoint.Kind.ADDRESS, place_source="")
    names = set(waiting.annotate(city=CITY, country=COUNTRY).values_list("country", "city").distinct())
    known = _known({(country, city) for country, city in names if country and city})
    found = 0
    while batch := _next(known):
        found += batch[0]
    return found


def _known(names: Collection[gazetteer.Name]) -> dict[gazetteer.Name, tuple[Point, str]]:
    keys: dict[tuple[str, str], list[gazetteer.Name]] = defaultdict(list)
    for country, city in names:
        keys[country, text.fold(city)].append((country, city))
    found: dict[gazetteer.Name, tuple[Point, str]] = {}
    for town in Town.objects.filter(country__in={country for country, _key in keys}):
        for name in keys.get((town.country, town.key), ()):
            found[name] = ((town.latitude, town.longitude), Place.TOWN)
    looked_up = (
        gazetteer.look_up([name for name in names if name not in found]) if len(found) < len(names) else {}
    )
    return found | {name: (point, Place.GAZETTEER) for name, point in looked_up.items()}


@transaction.atomic
def _next(known: Mapping[gazetteer.Name, tuple[Point, str]]) -> tuple[int, int] | None:
    """Place the next addresses; tells how many were found and seen, None when there are no more."""
    points = list(
        ContactPoint.objects.filter(kind=ContactPoint.Kind.ADDRESS, place_source="")
        .select_related("party")
        .select_for_update(no_key=True, of=("self",), skip_locked=True)
        .order_by("pk")[:CHUNK]
    )
    if not points:
        return None
    wanted: dict[ContactPoint, dict[str, Any]] = {}
    for point in points:
        place = known.get((point.parts.get("country", ""), point.parts.get("city", "")))
        if place is not None:
            wanted[point] = _values(place[0], place[1])
    missing = [point.pk for point in points if point not in wanted]
    ContactPoint.objects.filter(pk__in=missing).update(place_source=Place.UNKNOWN)
    _as_operation(system_actor("places"), wanted, label=_("Places of addresses"))
    return len(wanted), len(points)


def _entries(operation: Operation) -> dict[int, tuple[Any, Any]]:
    """What the operation did, by address: its place before and after."""
    done: dict[int, tuple[Any, Any]] = {}
    entries = Entry.objects.unscoped("what the operation did, to take exactly that back").filter(
        operation=operation, event=signals.party_changed.code, changes__has_key="points"
    )
    for changes in entries.order_by("pk").values_list("changes", flat=True):
        before, after = ({point["id"]: point.get("place") for point in side} for side in changes["points"])
        for pk, place in after.items():
            done[pk] = (before.get(pk), place)
    return done


def _to_undo(
    actor: Actor, operation: Operation, *, lock: bool = False
) -> tuple[dict[ContactPoint, dict[str, Any]], int]:
    done = _entries(operation)
    points: Iterable[ContactPoint] = (
        ContactPoint.objects.filter(pk__in=done).select_related("party").order_by("pk")
    )
    if lock:
        points = points.select_for_update(no_key=True, of=("self",))  # type: ignore[attr-defined]
    back: dict[ContactPoint, dict[str, Any]] = {}
    for point in points:
        before, after = done[point.pk]
        may = protected.may_change(actor, point.kind, point.party)
        if may and plain(place_of(point)) == after:
            told = before or {"latitude": None, "longitude": None, "source": Place.UNKNOWN}
            back[point] = {
                "latitude": told["latitude"], "longitude": told["longitude"], "place_source": told["source"]
            }  # fmt: skip
    return back, len(done) - len(back)


def preview_undo(actor: Actor, operation: Operation) -> UndoPlan:
    """How many addresses go back to where they were; one that was placed again since stays."""
    back, kept = _to_undo(actor, operation)
    return UndoPlan({"changed": len(back), "kept": kept})


@transaction.atomic
def undo(actor: Actor, operation: Operation) -> dict[str, int]:
    back, kept = _to_undo(actor, operation, lock=True)
    change_points(actor, back, operation=operation)
    return {"changed": len(back), "kept": kept}


__all__ = ["KIND", "find_places", "follow_town", "preview_undo", "put_town", "set_place", "undo"]
