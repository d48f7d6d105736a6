"""Rules at work: batch by batch, resumed where a crash left off, taken back while the recycle bin keeps it, then final."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden, Level, Via, system_actor
from enishi.core import clock, jobs, live
from enishi.core.personal import Emptied
from enishi.core.templatetags.enishi import format_date
from enishi.privacy import signals
from enishi.privacy.models import RetentionItem, RetentionRule, RetentionRun
from enishi.privacy.retention import Aging, Gone, kind_of
from enishi.privacy.services.erasing import remove_bytes
from enishi.privacy.services.forgetting import rewrite_emptied
from enishi.privacy.services.retaining import RIGHT, describe, look, require, switch_off, wanted_by
from enishi.timeline.models import Entry, Operation
from enishi.timeline.redaction import Content, redact
from enishi.timeline.services import finish_operation, notify, record, start_operation
from enishi.timeline.undo import Conflict, UndoPlan, UndoRefused

KIND = "privacy.retention"
MOST_CONFLICTS = 200
_WHY = "the work of a rule that was switched on"
Item, State = RetentionItem.State, RetentionRun.State


def _runs() -> Any:
    return RetentionRun.objects.select_related("rule", "rule__project", "rule__switched_by", "operation")


def worker_of(rule: RetentionRule) -> Actor:
    """Whoever switched the rule on, with the rights of the moment. Raises Forbidden for who works here no more."""
    user = rule.switched_by
    if user is None or not user.is_active:
        raise Forbidden(RIGHT)
    actor = accounts.actor(user, via=Via.JOB)
    require(actor, rule.project, *kind_of(rule.kind).rights)
    return actor


@transaction.atomic
def start_run(actor: Actor, rule: RetentionRule, *, total: int) -> RetentionRun:
    """Begin one run; a job does it. A run that is under way is the answer."""
    running = RetentionRun.objects.filter(rule=rule, state=State.RUNNING).first()
    if running is not None:
        return running
    wanted = wanted_by(rule)
    operation = start_operation(
        actor,
        kind=KIND,
        label=describe(rule),
        project_ids=wanted.project_ids or [],
        data={"rule": rule.pk},
        confidentiality=max(rule.confidentiality, int(Level.INTERNAL)),
    )
    run = RetentionRun.objects.create(
        rule=rule,
        operation=operation,
        deed=rule.deed,
        before=wanted.before,
        total=total,
        started_at=clock.now(),
    )
    jobs.defer("privacy.retain", run_id=run.pk)
    return run


def retain_all() -> int:
    """The nightly job: begin a run of every rule that has something to do; returns how many.

    A rule that would suddenly take a large share of all stops and says so.
    """
    begun = 0
    rules = RetentionRule.objects.unscoped("the clock of all rules").filter(state=RetentionRule.State.ON)
    for rule in rules.select_related("project", "switched_by").order_by("pk"):
        try:
            actor = worker_of(rule)
        except Forbidden:
            _stop(rule, _("Whoever switched it on may not do this any more. Switch it on again."))
            continue
        found = look(actor, rule)
        if found.is_much and found.takes > (rule.agreed or 0):
            _stop(rule, _("It would take a large part of all at once. Look at it, then switch it on again."))
        elif found.takes:
            start_run(actor, rule, total=found.takes)
            begun += 1
    return begun


def _stop(rule: RetentionRule, reason: str) -> None:
    switch_off(system_actor("retention"), rule, trouble=reason)
    if rule.switched_by is not None:
        with translation.override(rule.switched_by.language):
            title = _("A retention rule stopped: %(rule)s") % {"rule": describe(rule)}
        notify(
            [rule.switched_by.pk], kind="retention", title=title, url=reverse("privacy:rule", args=[rule.pk])
        )


def work(run_id: int) -> None:
    """The job: do what is left of a run, batch by batch; each batch and the place where it ended are one transaction."""
    while _next(run_id):
        pass


@transaction.atomic
def _next(run_id: int) -> bool:
    """Do the next batch; tells whether there may be more."""
    run: RetentionRun = _runs().select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.state != State.RUNNING:
        return False
    kind = kind_of(run.rule.kind)
    try:
        actor = worker_of(run.rule)
    except Forbidden:
        _finish(run, State.STOPPED)
        return False
    wanted = wanted_by(run.rule, now=run.started_at)
    due = kind.due(actor, wanted).filter(pk__gt=run.after_id).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[: kind.batch])
    if ids:
        states = (
            _put_away(actor, kind, ids, run)
            if run.deed == RetentionRule.Deed.BIN
            else _end(actor, kind, ids, run)
        )
        RetentionItem.objects.bulk_create(
            [
                RetentionItem(run=run, subject_id=pk, state=state, at=clock.now())
                for pk, state in states.items()
            ]
        )
        _note_times(kind, run, [pk for pk, state in states.items() if state == Item.BINNED])
        run.after_id, run.done = ids[-1], run.done + sum(state != Item.LEFT for state in states.values())
        run.save(update_fields=["after_id", "done"])
        _progress(run)
    if len(ids) == kind.batch:
        return True
    _finish(run, State.DONE)
    return False


def _put_away(actor: Actor, kind: Aging, ids: Sequence[int], run: RetentionRun) -> dict[int, str]:
    done = {pk: kind.put_away(actor, pk, operation=run.operation) for pk in ids}
    return {pk: Item.BINNED if at is not None else Item.LEFT for pk, at in done.items()}


def _note_times(kind: Aging, run: RetentionRun, ids: Collection[int]) -> None:
    """Remember since when each lies in the bin: whoever puts it there again later is told apart by that."""
    if not ids:
        return
    times = kind.put_away_at(ids)
    items = list(RetentionItem.objects.filter(run=run, subject_id__in=list(ids)))
    for item in items:
        item.at = times.get(item.subject_id)
    RetentionItem.objects.bulk_update(items, ["at"], batch_size=500)


def _end(actor: Actor, kind: Aging, ids: Sequence[int], run: RetentionRun) -> dict[int, str]:
    """Let these go for good, and let the history forget what they said; the proof holds."""
    with translation.override(accounts.organisation().language):
        gone = kind.end(actor, ids)
        if gone.emptied:
            _forget(actor, run, gone)
    transaction.on_commit(functools.partial(remove_bytes, gone.hashes))
    return {pk: Item.GONE if pk in gone.ids else Item.LEFT for pk in ids}


def _forget(actor: Actor, run: RetentionRun, gone: Gone) -> None:
    def rewrite(entry: Entry) -> Content:
        return rewrite_emptied(entry, gone.emptied)

    def tell(sealed: Mapping[str, Any]) -> Entry:
        data = {"rule": run.rule_id, "count": len(gone.ids), **sealed}
        return record(
            actor, signals.words_forgotten, subject=run.operation, data=data, operation=run.operation
        )

    redact(_entries(gone.emptied), rewrite=rewrite, tell=tell)


def _entries(emptied: Collection[Emptied]) -> list[Entry]:
    found: dict[int, Entry] = {}
    rows = Entry.objects.unscoped("what the history forgets by a rule")
    for one in emptied:
        of_kind = rows.filter(subject_type=one.model._meta.label_lower, subject_id__in=one.ids)
        found |= {
            entry.pk: entry for entry in of_kind.order_by("pk").select_for_update(no_key=True, of=("self",))
        }
    return [found[pk] for pk in sorted(found)]


def _finish(run: RetentionRun, state: str) -> None:
    counts = {name: n for name, n in run_counts(run).items() if n}
    now = clock.now()
    run.state, run.finished_at = state, now
    if run.deed == RetentionRule.Deed.NOW:
        run.final_at = now
    run.save(update_fields=["state", "finished_at", "final_at"])
    finish_operation(run.operation, counts=counts)
    record(
        system_actor("retention"), signals.rule_did, subject=run.rule, data=counts, operation=run.operation
    )
    _progress(run)
    user = run.rule.switched_by
    if user is not None:
        with translation.override(user.language):
            title = _("A retention rule has done its work: %(rule)s") % {"rule": describe(run.rule)}
        notify([user.pk], kind="retention", title=title, url=reverse("privacy:run", args=[run.pk]))


def run_counts(run: RetentionRun) -> dict[str, int]:
    """What became of the things of a run, by state."""
    found = dict.fromkeys(Item.values, 0)
    for state in run.items.values_list("state", flat=True):
        found[state] += 1
    return found


def _progress(run: RetentionRun) -> None:
    if run.rule.switched_by_id is not None:
        total = max(run.total, run.done)
        done = total if run.state != State.RUNNING else run.done
        live.push(run.rule.switched_by_id, "job", {"id": f"run-{run.pk}", "done": done, "total": total})


# When the days of the recycle bin are over.


def empty_bins() -> int:
    """The nightly job: what rules put into the recycle bin and nobody took out again goes for good; returns how many runs."""
    now = clock.now()
    over = RetentionRun.objects.filter(
        state=State.DONE,
        final_at__isnull=True,
        operation__state=Operation.State.DONE,
        operation__undo_until__lt=now,
    )
    ids = list(over.order_by("pk").values_list("pk", flat=True))
    for run_id in ids:
        RetentionRun.objects.filter(pk=run_id, state=State.DONE).update(state=State.FINAL)
        jobs.defer("privacy.retain_final", run_id=run_id)
    return len(ids)


def work_final(run_id: int) -> None:
    """The job: let go for good what still lies in the recycle bin as the run left it."""
    while _next_final(run_id):
        pass


@transaction.atomic
def _next_final(run_id: int) -> bool:
    run: RetentionRun = _runs().select_for_update(no_key=True, of=("self",)).get(pk=run_id)
    if run.state != State.FINAL:
        return False
    kind = kind_of(run.rule.kind)
    items = {
        item.subject_id: item
        for item in run.items.filter(state=Item.BINNED).order_by("subject_id")[: kind.batch]
    }
    if not items:
        run.state, run.final_at = State.DONE, clock.now()
        run.save(update_fields=["state", "final_at"])
        counts = {name: n for name, n in run_counts(run).items() if n}
        record(
            system_actor("retention"),
            signals.rule_did,
            subject=run.rule,
            data=counts,
            operation=run.operation,
        )
        return False
    times = kind.put_away_at(list(items))
    held = set(kind.model._base_manager.filter(kind.held(), pk__in=list(items)).values_list("pk", flat=True))
    lying = [
        pk
        for pk, item in items.items()
        if times.get(pk) is not None and times[pk] == item.at and pk not in held
    ]
    states = _end(system_actor("retention"), kind, lying, run) if lying else {}
    for pk, item in items.items():
        item.state = states.get(pk, Item.LEFT if times.get(pk) is not None else Item.RESTORED)
    RetentionItem.objects.bulk_update(items.values(), ["state"], batch_size=500)
    return True


# Taking a run back.


def run_of(operation: Operation) -> RetentionRun:
    found: RetentionRun = _runs().get(operation=operation)
    return found


def check_undo(run: RetentionRun) -> None:
    """Raises UndoRefused for what is gone for good."""
    if run.deed == RetentionRule.Deed.NOW or run.final_at is not None or run.state == State.FINAL:
        raise UndoRefused(_("What is gone for good does not come back."))


def preview_undo(actor: Actor, operation: Operation) -> UndoPlan:
    """How many come out of the recycle bin, and which somebody has put there again since."""
    run, back, others, times = _to_undo(operation)
    kind = kind_of(run.rule.kind)
    seen = {line.pk: line for line in kind.lines(_visible(kind, actor, others[:MOST_CONFLICTS]))}
    conflicts = [
        Conflict(
            key=str(pk),
            subject=seen[pk].title,
            field=_("deleted"),
            now=_("deleted again on %(day)s") % {"day": format_date(times[pk])},
            back_to=_("there"),
            url=seen[pk].url,
        )
        for pk in others[:MOST_CONFLICTS]
        if pk in seen
    ]
    rest = run.items.exclude(state=Item.LEFT).count() - len(back) - len(others)
    return UndoPlan({"restored": len(back), "kept": len(others) + rest}, conflicts)


def undo(actor: Actor, operation: Operation, *, keep: Collection[str] | None) -> Mapping[str, int]:
    """Out of the recycle bin again; what somebody deleted again since stays there, unless told otherwise."""
    run, back, others, _times = _to_undo(operation)
    kind = kind_of(run.rule.kind)
    also = [] if keep is None else [pk for pk in others if str(pk) not in keep]
    chosen = [*back, *also]
    for pk in chosen:
        kind.bring_back(actor, pk, operation=operation)
    run.items.filter(subject_id__in=chosen).update(state=Item.RESTORED)
    # Else it would take the same again the next night.
    switch_off(system_actor("retention"), run.rule, trouble=_("A run was taken back."))
    RetentionRun.objects.filter(pk=run.pk).update(final_at=clock.now())
    return {"restored": len(chosen), "kept": len(others) - len(also)}


def _to_undo(operation: Operation) -> tuple[RetentionRun, list[int], list[int], dict[int, Any]]:
    run = run_of(operation)
    check_undo(run)
    binned = dict(run.items.filter(state=Item.BINNED).order_by("subject_id").values_list("subject_id", "at"))
    times = kind_of(run.rule.kind).put_away_at(list(binned))
    lying = {pk: at for pk, at in times.items() if at is not None}
    back = [pk for pk in binned if pk in lying and lying[pk] == binned[pk]]
    others = [pk for pk in binned if pk in lying and lying[pk] != binned[pk]]
    return run, back, others, lying


def _visible(kind: Aging, actor: Actor, ids: Collection[int]) -> Any:
    manager: Any = kind.model._default_manager
    return manager.visible_to(actor).filter(pk__in=list(ids))
