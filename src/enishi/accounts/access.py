"""Who may see and do what: the one place.

An ``Actor`` is built once per request, call or job and passed to every query and service. A scoped queryset refuses to
run before ``visible_to(actor)`` (or ``unscoped(reason)``) was called, so lists, counts, search, exports and the API
obey the same line of code.
"""

from __future__ import annotations

import functools
import operator
import uuid
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.scopes import (
    Granted,
    Level,
    Owned,
    Scope,
    UnknownRight,
    family,
    known,
    narrowable,
    rights,
)
from enishi.core import lookups  # noqa: F401  its conditions register themselves

__all__ = [
    "Actor",
    "Forbidden",
    "Granted",
    "Level",
    "OverallModel",
    "Owned",
    "Scope",
    "ScopedModel",
    "ScopedQuerySet",
    "SharedModel",
    "UnknownRight",
    "UnscopedQuery",
    "Via",
    "known",
    "narrowable",
    "owned_kinds",
    "rights",
    "system_actor",
]


class Via(models.TextChoices):
    """Through what something was done."""

    WEB = "web", _("Web")
    API = "api", _("API")
    MAIL = "mail", _("E-mail")
    PHONE = "phone", _("Phone")
    JOB = "job", _("Background job")
    CLI = "cli", _("Command line")
    FIELD = "field", _("In the field")


class UnscopedQuery(RuntimeError):
    """A scoped model was read without saying for whom."""


