"""Made-up records for tests: the shortest way to a valid one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from enishi.accounts.access import Actor, Level, Via, narrowable, rights, system_actor
from enishi.accounts.models import Grant, Project, Role, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import Party
from enishi.contacts.services import PartyDraft, PointDraft, create_party

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)
SYSTEM = system_actor("tests")

READ = [
    "contacts.view",
    "conversations.view",
    "commitments.view",
    "content.view",
    "timeline.view",
    "reports.view",
    "engagement.view",
    "cases.view",
    "places.view",
]


def project(name: str = "", **values: Any) -> Project:
    number = next(_numbers)
    values.setdefault("code", f"p{number}")
    return Project.objects.create(name=name or f"Project {number}", **values)


def user(name: str = "", **values: Any) -> User:
    number = next(_numbers)
    values.setdefault("email", f"user{number}@enishi.example")
    made = User(name=name or f"User {number}", **values)
    made.set_password(PASSWORD)
    made.save()
    return made


def role(
    name: str = "",
    codes: list[str] | None = None,
    clearance: int = Level.INTERNAL,
    own: Iterable[str] = (),
    team: Iterable[str] = (),
) -> Role:
    return Role.objects.create(
        name=name or f"Role {next(_numbers)}",
        codes=sorted(rights() if codes is None else codes),
        clearance=clearance,
        own_codes=sorted(own),
        team_codes=sorted(team),
    )


def grant(who: User | Team, where: Project | None, given: Role) -> Grant:
    return Grant.objects.create(
        role=given,
        user=who if isinstance(who, User) else None,
        team=who if isinstance(who, Team) else None,
        project=where,
    )


def manager(where: Project | None = None, *, clearance: int = Level.RESTRICTED) -> Actor:
    """Somebody with every right in that project (or everywhere), up to that clearance."""
    somebody = user("Manager")
    grant(somebody, where, role(clearance=clearance))
    return actor_of(somebody, via=Via.WEB)


def agent(where: Project, *, codes: list[str] | None = None, clearance: int = Level.INTERNAL) -> Actor:
    """Somebody who works in that project, up to internal records."""
    somebody = user("Agent")
    usual = [code for code in rights() if not code.startswith("accounts.")]
    grant(somebody, where, role(codes=usual if codes is None else codes, clearance=clearance))
    return actor_of(somebody, via=Via.WEB)


WORK = frozenset(code for code in narrowable() if not code.startswith(("contacts.", "content.")))
"""The rights to what people do: they can be narrowed while everybody's contacts and files are seen."""


def narrowed(
    where: Project | None,
    name: str = "Interviewer",
    *,
    reach: str = "own",
    member: Team | None = None,
    narrow: Iterable[str] = WORK,
) -> User:
    """Somebody with every usual right there, who reaches only their own work, or (``reach``) that of their team.

    ``narrow``: of which rights; the others reach everything.
    """
    somebody = user(name)
    usual = [code for code in rights() if not code.startswith("accounts.")]
    limits: dict[str, Any] = {reach: narrow}
    grant(somebody, where, role(codes=usual, **limits))
    if member is not None:
        member.members.add(somebody)
    return somebody


def outsider() -> Actor:
    """Somebody who works in another project altogether and must see nothing of this one."""
    return agent(project("Elsewhere"))


def party(where: Project, name: str = "", *, by: Actor = SYSTEM, email: str = "", **values: Any) -> Party:
    points = [PointDraft(kind="email", typed=email)] if email else []
    draft = PartyDraft(full_name=name or f"Person {next(_numbers)}", points=points, **values)
    return create_party(by, draft, project_ids=[where.pk])
