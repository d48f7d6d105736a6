"""What can be changed on many contacts at once: each thing knows whom it would change, how it reads and how it writes."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import LANGUAGES, Project, User
from enishi.contacts import signals
from enishi.contacts.models import Field, FieldValue, Party, PartyTag, Tag
from enishi.contacts.queries import protected
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services.parties import DELETE, EDIT, ContactError
from enishi.contacts.services.setup import read_value
from enishi.core import clock
from enishi.core.events import Event
from enishi.timeline.services import plain

OWN = "field:"
Values = Mapping[int, Any]


class Edited(Exception):
    """Somebody edited the value since, so that taking the change back is a question."""


class Editor(ABC):
    """One change, the same for everybody it is made to. ``field`` names it in the history.

    ``indexed``: search documents show it; ``placed``: past entries follow it.
    """

    field: str
    right: ClassVar[str] = EDIT
    event: ClassVar[Event] = signals.party_changed
    indexed = False
    placed = False

    def __init__(self, code: str, label: Any, value: Any, words: str) -> None:
        self.code, self.label, self.value, self.words = code, label, value, words

    @abstractmethod
    def differs(self) -> Q:
        """Limits parties to those that the change would change."""

    @abstractmethod
    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        """The value of each of these parties now."""

    @abstractmethod
    def changed(self, before: Any) -> Any:
        """The value after the change."""

    @abstractmethod
    def write(self, values: Values) -> None:
        """Give each party its value, set-wise."""

    def taken_back(self, now: Any, before: Any, after: Any) -> Any:
        """The value when the change is taken back, all in JSON types; raises Edited when it was edited since."""
        if now not in (after, before):
            raise Edited
        return before

    def show(self, value: Any) -> str:
        """A value in words, for the lines of a preview."""
        if isinstance(value, (list, tuple)):
            return ", ".join(self.show(item) for item in value)
        return "" if value is None else str(value)


def _parties(ids: Iterable[int]) -> QuerySet[Party]:
    return Party.objects.unscoped("chosen within the actor's rights").filter(pk__in=list(ids))


def _by_value(values: Values) -> Iterable[tuple[Any, list[int]]]:
    """Parties that get the same value, so that each value costs one statement."""
    groups: dict[str, tuple[Any, list[int]]] = {}
    for party_id, value in values.items():
        groups.setdefault(repr(value), (value, []))[1].append(party_id)
    return groups.values()


class Column(Editor):
    """A column of the party."""

    def __init__(self, code: str, label: Any, value: Any, words: str, names: Mapping[Any, Any]) -> None:
        super().__init__(code, label, value, words)
        self.field, self._names = code, names
        self.indexed = self.placed = code == "confidentiality"

    def differs(self) -> Q:
        if self.value is None:
            return Q(**{f"{self.field}__isnull": False})
        return ~Q(**{self.field: self.value})

    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        return dict(_parties(ids).values_list("pk", self.field))

    def changed(self, before: Any) -> Any:
        return self.value

    def write(self, values: Values) -> None:
        for value, ids in _by_value(values):
            _parties(ids).update(**{self.field: value})

    def show(self, value: Any) -> str:
        return "" if value in (None, "") else str(self._names.get(value, value))


class InProject(Editor):
    """Put into a project, or taken out of one; nobody is left without any."""

    field = "project_ids"
    indexed = placed = True

    def __init__(self, code: str, label: Any, project: Project, names: Mapping[int, str]) -> None:
        super().__init__(code, label, project.pk, project.name)
        self._adds, self._names = code == "project_add", names

    def differs(self) -> Q:
        there = Q(project_ids__contains=[self.value])
        return ~there if self._adds else there & Q(project_ids__len__gt=1)

    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        return dict(_parties(ids).values_list("pk", "project_ids"))

    def changed(self, before: Any) -> Any:
        return [*before, self.value] if self._adds else [pk for pk in before if pk != self.value]

    def write(self, values: Values) -> None:
        for value, ids in _by_value(values):
            _parties(ids).update(project_ids=value)

    def taken_back(self, now: Any, before: Any, after: Any) -> Any:
        if self._adds:
            return [pk for pk in now if pk != self.value] or now
        return now if self.value in now else [*now, self.value]

    def show(self, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self.show(item) for item in value if item in self._names)
        return self._names.get(value, "")


class Tagged(Editor):
    """Given a tag, or freed of one."""

    field = "tags"

    def __init__(self, code: str, label: Any, tag: Tag) -> None:
        super().__init__(code, label, tag.pk, tag.path)
        self._adds = code == "tag_add"

    def _links(self) -> QuerySet[PartyTag]:
        return PartyTag.objects.filter(tag=self.value)

    def differs(self) -> Q:
        has = Q(Exists(self._links().filter(party=OuterRef("pk"))))
        return ~has if self._adds else has

    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        found: dict[int, Any] = {party_id: [] for party_id in ids}
        links = PartyTag.objects.filter(party__in=list(ids)).order_by("tag__path")
        for party_id, path in links.values_list("party_id", "tag__path"):
            found[party_id].append(path)
        return found

    def changed(self, before: Any) -> Any:
        return (
            sorted({*before, self.words}) if self._adds else [path for path in before if path != self.words]
        )

    def write(self, values: Values) -> None:
        given = [party_id for party_id, paths in values.items() if self.words in paths]
        self._links().filter(
            party__in=[pk for pk, paths in values.items() if self.words not in paths]
        ).delete()
        PartyTag.objects.bulk_create(
            [PartyTag(party_id=party_id, tag_id=self.value) for party_id in given], ignore_conflicts=True
        )

    def taken_back(self, now: Any, before: Any, after: Any) -> Any:
        return [path for path in now if path != self.words] if self._adds else sorted({*now, self.words})


class OwnField(Editor):
    """The value of an own field."""

    def __init__(self, code: str, definition: Field, value: Any) -> None:
        self.field, self._definition, self._made = code, definition, read_value(definition, value)
        words = ", ".join(str(plain(plain_value(made))) for made in self._made)
        super().__init__(code, definition.label, value, words)

    def _stored(self) -> QuerySet[FieldValue]:
        return FieldValue.objects.filter(field=self._definition)

    def differs(self) -> Q:
        here = self._stored().filter(party=OuterRef("pk"))
        wanted = [
            Q(text=v.text, number=v.number, currency=v.currency, date=v.date, flag=v.flag)
            & Q(person=v.person_id, file_id=v.file_id)
            for v in self._made
        ]
        other, found = here, Q()
        for same in wanted:
            other = other.exclude(same)
            found |= ~Q(Exists(here.filter(same)))
        return Q(Exists(other)) | found

    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        found: dict[int, Any] = {party_id: [] for party_id in ids}
        for value in self._stored().filter(party__in=list(ids)).select_related("field").order_by("id"):
            found[value.party_id].append(plain(plain_value(value)))
        return found

    def changed(self, before: Any) -> Any:
        return [plain(plain_value(made)) for made in self._made]

    def write(self, values: Values) -> None:
        self._stored().filter(party__in=list(values)).delete()
        made = []
        for typed, ids in _by_value(values):
            for party_id in ids:
                for value in read_value(self._definition, typed):
                    value.party_id = party_id
                    made.append(value)
        FieldValue.objects.bulk_create(made, batch_size=1000)


class Deletion(Editor):
    """To the recycle bin."""

    field = "deleted_at"
    right = DELETE
    event = signals.party_deleted
    indexed = True

    def __init__(self) -> None:
        super().__init__("delete", gettext_lazy("Recycle bin"), None, _("in the recycle bin"))

    def differs(self) -> Q:
        return Q(deleted_at__isnull=True)

    def current(self, ids: Sequence[int]) -> dict[int, Any]:
        return {pk: plain(moment) for pk, moment in _parties(ids).values_list("pk", "deleted_at")}

    def changed(self, before: Any) -> Any:
        return plain(clock.now())

    def write(self, values: Values) -> None:
        for value, ids in _by_value(values):
            moment = dt.datetime.fromisoformat(value) if value else None
            _parties(ids).filter(merged_into__isnull=True).update(deleted_at=moment)

    def show(self, value: Any) -> str:
        return self.words if value else ""


LABELS: dict[str, Any] = {
    "owner": gettext_lazy("Looked after by"),
    "status": gettext_lazy("Status"),
    "language": gettext_lazy("Language"),
    "confidentiality": gettext_lazy("Confidentiality"),
    "project_add": gettext_lazy("Put into the project"),
    "project_remove": gettext_lazy("Take out of the project"),
    "tag_add": gettext_lazy("Add the tag"),
    "tag_remove": gettext_lazy("Remove the tag"),
}
COLUMN_OF = {"owner": "owner_id"}


def choices(actor: Actor, code: str) -> list[tuple[str, str]]:
    """What one can choose for a change; own fields of kinds without choices have none."""
    if code == "owner":
        return [("", _("Nobody")), *((str(user.pk), str(user)) for user in accounts.users())]
    if code == "status":
        return [(value, str(label)) for value, label in Party.Status.choices]
    if code == "language":
        return list(LANGUAGES)
    if code == "confidentiality":
        scope = actor.scope(EDIT).some
        most = max([scope.everywhere if scope.everywhere is not None else -1, *scope.projects.values()])
        return [(str(value), str(label)) for value, label in Level.choices if value <= most]
    if code in {"project_add", "project_remove"}:
        return [(str(project.pk), project.name) for project in accounts.projects(actor, EDIT)]
    if code in {"tag_add", "tag_remove"}:
        return [(str(tag.pk), tag.path) for tag in tags_for(actor)]
    if code.startswith(OWN):
        definition = own_field(actor, code)
        if definition.kind == Field.Kind.FLAG:
            return [("", _("Empty")), ("yes", _("Yes")), ("no", _("No"))]
        return [(str(option["value"]), str(option["label"])) for option in definition.options or []]
    return []


def tags_for(actor: Actor) -> QuerySet[Tag]:
    scope = actor.scope(EDIT).some
    tags = Tag.objects.filter(archived_at__isnull=True)
    if scope.everywhere is not None:
        return tags
    return tags.filter(Q(project__isnull=True) | Q(project__in=list(scope.projects)))


def own_field(actor: Actor, code: str) -> Field:
    """The own field of a code with its prefix, if it may be changed wherever contacts may be; raises ContactError."""
    if not protected.open_throughout(actor, code, EDIT):
        raise ContactError(_("This field cannot be changed for many at once."), "code")
    return _own_field(code)


def _own_field(code: str) -> Field:
    found = Field.objects.filter(code=code.removeprefix(OWN), archived_at__isnull=True).first()
    if found is None or found.kind in {Field.Kind.FILE, Field.Kind.PERSON}:
        raise ContactError(_("This field cannot be changed for many at once."), "code")
    return found


def editable(actor: Actor) -> list[tuple[str, Any]]:
    """Everything that can be changed for many at once, with its label."""
    own = Field.objects.filter(archived_at__isnull=True).exclude(
        kind__in=[Field.Kind.FILE, Field.Kind.PERSON]
    )
    named = ((f"{OWN}{field.code}", field.label) for field in own)
    open_ = [pair for pair in named if protected.open_throughout(actor, pair[0], EDIT)]
    return [*LABELS.items(), *open_]


def editor_for(actor: Actor, code: str, value: Any) -> Editor:
    """The change that was asked for, within what the actor may choose; raises ContactError for anything else."""
    if code == "delete":
        return Deletion()
    if code.startswith(OWN):
        return OwnField(code, own_field(actor, code), value)
    offered = dict(choices(actor, code))
    chosen = "" if value is None else str(value)
    if code not in LABELS or chosen not in offered:
        raise ContactError(_("Choose what to change, and to what."), "value")
    return build(code, chosen)


def build(code: str, chosen: Any) -> Editor:
    """The editor of a stored change; raises ContactError when what it changed is no longer there."""
    if code == "delete":
        return Deletion()
    if code.startswith(OWN):
        return OwnField(code, _own_field(code), chosen)
    label = LABELS[code]
    if code in {"tag_add", "tag_remove"}:
        tag = Tag.objects.filter(pk=chosen).first()
        if tag is None:
            raise ContactError(_("This tag does not exist any more."), "value")
        return Tagged(code, label, tag)
    if code in {"project_add", "project_remove"}:
        names = dict(Project.objects.values_list("pk", "name"))
        return InProject(code, label, Project.objects.get(pk=chosen), names)
    names = _column_names(code)
    value: Any = chosen
    if code == "owner":
        value = int(chosen) if chosen else None
    elif code == "confidentiality":
        value = int(chosen)
    return Column(COLUMN_OF.get(code, code), label, value, str(names.get(value, _("nobody"))), names)


def _column_names(code: str) -> dict[Any, Any]:
    if code == "owner":
        return {user.pk: str(user) for user in User.objects.all()}
    if code == "status":
        return dict(Party.Status.choices)
    return dict(LANGUAGES) if code == "language" else dict(Level.choices)
