"""Inviting people to a conversation to come by mail, with an entry for their calendars; and what they answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level, Via, system_actor
from enishi.accounts.models import User
from enishi.conversations import signals
from enishi.conversations.calendar_file import uid_of
from enishi.conversations.models import Interaction, Invitation, Invitee
from enishi.conversations.queries import invitations as queries
from enishi.conversations.services.drafts import EDIT
from enishi.conversations.services.errors import ConversationError
from enishi.conversations.services.interactions import locked
from enishi.core import clock, jobs, text
from enishi.timeline.services import differences, notify, record

State, Answer = Invitee.State, Invitee.Answer
USUAL_MINUTES = 60
_SHOWN = ("title", "place", "text", "starts_at", "minutes")
_UNANSWERED: dict[str, Any] = {"answer": "", "note": "", "answered_at": None, "noted_by": None}


@transaction.atomic
def invite(
    actor: Actor,
    interaction: Interaction,
    *,
    tokens: Collection[str],
    title: str,
    place: str = "",
    words: str = "",
    minutes: int = USUAL_MINUTES,
) -> Invitation:
    """Invite these people; those invited before get what changed, and whoever is left out gets it called off.

    A changed moment takes back the answers: they were given to another one. Raises ConversationError.
    """
    interaction = _to_come(actor, interaction)
    tidy = {
        "title": " ".join(text.clean(title).split())[:200],
        "place": " ".join(text.clean(place).split())[:200],
        "text": text.clean(words).replace("\r\n", "\n").strip(),
        "starts_at": interaction.occurred_at,
        "minutes": minutes,
    }
    if not tidy["title"]:
        raise ConversationError(_("Say in a few words what it is about."), "title")
    guests = queries.guests(actor, interaction)
    wanted = [one for one in guests if one.token in tokens]
    if wrong := next((one for one in wanted if one.why and not one.is_invited), None):
        raise ConversationError(
            _("%(name)s cannot be invited. %(why)s") % {"name": wrong.name, "why": wrong.why}, "guests"
        )
    dropped = [one.invitee for one in guests if one.is_invited and one.token not in tokens]
    if not wanted:
        raise ConversationError(_("Choose somebody to invite."), "guests")
    before = Invitation.objects.select_for_update(no_key=True).filter(interaction=interaction).first()
    invitation = before or Invitation(interaction=interaction, uid=uid_of(interaction.pk))
    was = {name: getattr(before, name) for name in _SHOWN} if before else {}
    changes = differences(was, tidy)
    anew = invitation.called_off_at is not None
    back = any(one.invitee is not None and one.invitee.taken_back for one in wanted)
    if before and (changes or anew or dropped or back):
        invitation.sequence += 1
    for name, value in tidy.items():
        setattr(invitation, name, value)
    invitation.called_off_at, invitation.user_id = None, actor.signer_id
    if {"starts_at", "minutes"} & set(changes) or not before:
        invitation.time_zone = _zone_of(actor)
    invitation.save()
    again = anew or bool({"starts_at", "minutes"} & set(changes))
    sent = _put(invitation, wanted, everybody=bool(changes) or anew, again=again)
    if before and (changes or anew):
        known = [one.invitee.pk for one in guests if one.invitee is not None]
        _tell_unseen(invitation, known, again=again)
    _take_back(invitation, [one for one in dropped if one is not None])
    if sent or dropped:
        record(
            actor,
            signals.invitation_sent,
            subject=interaction,
            changes=_told(changes),
            data={"people": len(sent), "taken_back": len(dropped)},
        )
        _send(interaction)
    return invitation


def _send(interaction: Interaction) -> None:
    """One job after another for each of them: what a job finds on its way was left there by one that was cut off."""
    lock = f"invitations-{interaction.pk}"
    jobs.defer("conversations.send_invitations", lock=lock, interaction_id=interaction.pk)


def _to_come(actor: Actor, interaction: Interaction) -> Interaction:
    interaction = locked(actor, interaction)
    actor.require(EDIT, interaction)
    if interaction.deleted_at is not None:
        raise ConversationError(_("This conversation was deleted. Restore it first."))
    if not queries.may_be_invited_to(interaction):
        raise ConversationError(_("Only to a meeting, visit or call that is still to come."))
    return interaction


def _zone_of(actor: Actor) -> str:
    user = accounts.active_user(actor.signer_id) if actor.signer_id else None
    return user.time_zone if user else "UTC"


def _put(
    invitation: Invitation, wanted: Iterable[queries.Guest], *, everybody: bool, again: bool
) -> list[Invitee]:
    """Write down who gets a mail: everybody when something changed, else whoever has none yet."""
    sent = []
    for guest in wanted:
        one = guest.invitee or Invitee(invitation=invitation, party=guest.party, user=guest.user)
        new = one.pk is None or one.taken_back
        if not (new or everybody or one.state in (State.FAILED, State.WAITING)):
            continue
        if guest.why:
            # Invited before, and not to be reached any more: what they have stays as it is.
            continue
        one.address, one.language = guest.address, guest.language
        one.state, one.sequence, one.taken_back = State.WAITING, invitation.sequence, False
        if new or again:
            for name, value in _UNANSWERED.items():
                setattr(one, name, value)
        one.save()
        sent.append(one)
    return sent


def _tell_unseen(invitation: Invitation, known: Collection[int], *, again: bool) -> None:
    """Whom the actor may not see has it in their calendar too."""
    unseen = invitation.invitees.filter(taken_back=False).exclude(pk__in=known)
    values = _UNANSWERED if again else {}
    unseen.update(state=State.WAITING, sequence=invitation.sequence, **values)


def _take_back(invitation: Invitation, dropped: Iterable[Invitee]) -> None:
    Invitee.objects.filter(pk__in=[one.pk for one in dropped]).update(
        state=State.WAITING, sequence=invitation.sequence, taken_back=True, **_UNANSWERED
    )


def _told(changes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """As the history names them: the conversation has a text and a moment of its own."""
    return {f"invitation_{name}": values for name, values in changes.items()}


@transaction.atomic
def call_off(actor: Actor, interaction: Interaction) -> Invitation | None:
    """Tell everybody invited that it does not take place; nothing when nobody is invited."""
    interaction = locked(actor, interaction)
    actor.require(EDIT, interaction)
    return _call_off(actor, interaction)


@transaction.atomic
def call_off_deleted(actor: Actor, interaction_id: int) -> None:
    """A meeting that was thrown away does not take place."""
    rows = Interaction.objects.unscoped("what was deleted, whoever may see it")
    found = rows.filter(pk=interaction_id, deleted_at__isnull=False, occurred_at__gt=clock.now()).first()
    if found is not None:
        _call_off(actor, found)


def _call_off(actor: Actor, interaction: Interaction) -> Invitation | None:
    rows = Invitation.objects.select_for_update(no_key=True)
    invitation = rows.filter(interaction=interaction, called_off_at__isnull=True).first()
    if invitation is None:
        return None
    invitation.called_off_at, invitation.sequence = clock.now(), invitation.sequence + 1
    invitation.save(update_fields=["called_off_at", "sequence"])
    invited = invitation.invitees.filter(taken_back=False)
    people = invited.update(state=State.WAITING, sequence=invitation.sequence)
    record(actor, signals.invitation_called_off, subject=interaction, data={"people": people})
    _send(interaction)
    return invitation


def _given(answer: str, note: str) -> tuple[str, str]:
    if answer not in Answer.values or not answer:
        raise ConversationError(_("Choose an answer."), "answer")
    return answer, " ".join(text.clean(note).split())[:500]


@transaction.atomic
def answer_invitation(token: str, *, answer: str, note: str = "") -> Invitee | None:
    """Keep what somebody invited answers through their link, as often as they like until it begins; tells who invited.

    None for a link that leads nowhere, and when it is too late. Raises ConversationError.
    """
    found = queries.behind_token(token)
    if found is None:
        return None
    one = may_answer(found)
    if one is not None:
        write_own_answer(system_actor("public page", via=Via.WEB), one, answer, note)
    return one


def may_answer(found: Invitee) -> Invitee | None:
    """Whoever answers for themselves, as they stand now, for this transaction; None when it is too late."""
    one = Invitee.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
    one.invitation = found.invitation
    if one.taken_back or one.invitation.called_off_at or queries.is_over(one.invitation):
        return None
    return one


def write_own_answer(
    actor: Actor, one: Invitee, answer: str, note: str, *, at: dt.datetime | None = None
) -> None:
    """What they answer themselves, ``at`` some moment before now; whoever invited is told. Raises ConversationError."""
    interaction = Interaction.objects.unscoped("answered by whoever was invited").get(
        pk=one.invitation.interaction_id
    )
    answer, note = _given(answer, note)
    if _write_answer(actor, interaction, one, answer, note, None, at):
        _tell(interaction, one)


@transaction.atomic
def note_answer(
    actor: Actor, interaction: Interaction, invitee_id: int, *, answer: str, note: str = ""
) -> Invitee:
    """Write down what somebody answered in another way. Raises ConversationError, Invitee.DoesNotExist."""
    interaction = locked(actor, interaction)
    actor.require(EDIT, interaction)
    answer, note = _given(answer, note)
    one = queries.invitee(actor, interaction, invitee_id)
    _write_answer(actor, interaction, one, answer, note, actor.signer_id)
    return one


def _write_answer(
    actor: Actor,
    interaction: Interaction,
    one: Invitee,
    answer: str,
    note: str,
    noted_by: int | None,
    at: dt.datetime | None = None,
) -> bool:
    changes = differences(
        {"invitation_answer": one.answer, "invitation_note": one.note},
        {"invitation_answer": answer, "invitation_note": note},
    )
    if not changes and one.noted_by_id == noted_by:
        return False
    one.answer, one.note, one.noted_by_id = answer, note, noted_by
    one.answered_at = min(at or clock.now(), clock.now())
    one.save(update_fields=["answer", "note", "answered_at", "noted_by"])
    # Whoever may read the conversation need not know everybody in it.
    named = one.party is None or one.party.confidentiality <= interaction.confidentiality
    who = {"invitee": (None, one.name)} if named else {}
    record(
        actor,
        signals.invitation_answered,
        subject=interaction,
        changes={**who, **changes},
        party_id=one.party_id,
    )
    return True


def _tell(interaction: Interaction, one: Invitee) -> None:
    user = one.invitation.user
    if user is None or not user.is_active:
        return
    actor = accounts.actor(user, via=Via.JOB)
    if not Interaction.objects.visible_to(actor).present().filter(pk=interaction.pk).exists():
        return
    with translation.override(user.language):
        title = _answered(interaction, one)
    notify(
        [user.pk],
        kind="invitation",
        title=title,
        url=reverse("conversations:interaction", args=[interaction.pk]),
    )


def _answered(interaction: Interaction, one: Invitee) -> str:
    """Never the words of something confidential, nor who takes part in it."""
    if interaction.confidentiality >= Level.CONFIDENTIAL:
        return _("Somebody answered an invitation to something confidential.")
    told = {"name": one.name, "title": one.invitation.title}
    return {
        Answer.ACCEPTED: _("%(name)s comes to “%(title)s”"),
        Answer.TENTATIVE: _("%(name)s perhaps comes to “%(title)s”"),
        Answer.DECLINED: _("%(name)s does not come to “%(title)s”"),
    }[Answer(one.answer)] % told


def forget_words(interaction_ids: Collection[int]) -> None:
    """Take the words out of what was sent, with those of the conversation."""
    gone = Q(interaction__in=list(interaction_ids))
    Invitation.objects.filter(gone).update(title=_("Words erased"), place="", text="")
    Invitee.objects.filter(invitation__in=Invitation.objects.filter(gone)).update(note="")


def organiser(invitation: Invitation) -> User | None:
    return invitation.user if invitation.user and invitation.user.is_active else None
