"""Changing many contacts: saying first what would happen, then doing it set-wise as one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.contacts import signals
from enishi.contacts.models import Party
from enishi.contacts.models.party import PartyQuerySet
from enishi.contacts.queries import protected
from enishi.contacts.queries.lists import ListSpec, matching_parties
from enishi.contacts.services.bulk.editors import Editor, build, editor_for
from enishi.contacts.services.parties import ContactError
from enishi.contacts.services.searchable import index_parties
from enishi.core import clock, jobs, live
from enishi.timeline.models import Operation
from enishi.timeline.services import (
    finish_operation,
    notify,
    reclassify_each,
    record,
    record_each,
    start_operation,
)

BULK = "contacts.bulk"
KIND = "contacts.bulk"
AT_ONCE = 2000
"""More are changed by a job."""
CHUNK = 1000
EXAMPLES = 10


@dataclass(frozen=True)
class Selection:
    """Whom to change: these contacts, or everybody that a list shows."""

    ids: tuple[int, ...] | None = None
    spec: ListSpec | None = None

    def parties(self, actor: Actor) -> PartyQuerySet:
        """Those of them that the actor may see."""
        if self.spec is not None:
            return matching_parties(actor, self.spec)
        return Party.objects.visible_to(actor).present().filter(pk__in=self.ids or ())

    def as_json(self) -> dict[str, Any]:
        if self.spec is None:
            return {"ids": list(self.ids or ())}
        return {"spec": self.spec.as_json(), "project_id": self.spec.project_id}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Selection:
        if "spec" not in data:
            return cls(ids=tuple(data["ids"]))
        return cls(spec=ListSpec.read({**data["spec"], "project_id": data["project_id"]}))


@dataclass(frozen=True)
class Example:
    party: Party
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a change would do: how many it changes, leaves as they are, and may not touch."""

    editor: Editor
    change: int
    stay: int
    refused: int
    examples: Sequence[Example] = ()

    @property
    def later(self) -> bool:
        """Whether it is done by a job."""
        return self.change > AT_ONCE


def _allowed(actor: Actor, editor: Editor) -> Q:
    """Limits parties to those that the actor may change in this way."""
    limits = [Party.scope_condition(actor.scope(right)) for right in (BULK, editor.right)]
    allowed = Q()
    for limit in limits:
        allowed = allowed if limit is None else allowed & limit
    return allowed


def preview(actor: Actor, selection: Selection, *, code: str, value: Any) -> Preview:
    """Say what a change would do; writes nothing. Raises ContactError, Forbidden."""
    actor.require(BULK)
    editor = editor_for(actor, code, value)
    chosen, allowed = selection.parties(actor), _allowed(actor, editor)
    counts = chosen.aggregate(
        every=Count("pk"),
        allowed=Count("pk", filter=allowed) if allowed else Count("pk"),
        change=Count("pk", filter=allowed & editor.differs()),
    )
    first = list(chosen.filter(allowed & editor.differs()).order_by("sort_key", "pk")[:EXAMPLES])
    before = editor.current([party.pk for party in first])
    return Preview(
        editor=editor,
        change=counts["change"],
        stay=counts["allowed"] - counts["change"],
        refused=counts["every"] - counts["allowed"],
        examples=[
            Example(party, editor.show(before[party.pk]), editor.show(editor.changed(before[party.pk])))
            for party in first
        ],
    )


@transaction.atomic
def apply(actor: Actor, selection: Selection, *, code: str, value: Any) -> Operation:
    """Change many contacts at once, or (more than ``AT_ONCE``) have a job do it; one operation in the undo log.

    Raises ContactError when nobody would be changed, Forbidden.
    """
    planned = preview(actor, selection, code=code, value=value)
    if not planned.change:
        raise ContactError(_("Nothing would change. Choose another value, or other contacts."), "value")
    operation = start_operation(
        actor,
        kind=KIND,
        # Whoever reads the undo log need not see the field.
        label=str(planned.editor.label)
        if protected.is_protected(actor, code)
        else f"{planned.editor.label}: {planned.editor.words}",
        project_ids=[],
        data={
            "code": code,
            "value": value,
            "selection": selection.as_json(),
            "total": planned.change,
            "after": 0,
        },
    )
    if planned.later:
        jobs.defer("contacts.bulk", operation_id=operation.pk, user_id=actor.user_id)
    else:
        run(actor, operation.pk)
        operation.refresh_from_db(from_queryset=_mine(operation.pk))
    return operation


