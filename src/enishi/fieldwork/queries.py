"""What is taken along on a phone: few people, few facts of each, nothing confidential."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project
from enishi.commitments.models import Promise
from enishi.commitments.queries.of_contacts import open_promises
from enishi.contacts.models import ContactPoint, Party, SavedView
from enishi.contacts.queries import lists, naming, protected
from enishi.timeline.paper import on_paper

LOG, PEOPLE, COMMIT, FILES = "conversations.edit", "contacts.edit", "commitments.edit", "content.edit"
KINDS = (ContactPoint.Kind.PHONE, ContactPoint.Kind.EMAIL, ContactPoint.Kind.ADDRESS)
CHANNELS = ("visit", "call", "meeting", "note")
MOST_PEOPLE = 500
MOST_PROMISES = 5
MOST_NOTE = 4000
DAYS = 7


@dataclass(frozen=True)
class Choice:
    """Whom somebody takes along: everybody of a project, or of a saved view."""

    code: str
    name: str
    spec: lists.ListSpec
    subject: Project | SavedView


@dataclass(frozen=True)
class Taken:
    """What goes onto the phone. ``left``: how many more the choice has; ``sealed``: how many are confidential."""

    people: Sequence[dict[str, Any]]
    projects: Sequence[dict[str, Any]]
    left: int
    sealed: int


def choices(actor: Actor) -> tuple[list[Project], list[SavedView]]:
    return list(accounts.projects(actor)), lists.saved_views(actor)


def choice(actor: Actor, code: str) -> Choice:
    """Read ``project-3`` or ``view-12``; raises ObjectDoesNotExist for what is not there for this reader."""
    kind, _dash, number = code.partition("-")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    if kind == "view":
        view = lists.saved_view(actor, pk)
        return Choice(code, view.name, lists.ListSpec.read(view.spec), view)
    project = accounts.project(actor, pk if kind == "project" else 0)
    return Choice(code, project.name, lists.ListSpec(project_id=project.pk), project)


def taken(actor: Actor, chosen: Choice, *, language: str) -> Taken:
    """The people of a choice in its order, each with what is needed at their door. Raises FilterError."""
    spec = replace(chosen.spec, columns=("name", "organisation"))
    page = lists.page(actor, spec, limit=MOST_PEOPLE)
    parties, sealed = on_paper([row.party for row in page.rows])
    organisations = {row.party.pk: row.organisation for row in page.rows}
    left = lists.total(actor, spec).number - len(page.rows) if page.next else 0
    places = _places(actor, parties)
    writable = {place["id"] for place in places}
    # What only some roles see lies on no phone.
    with_notes = not protected.is_protected(actor, "note")
    points, promises = _points(actor, parties), _promises(actor, parties)
    people = [
        {
            "id": party.pk,
            "kind": party.kind,
            **_named(party, language),
            "organisation": organisations[party.pk],
            "greeting": naming.greeting(party).text,
            "points": points[party.pk],
            "note": party.note if with_notes and len(party.note) <= MOST_NOTE else None,
            "seen": party.last_contact_at,
            "promises": promises[party.pk],
            "projects": [pk for pk in party.project_ids if pk in writable],
            "edit": actor.may(PEOPLE, party),
        }
        for party in parties
    ]
    return Taken(people, places, left, sealed)


def _named(party: Party, language: str) -> dict[str, Any]:
    shown = naming.shown_name(party, language)
    others = [other["text"] for other in shown.others]
    return {"name": shown.text, "lang": shown.lang, "others": others, "written": party.full_name}


def _places(actor: Actor, parties: Iterable[Party]) -> list[dict[str, Any]]:
    """The projects of these people in which something can be written down."""
    ids = {pk for party in parties for pk in party.project_ids}
    return [
        {
            "id": one.pk,
            "name": one.name,
            "promises": actor.may_some(COMMIT, one.pk),
            "people": actor.may_some(PEOPLE, one.pk),
            "files": actor.may_some(FILES, one.pk),
        }
        for one in accounts.projects(actor, LOG)
        if one.pk in ids
    ]


def _points(actor: Actor, parties: Iterable[Party]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    kinds = [kind for kind in KINDS if not protected.is_protected(actor, kind)]
    points = ContactPoint.objects.filter(
        party_id__among=[party.pk for party in parties], kind__in=kinds, valid_until__isnull=True
    )
    for point in points.order_by("-kind", "-is_primary", "id"):
        found[point.party_id].append(
            {
                "id": point.pk,
                "kind": point.kind,
                "label": point.get_label_display(),
                "value": point.value,
                "typed": point.typed or point.value,
                "usable": point.status not in (ContactPoint.Status.WRONG, ContactPoint.Status.REFUSED),
            }
        )
    return found


def _promises(actor: Actor, parties: Iterable[Party]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    wanted = open_promises(actor).filter(
        party_id__among=[party.pk for party in parties], confidentiality__lt=Level.CONFIDENTIAL
    )
    for promise in wanted.order_by(F("due_at").asc(nulls_last=True), "id"):
        assert promise.party_id is not None
        if len(found[promise.party_id]) < MOST_PROMISES:
            ours = promise.direction == Promise.Direction.OURS
            found[promise.party_id].append({"ours": ours, "title": promise.title, "due": promise.due_at})
    return found
