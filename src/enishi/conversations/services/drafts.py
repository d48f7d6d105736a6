"""What is given to be saved, checked and written down for the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project
from enishi.contacts.models import ContactPoint, Party, Tag
from enishi.contacts.queries.protected import seen_points
from enishi.conversations.models import Attachment, Interaction, InteractionTag, Participant
from enishi.conversations.services.errors import ConversationError
from enishi.core import text

VIEW, EDIT, DELETE = "conversations.view", "conversations.edit", "conversations.delete"
FIELDS = (
    "channel", "direction", "occurred_at", "minutes", "subject", "text", "folds", "place", "language", "answer",
    "confidentiality", "project_ids",
)  # fmt: skip
TYPED = ("subject", "text", "place", "channel")


@dataclass(frozen=True)
class ParticipantDraft:
    """Somebody who took part: a contact, a colleague, or only a name or an address."""

    role: str = Participant.Role.WITH
    party_id: int | None = None
    user_id: int | None = None
    name: str = ""
    address: str = ""


def require_projects(actor: Actor, project_ids: Iterable[int], owners: Collection[int | None]) -> None:
    """The right to write there, for what belongs to these people."""
    ids = list(project_ids)
    if not ids:
        raise ConversationError(_("Choose at least one project."), "project_ids")
    for project_id in ids:
        actor.require_new(EDIT, project_id, owners)


def level_for(
    actor: Actor, project_ids: Sequence[int], level: int | None, *, at_least: int = Level.OPEN
) -> int:
    """The level asked for, or the strictest default of the projects; never above what the actor may read."""
    if level is None:
        defaults = Project.objects.filter(pk__in=project_ids).values_list("default_level", flat=True)
        return max([at_least, *defaults])
    if level > max(actor.clearance(VIEW, project_ids, own=True), at_least):
        raise ConversationError(
            _("You cannot make a conversation more confidential than you may read."), "confidentiality"
        )
    return max(level, at_least)


def least_level(participants: Iterable[Participant]) -> int:
    """A talk is at least as confidential as the least confidential of the contacts who took part.

    With one contact that is the contact's own level; in a meeting, whom a reader may not see is left out of the list.
    """
    ids = {one.party_id for one in participants if one.party_id is not None}
    levels = (
        Party.objects.unscoped("the level a talk hangs on")
        .filter(pk__in=ids)
        .values_list("confidentiality", flat=True)
    )
    return min(levels, default=Level.OPEN)


def tidy(interaction: Interaction) -> None:
    """Clean what was typed; raise ConversationError when nothing says what it was about."""
    interaction.subject = " ".join(text.clean(interaction.subject).split())[:500]
    interaction.text = text.clean(interaction.text).replace("\r\n", "\n").strip("\n")
    interaction.place = text.clean(interaction.place).strip()[:200]
    if not interaction.subject and not interaction.text:
        raise ConversationError(_("Say in a few words what it was about."), "subject")
    if interaction.channel not in Interaction.Channel.values:
        raise ConversationError(_("Choose a channel."), "channel")


def participants_from(actor: Actor, drafts: Iterable[ParticipantDraft]) -> list[Participant]:
    """Check the people within the actor's rights; addresses that belong to a contact become that contact."""
    wanted = list(drafts)
    parties = _visible_parties(actor, {draft.party_id for draft in wanted if draft.party_id})
    known = parties_by_address(
        actor, {draft.address for draft in wanted if draft.address and not draft.party_id}
    )
    colleagues = set(
        accounts.users(active=None)
        .filter(pk__in={draft.user_id for draft in wanted if draft.user_id})
        .values_list("pk", flat=True)
    )
    found: dict[tuple[object, ...], Participant] = {}
    for draft in wanted:
        address = address_key(draft.address)
        party_id = draft.party_id or known.get(address)
        if (draft.party_id and draft.party_id not in parties) or (
            draft.user_id and draft.user_id not in colleagues
        ):
            raise ConversationError(
                _("One of the people is no longer there. Choose somebody else."), "participants"
            )
        name = text.strip_bidi(text.clean(draft.name)).strip()[:300]
        if not (party_id or draft.user_id or address or name):
            continue
        key = (party_id, draft.user_id) if party_id or draft.user_id else (address, name)
        found.setdefault(
            key,
            Participant(
                role=draft.role if draft.role in Participant.Role.values else Participant.Role.WITH,
                party_id=party_id,
                user_id=draft.user_id,
                name="" if party_id or draft.user_id else name,
                address=address,
                position=len(found),
            ),
        )
    return list(found.values())


def _visible_parties(actor: Actor, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    return set(Party.objects.visible_to(actor).present().filter(pk__in=ids).values_list("pk", flat=True))


def address_key(address: str) -> str:
    """An e-mail address or number as it is compared: by key, without regard to case."""
    return text.clean(address).strip().lower()[:320]


def parties_by_address(actor: Actor, addresses: Iterable[str]) -> dict[str, int]:
    """Whose addresses these are, among the contacts whose addresses the actor sees; set-wise."""
    keys = {address_key(address) for address in addresses} - {""}
    if not keys:
        return {}
    rows = (
        ContactPoint.objects.filter(
            seen_points(actor),
            key__in=keys,
            party__in=Party.objects.visible_to(actor).present(),
            valid_until__isnull=True,
        )
        .exclude(kind=ContactPoint.Kind.ADDRESS)
        .order_by("-party_id")
    )
    return dict(rows.values_list("key", "party_id"))


def snapshot(interaction: Interaction) -> dict[str, Any]:
    """The conversation as the history keeps it: fields, people, tags and files."""
    people = interaction.participants.order_by("position", "id")
    return {
        **{name: getattr(interaction, name) for name in FIELDS},
        "participants": [describe(participant) for participant in people],
        "tags": sorted(
            InteractionTag.objects.filter(interaction=interaction).values_list("tag__path", flat=True)
        ),
        "files": sorted(Attachment.objects.filter(interaction=interaction).values_list("file_id", flat=True)),
    }


def describe(participant: Participant) -> dict[str, Any]:
    return {
        "role": participant.role,
        "party": participant.party_id,
        "user": participant.user_id,
        "name": participant.name,
        "address": participant.address,
    }


def usable_tags(project_ids: Sequence[int], tag_ids: Iterable[int]) -> list[int]:
    """Those of the tags that may stand in these projects."""
    tags = Tag.objects.filter(pk__in=list(tag_ids), archived_at__isnull=True)
    return [tag.pk for tag in tags if tag.project_id is None or tag.project_id in project_ids]
