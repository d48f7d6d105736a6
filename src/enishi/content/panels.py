"""Files on shared pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.content import queries, services
from enishi.content.personal import ContentKeeper
from enishi.content.retention import OldFiles
from enishi.core import formats
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.privacy.retention import PLACE as RETENTION

EDIT = "content.edit"

provide(PLACE, ContentKeeper.code)(ContentKeeper)
provide(RETENTION, OldFiles.code)(OldFiles)

add_menu(
    MenuEntry(
        group="answer",
        label=_("Files"),
        url_name="content:files",
        icon="files",
        right="content.view",
        order=60,
    )
)


@panel("contacts.record.end", order=60)
def files_of_party(actor: Actor, party: Party) -> Shown | None:
    """What belongs to a person or organisation."""
    if not actor.may_some("content.view", party.project_ids):
        return None
    found = queries.files_of_party(actor, party.pk)
    return Shown("content/party_files.html", {"files": found}) if found else None


@provide("timeline.draw", "content.file")
def draw(actor: Actor, ids: Sequence[int]) -> dict[int, Shown]:
    """Files as items of a timeline."""
    language = translation.get_language() or "en"
    return {
        pk: Shown(
            "content/drawn.html",
            {"file": one, "time": formats.format_time(timezone.localtime(one.created_at), language)},
        )
        for pk, one in queries.by_ids(actor, ids).items()
    }


@provide("contacts.files", "show")
def shown_files(actor: Actor, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Name and address of the files in own fields of contacts, as far as the reader may see them."""
    found = queries.by_ids(actor, ids)
    return {pk: (file.name, reverse("content:file", args=[pk])) for pk, file in found.items()}


@provide("contacts.files", "keep")
def keep_file(actor: Actor, party: Party, upload: UploadedFile[bytes]) -> int:
    """Keep a file that was put into an own field of a contact, no less confidential than the contact.

    Raises ValueError for what cannot be kept, Forbidden without the right in any of the contact's projects.
    """
    project_id = next((pk for pk in party.project_ids if actor.may_some(EDIT, pk)), party.project_ids[0])
    try:
        file = services.add_file(
            actor,
            project=project_id,
            name=upload.name or "",
            data=upload.file or b"",
            party_ids=[party.pk],
            at_least=party.confidentiality,
        )
    except services.FileError as error:
        raise ValueError(str(error)) from None
    return file.pk
