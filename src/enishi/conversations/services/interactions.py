"""Logging, changing and deleting conversations, one at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.content.models import File
from enishi.content.services import FileDraft, add_files, raise_level
from enishi.conversations import signals
from enishi.conversations.models import Attachment, Interaction, InteractionTag, Participant, Thread
from enishi.conversations.services.drafts import (
    DELETE,
    EDIT,
    FIELDS,
    TYPED,
    ParticipantDraft,
    least_level,
    level_for,
    participants_from,
    require_projects,
    snapshot,
    tidy,
    usable_tags,
)
from enishi.conversations.services.errors import Conflict, ConversationError
from enishi.conversations.services.unknown import Seen, note_unknown
from enishi.conversations.services.upkeep import (
    hide,
    move_attachments,
    party_ids_of,
    raise_what_hangs_on,
    settle_contacts,
    show,
    touch_parties,
)
from enishi.core import clock
from enishi.timeline.models import Operation
from enishi.timeline.services import differences, record


@transaction.atomic
def log_interaction(
    actor: Actor,
    *,
    channel: str,
    occurred_at: dt.datetime,
    project_ids: Sequence[int],
    participants: Iterable[ParticipantDraft] = (),
    subject: str = "",
    text: str = "",
    direction: str = Interaction.Direction.BOTH,
    minutes: int | None = None,
    place: str = "",
    language: str = "",
    confidentiality: int | None = None,
    tag_ids: Iterable[int] = (),
    files: Iterable[FileDraft | int] = (),
    answer: str = Interaction.Answer.NONE,
    reply_to: Interaction | None = None,
) -> Interaction:
    """Save what was said: people, files and tags with it; found, placed, recorded.

    ``files`` are new ones or the ids of kept ones. With ``reply_to`` it joins that thread and answers it. Raises
    ConversationError for what cannot be used, Forbidden without the right in every project.
    """
    projects = list(dict.fromkeys(project_ids))
    require_projects(actor, projects, [actor.user_id])
    people = participants_from(actor, participants)
    interaction = Interaction(
        channel=channel,
        occurred_at=occurred_at,
        project_ids=projects,
        subject=subject,
        text=text,
        direction=direction,
        minutes=minutes,
        place=place,
        language=language,
        confidentiality=level_for(actor, projects, confidentiality, at_least=least_level(people)),
        answer=answer,
        user_id=actor.user_id,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    tidy(interaction)
    if reply_to is not None:
        _join_thread(actor, interaction, reply_to)
    interaction.save()
    _set_participants(interaction, people)
    _set_tags(interaction, tag_ids)
    attach(actor, interaction, files)
    show(interaction)
    touch_parties(interaction)
    record(
        actor,
        signals.interaction_logged,
        subject=interaction,
        data={"version": 1},
        changes=differences({}, {name: value for name, value in snapshot(interaction).items() if value}),
    )
    return interaction


def _join_thread(actor: Actor, interaction: Interaction, reply_to: Interaction) -> None:
    answered = locked(actor, reply_to)
    if answered.thread is None:
        answered.thread = Thread.objects.create(first_at=answered.occurred_at)
        answered.save(update_fields=["thread"])
    interaction.thread = answered.thread
    Thread.objects.filter(pk=answered.thread.pk).update(last_at=interaction.occurred_at)
    if answered.answer == Interaction.Answer.WAITING and actor.may(EDIT, answered):
        set_answer(actor, answered, answer=Interaction.Answer.ANSWERED)


def locked(actor: Actor, interaction: Interaction) -> Interaction:
    """The conversation as it is now, if the actor may see it; raises DoesNotExist otherwise."""
    return (
        Interaction.objects.visible_to(actor)
        .select_for_update(no_key=True, of=("self",))
        .get(pk=interaction.pk)
    )


def _set_participants(interaction: Interaction, wanted: Sequence[Participant]) -> None:
    interaction.participants.all().delete()
    for participant in wanted:
        participant.interaction = interaction
    Participant.objects.bulk_create(wanted)
    note_unknown(
        [Seen(one.address, one.name, interaction.occurred_at) for one in wanted if is_unknown(one)],
        project_ids=interaction.project_ids,
        confidentiality=interaction.confidentiality,
    )


def is_unknown(participant: Participant) -> bool:
    return participant.party_id is None and participant.user_id is None and "@" in participant.address


def _set_tags(interaction: Interaction, tag_ids: Iterable[int]) -> None:
    interaction.tag_links.all().delete()
    InteractionTag.objects.bulk_create(
        [
            InteractionTag(interaction=interaction, tag_id=tag_id)
            for tag_id in usable_tags(interaction.project_ids, tag_ids)
        ]
    )


def attach(actor: Actor, interaction: Interaction, files: Iterable[FileDraft | int]) -> list[int]:
    """Hang files on a conversation; none of them stays less confidential than it. Returns their ids."""
    given = list(files)
    new = [one for one in given if isinstance(one, FileDraft)]
    kept = [one for one in given if isinstance(one, int)]
    ids = list(
        File.objects.visible_to(actor)
        .filter(pk__in=kept, deleted_at__isnull=True)
        .values_list("pk", flat=True)
    )
    if len(ids) != len(set(kept)):
        raise ConversationError(_("One of the files is no longer there. Choose it again."), "files")
    raise_level(actor, ids, level=interaction.confidentiality)
    if new:
        home = next(
            (p for p in interaction.project_ids if actor.may_some("content.edit", p)),
            interaction.project_ids[0],
        )
        made = add_files(
            actor,
            new,
            project=home,
            confidentiality=interaction.confidentiality,
            at_least=interaction.confidentiality,
            attachment=True,
        )
        ids += [file.pk for file in made]
    Attachment.objects.bulk_create(
        [Attachment(interaction=interaction, file_id=file_id) for file_id in ids], ignore_conflicts=True
    )
    return ids


@transaction.atomic
def change_interaction(
    actor: Actor,
    interaction: Interaction,
    *,
    version: int | None = None,
    participants: Iterable[ParticipantDraft] | None = None,
    tag_ids: Iterable[int] | None = None,
    files: Iterable[FileDraft | int] = (),
    drop_files: Iterable[int] = (),
    **values: Any,
) -> Interaction:
    """Change a conversation; the version before stays in the history and can be compared.

    ``files`` are added, ``drop_files`` taken off. With ``version``, raises Conflict when somebody else saved meanwhile.
    """
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise TypeError(f"no such fields: {sorted(unknown)}")
    interaction = locked(actor, interaction)
    actor.require(EDIT, interaction)
    if interaction.deleted_at is not None:
        raise ConversationError(_("This conversation was deleted. Restore it first."))
    if version is not None and interaction.version != version:
        raise Conflict(interaction.version)
    before, people_before = snapshot(interaction), party_ids_of(interaction)
    owners, took_part = interaction.owners(), [one.pk for one in interaction.participants.all()]
    for name, value in values.items():
        setattr(interaction, name, value)
    interaction.project_ids = list(dict.fromkeys(interaction.project_ids))
    require_projects(
        actor,
        set(interaction.project_ids) ^ set(before["project_ids"]) or interaction.project_ids[:1],
        owners,
    )
    if not interaction.project_ids:
        raise ConversationError(_("Choose at least one project."), "project_ids")
    # A mail may have come with a picture and no words: what is as it came may stay so.
    if any(getattr(interaction, name) != before[name] for name in TYPED):
        tidy(interaction)
    if interaction.text != before["text"] and "folds" not in values:
        interaction.folds = []
    if participants is not None:
        _keep_unseen_and_set(actor, interaction, participants)
    if interaction.confidentiality != before["confidentiality"] or participants is not None:
        interaction.confidentiality = level_for(
            actor,
            interaction.project_ids,
            interaction.confidentiality,
            at_least=least_level(interaction.participants.all()),
        )
    if tag_ids is not None:
        _set_tags(interaction, tag_ids)
    Attachment.objects.filter(interaction=interaction, file__in=list(drop_files)).delete()
    attach(actor, interaction, files)
    changes = differences(before, snapshot(interaction))
    if not changes:
        return interaction
    interaction.version, interaction.updated_at = interaction.version + 1, clock.now()
    interaction.save()
    show(interaction)
    if {"confidentiality", "project_ids"} & set(changes):
        raise_what_hangs_on(actor, interaction)
    if {"occurred_at", "participants", "confidentiality", "channel"} & set(changes):
        settle_contacts([*people_before, *party_ids_of(interaction)])
    record(
        actor,
        signals.interaction_changed,
        subject=interaction,
        changes=changes,
        data={
            "version": interaction.version,
            # Their numbers, so that what happened to them before is found when a day of then is drawn.
            **({"_took_part": took_part} if "participants" in changes else {}),
        },
    )
    return interaction


def _keep_unseen_and_set(actor: Actor, interaction: Interaction, drafts: Iterable[ParticipantDraft]) -> None:
    """Somebody whom the editor may not see stays where they are."""
    from enishi.conversations.queries.interactions import visible_participants

    seen = {participant.pk for participant in visible_participants(actor, [interaction.pk])}
    unseen = [one for one in interaction.participants.all() if one.pk not in seen]
    wanted = participants_from(actor, drafts)
    for participant in unseen:
        participant.pk = None
        participant.position = len(wanted)
        wanted.append(participant)
    _set_participants(interaction, wanted)


@transaction.atomic
def set_answer(actor: Actor, interaction: Interaction, *, answer: str) -> Interaction:
    """Say whether a conversation waits for an answer of ours."""
    return change_interaction(actor, interaction, answer=answer)


@transaction.atomic
def delete_interaction(
    actor: Actor, interaction: Interaction, *, operation: Operation | None = None
) -> Interaction:
    """Take a conversation off every list, search and timeline; ``restore_interaction`` brings it back."""
    interaction = locked(actor, interaction)
    actor.require(DELETE, interaction)
    if interaction.deleted_at is None:
        interaction.deleted_at = clock.now()
        interaction.save(update_fields=["deleted_at"])
        hide(interaction)
        move_attachments(actor, interaction)
        settle_contacts(party_ids_of(interaction))
        record(actor, signals.interaction_deleted, subject=interaction, operation=operation)
    return interaction


@transaction.atomic
def restore_interaction(
    actor: Actor, interaction: Interaction, *, operation: Operation | None = None
) -> Interaction:
    """Undo of ``delete_interaction``."""
    interaction = locked(actor, interaction)
    actor.require(DELETE, interaction)
    if interaction.deleted_at is not None:
        interaction.deleted_at = None
        interaction.save(update_fields=["deleted_at"])
        show(interaction)
        move_attachments(actor, interaction)
        settle_contacts(party_ids_of(interaction))
        record(actor, signals.interaction_restored, subject=interaction, operation=operation)
    return interaction
