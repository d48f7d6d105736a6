"""One answer to all who say the same: who gets it, in which words, and who does not, and why; within the rights for their letters."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.queries import organisation
from enishi.cases.models import Case
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.reaching import first_points, seen_parties
from enishi.conversations.models import Interaction, Participant
from enishi.core.choices import language_name
from enishi.themes.models import Answer, AnswerTo, Meaning, Wording
from enishi.themes.queries import voices
from enishi.themes.queries.sending import NO_ADDRESS, Reached, texts

VIEW, EDIT, REPLY = "conversations.view", "conversations.edit", "themes.reply"
NAME = "{name}"
_LIVE = (AnswerTo.State.WAITING, AnswerTo.State.GOING)


@dataclass(frozen=True, kw_only=True)
class Answered(Reached):
    """Somebody who gets it: for what they wrote, newest first. ``reads`` is their language, which it may not be written in."""

    letters: Sequence[Interaction]
    reads: str


@dataclass(frozen=True)
class Unreached:
    """What stays without this answer, and why; ``party`` is whoever of its senders that is about."""

    subject: Interaction | Case
    party: Party | None
    why: str


@dataclass
class Plan:
    """Who gets an answer by e-mail, who by letter, whom somebody left out, and what stays without it; by name."""

    mail: list[Answered] = field(default_factory=list)
    letters: list[Answered] = field(default_factory=list)
    without: list[Party] = field(default_factory=list)
    left: list[Unreached] = field(default_factory=list)

    @property
    def reached(self) -> list[Answered]:
        return [*self.mail, *self.letters]

    @property
    def key(self) -> str:
        """Differs when anything of who gets it differs."""
        rows = sorted((one.party.pk, one.way, one.address, one.language) for one in self.reached)
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]

    @property
    def reasons(self) -> dict[str, list[Unreached]]:
        """Why something stays without it, the most frequent first; each person once for each reason."""
        found: dict[str, dict[tuple[bool, int], Unreached]] = {}
        for one in self.left:
            who = (True, one.party.pk) if one.party else (False, one.subject.pk)
            found.setdefault(one.why, {}).setdefault(who, one)
        return {
            why: list(rows.values()) for why, rows in sorted(found.items(), key=lambda pair: -len(pair[1]))
        }

    @property
    def languages(self) -> dict[str, list[Party]]:
        """Who reads which language, the most read first."""
        found: dict[str, list[Party]] = {}
        for one in self.reached:
            found.setdefault(one.reads, []).append(one.party)
        return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def answer(actor: Actor, answer_id: int) -> Answer:
    """One of them; raises Answer.DoesNotExist."""
    return Answer.objects.visible_to(actor).select_related("user").get(pk=answer_id)


def answers(actor: Actor, chorus_id: int) -> QuerySet[Answer]:
    """What was answered to those who say much the same, the newest first."""
    found = Q(chorus=chorus_id) | Q(
        pk__in=AnswerTo.objects.filter(letter__meaning__chorus=chorus_id).values("answer")
    )
    return Answer.objects.visible_to(actor).filter(found).select_related("user").order_by("-pk")


def may_answer(actor: Actor, talk: Interaction) -> bool:
    """Whether the actor may tell its senders, and log that as confidential as it is, wherever it stands."""
    projects = talk.project_ids
    return all(actor.may(REPLY, one) and actor.may(EDIT, one) for one in projects) and (
        actor.clearance(VIEW, projects) >= talk.confidentiality
    )


def waits(actor: Actor, talk: Interaction) -> bool:
    """Whether the actor may answer what somebody wrote, and nobody did."""
    return talk.answer != Interaction.Answer.ANSWERED and may_answer(actor, talk)


def fill(words: str, party: Party) -> str:
    """The words for one of them."""
    return words.replace(NAME, party.full_name)


def letters(actor: Actor, chorus_id: int | None) -> list[Interaction]:
    """What came in and says the same; not the cases."""
    return [one.interaction for one in _letters(actor, chorus_id, None) if one.interaction is not None]


def _letters(actor: Actor, chorus_id: int | None, only: Collection[int] | None) -> list[Meaning]:
    if chorus_id is None:
        return []
    found = voices.visible(actor).filter(chorus=chorus_id)
    if only is not None:
        theirs = Participant.objects.filter(party__in=list(only), role__in=voices.SENDS)
        found = found.filter(interaction__in=theirs.values("interaction"))
    rows = found.order_by("-at", "-pk").defer("whole", "sentences", "places", "interaction__text")
    return list(rows)


def plan(
    actor: Actor, chorus_id: int | None, of: Answer | None = None, *, only: Collection[int] | None = None
) -> Plan:
    """Who would get it now, in ten queries: whoever sent what the actor may read and answer, and nobody answered.

    Without an answer it tells who would get one. ``only`` limits it to these people.
    """
    listed = _letters(actor, chorus_id, only)
    talks = {one.pk: one.interaction for one in listed if one.interaction is not None}
    before, told_here, without = _before(talks.values(), of)
    result = Plan()
    senders = voices.senders(actor, listed)
    wrote: dict[int, tuple[Party, list[tuple[Meaning, Interaction]]]] = {}
    for one in listed:
        everybody = senders.get(one.pk, ())
        people = [party for party in everybody if only is None or party.pk in only]
        talk = talks.get(one.pk)
        ours = any(party.pk in told_here for party in everybody)
        why = _unanswerable(actor, talk, people, ours=ours)
        if talk is None or why:
            party = people[0] if people else None
            result.left.append(Unreached(voices.subject_of(one), party, why))
            continue
        for party in people:
            if (talk.pk, party.pk) in before:
                why = _("Another answer is on its way, or may have reached them.")
                result.left.append(Unreached(talk, party, why))
            else:
                wrote.setdefault(party.pk, (party, []))[1].append((one, talk))
    _ways(actor, result, wrote, of, without)
    # Of whoever gets it, or was left out, nothing is said of what they wrote before.
    gets = {one.party.pk for one in result.reached} | {one.pk for one in result.without}
    left = [one for one in result.left if one.party is None or one.party.pk not in gets]
    result.left = sorted(left, key=lambda one: one.party.sort_key if one.party else "")
    return result


def _unanswerable(actor: Actor, talk: Interaction | None, people: Collection[Party], *, ours: bool) -> str:
    """Why something stays without an answer; empty when it may have it. ``ours``: it has this one, others signed it too."""
    if talk is None:
        return _("A case is answered on its own page.")
    if not may_answer(actor, talk):
        return _("You may not answer it in every project in which it stands.")
    if talk.answer == Interaction.Answer.ANSWERED and not ours:
        return _("It is answered.")
    return "" if people else _("Nobody is named whom you see.")


def _before(
    talks: Iterable[Interaction], of: Answer | None
) -> tuple[set[tuple[int, int]], set[int], set[int]]:
    """To whom another answer goes for which letter, whom this one reached, and who was left out of it."""
    rows = AnswerTo.objects.filter(letter__in=[one.pk for one in talks])
    if of is None:
        return set(rows.filter(state__in=_LIVE).values_list("letter_id", "party_id")), set(), set()
    others = rows.filter(state__in=_LIVE).exclude(answer=of)
    mine = of.people.filter(state=AnswerTo.State.SENT)
    return (
        set(others.values_list("letter_id", "party_id")),
        set(mine.values_list("party_id", flat=True)),
        set(Answer.without.through.objects.filter(answer=of).values_list("party_id", flat=True)),
    )


def _ways(
    actor: Actor,
    result: Plan,
    wrote: Mapping[int, tuple[Party, Sequence[tuple[Meaning, Interaction]]]],
    of: Answer | None,
    without: Collection[int],
) -> None:
    """How each of those who wrote is reached, and in which language."""
    ids = list(wrote)
    points = first_points(ids, ["email", "address"], rather=_wrote_from(wrote))
    shown = {kind: seen_parties(actor, ids, kind) for kind in ("email", "address")}
    words = None if of is None else texts(of)
    usual = organisation().language
    for party, theirs in sorted(wrote.values(), key=lambda pair: (pair[0].sort_key, pair[0].pk)):
        meaning, talk = theirs[0]
        reads = _code(party.language or talk.language or meaning.language or usual)
        language = reads if of is None or words is None or reads in words else of.otherwise
        point = points.get(party.pk)
        if party.pk in without:
            result.without.append(party)
        elif party.status != Party.Status.ACTIVE:
            result.left.append(Unreached(talk, party, str(party.get_status_display())))
        elif point is None:
            result.left.append(Unreached(talk, party, str(NO_ADDRESS)))
        elif not language:
            why = _("It is not written in this language: %(language)s") % {"language": language_name(reads)}
            result.left.append(Unreached(talk, party, why))
        else:
            by_mail = point.kind == ContactPoint.Kind.EMAIL
            (result.mail if by_mail else result.letters).append(
                Answered(
                    party,
                    AnswerTo.Way.EMAIL if by_mail else AnswerTo.Way.LETTER,
                    point.value,
                    language,
                    party.pk in shown[point.kind],
                    letters=[letter for _meaning, letter in theirs],
                    reads=reads,
                )
            )


def _wrote_from(wrote: Mapping[int, tuple[Party, Sequence[tuple[Meaning, Interaction]]]]) -> dict[int, str]:
    """The address that the newest mail of each came from."""
    newest = {theirs[0][1].pk: pk for pk, (_party, theirs) in wrote.items()}
    rows = Participant.objects.filter(
        interaction__in=list(newest), party__in=list(wrote), role=Participant.Role.FROM
    )
    return {
        party: address
        for talk, party, address in rows.values_list("interaction_id", "party_id", "address")
        if party is not None and newest.get(talk) == party
    }


def _code(language: str) -> str:
    return language if len(language) <= 5 else language.split("-", maxsplit=1)[0][:5]


def told(actor: Actor, of: Answer) -> list[tuple[AnswerTo, Party]]:
    """Whom it went to or goes to, as far as they and their letters may be read."""
    letters = Interaction.objects.visible_to(actor).present()
    rows = list(of.people.filter(letter__in=letters.values("pk")).order_by("pk"))
    people = Party.objects.visible_to(actor).in_bulk([row.party_id for row in rows])
    return [(row, people[row.party_id]) for row in rows if row.party_id in people]


def counts(actor: Actor, answer_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many of those whom the reader may know of are in each state, by answer."""
    letters = Interaction.objects.visible_to(actor).present()
    people = Party.objects.visible_to(actor)
    rows: QuerySet[AnswerTo, Any] = (
        AnswerTo.objects.filter(
            answer__in=list(answer_ids), letter__in=letters.values("pk"), party__in=people.values("pk")
        )
        .order_by()
        .values_list("answer", "state")
        .annotate(n=Count("pk"))
    )
    found: dict[int, dict[str, int]] = {}
    for pk, state, n in rows:
        found.setdefault(pk, {})[state] = n
    return found


def offered(actor: Actor, talk: Interaction, chorus_id: int) -> Answer | None:
    """What others who say much the same were answered, for one who was not answered yet."""
    if not waits(actor, talk):
        return None
    found = answers(actor, chorus_id).exclude(state=Answer.State.DRAFT)
    return found.exclude(pk__in=AnswerTo.objects.filter(letter=talk).values("answer")).first()


def words_for(words: Mapping[str, Wording], party: Party, language: str) -> tuple[str, str]:
    """Subject and text as one of them gets it."""
    said = words[language]
    return fill(said.subject, party), fill(said.text, party)
