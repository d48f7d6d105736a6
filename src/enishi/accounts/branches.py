"""Words that form a tree, for one project or for all of them: tags, themes.

Each keeps its whole way down, so that a branch is found by the beginning of its path. ``refuse`` makes the error that
an app tells its forms, from words and the name of the field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.core import clock, text

BETWEEN = " / "
LONGEST = 400

Refuse = Callable[[str, str], Exception]


class Branch(models.Model):
    """One word of a tree; ``path`` is the whole way down, e.g. ``Media / Press``."""

    name = models.CharField(gettext_lazy("name"), max_length=80)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        verbose_name=gettext_lazy("below"),
    )
    path = models.CharField(max_length=LONGEST)
    project = models.ForeignKey(
        "accounts.Project",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=gettext_lazy("project"),
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                fields=["path", "project"], nulls_distinct=False, name="%(class)s_path_once"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="%(class)s_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def whole(self) -> Q:
        """The branch with all that stand below it."""
        return Q(pk=self.pk) | Q(path__startswith=self.path + BETWEEN, project=self.project_id)


B = TypeVar("B", bound=Branch)


def branch_name(name: str, refuse: Refuse) -> str:
    """A name as it is kept: a slash would look like a way down."""
    name = text.strip_bidi(text.clean(name)).replace("/", "-").strip()[:80]
    if not name:
        raise refuse(_("Give it a name."), "name")
    return name


def path_below(parent: Branch | None, name: str, refuse: Refuse) -> str:
    path = f"{parent.path}{BETWEEN}{name}" if parent else name
    if len(path) > LONGEST:
        raise refuse(_("Too many stand above this one. Put it higher up."), "parent")
    return path


def move_branch(branch: B, *, name: str, parent: B | None, refuse: Refuse) -> None:
    """Rename or move a branch; those below move with it. The caller holds its row and records the change."""
    kind: Any = type(branch)
    if parent is not None and (parent.pk == branch.pk or parent.path.startswith(branch.path + BETWEEN)):
        raise refuse(_("It cannot stand below itself."), "parent")
    if parent is not None and parent.project_id not in {None, branch.project_id}:
        raise refuse(_("What stands above belongs to another project."), "parent")
    name = branch_name(name, refuse)
    path, before = path_below(parent, name, refuse), branch.path
    below = kind.objects.filter(branch.whole).exclude(pk=branch.pk)
    longest = max((len(one) for one in below.values_list("path", flat=True)), default=len(before))
    if longest - len(before) + len(path) > LONGEST:
        raise refuse(_("Too many stand above this one. Put it higher up."), "parent")
    if kind.objects.filter(path=path, project=branch.project_id).exclude(pk=branch.pk).exists():
        raise refuse(_("“%(name)s” already exists. Merge the two instead.") % {"name": path}, "name")
    below.update(path=Concat(Value(path), Substr("path", len(before) + 1), output_field=models.CharField()))
    branch.name, branch.parent, branch.path = name, parent, path
    branch.save()


def check_merge(kept: Branch, gone: Branch, refuse: Refuse) -> None:
    if kept.pk == gone.pk or kept.path.startswith(gone.path + BETWEEN):
        raise refuse(_("It cannot be merged into itself or into one below it."), "kept")
    if kept.project_id is not None and kept.project_id != gone.project_id:
        raise refuse(_("Merge it into one of all projects, or of the same project."), "kept")


def same_child(kept: B, child: B) -> B | None:
    """What stands below ``kept`` under the name of ``child`` already: the two have to become one."""
    kind: Any = type(kept)
    found: B | None = kind.objects.filter(
        path=f"{kept.path}{BETWEEN}{child.name}", project=child.project_id
    ).first()
    return found


def put_away(branch: Branch) -> None:
    """Put away what was merged; its path is free again."""
    branch.archived_at = clock.now()
    branch.path = f"{branch.path[: LONGEST - 20]} ({branch.pk})"
    branch.save()


def archive_branch(branch: Branch, *, archived: bool) -> None:
    """Put a branch away with those below it, or take it back."""
    kind: Any = type(branch)
    kind.objects.filter(branch.whole).update(archived_at=clock.now() if archived else None)
    branch.refresh_from_db()
