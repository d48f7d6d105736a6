"""Who may see and do what: the one place.

An ``Actor`` is built once per request, call or job and passed to every query and service. A scoped queryset refuses to
run before ``visible_to(actor)`` (or ``unscoped(reason)``) was called, so lists, counts, search, exports and the API
obey the same line of code.
"""

from __future__ import annotations

import functools
import operator
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from enishi.core import lookups  # noqa: F401  its conditions register themselves


class Level(models.IntegerChoices):
    """How confidential a record is. A role reads up to its clearance."""

    OPEN = 0, pgettext_lazy("confidentiality", "Open")
    INTERNAL = 1, _("Internal")
    CONFIDENTIAL = 2, _("Confidential")
    RESTRICTED = 3, _("Restricted")


class Via(models.TextChoices):
    """Through what something was done."""

    WEB = "web", _("Web")
    API = "api", _("API")
    MAIL = "mail", _("E-mail")
    PHONE = "phone", _("Phone")
    JOB = "job", _("Background job")
    CLI = "cli", _("Command line")


class UnscopedQuery(RuntimeError):
    """A scoped model was read without saying for whom."""


class UnknownRight(LookupError):
    """A permission code that no app declares."""


class Forbidden(PermissionDenied):
    """The record may be seen, but the right for this is missing. ``right`` is the missing permission code."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


@functools.cache
def rights() -> dict[str, Any]:
    """Every permission code with its label, as the apps declare them."""
    found: dict[str, Any] = {}
    for config in apps.get_app_configs():
        found.update(getattr(config, "rights", {}))
    return found


def known(code: str) -> str:
    if code not in rights():
        raise UnknownRight(code)
    return code


@dataclass(frozen=True)
class Granted:
    """Permission codes with a clearance in one project, or everywhere (``project_id`` None)."""

    project_id: int | None
    codes: frozenset[str]
    clearance: int


@dataclass(frozen=True)
class Scope:
    """Where a right reaches: clearance everywhere (None: not everywhere) and clearance by project."""

    everywhere: int | None
    projects: dict[int, int]

    @property
    def unlimited(self) -> bool:
        return self.everywhere == Level.RESTRICTED

    @property
    def empty(self) -> bool:
        return self.everywhere is None and not self.projects

    def clearance(self, project_id: int | None) -> int | None:
        here = self.projects.get(project_id) if project_id is not None else None
        if self.everywhere is None or here is None:
            return here if self.everywhere is None else self.everywhere
        return max(here, self.everywhere)

    def meet(self, other: Scope) -> Scope:
        """What both reach."""
        both = {
            project_id: min(here, there)
            for project_id in {*self.projects, *other.projects}
            if (here := self.clearance(project_id)) is not None
            and (there := other.clearance(project_id)) is not None
        }
        if self.everywhere is None or other.everywhere is None:
            return Scope(None, both)
        return Scope(min(self.everywhere, other.everywhere), both)

    def reaches(self, project_id: int | None, clearance: int) -> bool:
        """Whether it reaches that clearance in a project, or (None) everywhere."""
        mine = self.clearance(project_id)
        return mine is not None and mine >= clearance

    def by_clearance(self) -> dict[int, list[int]]:
        """Projects grouped by clearance, without those that the clearance everywhere already covers."""
        groups: dict[int, list[int]] = defaultdict(list)
        for project_id, clearance in self.projects.items():
            if self.everywhere is None or clearance > self.everywhere:
                groups[clearance].append(project_id)
        return {clearance: sorted(ids) for clearance, ids in sorted(groups.items())}


@dataclass(frozen=True)
class Actor:
    """Who acts: a user with grants, or the system itself (``system`` reaches everything and is named in the history).

    ``within``: somebody else who looks at pages as this user. They reach what both reach, and sign what is recorded.
    """

    user_id: int | None
    name: str
    via: Via
    grants: tuple[Granted, ...] = ()
    system: bool = False
    token_scopes: frozenset[str] | None = None
    language: str = "en"
    kept_from: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Single records that are kept from this user whatever their roles, by what the history calls their kind."""
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)
    within: Actor | None = None
    second_factor: bool = False
    """A role of theirs asks for a second factor."""
    _scopes: dict[str, Scope] = field(default_factory=dict, repr=False, compare=False)

    @property
    def own_id(self) -> int:
        """The id of the user for looking up their own rows; 0 for the system and for whoever looks as somebody else."""
        return 0 if self.within else self.user_id or 0

    @property
    def signer_id(self) -> int | None:
        """Whom the history names."""
        return self.within.user_id if self.within else self.user_id

    def scope(self, code: str) -> Scope:
        """Where this actor holds that right; raises UnknownRight for a code that no app declares."""
        if code not in self._scopes:
            self._scopes[code] = self._work_out(known(code))
        return self._scopes[code]

    def _work_out(self, code: str) -> Scope:
        held = self._held(code)
        return held.meet(self.within.scope(code)) if self.within else held

    def _held(self, code: str) -> Scope:
        if self.token_scopes is not None and not self.system and code not in self.token_scopes:
            return Scope(None, {})
        return self._granted(code)

    def _granted(self, code: str) -> Scope:
        if self.system:
            return Scope(int(Level.RESTRICTED), {})
        everywhere: int | None = None
        projects: dict[int, int] = {}
        for grant in self.grants:
            if code not in grant.codes:
                continue
            if grant.project_id is None:
                everywhere = max(grant.clearance, everywhere if everywhere is not None else -1)
            else:
                projects[grant.project_id] = max(grant.clearance, projects.get(grant.project_id, -1))
        return Scope(everywhere, projects)

    def may(self, code: str, project_ids: int | Iterable[int] | None = None) -> bool:
        """Whether the right is held: everywhere, or in one of the projects; without projects: anywhere at all."""
        scope = self.scope(code)
        if scope.everywhere is not None:
            return True
        if project_ids is None:
            return bool(scope.projects)
        ids = [project_ids] if isinstance(project_ids, int) else project_ids
        return any(project_id in scope.projects for project_id in ids)

    def may_everywhere(self, code: str) -> bool:
        return self.scope(code).everywhere is not None

    def require(self, code: str, project_ids: int | Iterable[int] | None = None) -> None:
        """Raise Forbidden unless ``may``."""
        if not self.may(code, project_ids):
            raise Forbidden(code)

    def require_everywhere(self, code: str) -> None:
        if not self.may_everywhere(code):
            raise Forbidden(code)

    def beyond(self, codes: Iterable[str], clearance: int, project_id: int | None) -> list[str]:
        """Those of the codes that are not one's own up to that clearance in that project, or (None) everywhere.

        Asks the grants themselves: a token narrows what is done with them, not what one may give to others.
        """
        return [
            code
            for code in codes
            if code in rights() and not self._granted(code).reaches(project_id, clearance)
        ]

    def clearance(self, code: str, project_ids: Iterable[int]) -> int:
        """Highest level readable in any of the projects; -1 when none."""
        scope = self.scope(code)
        levels = [scope.clearance(project_id) for project_id in project_ids]
        return max((level for level in levels if level is not None), default=-1)


