"""What an interviewer writes down, who sees their own work and nobody else's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from enishi.accounts.access import Level
from enishi.commitments.services import make_promise
from enishi.config.demo.organisation import House
from enishi.config.demo.people import Sketch
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock

WHO, WHERE = "maren", "tidewall"
# Days ago, how they spoke, under which words, what was said, and what was promised for how many days from now.
_TALKS = (
    (
        9, "visit", "Interview at the kitchen table",
        "They have lived here for thirty years. The lights at night trouble them more than the sound does.",
        "", 0,
    ),
    (
        4, "call", "Interview by phone",
        "Asks when the survey vessel comes back. I will send the dates as soon as the harbour office has them.",
        "Send the dates of the survey vessel", 2,
    ),
    (
        1, "visit", "Interview at the allotments",
        "Wants to show us where the water stands after heavy rain. I will bring the map of the cable route.",
        "Bring the map of the cable route", 6,
    ),
)  # fmt: skip


def save(house: House, people: Sequence[Sketch]) -> None:
    """Her talks with residents, and what she promised in them."""
    actor, user, project = house.actors[WHO], house.users[WHO], house.projects[WHERE]
    near = [
        one
        for one in people
        if WHERE in one.projects
        and (one.audience, one.language) == ("resident", "en")
        and one.party.deleted_at is None
        and one.draft.confidentiality in (None, Level.OPEN, Level.INTERNAL)
    ]
    now = clock.now()
    for (days, channel, subject, text, vow, until), said in zip(_TALKS, near[1::3], strict=False):
        at = now - dt.timedelta(days=days, hours=3)
        with clock.standing_at(at + dt.timedelta(minutes=40)):
            talk = log_interaction(
                actor,
                channel=Interaction.Channel(channel),
                occurred_at=at,
                minutes=35,
                project_ids=[project.pk],
                participants=[
                    ParticipantDraft(party_id=said.party.pk),
                    ParticipantDraft(user_id=user.pk),
                ],
                subject=subject,
                text=text,
                language="en",
            )
            if vow:
                make_promise(
                    actor,
                    project=project,
                    title=vow,
                    direction="ours",
                    party=said.party,
                    owner=user,
                    due_at=now + dt.timedelta(days=until),
                    said_in_id=talk.pk,
                    said_via=talk.channel,
                    said_at=talk.occurred_at,
                    confidentiality=talk.confidentiality,
                )
