"""One import of mail archives from beginning to end, which any interruption may cut and any later call resumes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enishi.accounts.access import Actor
from enishi.contacts.importing.protocol import ImportReport, Progress, SetAside
from enishi.contacts.models import ImportRun
from enishi.contacts.services.bounced import mark_bounced
from enishi.conversations import signals
from enishi.conversations.models import Bounce, Interaction, Participant
from enishi.conversations.services.drafts import level_for, usable_tags
from enishi.conversations.services.mail_import.batches import Archive, Batch, Cursor, batches
from enishi.conversations.services.mail_import.people import Us
from enishi.conversations.services.mail_import.writing import (
    Key,
    Target,
    look_up,
    set_aside,
    sort_out,
    write_mails,
)
from enishi.core import clock
from enishi.core.formats import counted
from enishi.timeline.models import Operation
from enishi.timeline.services import finish_operation, record, start_operation

RIGHT = "contacts.import"
KIND = "conversations.mail_import"
IMPORTER = "mail"
# Two imports that meet the same mail, or tie the same threads, must not overlap.
_LOCK = 7_305_002
_COUNTED = ("read", "created", "updated", "unchanged", "duplicate")
State = ImportRun.State


class ImportTaken(Exception):
    """Another process works on this import now; the text says so."""

    def __init__(self) -> None:
        super().__init__(_("This import is being worked on already. Wait until it has ended."))


@dataclass(frozen=True)
class MailOptions:
    """How mails are imported. ``project_ids`` are further projects beside the one of the import.

    ``confidentiality`` None: as new records of the project. ``answer`` "waiting" lets incoming mails that nobody answered
    ask for an answer; an archive usually needs none.
    """

    project_ids: Sequence[int] = ()
    tag_ids: Sequence[int] = ()
    confidentiality: int | None = None
    answer: str = Interaction.Answer.NONE


@transaction.atomic
def start_mail_import(
    actor: Actor, archives: Sequence[Archive], *, project_id: int, options: MailOptions | None = None
) -> ImportRun:
    """Begin an import, or find the one of the same archives that was interrupted. Nothing is read yet.

    Raises ConversationError for options that cannot be used, Forbidden without the right in every project.
    """
    options = options or MailOptions()
    projects = _projects(actor, project_id, options)
    level_for(actor, projects, options.confidentiality)
    facts = {"archives": [archive.to_json() for archive in archives]}
    chosen = {**asdict(options), "project_ids": projects, "tag_ids": usable_tags(projects, options.tag_ids)}
    digest = hashlib.sha256(json.dumps([facts, chosen], sort_keys=True).encode()).hexdigest()
    interrupted = (
        ImportRun.objects.unscoped("the actor's own run")
        .filter(
            importer=IMPORTER, sha256=digest, state=State.APPLYING, project=project_id, user=actor.user_id
        )
        .first()
    )
    if interrupted is not None:
        return interrupted
    return ImportRun.objects.create(
        project_id=project_id,
        confidentiality=level_for(actor, projects, None),
        importer=IMPORTER,
        state=State.APPLYING,
        user_id=actor.user_id,
        filename=_title(archives),
        sha256=digest,
        size=sum(archive.size for archive in archives),
        total=sum(archive.size for archive in archives),
        facts=facts,
        options=chosen,
        counts=dict.fromkeys(_COUNTED, 0),
    )


def _projects(actor: Actor, project_id: int, options: MailOptions) -> list[int]:
    projects = list(dict.fromkeys([project_id, *options.project_ids]))
    for each in projects:
        actor.require(RIGHT, each)
    return projects


def _title(archives: Sequence[Archive]) -> str:
    if len(archives) == 1:
        return archives[0].name[-300:]
    words = ngettext(
        "%(name)s and %(count)s further file", "%(name)s and %(count)s further files", len(archives) - 1
    )
    return words % {"name": archives[0].name[-200:], "count": counted(len(archives) - 1)} if archives else ""


def run_mail_import(actor: Actor, run: ImportRun, *, progress: Progress | None = None) -> ImportReport:
    """Do what is left of an import; every batch is a transaction of its own. Raises ImportTaken, Forbidden."""
    for project_id in run.options["project_ids"]:
        actor.require(RIGHT, project_id)
    archives = [Archive.from_json(data) for data in run.facts["archives"]]
    if run.state == State.APPLYING:
        us, target = Us(), _target(actor, run)
        for batch in batches(archives, Cursor.from_json(run.cursor)):
            run = _store(actor, run, batch, us, target)
            if progress is not None:
                progress(run.progress, run.total)
        run = _finish(actor, run)
    return report_of(run)


def _target(actor: Actor, run: ImportRun) -> Target:
    options = run.options
    return Target(
        project_ids=options["project_ids"],
        level=level_for(actor, options["project_ids"], options["confidentiality"]),
        tag_ids=options["tag_ids"],
        answer=options["answer"],
    )


def _store(actor: Actor, run: ImportRun, batch: Batch, us: Us, target: Target) -> ImportRun:
    # What takes time is done before the lock.
    for mail in sort_out(batch.mails, look_up(batch.mails), run_id=run.pk).fresh:
        mail.keep_files()
    with transaction.atomic():
        take_turn()
        run = _locked(run)
        known = look_up(batch.mails)
        found = sort_out(batch.mails, known, run_id=run.pk)
        if found.fresh:
            operation = _operation(actor, run, target)
            write_mails(actor, run, operation, found.fresh, known, us=us, target=target)
        set_aside(run, batch.unreadable)
        found.counts["read"] = len(batch.mails) + len(batch.unreadable)
        run.counts = dict(Counter(run.counts) + found.counts)
        run.cursor, run.progress = batch.after.to_json(), batch.done
        run.save(update_fields=["counts", "cursor", "progress", "operation"])
    return run


def take_turn() -> None:
    """Wait until no other mail import writes; holds for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _locked(run: ImportRun) -> ImportRun:
    """The run as it is now, for this transaction; nobody else may have gone on with it meanwhile."""
    now = (
        ImportRun.objects.unscoped("the run at hand")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=run.pk)
    )
    if now.cursor != run.cursor or now.state != run.state:
        raise ImportTaken
    return now


