"""Saying oneself how a relation or a project stands, and how often one means to talk."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.core import clock, text
from enishi.core.errors import Refusal
from enishi.core.events import Event
from enishi.engagement.services.rules import RATE
from enishi.health import signals
from enishi.health.models import Expected, OwnScore
from enishi.health.queries import Subject
from enishi.timeline.services import record


class HealthError(Refusal):
    """Something cannot be saved as asked; ``field`` is where, the text says why and what to do."""


def may_judge(actor: Actor, subject: Subject) -> bool:
    return actor.may_some(RATE, subject.projects)


@transaction.atomic
def judge(actor: Actor, subject: Subject, *, score: int, reason: str) -> OwnScore:
    """Write down one's own score beside the computed one; the earlier ones stay. Raises HealthError."""
    actor.require_some(RATE, subject.projects)
    reason = " ".join(text.clean(reason).split())[:500]
    if not reason:
        raise HealthError(_("Say why: the number alone helps nobody."), "reason")
    if not 0 <= score <= 100:
        raise HealthError(_("Give a number from 0 to 100."), "score")
    latest = OwnScore.objects.filter(subject.mine).order_by("-at", "-pk")
    was = latest.values_list("score", flat=True).first()
    own = OwnScore.objects.create(
        party=subject.party,
        project=subject.project,
        score=score,
        reason=reason,
        user_id=actor.signer_id,
        at=clock.now(),
    )
    _tell(actor, signals.judged, subject, {"own_score": (was, score), "own_reason": (None, reason)})
    return own


def _tell(actor: Actor, event: Event, subject: Subject, changes: dict[str, tuple[Any, Any]]) -> None:
    """In the history of the contact or the project, and so as confidential as they are."""
    if subject.party is not None:
        record(actor, event, subject=subject.party, changes=changes, party_id=subject.party.pk)
    elif (project := subject.project) is not None:
        level = project.default_level
        record(
            actor, event, subject=project, changes=changes, project_ids=[project.pk], confidentiality=level
        )


@transaction.atomic
def expect(actor: Actor, subject: Subject, *, number: int) -> Expected:
    """Say how many conversations are expected in thirty days. Raises HealthError."""
    actor.require_some(RATE, subject.projects)
    if not 1 <= number <= 500:
        raise HealthError(_("Give a number from 1 to 500."), "number")
    before = Expected.objects.select_for_update(no_key=True, of=("self",)).filter(subject.mine).first()
    was = before.number if before else None
    said, _new = Expected.objects.update_or_create(
        party=subject.party,
        project=subject.project,
        defaults={"number": number, "user_id": actor.signer_id, "at": clock.now()},
    )
    if was != number:
        _tell(actor, signals.expected, subject, {"expected_talks": (was, number)})
    return said
