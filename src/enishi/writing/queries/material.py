"""The records that a prompt is made of: what the asker may read, no more confidential than what may leave the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.cases import queries as cases
from enishi.cases.models import Case, CaseTie, CaseWord
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction, Participant
from enishi.writing.prompts import Piece
from enishi.writing.queries.service import USE

CONVERSATION, CASE = "conversations.interaction", "cases.case"
TALKS, LONGEST, WHOLE = 40, 6000, 40_000
"""Conversations in one prompt, characters of one of them, characters of all."""
WORDS = 30


@dataclass(frozen=True)
class Material:
    """What is sent, and how many records the asker may read were not: too confidential, or beyond what fits."""

    pieces: Sequence[Piece]
    records: Sequence[Interaction | Case]
    left_out: int

    @property
    def numbers(self) -> list[int]:
        return [piece.number for piece in self.pieces]


def _readable(actor: Actor) -> ScopedQuerySet[Interaction]:
    """What the actor may read, in projects whose records they may have sent out."""
    found = Interaction.objects.visible_to(actor).filter(deleted_at__isnull=True)
    limit = Interaction.scope_condition(actor.scope(USE))
    return found if limit is None else found.filter(limit)


def of_conversation(actor: Actor, interaction_id: int, highest: int) -> Material:
    """One conversation; raises Interaction.DoesNotExist out of reach."""
    talk = _readable(actor).get(pk=interaction_id)
    return _pieces([talk] if talk.confidentiality <= highest else [], left_out=talk.confidentiality > highest)


def of_person(actor: Actor, party_id: int, highest: int) -> Material:
    """The talk with somebody, the newest conversations; raises Party.DoesNotExist out of reach."""
    party = Party.objects.visible_to(actor).present().get(pk=party_id)
    took_part = Participant.objects.filter(interaction=OuterRef("pk"), party=party)
    found = _readable(actor).filter(Exists(took_part)).exclude(text="", subject="")
    every = found.count()
    sent = list(found.filter(confidentiality__lte=highest).order_by("-occurred_at", "-pk")[:TALKS])
    return _pieces(sent, left_out=every - len(sent))


def of_case(actor: Actor, case_id: int, highest: int) -> Material:
    """A case with what was said to and by whoever raised it (no notes), and the conversations tied to it."""
    case = cases.case(actor, case_id)
    if case.confidentiality > highest:
        return Material([], [], 1)
    ties = CaseTie.objects.filter(case=case, kind=CaseTie.Kind.CONVERSATION).values("subject_id")
    tied = _readable(actor).filter(pk__in=ties)
    every = tied.count()
    sent = list(tied.filter(confidentiality__lte=highest).order_by("-occurred_at", "-pk")[:TALKS])
    return _pieces(sent, left_out=every - len(sent), case=case)


def _pieces(talks: Sequence[Interaction], *, left_out: int, case: Case | None = None) -> Material:
    pieces: list[Piece] = []
    records: list[Interaction | Case] = []
    if case is not None:
        pieces.append(_case(case))
        records.append(case)
    room = WHOLE - sum(len(piece.words) for piece in pieces)
    for talk in talks:
        piece = _talk(talk, len(pieces) + 1)
        room -= len(piece.words)
        if room < 0 and pieces:
            left_out += 1
            continue
        pieces.append(piece)
        records.append(talk)
    return Material(pieces, records, int(left_out))


def _talk(talk: Interaction, number: int) -> Piece:
    sent = {
        "number": number,
        "what": talk.channel,
        "from": {"in": "them", "out": "us"}.get(talk.direction, "both"),
        "day": talk.occurred_at.date().isoformat(),
        "subject": talk.subject,
        "text": _own(talk)[:LONGEST],
    }
    return Piece(number, CONVERSATION, talk.pk, talk.version, sent)


def _own(talk: Interaction) -> str:
    """Without what was only quoted: the conversation that it answers is sent as itself."""
    text, end = "", 0
    for fold in sorted(talk.folds, key=lambda one: one["start"]):
        text += talk.text[end : fold["start"]]
        end = max(end, fold["end"])
    return text + talk.text[end:]


def _case(case: Case) -> Piece:
    said = case.words.exclude(side=CaseWord.Side.NOTE).order_by("-at", "-pk")[:WORDS]
    sent = {
        "number": 1,
        "what": case.kind,
        "day": case.opened_at.date().isoformat(),
        "title": case.title,
        "text": (case.text or case.quote)[:LONGEST],
        "outcome": case.outcome[:LONGEST],
        "talk": [
            {"from": "us" if word.side == CaseWord.Side.OURS else "them", "text": word.text[:2000]}
            for word in reversed(said)
        ],
    }
    return Piece(1, CASE, case.pk, case.version, sent)
