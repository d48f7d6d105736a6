"""Files from a folder or the command line: each to the importer that takes it, and none lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.importing.protocol import (
    Importer,
    ImportOptions,
    ImportReport,
    Progress,
    Refused,
    SetAside,
    Source,
    claimed,
    importers,
    look,
)
from enishi.contacts.importing.sniff import Kind
from enishi.contacts.models import ImportRow, ImportRun, Quarantined
from enishi.contacts.services.importing import runs
from enishi.contacts.services.importing.problems import refuses, said
from enishi.contacts.services.importing.registers import register_of
from enishi.core import jobs, storage
from enishi.core.registry import provide

Action = ImportRow.Action
AT_ONCE = 2000
"""Rows of a register that are tried while the browser waits."""


def import_files(
    actor: Actor,
    sources: Sequence[Source],
    *,
    project_id: int,
    options: ImportOptions,
    progress: Progress | None = None,
) -> ImportReport:
    """Import these files here and now, each by the importer that takes it; what nobody takes is kept in quarantine."""
    actor.require(runs.RIGHT, project_id)
    report = ImportReport()
    taken, left = claimed(sources)
    found = importers()
    for code, files in taken.items():
        report.add(found[code].run(actor, files, project_id=project_id, options=options, progress=progress))
    for source in left:
        report.quarantined.append(
            set_file_aside(actor, source, project_id=project_id, dry_run=options.dry_run)
        )
    return report


def receive(actor: Actor, *, project_id: int, name: str, stream: BinaryIO) -> ImportRun | None:
    """Take an uploaded file: a contact list waits for its columns, a register is tried; anything else goes to its importer, in the background.

    None in the last case. Raises ImportRefused for what nobody takes.
    """
    try:
        run = runs.upload(actor, project_id=project_id, name=name, stream=stream)
        if register_of(run) is not None:
            # Its columns are known, so it is tried at once.
            if run.total <= AT_ONCE:
                runs.check(actor, run)
            else:
                runs.start_check(actor, run)
        return run
    except runs.NotForContacts as error:
        source = look(storage.path_of(error.sha256), name)
        code = next((code for code, importer in importers().items() if importer.claims(source)), None)
        if code is None:
            raise
        jobs.defer(
            "contacts.import_file",
            importer=code,
            sha256=error.sha256,
            filename=name,
            project_id=project_id,
            user_id=actor.user_id,
        )
        return None


def import_file(actor: Actor, *, importer: str, sha256: str, filename: str, project_id: int) -> ImportReport:
    """The job: hand one stored file to its importer."""
    source = look(storage.path_of(sha256), filename)
    return importers()[importer].run(actor, [source], project_id=project_id, options=ImportOptions())


def set_file_aside(actor: Actor, source: Source, *, project_id: int, dry_run: bool = False) -> SetAside:
    """Keep a file that cannot be read at all, once, with the reason."""
    reason = str(source.problem)
    if not dry_run and source.path.is_file():
        with source.path.open("rb") as file:
            kept = storage.put_file(file)
        known = Quarantined.objects.filter(
            run__project=project_id, sha256=kept.sha256, file=source.name[:500]
        )
        if not known.exists():
            run = ImportRun.objects.create(
                importer="",
                project_id=project_id,
                user_id=actor.user_id,
                filename=source.name[:300],
                sha256=kept.sha256,
                size=kept.size,
                state=ImportRun.State.FAILED,
                problem=reason,
            )
            Quarantined.objects.create(
                run=run, file=source.name[:500], reason=reason[:500], sha256=kept.sha256, size=kept.size
            )
    return SetAside(source.name, "", reason)


class ContactsImporter(Importer):
    """Tables and vCards."""

    label = _("Contact lists")
    order = 50

    def claims(self, source: Source) -> bool:
        facts = source.facts
        return facts is not None and (facts.kind.is_table or facts.kind is Kind.VCARD)

    def run(
        self,
        actor: Actor,
        sources: Sequence[Source],
        *,
        project_id: int,
        options: ImportOptions,
        progress: Progress | None = None,
    ) -> ImportReport:
        report = ImportReport()
        for source in sources:
            report.add(self._file(actor, source, project_id, options, progress))
        return report

    def _file(
        self, actor: Actor, source: Source, project_id: int, options: ImportOptions, progress: Progress | None
    ) -> ImportReport:
        with source.path.open("rb") as file:
            kept = storage.put_file(file)
        run = self._unfinished(actor, kept.sha256, project_id)
        if run is None or options.dry_run:
            try:
                run = self._prepared(actor, source, kept, project_id, options)
            except runs.ImportRefused as error:
                return ImportReport(quarantined=[SetAside(source.name, "", str(error))])
            runs.check(actor, run, told=progress)
        if run.state == run.State.FAILED:
            return ImportReport(quarantined=[SetAside(source.name, "", run.problem)])
        if options.dry_run:
            found = _report(run, source.name)
            runs.discard(actor, run)
            return found
        if run.state == run.State.CHECKED:
            runs.begin(actor, run)
        return _report(runs.apply(actor, run, told=progress), source.name)

    def _unfinished(self, actor: Actor, sha256: str, project_id: int) -> ImportRun | None:
        """The same file, stopped in the middle: it goes on where it stood."""
        return (
            ImportRun.objects.unscoped("the actor may import into this project")
            .filter(sha256=sha256, project=project_id, importer=runs.CONTACTS, state=ImportRun.State.APPLYING)
            .filter(Q(user__isnull=True) if actor.user_id is None else Q(user=actor.user_id))
            .first()
        )

    def _prepared(
        self, actor: Actor, source: Source, kept: storage.Stored, project_id: int, options: ImportOptions
    ) -> ImportRun:
        run = runs.start(actor, project_id=project_id, name=source.name, sha256=kept.sha256, size=kept.size)
        if options.preset and run.facts["kind"] != Kind.VCARD:
            try:
                runs.use_preset(actor, run, options.preset)
            except runs.ImportRefused:
                run.delete()
                raise
        chosen = {"country": options.country, "date_order": options.date_order, "tags": list(options.tags)}
        given: dict[str, object] = {name: value for name, value in chosen.items() if value}
        if not options.file_wins:
            given["file_wins"] = False
        return runs.set_options(actor, run, project_id=project_id, **given)


provide("importer", runs.CONTACTS)(ContactsImporter)


def _report(run: ImportRun, name: str) -> ImportReport:
    counts = run.counts
    refused = [
        Refused(name, number, found["column"], said(found))
        for number, errors in ImportRow.objects.filter(run=run, action=Action.REFUSE)
        .order_by("number")
        .values_list("number", "errors")
        for found in errors
        if refuses(found)
    ]
    aside = [SetAside(name, item.item, item.reason) for item in run.quarantined.order_by("id")]
    return ImportReport(
        read=counts.get("read", 0) + len(aside),
        created=counts.get("created", 0),
        updated=counts.get("updated", 0),
        unchanged=counts.get("unchanged", 0),
        duplicate=counts.get("duplicate", 0),
        refused=refused,
        quarantined=aside,
    )
