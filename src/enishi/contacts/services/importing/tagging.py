"""The tags that rows name, by path; those that are missing are created, level by level."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from enishi.accounts.branches import BETWEEN
from enishi.contacts.models import Tag


def known_tags(project_id: int) -> dict[str, int]:
    """Tags for everybody and for this project, by path; the project's own is meant where both exist."""
    found = Tag.objects.filter(Q(project__isnull=True) | Q(project_id=project_id), archived_at__isnull=True)
    return dict(found.order_by("project_id").values_list("path", "id"))


def make_tags(tags: dict[str, int], paths: Iterable[str], *, project_id: int) -> list[int]:
    """Create what is missing among these paths, and what they stand below, for the project; returns the new numbers."""
    missing = {path for path in paths if path not in tags}
    for path in list(missing):
        parts = path.split(BETWEEN)
        missing |= {BETWEEN.join(parts[:depth]) for depth in range(1, len(parts))}
    created: list[int] = []
    for path in sorted(missing - tags.keys(), key=lambda path: path.count(BETWEEN)):
        above, _between, name = path.rpartition(BETWEEN)
        tag, made = Tag.objects.get_or_create(
            path=path,
            project_id=project_id,
            defaults={"name": name[:80], "parent_id": tags.get(above) if above else None},
        )
        tags[path] = tag.pk
        if made:
            created.append(tag.pk)
    return created
