"""Files that go with an answer: kept from the moment they were chosen, checked when it is written and once more when it goes."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from hashlib import sha256
from typing import IO

from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.content import queries as content
from enishi.content.models import File
from enishi.content.services import FileError, keep, open_file
from enishi.conversations.models import Interaction
from enishi.core import clock, storage
from enishi.mailboxes.models import Enclosure, Reply
from enishi.mailboxes.queries import may_upload
from enishi.mailboxes.services.errors import MailboxError
from enishi.privacy.services.erasing import remove_bytes

MOST_BYTES = 18 * 2**20
"""As a mail they are a third larger, and most servers take no mail beyond 25 MB."""
MOST_FILES = 20
WAIT = dt.timedelta(days=1)
"""What was chosen for an answer that was never sent is kept so long."""
FIELD = "uploads"


class Unsure(MailboxError):
    """Some of the files are confidential: whoever writes has to say of each that it may leave the house."""

    def __init__(self, files: Sequence[File]) -> None:
        names = ", ".join(f"“{one.name}”" for one in files)
        super().__init__(
            _("Confidential files would go out with this answer: %(names)s. Say of each that it may.")
            % {"names": names},
            FIELD,
        )
        self.files = files


class Missing(Exception):
    """A file cannot go with the answer any more."""


def hold(actor: Actor, question: Interaction, *, name: str, data: IO[bytes], size: int) -> Enclosure:
    """Keep what was put into the form of an answer, until it goes. Raises MailboxError."""
    if not may_upload(actor, question):
        raise MailboxError(_("You may not add files in this project."), FIELD)
    if size > MOST_BYTES:
        raise MailboxError(_too_much(size, name), FIELD)
    if not size:
        raise MailboxError(_("“%(name)s” is empty. Choose the file again.") % {"name": name}, FIELD)
    read = data.read()
    kept = keep(name, read, sha256=sha256(read).hexdigest())
    return Enclosure.objects.create(
        question=question,
        user_id=actor.own_id,
        name=kept.name,
        sha256=kept.sha256,
        size=kept.size,
        media_type=kept.media_type,
        made_at=clock.now(),
    )


def _too_much(size: int, name: str = "") -> str:
    told = {"name": name, "size": filesizeformat(size), "limit": filesizeformat(MOST_BYTES)}
    if name:
        return (
            _(
                "“%(name)s” has %(size)s; the files of one e-mail have at most %(limit)s. "
                "Send a smaller one, or say where it can be fetched."
            )
            % told
        )
    return (
        _(
            "The files have %(size)s together; those of one e-mail have at most %(limit)s. "
            "Take some off and send them with another answer, or say where they can be fetched."
        )
        % told
    )


def check(
    actor: Actor,
    question: Interaction,
    *,
    held: Collection[int],
    kept: Collection[int],
    sure: Collection[int],
) -> tuple[list[Enclosure], list[File]]:
    """What was held and what is kept, if all of it may go with an answer to that. Raises MailboxError."""
    rows = Enclosure.objects.filter(pk__in=held, question=question, user=actor.own_id, reply=None)
    waiting = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    files = _may_go(actor, question, kept) if kept else []
    if files is None or len(waiting) != len(set(held)):
        raise MailboxError(_("One of the files is no longer there. Choose it again."), FIELD)
    for one in files:
        if one.confidentiality > question.confidentiality:
            raise MailboxError(_beyond(one, question), FIELD)
    sizes = [*(one.size for one in waiting), *(one.newest[0].size for one in files)]  # type: ignore[attr-defined]
    if len(sizes) > MOST_FILES:
        raise MailboxError(_("An answer carries at most %(count)s files.") % {"count": MOST_FILES}, FIELD)
    if sum(sizes) > MOST_BYTES:
        raise MailboxError(_too_much(sum(sizes)), FIELD)
    asked = [one for one in files if one.confidentiality >= Level.CONFIDENTIAL and one.pk not in sure]
    if asked:
        raise Unsure(asked)
    return waiting, files


def _may_go(actor: Actor, question: Interaction, ids: Collection[int]) -> list[File] | None:
    """Those files, or None when one is gone, hidden from the actor, or of another project than the conversation."""
    found = content.by_ids(actor, ids)
    chosen = [found[pk] for pk in dict.fromkeys(ids) if pk in found]
    fit = all(one.newest and one.project_id in question.project_ids for one in chosen)  # type: ignore[attr-defined]
    return chosen if fit and len(chosen) == len(set(ids)) else None


def _beyond(file: File, question: Interaction) -> str:
    told = {
        "name": file.name,
        "level": file.get_confidentiality_display(),
        "lower": question.get_confidentiality_display(),
    }
    return (
        _(
            "“%(name)s” is more confidential (%(level)s) than this conversation (%(lower)s): whoever reads the answer here could "
            "open it. Leave it out, or make the conversation as confidential first."
        )
        % told
    )


def enclose(actor: Actor, made: Reply, waiting: Sequence[Enclosure], files: Sequence[File]) -> None:
    """Let these go with that answer. Raises MailboxError when the bytes of one are missing."""
    Enclosure.objects.filter(pk__in=[one.pk for one in waiting]).update(reply=made)
    for file in files:
        try:
            opened = open_file(actor, file.pk, how="mail")
        except FileError as error:
            raise MailboxError(str(error), FIELD) from None
        opened.stream.close()
        Enclosure.objects.create(
            question_id=made.question_id,
            user_id=made.user_id,
            reply=made,
            file=file,
            name=file.name,
            sha256=opened.version.sha256,
            size=opened.version.size,
            media_type=opened.version.media_type,
            made_at=made.made_at,
        )


def parts(actor: Actor, found: Reply) -> Iterator[MIMEBase]:
    """The files as parts of a mail, byte by byte as they are kept. Raises Missing."""
    rows = list(found.enclosures.order_by("pk"))
    copied = {one.file_id for one in rows if one.file_id is not None}
    files = _may_go(actor, found.question, copied) if copied else []
    if files is None or any(one.confidentiality > found.question.confidentiality for one in files):
        raise Missing
    return (_part(one) for one in rows)


def _part(one: Enclosure) -> MIMEBase:
    try:
        data = storage.path_of(one.sha256).read_bytes()
    except (OSError, ValueError):
        raise Missing from None
    kind, _slash, rest = one.media_type.partition("/")
    # A mail inside a mail may not be encoded, and only what is encoded arrives as it was.
    part = (
        MIMEBase(kind, rest)
        if kind not in {"message", "multipart"}
        else MIMEBase("application", "octet-stream")
    )
    part.set_payload(data)
    encode_base64(part)
    plain = one.name.isascii()
    part.add_header(
        "Content-Disposition", "attachment", filename=one.name if plain else ("utf-8", "", one.name)
    )
    return part


def let_go(rows: QuerySet[Enclosure]) -> None:
    """Forget these, and their bytes where nothing else needs them."""
    hashes = list(rows.values_list("sha256", flat=True).distinct())
    rows.delete()
    transaction.on_commit(functools.partial(remove_bytes, hashes))


@transaction.atomic
def forget_unused() -> None:
    """What was chosen for answers that were never sent."""
    let_go(Enclosure.objects.filter(reply=None, made_at__lt=clock.now() - WAIT))


def forget_erased(file_ids: Iterable[int]) -> list[str]:
    """Copies of files that go for good: answers that were to carry them do not go. Returns the hashes."""
    rows = Enclosure.objects.filter(file__in=list(file_ids))
    hashes = list(rows.values_list("sha256", flat=True).distinct())
    rows.update(sha256="", size=0, name=_("Erased file"))
    return hashes
