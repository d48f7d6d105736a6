"""What holds for every promise and task: its words, who may own it, how confidential it is at least."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, cast

from django.db import models
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.commitments.models import Duty, Promise, Source, Task
from enishi.contacts.models import Party
from enishi.core import clock, registry, text
from enishi.core.errors import Refusal
from enishi.core.events import Event
from enishi.core.money import LARGEST, STEP, Money, is_currency
from enishi.core.normalise.typed import shown
from enishi.timeline.models import Entry
from enishi.timeline.services import Changes, notify, record

VIEW = "commitments.view"
EDIT = "commitments.edit"
DELETE = "commitments.delete"

C = TypeVar("C", bound=Promise | Task)


class CommitmentError(Refusal):
    """A promise or task cannot be saved as asked; ``field`` is where, the text says why and what to do."""


class Conflict(Exception):
    """Somebody else saved the record since it was read; ``current`` is the version now."""

    def __init__(self, current: int) -> None:
        super().__init__(
            _(
                "Somebody else has changed this since you opened it. Look at it again, then repeat your change."
            )
        )
        self.current = current


def locked(model: type[C], pk: int, version: int | None = None) -> C:
    """The row as it is now, locked for the change; raises Conflict when ``version`` is no longer its version."""
    row = (
        model.objects.unscoped("locked for a change that the actor may make")
        .select_related("project")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=pk)
    )
    if version is not None and row.version != version:
        raise Conflict(row.version)
    return cast(C, row)


def save(row: Promise | Task) -> None:
    row.version, row.updated_at = row.version + 1, clock.now()
    row.save()


def words(title: str) -> str:
    """A title in one line; raises CommitmentError when nothing is left of it."""
    title = " ".join(text.strip_bidi(text.clean(title)).split())
    if not title:
        raise CommitmentError(_("Say in a few words what it is about."), "title")
    if len(title) > 300:
        raise CommitmentError(
            _("This is longer than 300 characters. Keep the essence and put the rest into the details."),
            "title",
        )
    return title


def check_amount(money: Money | None) -> None:
    """Only what can be kept exactly, in a currency that there is."""
    if money is None:
        return
    if not is_currency(money.currency):
        raise CommitmentError(
            _("“%(typed)s” is not a currency. Write its three letters, like EUR.")
            % {"typed": shown(money.currency)},
            "money",
        )
    if not 0 < money.amount < LARGEST or money.amount != money.amount.quantize(STEP):
        raise CommitmentError(
            _("This cannot be an amount: it is nothing, too large, or has more than four decimals."), "money"
        )


def require_new(actor: Actor, project: Project, owner: User | None) -> None:
    """The right to write something down there for that owner; raises Forbidden, CommitmentError for another owner."""
    if not actor.may_new(EDIT, project.pk, [owner.pk if owner else None]):
        actor.require_some(EDIT, project.pk)
        raise CommitmentError(
            _("With your role this must belong to you or to your team. Choose another owner."), "owner"
        )


def level(actor: Actor, project: Project, wanted: int | None, *hangs_on: int) -> int:
    """The confidentiality of a record: as wanted (else the project's usual), never below what it hangs on."""
    floor = max([int(Level.OPEN), *map(int, hangs_on)])
    if wanted is None:
        return max(project.default_level, floor)
    if wanted > max(actor.clearance(VIEW, [project.pk], own=True), floor):
        raise CommitmentError(
            _("You cannot make this more confidential than you may read."), "confidentiality"
        )
    return max(wanted, floor)


def level_of_talk(said_in_id: int | None) -> int:
    """The level of the conversation it was said in, as the app that keeps conversations answers."""
    if said_in_id is None:
        return Level.OPEN
    answers = registry.providers("commitments.least_level").values()
    return max((int(answer(said_in_id)) for answer in answers), default=Level.OPEN)


def check_party(project: Project, party: Party | None) -> None:
    """A promise shows the name of its person to all who read the promise, so that person must be in the project too."""
    if party is not None and project.pk not in party.project_ids:
        raise CommitmentError(
            _("%(name)s is not in the project %(project)s. Add them to it first, or choose another project.")
            % {"name": party.full_name, "project": project.name},
            "party",
        )


def level_of_ties(subject: str, pk: int | None) -> int:
    """The level of what higher apps tied a promise or task to, such as a case."""
    if pk is None:
        return Level.OPEN
    answers = registry.providers("commitments.level_of_ties").values()
    return max((int(answer(subject, pk)) for answer in answers), default=Level.OPEN)


def check_owner(
    project: Project, owner: User | None, confidentiality: int, subject: tuple[str, int] | None = None
) -> None:
    """Nobody is given what they may not read."""
    if owner is None:
        return
    takers = accounts.takers(VIEW, [project.pk], confidentiality, subject=subject)
    if not takers.filter(pk=owner.pk).exists():
        raise CommitmentError(
            _(
                "%(name)s may not read this. Choose another owner, or give %(name)s a role in %(project)s first."
            )
            % {"name": owner.name, "project": project.name},
            "owner",
        )


def tell_owner(actor: Actor, row: Promise | Task, owner: User | None) -> None:
    """Notify somebody to whom another person gave this."""
    if owner is None or owner.pk == actor.user_id:
        return
    is_promise = isinstance(row, Promise)
    with translation.override(owner.language):
        if row.confidentiality >= Level.CONFIDENTIAL:
            title = _("%(name)s gave you something confidential to look after.") % {"name": actor.name}
        elif is_promise:
            title = _("%(name)s gave you a promise: %(title)s") % {"name": actor.name, "title": row.title}
        else:
            title = _("%(name)s gave you a task: %(title)s") % {"name": actor.name, "title": row.title}
    notify([owner.pk], kind="promise" if is_promise else "task", title=title, url=address(row))


_NAMED = ("project", "party", "owner", "promise", "duty")


def told(row: Promise | Task, changes: Changes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Changes as people read them in the history, with names for numbers, and beside them the numbers for the undo."""
    shown: dict[str, Any] = {}
    ids: dict[str, Any] = {}
    for column, (was, became) in changes.items():
        name = column.removesuffix("_id")
        if name == column:
            shown[column] = (was, became)
            continue
        ids[column] = [was, became]
        if name in _NAMED:
            shown[name] = (name_of(row, name, was), name_of(row, name, became))
    return shown, {"_ids": ids} if ids else {}


def write_history(actor: Actor, event: Event, row: Promise | Task, changes: Changes, **data: Any) -> Entry:
    shown, ids = told(row, changes)
    return record(actor, event, subject=row, party_id=row.party_id, changes=shown, data={**ids, **data})


def name_of(row: models.Model, name: str, pk: int | None) -> str:
    """The name behind a foreign key, for the history of a record whose reader may see it."""
    if pk is None:
        return ""
    if getattr(row, f"{name}_id") == pk:
        return str(getattr(row, name))
    related: Any = row._meta.get_field(name).related_model
    return str(related._base_manager.filter(pk=pk).first() or "")


def source_address(source: Source) -> str:
    return reverse("commitments:source", args=[source.pk])


def duty_address(duty: Duty) -> str:
    return reverse("commitments:duty", args=[duty.pk])


def address(row: Promise | Task) -> str:
    return reverse("commitments:promise" if isinstance(row, Promise) else "commitments:task", args=[row.pk])


def image(row: models.Model, without: Iterable[str] = ()) -> dict[str, Any]:
    """Every stored value of a row, by column, enough to make it again."""
    left_out = set(without)
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in left_out
    }
