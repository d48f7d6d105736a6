"""A person with something in every corner, and people who take part beside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise, settle_promise
from enishi.contacts.models import ConsentPurpose, Field, Party, RelationType, Tag
from enishi.contacts.services import (
    PartyDraft,
    PointDraft,
    change_party,
    create_party,
    relate,
    set_external_id,
    set_tags,
    set_values,
    state_consent,
)
from enishi.content.models import File
from enishi.content.services import FileDraft, add_file
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from factories import manager, party, project

NAME = "Shirin Mohtadi"
FORMER = "Shirin Karimabadi"
MAIL = "shirin.mohtadi@tidewall.example"
PHONE = "+44 1632 960123"
WHEN = dt.datetime(2026, 11, 6, 10, 2, tzinfo=dt.UTC)


@dataclass
class Corner:
    """The project, somebody who may do everything in it, the person, another one, and what they have."""

    where: Project
    boss: Actor
    person: Party
    other: Party
    alone: Interaction
    together: Interaction
    secret: Interaction
    promise: Promise
    own_file: File
    shared_file: File


def corner() -> Corner:
    where = project("Tidewall East")
    boss = manager(where)
    person = create_party(
        boss,
        PartyDraft(
            full_name=FORMER,
            given_name="Shirin",
            family_name="Karimabadi",
            names={"Arab": {"full": "شیرین محتدی"}},
            birth_date=dt.date(1984, 5, 9),
            note="Lives beside the pump",
            points=[PointDraft("email", MAIL), PointDraft("phone", PHONE)],
        ),
        project_ids=[where.pk],
    )
    person = change_party(boss, person, given_name="Shirin", family_name="Mohtadi")
    other = party(where, "Bertil Ekdahl", by=boss, email="bertil@ekdahl.example")
    port = party(where, "Kitahama Port", by=boss, kind=Party.Kind.ORGANISATION)
    works, knows = (
        RelationType.objects.get(code="works-for"),
        RelationType.objects.exclude(code="works-for")[0],
    )
    relate(boss, person, port, kind=works, title="Harbour master")
    relate(boss, person, other, kind=knows)
    set_tags(boss, person, [Tag.objects.create(name="Press", path="Press")])
    set_external_id(boss, person, system="ledger", value="SM-4711")
    shoe = Field.objects.create(code="shoe", label="Shoe size", kind=Field.Kind.TEXT)
    set_values(boss, person, {shoe: "forty-one and a half"})
    state_consent(
        boss,
        person,
        purpose=ConsentPurpose.objects.get(code="news"),
        state="given",
        stated_on=WHEN.date(),
        evidence="Form of 4 April",
    )
    kind = {"project_ids": [where.pk], "channel": "call", "occurred_at": WHEN}
    alone = log_interaction(
        boss,
        subject="Night noise at the pump",
        text=f"{NAME} cannot sleep. Write to {MAIL}.",
        participants=[ParticipantDraft("from", party_id=person.pk)],
        files=[FileDraft("voice.txt", b"cannot sleep, says Shirin Mohtadi")],
        **kind,
    )
    together = log_interaction(
        boss,
        subject="Harbour meeting",
        text=f"{NAME} ({MAIL}) and Bertil Ekdahl (bertil@ekdahl.example) agreed. Shirin nodded.",
        participants=[
            ParticipantDraft("with", party_id=person.pk),
            ParticipantDraft("with", party_id=other.pk),
            ParticipantDraft("with", user_id=boss.user_id),
        ],
        **kind,
    )
    secret = log_interaction(
        boss,
        subject="Complaint against the harbour master",
        text="Said in confidence",
        participants=[ParticipantDraft("with", party_id=person.pk)],
        confidentiality=Level.CONFIDENTIAL,
        **kind,
    )
    promise = make_promise(
        boss,
        title=f"Send the tide table to {NAME}",
        direction="ours",
        project=where,
        party=person,
        due_at=WHEN,
    )
    settle_promise(boss, promise, state="kept", outcome=f"Handed to {NAME}")
    own_file = add_file(
        boss, project=where, name="letter of Shirin.txt", data=b"Dear all", party_ids=[person.pk]
    )
    shared_file = add_file(
        boss, project=where, name="minutes.txt", data=b"Both were there", party_ids=[person.pk, other.pk]
    )
    return Corner(where, boss, person, other, alone, together, secret, promise, own_file, shared_file)
