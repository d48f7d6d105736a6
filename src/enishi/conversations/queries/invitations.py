"""Who was invited to a conversation to come, what they answered, and who could be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import User
from enishi.accounts.prepared import prepared
from enishi.accounts.queries import organisation
from enishi.contacts.models import Party
from enishi.contacts.queries.reaching import first_points, seen_parties
from enishi.contacts.queries.whole import latest_consents_of
from enishi.conversations.models import Interaction, Invitation, Invitee
from enishi.conversations.queries.interactions import visible_participants
from enishi.core import clock

CHANNELS = (Interaction.Channel.MEETING, Interaction.Channel.VISIT, Interaction.Channel.CALL)
CONSENT = "events"
"""The purpose for which somebody may have refused to be invited."""
_SIGNED = signing.Signer(salt="conversations.invitation")


def may_be_invited_to(interaction: Interaction) -> bool:
    """Whether it is something to come that people meet for."""
    return interaction.channel in CHANNELS and interaction.occurred_at > clock.now()


@dataclass(frozen=True)
class Invited:
    """What stands on the page of a conversation."""

    invitation: Invitation
    invitees: Sequence[Invitee]

    @property
    def accepted(self) -> int:
        return sum(one.answer == Invitee.Answer.ACCEPTED for one in self.invitees)

    @property
    def has_moved(self) -> bool:
        """Whether those invited still have another moment in their calendars."""
        return self.invitation.called_off_at is None and has_moved(self.invitation)


def has_moved(invitation: Invitation) -> bool:
    talk = invitation.interaction
    return talk.occurred_at != invitation.starts_at or bool(
        talk.minutes and talk.minutes != invitation.minutes
    )


@prepared
def _invitation(interaction_id: int) -> QuerySet[Invitation]:
    return Invitation.objects.filter(interaction=interaction_id)


def invited(actor: Actor, interaction: Interaction) -> Invited | None:
    """The invitation with whoever of the invited the actor may see; without those it was taken back from."""
    invitation = _invitation.first(interaction.pk)
    if invitation is None:
        return None
    invitation.interaction = interaction
    return Invited(invitation, list(_seen(actor, invitation).filter(taken_back=False)))


def _seen(actor: Actor, invitation: Invitation) -> QuerySet[Invitee]:
    limit = Party.scope_condition(actor.scope(Party.view_right), "party__")
    seen = Q() if limit is None else Q(party__isnull=True) | limit
    rows = Invitee.objects.filter(seen, invitation=invitation).select_related("party", "user", "noted_by")
    return rows.order_by("pk")


@dataclass(frozen=True)
class Guest:
    """Somebody who could be invited; ``why`` says why not, ``token`` is what the form sends back."""

    token: str
    name: str
    address: str
    language: str
    why: str = ""
    party: Party | None = None
    user: User | None = None
    invitee: Invitee | None = None
    address_shown: bool = True
    """Whether the reader sees it: whoever invites need not."""

    @property
    def is_invited(self) -> bool:
        return self.invitee is not None and not self.invitee.taken_back


def guests(actor: Actor, interaction: Interaction) -> list[Guest]:
    """Everybody who takes part or was invited, as far as the actor may see them; in five queries."""
    took_part = visible_participants(actor, [interaction.pk])
    invitation = Invitation.objects.filter(interaction=interaction).first()
    before = list(_seen(actor, invitation)) if invitation else []
    invitees = {(one.party_id, one.user_id): one for one in before}
    people = {one.user.pk: one.user for one in took_part if one.user}
    people |= {one.user.pk: one.user for one in before if one.user}
    parties = {one.party.pk: one.party for one in took_part if one.party}
    parties |= {one.party.pk: one.party for one in before if one.party}
    points = first_points(list(parties), ["email"])
    shown = seen_parties(actor, list(parties), "email")
    refused = {
        party_id
        for party_id, stated in latest_consents_of(list(parties)).items()
        if any(one.purpose.code == CONSENT and not one.holds for one in stated)
    }
    usual = organisation().language
    found = []
    for pk, party in parties.items():
        point = points.get(pk)
        language = party.language if party.language in dict(settings.LANGUAGES) else usual
        found.append(
            Guest(
                f"party:{pk}",
                party.full_name,
                point.value if point else "",
                language,
                _why_not(party, bool(point), pk in refused),
                party=party,
                invitee=invitees.get((pk, None)),
                address_shown=pk in shown,
            )
        )
    for user_id, user in people.items():
        why = "" if user.is_active else _("Has left.")
        one = invitees.get((None, user_id))
        found.append(
            Guest(f"user:{user_id}", str(user), user.email, user.language, why, user=user, invitee=one)
        )
    return found


def _why_not(party: Party, reached: bool, refused: bool) -> str:
    if party.status != Party.Status.ACTIVE:
        return str(party.get_status_display())
    if refused:
        return _("Does not want invitations.")
    return "" if reached else _("No e-mail address that works.")


def nameless(actor: Actor, interaction: Interaction) -> list[str]:
    """Who takes part and is neither a contact nor a colleague: they have no record to invite."""
    rows = visible_participants(actor, [interaction.pk])
    return [one.name or one.address for one in rows if not one.party_id and not one.user_id]


def invitee(actor: Actor, interaction: Interaction, invitee_id: int) -> Invitee:
    """Raises Invitee.DoesNotExist for whoever the actor may not see, or from whom it was taken back."""
    rows = _seen(actor, Invitation(interaction=interaction)).filter(taken_back=False)
    found: Invitee = rows.select_related("invitation__interaction").get(pk=invitee_id)
    return found


def token_of(one: Invitee) -> str:
    return _SIGNED.sign(str(one.pk))


def answer_url(one: Invitee) -> str:
    return settings.ENV.base_url + reverse("invitation:answer", args=[token_of(one)])


def behind_token(token: str) -> Invitee | None:
    """Who holds that link: nothing for a link that was never ours, and for one that was taken back alike."""
    try:
        pk = int(_SIGNED.unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    rows = Invitee.objects.filter(pk=pk, taken_back=False)
    return rows.select_related("invitation__user", "party", "user").first()


def is_over(invitation: Invitation) -> bool:
    return invitation.starts_at + dt.timedelta(minutes=invitation.minutes) <= clock.now()