class Forbidden(PermissionDenied):
    """The record may be seen, but the right for this is missing. ``right`` is the missing permission code."""

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right


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
    team_mates: frozenset[int] = frozenset()
    """Who shares a team with them."""
    protected: frozenset[str] = frozenset()
    """The fields that only roles which name them show: ``accounts.fields``."""
    _scopes: dict[str, Scope] = field(default_factory=dict, repr=False, compare=False)

    @property
    def own_id(self) -> int:
        """The id of the user for looking up their own rows; 0 for the system and for whoever looks as somebody else."""
        return 0 if self.within else self.user_id or 0

    @functools.cached_property
    def reading(self) -> Hashable:
        """All of an actor that decides what is read, but for who it is; equal for colleagues of the same roles."""
        kept = frozenset((kind, frozenset(ids)) for kind, ids in self.kept_from.items())
        within = (self.within.user_id, self.within.reading) if self.within else None
        known = self.user_id is not None
        return (
            known,
            self.system,
            self.grants,
            self.token_scopes,
            kept,
            self.team_mates,
            self.protected,
            within,
        )

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
        whole, owned = Scope(None, {}), dict[frozenset[int], Scope]()
        for grant in self.grants:
            if code not in grant.codes:
                continue
            here = (
                Scope(grant.clearance, {})
                if grant.project_id is None
                else Scope(None, {grant.project_id: grant.clearance})
            )
            if code in grant.own or code in grant.team:
                mates = self.team_mates if code in grant.team else frozenset[int]()
                people = mates | ({self.user_id} if self.user_id else frozenset())
                owned[people] = owned.get(people, Scope(None, {})).join(here)
            else:
                whole = whole.join(here)
        if not owned:
            return whole
        return whole.besides(Owned(people, code, inside) for people, inside in owned.items())

    def _scope_at(self, code: str, where: _Scoped | object) -> Scope:
        """What of a right counts for a record, or (where no record is given) for a project as a whole."""
        scope = self.scope(code)
        if not scope.owned:
            return scope
        if isinstance(where, _Scoped) and family(where.view_right) == family(code):
            return scope.of(where.reached_by(code))
        return scope.whole

    def may(self, code: str, where: int | Iterable[int] | _Scoped | None = None) -> bool:
        """Whether the right is held: everywhere, or in one of the projects; without projects: anywhere at all.

        A right that a role narrows to certain people's records is held for a record, not for a project: pass the record.
        """
        if where is None:
            return not self.scope(code).empty
        return _holds(self._scope_at(code, where), where)

    def may_some(self, code: str, where: int | Iterable[int] | _Scoped | None = None) -> bool:
        """Whether the right is held there for some records at least: to list them, or to make one of one's own."""
        return self.may(code) if where is None else _holds(self.scope(code).some, where)

    def may_everywhere(self, code: str) -> bool:
        return self.scope(code).everywhere is not None

    def require(self, code: str, where: int | Iterable[int] | _Scoped | None = None) -> None:
        """Raise Forbidden unless ``may``."""
        if not self.may(code, where):
            raise Forbidden(code)

    def require_some(self, code: str, where: int | Iterable[int] | _Scoped | None = None) -> None:
        """Raise Forbidden unless ``may_some``."""
        if not self.may_some(code, where):
            raise Forbidden(code)

    def may_new(self, code: str, project_id: int, owners: Iterable[int | None] = ()) -> bool:
        """Whether one may make a record there, or move one there, that belongs to these people."""
        return _holds(self.scope(code).of({pk for pk in owners if pk}), project_id)

    def require_new(self, code: str, project_id: int, owners: Iterable[int | None] = ()) -> None:
        """Raise Forbidden unless ``may_new``."""
        if not self.may_new(code, project_id, owners):
            raise Forbidden(code)

    def require_whole(self, code: str) -> None:
        """Raise Forbidden unless ``may_whole``."""
        if not self.may_whole(code):
            raise Forbidden(code)

    def may_whole(self, code: str) -> bool:
        """Whether the right is held anywhere for all records, also for those that belong to nobody."""
        return not self.scope(code).whole.empty

    def require_everywhere(self, code: str) -> None:
        if not self.may_everywhere(code):
            raise Forbidden(code)

    def beyond(self, codes: Iterable[str], clearance: int, project_id: int | None) -> list[str]:
        """Those of the codes that are not one's own up to that clearance in that project, or (None) everywhere.

        Asks the grants themselves: a token narrows what is done with them, not what one may give to others. Who holds
        a right for their own records does not hold it for those of whom they would give it to.
        """
        return [
            code
            for code in codes
            if code in rights() and not self._granted(code).whole.reaches(project_id, clearance)
        ]

    def clearance(self, code: str, project_ids: Iterable[int], *, own: bool = False) -> int:
        """Highest level readable in any of the projects; -1 when none. ``own``: of what is one's own."""
        scope = self.scope(code)
        scope = scope.of({self.own_id}) if own else scope
        levels = [scope.clearance(project_id) for project_id in project_ids]
        return max((level for level in levels if level is not None), default=-1)


def _holds(scope: Scope, where: object) -> bool:
    if scope.everywhere is not None:
        return True
    ids = [where] if isinstance(where, int) else where.projects if isinstance(where, _Scoped) else where
    return any(project_id in scope.projects for project_id in ids)  # type: ignore[attr-defined]


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

    def guard(self) -> None:
        """Raise UnscopedQuery unless it was said for whom it reads."""
        if not self._scope_said:
            raise UnscopedQuery(
                f"{self.model.__name__} was read without visible_to(actor); say who reads, or unscoped('why')"
            )

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self.guard()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[M]:
        self.guard()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self.guard()
        return super().count()

    def exists(self) -> bool:
        self.guard()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.guard()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self.guard()
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        self.guard()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        self.guard()
        return super().resolve_expression(*args, **kwargs)


