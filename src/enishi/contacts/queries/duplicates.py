"""Who may be in the records twice: while somebody is being entered, and the pairs that wait to be looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, DuplicatePair, Party
from enishi.contacts.queries import protected
from enishi.contacts.queries.columns import visible_end
from enishi.core import names, text
from enishi.search.models import Document
from enishi.search.queries import limited

PAGE = 50
CANDIDATES = 200
WORTH_SHOWING = 50
ALIKE = 0.86

REASONS: Mapping[str, Any] = {
    "email": _("same e-mail"),
    "phone": _("same phone"),
    "place": _("same name and postcode"),
    "name": _("same name"),
    "similar": _("similar name"),
    "organisation": _("same name and organisation"),
}


@dataclass(frozen=True)
class Match:
    """Somebody who may be the same: how sure (percent), and why."""

    party: Party
    score: int
    reasons: tuple[str, ...]

    @property
    def words(self) -> list[Any]:
        return [REASONS[reason] for reason in self.reasons]


def judge(reasons: Collection[str], likeness: float) -> tuple[int, tuple[str, ...]]:
    """How sure two records are the same, by what they share and how alike their names are (0 to 1).

    A shared address alone says little: families and offices share them. Two signs that do not depend on each other say
    much.
    """
    found = set(reasons)
    if likeness == 1.0:
        found.add("name")
    elif likeness >= ALIKE:
        found.add("similar")
    named = {"name", "similar"} & found
    if found & {"email", "phone"} and named:
        score = 97 if {"email", "phone"} <= found or "name" in found else 90
    elif "place" in found:
        score = 92
    elif {"email", "phone"} <= found:
        score = 80
    elif "email" in found:
        score = 60
    elif "name" in found:
        score = 70
    elif "phone" in found:
        score = 40
    else:
        score = round(likeness * 65)
    if "place" in found:
        found.discard("name")
    return score, tuple(reason for reason in REASONS if reason in found)


@dataclass(frozen=True)
class Entered:
    """What is known so far of somebody who is being entered; addresses by their key (see ``ContactPoint``)."""

    kind: str = Party.Kind.PERSON
    full_name: str = ""
    family_name: str = ""
    given_name: str = ""
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    postcodes: Sequence[str] = ()

    @property
    def name(self) -> str:
        if self.full_name:
            return self.full_name
        script = names.script(self.family_name or self.given_name)
        return names.display(self.family_name, self.given_name, script)

    @property
    def match_key(self) -> str:
        if not self.name:
            return ""
        if self.kind == Party.Kind.PERSON:
            return names.person_key(self.family_name or self.full_name, self.given_name)
        return names.organisation_key(self.name)


def similar(actor: Actor, entered: Entered, *, besides: int | None = None, limit: int = 5) -> list[Match]:
    """Whom the actor knows that may be the one being entered, surest first."""
    reasons: dict[int, set[str]] = defaultdict(set)
    keys = Q(pk__in=[])
    for kind, values in (
        ("email", entered.emails),
        ("phone", entered.phones),
        ("address", entered.postcodes),
    ):
        if values:
            keys |= Q(kind=kind, key__in=[text.clean(value) for value in values])
    shared_points = ContactPoint.objects.filter(keys, protected.seen_points(actor))
    for party_id, kind in shared_points.values_list("party_id", "kind")[:CANDIDATES]:
        reasons[party_id].add(kind)
    parties = Party.objects.visible_to(actor).present()
    if besides is not None:
        parties = parties.exclude(pk=besides)
    wanted = Q(pk__in=[pk for pk, found in reasons.items() if found != {"address"}])
    if entered.match_key:
        wanted |= Q(match_key=entered.match_key)
    found = {party.pk: party for party in parties.filter(wanted)[:CANDIDATES]}
    if entered.name:
        ids = _with_like_names(actor, entered)
        found |= {party.pk: party for party in parties.filter(pk__in=ids)}
    matches = []
    for party in found.values():
        shared = reasons[party.pk] - {"address"}
        same_name = bool(entered.match_key) and party.match_key == entered.match_key
        if same_name and "address" in reasons[party.pk]:
            shared |= {"place"}
        likeness = (
            1.0 if same_name else likeness_of([entered.name], spellings(party)) if entered.name else 0.0
        )
        if not shared and likeness < ALIKE:
            continue
        score, why = judge(shared, likeness)
        if score >= WORTH_SHOWING or shared:
            matches.append(Match(party, score, why))
    return sorted(matches, key=lambda match: (-match.score, match.party.pk))[:limit]


def _with_like_names(actor: Actor, entered: Entered) -> list[int]:
    """Candidates by the search index: the beginning of one word of the name, the first letters of the others."""
    words = text.fold(entered.name).split()[:4]
    kinds = {Party.Kind.PERSON: ["person"], Party.Kind.ORGANISATION: ["organisation"]}
    documents = Document.objects.unscoped("the parties are scoped").filter(
        kind__in=kinds.get(Party.Kind(entered.kind), ["group"])
    )
    found: list[int] = []
    for position, word in enumerate(words):
        others = [other[0] for place, other in enumerate(words) if place != position]
        pieces = text.query_grams(" ".join([word[:4], *others]))
        if pieces and len(word) > 1:
            like = limited(actor, documents.filter(grams__contains=pieces), [word[:4], *others])
            found += like.values_list("subject_id", flat=True)[: CANDIDATES // len(words)]
    return found


def spellings(party: Party) -> list[str]:
    """Every writing of a name."""
    return [party.full_name, *(str(name["full"]) for name in party.names.values() if name.get("full"))]


def likeness_of(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """How alike the most alike of their writings are."""
    others = list(theirs)
    return max((names.similar(a, b) for a in ours for b in others), default=0.0)


@dataclass(frozen=True)
class Position:
    """Where a page of pairs ends."""

    score: int
    id: int

    def __str__(self) -> str:
        return f"{self.score}~{self.id}"

    @classmethod
    def parse(cls, words: str) -> Position | None:
        score, tilde, number = words.partition("~")
        whole = tilde and score.isdecimal() and number.isdecimal() and len(score) < 5 and len(number) < 19
        return cls(int(score), int(number)) if whole else None


def _sure(actor: Actor) -> Any:
    """How sure a pair is by what the actor sees of the two: 0 for one that rests on what they do not see."""
    hidden, signs = Q(pk__in=[]), {}
    for reason, kind in RESTS_ON.items():
        named = Q(reasons__contains=[reason])
        seen = protected.seen_where(actor, kind, "first__") & protected.seen_where(actor, kind, "second__")
        signs[reason] = named & seen if seen else named
        hidden |= named & ~seen if seen else Q(pk__in=[])
    if not protected.limits_reach(actor):
        return F("score")
    email, phone, place = signs["email"], signs["phone"], signs["place"]
    same = Q(reasons__contains=["name"]) | Q(reasons__contains=["place"])
    alike = same | Q(reasons__contains=["similar"])
    # As ``judge`` has it, without the signs that are not seen.
    scores = [
        (~hidden, F("score")),
        ((email | phone) & same | email & phone & alike, Value(97)),
        ((email | phone) & alike, Value(90)),
        (place, Value(92)),
        (email & phone, Value(80)),
        (email, Value(60)),
    ]
    return Case(*(When(when, then=score) for when, score in scores), default=Value(0))


RESTS_ON = {"email": "email", "phone": "phone", "place": "address"}
"""What of a contact the reasons of a pair tell of."""


def seen_pairs(actor: Actor) -> QuerySet[DuplicatePair]:
    """Pairs of which the actor sees both, and what speaks for them being one; ``sure`` is how much."""
    pairs = DuplicatePair.objects.filter(visible_end(actor, "first"), visible_end(actor, "second"))
    pairs = pairs.annotate(sure=_sure(actor)).select_related("first__owner", "second__owner")
    return pairs.filter(sure__gte=WORTH_SHOWING) if protected.limits_reach(actor) else pairs


def _as_seen(actor: Actor, pair: DuplicatePair) -> DuplicatePair:
    """A pair as its reader sees it: with the signs that they see."""
    hidden = protected.hidden(actor, pair.first, pair.second)
    pair.score = pair.sure  # type: ignore[attr-defined]
    pair.reasons = [reason for reason in pair.reasons if RESTS_ON.get(reason) not in hidden]
    return pair


def visible_pairs(actor: Actor, *, right: str = Party.view_right) -> QuerySet[DuplicatePair]:
    """Open pairs of which the actor may see (or, by ``right``, do something to) both."""
    pairs = seen_pairs(actor).filter(state=DuplicatePair.State.OPEN)
    for end in ("first", "second"):
        limit = Party.scope_condition(actor.scope(right), prefix=f"{end}__")
        if limit is not None:
            pairs = pairs.filter(limit)
    return pairs


def pairs(
    actor: Actor, *, after: Position | None = None, project_id: int | None = None, limit: int = PAGE
) -> list[DuplicatePair]:
    """Pairs to look at, surest first, from a place on; one more than ``limit`` when there are more."""
    found: Any = visible_pairs(actor)
    if project_id is not None:
        found = found.filter(
            Q(first__project_ids__contains=[project_id]) | Q(second__project_ids__contains=[project_id])
        )
    if after is not None:
        found = found.filter(Q(sure__lt=after.score) | Q(sure=after.score, pk__gt=after.id))
    return [_as_seen(actor, pair) for pair in found.order_by("-sure", "id")[: limit + 1]]


def pair_between(actor: Actor, first_id: int, second_id: int) -> DuplicatePair | None:
    """The pair of these two as the actor sees it, whatever was decided about it."""
    low, high = sorted((first_id, second_id))
    found = seen_pairs(actor).filter(first=low, second=high).first()
    return _as_seen(actor, found) if found else None


def pair_of(first_id: int, second_id: int) -> DuplicatePair | None:
    """The pair of these two, whatever was decided about it."""
    low, high = sorted((first_id, second_id))
    return DuplicatePair.objects.filter(first=low, second=high).first()


def next_pair(actor: Actor, after: DuplicatePair) -> DuplicatePair | None:
    """The pair that comes after one in the list."""
    found = pairs(actor, after=Position(after.score, after.pk), limit=0)
    return found[0] if found else None


def open_pairs(actor: Actor, *, limit: int = 100) -> int:
    """How many pairs wait, counted up to a limit."""
    return len(visible_pairs(actor).values_list("pk", flat=True)[:limit])
