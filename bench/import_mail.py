"""import_mail: 20,000 real-shaped messages from an mbox through the product, against Python's parser reading the file."""

from __future__ import annotations

import mailbox
import tempfile
from pathlib import Path

from bench._mailbox import OURS, Mailbox
from bench.harness import Figure, alternating, empty, peak_memory_mb, report, say, set_up, timed

MESSAGES = 20_000
KNOWN = 400


def run(messages: int = MESSAGES) -> None:
    set_up()
    from django.conf import settings

    with tempfile.TemporaryDirectory(prefix="enishi-bench-") as folder:
        made, path = Mailbox(messages), Path(folder) / "archive.mbox"
        made.write(path)
        say(f"{messages:,} messages, {path.stat().st_size / 1e6:.0f} MB")
        kept = settings.FILES_DIR
        try:
            _measure(path, made, Path(folder))
        finally:
            settings.FILES_DIR = kept


def _measure(path: Path, made: Mailbox, folder: Path) -> None:
    from django.conf import settings

    from enishi.accounts.access import system_actor
    from enishi.accounts.models import Project, User
    from enishi.contacts.services import PartyDraft, PointDraft, create_party
    from enishi.conversations.models import Interaction
    from enishi.conversations.services.mail_import import Archive, run_mail_import, start_mail_import

    actor = system_actor("bench")
    again: list[float] = []

    def product() -> float:
        """A new installation with colleagues and half of the correspondents known; each file is stored anew."""
        empty()
        settings.FILES_DIR = Path(tempfile.mkdtemp(dir=folder))
        where = Project.objects.create(name="Bench", code="bench")
        User.objects.create(email=f"person0@{OURS}", name="Alice Hartley")
        for _language, name, address in made.people[20 : 20 + KNOWN]:
            create_party(
                actor,
                PartyDraft(full_name=name, points=[PointDraft("email", address)]),
                project_ids=[where.pk],
            )

        def once() -> int:
            started = start_mail_import(actor, [Archive.at(path, path.name)], project_id=where.pk)
            return run_mail_import(actor, started).created

        seconds = timed(once)
        stored = Interaction.objects.unscoped("bench").count()
        if stored != made.count:
            raise SystemExit(f"{stored} of {made.count} messages are stored")
        if not again:
            again.append(timed(once))
        return seconds

    def floor() -> float:
        def read_all() -> None:
            opened = mailbox.mbox(path)
            for message in opened:
                message.get_content_type()
            opened.close()

        return timed(read_all)

    ours, theirs = alternating(product, floor)
    say(
        f"product {ours:.1f} s ({made.count / ours:,.0f} messages/s), parser {theirs:.1f} s; importing it again"
        f" {again[0]:.1f} s; peak memory {peak_memory_mb():.0f} MB"
    )
    report(
        Figure(
            "import_mail", ours, "s", ours / theirs, "Python's mailbox and email parser reading the same file"
        )
    )
