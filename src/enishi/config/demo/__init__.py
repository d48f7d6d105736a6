"""The demo: a made-up organisation with people, conversations and promises in four languages.

The story is drawn by a seeded generator and counted back from the day on which it is written, so that two demos of one
day are equal and something is always due today. Nobody in it exists.
"""

from __future__ import annotations

import datetime as dt
import random

from enishi.config.demo import conversations, desk, ledger, parties
from enishi.config.demo.organisation import PASSWORD, accounts, found_house
from enishi.config.demo.people import DAYS, Population
from enishi.config.demo.setting import set_up
from enishi.config.demo.telling import Story
from enishi.core import clock
from enishi.timeline.proof import seal_next
from enishi.timeline.services import gathered

__all__ = ["PASSWORD", "accounts", "create"]

SEED = 20_260


def create() -> None:
    """Write the demo's story into an empty database, in one transaction, and seal its history."""
    now = clock.now()
    with clock.standing_at(now), gathered():
        _tell(random.Random(SEED), now)  # noqa: S311 - a story, not a secret
    while seal_next():
        pass


def _tell(rng: random.Random, now: dt.datetime) -> None:
    with clock.standing_at(now - dt.timedelta(days=DAYS)):
        house = found_house()
        set_up(house, now.date())
    population = Population(rng, now)
    people, organisations = population.people, [sketch for sketch, _entry in population.organisations]
    twins = desk.twins(people, rng)
    parties.save(house, population.everybody + twins)
    parties.save_consents(house, people, rng)
    story = Story(house, people, rng, now)
    conversations.save(house, story.said, rng)
    papers = desk.attach_papers(house, story.said)
    ledger.save_promises(house, story.promised, papers)
    ledger.save_tasks(house, story.said, rng)
    ledger.save_duties(house, organisations, rng)
    desk.fill_library(house, organisations)
    desk.receive_strangers(house)
    desk.age(house, people, story.said, rng)
    desk.throw_away(house, twins, people)
    desk.keep_lists(house)
    desk.look_around(house, people, rng)
    desk.remind(house)
