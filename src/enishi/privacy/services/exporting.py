"""Everything about one person, as a file to hand out: for machines, for people, and the kept files themselves."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import Party
from enishi.core import clock, jobs, live, storage
from enishi.core.personal import Chapter, Given, keepers
from enishi.privacy import queries, signals
from enishi.privacy.models import Export
from enishi.timeline.services import notify, plain, record
from enishi.timeline.words import value_words

RIGHT = "privacy.export"
FORMAT = "enishi.person/1"
KEPT_DAYS = 7
_UNSAFE = re.compile(r"[^\w.\- ]+")
_STYLE = (
    "body{font:16px/1.5 system-ui,'Noto Sans JP',Vazirmatn,sans-serif;max-inline-size:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;inline-size:100%;margin-block:.5rem 1.5rem}"
    "th,td{border-block-end:1px solid;padding:.35rem .6rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}"
    "th{inline-size:12rem;font-weight:600}td{white-space:pre-line}h2{margin-block-start:2rem}"
    "@media print{table{break-inside:avoid}}\n"
)


class ExportRefused(Exception):
    """The file cannot be prepared; the text says why and what can be done."""


@transaction.atomic
def start_export(actor: Actor, party: Party, *, language: str) -> Export:
    """Have everything about a person prepared by a job. Raises Forbidden, ExportRefused."""
    actor.require(RIGHT, party.project_ids)
    if not party.is_person:
        raise ExportRefused(_("Only people have a right to this. Choose a person of this organisation."))
    if language not in dict(LANGUAGES):
        language = actor.language
    total = len(keepers())
    export = Export.objects.create(
        party=party,
        user_id=actor.own_id,
        language=language,
        total=total,
        project_ids=party.project_ids,
        confidentiality=party.confidentiality,
    )
    jobs.defer("privacy.export", export_id=export.pk)
    return export


def export_of_job(export_id: int) -> Export:
    found = Export.objects.unscoped("an export that a job was given")
    return found.select_related("user", "party").get(pk=export_id)


@dataclass
class _Made:
    """What went into the file so far."""

    chapters: list[tuple[Chapter, list[str]]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def run_export(actor: Actor, export: Export) -> Export:
    """The job: write the file as that actor may read, keep it, record it, tell who asked. Safe to repeat."""
    if export.state == Export.State.DONE:
        return export
    try:
        party = queries.party(actor, export.party_id)
        actor.require(RIGHT, party.project_ids)
    except (Party.DoesNotExist, Forbidden):
        export.state = Export.State.FAILED
        export.save(update_fields=["state"])
        return export
    with translation.override(export.language), tempfile.TemporaryFile() as file:
        made = _write(actor, party, file, language=export.language, told=lambda n: _progress(export, n))
        file.seek(0)
        kept = storage.put_file(file)
    with transaction.atomic():
        export.counts = {chapter.code: len(chapter.rows) for chapter, _files in made.chapters}
        export.withheld = sum(chapter.withheld for chapter, _files in made.chapters)
        export.state, export.sha256, export.size = Export.State.DONE, kept.sha256, kept.size
        export.done, export.expires_at = export.total, clock.now() + dt.timedelta(days=KEPT_DAYS)
        export.save()
        record(
            actor,
            signals.person_given_out,
            subject=party,
            party_id=party.pk,
            data={"withheld": export.withheld, "language": export.language, **export.counts},
        )
        title = _("Everything about a person is ready to be fetched.")
        notify([actor.own_id], kind="export", title=title, url=reverse("privacy:export", args=[export.pk]))
    return export


def _progress(export: Export, done: int) -> None:
    Export.objects.unscoped("the same export").filter(pk=export.pk).update(done=done)
    if export.user_id is not None:
        told = {"id": f"export-{export.pk}", "done": done, "total": export.total}
        live.push(export.user_id, "job", told)


def _write(
    actor: Actor, party: Party, file: IO[bytes], *, language: str, told: Callable[[int], None]
) -> _Made:
    subject, made = queries.subject(actor, party), _Made()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, keeper in enumerate(keepers(), start=1):
            for chapter in keeper.tell(actor, subject):
                files = [name for given in chapter.files if (name := _put(archive, given, made.names))]
                made.chapters.append((chapter, files))
            told(number)
        about = {
            "format": FORMAT,
            "person": party.pk,
            "name": party.full_name,
            "made_at": clock.now().isoformat(),
            "organisation": accounts.organisation().name,
        }
        archive.writestr("data.json", _json(about, made))
        context = {
            "about": about,
            "made_at": clock.now(),
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
            "chapters": [_for_people(chapter, files) for chapter, files in made.chapters],
            "withheld": sum(chapter.withheld for chapter, _files in made.chapters),
        }
        archive.writestr("read-me.html", render_to_string("privacy/dossier.html", context))
        archive.writestr("style.css", _STYLE)
    return made


def _put(archive: zipfile.ZipFile, given: Given, taken: set[str]) -> str:
    """Put the bytes of a kept file into the archive under a name of its own; nothing when they are missing."""
    path = storage.path_of(given.sha256)
    if not path.exists():
        return ""
    name = _UNSAFE.sub("_", given.name).strip(" .") or "file"
    stem, dot, ending = name.rpartition(".")
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}.{ending}" if dot and stem else f"{ending}-{number}"
    taken.add(name.casefold())
    archive.write(path, f"files/{name}")
    return f"files/{name}"


def _json(about: Mapping[str, Any], made: _Made) -> str:
    chapters = [
        {
            "code": chapter.code,
            "title": str(chapter.label),
            "rows": plain(chapter.rows),
            "files": files,
            "left_out": chapter.withheld,
        }
        for chapter, files in made.chapters
    ]
    return json.dumps({**about, "chapters": chapters}, ensure_ascii=False, indent=1)


def _for_people(chapter: Chapter, files: Iterable[str]) -> dict[str, Any]:
    """A chapter in words: each row as pairs of what a thing is called and what it says."""
    fields = {f.name: f for f in chapter.model._meta.get_fields()} if chapter.model else {}
    rows = [
        [
            (capfirst(str(chapter.labels[name])), value_words(fields.get(name), plain(value)))
            for name, value in row.items()
            if name in chapter.labels and value not in (None, "", [], {})
        ]
        for row in chapter.rows
    ]
    return {"label": chapter.label, "rows": rows, "files": list(files), "withheld": chapter.withheld}


def forget_exports() -> int:
    """Delete the files whose days are over; what was given out stays in the history. Returns how many."""
    over = list(
        Export.objects.unscoped("upkeep").filter(expires_at__lte=Now()).exclude(sha256="").order_by("pk")
    )
    for export in over:
        storage.remove(export.sha256)
    Export.objects.unscoped("upkeep").filter(pk__in=[one.pk for one in over]).update(sha256="")
    return len(over)
