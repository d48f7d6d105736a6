"""Who somebody is to the product: actors with their rights, and who may read what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace

from django.db import connection
from django.db.models import QuerySet

from enishi.accounts.access import Actor, Granted, Via
from enishi.accounts.models import KeptFrom, User

_GRANTS = """
WITH RECURSIVE reach AS (
    SELECT g.project_id, r.codes, r.clearance, r.require_second_factor
    FROM accounts_grant g JOIN accounts_role r ON r.id = g.role_id
    WHERE g.user_id = %(user)s
       OR g.team_id IN (SELECT team_id FROM accounts_team_members WHERE user_id = %(user)s)
    UNION
    SELECT p.id, reach.codes, reach.clearance, reach.require_second_factor
    FROM reach JOIN accounts_project p ON p.parent_id = reach.project_id
)
SELECT project_id, codes, clearance, require_second_factor, NULL AS kind, NULL AS ids FROM reach
UNION ALL
SELECT NULL, NULL, NULL, false, subject_type, array_agg(subject_id)
FROM accounts_keptfrom WHERE user_id = %(user)s GROUP BY subject_type
"""


def actor(
    user: User, *, via: Via, request_id: uuid.UUID | None = None, token_scopes: Iterable[str] | None = None
) -> Actor:
    """Build the actor of a user in one query: roles of the user and of their teams, down the tree of projects, and
    the single records that are kept from the user.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GRANTS, {"user": user.pk})
        rows = cursor.fetchall()
    grants = tuple(
        Granted(project_id, frozenset(codes), clearance)
        for project_id, codes, clearance, _second, kind, _ids in rows
        if kind is None
    )
    return Actor(
        user_id=user.pk,
        name=str(user),
        via=via,
        grants=grants,
        token_scopes=None if token_scopes is None else frozenset(token_scopes),
        language=user.language,
        kept_from={row[4]: frozenset(row[5]) for row in rows if row[4] is not None},
        request_id=request_id or uuid.uuid4(),
        second_factor=any(row[3] for row in rows),
    )


def viewing_as(viewer: Actor, user: User) -> Actor:
    """How ``user`` sees pages, as far as the viewer may see them too; what is recorded names the viewer."""
    seen = actor(user, via=viewer.via, request_id=viewer.request_id)
    kinds = {*seen.kept_from, *viewer.kept_from}
    none: frozenset[int] = frozenset()
    return replace(
        seen,
        # What is kept from one of the two is kept from this view.
        kept_from={k: seen.kept_from.get(k, none) | viewer.kept_from.get(k, none) for k in kinds},
        name=viewer.name,
        language=viewer.language,
        within=viewer,
        _scopes={},
    )


def users_kept_from(subject_type: str, subject_id: int) -> set[int]:
    """The ids of the users who do not see that record, whatever their roles."""
    kept = KeptFrom.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return set(kept.values_list("user_id", flat=True))


def readers(
    right: str, project_ids: Iterable[int], level: int, *, subject: tuple[str, int] | None = None
) -> QuerySet[User]:
    """Who may read a record of that confidentiality in one of these projects: for "you and 3 others may read this".

    ``subject`` is the record itself, by kind and number: without those from whom it is kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up AS (
                SELECT id, parent_id FROM accounts_project WHERE id = ANY(%(projects)s)
                UNION SELECT p.id, p.parent_id FROM accounts_project p JOIN up ON up.parent_id = p.id
            )
            SELECT DISTINCT coalesce(g.user_id, m.user_id)
            FROM accounts_grant g
            JOIN accounts_role r ON r.id = g.role_id AND %(right)s = ANY(r.codes) AND r.clearance >= %(level)s
            LEFT JOIN accounts_team_members m ON m.team_id = g.team_id
            WHERE g.project_id IS NULL OR g.project_id IN (SELECT id FROM up)
            """,
            {"projects": list(project_ids), "right": right, "level": int(level)},
        )
        ids = {row[0] for row in cursor.fetchall() if row[0] is not None}
    if subject is not None:
        ids -= users_kept_from(*subject)
    return User.objects.filter(pk__in=ids, is_active=True).order_by("name")
