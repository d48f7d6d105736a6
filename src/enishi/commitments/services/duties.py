"""Duties from permits, laws and agreements: writing them down, changing, reviewing and ending them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.commitments import signals
from enishi.commitments.models import Duty, Promise, Series, Source
from enishi.commitments.queries.days import business_calendar
from enishi.commitments.services import promises, rules, series, writing
from enishi.commitments.services.repeating import begin_series, office_zone
from enishi.commitments.services.rules import EDIT, CommitmentError, Conflict
from enishi.content.models import File, FileVersion
from enishi.core import clock, text
from enishi.timeline.models import Entry
from enishi.timeline.services import differences, notify, reclassify, record

D = TypeVar("D", Source, Duty)

_SOURCE = ("kind", "title", "reference", "authority_id", "file_id", "valid_from", "valid_until", "note", "confidentiality")  # fmt: skip
_DUTY = (
    "clause", "title", "negative", "citation", "file_version_id", "page", "owner_id", "evidence", "review_months",
    "next_review_on", "confidentiality",
)  # fmt: skip
_SHARED = ("title", "negative", "owner", "evidence")
"""What the promises of a duty have from it."""


@dataclass(frozen=True)
class DutyDraft:
    """A clause as it is written down. Without a date it stands as one promise that has none; with a ``rule`` it repeats."""

    title: str
    clause: str = ""
    citation: str = ""
    page: str = ""
    negative: bool = False
    owner: User | None = None
    evidence: str = ""
    review_months: int | None = None
    due_at: dt.datetime | None = None
    rule: str = ""
    shift: str = Series.Shift.BACKWARD


@transaction.atomic
def write_source(
    actor: Actor, *, project: Project, title: str, confidentiality: int | None = None, **values: Any
) -> Source:
    """Write down a document that obliges; at least as confidential as its authority and its file."""
    actor.require(EDIT, project.pk)
    source = Source(
        project=project, title=rules.words(title), created_at=clock.now(), updated_at=clock.now(), **values
    )
    _settle_source(actor, source, confidentiality)
    source.save()
    _tell(actor, signals.source_written, source, {}, source.authority_id)
    return source


@transaction.atomic
def change_source(actor: Actor, source: Source, version: int | None = None, **values: Any) -> Source:
    """Change a document; its duties follow where it becomes more confidential. Raises Conflict, CommitmentError."""
    actor.require(EDIT, source.project_id)
    source = _locked(Source, source.pk, version)
    before = _snapshot(source)
    for name, value in values.items():
        setattr(source, name, value)
    source.title = rules.words(source.title)
    _settle_source(actor, source, source.confidentiality)
    if source.authority_id != before["authority_id"]:
        for duty in _duties_of(source).filter(ended_at__isnull=True):
            _change_promises(actor, duty, {"party": source.authority})
    _save(actor, signals.source_changed, source, before, source.authority_id)
    raise_source(actor, source)
    return source


def _settle_source(actor: Actor, source: Source, wanted: int | None) -> None:
    hangs_on = [one.confidentiality for one in (source.authority, source.file) if one is not None]
    source.confidentiality = rules.level(actor, source.project, wanted, *hangs_on)
    rules.check_party(source.project, source.authority)
    _check_file(source.project, source.file)
    if source.valid_from and source.valid_until and source.valid_until < source.valid_from:
        raise CommitmentError(_("It ends before it begins. Check the two dates."), "valid_until")
    source.note = text.clean(source.note).strip()
    source.reference = " ".join(text.clean(source.reference, max_length=120).split())


def _check_file(project: Project, file: File | None) -> None:
    if file is not None and file.project_id != project.pk:
        raise CommitmentError(
            _("That file is not in the project %(project)s.") % {"project": project.name}, "file"
        )


@transaction.atomic
def write_duties(actor: Actor, source: Source, drafts: Iterable[DutyDraft]) -> list[Duty]:
    """Write down clauses of a document with their promises. Owners are notified once, whatever their number."""
    actor.require(EDIT, source.project_id)
    source = _locked(Source, source.pk)
    wanted = list(drafts)
    for owner in {draft.owner for draft in wanted}:
        rules.check_owner(source.project, owner, source.confidentiality)
    last = (
        Duty.objects.unscoped("to stand behind them").filter(source=source).aggregate(n=Max("position"))["n"]
    )
    version = FileVersion.objects.filter(file=source.file_id or 0).order_by("-number").first()
    duties = [_duty(source, draft, version, (last or 0) + number) for number, draft in enumerate(wanted, 1)]
    Duty.objects.bulk_create(duties)
    for duty in duties:
        _tell(actor, signals.duty_made, duty, {}, source.authority_id)
    single = [_promise(duty, draft) for duty, draft in zip(duties, wanted, strict=True) if not draft.rule]
    writing.save_new(actor, single)
    for duty, draft in zip(duties, wanted, strict=True):
        if draft.rule:
            begin_series(actor, _promise(duty, draft), rule=draft.rule, shift=draft.shift)
    _tell_owners(actor, duties)
    return duties


def _duty(source: Source, draft: DutyDraft, version: FileVersion | None, position: int) -> Duty:
    duty = Duty(
        project=source.project,
        source=source,
        position=position,
        clause=draft.clause,
        title=rules.words(draft.title),
        citation=draft.citation,
        file_version=version,
        page=draft.page,
        negative=draft.negative,
        owner=draft.owner,
        evidence=draft.evidence,
        review_months=draft.review_months,
        confidentiality=source.confidentiality,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    duty.next_review_on = _next_review(duty)
    return _tidy(duty)


def _tidy(duty: Duty) -> Duty:
    duty.clause = " ".join(text.clean(duty.clause, max_length=40).split())
    duty.page = " ".join(text.clean(duty.page, max_length=60).split())
    duty.evidence = " ".join(text.clean(duty.evidence, max_length=300).split())
    duty.citation = text.clean(duty.citation).strip()
    return duty


def _promise(duty: Duty, draft: DutyDraft) -> Promise:
    """The first time of a duty, not saved yet."""
    return Promise(
        project=duty.project,
        direction=Promise.Direction.OURS,
        title=duty.title,
        negative=duty.negative,
        party=duty.source.authority,
        owner=duty.owner,
        duty=duty,
        evidence=duty.evidence,
        quote=duty.citation,
        due_at=draft.due_at,
        confidentiality=duty.confidentiality,
        created_at=clock.now(),
        updated_at=clock.now(),
    )


def _tell_owners(actor: Actor, duties: Sequence[Duty]) -> None:
    given: dict[int, list[Duty]] = {}
    for duty in duties:
        if duty.owner_id is not None and duty.owner_id != actor.user_id:
            given.setdefault(duty.owner_id, []).append(duty)
    for owner_id, theirs in given.items():
        owner = theirs[0].owner
        assert owner is not None
        with translation.override(owner.language):
            if theirs[0].confidentiality >= Level.CONFIDENTIAL:
                title = _("%(name)s gave you something confidential to look after.") % {"name": actor.name}
            else:
                told = {"name": actor.name, "source": str(theirs[0].source)}
                title = _("%(name)s gave you duties from: %(source)s") % told
        notify([owner_id], kind="promise", title=title, url=rules.source_address(theirs[0].source))


@transaction.atomic
def change_duty(actor: Actor, duty: Duty, version: int | None = None, **values: Any) -> Duty:
    """Change a clause; its open promises follow with words, owner and proof. Raises Conflict, CommitmentError."""
    actor.require(EDIT, duty)
    duty = _locked(Duty, duty.pk, version)
    before = _snapshot(duty)
    for name, value in values.items():
        setattr(duty, name, value)
    duty.title = rules.words(duty.title)
    _tidy(duty)
    if duty.file_version is not None and duty.file_version.file_id != duty.source.file_id:
        raise CommitmentError(_("That version belongs to another file than the document."), "file_version")
    if duty.owner_id != before["owner_id"]:
        rules.check_owner(duty.project, duty.owner, duty.confidentiality)
    if duty.review_months != before["review_months"] and "next_review_on" not in values:
        duty.next_review_on = _next_review(duty)
    changed = {name: getattr(duty, name) for name in _SHARED if _stored(duty, name) != before[_column(name)]}
    _save(actor, signals.duty_changed, duty, before, duty.source.authority_id)
    _change_promises(actor, duty, changed)
    return duty


def _column(name: str) -> str:
    return "owner_id" if name == "owner" else name


def _stored(duty: Duty, name: str) -> Any:
    return getattr(duty, _column(name))


def _change_promises(actor: Actor, duty: Duty, values: Mapping[str, Any]) -> None:
    """Let what is still to be kept follow its duty: the running repeat with its times, and single promises."""
    if not values:
        return
    times = Promise.objects.unscoped("the times of a duty that the actor may change").filter(
        duty=duty, state=Promise.State.OPEN
    )
    running = Series.objects.unscoped("the repeat of a duty").filter(
        ended_at__isnull=True, promises__duty=duty
    )
    repeats = list(running.select_related("project").distinct())
    for repeat in repeats:
        series.change_series(actor, repeat, **values)
    alone = times.exclude(series__in=repeats) if repeats else times
    for promise in alone.order_by("pk"):
        promises.change_promise(actor, promise, **values)


@transaction.atomic
def review_duty(actor: Actor, duty: Duty, *, note: str = "", next_on: dt.date | None = None) -> Duty:
    """Say that one has looked whether the duty still holds and is kept; the next review follows by its interval."""
    actor.require(EDIT, duty)
    duty = _locked(Duty, duty.pk)
    before = {"next_review_on": duty.next_review_on}
    duty.reviewed_at = clock.now()
    duty.next_review_on = next_on or _next_review(duty)
    duty.version, duty.updated_at = duty.version + 1, clock.now()
    duty.save()
    changes = differences(before, {"next_review_on": duty.next_review_on})
    said = text.clean(note, max_length=500).strip()
    record(actor, signals.duty_reviewed, subject=duty, changes=changes, data={"words": said} if said else {})
    return duty


def _next_review(duty: Duty) -> dt.date | None:
    """The interval from today, on a business day of the project; None without an interval."""
    if duty.review_months is None:
        return None
    day = timezone.localdate(clock.now(), office_zone()) + relativedelta(months=duty.review_months)
    return business_calendar(duty.project).previous_open(day)


@transaction.atomic
def end_duty(actor: Actor, duty: Duty, *, why: str) -> Entry:
    """The duty holds no more: it repeats no longer, and what is not due yet is waived. What is late stays to be settled."""
    actor.require(EDIT, duty)
    duty = _locked(Duty, duty.pk)
    why = text.clean(why, max_length=300).strip()
    if not why:
        raise CommitmentError(_("Give the reason in one sentence."), "outcome")
    if duty.ended_at is not None:
        raise CommitmentError(_("It has ended already."), "outcome")
    running = Series.objects.unscoped("the repeat of a duty").filter(
        ended_at__isnull=True, promises__duty=duty
    )
    for repeat in running.distinct():
        series.end_series(actor, repeat)
    to_come = Promise.objects.unscoped("what is not due yet of a duty").filter(
        Q(due_at__isnull=True) | Q(due_at__gte=clock.now()), duty=duty, state=Promise.State.OPEN
    )
    for promise in to_come.order_by("pk"):
        promises.settle_promise(actor, promise, state=Promise.State.WAIVED, outcome=why)
    duty.ended_at, duty.ended_why = clock.now(), why
    duty.version, duty.updated_at = duty.version + 1, clock.now()
    duty.save()
    return record(actor, signals.duty_ended, subject=duty, changes={"ended_why": ("", why)})


@transaction.atomic
def resume_duty(actor: Actor, duty: Duty) -> Duty:
    """The duty holds again: its repeat is taken up, else one open promise without a date stands for it."""
    actor.require(EDIT, duty)
    duty = _locked(Duty, duty.pk)
    if duty.ended_at is None:
        return duty
    why, duty.ended_at, duty.ended_why = duty.ended_why, None, ""
    duty.version, duty.updated_at = duty.version + 1, clock.now()
    duty.save()
    record(actor, signals.duty_resumed, subject=duty, changes={"ended_why": (why, "")})
    repeats = Series.objects.unscoped("the repeat of a duty").filter(promises__duty=duty)
    last = repeats.select_related("project").order_by("-pk").first()
    if last is not None:
        series.resume_series(actor, last)
    elif not Promise.objects.unscoped("is one open").filter(duty=duty, state=Promise.State.OPEN).exists():
        writing.save_new(actor, [_promise(duty, DutyDraft(duty.title))])
    return duty


@transaction.atomic
def raise_source(actor: Actor, source: Source, level: int | None = None) -> None:
    """Bring a document, its duties and their promises up to at least its level. Safe to repeat."""
    if level is not None and source.confidentiality < level:
        source = _locked(Source, source.pk)
        before = _snapshot(source)
        source.confidentiality = level
        _save(actor, signals.source_changed, source, before, source.authority_id)
    for duty in _duties_of(source).filter(confidentiality__lt=source.confidentiality):
        before = _snapshot(duty)
        duty.confidentiality = source.confidentiality
        _save(actor, signals.duty_changed, duty, before, source.authority_id)
    below = Promise.objects.unscoped("promises follow their duty").filter(
        duty__source=source, confidentiality__lt=source.confidentiality
    )
    for promise in below.select_related("party", "project", "duty").order_by("pk"):
        writing.raise_level(actor, promise, source.confidentiality)
    Series.objects.unscoped("repeats follow their duty").filter(
        promises__duty__source=source, confidentiality__lt=source.confidentiality
    ).update(confidentiality=source.confidentiality)


def _duties_of(source: Source) -> Any:
    rows = Duty.objects.unscoped("duties follow their document").filter(source=source)
    return rows.select_related("source", "project", "owner").order_by("pk")


def _locked(model: type[D], pk: int, version: int | None = None) -> D:
    related = (
        ("project", "authority", "file")
        if model is Source
        else ("project", "owner", "source__authority", "file_version")
    )
    row: D = (
        model.objects.unscoped("locked for a change that the actor may make")
        .select_related(*related)
        .select_for_update(no_key=True, of=("self",))
        .get(pk=pk)
    )
    if version is not None and row.version != version:
        raise Conflict(row.version)
    return row


def _snapshot(row: Source | Duty) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (_SOURCE if isinstance(row, Source) else _DUTY)}


def _save(
    actor: Actor, event: Any, row: Source | Duty, before: Mapping[str, Any], party_id: int | None
) -> None:
    if not differences(before, _snapshot(row)):
        return
    row.version, row.updated_at = row.version + 1, clock.now()
    row.save()
    if before["confidentiality"] != row.confidentiality:
        reclassify(row, project_ids=row.projects, confidentiality=row.confidentiality)
    _tell(actor, event, row, before, party_id)


def _tell(
    actor: Actor, event: Any, row: Source | Duty, before: Mapping[str, Any], party_id: int | None
) -> None:
    now = {name: value for name, value in _snapshot(row).items() if before or value not in (None, "", False)}
    changes: dict[str, tuple[Any, Any]] = {}
    for column, (was, became) in differences(before, now).items():
        name = column.removesuffix("_id")
        if name != column:
            was, became = rules.name_of(row, name, was), rules.name_of(row, name, became)
        changes[name] = (was, became)
    record(actor, event, subject=row, party_id=party_id, changes=changes)
