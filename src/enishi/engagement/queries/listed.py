"""Lists by number, newest first, one row more than asked for: for programs."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.content.models import File
from enishi.engagement.models import Handout, PlanLine, PlanStep
from enishi.engagement.queries.plan import visible_lines, visible_steps

R = TypeVar("R", bound=Model)


def _newest(found: QuerySet[R], after: int | None, limit: int, **wanted: Any) -> list[R]:
    found = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    if after is not None:
        found = found.filter(pk__lt=after)
    return list(found.order_by("-pk")[: limit + 1])


def line_list(
    actor: Actor,
    *,
    project_id: int | None = None,
    party_id: int | None = None,
    ended: bool | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[PlanLine]:
    running = None if ended is None else not ended
    wanted = {"project": project_id, "party": party_id, "ended_at__isnull": running}
    return _newest(visible_lines(actor), after, limit, **wanted)


def step_list(
    actor: Actor,
    *,
    project_id: int | None = None,
    party_id: int | None = None,
    line_id: int | None = None,
    state: str | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[PlanStep]:
    return _newest(
        visible_steps(actor),
        after,
        limit,
        line__project=project_id,
        line__party=party_id,
        line=line_id,
        state=state,
        due_on__gte=since,
        due_on__lte=until,
    )


def handout_list(
    actor: Actor,
    *,
    project_id: int | None = None,
    file_id: int | None = None,
    party_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Handout]:
    files = File.objects.visible_to(actor).filter(deleted_at__isnull=True)
    people = Party.objects.visible_to(actor).present()
    found = Handout.objects.visible_to(actor).filter(version__file__in=files)
    found = found.filter(Q(party__isnull=True) | Q(party__in=people)).select_related("version")
    return _newest(found, after, limit, project=project_id, version__file=file_id, party=party_id)
