"""Which version of which file was given to whom: what was written down, and what went out with conversations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncDate

from enishi.accounts.access import Actor
from enishi.accounts.prepared import prepared
from enishi.contacts.models import Party
from enishi.content.models import File, FileVersion
from enishi.conversations.models import Interaction, InteractionQuerySet, Participant
from enishi.engagement.models import Handout

MOST = 200
SHARE = "engagement.share"
_ROW = ("day", "who_id", "who", "doc_id", "doc", "number", "means", "remark", "talk_id", "row_id")


@dataclass(frozen=True)
class Given:
    """That somebody was given a version on a day; ``party_id`` None: everybody, it was published."""

    day: dt.date
    party_id: int | None
    party: str | None
    file_id: int
    file: str
    version: int
    how: str
    note: str
    interaction_id: int | None
    handout_id: int | None

    @property
    def how_words(self) -> str:
        return str(Handout.How(self.how).label)


def given(
    actor: Actor, *, file_id: int | None = None, party_id: int | None = None, limit: int = MOST
) -> list[Given]:
    """The newest first, of one file, of one person, or of all. One question.

    The version that went out with a conversation is the newest that there was at that moment.
    """
    return [Given(*row) for row in _given(actor, file_id, party_id, limit=limit)]


@prepared
def _given(
    actor: Actor, file_id: int | None, party_id: int | None, *, limit: int
) -> QuerySet[Any, tuple[Any, ...]]:
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    people = Party.objects.visible_to(actor).present()
    if file_id is not None:
        files = files.filter(pk=file_id)
    if party_id is not None:
        people = people.filter(pk=party_id)
    rows = _written(actor, files, people, with_published=party_id is None)
    rows = rows.union(_attached(actor, files, people), all=True)
    return rows.order_by("-day", "-row_id", "who_id")[:limit]


def _written(actor: Actor, files: Any, people: Any, *, with_published: bool) -> QuerySet[Any, Any]:
    to_whom = Q(party__in=people)
    if with_published:
        to_whom |= Q(party__isnull=True)
    found = Handout.objects.visible_to(actor).filter(to_whom, version__file__in=files)
    return (
        found.order_by()
        .annotate(
            day=F("given_on"),
            who_id=F("party_id"),
            who=F("party__full_name"),
            doc_id=F("version__file_id"),
            doc=F("version__file__name"),
            number=F("version__number"),
            means=F("how"),
            remark=F("note"),
            talk_id=Value(None, output_field=IntegerField()),
            row_id=F("pk"),
        )
        .values_list(*_ROW)
    )


def _attached(actor: Actor, files: Any, people: Any) -> QuerySet[Any, Any]:
    talks: InteractionQuerySet = Interaction.objects.visible_to(actor)
    sent = talks.present().filter(direction=Interaction.Direction.OUT)
    versions = FileVersion.objects.filter(file=OuterRef("interaction__attachments__file"))
    at_that_time = versions.filter(created_at__lte=OuterRef("interaction__occurred_at")).order_by("-number")
    first = versions.order_by("number")
    return (
        Participant.objects.filter(
            party__in=people, interaction__in=sent, interaction__attachments__file__in=files
        )
        .exclude(role=Participant.Role.FROM)
        .order_by()
        .annotate(
            day=TruncDate("interaction__occurred_at"),
            who_id=F("party_id"),
            who=F("party__full_name"),
            doc_id=F("interaction__attachments__file_id"),
            doc=F("interaction__attachments__file__name"),
            number=Coalesce(
                Subquery(at_that_time.values("number")[:1]), Subquery(first.values("number")[:1])
            ),
            means=Value("sent", output_field=CharField()),
            remark=F("interaction__subject"),
            talk_id=F("interaction_id"),
            row_id=Value(None, output_field=IntegerField()),
        )
        .values_list(*_ROW)
    )


def handout(actor: Actor, handout_id: int) -> Handout:
    """One that was written down; raises Handout.DoesNotExist."""
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    people = Party.objects.visible_to(actor).present()
    found = Handout.objects.visible_to(actor).filter(version__file__in=files)
    return (
        found.filter(Q(party__isnull=True) | Q(party__in=people))
        .select_related("version__file", "project", "party")
        .get(pk=handout_id)
    )


def file_to_give(actor: Actor, file_id: int) -> File:
    """One file with its project; raises File.DoesNotExist."""
    return (
        File.objects.visible_to(actor)
        .filter(deleted_at__isnull=True)
        .select_related("project")
        .get(pk=file_id)
    )


def versions_of(file_ids: list[int]) -> list[FileVersion]:
    """All versions of these files, the newest of each first."""
    found = FileVersion.objects.filter(file__in=file_ids).defer("text").select_related("file__project")
    return list(found.order_by("-file__created_at", "file_id", "-number"))


def files_to_give(actor: Actor, party: Party, *, limit: int = 100) -> list[int]:
    """The newest files of the person's projects that the actor may give."""
    projects = [pk for pk in party.project_ids if actor.may(SHARE, pk)]
    found = File.objects.visible_to(actor).filter(
        deleted_at__isnull=True, attachment=False, project__in=projects
    )
    return list(found.order_by("-created_at", "-pk").values_list("pk", flat=True)[:limit])


def party_to_give(actor: Actor, party_id: int) -> Party:
    """One person or organisation; raises Party.DoesNotExist."""
    return Party.objects.visible_to(actor).present().get(pk=party_id)
