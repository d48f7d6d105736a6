"""Who somebody is to the product: actors with their rights, and who may read what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from enishi.accounts.access import Actor, Granted, Via, narrowable, owned_kinds
from enishi.accounts.models import KeptFrom, User
from enishi.accounts.scopes import family

_GRANTS = """
WITH RECURSIVE reach AS (
    SELECT g.project_id, r.codes, r.own_codes, r.team_codes, r.seen_fields, r.changed_fields, r.clearance,
           r.require_second_factor
    FROM accounts_grant g JOIN accounts_role r ON r.id = g.role_id
    WHERE g.user_id = %(user)s
       OR g.team_id IN (SELECT team_id FROM accounts_team_members WHERE user_id = %(user)s)
    UNION
    SELECT p.id, reach.codes, reach.own_codes, reach.team_codes, reach.seen_fields, reach.changed_fields,
           reach.clearance, reach.require_second_factor
    FROM reach JOIN accounts_project p ON p.parent_id = reach.project_id
)
SELECT project_id, codes, own_codes, team_codes, seen_fields, changed_fields, clearance, require_second_factor,
       NULL AS kind, NULL::bigint[] AS ids
FROM reach
UNION ALL
SELECT NULL, array_agg(name), NULL, NULL, NULL, NULL, NULL, false, 'fields', NULL FROM accounts_protectedfield
HAVING count(*) > 0
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, subject_type, array_agg(subject_id)
FROM accounts_keptfrom WHERE user_id = %(user)s GROUP BY subject_type
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, '', array_agg(DISTINCT theirs.user_id)
FROM accounts_team_members mine JOIN accounts_team_members theirs ON theirs.team_id = mine.team_id
WHERE mine.user_id = %(user)s AND EXISTS (SELECT 1 FROM reach WHERE team_codes <> '{}')
HAVING count(*) > 0
"""


def actor(
    user: User, *, via: Via, request_id: uuid.UUID | None = None, token_scopes: Iterable[str] | None = None
) -> Actor:
    """Build the actor of a user in one query: roles of the user and of their teams, down the tree of projects, the
    single records that are kept from the user, the fields that are protected, and, where a role asks for it, who is in
    a team with them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_GRANTS, {"user": user.pk})
        rows = cursor.fetchall()
    grants = tuple(
        Granted(project_id, frozenset(codes), clearance, *map(frozenset, (own, team, seen, changed)))
        for project_id, codes, own, team, seen, changed, clearance, _second, kind, _ids in rows
        if kind is None
    )
    lists = {row[8]: frozenset[int](row[9]) for row in rows if row[9] is not None}
    return Actor(
        user_id=user.pk,
        name=str(user),
        via=via,
        grants=grants,
        token_scopes=None if token_scopes is None else frozenset(token_scopes),
        language=user.language,
        kept_from={kind: ids for kind, ids in lists.items() if kind},
        team_mates=lists.get("", frozenset()),
        protected=next((frozenset(row[1]) for row in rows if row[8] == "fields"), frozenset()),
        request_id=request_id or uuid.uuid4(),
        second_factor=any(row[7] for row in rows),
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


def owners_of(kind: str, pk: int, right: str) -> set[int]:
    """The users who reach a record by ownership under a right, by what the history calls its kind."""
    model: Any = owned_kinds().get(kind)
    if model is None:
        return set()
    found = model.objects.unscoped("whose it is, to say who may see it").filter(pk=pk).first()
    return found.reached_by(right) if found else set()


_READERS = """
WITH RECURSIVE up AS (
    SELECT id, parent_id FROM accounts_project WHERE id = ANY(%(projects)s)
    UNION SELECT p.id, p.parent_id FROM accounts_project p JOIN up ON up.parent_id = p.id
), held AS (
    SELECT coalesce(g.user_id, m.user_id) AS user_id,
           %(right)s = ANY(r.own_codes) AS own, %(right)s = ANY(r.team_codes) AS team
    FROM accounts_grant g
    JOIN accounts_role r ON r.id = g.role_id AND %(right)s = ANY(r.codes) AND r.clearance >= %(level)s
    LEFT JOIN accounts_team_members m ON m.team_id = g.team_id
    WHERE g.project_id IS NULL OR g.project_id IN (SELECT id FROM up)
)
SELECT DISTINCT user_id FROM held
WHERE user_id IS NOT NULL AND (
    NOT (own OR team) OR %(theirs)s OR user_id = ANY(%(owners)s)
    OR team AND EXISTS (
        SELECT 1 FROM accounts_team_members a JOIN accounts_team_members b ON b.team_id = a.team_id
        WHERE a.user_id = held.user_id AND b.user_id = ANY(%(owners)s)
    )
)
"""


def readers(
    right: str,
    project_ids: Iterable[int],
    level: int,
    *,
    subject: tuple[str, int] | None = None,
    owners: Iterable[int] = (),
) -> QuerySet[User]:
    """Who may read a record of that confidentiality in one of these projects: for "you and 3 others may read this".

    ``subject`` is the record itself, by kind and number: without those from whom it is kept. ``owners`` are those to
    whom it belongs: who reads only their own or their team's counts only by them.
    """
    return _readers(right, project_ids, level, subject, owners=list(owners), theirs=False)


def takers(
    right: str, project_ids: Iterable[int], level: int, *, subject: tuple[str, int] | None = None
) -> QuerySet[User]:
    """Who could read such a record once it is theirs: to whom it can be given."""
    return _readers(right, project_ids, level, subject, owners=[], theirs=True)


def _readers(
    right: str,
    project_ids: Iterable[int],
    level: int,
    subject: tuple[str, int] | None,
    *,
    owners: list[int],
    theirs: bool,
) -> QuerySet[User]:
    ids = _holders(right, project_ids, level, owners=owners, theirs=theirs)
    # Who may work on what they do not see does not read it.
    view = f"{family(right)}.view"
    if view != right and view in narrowable():
        ids &= _holders(view, project_ids, level, owners=owners, theirs=theirs)
    if subject is not None:
        ids -= users_kept_from(*subject)
    return User.objects.filter(pk__in=ids, is_active=True).order_by("name")


def _holders(
    right: str, project_ids: Iterable[int], level: int, *, owners: list[int], theirs: bool
) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _READERS,
            {
                "projects": list(project_ids),
                "right": right,
                "level": int(level),
                "owners": owners,
                "theirs": theirs,
            },
        )
        return {row[0] for row in cursor.fetchall()}
