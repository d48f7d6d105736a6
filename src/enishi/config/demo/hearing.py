"""What the demo's people heard in conversations: themes, marked passages and how they felt."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enishi.accounts.branches import BETWEEN
from enishi.config.demo import material
from enishi.config.demo.organisation import House
from enishi.config.demo.telling import Said
from enishi.contacts.models import ConsentPurpose
from enishi.core import clock
from enishi.themes import signals
from enishi.themes.models import Feeling, Overall, Passage, PassageTheme, Theme
from enishi.themes.services import create_theme, save_reply
from enishi.timeline.services import record

LATER = dt.timedelta(minutes=20)
MARKED = 0.7
"""The share of what could be marked that somebody did mark; the rest is left to find."""
JUDGED = 0.4
_SENTENCE = re.compile(r"[^\n。.!?؟？！]*(?:[。.!?؟？！]+|(?=\n)|$)")

DONE = {
    "en": (
        "You told us about the noise at night. This is what we did.",
        "Many of you wrote that turbine 3 keeps you awake when the wind comes from the east.\n\n"
        "Since the first of the month it runs slower between ten in the evening and six in the morning. We measure at the school "
        "and at the harbour, and publish what we measure each week.\n\nIf it still wakes you, answer this letter.",
    ),
    "fr": (
        "Vous nous avez parlé du bruit la nuit. Voici ce que nous avons fait.",
        "Depuis le premier du mois, l'éolienne 3 tourne plus lentement de dix heures du soir à six heures du matin. Nous mesurons le "
        "bruit à l'école et au port et publions les mesures chaque semaine.\n\nSi elle vous réveille encore, répondez à cette lettre.",
    ),
}


@dataclass(frozen=True)
class Heard:
    """Words that mean a theme, wherever they stand."""

    words: str
    theme: Theme
    feeling: int


def save(house: House, story: Sequence[Said], rng: random.Random) -> None:
    """Create the themes, mark what was said in them, and judge some conversations as a whole."""
    listed = list(_themes(house))
    found = [(said, one, _sentence(said, one.words)) for said in story for one in listed]
    kept = [
        (said, one, place)
        for said, one, place in found
        if said.turn.by == "them" and place is not None and rng.random() < MARKED
    ]
    kept = list({(id(said), place): (said, one, place) for said, one, place in kept}.values())
    marks = Passage.objects.bulk_create([_mark(house, *one) for one in kept], batch_size=500)
    PassageTheme.objects.bulk_create(
        [
            PassageTheme(passage=mark, theme=one.theme)
            for mark, (_said, one, _place) in zip(marks, kept, strict=True)
        ]
    )
    Overall.objects.bulk_create(
        [
            Overall(
                interaction=mark.interaction,
                feeling=mark.feeling or Feeling.NEUTRAL,
                user=mark.user,
                judged_at=mark.marked_at,
            )
            for mark in {mark.interaction_id: mark for mark in marks if rng.random() < JUDGED}.values()
        ]
    )
    for mark, (said, one, _place) in zip(marks, kept, strict=True):
        with clock.standing_at(mark.marked_at):
            record(
                house.actors[said.user],
                signals.passage_marked,
                subject=said.interaction,
                changes={
                    "themes": (None, [one.theme.path]),
                    "feeling": (None, Feeling(one.feeling).name.lower()),
                },
                data={"passage": mark.quote[:300]},
            )

    _done(house)


def _done(house: House) -> None:
    """A draft of what was done about the noise, to look at before it goes."""
    today = clock.today()
    save_reply(
        house.actors["daniel"],
        theme=Theme.objects.get(path="Noise"),
        project=house.projects["tidewall"],
        since=today - dt.timedelta(days=90),
        until=today,
        purpose=ConsentPurpose.objects.get(code="news"),
        also_unstated=True,
        words=DONE,
    )


def _themes(house: House) -> Iterator[Heard]:
    for entry in material.read("heard")["theme"]:
        parent: Theme | None = None
        *above, name = entry["path"].split(BETWEEN)
        for part in above:
            parent = create_theme(house.system, name=part, parent=parent)
        theme = create_theme(house.system, name=name, parent=parent, meaning=entry["meaning"])
        for said in entry["said"]:
            yield Heard(said["words"], theme, said["feeling"])


def _sentence(said: Said, words: str) -> tuple[int, int] | None:
    """The sentence that holds the words, in what was not quoted."""
    text = said.interaction.text
    own = min((fold["start"] for fold in said.interaction.folds), default=len(text))
    at = text.find(words, 0, own)
    if at < 0:
        return None
    match = next(one for one in _SENTENCE.finditer(text) if one.start() <= at < one.end())
    start, end = match.start(), max(match.end(), at + len(words))
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    return start + lead, start + len(text[start:end].rstrip())


def _mark(house: House, said: Said, one: Heard, place: tuple[int, int] | None) -> Passage:
    assert place is not None
    start, end = place
    return Passage(
        interaction=said.interaction,
        start=start,
        end=end,
        quote=said.interaction.text[start:end],
        party=said.who.party,
        feeling=one.feeling,
        user=house.users[said.user],
        marked_at=min(said.interaction.created_at + LATER, clock.now()),
    )