def system_actor(name: str, *, via: Via = Via.JOB) -> Actor:
    """The system acting on its own account; ``name`` says as what in the history, e.g. ``reminders``."""
    return Actor(user_id=None, name=name, via=via, system=True)


M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """A queryset that raises unless it was told for whom it reads."""

    _scope_said: bool = False

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._scope_said = self._scope_said
        return clone

    def visible_to(self, actor: Actor) -> Self:
        """Only what the actor may read: the model's view right, by project and clearance."""
        clone = self.all() if self._scope_said else self.unscoped("visible_to")
        condition = self.model.scope_condition(actor.scope(self.model.view_right))  # type: ignore[attr-defined]
        clone = clone if condition is None else clone.filter(condition)
        return clone.without_kept(actor)

    def without_kept(self, actor: Actor) -> Self:
        """Without the records that are kept from the actor, and without what tells of them."""
        if not actor.kept_from:
            return self
        own = actor.kept_from.get(self.model._meta.label_lower)
        clone = self.exclude(pk__in=own) if own else self
        subject = getattr(self.model, "subject_field", "")
        for kind, ids in actor.kept_from.items() if subject else ():
            clone = clone.exclude(**{subject: self.model.subject_word(kind)}, subject_id__in=ids)  # type: ignore[attr-defined]
        return clone

    def unscoped(self, reason: str) -> Self:
        """Read without a scope; ``reason`` says to the reader of the code why that is safe."""
        assert reason
        clone = self.all()
        clone._scope_said = True
        return clone

    def _guard(self) -> None:
        if not self._scope_said:
            raise UnscopedQuery(
                f"{self.model.__name__} was read without visible_to(actor); say who reads, or unscoped('why')"
            )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._guard()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[M]:
        self._guard()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self._guard()
        return super().count()

    def exists(self) -> bool:
        self._guard()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._guard()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._guard()
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        self._guard()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        self._guard()
        return super().resolve_expression(*args, **kwargs)


