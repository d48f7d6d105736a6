"""Nothing is less confidential than what it hangs on."""

import datetime as dt

import pytest

from enishi.accounts.access import Level
from enishi.commitments.services import change_promise, change_task
from enishi.contacts.services import change_party
from enishi.content.services import FileDraft, FileError, change_file
from enishi.conversations import services
from enishi.conversations.models import Interaction
from enishi.conversations.receivers import raise_talks
from enishi.conversations.services import ParticipantDraft
from enishi.timeline import queries as timeline
from enishi.timeline.models import Entry
from factories import agent, manager, party, project

pytestmark = pytest.mark.django_db
WHEN = dt.datetime(2026, 11, 6, 10, 2, tzinfo=dt.UTC)
TEXT = "You will have the survey by Monday."


def log(actor, where, people=(), **values):
    return services.log_interaction(
        actor, channel="call", occurred_at=WHEN, project_ids=[where.pk], subject="Night noise", text=TEXT,
        participants=[ParticipantDraft(party_id=one.pk) for one in people], **values,
    )  # fmt: skip


def test_a_talk_with_one_contact_is_as_confidential_as_the_contact():
    here = project()
    boss = manager(here)
    secret = party(here, "Secret Source", confidentiality=Level.CONFIDENTIAL)
    known = party(here, "Aoi Tachibana")
    assert log(boss, here, [secret]).confidentiality == Level.CONFIDENTIAL
    assert log(boss, here, [secret], confidentiality=Level.OPEN).confidentiality == Level.CONFIDENTIAL
    assert log(boss, here, [secret, known]).confidentiality == Level.INTERNAL


def test_in_a_meeting_a_confidential_contact_is_left_out_of_the_list():
    here = project()
    boss, worker = manager(here), agent(here)
    secret = party(here, "Secret Source", confidentiality=Level.CONFIDENTIAL)
    known = party(here, "Aoi Tachibana")
    made = log(boss, here, [secret, known])
    from enishi.conversations import queries

    assert [one.party_id for one in queries.interaction(worker, made.pk).people] == [known.pk]
    assert [one.party_id for one in queries.interaction(boss, made.pk).people] == [secret.pk, known.pk]


def test_talks_follow_a_contact_who_becomes_confidential():
    here = project()
    boss, worker = manager(here), agent(here)
    source, known = party(here, "Source"), party(here, "Aoi Tachibana")
    alone, together = log(boss, here, [source]), log(boss, here, [source, known])
    change_party(boss, source, confidentiality=Level.RESTRICTED)
    entry = Entry.objects.unscoped("test").filter(event="contacts.party_changed").last()
    for _ in range(2):
        raise_talks(boss, entry)
    alone.refresh_from_db()
    together.refresh_from_db()
    assert (alone.confidentiality, alone.version) == (Level.RESTRICTED, 2)
    assert together.confidentiality == Level.INTERNAL
    assert list(Interaction.objects.visible_to(worker)) == [together]
    assert [place.subject_id for place in timeline.timeline(worker, [source.pk], family="conversation")] == [
        together.pk
    ]


def test_what_was_made_from_a_talk_cannot_be_opened_below_it():
    here = project()
    boss = manager(here)
    made = log(boss, here, files=[FileDraft("a.txt", b"x")], confidentiality=Level.CONFIDENTIAL)
    promise = services.promise_from_passage(boss, made, 0, len(TEXT), "ours")
    task = services.task_from_passage(boss, made, 0, len(TEXT))
    assert change_promise(boss, promise, confidentiality=Level.OPEN).confidentiality == Level.CONFIDENTIAL
    assert change_task(boss, task, confidentiality=Level.OPEN).confidentiality == Level.CONFIDENTIAL
    with pytest.raises(FileError, match="cannot be less confidential"):
        change_file(boss, made.attachments.get().file, confidentiality=Level.INTERNAL)