def _mine(operation_id: int) -> Any:
    return Operation.objects.unscoped("the operation that is being done").filter(pk=operation_id)


def run(actor: Actor, operation_id: int) -> None:
    """Do what an operation says, a thousand contacts in each transaction; goes on where a crash left off."""
    while _next(actor, operation_id):
        pass


@transaction.atomic
def _next(actor: Actor, operation_id: int) -> bool:
    """Change the next contacts; tells whether there may be more."""
    operation: Operation = _mine(operation_id).select_for_update(no_key=True, of=("self",)).get()
    if operation.state != Operation.State.RUNNING:
        return False
    editor = build(operation.data["code"], operation.data["value"])
    wanted = Selection.read(operation.data["selection"]).parties(actor)
    wanted = wanted.filter(_allowed(actor, editor) & editor.differs(), pk__gt=operation.data["after"])
    locked = wanted.order_by("pk").select_for_update(no_key=True, of=("self",))
    parties = {party.pk: party for party in locked[:CHUNK]}
    if parties:
        _change(actor, editor, parties, operation)
        done = operation.counts.get("changed", 0) + len(parties)
        operation.counts = {"changed": done}
        operation.data = {**operation.data, "after": max(parties)}
        _widen(actor, operation, parties.values())
        operation.save(update_fields=["counts", "data", "project_ids", "confidentiality"])
        if actor.user_id is not None:
            total = max(operation.data["total"], done)
            live.push(actor.user_id, "job", {"id": f"bulk-{operation_id}", "done": done, "total": total})
    if len(parties) == CHUNK:
        return True
    finish_operation(operation, counts=operation.counts)
    facts = {"change": operation.label, "count": operation.counts.get("changed", 0)}
    record(actor, signals.bulk_changed, subject=operation, data=facts, operation=operation)
    return False


def _change(actor: Actor, editor: Editor, parties: Mapping[int, Party], operation: Operation) -> None:
    before = editor.current(list(parties))
    write(editor, {party_id: editor.changed(before[party_id]) for party_id in parties})
    # Entries stand where the record stands after the change.
    fresh = Party.objects.unscoped("just changed").filter(pk__in=list(parties))
    now = editor.current(list(parties))
    record_each(
        actor,
        editor.event,
        [(party, party.pk, {editor.field: (before[party.pk], now[party.pk])}) for party in fresh],
        operation=operation,
    )


def write(editor: Editor, values: Mapping[int, Any]) -> None:
    """Write values and bring version, index and placement of past entries after them."""
    ids = list(values)
    editor.write(values)
    Party.objects.unscoped("just changed").filter(pk__in=ids).update(
        version=F("version") + 1, updated_at=clock.now()
    )
    if editor.indexed:
        index_parties(ids)
    if editor.placed:
        reclassify_each(Party, ids)


def _widen(actor: Actor, operation: Operation, parties: Any) -> None:
    """The operation stands in every project that it touched where the actor works, as confidential as its strictest."""
    scope = actor.scope(BULK).some
    touched = {pk for party in parties for pk in party.project_ids}
    if scope.everywhere is None:
        touched &= set(scope.projects)
    operation.project_ids = sorted({*operation.project_ids, *touched})
    operation.confidentiality = max(
        [operation.confidentiality, int(Level.INTERNAL), *(party.confidentiality for party in parties)]
    )


def finish_by_job(actor: Actor, operation_id: int, *, url: str) -> None:
    """The job: do it all and tell whoever asked."""
    run(actor, operation_id)
    operation: Operation = _mine(operation_id).get()
    if actor.user_id is not None:
        title = _("“%(label)s” is done for %(count)s contacts.") % {
            "label": operation.label,
            "count": operation.counts.get("changed", 0),
        }
        notify([actor.user_id], kind="bulk", title=title, url=url)


__all__ = ["Example", "Preview", "Selection", "apply", "finish_by_job", "preview", "run", "write"]