class _Scoped(models.Model):
    view_right: ClassVar[str]
    subject_field: ClassVar[str] = ""
    """Of what tells of other records: how the field is asked that names their kind, beside ``subject_id``."""

    confidentiality = models.PositiveSmallIntegerField(
        _("confidentiality"), choices=Level.choices, default=Level.INTERNAL
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def subject_word(cls, kind: str) -> str | Collection[str]:
        """How ``subject_field`` writes a kind that the history calls ``kind``."""
        return kind

    # Constraint checks of model forms query the default manager; the database holds the constraints anyway.
    def validate_unique(self, exclude: Iterable[str] | None = None) -> None: ...

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None: ...


def _reach(scope: Scope, prefix: str, inside: str) -> Q:
    """What a scope reads, as a condition: up to the clearance everywhere, and up to another one ``inside`` projects."""
    level = f"{prefix}confidentiality__lte"
    parts = [] if scope.everywhere is None else [Q(**{level: scope.everywhere})]
    for clearance, ids in scope.by_clearance().items():
        limit: dict[str, Any] = {f"{prefix}{inside}": ids}
        parts.append(Q(**limit) if clearance >= Level.RESTRICTED else Q(**limit, **{level: clearance}))
    return functools.reduce(operator.or_, parts) if parts else Q(pk__in=[])


class ScopedModel(_Scoped):
    """A record that belongs to one project."""

    project = models.ForeignKey(
        "accounts.Project", on_delete=models.PROTECT, verbose_name=_("project"), related_name="+"
    )

    class Meta:
        abstract = True

    @classmethod
    def scope_condition(cls, scope: Scope, prefix: str = "") -> Q | None:
        """What limits reading to a scope, as a condition; None when nothing has to be limited."""
        if scope.unlimited:
            return None
        return _reach(scope, prefix, "project_id__among")

    @property
    def projects(self) -> list[int]:
        return [self.project_id]


class OverallModel(_Scoped):
    """A record of one project or, without one, of the whole organisation: that takes the right everywhere."""

    project = models.ForeignKey(
        "accounts.Project", null=True, on_delete=models.PROTECT, verbose_name=_("project"), related_name="+"
    )

    class Meta:
        abstract = True

    @classmethod
    def scope_condition(cls, scope: Scope, prefix: str = "") -> Q | None:
        return None if scope.unlimited else _reach(scope, prefix, "project_id__among")

    @property
    def projects(self) -> list[int]:
        return [] if self.project_id is None else [self.project_id]


class SharedModel(_Scoped):
    """A record that may stand in several projects at once. Projects are archived, never deleted, so ids stay true."""

    project_ids = ArrayField(models.BigIntegerField(), verbose_name=_("projects"))

    class Meta:
        abstract = True

    @classmethod
    def scope_condition(cls, scope: Scope, prefix: str = "") -> Q | None:
        if scope.unlimited:
            return None
        return _reach(scope, prefix, "project_ids__meets")

    @property
    def projects(self) -> list[int]:
        return list(self.project_ids)
