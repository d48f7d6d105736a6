"""Reading what the organisation set up: own fields, tags, relation types, consent purposes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext as _

from enishi.contacts.models import ConsentPurpose, ConsentText, Field, FieldValue, RelationType, Tag
from enishi.core import text
from enishi.core.choices import language_name


def fields() -> QuerySet[Field]:
    """All own fields with ``used``: whether any contact has a value; those put away last."""
    used = FieldValue.objects.filter(field=OuterRef("pk"))
    return Field.objects.annotate(used=Exists(used)).order_by("archived_at", "position", "id")


def field(field_id: int) -> Field:
    """One of them; raises Field.DoesNotExist."""
    return Field.objects.get(pk=field_id)


@dataclass(frozen=True)
class Branch:
    """A tag in the tree: how deep it stands and how many contacts carry it."""

    tag: Tag
    depth: int
    used: int

    @property
    def indent(self) -> str:
        return "\u2003" * 2 * self.depth


def tag_tree() -> list[Branch]:
    """Every tag in tree order, those put away after the others."""
    found = Tag.objects.select_related("project").annotate(used=Count("party_links"))
    ordered = sorted(found, key=lambda tag: (tag.archived_at is not None, tag.path.split(" / "), tag.pk))
    return [Branch(tag, tag.path.count(" / "), tag.used) for tag in ordered]


def tag(tag_id: int) -> Tag:
    """One tag; raises Tag.DoesNotExist."""
    return Tag.objects.select_related("parent", "project").get(pk=tag_id)


def other_tags(of: Tag | None = None) -> QuerySet[Tag]:
    """Tags in use, without that one and those below it: where it may go."""
    found = Tag.objects.filter(archived_at__isnull=True)
    if of is None:
        return found
    return found.exclude(pk=of.pk).exclude(path__startswith=f"{of.path} / ")


def matching_tags(query: str, *, limit: int = 8) -> list[Tag]:
    """Tags whose path contains what is being typed, in any spelling; those that begin with it first."""
    wanted = text.fold(query)
    found = [
        (not text.fold(tag.name).startswith(wanted), tag.path, tag)
        for tag in Tag.objects.filter(archived_at__isnull=True)
        if wanted in text.fold(tag.path)
    ]
    return [tag for _late, _path, tag in sorted(found, key=lambda item: item[:2])[:limit]]


def relation_types() -> QuerySet[RelationType]:
    """Every kind of relation with ``used``: how many there are of it."""
    return RelationType.objects.annotate(used=Count("relations")).order_by("position", "name")


def relation_type(type_id: int) -> RelationType:
    """One of them; raises RelationType.DoesNotExist."""
    return RelationType.objects.get(pk=type_id)


def purposes(*, archived: bool | None = None) -> QuerySet[ConsentPurpose]:
    """What consents are asked for, each with its wordings, the newest first."""
    found = ConsentPurpose.objects.prefetch_related(Prefetch("texts", wordings())).order_by(
        "archived_at", "name"
    )
    return found if archived is None else found.filter(archived_at__isnull=not archived)


def purpose(purpose_id: int) -> ConsentPurpose:
    """One of them; raises ConsentPurpose.DoesNotExist."""
    return purposes().get(pk=purpose_id)


def wordings(*, archived: bool | None = None) -> QuerySet[ConsentText]:
    found = ConsentText.objects.select_related("purpose").order_by("purpose__name", "language", "-version")
    return found if archived is None else found.filter(purpose__archived_at__isnull=not archived)


def purpose_name(of: ConsentPurpose) -> str:
    return _(of.name) if of.name else of.code


def wording_name(of: ConsentText) -> str:
    words = {
        "purpose": purpose_name(of.purpose),
        "language": language_name(of.language),
        "version": of.version,
    }
    return _("%(purpose)s, %(language)s, version %(version)s") % words
