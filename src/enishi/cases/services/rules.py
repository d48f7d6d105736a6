"""What holds for every case: its words, its level, who may own it, and what follows a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.cases.clocks import due_after
from enishi.cases.models import Case, CaseDoor
from enishi.cases.queries.cases import office_zone
from enishi.cases.queries.needs import Need
from enishi.commitments.queries import business_calendar
from enishi.contacts.models import Party
from enishi.core import clock, jobs, text
from enishi.core.errors import Refusal
from enishi.core.events import Event
from enishi.search.models import Kind
from enishi.search.services import Findable, index
from enishi.timeline.models import Entry, Family
from enishi.timeline.services import differences, notify, place, reclassify, record

VIEW, EDIT, MANAGE = "cases.view", "cases.edit", "cases.manage"
UNMASK = "cases.unmask"
SUBJECT = "cases.case"
LONGEST = 100_000

FIELDS = (
    "title", "text", "party_id", "anonymous", "teller_name", "teller_reach", "channel", "language", "place", "happened",
    "owner_id", "stage", "priority", "impact", "root_cause", "outcome", "values", "acknowledge_by", "acknowledged_at",
    "resolve_by", "look_again_at", "closed_at", "asked_at", "satisfaction", "satisfaction_words", "appealed_at", "appeal_words", "quote",
    "confidentiality",
)  # fmt: skip


class CaseError(Refusal):
    """A case cannot be changed as asked; ``field`` is where, the text says why and what to do."""


class Missing(CaseError):
    """A case cannot move on yet; ``needs`` are what is still to be done."""

    def __init__(self, message: str, needs: Iterable[Need]) -> None:
        super().__init__(message)
        self.needs = list(needs)


class Conflict(Exception):
    """Somebody else saved the case since it was read; ``current`` is the version now."""

    def __init__(self, current: int) -> None:
        super().__init__(
            _(
                "Somebody else has changed this since you opened it. Look at it again, then repeat your change."
            )
        )
        self.current = current


def locked(pk: int, version: int | None = None) -> Case:
    """The case as it is now, locked for the change; raises Conflict when ``version`` is no longer its version."""
    row = (
        Case.objects.unscoped("locked for a change that the actor may make")
        .select_related("project")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=pk)
    )
    if version is not None and row.version != version:
        raise Conflict(row.version)
    return row


def words(title: str) -> str:
    """A title in one line; raises CaseError when nothing is left of it or it is too long."""
    title = " ".join(text.strip_bidi(text.clean(title)).split())
    if not title:
        raise CaseError(_("Say in a few words what it is about."), "title")
    if len(title) > 300:
        raise CaseError(
            _("This is longer than 300 characters. Keep the essence and put the rest into the text."), "title"
        )
    return title


def long_words(given: str, field: str = "text") -> str:
    """Running text; raises CaseError for more than anybody reads."""
    cleaned = text.clean(given).strip()
    if len(cleaned) > LONGEST:
        raise CaseError(_("This is longer than 100,000 characters. Add it as a file instead."), field)
    return cleaned


def short_words(given: str) -> str:
    return " ".join(text.strip_bidi(text.clean(given)).split())[:200]


def require_new(actor: Actor, project: Project, owner: User | None) -> None:
    """The right to open a case there for that owner; raises Forbidden, CaseError for another owner."""
    if not actor.may_new(EDIT, project.pk, [owner.pk if owner else None]):
        actor.require_some(EDIT, project.pk)
        raise CaseError(
            _("With your role this must belong to you or to your team. Choose another owner."), "owner"
        )


def level(actor: Actor, project: Project, wanted: int | None, *hangs_on: int) -> int:
    """The confidentiality of a case: as wanted (else the project's usual), never below what it hangs on."""
    floor = max([int(Level.OPEN), *map(int, hangs_on)])
    if wanted is None:
        return max(project.default_level, floor)
    if wanted > max(actor.clearance(VIEW, [project.pk], own=True), floor):
        raise CaseError(_("You cannot make this more confidential than you may read."), "confidentiality")
    return max(wanted, floor)


def check_party(project: Project, party: Party | None) -> None:
    """A case shows the name of its person to all who read it, so that person must be in the project too."""
    if party is not None and project.pk not in party.project_ids:
        raise CaseError(
            _("%(name)s is not in the project %(project)s. Add them to it first, or choose another project.")
            % {"name": party.full_name, "project": project.name},
            "party",
        )


def check_owner(case: Case) -> None:
    """Nobody is given what they may not read."""
    if case.owner is None:
        return
    subject = (SUBJECT, case.pk or 0)
    takers = accounts.takers(EDIT, [case.project_id], case.confidentiality, subject=subject)
    if not takers.filter(pk=case.owner.pk).exists():
        raise CaseError(
            _("%(name)s may not work on this. Choose another owner, or give %(name)s a role first.")
            % {"name": case.owner.name},
            "owner",
        )


def promised(project: Project, start: dt.datetime, days: int) -> dt.datetime | None:
    """The moment that many business days of the project later; None where nothing is promised."""
    if not days:
        return None
    return due_after(start, days, business_calendar(project), office_zone())


def next_due(case: Case) -> dt.datetime | None:
    """The nearer of what is still to be done."""
    if case.closed_at is not None:
        return None
    answer = case.look_again_at or case.resolve_by
    waiting = [answer, None if case.acknowledged_at else case.acknowledge_by]
    return min((moment for moment in waiting if moment is not None), default=None)


def snapshot(case: Case) -> dict[str, Any]:
    """The fields that people change, for before and after."""
    found = {name: getattr(case, name) for name in FIELDS}
    return {**found, "values": dict(case.values)}


def address(case: Case) -> str:
    return reverse("cases:case", args=[case.pk])


def findable(case: Case) -> Findable:
    name = case.party.full_name if case.party else case.teller_name
    said = [word.text for word in case.words.all()]
    stored = [str(value) for value in case.values.values() if isinstance(value, str)]
    return Findable(
        kind=Kind.CASE,
        subject_id=case.pk,
        title=case.title,
        detail=" ".join(filter(None, [case.number, name])),
        words=[case.number, case.title, name],
        body=" ".join([case.text, case.quote, case.place, case.root_cause, case.outcome, *stored, *said]),
        project_ids=case.projects,
        confidentiality=case.confidentiality,
        language=case.language,
    )


def keep_up(case: Case) -> None:
    """Bring search and timeline after a saved case."""
    index([findable(case)])
    place(
        case,
        party_ids=[case.party_id] if case.party_id else [],
        family=Family.CASE,
        occurred_at=case.opened_at,
        project_ids=case.projects,
        confidentiality=case.confidentiality,
    )


def finish(actor: Actor, case: Case, event: Event, before: Mapping[str, Any], **data: Any) -> Case:
    """Save a changed case and everything that follows it; nothing when nothing differs."""
    changes = differences(before, snapshot(case))
    if not changes and not data:
        return case
    case.due_at = next_due(case)
    case.version, case.updated_at = case.version + 1, clock.now()
    case.save()
    keep_up(case)
    if "confidentiality" in changes:
        reclassify(case, project_ids=case.projects, confidentiality=case.confidentiality)
    write_history(actor, event, case, changes, **data)
    return case


def write_history(
    actor: Actor, event: Event, case: Case, changes: Mapping[str, tuple[Any, Any]], **data: Any
) -> Entry:
    """Record a change with names in place of numbers (which stand beside it), own fields each under its own name."""
    shown: dict[str, tuple[Any, Any]] = {}
    ids = {column: list(changes[column]) for column in ("party_id", "owner_id") if column in changes}
    for column, (was, became) in changes.items():
        if column == "values":
            shown |= differences(was or {}, became or {})
        elif column == "party_id":
            shown["party"] = (_name(Party, was), _name(Party, became))
        elif column == "owner_id":
            shown["owner"] = (_name(User, was), _name(User, became))
        else:
            shown[column] = (was, became)
    told = {"_ids": ids, **data} if ids else data
    return record(actor, event, subject=case, party_id=case.party_id, changes=shown, data=told)


def _name(model: type[Party] | type[User], pk: int | None) -> str:
    # A name for the history of a record whose reader may see it.
    return "" if pk is None else str(model._base_manager.filter(pk=pk).first() or "")


def tell_owner(actor: Actor, case: Case) -> None:
    """Notify somebody to whom another person gave this case."""
    if case.owner is not None and case.owner_id != actor.user_id:
        with translation.override(case.owner.language):
            title = _("%(name)s gave you a case: %(case)s") % {"name": actor.name, "case": called(case)}
        notify([case.owner.pk], kind="case", title=title, url=address(case))


def called(case: Case) -> str:
    """How a notification names a case: never by the words of a confidential one."""
    return case.number if case.confidentiality >= Level.CONFIDENTIAL else str(case)


def tell_workers(actor: Actor, case: Case, title: Any, *, right: str = EDIT) -> None:
    """Notify the owner, else everybody who may work on the case; never those who are kept out of it."""
    readers = accounts.readers(
        right, [case.project_id], case.confidentiality, subject=(SUBJECT, case.pk), owners=case.owners()
    )
    chosen = readers.filter(pk=case.owner_id) if case.owner_id else readers
    for user in chosen.exclude(pk=actor.own_id):
        with translation.override(user.language):
            notify([user.pk], kind="case", title=str(title) % {"case": called(case)}, url=address(case))


def news(case: Case) -> None:
    """Let it be told that there is something to read, where an address was left for that."""
    if CaseDoor.objects.filter(case=case, news_to__isnull=False).exists():
        jobs.defer("cases.tell_news", case_id=case.pk)
