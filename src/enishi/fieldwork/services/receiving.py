"""Keeping what a phone hands in: each entry once, with the rights of now."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Forbidden, Via
from enishi.commitments.services import CommitmentError
from enishi.contacts.services import ContactError
from enishi.conversations.services import ConversationError
from enishi.core.dates import DateError
from enishi.fieldwork.models import Received
from enishi.fieldwork.services.correcting import correct
from enishi.fieldwork.services.sent import Correction, Entry, Talk, fingerprint
from enishi.fieldwork.services.talks import log_talk
from enishi.timeline.services import subject_type


class Refused(Exception):
    """An entry cannot be kept as it is; the words say why and what to do. ``status`` as in every other answer."""

    def __init__(self, why: str, status: int = 422) -> None:
        super().__init__(why)
        self.status = status


@dataclasses.dataclass(frozen=True)
class Kept:
    """What an entry became; ``again``: it had arrived before."""

    subject_type: str
    subject_id: int
    again: bool = False


_KEEPERS: dict[type[Any], Callable[[Actor, Any], models.Model]] = {Talk: log_talk, Correction: correct}


def receive(actor: Actor, entry: Entry) -> Kept:
    """Keep one entry, unless it was kept before. Raises Refused or Clashing; then nothing of it was written."""
    if entry.user != actor.user_id:
        raise Refused(_("Somebody else wrote this. They send it after signing in themselves."), 403)
    try:
        return _keep(dataclasses.replace(actor, via=Via.FIELD), entry)
    except (ConversationError, CommitmentError, ContactError, DateError) as error:
        raise Refused(str(error)) from None
    except Forbidden:
        why = _(
            "You no longer have the right to write this down there. Choose another project, or ask who gives rights."
        )
        raise Refused(why, 403) from None
    except ObjectDoesNotExist:
        why = _(
            "This contact is no longer there for you: deleted, or out of your sight. Copy the text, or choose somebody else."
        )
        raise Refused(why, 404) from None


@transaction.atomic
def _keep(actor: Actor, entry: Entry) -> Kept:
    # The row is locked by being new: whoever sends the same at the same time waits here for the outcome.
    received, new = Received.objects.get_or_create(
        user_id=actor.own_id,
        key=entry.key,
        defaults={"kind": entry.kind, "fingerprint": fingerprint(entry), "written_at": entry.written_at},
    )
    if not new:
        if received.fingerprint != fingerprint(entry):
            raise Refused(
                _(
                    "This had arrived before it was changed on the phone. Open it here and write the change there."
                ),
                409,
            )
        return Kept(received.subject_type, received.subject_id or 0, again=True)
    made = _KEEPERS[type(entry)](actor, entry)
    received.subject_type, received.subject_id = subject_type(made), made.pk
    received.save(update_fields=["subject_type", "subject_id"])
    return Kept(received.subject_type, received.subject_id)
