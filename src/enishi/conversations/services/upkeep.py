"""What follows a conversation: search, timelines, last contact, and the level of what hangs on it."""

from __future__ import annotations

from collections.abc import Iterable

from enishi.accounts.access import Actor, Level
from enishi.commitments.services import raise_confidentiality
from enishi.contacts.services import touch
from enishi.contacts.services.last_contact import settle_last_contact
from enishi.content.services import raise_level, set_attachments_aside
from enishi.conversations.models import Attachment, Interaction, Participant
from enishi.core import clock
from enishi.search.models import Kind
from enishi.search.services import Findable, forget, index, unparted
from enishi.timeline.services import displace, place, reclassify


def findable(interaction: Interaction, named: Iterable[tuple[str, str]] = ()) -> Findable:
    """Found by its own words only: the name of somebody who took part may be more confidential than the talk.

    ``named`` are names and addresses that are its own words, because they stand in the mail.
    """
    heads = list(named)
    first_words = " ".join(interaction.text[:400].split())
    return Findable(
        kind=Kind.CONVERSATION,
        subject_id=interaction.pk,
        title=interaction.subject or first_words,
        detail=first_words if interaction.subject else interaction.place,
        words=[interaction.subject, interaction.place, *(name for name, _address in heads)],
        body=interaction.text,
        language=interaction.language,
        project_ids=interaction.project_ids,
        confidentiality=interaction.confidentiality,
        apart={"contacts.email": [address for _name, address in heads]},
    )


def named_in(interaction: Interaction) -> list[tuple[str, str]]:
    """Names and addresses as an e-mail has them; in other talks they are what somebody noted."""
    if interaction.channel != Interaction.Channel.EMAIL or interaction.message_id is None:
        return []
    return list(interaction.participants.order_by("position", "id").values_list("name", "address"))


def party_ids_of(interaction: Interaction) -> list[int]:
    found = interaction.participants.filter(party__isnull=False).values_list("party_id", flat=True)
    return sorted({party_id for party_id in found if party_id is not None})


def show(interaction: Interaction) -> None:
    """Let the conversation be found, and stand on the timeline of everybody who took part."""
    index([findable(interaction, named_in(interaction))])
    place(
        interaction,
        party_ids=party_ids_of(interaction),
        family="conversation",
        channel=interaction.channel,
        occurred_at=interaction.occurred_at,
        project_ids=interaction.project_ids,
        confidentiality=interaction.confidentiality,
    )


def part_words(*, after: int = 0) -> int | None:
    """Index the next conversations anew whose addresses do not stand apart yet; tells where it ended."""
    waiting = unparted([Kind.CONVERSATION], after=after)
    found = Interaction.objects.unscoped("the index follows the record").prefetch_related("participants")
    index(
        findable(one, named_in(one))
        for one in found.filter(pk__in=[subject_id for _document, subject_id in waiting])
    )
    return waiting[-1][0] if waiting else None


def hide(interaction: Interaction) -> None:
    forget(Kind.CONVERSATION, [interaction.pk])
    displace(interaction)


def move_attachments(actor: Actor, interaction: Interaction) -> None:
    """Attachments are as present as what they hang on: gone when no conversation that is there holds them."""
    here = list(Attachment.objects.filter(interaction=interaction).values_list("file_id", flat=True))
    if interaction.deleted_at is None:
        set_attachments_aside(actor, here, aside=False)
        return
    elsewhere = Attachment.objects.filter(file__in=here, interaction__deleted_at__isnull=True)
    held = set(elsewhere.values_list("file_id", flat=True))
    set_attachments_aside(actor, set(here) - held, aside=True)


def counts_as_contact(interaction: Interaction) -> bool:
    """Everybody who sees a person sees the day of the last contact: a confidential talk must not show there."""
    return interaction.confidentiality < Level.CONFIDENTIAL and interaction.occurred_at <= clock.now()


def touch_parties(interaction: Interaction) -> None:
    if counts_as_contact(interaction):
        touch(party_ids_of(interaction), at=interaction.occurred_at, channel=interaction.channel)


def settle_contacts(party_ids: Iterable[int]) -> None:
    """Work out the last contact anew, after a conversation moved, became confidential or went away."""
    ids = sorted(set(party_ids))
    if not ids:
        return
    latest = (
        Participant.objects.filter(
            party__in=ids,
            interaction__deleted_at__isnull=True,
            interaction__confidentiality__lt=Level.CONFIDENTIAL,
            interaction__occurred_at__lte=clock.now(),
        )
        .order_by("party_id", "-interaction__occurred_at")
        .distinct("party_id")
        .values_list("party_id", "interaction__occurred_at", "interaction__channel")
    )
    found = {party_id: (at, channel) for party_id, at, channel in latest if party_id is not None}
    settle_last_contact({party_id: found.get(party_id) for party_id in ids})


def raise_what_hangs_on(actor: Actor, interaction: Interaction) -> None:
    """Files, promises, tasks and past history are never less confidential than the conversation."""
    reclassify(interaction, project_ids=interaction.project_ids, confidentiality=interaction.confidentiality)
    files = Attachment.objects.filter(interaction=interaction).values_list("file_id", flat=True)
    raise_level(actor, files, level=interaction.confidentiality)
    raise_confidentiality(actor, interaction.confidentiality, said_in_id=interaction.pk)
