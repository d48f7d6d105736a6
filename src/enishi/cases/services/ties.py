"""What belongs to a case: promises, tasks, conversations and files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.accounts.queries import users_kept_from
from enishi.accounts.services import keep_from
from enishi.cases import signals
from enishi.cases.models import Case, CaseTie, CaseWord
from enishi.cases.services import rules
from enishi.cases.services.rules import EDIT, CaseError
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import make_promise, make_task, raise_these
from enishi.content.models import File
from enishi.content.services import raise_level
from enishi.conversations.models import Interaction
from enishi.core import clock

SUBJECTS = {
    CaseTie.Kind.PROMISE: "commitments.promise",
    CaseTie.Kind.TASK: "commitments.task",
    CaseTie.Kind.CONVERSATION: "conversations.interaction",
    CaseTie.Kind.FILE: "content.file",
}
"""What the history calls the things that are tied."""
MODELS: dict[str, type[Promise] | type[Task] | type[Interaction] | type[File]] = {
    CaseTie.Kind.PROMISE: Promise,
    CaseTie.Kind.TASK: Task,
    CaseTie.Kind.CONVERSATION: Interaction,
    CaseTie.Kind.FILE: File,
}


@transaction.atomic
def tie(actor: Actor, case: Case, *, kind: str, subject_id: int) -> None:
    """Let something that exists belong to a case, no less confidential than it; a conversation raises the case instead.

    Raises CaseError for what stands in another project, DoesNotExist for what the actor may not see.
    """
    actor.require(EDIT, case)
    case = rules.locked(case.pk)
    if kind not in MODELS:
        raise CaseError(_("Only promises, tasks, conversations and files can be tied to a case."), "kind")
    thing = MODELS[kind].objects.visible_to(actor).get(pk=subject_id)
    if case.project_id not in thing.projects:
        raise CaseError(_("This belongs to another project, so it cannot be tied to this case."), "subject")
    _made, new = CaseTie.objects.get_or_create(
        case=case, kind=kind, subject_id=subject_id, defaults={"at": clock.now()}
    )
    if not new:
        return
    if isinstance(thing, Interaction):
        raise_case(actor, case, thing.confidentiality)
    raise_ties(actor, case)
    keep_ties(case)
    rules.write_history(actor, signals.thing_tied, case, {}, what=str(thing)[:300], what_kind=kind)


@transaction.atomic
def untie(actor: Actor, case: Case, *, kind: str, subject_id: int) -> None:
    """Take something away from a case; the thing itself stays."""
    actor.require(EDIT, case)
    gone, _by_model = CaseTie.objects.filter(case=case, kind=kind, subject_id=subject_id).delete()
    if gone:
        keep_ties(case)
        rules.write_history(actor, signals.thing_untied, case, {}, what_kind=kind)


@transaction.atomic
def promise_from_case(
    actor: Actor,
    case: Case,
    *,
    kind: str,
    title: str,
    owner: User | None = None,
    due_at: dt.datetime | None = None,
) -> Promise | Task:
    """Write down a promise (``kind`` ours or theirs) or a task that belongs to the case, as confidential as it.

    Raises CommitmentError or CaseError for what cannot be used.
    """
    actor.require(EDIT, case)
    if owner is not None and owner.pk in users_kept_from(rules.SUBJECT, case.pk):
        raise CaseError(_("%(name)s is kept out of the case.") % {"name": owner.name}, "owner")
    level = max(case.project.default_level, case.confidentiality)
    made: Promise | Task
    if kind == "task":
        made = make_task(
            actor,
            project=case.project,
            title=title,
            party=case.party,
            owner=owner,
            due_at=due_at,
            confidentiality=level,
        )
    else:
        made = make_promise(
            actor,
            project=case.project,
            title=title,
            direction=kind,
            party=case.party,
            owner=owner,
            due_at=due_at,
            confidentiality=level,
        )
    of_kind = CaseTie.Kind.TASK if kind == "task" else CaseTie.Kind.PROMISE
    tie_new(case, of_kind, [made.pk])
    rules.write_history(actor, signals.thing_tied, case, {}, what=made.title, what_kind=of_kind)
    return made


def tie_new(case: Case, kind: str, subject_ids: Iterable[int], *, word: CaseWord | None = None) -> None:
    """Tie what was just made for a case."""
    CaseTie.objects.bulk_create(
        [
            CaseTie(case=case, kind=kind, subject_id=pk, word=word, at=clock.now())
            for pk in sorted(set(subject_ids))
        ],
        ignore_conflicts=True,
    )
    keep_ties(case)


def keep_ties(case: Case) -> None:
    """Keep the case, and whatever belongs to it, from everybody who is kept out of it."""
    users = list(case.exclusions.values_list("user_id", flat=True))
    because = f"{rules.SUBJECT}:{case.pk}"
    if not users:
        keep_from(because, [], [])
        return
    ties = list(CaseTie.objects.filter(case=case).values_list("kind", "subject_id"))
    subjects = [(rules.SUBJECT, case.pk), *((SUBJECTS[CaseTie.Kind(kind)], pk) for kind, pk in ties)]
    promises = [pk for kind, pk in ties if kind == CaseTie.Kind.PROMISE]
    serving = Task.objects.unscoped("what serves a promise that is kept from somebody").filter(
        promise__in=promises
    )
    subjects += [("commitments.task", pk) for pk in serving.values_list("pk", flat=True)]
    keep_from(because, users, subjects)


def raise_ties(actor: Actor, case: Case) -> None:
    """Bring promises, tasks and files up to the level of their case."""
    ids: dict[str, list[int]] = {kind: [] for kind in CaseTie.Kind.values}
    for kind, pk in CaseTie.objects.filter(case=case).values_list("kind", "subject_id"):
        ids[kind].append(pk)
    raise_these(actor, case.confidentiality, promise_ids=ids["promise"], task_ids=ids["task"])
    if ids["file"]:
        raise_level(actor, ids["file"], level=case.confidentiality)


def raise_case(actor: Actor, case: Case, level: int) -> None:
    """Bring a locked case up to the level of what it hangs on."""
    if case.confidentiality >= level:
        return
    before = rules.snapshot(case)
    case.confidentiality = level
    rules.finish(actor, case, signals.case_changed, before)
    raise_ties(actor, case)