class _Scoped(models.Model):
    view_right: ClassVar[str]
    subject_field: ClassVar[str] = ""
    """Of what tells of other records: how the field is asked that names their kind, beside ``subject_id``."""
    owner_fields: ClassVar[tuple[str, ...]] = ()
    """The columns with the users to whom a record belongs; without any nobody reaches it by ownership."""
    _inside: ClassVar[str]

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

    @property
    def projects(self) -> list[int]:
        raise NotImplementedError

    def owners(self) -> set[int]:
        """The users to whom it belongs."""
        return {pk for name in self.owner_fields if (pk := getattr(self, name)) is not None}

    @classmethod
    def owned_by(cls, people: Collection[int], prefix: str = "") -> Q:
        """What belongs to one of these users, as a condition; the same as ``owners``."""
        parts = (Q(**{f"{prefix}{name}__in": sorted(people)}) for name in cls.owner_fields)
        return functools.reduce(operator.or_, parts)

    def reached_by(self, right: str) -> set[int]:
        """The users who reach it by ownership under a right: to whom it belongs, and who may see it with something else."""
        return self.owners()

    @classmethod
    def within_reach(cls, people: Collection[int], right: str, prefix: str = "") -> Q:
        """What one of these users reaches so, as a condition; the same as ``reached_by``."""
        return cls.owned_by(people, prefix)

    @classmethod
    def scope_condition(cls, scope: Scope, prefix: str = "") -> Q | None:
        """What limits reading to a scope, as a condition; None when nothing has to be limited."""
        if scope.unlimited:
            return None
        condition = _reach(scope, prefix, cls._inside)
        for part in scope.owned:
            theirs = cls._theirs(part, prefix)
            if theirs is not None:
                condition |= _reach(part.inside, prefix, cls._inside) & theirs
        return condition

    @classmethod
    def _theirs(cls, part: Owned, prefix: str) -> Q | None:
        """What belongs to the people of a part of a scope, or tells of what does; None where that is nothing."""
        kind = family(part.right)
        if cls.owner_fields and family(cls.view_right) == kind:
            return cls.within_reach(part.people, part.right, prefix)
        if not cls.subject_field:
            return None
        condition = Q(pk__in=[])
        for model in _owned_models(kind):
            objects: Any = model._default_manager
            theirs = objects.unscoped("only which of them belong to certain people")
            condition |= Q(
                **{
                    f"{prefix}{cls.subject_field}": cls.subject_word(model._meta.label_lower),
                    f"{prefix}subject_id__in": theirs.filter(
                        model.within_reach(part.people, part.right)
                    ).values("pk"),
                }
            )
        return condition

    # Constraint checks of model forms query the default manager; the database holds the constraints anyway.
    def validate_unique(self, exclude: Iterable[str] | None = None) -> None: ...

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None: ...


@functools.cache
def owned_kinds() -> dict[str, type[_Scoped]]:
    """The models whose records belong to somebody, by what the history calls their kind."""
    found = (model for model in apps.get_models() if issubclass(model, _Scoped) and model.owner_fields)
    return {model._meta.label_lower: model for model in found}


def _owned_models(kind: str) -> Iterator[type[_Scoped]]:
    """Those that are seen by a right of that part of the product."""
    return (model for model in owned_kinds().values() if family(model.view_right) == kind)


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

    _inside: ClassVar[str] = "project_id__among"

    project = models.ForeignKey(
        "accounts.Project", on_delete=models.PROTECT, verbose_name=_("project"), related_name="+"
    )

    class Meta:
        abstract = True

    @property
    def projects(self) -> list[int]:
        return [self.project_id]


class OverallModel(_Scoped):
    """A record of one project or, without one, of the whole organisation: that takes the right everywhere."""

    _inside: ClassVar[str] = "project_id__among"

    project = models.ForeignKey(
        "accounts.Project", null=True, on_delete=models.PROTECT, verbose_name=_("project"), related_name="+"
    )

    class Meta:
        abstract = True

    @property
    def projects(self) -> list[int]:
        return [] if self.project_id is None else [self.project_id]


class SharedModel(_Scoped):
    """A record that may stand in several projects at once. Projects are archived, never deleted, so ids stay true."""

    _inside: ClassVar[str] = "project_ids__meets"

    project_ids = ArrayField(models.BigIntegerField(), verbose_name=_("projects"))

    class Meta:
        abstract = True

    @property
    def projects(self) -> list[int]:
        return list(self.project_ids)
