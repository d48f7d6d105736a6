"""The tree of themes: create, rename, move, merge, put away."""

from __future__ import annotations

from django.db import transaction

from enishi.accounts.access import Actor
from enishi.accounts.branches import (
    archive_branch,
    branch_name,
    check_merge,
    move_branch,
    path_below,
    put_away,
    same_child,
)
from enishi.accounts.models import Project
from enishi.core import text
from enishi.themes import signals
from enishi.themes.models import PassageTheme, Theme
from enishi.themes.services.errors import ThemeError
from enishi.timeline.services import differences, record

SETUP, EDIT = "themes.setup", "conversations.edit"
MEANING = 4000


def require_setup(actor: Actor, project_id: int | None) -> None:
    """A theme of a project is set up by whoever may do so there, one of all projects by whoever may everywhere."""
    if project_id is None:
        actor.require_everywhere(SETUP)
    else:
        actor.require(SETUP, project_id)


@transaction.atomic
def create_theme(
    actor: Actor,
    *,
    name: str,
    parent: Theme | None = None,
    project: Project | None = None,
    meaning: str = "",
) -> Theme:
    """Create a theme, below another or at the top, for one project or for all; an existing one is returned.

    In a project whoever marks passages may add one; for all projects it needs the right to set up.
    """
    if parent is not None and parent.project_id is not None:
        project = parent.project
    if project is None:
        actor.require_everywhere(SETUP)
    elif not actor.may(SETUP, project.pk):
        actor.require(EDIT, project.pk)
    name = branch_name(name, ThemeError)
    path = path_below(parent, name, ThemeError)
    theme, created = Theme.objects.get_or_create(
        path=path,
        project=project,
        defaults={"name": name, "parent": parent, "meaning": text.clean(meaning).strip()[:MEANING]},
    )
    if created:
        changes = differences({}, {"path": path, "meaning": theme.meaning})
        record(actor, signals.theme_created, subject=theme, changes=changes)
    return theme


@transaction.atomic
def rename_theme(actor: Actor, theme: Theme, *, name: str, parent: Theme | None, meaning: str) -> Theme:
    """Rename or move a theme, or say better what belongs to it; those below move with it, marks and history stay."""
    theme = Theme.objects.select_for_update(no_key=True, of=("self",)).get(pk=theme.pk)
    require_setup(actor, theme.project_id)
    before = {"path": theme.path, "meaning": theme.meaning}
    move_branch(theme, name=name, parent=parent, refuse=ThemeError)
    theme.meaning = text.clean(meaning).strip()[:MEANING]
    theme.save(update_fields=["meaning"])
    changes = differences(before, {"path": theme.path, "meaning": theme.meaning})
    if changes:
        record(actor, signals.theme_changed, subject=theme, changes=changes)
    return theme


@transaction.atomic
def merge_themes(actor: Actor, *, kept: Theme, gone: Theme) -> Theme:
    """Every passage marked with ``gone`` is marked with ``kept``; ``gone`` is put away, what stood below it moves."""
    locked = {
        one.pk: one
        for one in Theme.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=[kept.pk, gone.pk])
        .order_by("pk")
    }
    kept, gone = locked[kept.pk], locked[gone.pk]
    for one in (kept, gone):
        require_setup(actor, one.project_id)
    check_merge(kept, gone, ThemeError)
    marked = list(PassageTheme.objects.filter(theme=gone).values_list("passage_id", flat=True))
    PassageTheme.objects.bulk_create(
        [PassageTheme(passage_id=pk, theme=kept) for pk in marked], ignore_conflicts=True
    )
    PassageTheme.objects.filter(theme=gone).delete()
    for child in gone.children.all():
        same = same_child(kept, child)
        if same is not None:
            merge_themes(actor, kept=same, gone=child)
        else:
            rename_theme(actor, child, name=child.name, parent=kept, meaning=child.meaning)
    before = gone.path
    put_away(gone)
    kept.meaning = "\n".join(dict.fromkeys(filter(None, [kept.meaning, gone.name, gone.meaning])))[:MEANING]
    kept.save(update_fields=["meaning"])
    data = {"merged": before, "passages": len(marked)}
    record(actor, signals.themes_merged, subject=kept, data=data)
    record(actor, signals.themes_merged, subject=gone, changes={"path": (before, gone.path)}, data=data)
    return kept


@transaction.atomic
def archive_theme(actor: Actor, theme: Theme, *, archived: bool) -> Theme:
    """Put a theme away with those below it, or take it back: no longer offered, and still on what carries it."""
    require_setup(actor, theme.project_id)
    archive_branch(theme, archived=archived)
    record(actor, signals.theme_changed, subject=theme, changes={"archived": (not archived, archived)})
    return theme
