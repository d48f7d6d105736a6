"""Photos and files that were added to a conversation without a network: each once, byte by byte as it left the phone."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from typing import IO, Any, Protocol

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Forbidden, Via
from enishi.content.models import File
from enishi.content.services import FileDraft
from enishi.conversations.models import Attachment, Interaction
from enishi.conversations.services import change_interaction
from enishi.core.errors import Refusal
from enishi.core.formats import format_number
from enishi.fieldwork.models import Received
from enishi.fieldwork.queries import FILES, LOG
from enishi.fieldwork.services.receiving import Kept, Refused
from enishi.fieldwork.services.sent import Enclosed
from enishi.timeline.services import subject_type

MOST_FILES = 20
"""Files that come from the field with one conversation."""
MOST_BYTES = 25 * 2**20
"""A phone reads a file whole to say what its bytes come to, and sends it again whole when the line broke."""
_CHUNK = 1 << 20


class Broken(Exception):
    """The line broke before everything was here: the phone sends it again by itself."""


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def most_bytes() -> int:
    return min(MOST_BYTES, settings.UPLOAD_LIMIT)


def wanted(actor: Actor, sent: Enclosed) -> Kept | None:
    """What it became if it had arrived before; None if its bytes are wanted. Raises Refused, as ``enclose`` would."""
    talk = _talk_of(actor, sent)
    had = _had(actor, sent, talk)
    if had is None:
        _check(actor, sent, talk)
    return had


def enclose(actor: Actor, sent: Enclosed, *, source: Source, length: int) -> Kept:
    """Hang a file on its conversation, unless it hangs there. Raises Refused, or Broken for a part of it."""
    if (had := wanted(actor, sent)) is not None:
        return had
    if length != sent.size:
        raise Broken
    with tempfile.SpooledTemporaryFile(max_size=_CHUNK) as data:
        _read(sent, source, data)
        try:
            return _keep(dataclasses.replace(actor, via=Via.FIELD), sent, data)
        except Refusal as error:
            raise Refused(str(error)) from None
        except Forbidden:
            raise Refused(_no_right(), 403) from None


def _talk_of(actor: Actor, sent: Enclosed, *, lock: bool = False) -> Received:
    """The conversation with which it was written: one that the same person sent, and nobody else's."""
    if sent.user != actor.user_id:
        raise Refused(_("Somebody else wrote this. They send it after signing in themselves."), 403)
    talks = Received.objects.select_for_update() if lock else Received.objects.all()
    found = talks.filter(user_id=actor.own_id, key=sent.talk, kind="talk").first()
    if found is None:
        why = _("The conversation to which this belongs has not arrived. Send that first.")
        raise Refused(why, 404)
    return found


def _had(actor: Actor, sent: Enclosed, talk: Received) -> Kept | None:
    same = Received.objects.filter(user_id=actor.own_id, key=sent.key).first()
    if same is not None and (same.of_id, same.fingerprint) != (talk.pk, sent.sha256):
        raise Refused(_("Another file had arrived under the same number. Add this one anew."), 409)
    # Chosen twice: the same bytes hang there once.
    known = same or talk.files.filter(fingerprint=sent.sha256).first()
    return Kept(known.subject_type, known.subject_id or 0, again=True) if known else None


def _check(actor: Actor, sent: Enclosed, talk: Received) -> None:
    """Everything that can be said before a byte is read."""
    named = {"name": sent.name}
    if not sent.size:
        raise Refused(_("“%(name)s” is empty. Choose the file again.") % named)
    if sent.size > most_bytes():
        why = _("“%(name)s” is larger than %(limit)s MB. Split it, or keep it elsewhere and note where.")
        raise Refused(why % {**named, "limit": _said(most_bytes() >> 20)}, 413)
    if talk.files.count() >= MOST_FILES:
        why = _("From the field a conversation takes at most %(count)s files. Add the others on its page.")
        raise Refused(why % {"count": _said(MOST_FILES)})
    interaction = _conversation(actor, talk).first()
    if interaction is None:
        why = _(
            "Its conversation is no longer there for you: deleted, or out of your sight. Save the file elsewhere."
        )
        raise Refused(why, 404)
    if interaction.deleted_at is not None:
        why = _(
            "Its conversation was deleted meanwhile. Have it restored and send this again, or save the file elsewhere."
        )
        raise Refused(why, 409)
    if not (actor.may(LOG, interaction) and actor.may_some(FILES, interaction.project_ids)):
        raise Refused(_no_right(), 403)


def _said(number: int) -> str:
    return format_number(number, get_language() or "en")


def _conversation(actor: Actor, talk: Received) -> models.QuerySet[Interaction]:
    return Interaction.objects.visible_to(actor).filter(pk=talk.subject_id or 0)


def _no_right() -> str:
    return _("You may not add files to this conversation. Ask who gives rights, or save the file elsewhere.")


def _read(sent: Enclosed, source: Source, into: IO[Any]) -> None:
    """The bytes, when they are what the phone said; no more than it said is read."""
    digest, left = hashlib.sha256(), sent.size
    while left:
        try:
            chunk = source.read(min(_CHUNK, left))
        except OSError:
            raise Broken from None
        if not chunk:
            raise Broken
        digest.update(chunk)
        into.write(chunk)
        left -= len(chunk)
    if digest.hexdigest() != sent.sha256:
        why = _("“%(name)s” did not arrive as it was on the phone. Send it again.")
        raise Refused(why % {"name": sent.name})
    into.seek(0)


@transaction.atomic
def _keep(actor: Actor, sent: Enclosed, data: IO[Any]) -> Kept:
    # Whoever sends to the same conversation at the same time waits here, and then hears that it is had.
    talk = _talk_of(actor, sent, lock=True)
    if (had := _had(actor, sent, talk)) is not None:
        return had
    _check(actor, sent, talk)
    interaction = _conversation(actor, talk).get()
    change_interaction(actor, interaction, files=[FileDraft(sent.name, data)])
    file_id = Attachment.objects.filter(interaction=interaction).latest("pk").file_id
    kept = Received.objects.create(
        user_id=actor.own_id,
        key=sent.key,
        kind="file",
        fingerprint=sent.sha256,
        of=talk,
        subject_type=subject_type(File),
        subject_id=file_id,
        written_at=sent.added_at,
    )
    return Kept(kept.subject_type, file_id)
