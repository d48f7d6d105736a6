"""Settling addresses that nobody knew: a new contact, one that is known, or nobody of interest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.protected import require_changes
from enishi.contacts.services import PartyDraft, PointDraft, create_party, delete_party, save_point
from enishi.conversations import signals
from enishi.conversations.models import Interaction, Participant, UnknownSender
from enishi.conversations.services.drafts import EDIT
from enishi.conversations.services.errors import ConversationError
from enishi.conversations.services.upkeep import settle_contacts
from enishi.timeline.models import Entry, Item
from enishi.timeline.services import record, subject_type

State = UnknownSender.State


def _locked(actor: Actor, sender: UnknownSender) -> UnknownSender:
    found = UnknownSender.objects.visible_to(actor).select_for_update(no_key=True).get(pk=sender.pk)
    actor.require(EDIT, found)
    return found


@transaction.atomic
def create_from_sender(actor: Actor, sender: UnknownSender, *, name: str = "") -> Party:
    """Make a new contact of an address; everything that came from it is on their timeline at once."""
    sender = _locked(actor, sender)
    _still_open(sender)
    projects = [
        project_id for project_id in sender.project_ids if actor.may_some("contacts.edit", project_id)
    ]
    party = create_party(
        actor,
        PartyDraft(
            full_name=name.strip() or sender.name or sender.address.partition("@")[0],
            points=[PointDraft(kind=ContactPoint.Kind.EMAIL, typed=sender.address)],
        ),
        project_ids=projects or sender.project_ids,
    )
    _settle(actor, sender, party, created=True, point=False)
    return party


@transaction.atomic
def join_sender(actor: Actor, sender: UnknownSender, *, party_id: int) -> Party:
    """An address belongs to a contact that is known: it becomes one of their addresses."""
    sender = _locked(actor, sender)
    _still_open(sender)
    party = Party.objects.visible_to(actor).present().filter(pk=party_id).first()
    if party is None:
        raise ConversationError(_("This contact is no longer there. Choose somebody else."), "party")
    # Also where they have it already: whether they do is not told to everybody.
    require_changes(actor, [ContactPoint.Kind.EMAIL], party)
    point = None
    if not party.points.filter(key=sender.address, kind=ContactPoint.Kind.EMAIL).exists():
        point = save_point(actor, party, PointDraft(kind=ContactPoint.Kind.EMAIL, typed=sender.address))
    _settle(actor, sender, party, created=False, point=point is not None)
    return party


def _still_open(sender: UnknownSender) -> None:
    if sender.state == State.SETTLED:
        raise ConversationError(_("Somebody else has settled this address meanwhile."))


def _settle(actor: Actor, sender: UnknownSender, party: Party, *, created: bool, point: bool) -> None:
    participants = list(
        Participant.objects.filter(address=sender.address, party__isnull=True, user__isnull=True)
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk", "interaction_id")
    )
    ids = [pk for pk, _interaction in participants]
    Participant.objects.filter(pk__in=ids).update(party=party)
    place_all([interaction_id for _pk, interaction_id in participants], party.pk)
    settle_contacts([party.pk])
    before, sender.state, sender.party = sender.state, State.SETTLED, party
    sender.save(update_fields=["state", "party"])
    record(
        actor,
        signals.sender_settled,
        subject=sender,
        party_id=party.pk,
        changes={"state": (before, sender.state), "party": (None, party.pk)},
        data={"participants": ids, "created": created, "point": point},
    )


def place_all(interaction_ids: Iterable[int], party_id: int) -> None:
    """Put many conversations on the timeline of one party, set-wise."""
    rows = Interaction.objects.unscoped("placement follows the participants").filter(
        pk__in=list(interaction_ids), deleted_at__isnull=True
    )
    Item.objects.bulk_create(
        [
            Item(
                party_id=party_id,
                family="conversation",
                channel=one.channel,
                subject_type=subject_type(Interaction),
                subject_id=one.pk,
                occurred_at=one.occurred_at,
                project_ids=one.project_ids,
                confidentiality=one.confidentiality,
            )
            for one in rows.only("pk", "channel", "occurred_at", "project_ids", "confidentiality")
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )


@transaction.atomic
def ignore_sender(actor: Actor, sender: UnknownSender) -> UnknownSender:
    """Leave an address aside: it is not asked about again."""
    sender = _locked(actor, sender)
    _still_open(sender)
    before, sender.state = sender.state, State.IGNORED
    sender.save(update_fields=["state"])
    record(actor, signals.sender_settled, subject=sender, changes={"state": (before, sender.state)})
    return sender


@transaction.atomic
def reopen_sender(actor: Actor, sender: UnknownSender) -> UnknownSender:
    """Undo of what was decided about an address: its messages belong to nobody again, a new contact goes to the bin."""
    sender = _locked(actor, sender)
    if sender.state == State.OPEN:
        return sender
    participants: list[int] = []
    if sender.state == State.SETTLED and sender.party is not None:
        participants = _take_back(actor, sender, sender.party)
    before, party_before = sender.state, sender.party_id
    sender.state, sender.party = State.OPEN, None
    sender.save(update_fields=["state", "party"])
    record(
        actor,
        signals.sender_reopened,
        subject=sender,
        changes={"state": (before, sender.state), "party": (party_before, None)},
        data={"participants": participants},
    )
    return sender


def _take_back(actor: Actor, sender: UnknownSender, party: Party) -> list[int]:
    """Returns the numbers of the participants who are strangers again."""
    decision = (
        Entry.objects.unscoped("what the decision did, to take exactly that back")
        .filter(subject_type=subject_type(sender), subject_id=sender.pk, event=signals.sender_settled.code)
        .order_by("-id")
        .first()
    )
    data = decision.data if decision else {}
    moved = Participant.objects.filter(pk__in=data.get("participants", []), party=party)
    found = dict(moved.values_list("pk", "interaction_id"))
    interactions: Sequence[int] = list(found.values())
    moved.update(party=None)
    kept = Participant.objects.filter(interaction__in=interactions, party=party).values("interaction_id")
    Item.objects.unscoped("placement follows the participants").filter(
        party_id=party.pk, subject_type=subject_type(Interaction), subject_id__in=interactions
    ).exclude(subject_id__in=kept).delete()
    settle_contacts([party.pk])
    if data.get("point"):
        point = party.points.filter(key=sender.address, kind=ContactPoint.Kind.EMAIL).first()
        if point is not None:
            save_point(actor, party, None, point=point)
    if data.get("created"):
        delete_party(actor, party)
    return list(found)
