"""Taking the words out of conversations, while who talked with whom, when and how stays for the figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from enishi.contacts.models import ImportRun
from enishi.content.models import File
from enishi.content.personal import FILE_WORDS, remove_files
from enishi.conversations.models import Attachment, Interaction, MailMessage, Thread
from enishi.conversations.services.invitations import forget_words
from enishi.core import registry
from enishi.core.personal import Emptied

SILENCED = "conversations.silenced"
"""Apps that keep words of conversations answer here: they take them out of theirs."""
WORDS = frozenset(
    {
        "subject", "text", "folds", "place", "defects", "in_reply_to", "references",
        # What the history of a conversation tells of passages marked in it.
        "quote", "passage", "_before", "_after",
        "invitation_title", "invitation_place", "invitation_text", "invitation_note",
    }
)  # fmt: skip
_WHY = "words that go, whoever may read them"


@dataclass(frozen=True)
class Silenced:
    """``hashes`` are bytes that are no longer needed here."""

    emptied: list[Emptied]
    hashes: list[str]


def silence(talk_ids: Collection[int]) -> Silenced:
    """Take out the words of these conversations, with what was attached to them alone, in the caller's transaction."""
    ids = list(talk_ids)
    talks = Interaction.objects.unscoped(_WHY)
    elsewhere = Attachment.objects.exclude(interaction__in=ids).filter(file=OuterRef("file"))
    theirs = Attachment.objects.filter(~Exists(elsewhere), interaction__in=ids)
    files = list(theirs.values_list("file_id", flat=True))
    hashes = remove_files(files)
    talks.filter(pk__in=ids).update(
        subject=gettext("Words erased"),
        text="",
        folds=[],
        place="",
        defects=[],
        in_reply_to="",
        references=[],
    )
    MailMessage.objects.filter(interaction__in=ids).update(sender="", recipients=[], subject_key="")
    forget_words(ids)
    others = talks.exclude(pk__in=ids).filter(thread=OuterRef("pk"))
    Thread.objects.filter(~Exists(others), interactions__in=ids).update(subject_key="")
    for tell in registry.providers(SILENCED).values():
        tell(ids)
    return Silenced(
        [
            Emptied(Interaction, frozenset(ids), WORDS, label=True),
            Emptied(File, frozenset(files), frozenset(FILE_WORDS), label=True),
        ],
        hashes,
    )


def drop_archives(talk_ids: Collection[int]) -> list[str]:
    """Let go of the mail archives from which these came: they hold the same words; returns their hashes."""
    runs = Interaction.objects.unscoped(_WHY).filter(pk__in=list(talk_ids)).exclude(import_run=None)
    archives = ImportRun.objects.unscoped(_WHY).filter(pk__in=runs.values("import_run"))
    gone = list(archives.exclude(sha256="").values_list("sha256", flat=True))
    archives.update(sha256="")
    return gone
