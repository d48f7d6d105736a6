"""Themes as a tree: which there are, which may be used where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from enishi.accounts.access import Actor
from enishi.accounts.branches import BETWEEN
from enishi.themes.models import Theme

VIEW = "conversations.view"


def visible(actor: Actor) -> QuerySet[Theme]:
    """Themes of all projects, and those of projects whose conversations the actor may see."""
    scope = actor.scope(VIEW).some
    found = Theme.objects.select_related("project")
    if scope.everywhere is not None:
        return found
    return found.filter(Q(project__isnull=True) | Q(project__in=list(scope.projects)))


def usable(actor: Actor, project_ids: Iterable[int]) -> QuerySet[Theme]:
    """What may be chosen in a conversation of these projects."""
    here = Q(project__isnull=True) | Q(project__among=list(project_ids))
    return visible(actor).filter(here, archived_at__isnull=True)


def theme(actor: Actor, theme_id: int) -> Theme:
    """One theme; raises Theme.DoesNotExist."""
    return visible(actor).select_related("parent").get(pk=theme_id)


def below(theme: Theme) -> Q:
    """That theme and all below it, in any project, as a condition."""
    return Q(pk=theme.pk) | Q(path__startswith=theme.path + BETWEEN)


def other_themes(actor: Actor, of: Theme | None = None) -> QuerySet[Theme]:
    """Themes in use, without that one and those below it: where it may go."""
    found = visible(actor).filter(archived_at__isnull=True)
    return found if of is None else found.exclude(below(of))


@dataclass(frozen=True)
class Branch:
    """A theme in the tree and how deep it stands."""

    theme: Theme
    depth: int
    mine: bool
    """Whether the actor may set it up."""

    @property
    def indent(self) -> str:
        return "\u2003" * 2 * self.depth


def branches(actor: Actor) -> list[Branch]:
    """Every visible theme in tree order, those put away after the others."""
    ordered = sorted(
        visible(actor), key=lambda one: (one.archived_at is not None, one.path.split(BETWEEN), one.pk)
    )
    scope = actor.scope("themes.setup")
    return [
        Branch(
            one,
            one.path.count(BETWEEN),
            scope.everywhere is not None or one.project_id in scope.projects,
        )
        for one in ordered
    ]
