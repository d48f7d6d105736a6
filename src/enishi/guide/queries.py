"""Which stops somebody can reach, with pages of their own records; and how far a new installation is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Organisation, Project, User
from enishi.commitments.models import Promise
from enishi.contacts.models import Field, Party, Tag
from enishi.conversations import queries as conversations
from enishi.conversations.models import Interaction, Participant
from enishi.core import clock
from enishi.engagement.models import Rating
from enishi.guide.stops import STOPS, Stop

LOOKED_AT, LONG = 40, 200
"""So many of the latest conversations are looked through for a good example: one of so many signs."""


@dataclass(frozen=True)
class Place:
    """A stop that somebody can reach: the page with the control, and which of how many it is."""

    stop: Stop
    url: str
    number: int
    of: int
    before: str = ""
    after: str = ""
    """The codes of the stops beside it."""

    @property
    def control_url(self) -> str:
        return f"{self.url}#{self.stop.anchors[0]}"


@dataclass(frozen=True)
class _Example:
    pk: int
    project_ids: list[int]


class _Examples:
    """Records of the reader's own projects on which a control can be shown; each is looked up when a stop needs it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    @cached_property
    def _talk_and_party(self) -> tuple[Interaction, Party] | None:
        """A recent conversation with words, with somebody who took part.

        Rather one in which work may be done, and with somebody whose language the reader reads.
        """
        actor = self.actor
        if not (actor.may("conversations.view") and actor.may("contacts.view")):
            return None
        # Whoever opens a confidential one is written down: nobody is led there.
        talks = conversations.matching(actor, conversations.Filters(until=clock.now())).filter(
            Exists(Participant.objects.filter(interaction=OuterRef("pk"), party__isnull=False)),
            confidentiality__lte=Level.INTERNAL,
        )
        latest = talks.exclude(text="").order_by("-occurred_at", "-id").annotate(signs=Length("text"))
        looked_at = list(latest.only("pk", "project_ids")[:LOOKED_AT])
        people = {
            one.interaction_id: one.party
            for one in reversed(conversations.visible_participants(actor, [talk.pk for talk in looked_at]))
            if one.party and one.party.deleted_at is None
        }
        known = [talk for talk in looked_at if talk.pk in people]
        if not known:
            return None
        best = max(known, key=lambda talk: self._worth(talk, people[talk.pk]))
        return best, people[best.pk]

    def _worth(self, talk: Any, party: Party) -> tuple[bool, bool, bool]:
        works = self.actor.may_some("commitments.edit", talk.project_ids)
        return works, party.language == self.actor.language, talk.signs >= LONG

    @cached_property
    def talk(self) -> _Example | None:
        found = self._talk_and_party
        return _Example(found[0].pk, found[0].project_ids) if found else None

    @cached_property
    def party(self) -> _Example | None:
        if found := self._talk_and_party:
            return _Example(found[1].pk, found[1].project_ids)
        if not self.actor.may("contacts.view"):
            return None
        there = Party.objects.visible_to(self.actor).filter(deleted_at__isnull=True)
        newest = there.only("pk", "project_ids").order_by("-pk").first()
        return _Example(newest.pk, newest.project_ids) if newest else None

    @cached_property
    def project(self) -> _Example | None:
        """A project whose stakeholders the reader may see, rather one in which somebody was rated."""
        ids = [
            one.pk
            for one in accounts.listed_projects(self.actor)
            if self.actor.may("engagement.view", one.pk)
        ]
        if not ids:
            return None
        rated = Rating.objects.visible_to(self.actor).filter(project__in=ids).order_by("-pk")
        pk = rated.values_list("project", flat=True).first() or ids[0]
        return _Example(pk, [pk])


def route(actor: Actor) -> list[Place]:
    """The stops that the actor can reach, in order."""
    examples = _Examples(actor)
    found = [(stop, url) for stop in STOPS if (url := _address(actor, stop, examples))]
    codes = ["", *(stop.code for stop, _url in found), ""]
    return [
        Place(stop, url, number, len(found), codes[number - 1], codes[number + 1])
        for number, (stop, url) in enumerate(found, 1)
    ]


def _address(actor: Actor, stop: Stop, examples: _Examples) -> str:
    if stop.right and not actor.may(stop.right):
        return ""
    if not stop.of:
        return reverse(stop.page)
    example: _Example | None = getattr(examples, stop.of)
    if example is None or not actor.may_some(stop.right, example.project_ids):
        return ""
    return reverse(stop.page, args=[example.pk])


def place(actor: Actor, code: str) -> Place | None:
    """The stop of that code, or the next one that the actor can reach; none after the last."""
    order = [stop.code for stop in STOPS]
    here = order.index(code) if code in order else 0
    return next((one for one in route(actor) if order.index(one.stop.code) >= here), None)


@dataclass(frozen=True)
class Step:
    """One of the first steps of an installation; ``taken`` says what is in the database."""

    code: str
    label: Any
    url_name: str
    right: str
    taken: bool = False


FIRST_STEPS = (
    Step("organisation", _("Name your organisation"), "accounts:organisation", "accounts.settings"),
    Step(
        "starter", _("Take fields, tags and themes from a starter pack"), "guide:starters", "contacts.setup"
    ),
    Step("project", _("Add a project"), "accounts:project_new", "accounts.manage"),
    Step("colleague", _("Invite a colleague"), "accounts:person_new", "accounts.manage"),
    Step("contacts", _("Bring in your contacts"), "contacts:import_new", "contacts.import"),
    Step("talk", _("Log the first conversation"), "conversations:new", "conversations.edit"),
    Step("promise", _("Write down the first promise"), "commitments:new", "commitments.edit"),
)


def first_steps(actor: Actor) -> list[Step]:
    """The steps that the actor may take, in one question."""
    why = "whether there is any at all in this installation"
    taken = User.objects.filter(pk=actor.own_id).values(
        organisation=Exists(Organisation.objects.all()),
        project=Exists(Project.objects.all()),
        colleague=Exists(User.objects.exclude(pk=actor.own_id)),
        starter=Exists(Field.objects.all()) | Exists(Tag.objects.all()),
        contacts=Exists(Party.objects.unscoped(why)),
        talk=Exists(Interaction.objects.unscoped(why)),
        promise=Exists(Promise.objects.unscoped(why)),
    )
    found: Mapping[str, object] = taken.first() or {}
    return [replace(step, taken=bool(found.get(step.code))) for step in FIRST_STEPS if actor.may(step.right)]
