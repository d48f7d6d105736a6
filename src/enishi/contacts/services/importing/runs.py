"""The life of one import: upload, matching of columns, dry run, decisions, import. Undoing it is in ``undo``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Via, system_actor
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts import signals
from enishi.contacts.importing import mapping as columns
from enishi.contacts.importing import presets
from enishi.contacts.importing.reasons import Unreadable
from enishi.contacts.importing.sniff import FileFacts, Kind
from enishi.contacts.models import ContactPoint, ImportMapping, ImportRow, ImportRun, Party, Relation
from enishi.contacts.services.importing import applying, checking, reading, registers
from enishi.contacts.services.importing.tagging import known_tags
from enishi.contacts.services.parties import EDIT
from enishi.core import bulk, clock, jobs, live, storage, text
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import UNDO_DAYS, finish_operation, notify, record, start_operation

RIGHT = "contacts.import"
CONTACTS = "contacts"
OPERATION = "contacts.import"
KEPT_ROWS = 50
LEARN_AFTER = (2, 4, 16)
"""Chunks after which the planner is told how many contacts there are by now; a short list does not need it."""
State = ImportRun.State
Action = ImportRow.Action
Told = Callable[[int, int], None]


class ImportRefused(Exception):
    """Something about an import cannot be done as asked; the text says why and what to do."""


class NotForContacts(ImportRefused):
    """A file of another kind, which another importer may take."""

    def __init__(self, sha256: str) -> None:
        super().__init__(_("This file holds no contacts. Upload a table or a vCard."))
        self.sha256 = sha256


# --- the file and how it is read


def upload(actor: Actor, *, project_id: int, name: str, stream: BinaryIO, **chosen: str) -> ImportRun:
    """Keep a file and find out what it is. Raises ImportRefused with the reason and the remedy."""
    _require(actor, project_id)
    try:
        kept = storage.put_file(stream, limit=settings.UPLOAD_LIMIT)
    except storage.TooLarge as error:
        raise ImportRefused(
            _("The file is larger than %(limit)s MB. Split it and import the parts.")
            % {"limit": error.limit >> 20}
        ) from None
    return start(actor, project_id=project_id, name=name, sha256=kept.sha256, size=kept.size, **chosen)


def start(actor: Actor, *, project_id: int, name: str, sha256: str, size: int, **chosen: str) -> ImportRun:
    """Begin the import of a file that is kept already, with the mapping that fits it best."""
    _require(actor, project_id)
    run = ImportRun(
        importer=CONTACTS,
        project_id=project_id,
        user_id=actor.user_id,
        filename=text.strip_bidi(text.clean(name))[:300],
        sha256=sha256,
        size=size,
        facts={"chosen": chosen},
    )
    # What was imported before says nothing newer: it fills what is empty, and brings back no old values.
    earlier = ImportRun.objects.unscoped("the actor may import into this project").filter(
        project=project_id, sha256=sha256, state=State.DONE
    )
    run.options = {"file_wins": not earlier.exists()}
    _look(run)
    run.save()
    return run


def read_as(
    actor: Actor, run: ImportRun, *, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> ImportRun:
    """Read the file in another way: the columns are matched anew."""
    _require_draft(actor, run)
    run.facts = {"chosen": {"encoding": encoding, "delimiter": delimiter, "sheet": sheet}}
    _look(run)
    run.state = State.UPLOADED
    run.save()
    return run


def _look(run: ImportRun) -> None:
    try:
        facts = reading.facts_of(run)
    except Unreadable as error:
        raise ImportRefused(str(error)) from None
    except LookupError:
        raise ImportRefused(_("This encoding is not known. Choose one of the list.")) from None
    if facts.kind is not Kind.VCARD and not facts.kind.is_table:
        raise NotForContacts(run.sha256)
    run.facts = {**run.facts, **_facts_json(facts)}
    run.total = facts.approximate_rows
    register = registers.recognised(facts.headers) if facts.kind.is_table else None
    run.importer = register.code if register else CONTACTS
    if register:
        run.mapping = {}
        return
    found = None if facts.kind is Kind.VCARD else presets.detect_preset(facts.headers)
    if facts.kind is Kind.VCARD:
        run.mapping = {}
        run.options.setdefault("unreadable", "note")
    elif found:
        _map(run, presets.mapping_for(found, facts.headers))
        run.facts["preset"] = found.code
    else:
        guesses = columns.guess(facts.headers, facts.sample)
        run.facts["guesses"] = [[guess.sureness, str(guess.reason)] for guess in guesses]
        _map(run, columns.suggest(facts.headers, facts.sample))


def _facts_json(facts: FileFacts) -> dict[str, Any]:
    return {
        "kind": str(facts.kind),
        "encoding": facts.encoding,
        "encoding_found": facts.encoding_found.to_json() if facts.encoding_found else None,
        "delimiter": facts.delimiter,
        "sheet": facts.sheet,
        "sheets": list(facts.sheets),
        "headers": [text.clean(header) for header in facts.headers],
        "header_row": facts.header_row,
        "data_from": facts.data_from,
        "sample": [[text.clean(cell)[:500] for cell in row] for row in facts.sample[:KEPT_ROWS]],
        "rows": facts.approximate_rows,
        "warnings": [warning.to_json() for warning in facts.warnings],
    }


# --- where the columns go


def _map(run: ImportRun, mapping: columns.Mapping) -> None:
    run.mapping = mapping.to_json()


def map_columns(actor: Actor, run: ImportRun, rules: Mapping[int, str]) -> ImportRun:
    """Say what columns mean, by their place; rules as in ``Rule.parse``. Raises ImportRefused for one that does not exist."""
    _require_draft(actor, run)
    mapping = reading.mapping_of(run)
    try:
        changed = [
            columns.Column(
                column.header,
                columns.Rule.parse(rules[place]) if place in rules else column.rule,
                column.options,
            )
            for place, column in enumerate(mapping.columns)
        ]
    except (ValueError, KeyError):
        raise ImportRefused(_("A column cannot go there. Choose a field of the list.")) from None
    _map(run, columns.Mapping(tuple(changed), mapping.options))
    run.state = State.MAPPED
    run.save(update_fields=["mapping", "state"])
    return run


def use_preset(actor: Actor, run: ImportRun, code: str) -> ImportRun:
    """Match the columns as the exports of a known program name them."""
    _require_draft(actor, run)
    try:
        found = presets.preset(code)
    except KeyError:
        known = ", ".join(preset.code for preset in presets.PRESETS)
        raise ImportRefused(
            _("There is no preset “%(code)s”. There are: %(known)s") % {"code": code, "known": known}
        ) from None
    headers = run.facts.get("headers", [])
    mapping = presets.mapping_for(found, headers)
    if headers and all(column.rule.target == "ignore" for column in mapping.columns):
        raise ImportRefused(
            _("None of the columns is one that %(preset)s writes. Match them by hand.")
            % {"preset": found.label}
        )
    _map(run, mapping)
    run.facts = {**run.facts, "preset": code}
    run.save(update_fields=["mapping", "facts"])
    return run


def save_mapping(actor: Actor, run: ImportRun, *, name: str) -> ImportMapping:
    """Keep the mapping of a run under a name; one of that name is replaced."""
    _require(actor, run.project_id)
    name = text.clean(name).strip()[:120]
    if not name:
        raise ImportRefused(_("Give the mapping a name."))
    return ImportMapping.objects.update_or_create(
        owner_id=actor.user_id,
        name=name,
        defaults={"mapping": run.mapping, "headers": run.facts.get("headers", [])},
    )[0]


def use_mapping(actor: Actor, run: ImportRun, saved: ImportMapping) -> Sequence[str]:
    """Match the columns as in a saved mapping; returns the columns that it knows and this file lacks."""
    _require_draft(actor, run)
    bound, missing = columns.Mapping.from_json(saved.mapping).bind(run.facts.get("headers", []))
    _map(run, bound)
    run.save(update_fields=["mapping"])
    return missing


def set_options(actor: Actor, run: ImportRun, *, project_id: int, **options: Any) -> ImportRun:
    """Project, country, order of dates, who wins, tags for all, what to do with values that cannot be read."""
    _require_draft(actor, run)
    _require(actor, project_id)
    run.project_id, run.options = project_id, {**run.options, **options}
    run.save(update_fields=["project", "options"])
    return run


# --- dry run


@transaction.atomic
def start_check(actor: Actor, run: ImportRun) -> None:
    """Have a job try the import."""
    _require_draft(actor, run)
    run.state, run.progress, run.problem, run.counts = State.CHECKING, 0, "", {}
    run.save(update_fields=["state", "progress", "problem", "counts"])
    jobs.defer("contacts.import_check", lock=f"import:{run.pk}", run_id=run.pk)


def check(actor: Actor, run: ImportRun, *, told: Told | None = None) -> ImportRun:
    """Try the import here and now: every row is read, matched and listed under what would become of it."""

    def tell(done: int) -> None:
        _progress(run, done)
        if told:
            told(done, max(run.total, done))

    try:
        with bulk.seldom_collecting():
            if register := registers.register_of(run):
                counts = registers.check(actor, run, register)
            else:
                counts = checking.check(actor, run, tags=known_tags(run.project_id), told=tell)
    except Unreadable as error:
        return _fail(run, str(error))
    run.counts = {applying.COUNTED[Action(action)]: n for action, n in counts.items()}
    run.counts["read"] = run.total = sum(counts.values())
    run.counts["quarantined"] = run.quarantined.count()
    run.state, run.progress, run.cursor = State.CHECKED, run.total, {}
    run.save(update_fields=["state", "progress", "total", "counts", "cursor", "confidentiality"])
    _push(run)
    return run


def _progress(run: ImportRun, done: int) -> None:
    ImportRun.objects.unscoped("progress of a run at work").filter(pk=run.pk).update(progress=done)
    run.progress = done
    _push(run)


def _push(run: ImportRun) -> None:
    if run.user_id is not None:
        live.push(run.user_id, "job", {"id": f"import-{run.pk}", "done": run.progress, "total": run.total})


def _fail(run: ImportRun, problem: str) -> ImportRun:
    run.state, run.problem = State.FAILED, problem
    run.save(update_fields=["state", "problem"])
    _push(run)
    return run


@contextmanager
def failing_after(run: ImportRun, *, last: bool) -> Iterator[None]:
    """When the last attempt of a job goes wrong by no fault of the file, say so on the run; it can be continued."""
    try:
        yield
    except Exception:
        if last:
            _fail(
                run,
                _("It stopped because of an error in the program. Continue it; nothing is brought in twice."),
            )
        raise


# --- decisions


@transaction.atomic
def decide(
    actor: Actor, run: ImportRun, numbers: Sequence[int], *, decision: str, party_id: int | None = None
) -> int:
    """Say what becomes of possible duplicates: create anyway, update that contact, or leave out. Returns how many."""
    _require(actor, run.project_id)
    if run.state != State.CHECKED:
        raise ImportRefused(_("This import is not waiting for decisions."))
    if decision not in {Action.CREATE, Action.UPDATE, Action.SKIP, Action.NEW}:
        raise ImportRefused(_("This is not something that can be decided here."))
    rows = list(
        ImportRow.objects.select_for_update().filter(run=run, number__in=numbers, action=Action.DUPLICATE)
    )
    for row in rows:
        row.decision = decision
        if decision == Action.UPDATE:
            offered = [match["party"] or _party_of(run, match["row"]) for match in row.matches]
            chosen = party_id or next(iter(offered), None)
            if chosen not in offered:
                raise ImportRefused(_("That contact was not among those offered for this row."))
            row.party_id = chosen
    ImportRow.objects.bulk_update(rows, ["decision", "party_id"], batch_size=500)
    return len(rows)


def _party_of(run: ImportRun, number: int | None) -> int | None:
    return ImportRow.objects.filter(run=run, number=number or 0).values_list("party_id", flat=True).first()


# --- import


@transaction.atomic
def start_apply(actor: Actor, run: ImportRun) -> None:
    """Have a job bring the rows in; one that stopped goes on where it stood."""
    begin(actor, run)
    jobs.defer("contacts.import_apply", lock=f"import:{run.pk}", run_id=run.pk)


@transaction.atomic
def begin(actor: Actor, run: ImportRun) -> None:
    _require(actor, run.project_id)
    locked = (
        ImportRun.objects.unscoped("checked above")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=run.pk)
    )
    if locked.state == State.FAILED and locked.operation_id:
        locked.state, locked.problem = State.APPLYING, ""
    elif locked.state == State.CHECKED:
        locked.state, locked.progress, locked.cursor = State.APPLYING, locked.counts.get("refused", 0), {}
        locked.operation = start_operation(
            actor,
            kind=register.operation if (register := registers.register_of(locked)) else OPERATION,
            label=locked.filename,
            project_ids=[locked.project_id],
            data={"run": locked.pk},
            confidentiality=locked.confidentiality,
        )
    else:
        raise ImportRefused(_("This import was started already, or its file has not been checked yet."))
    locked.save(update_fields=["state", "progress", "cursor", "operation", "problem"])
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("the same run"))


def apply(actor: Actor, run: ImportRun, *, told: Told | None = None) -> ImportRun:
    """Bring the rows in here and now, from where the run stands."""
    operation = Operation.objects.unscoped("the run's own").get(pk=run.operation_id or 0)
    register = registers.register_of(run)
    work: applying.Pass[Any] = (
        registers.RegisterPass(actor, run, operation, register)
        if register
        else applying.Applying(actor, run, operation)
    )
    chunks = 0
    with bulk.seldom_collecting():
        while work.next_chunk():
            chunks += 1
            if chunks in LEARN_AFTER:
                bulk.analyse(Party, ContactPoint, Relation)
            _reload(run)
            _push(run)
            if told:
                told(run.progress, run.total)
    return _finish(actor, run, operation)


@transaction.atomic
def _finish(actor: Actor, run: ImportRun, operation: Operation) -> ImportRun:
    locked = (
        ImportRun.objects.unscoped("a run at work")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=run.pk)
    )
    if locked.state != State.APPLYING:
        return locked
    refused = ImportRow.objects.filter(run=locked, action=Action.REFUSE).count()
    counts = {**locked.cursor.get("counts", {}), "refused": refused}
    locked.counts = {**counts, "read": locked.total, "quarantined": locked.counts.get("quarantined", 0)}
    locked.state, locked.finished_at, locked.progress = State.DONE, clock.now(), locked.total
    changed: Operation | None = operation
    if not Entry.objects.unscoped("the operation's own").filter(operation=operation).exists():
        # Nothing was changed, so there is nothing to undo.
        changed = None
    locked.operation = changed
    locked.save(update_fields=["counts", "state", "finished_at", "progress", "operation"])
    record(actor, signals.import_finished, subject=locked, data=locked.counts, operation=changed)
    if changed is None:
        operation.delete()
    else:
        finish_operation(operation, counts={name: n for name, n in counts.items() if n})
    if locked.user_id is not None:
        notify(
            [locked.user_id],
            kind="import",
            title=_("The import of “%(name)s” is done.") % {"name": locked.filename},
            url=_page(locked),
        )
    _push(locked)
    _reload(run)
    return run


def _page(run: ImportRun) -> str:
    try:
        return reverse("contacts:import", args=[run.pk])
    except NoReverseMatch:
        return ""


def _reload(run: ImportRun) -> None:
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("the same run"))


# --- jobs


def worker_of(run: ImportRun) -> Actor:
    """As whom a job works on a run: with the rights that its user has by now."""
    return actor_of(run.user, via=Via.JOB) if run.user is not None else system_actor("import")


def user_at_work(user_id: int | None) -> Actor:
    """As whom a job works for somebody."""
    return actor_of(User.objects.get(pk=user_id), via=Via.JOB) if user_id else system_actor("import")


def run_of_job(run_id: int) -> ImportRun:
    return ImportRun.objects.unscoped("a run that a job was given").select_related("user").get(pk=run_id)


def forget_rows() -> int:
    """Drop the staged rows of imports that can no longer be undone, and of drafts nobody came back to; returns how many."""
    before = clock.now() - dt.timedelta(days=UNDO_DAYS)
    old = (
        ImportRun.objects.unscoped("upkeep")
        .filter(created_at__lt=before)
        .exclude(state__in=(State.CHECKING, State.APPLYING))
    )
    return ImportRow.objects.filter(run__in=old.values("pk")).delete()[0]


def mark_undone(actor: Actor, operation: Operation) -> None:
    """Say on the run of an operation that it was taken back."""
    for run in ImportRun.objects.unscoped("the run of the operation").filter(operation=operation):
        run.state = State.UNDONE
        run.save(update_fields=["state"])
        record(actor, signals.import_undone, subject=run, operation=operation)


def discard(actor: Actor, run: ImportRun) -> None:
    """Throw away a draft; what was imported is undone instead."""
    _require(actor, run.project_id)
    if run.operation_id is not None or run.state in {State.APPLYING, State.DONE, State.UNDONE}:
        raise ImportRefused(_("This import was carried out. Undo it instead."))
    run.delete()


def _require(actor: Actor, project_id: int) -> None:
    actor.require(RIGHT, project_id)
    actor.require(EDIT, project_id)


def _require_draft(actor: Actor, run: ImportRun) -> None:
    _require(actor, run.project_id)
    if (
        run.state not in {State.UPLOADED, State.MAPPED, State.CHECKED, State.FAILED}
        or run.operation_id is not None
    ):
        raise ImportRefused(
            _("This import is under way or done; its file and columns cannot be changed any more.")
        )
