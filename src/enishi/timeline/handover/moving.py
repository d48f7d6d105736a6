"""Handing over and taking that back: set-wise, as one operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.core import formats, jobs
from enishi.timeline import signals
from enishi.timeline.bulk import Happened, record_rows
from enishi.timeline.handover import Holding, holding, holdings
from enishi.timeline.handover.planning import MANAGE, Choices, Plan, may_take_back, plan
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import (
    finish_operation,
    masked,
    notify,
    plain,
    record,
    start_operation,
    subject_type,
)
from enishi.timeline.undo import Conflict, Undoer, UndoPlan

KIND = "timeline.handover"
AT_ONCE = 300
"""More are handed over by a job."""
MOST_CONFLICTS = 200

Holders = dict[int, int | None]


class HandoverError(Exception):
    """Nothing can be handed over as asked; the text says why and what to do."""


@transaction.atomic
def hand_over(actor: Actor, user: User, choices: Choices) -> Operation:
    """Give what somebody holds to others, at once or (more than ``AT_ONCE``) by a job; one operation in the undo log.

    What somebody may not get stays where it is. Raises HandoverError when nothing would move, Forbidden.
    """
    planned = plan(actor, user, choices)
    if not planned.count:
        raise HandoverError(_("Nothing would move. Choose who gets it, and somebody who may work there."))
    operation = start_operation(
        actor,
        kind=KIND,
        label=_("Hand-over from %(name)s") % {"name": user},
        project_ids=_projects(actor, planned),
        confidentiality=_level(planned),
        data={
            "from": user.pk,
            "moves": [
                {"code": group.kind.code, "to": gift.user.pk, "ids": [item.pk for item in group.items]}
                for gift in planned.gifts
                for group in gift.groups
            ],
        },
    )
    if planned.count > AT_ONCE:
        jobs.defer("timeline.handover", operation_id=operation.pk, user_id=actor.user_id)
    else:
        run(actor, operation.pk)
    return of_number(operation.pk)


def of_number(operation_id: int) -> Operation:
    """A hand-over, whoever asks: say who may before showing it. Raises Operation.DoesNotExist."""
    found: Operation = (
        Operation.objects.unscoped("a hand-over is shown to who gave, gets or manages people")
        .select_related("user")
        .get(pk=operation_id, kind=KIND)
    )
    return found


def _projects(actor: Actor, planned: Plan) -> list[int]:
    """The operation stands in the projects that it touches where the actor works."""
    touched = {
        pk
        for gift in planned.gifts
        for group in gift.groups
        for item in group.items
        for pk in item.project_ids
    }
    if not actor.may_everywhere(MANAGE):
        touched = {pk for pk in touched if any(grant.project_id in (None, pk) for grant in actor.grants)}
    return sorted(touched)


def _level(planned: Plan) -> int:
    levels = [item.confidentiality for gift in planned.gifts for group in gift.groups for item in group.items]
    return max([int(Level.INTERNAL), *levels])


@transaction.atomic
def run(actor: Actor, operation_id: int) -> None:
    """Do what an operation says, as far as it still holds: rights and holders are looked at once more."""
    operation = (
        Operation.objects.unscoped("the operation that is being done")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=operation_id)
    )
    if operation.state != Operation.State.RUNNING:
        return
    user = User.objects.get(pk=operation.data["from"])
    choices = {
        f"{move['code']}:{pk}": str(move["to"]) for move in operation.data["moves"] for pk in move["ids"]
    }
    got: dict[int, int] = defaultdict(int)
    for gift in plan(actor, user, choices).gifts:
        for group in gift.groups:
            wanted = [item.pk for item in group.items]
            moved = _give(actor, operation, group.kind, wanted, user.pk, gift.user.pk)
            for code, ids in group.kind.brings(user.pk, moved).items():
                if (other := holding(code)) is not None:
                    _give(actor, operation, other, ids, user.pk, gift.user.pk)
            got[gift.user.pk] += len(moved)
    handed = sum(got.values())
    finish_operation(operation, counts={"handed": handed})
    record(actor, signals.handed_over, subject=user, operation=operation, data={"count": handed})
    _tell(actor, operation, user, got)


def _give(
    actor: Actor, operation: Operation, kind: Holding, ids: Collection[int], from_id: int, to_id: int
) -> list[int]:
    """Move what is still with its holder; returns the ids of it."""
    now = kind.holders(ids)
    fitting: Holders = {
        pk: holder for pk, holder in now.items() if holder == from_id or (kind.implicit and holder is None)
    }
    _write(actor, operation, kind, fitting, dict.fromkeys(fitting, to_id))
    return list(fitting)


def _write(
    actor: Actor,
    operation: Operation,
    kind: Holding,
    before: Mapping[int, int | None],
    after: Mapping[int, int | None],
) -> None:
    """Give each thing its holder and write that into the history."""
    if not after:
        return
    wanted = {pk for pk in (*before.values(), *after.values()) if pk}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}
    record_rows(
        actor,
        operation,
        [
            Happened(
                event=kind.event,
                subject_type=subject_type(moved.subject),
                subject_id=moved.subject.pk,
                label=str(moved.subject),
                party_id=moved.party_id,
                changes=masked(kind.changes(before[moved.subject.pk], after[moved.subject.pk], names)),
                data=plain(kind.facts(before[moved.subject.pk], after[moved.subject.pk])),
                project_ids=getattr(moved.subject, "projects", []),
                confidentiality=int(getattr(moved.subject, "confidentiality", Level.INTERNAL)),
            )
            for moved in kind.assign(after)
        ],
    )


def _tell(actor: Actor, operation: Operation, user: User, got: Mapping[int, int]) -> None:
    """Tell everybody who got something, with the address of their brief."""
    for one in User.objects.filter(pk__in=[pk for pk in got if pk != actor.user_id]):
        number = got[one.pk]
        with translation.override(one.language):
            title = ngettext(
                "%(count)s thing that %(name)s looked after is yours now. Read the brief.",
                "%(count)s things that %(name)s looked after are yours now. Read the brief.",
                number,
            ) % {"name": user, "count": formats.format_number(number, one.language)}
        notify([one.pk], kind="handover", title=title, url=brief_url(operation, one.pk))


def brief_url(operation: Operation, user_id: int) -> str:
    return reverse("handover:brief", args=[operation.pk, user_id])


def finish_by_job(actor: Actor, operation_id: int) -> None:
    """The job: do it all and tell whoever asked."""
    run(actor, operation_id)
    operation = of_number(operation_id)
    if actor.user_id is not None:
        title = _("“%(label)s” is done.") % {"label": operation.label}
        url = reverse("timeline:operation", args=[operation_id])
        notify([actor.user_id], kind="handover", title=title, url=url)


class UndoHandover(Undoer):
    """Everything goes back to whom it was with, unless it was given on or settled since."""

    right = MANAGE
    labels: ClassVar[Mapping[str, Any]] = {
        "handed": gettext_lazy("handed over"),
        "moved": gettext_lazy("moved back"),
    }

    def check(self, actor: Actor, operation: Operation) -> None:
        """Who may hand it over may take it back."""
        if not may_take_back(actor, operation.user_id, operation.data["from"]):
            raise Forbidden(MANAGE)

    def preview(self, actor: Actor, operation: Operation) -> UndoPlan:
        moved, kept = 0, 0
        conflicts: list[Conflict] = []
        for kind, told in _told(operation):
            now = kind.holders(told)
            edited = {pk: now[pk] for pk, (_was, after) in told.items() if pk in now and now[pk] != after}
            moved += sum(now.get(pk, 0) == after for pk, (_was, after) in told.items() if pk in now)
            kept += len(told) - len(now) + len(edited)
            conflicts += _conflicts(actor, kind, edited, told, room=MOST_CONFLICTS - len(conflicts))
        user = User.objects.filter(pk=operation.data["from"]).first()
        notes = []
        if user is not None and not user.is_active:
            notes.append(
                _("The account of %(name)s is switched off: what comes back there, nobody sees on My day.")
                % {"name": user}
            )
        return UndoPlan({"moved": moved, "kept": kept}, conflicts, notes)

    def apply(self, actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
        asked = set()
        if keep is not None:
            asked = {conflict.key for conflict in self.preview(actor, operation).conflicts} - set(keep)
        moved, kept = 0, 0
        for kind, told in _told(operation):
            now = kind.holders(told)
            back: Holders = {
                pk: was
                for pk, (was, after) in told.items()
                if pk in now and (now[pk] == after or f"{kind.code}:{pk}" in asked)
            }
            _write(actor, operation, kind, {pk: now[pk] for pk in back}, back)
            moved += len(back)
            kept += len(told) - len(back)
        return {"moved": moved, "kept": kept}


def _told(operation: Operation) -> Iterator[tuple[Holding, dict[int, tuple[int | None, int | None]]]]:
    """What the operation moved, by kind: from whom and to whom."""
    for kind in holdings():
        entries = Entry.objects.unscoped("the inverse of an operation that the actor may take back").filter(
            operation=operation, subject_type__in=kind.subject_types, event=kind.event.code
        )
        told = {
            pk: (data["_holder"][0], data["_holder"][1])
            for pk, data in entries.order_by("pk").values_list("subject_id", "data")
            if "_holder" in data
        }
        if told:
            yield kind, told


def _conflicts(
    actor: Actor,
    kind: Holding,
    edited: Mapping[int, int | None],
    told: Mapping[int, tuple[int | None, int | None]],
    *,
    room: int,
) -> list[Conflict]:
    if not edited:
        return []
    wanted = [*edited.values(), *(told[pk][0] for pk in edited)]
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[pk for pk in wanted if pk])}
    return [
        Conflict(
            key=f"{kind.code}:{item.pk}",
            subject=item.title,
            field=str(kind.label),
            now=names.get(edited[item.pk] or 0, ""),
            back_to=names.get(told[item.pk][0] or 0, ""),
            url=item.url,
        )
        for item in kind.named(actor, list(edited))[:room]
    ]
