"""What promises and tasks do when something they hang on changes."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q

from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.commitments.models import Promise, Series, Source, Task
from enishi.commitments.services import writing
from enishi.commitments.services.duties import raise_source
from enishi.search.services import index

_WHY = "follow what they hang on, whoever may see them"


def _promises() -> ScopedQuerySet[Promise]:
    return Promise.objects.unscoped(_WHY).select_related("party", "project", "duty")


def _tasks() -> ScopedQuerySet[Task]:
    return Task.objects.unscoped(_WHY).select_related("party", "project")


@transaction.atomic
def raise_confidentiality(
    actor: Actor, level: int, *, party_id: int | None = None, said_in_id: int | None = None
) -> None:
    """Bring promises and tasks of a person, or said in a conversation, up to at least that level. Safe to repeat."""
    hanging = {"party_id": party_id} if party_id is not None else {"said_in_id": said_in_id}
    for promise in _promises().filter(confidentiality__lt=level, **hanging).order_by("pk"):
        writing.raise_level(actor, promise, level)
    below = _tasks().filter(confidentiality__lt=level)
    below = below.filter(**hanging) | below.filter(
        **{f"promise__{name}": value for name, value in hanging.items()}
    )
    for task in below.order_by("pk"):
        writing.raise_level(actor, task, level)
    if party_id is not None:
        for source in Source.objects.unscoped(_WHY).filter(authority=party_id, confidentiality__lt=level):
            raise_source(actor, source, level)
        Series.objects.unscoped(_WHY).filter(confidentiality__lt=level, template__party_id=party_id).update(
            confidentiality=level
        )


@transaction.atomic
def raise_these(
    actor: Actor, level: int, *, promise_ids: Collection[int] = (), task_ids: Collection[int] = ()
) -> None:
    """Bring these promises, the tasks that serve them, and these tasks up to at least that level. Safe to repeat."""
    below = _promises().filter(confidentiality__lt=level, pk__in=list(promise_ids))
    for promise in below.order_by("pk"):
        writing.raise_level(actor, promise, level)
    tasks = _tasks().filter(confidentiality__lt=level)
    for task in tasks.filter(Q(pk__in=list(task_ids)) | Q(promise__in=list(promise_ids))).order_by("pk"):
        writing.raise_level(actor, task, level)


@transaction.atomic
def index_of_party(party_id: int) -> None:
    """Let promises and tasks be found by the present name of their person."""
    index([writing.findable(promise) for promise in _promises().filter(party_id=party_id)])
    index([writing.findable(task) for task in _tasks().filter(party_id=party_id)])


def catch_up(actor: Actor) -> None:
    """Bring everything up to the level of its person, after many people changed at once. Safe to repeat."""
    behind: dict[int, int] = {}
    for found in (_promises(), _tasks()):
        rows = found.filter(confidentiality__lt=F("party__confidentiality"))
        behind |= dict(rows.order_by().values_list("party_id", "party__confidentiality").distinct())
    sources = Source.objects.unscoped(_WHY).filter(confidentiality__lt=F("authority__confidentiality"))
    behind |= dict(sources.order_by().values_list("authority_id", "authority__confidentiality").distinct())
    for party_id, level in sorted(behind.items()):
        raise_confidentiality(actor, level, party_id=party_id)
