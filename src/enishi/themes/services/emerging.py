"""What has no theme yet gets one, or is set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.conversations.models import Interaction
from enishi.themes import signals
from enishi.themes.machine.meaning import packed, unpacked
from enishi.themes.models import Aside, Meaning, Theme
from enishi.themes.queries.emerging import Line
from enishi.themes.queries.tree import usable
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.passages import mark_passage
from enishi.themes.services.tree import EDIT, create_theme
from enishi.timeline.services import record


@dataclass(frozen=True)
class Named:
    """A theme that was made, and how many sentences were marked with it."""

    theme: Theme
    marked: int


@transaction.atomic
def name_theme(
    actor: Actor, *, name: str, parent: Theme | None, project: Project | None, lines: Iterable[Line]
) -> Named:
    """Make a theme and mark these sentences with it, where the actor may. Raises ThemeError."""
    chosen = list(lines)
    if not chosen:
        raise ThemeError(_("Choose the sentences that belong to it."), "lines")
    theme = create_theme(actor, name=name, parent=parent, project=project)
    talks = Interaction.objects.visible_to(actor).present().in_bulk([line.interaction_id for line in chosen])
    done = 0
    for line in chosen:
        talk = talks.get(line.interaction_id)
        if talk is None or not actor.may(EDIT, talk) or talk.text[line.start : line.end] != line.words:
            continue
        if theme.project_id is not None and not usable(actor, talk.project_ids).filter(pk=theme.pk).exists():
            continue
        mark_passage(actor, talk, line.start, line.end, theme_ids=[theme.pk])
        done += 1
    if not done:
        raise ThemeError(_("None of these conversations belongs to the project of the theme."), "project")
    return Named(theme, done)


@transaction.atomic
def set_aside(actor: Actor, line: Line) -> Aside:
    """Say that this is no theme: what means the same is not put forward again. Raises Meaning.DoesNotExist."""
    talk = Interaction.objects.visible_to(actor).present().get(pk=line.interaction_id)
    actor.require(EDIT, talk)
    kept = Meaning.objects.get(interaction=talk, version=talk.version)
    at = kept.places[::2].index(line.start)
    aside, made = Aside.objects.get_or_create(
        interaction=talk,
        start=line.start,
        defaults={"language": kept.language, "vector": packed(unpacked(bytes(kept.sentences))[at : at + 1])},
    )
    if made:
        record(actor, signals.set_aside, subject=talk, data={"passage": line.words[:300]})
    return aside
