"""Drawing the demo's story: which scenes are played, with whom, when, and what became of what was promised."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from enishi.accounts.access import Level
from enishi.config.demo import scenes
from enishi.config.demo.organisation import SPEAKERS, STAFF, House
from enishi.config.demo.people import DAYS, Sketch
from enishi.config.demo.scenes import Blanks, Scene, Turn, Vow
from enishi.conversations.models import Interaction

# Monday is 0; on the southern coast the week ends on Thursday and Friday.
CLOSED = {"IR": {3, 4}}
WEEKEND = {5, 6}
TRUSTED = {
    Level.CONFIDENTIAL: {"eleanor", "misaki", "daniel", "ren", "gwenaelle", "camille", "negar"},
    Level.RESTRICTED: {"eleanor", "misaki", "camille", "negar"},
}
INTERACTIONS = 2000
PROMISES = 115
"""Made in conversations; recurring duties come on top."""
AGENDA = (-2, 0, 1, 3, 5)
"""Days from now on which a promise of everybody is due."""
TRIES = 20_000
AGAIN = 2
"""As often one person may play the same scene: some things are asked again and again."""


@dataclass
class Said:
    """One conversation of the story; ``interaction`` is filled by saving."""

    turn: Turn
    scene: Scene
    at: dt.datetime
    who: Sketch
    user: str
    projects: list[str]
    subject: str
    text: str
    passage: tuple[int, int]
    guests: list[Sketch] = field(default_factory=list)
    before: Said | None = None
    answered: bool = False
    interaction: Interaction = field(default_factory=Interaction)


@dataclass
class Settled:
    at: dt.datetime
    state: str
    outcome: str
    by: Said | None = None


@dataclass
class Promised:
    """A promise of the story, where it was said and what became of it."""

    vow: Vow
    title: str
    said: Said
    due_at: dt.datetime
    settled: Settled | None = None


class Story:
    """What was said and promised in fourteen months, in the order of time."""

    def __init__(self, house: House, people: Sequence[Sketch], rng: random.Random, now: dt.datetime) -> None:
        self.house, self.rng, self.now = house, rng, now
        self.said: list[Said] = []
        self.promised: list[Promised] = []
        self._played: Counter[tuple[int, int]] = Counter()
        self._cast: dict[tuple[str, str], list[Sketch]] = defaultdict(list)
        for person in people:
            self._cast[person.language, person.audience].append(person)
        self._write()
        self.said.sort(key=lambda said: said.at)
        self.promised.sort(key=lambda promised: promised.said.at)

    def _write(self) -> None:
        pool = [scene for language in scenes.LANGUAGES for scene in scenes.words(language).scenes]
        vowing = [scene for scene in pool if scene.promises]
        plain = [scene for scene in pool if not scene.promises]
        self._fill_agendas([scene for scene in vowing if not scene.vow_ends])
        # Every scene is seen once, then the rest is drawn by weight.
        for scene in vowing:
            self._play(scene)
        self._play_until(vowing, lambda: len(self.promised) >= PROMISES)
        for scene in plain:
            self._play(scene)
        self._play_until(plain, lambda: len(self.said) >= INTERACTIONS)

    def _fill_agendas(self, pool: Sequence[Scene]) -> None:
        """Something for everybody's day: a promise lately missed, one due today, some due this week."""
        for user in dict.fromkeys(key for keys in SPEAKERS.values() for key in keys):
            for days in AGENDA:
                due = self.now.date() + dt.timedelta(days=days)
                drawn = self.rng.sample(pool, len(pool))
                next(filter(None, (self._play(scene, user=user, due=due) for scene in drawn)), None)

    def _play_until(self, pool: Sequence[Scene], enough: Callable[[], bool]) -> None:
        weights = [scene.weight for scene in pool]
        for _try in range(TRIES):
            if enough():
                return
            self._play(self.rng.choices(pool, weights)[0])

    # --- one scene

    def _play(self, scene: Scene, *, user: str = "", due: dt.date | None = None) -> bool:
        """Play a scene once more, when there is still somebody for it; with ``due`` up to a promise due on that day."""
        who = self._somebody(scene)
        if who is None:
            return False
        places = [code for code in who.projects if (code, scene.language) in SPEAKERS]
        project = scene.project if scene.project in places else places[0]
        speakers = [
            key
            for key in SPEAKERS[project, scene.language]
            if (scene.level < Level.CONFIDENTIAL or key in TRUSTED[scene.level]) and user in {"", key}
        ]
        if not speakers:
            return False
        first = self._first_day(scene, who) if due is None else due - dt.timedelta(days=scene.days_to_due)
        if first <= who.created_at.date():
            return False
        user = self.rng.choice(speakers)
        blanks = self._blanks(scene, who, user)
        turns = list(self._turns(scene, who, user, project, blanks, first, open_end=due is not None))
        if turns:
            self._played[id(scene), id(who)] += 1
            self.said += turns
        return bool(turns)

    def _somebody(self, scene: Scene) -> Sketch | None:
        """Somebody for whom the scene is written and who has not played it; the first in a list are spoken to most."""
        cast = [
            person
            for audience in scene.audience
            for person in self._cast[scene.language, audience]
            if self._played[id(scene), id(person)] < (1 if scene.promises else AGAIN)
        ]
        if scene.project:
            cast = [person for person in cast if scene.project in person.projects]
        if scene.woman is not None:
            cast = [person for person in cast if person.woman == scene.woman]
        if not cast:
            return None
        return self.rng.choices(cast, weights=[1 + 6 / (place + 2) for place in range(len(cast))])[0]

    def _blanks(self, scene: Scene, who: Sketch, user: str) -> Blanks:
        organisation = who.organisation
        member = next(member for member in STAFF if member.key == user)
        draft = who.draft
        given = {
            "family": draft.family_name,
            "given": draft.given_name,
            "full": f"{draft.family_name}{draft.given_name}" if scene.language == "ja" else f"{draft.given_name} {draft.family_name}",
            "org": organisation.draft.full_name if organisation else "",
            "me": member.name,
            "myfamily": member.name.split()[0] if member.language == "ja" else member.name.split()[-1],
            "mygiven": member.name.split()[0],
        }  # fmt: skip
        return Blanks(scene.language, scenes.words(scene.language).blanks, self.rng, given)

    def _turns(
        self,
        scene: Scene,
        who: Sketch,
        user: str,
        project: str,
        blanks: Blanks,
        day: dt.date,
        *,
        open_end: bool,
    ) -> Iterator[Said]:
        rng, zone = self.rng, who.zone
        projects = self._projects(who, user, project)
        before: Said | None = None
        open_vow: Promised | None = None
        for turn in scene.turns:
            day += dt.timedelta(days=round(turn.after * (1 if open_end else rng.uniform(0.75, 1.25))))
            at = self._moment(day, turn, before, zone, who.country)
            if at > self.now - dt.timedelta(minutes=10):
                break
            if turn.keeps and open_vow and (open_end or self._forgotten(open_vow)):
                break
            day = blanks.day = at.astimezone(zone).date()
            due_at = self._due(turn.vow, day, zone, who.country) if turn.vow else None
            if due_at:
                blanks.given["due"] = blanks.written(due_at.astimezone(zone).date())
            text, start, end = scenes.take_passage(blanks.fill(turn.text))
            said = Said(
                turn, scene, at, who, user, projects, blanks.fill(turn.subject), text, (start, end), before=before
            )  # fmt: skip
            said.guests = self._guests(scene, who, projects, turn.guests)
            if turn.vow and due_at:
                open_vow = Promised(turn.vow, blanks.fill(turn.vow.title), said, due_at)
                self.promised.append(open_vow)
                self._foresee(open_vow, blanks)
            elif turn.keeps and open_vow:
                open_vow.settled = Settled(at, "kept", blanks.fill(turn.keeps), said)
            if before is not None and before.turn.by == "them" and turn.by != "them":
                before.answered = True
            yield said
            before = said

    def _first_day(self, scene: Scene, who: Sketch) -> dt.date:
        """When a story begins: later more often than earlier, and never before we knew its people."""
        rng, span = self.rng, (self.now - who.created_at).days
        length = sum(turn.after for turn in scene.turns)
        if scene.promises and rng.random() < 0.42:
            # Begun lately: what is promised in it is due about now.
            back = rng.uniform(0, min(span, max(length, 18)))
        else:
            back = min(span, DAYS) * (1 - rng.random() ** 0.75)
        return (self.now - dt.timedelta(days=back)).date()

    def _moment(
        self, day: dt.date, turn: Turn, before: Said | None, zone: dt.tzinfo, country: str
    ) -> dt.datetime:
        rng = self.rng
        if turn.via not in {"email", "chat"} or turn.by == "us":
            while day.weekday() in CLOSED.get(country, WEEKEND):
                day += dt.timedelta(days=1)
        hour = turn.hour if turn.hour is not None else rng.triangular(8.6, 17.6, 10.5)
        at = dt.datetime.combine(day, dt.time(), zone) + dt.timedelta(minutes=round(hour * 60))
        if before is not None and at <= before.at:
            at = before.at + dt.timedelta(minutes=rng.randrange(18, 150))
        return at.astimezone(dt.UTC)

    def _due(self, vow: Vow, day: dt.date, zone: dt.tzinfo, country: str) -> dt.datetime:
        due = day + dt.timedelta(days=vow.due)
        while due.weekday() in CLOSED.get(country, WEEKEND):
            due += dt.timedelta(days=1)
        return dt.datetime.combine(due, dt.time(17), zone).astimezone(dt.UTC)

    def _forgotten(self, promised: Promised) -> bool:
        """Of what fell due lately, some was not done: a desk without anything late would not be believed."""
        lately = self.now - dt.timedelta(days=18) < promised.due_at < self.now
        return lately and self.rng.random() < 0.15

    def _foresee(self, promised: Promised, blanks: Blanks) -> None:
        """What becomes of a promise that no later turn keeps."""
        vow = promised.vow
        at = promised.due_at + dt.timedelta(
            hours=self.rng.uniform(-60, -3) if vow.end == "waived" else self.rng.uniform(15, 60)
        )
        if vow.end and at < self.now:
            promised.settled = Settled(at, vow.end, blanks.fill(vow.outcome))

    def _projects(self, who: Sketch, user: str, project: str) -> list[str]:
        """The project of the talk; with people who stand in several, now and then all of them."""
        actor = self.house.actors[user]
        reachable = [
            code for code in who.projects if actor.may("conversations.edit", self.house.projects[code].pk)
        ]
        if len(reachable) > 1 and self.rng.random() < 0.25:
            return [project, *(code for code in reachable if code != project)]
        return [project]

    def _guests(self, scene: Scene, who: Sketch, projects: Sequence[str], count: int) -> list[Sketch]:
        """Others who take part: colleagues first, then people of the same kind."""
        others = [
            person
            for audience in scene.audience
            for person in self._cast[scene.language, audience]
            if person is not who and projects[0] in person.projects
        ]
        others.sort(key=lambda person: person.organisation is not who.organisation)
        return others[:count]
