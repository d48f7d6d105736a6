"""The demo: a made-up organisation with people, conversations and promises in four languages.

The story is drawn by a seeded generator and counted back from the day on which it is written, so that two demos of one
day are equal and something is always due today. Nobody in it exists.
"""

from __future__ import annotations

import datetime as dt
import random

from enishi.config.demo import (
    conversations,
    desk,
    giving,
    hearing,
    interviews,
    kept,
    ledger,
    parties,
    permits,
    raised,
    reports,
    stakeholders,
    where,
)
from enishi.config.demo.organisation import PASSWORD, accounts, found_house
from enishi.config.demo.people import DAYS, Population
from enishi.config.demo.setting import set_up
from enishi.config.demo.telling import Story
from enishi.contacts.services import duplicates
from enishi.core import clock
from enishi.timeline.proof import seal_next
from enishi.timeline.services import gathered

__all__ = ["PASSWORD", "accounts", "create"]


def drawing(part: str) -> random.Random:
    """The generator of one part of the story: what changes in one part leaves the others as they were."""
    return random.Random(f"tidewall {part}")  # noqa: S311 - a story, not a secret


def create() -> None:
    """Write the demo's story into an empty database, in one transaction, and seal its history."""
    now = clock.now()
    with clock.standing_at(now), gathered():
        _tell(now)
    duplicates.scan()
    while seal_next():
        pass


def _tell(now: dt.datetime) -> None:
    with clock.standing_at(now - dt.timedelta(days=DAYS)):
        house = found_house()
        set_up(house, now.date())
        where.put_villages(house)
        where.draw_layers(house)
    population = Population(drawing("people"), now)
    people, organisations = population.people, [sketch for sketch, _entry in population.organisations]
    twins = desk.twins(people, drawing("twins"))
    parties.save(house, population.everybody + twins)
    parties.save_consents(house, people, drawing("consents"))
    story = Story(house, people, drawing("story"), now)
    conversations.save(house, story.said, drawing("notes"))
    papers = desk.attach_papers(house, story.said)
    hearing.save(house, story.said, drawing("hearing"))
    ledger.save_promises(house, story.promised, papers)
    ledger.save_tasks(house, story.said, drawing("tasks"))
    ledger.save_errands(house)
    ledger.save_duties(house, organisations, drawing("duties"))
    permits.save(house, organisations)
    giving.save(house, organisations)
    raised.save_cases(house)
    desk.fill_library(house, organisations)
    desk.fill_links(house, organisations, people)
    desk.receive_strangers(house)
    desk.plan_meetings(house, story.promised)
    stakeholders.rate_some(house, population.everybody, drawing("ratings"), now)
    desk.age(house, people, story.said, drawing("age"))
    desk.throw_away(house, twins[-1])
    interviews.save(house, people)
    desk.keep_lists(house)
    desk.look_around(house, people, drawing("visits"))
    desk.remind(house)
    reports.freeze(house, now)
    kept.draft(house)
