"""What the machine heard, within the rights for the conversations; and how far it has read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from enishi.accounts.access import Actor, Level
from enishi.accounts.prepared import prepared
from enishi.cases.models import Case
from enishi.conversations.models import Interaction
from enishi.core.ai.embedding import Embedder, embedder
from enishi.themes.models import Machine, Meaning, Passage, Reading, Suggestion, Theme
from enishi.themes.queries.tree import usable

EXAMPLES = 40
"""Passages of each theme that the machine compares with, the newest."""


@prepared
def _machine() -> QuerySet[Machine]:
    return Machine.objects.filter(pk=1)


def machine() -> Machine:
    """The setting; reading along is the usual."""
    return _machine.first() or Machine(pk=1)


def reader() -> Embedder | None:
    """Who turns sentences into vectors here; None where nothing is installed for it."""
    return embedder()


def reads_along() -> bool:
    return embedder() is not None and machine().on


def unread() -> QuerySet[Interaction]:
    """What was not read yet in its present version, newest first."""
    found: QuerySet[Interaction] = Interaction.objects.unscoped("what the machine has not read").filter(
        deleted_at__isnull=True
    )
    return found.exclude(pk__in=_current().values("pk")).order_by("-occurred_at", "-id")


def _current() -> QuerySet[Reading]:
    return Reading.objects.filter(version=F("interaction__version"), round=machine().round)


def unread_cases() -> QuerySet[Case]:
    """Cases whose present words were not read yet, newest first."""
    current = Meaning.objects.filter(case__isnull=False, version=F("case__version")).values("case")
    found: QuerySet[Case] = Case.objects.unscoped("what the machine has not read")
    return found.exclude(pk__in=current).order_by("-opened_at", "-id")


@dataclass(frozen=True)
class Progress:
    """How many conversations the machine has read, of how many."""

    done: int
    total: int


def progress() -> Progress:
    total = (
        Interaction.objects.unscoped("a number for those who set it up")
        .filter(deleted_at__isnull=True)
        .count()
    )
    return Progress(total - unread().count(), total)


def examples() -> dict[int, list[str]]:
    """For each theme in use the words that mean it: its name, what was written to belong to it, and marked passages.

    Passages of confidential conversations teach nothing: a suggestion elsewhere must not tell of them.
    """
    found: dict[int, list[str]] = {}
    for theme in Theme.objects.filter(archived_at__isnull=True):
        lines = [line.strip() for line in theme.meaning.splitlines() if line.strip()]
        found[theme.pk] = [theme.path.replace(" / ", ", "), *lines]
    taught = (
        Passage.objects.filter(
            removed_at__isnull=True,
            interaction__deleted_at__isnull=True,
            interaction__confidentiality__lt=Level.CONFIDENTIAL,
            links__theme__in=list(found),
        )
        .order_by("-marked_at", "-pk")
        .values_list("links__theme", "quote")
    )
    counts = dict.fromkeys(found, 0)
    for theme_id, quote in taught[: EXAMPLES * max(1, len(found)) * 2]:
        if theme_id in counts and counts[theme_id] < EXAMPLES and quote not in found[theme_id]:
            counts[theme_id] += 1
            found[theme_id].append(quote[:600])
    return found


@prepared
def _suggestions(actor: Actor, interaction_id: int, project_ids: list[int]) -> QuerySet[Suggestion]:
    found = Suggestion.objects.filter(interaction=interaction_id, refused_at__isnull=True)
    fitting = found.filter(theme__in=usable(actor, project_ids))
    return fitting.select_related("theme").order_by("start", "-closeness")


def suggestions(actor: Actor, interaction: Interaction) -> list[Suggestion]:
    """What the machine suggests for a conversation that the actor has in hand, in the order of the words."""
    return _suggestions(actor, interaction.pk, interaction.project_ids) if reads_along() else []


def suggestion(actor: Actor, suggestion_id: int) -> Suggestion:
    """One suggestion; raises Suggestion.DoesNotExist out of scope."""
    seen = Interaction.objects.visible_to(actor).filter(deleted_at__isnull=True)
    return (
        Suggestion.objects.filter(interaction__in=seen)
        .select_related("interaction", "theme")
        .get(pk=suggestion_id)
    )


@prepared
def _reading(interaction_id: int, version: int) -> QuerySet[Reading]:
    return Reading.objects.filter(interaction=interaction_id, version=version)


def reading(interaction: Interaction) -> Reading | None:
    """What the machine read in a conversation as a whole, if it read this version."""
    return _reading.first(interaction.pk, interaction.version) if reads_along() else None


def taken(interaction: Interaction) -> list[tuple[int, int]]:
    """Where a person has spoken already, or refused: the machine keeps out."""
    marked: Iterable[tuple[int, int]] = interaction.passages.filter(removed_at__isnull=True).values_list(
        "start", "end"
    )
    refused: Iterable[tuple[int, int]] = Suggestion.objects.filter(
        interaction=interaction, refused_at__isnull=False
    ).values_list("start", "end")
    return [*marked, *refused]
