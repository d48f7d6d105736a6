"""Where contacts stand in the navigation, and how their history reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.fields import PLACE as FIELDS
from enishi.accounts.fields import out_of_sight
from enishi.contacts import undo  # noqa: F401  its undoers register themselves
from enishi.contacts.models import Consent, ContactPoint
from enishi.contacts.personal import ContactsKeeper
from enishi.contacts.queries.briefs import GONE, Matter, Part, Section, Subject
from enishi.contacts.queries.protected import protectable
from enishi.contacts.queries.setup import purpose_name
from enishi.contacts.queries.whole import latest_consents_of
from enishi.contacts.services.handover import Contacts, Views, people_handed
from enishi.core import clock, formats
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, provide
from enishi.timeline.models import Entry
from enishi.timeline.paper import on_paper

add_menu(
    MenuEntry(
        "people", _("Contacts"), "contacts:list", "users", right="contacts.view", order=10, key="c", tab=2
    )
)
add_menu(MenuEntry("people", _("Map"), "contacts:map", "map-2", right="contacts.view", order=30))
add_menu(
    MenuEntry(
        "setup",
        _("Fields, tags, relations"),
        "contacts:setup",
        "forms",
        right="contacts.setup",
        order=30,
        everywhere=True,
    )
)
add_menu(MenuEntry("setup", _("Recycle bin"), "contacts:bin", "trash", right="contacts.delete", order=80))
add_new(NewEntry(_("Person"), "contacts:new_person", "user-plus", "contacts.edit", order=10))
add_new(NewEntry(_("Organisation"), "contacts:new_organisation", "building", "contacts.edit", order=20))
add_new(NewEntry(_("Group or community"), "contacts:new_group", "users-group", "contacts.edit", order=30))
add_new(NewEntry(_("Import"), "contacts:import_new", "table-import", "contacts.import", order=80))

provide(FIELDS, "contacts")(protectable)
provide("handover", Contacts.code)(Contacts)
provide(PLACE, ContactsKeeper.code)(ContactsKeeper)
provide("handover", Views.code)(Views)
provide("handover.people", "contacts")(people_handed)

IN_BRIEF = 6


@provide("brief", "contacts")
def brief(actor: Actor, subjects: Sequence[Subject]) -> Mapping[int, Part]:
    """What may be done with somebody's data, who belongs to an organisation, and that somebody has died."""
    stated = latest_consents_of([subject.party.pk for subject in subjects])
    return {subject.party.pk: _brief(subject, stated.get(subject.party.pk, [])) for subject in subjects}


def _brief(subject: Subject, stated: Sequence[Consent]) -> Part:
    party, sections, matters = subject.party, [], []
    if party.is_person:
        rows = [{"consent": one, "name": purpose_name(one.purpose)} for one in stated]
        shown = Shown("contacts/brief/consents.html", {"consents": rows})
        sections.append(Section(_("May we"), shown, order=80))
    people, left_off = on_paper(own for own in subject.own if own.is_person)
    if people:
        context = {"people": people[:IN_BRIEF], "more": max(0, len(people) - IN_BRIEF)}
        sections.append(Section(_("People"), Shown("contacts/brief/people.html", context), order=40))
    if party.status == party.Status.DECEASED:
        matters.append(Matter(GONE, gettext("Recorded as deceased. Do not call or write."), party.updated_at))
    return Part(sections, matters, left_off)


_FIELDS = {
    "names": _("other scripts"),
    "owner_id": _("looked after by"),
    "project_ids": _("projects"),
    "points": _("ways to reach"),
    "relation": _("relation"),
    "relations": _("relations"),
    "tags": _("tags"),
    "basis": _("legal basis"),
    "evidence": _("evidence"),
    "stated_on": _("stated on"),
    "valid_until": _("valid until"),
    "text": _("wording"),
    "kept": _("left as it is"),
}


@provide("timeline.fields", "contacts.town")
def town_fields() -> Mapping[str, Any]:
    return {"latitude": _("latitude"), "longitude": _("longitude")}


class _Names(Mapping[str, Any]):
    """Names of what changes on a contact; own fields and outside ids carry theirs in the change itself."""

    def __getitem__(self, name: str) -> Any:
        kind, colon, rest = name.partition(":")
        if not colon:
            return _FIELDS[name]
        if kind == "field":
            return rest.replace("-", " ")
        if kind == "id":
            return gettext("id in %(system)s") % {"system": rest}
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_FIELDS)

    def __len__(self) -> int:
        return len(_FIELDS)


_names = _Names()


@provide("timeline.fields", "contacts.party")
def history_names() -> Mapping[str, Any]:
    return _names


@provide("timeline.hidden", "contacts.party")
def history_hidden(actor: Actor, entry: Entry) -> frozenset[str]:
    """What of an entry about a contact somebody does not read: fields that no role shows them there."""
    return out_of_sight(actor, "contacts", entry.project_ids, entry.confidentiality)


@provide("timeline.parts", "contacts.party")
def history_parts(actor: Actor, entry: Entry, name: str, value: Any) -> Any:
    """Of the ways to reach somebody those of the kinds that are seen there."""
    if name != "points" or not isinstance(value, list):
        return value
    unread = history_hidden(actor, entry)
    return [one for one in value if not isinstance(one, dict) or one.get("kind") not in unread]


@provide("timeline.values", "contacts.party")
def history_words(name: str, value: Any) -> str | None:
    """Values that are more than a word: addresses, relations, names in other scripts. None leaves it to the history."""
    if name == "text" and isinstance(value, int):
        return ""  # the number of a wording says nothing to people
    if name == "points" and isinstance(value, list):
        return "; ".join(_point_words(point) for point in value)
    if name == "relations" and isinstance(value, list):
        return "; ".join(history_words("relation", told) or "" for told in value)
    if name == "relation" and isinstance(value, dict):
        return ", ".join(
            filter(None, (str(value.get("type", "")).replace("-", " "), value.get("title"), _span(value)))
        )
    if name == "names" and isinstance(value, dict):
        return ", ".join(
            told.get("full") or " ".join(filter(None, (told.get("family"), told.get("given"))))
            for told in value.values()
        )
    if name == "basis":
        return str(dict(Consent.Basis.choices).get(value, value))
    if name in {"stated_on", "valid_until"} and isinstance(value, str):
        return _day(value)
    return str(dict(Consent.State.choices)[value]) if value in Consent.State.values else None


def _day(value: str) -> str:
    day = parse_date(value)
    return formats.format_date(day, get_language() or "en", today=clock.today()) if day else ""


def _point_words(point: Mapping[str, Any]) -> str:
    words = [str(point.get("value", ""))]
    if point.get("status") not in {None, ContactPoint.Status.UNCHECKED, ContactPoint.Status.GOOD}:
        words.append(str(dict(ContactPoint.Status.choices).get(point["status"], "")))
    words.append(_span(point))
    if place := point.get("place"):
        source = dict(ContactPoint.Place.choices).get(place["source"], "")
        words.append(f"\u2066{place['latitude']}, {place['longitude']}\u2069 ({source})")
    return ", ".join(filter(None, words))


def _span(told: Mapping[str, Any]) -> str:
    ends = [_day(told.get(name) or "") for name in ("from", "until")]
    return "–".join(ends) if any(ends) else ""
