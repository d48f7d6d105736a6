"""Who is meant by an entry, whatever happened to the contact meanwhile."""

from __future__ import annotations

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.services import PartyDraft, PointDraft, enter_contact
from enishi.fieldwork.services.sent import Newcomer, Who


def person_of(actor: Actor, who: Who) -> Party:
    """The contact as the actor sees it now; one that was merged meanwhile is the one it went into."""
    visible = Party.objects.visible_to(actor)
    found = visible.get(pk=who.party or 0)
    while found.merged_into_id is not None:
        found = visible.get(pk=found.merged_into_id)
    if found.deleted_at is not None:
        raise Party.DoesNotExist
    return found


def enter(actor: Actor, new: Newcomer, project: Project) -> Party:
    """Enter somebody who was met in the field; who it may be already is found in the office, as for every new contact."""
    typed = {ContactPoint.Kind.PHONE: new.phone.strip(), ContactPoint.Kind.EMAIL: new.email.strip()}
    labels = {
        ContactPoint.Kind.PHONE: ContactPoint.Label.MOBILE,
        ContactPoint.Kind.EMAIL: ContactPoint.Label.WORK,
    }
    points = [PointDraft(kind, value, label=labels[kind]) for kind, value in typed.items() if value]
    return enter_contact(
        actor,
        PartyDraft(full_name=new.name, points=points),
        project_ids=[project.pk],
        country=accounts.organisation().country,
        belongs_to=new.organisation.strip() or None,
    )
