"""Choosing people for a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import Party, Tag
from enishi.conversations.models import Participant
from enishi.core import text
from enishi.core.parameters import number, numbers
from enishi.search import queries as search
from enishi.search.models import Kind

PEOPLE = (Kind.PERSON, Kind.ORGANISATION, Kind.GROUP)


@dataclass(frozen=True)
class Person:
    """Somebody who can take part; ``token`` is what a form sends back."""

    token: str
    name: str
    kind: str
    detail: str = ""
    role: str = Participant.Role.WITH

    @property
    def key(self) -> str:
        return self.token.partition(":")[2]


def token_of(participant: Participant) -> str:
    if participant.party_id:
        return f"party:{participant.party_id}"
    if participant.user_id:
        return f"user:{participant.user_id}"
    if participant.address and participant.name:
        return f"name:{participant.name} <{participant.address}>"
    return f"name:{participant.name or participant.address}"


def people_found(actor: Actor, typed: str, *, limit: int = 8) -> list[Person]:
    """Contacts within the actor's rights, then colleagues."""
    if not typed:
        return []
    hits = search.find(actor, typed, kinds=PEOPLE, limit=limit)
    found = [Person(f"party:{hit.subject_id}", hit.title, hit.kind, hit.detail) for hit in hits]
    folded = text.fold(typed)
    found += [
        Person(f"user:{user.pk}", str(user), "user")
        for user in accounts.users()
        if folded and folded in text.fold(user.name)
    ][:4]
    return found


def people_by_token(actor: Actor, tokens: Sequence[str]) -> list[Person]:
    """The people of a form, in its order; who may not be seen is left out."""
    parties = Party.objects.visible_to(actor).in_bulk(_ids(tokens, "party"))
    users = accounts.users(active=None).in_bulk(_ids(tokens, "user"))
    found: dict[str, Person] = {}
    for token in tokens:
        kind, _sep, value = token.partition(":")
        pk = number(value) or 0
        if kind == "party" and pk in parties:
            found[token] = Person(token, parties[pk].full_name, parties[pk].kind)
        elif kind == "user" and pk in users:
            found[token] = Person(token, str(users[pk]), "user")
        elif kind == "name" and value.strip():
            found[token] = Person(token, value, "name")
    return list(found.values())


def _ids(tokens: Sequence[str], kind: str) -> list[int]:
    values = [token.partition(":")[2] for token in tokens if token.startswith(f"{kind}:")]
    return numbers(values)


def tag_choices(actor: Actor) -> list[tuple[int, str]]:
    """Tags that may stand in the actor's projects."""
    mine = set(accounts.projects(actor, "conversations.edit").values_list("pk", flat=True))
    return [
        (tag.pk, tag.path)
        for tag in Tag.objects.filter(archived_at__isnull=True)
        if tag.project_id is None or tag.project_id in mine
    ]