def _operation(actor: Actor, run: ImportRun, target: Target) -> Operation:
    if run.operation is None:
        run.operation = start_operation(
            actor,
            kind=KIND,
            label=_("Mail from %(name)s") % {"name": run.filename},
            project_ids=target.project_ids,
            data={"run": run.pk},
            confidentiality=target.level,
        )
    return run.operation


@transaction.atomic
def _finish(actor: Actor, run: ImportRun) -> ImportRun:
    run = _locked(run)
    counts = {name: run.counts.get(name, 0) for name in _COUNTED}
    counts["quarantined"] = run.quarantined.count()
    if run.operation is not None:
        counts["updated"] = mark_failed(actor, {"import_run": run}, operation=run.operation)
        if run.options["answer"] == Interaction.Answer.WAITING:
            _settle_answers(run)
        finish_operation(
            run.operation, counts={name: n for name, n in counts.items() if n and name != "read"}
        )
    run.state, run.finished_at, run.counts = State.DONE, clock.now(), counts
    run.save(update_fields=["state", "finished_at", "counts"])
    record(
        actor,
        signals.mail_imported,
        subject=run,
        data=counts,
        operation=run.operation,
        project_ids=run.options["project_ids"],
    )
    return run


def mark_failed(actor: Actor, among: Mapping[str, Any], *, operation: Operation | None) -> int:
    """Addresses that failed for good by reports ``among`` these conversations, and that nothing has come from since."""
    wrote_since = Participant.objects.filter(
        party__points__key=OuterRef("address"),
        address=OuterRef("address"),
        role=Participant.Role.FROM,
        interaction__occurred_at__gt=OuterRef("interaction__occurred_at"),
    )
    failed = (
        Bounce.objects.filter(
            interaction__in=Interaction.objects.unscoped("the reports that came").filter(**among),
            action="failed",
        )
        .exclude(status__startswith="4")
        .exclude(Exists(wrote_since))
    )
    return mark_bounced(actor, set(failed.values_list("address", flat=True)), operation=operation)


def _settle_answers(run: ImportRun) -> None:
    """What we wrote on in the same thread afterwards is answered."""
    answers = Interaction.objects.unscoped("the messages of this run").filter(
        thread=OuterRef("thread"),
        direction=Interaction.Direction.OUT,
        occurred_at__gt=OuterRef("occurred_at"),
        deleted_at__isnull=True,
    )
    Interaction.objects.unscoped("the messages of this run").filter(
        Exists(answers), import_run=run, answer=Interaction.Answer.WAITING
    ).update(answer=Interaction.Answer.ANSWERED)


def report_of(run: ImportRun) -> ImportReport:
    """What came of an import, with everything that was set aside."""
    return ImportReport(
        read=run.counts.get("read", 0),
        created=run.counts.get("created", 0),
        unchanged=run.counts.get("unchanged", 0),
        duplicate=run.counts.get("duplicate", 0),
        quarantined=[SetAside(one.file, one.item, one.reason) for one in run.quarantined.order_by("pk")],
    )


def try_mail_import(
    actor: Actor, archives: Sequence[Archive], *, project_id: int, options: MailOptions | None = None
) -> ImportReport:
    """What an import would do; nothing is written."""
    _projects(actor, project_id, options or MailOptions())
    counts: Counter[str] = Counter()
    aside: list[SetAside] = []
    seen: set[Key] = set()
    for batch in batches(archives, Cursor()):
        counts += sort_out(batch.mails, look_up(batch.mails), run_id=None, seen=seen).counts
        counts["read"] += len(batch.mails) + len(batch.unreadable)
        aside += [SetAside(each.file, each.item, str(each.reason)) for each in batch.unreadable]
    return ImportReport(
        read=counts["read"],
        created=counts["created"],
        unchanged=counts["unchanged"],
        duplicate=counts["duplicate"],
        quarantined=aside,
    )
