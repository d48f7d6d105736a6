"""What was made from a conversation: promises and tasks, with the passage they were said in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from enishi.accounts.access import Actor
from enishi.commitments.models import Promise, Task
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
    ids = list(interaction_ids)
    found: dict[int, list[Born]] = defaultdict(list)
    promises = Promise.objects.visible_to(actor).filter(said_in_id__in=ids).select_related("party", "owner")
    tasks = Task.objects.visible_to(actor).filter(said_in_id__in=ids).select_related("party", "owner")
    for promise in promises.order_by("said_start", "id"):
        if promise.said_in_id is not None:
            found[promise.said_in_id].append(Born("promise", promise))
    for task in tasks.order_by("said_start", "id"):
        if task.said_in_id is not None:
            found[task.said_in_id].append(Born("task", task))
    return found


def marks_of(interaction: Interaction, born: Iterable[Born]) -> list[Mark]:
    """The passages that can still be found in the text."""
    marks = []
    for one in born:
        place = find_passage(interaction.text, one.thing.quote, one.thing.said_start, one.thing.said_end)
        if place is not None and one.thing.quote:
            marks.append(Mark(*place, made=one))
    return marks
