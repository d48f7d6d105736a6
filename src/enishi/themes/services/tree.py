"""The tree of themes: create, rename, move, merge, put away."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.core import clock, text
from enishi.themes import signals
from enishi.themes.models import BETWEEN, PassageTheme, Theme
from enishi.themes.services.errors import ThemeError
from enishi.timeline.services import differences, record

SETUP, EDIT = "themes.setup", "conversations.edit"
LONGEST = 400
MEANING = 4000


def require_setup(actor: Actor, project_id: int | None) -> None:
    """A theme of a project is set up by whoever may do so there, one of all projects by whoever may everywhere."""
    if project_id is None:
        actor.require_everywhere(SETUP)
    else:
        actor.require(SETUP, project_id)


def _named(name: str) -> str:
    name = text.strip_bidi(text.clean(name)).replace("/", "-").strip()[:80]
    if not name:
        raise ThemeError(_("Give the theme a name."), "name")
    return name


def _below(theme: Theme | None, name: str) -> str:
    path = f"{theme.path}{BETWEEN}{name}" if theme else name
    if len(path) > LONGEST:
        raise ThemeError(_("The themes above this one are too many. Put it higher up."), "parent")
    return path


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
    name = _named(name)
    path = _below(parent, name)
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
    name = _named(name)
    if parent is not None and (parent.pk == theme.pk or parent.path.startswith(theme.path + BETWEEN)):
        raise ThemeError(_("A theme cannot stand below itself."), "parent")
    if parent is not None and parent.project_id not in {None, theme.project_id}:
        raise ThemeError(_("The theme above belongs to another project."), "parent")
    path, before = _below(parent, name), {"path": theme.path, "meaning": theme.meaning}
    below = Theme.objects.filter(path__startswith=theme.path + BETWEEN, project=theme.project_id)
    longest = max((len(one) for one in below.values_list("path", flat=True)), default=len(theme.path))
    if longest - len(theme.path) + len(path) > LONGEST:
        raise ThemeError(_("The themes above this one are too many. Put it higher up."), "parent")
    if Theme.objects.filter(path=path, project=theme.project_id).exclude(pk=theme.pk).exists():
        raise ThemeError(_("“%(name)s” already exists. Merge the two instead.") % {"name": path}, "name")
    below.update(
        path=Concat(Value(path), Substr("path", len(theme.path) + 1), output_field=models.CharField())
    )
    theme.name, theme.parent, theme.path = name, parent, path
    theme.meaning = text.clean(meaning).strip()[:MEANING]
    theme.save()
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
    if kept.pk == gone.pk or kept.path.startswith(gone.path + BETWEEN):
        raise ThemeError(_("A theme cannot be merged into itself or into one below it."), "kept")
    if kept.project_id is not None and kept.project_id != gone.project_id:
        raise ThemeError(_("Merge it into a theme of all projects, or of the same project."), "kept")
    marked = list(PassageTheme.objects.filter(theme=gone).values_list("passage_id", flat=True))
    PassageTheme.objects.bulk_create(
        [PassageTheme(passage_id=pk, theme=kept) for pk in marked], ignore_conflicts=True
    )
    PassageTheme.objects.filter(theme=gone).delete()
    for child in gone.children.all():
        there = Theme.objects.filter(path=f"{kept.path}{BETWEEN}{child.name}", project=child.project_id)
        same = there.first()
        if same is not None:
            merge_themes(actor, kept=same, gone=child)
        else:
            rename_theme(actor, child, name=child.name, parent=kept, meaning=child.meaning)
    before = gone.path
    gone.archived_at = clock.now()
    gone.path = f"{gone.path[: LONGEST - 20]} ({gone.pk})"
    gone.save()
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
    branch = models.Q(pk=theme.pk) | models.Q(path__startswith=theme.path + BETWEEN, project=theme.project_id)
    Theme.objects.filter(branch).update(archived_at=clock.now() if archived else None)
    theme.refresh_from_db()
    record(actor, signals.theme_changed, subject=theme, changes={"archived": (not archived, archived)})
    return theme
