"""Mail archives as one kind of file that can be imported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.importing.protocol import Importer, ImportOptions, ImportReport, Progress, Source
from enishi.contacts.importing.sniff import Kind
from enishi.contacts.services.importing.lookups import tag_path
from enishi.contacts.services.importing.tagging import known_tags, make_tags
from enishi.conversations.services.mail_import.batches import Archive
from enishi.conversations.services.mail_import.runs import (
    RIGHT,
    MailOptions,
    run_mail_import,
    start_mail_import,
    try_mail_import,
)

MAIL = frozenset({Kind.MBOX, Kind.EML, Kind.ZIP})
# A page or a note beside mails is set aside with the words that are right for a mail, not read as a table.
NAMES = re.compile(r".*\.(?:eml|emlx|mbox|mbx|mht|mhtml|msg|pst|html?)(?:\.gz)?", re.IGNORECASE)


class MailImporter(Importer):
    label = _("Mail archives")
    order = 10

    def claims(self, source: Source) -> bool:
        facts = source.facts
        if (facts is not None and facts.kind in MAIL) or NAMES.fullmatch(source.name):
            return True
        if _begins_mailbox(source):
            return True
        # Text without an ending and without columns is no table: mail folders hold such files.
        if PurePath(source.name).suffix:
            return False
        if facts is None:
            return source.problem is not None and source.problem.code == "only_header"
        return facts.kind == Kind.CSV and len(facts.headers) < 2

    def run(
        self,
        actor: Actor,
        sources: Sequence[Source],
        *,
        project_id: int,
        options: ImportOptions,
        progress: Progress | None = None,
    ) -> ImportReport:
        archives = [Archive.at(source.path.resolve(), source.name) for source in sources]
        if options.dry_run:
            return try_mail_import(actor, archives, project_id=project_id)
        actor.require(RIGHT, project_id)
        chosen = MailOptions(tag_ids=_tags(options.tags, project_id))
        run = start_mail_import(actor, archives, project_id=project_id, options=chosen)
        return run_mail_import(actor, run, progress=progress)


def _tags(typed: Sequence[str], project_id: int) -> list[int]:
    """Tags by path; those that are missing are made for the project."""
    paths = [path for path in map(tag_path, typed) if path]
    tags = known_tags(project_id)
    make_tags(tags, paths, project_id=project_id)
    return [tags[path] for path in paths]


def _begins_mailbox(source: Source) -> bool:
    """A mailbox may be larger than any table that is read, or begin with a message that is hard to recognise."""
    try:
        with source.path.open("rb") as file:
            return file.read(5) == b"From "
    except OSError:
        return False
