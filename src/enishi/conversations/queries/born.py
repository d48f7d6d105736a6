"""What was made from a conversation: promises and tasks, with the passage they were said in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.commitments.models import Promise, Task
from enishi.commitments.queries import said_in
from enishi.conversations.models import Interaction
from enishi.conversations.paragraphs import Mark, find_passage


@dataclass(frozen=True)
class Born:
    """A promise or a task, as far as the page of a conversation shows it."""

    kind: str
    thing: Promise | Task

    @property
    def promise(self) -> Promise | None:
        return self.thing if isinstance(self.thing, Promise) else None

    @property
    def task(self) -> Task | None:
        return self.thing if isinstance(self.thing, Task) else None

    @property
    def anchor(self) -> str:
        return f"{self.kind}-{self.thing.pk}"


def born_from(actor: Actor, interaction_ids: Iterable[int]) -> dict[int, list[Born]]:
    """What was made from these conversations and the actor may see, in the order it was said."""
    found: dict[int, list[Born]] = defaultdict(list)
    for interaction_id, things in said_in(actor, list(interaction_ids)).items():
        found[interaction_id] = [Born("promise" if isinstance(t, Promise) else "task", t) for t in things]
    return found


def marks_of(interaction: Interaction, born: Iterable[Born]) -> list[Mark]:
    """The passages that can still be found in the text."""
    marks = []
    for one in born:
        place = find_passage(interaction.text, one.thing.quote, one.thing.said_start, one.thing.said_end)
        if place is not None and one.thing.quote:
            marks.append(Mark(*place, made=one))
    return marks
