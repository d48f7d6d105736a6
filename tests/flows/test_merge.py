"""One person twice: found while typing, merged on the page, edited since, separated again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from enishi.accounts.models import User
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise
from enishi.contacts.models import Party
from enishi.contacts.services import change_party, duplicates
from enishi.conversations.models import Participant
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.search.queries import find
from enishi.timeline.models import Operation
from enishi.timeline.queries import timeline
from factories import SYSTEM, agent, party, project

pytestmark = pytest.mark.django_db


def _fresh(one: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=one.pk)


def test_two_records_become_one_with_all_that_was_said_and_promised_and_two_again():
    where = project("Tidewall East")
    worker = agent(where)
    client = Client()
    client.force_login(User.objects.get(pk=worker.user_id))
    kept = party(where, "Shirin Mohtadi", email="s.mohtadi@ushio.example")
    gone = party(where, "Shirine Mohtady", email="S.Mohtadi@ushio.example")
    talk = log_interaction(
        worker,
        channel="call",
        occurred_at=clock.now(),
        text="Asked about the noise survey",
        project_ids=[where.pk],
        participants=[ParticipantDraft(party_id=gone.pk)],
    )
    promise = make_promise(worker, project=where, party=gone, title="Send the noise survey", direction="ours")

    typed = client.get(
        reverse("contacts:similar"), {"name": "Shirin Mohtady", "email": "s.mohtadi@ushio.example"}
    )
    assert "same e-mail" in typed.content.decode()
    duplicates.scan()
    listed = client.get(reverse("contacts:duplicates")).content.decode()
    page = reverse("contacts:merge_pair", args=[kept.pk, gone.pk])
    assert page in listed
    assert "Merge, move" in client.get(page).content.decode()

    client.post(page, {"from": "pairs"})
    assert Participant.objects.get(interaction=talk, party__isnull=False).party_id == kept.pk
    assert Promise.objects.unscoped("test").get(pk=promise.pk).party_id == kept.pk
    said = {(p.subject_type, p.subject_id) for p in timeline(worker, [kept.pk])}
    assert {("conversations.interaction", talk.pk), ("commitments.promise", promise.pk)} <= said
    assert [hit.subject_id for hit in find(worker, "mohtady", kinds=["person"])] == [kept.pk]
    old = client.get(reverse("contacts:party", args=[gone.pk]))
    assert (old.status_code, old["Location"]) == (302, reverse("contacts:party", args=[kept.pk]))

    change_party(SYSTEM, _fresh(kept), note="Prefers to be called")
    operation = Operation.objects.unscoped("test").get(kind="contacts.merge")
    client.post(reverse("timeline:undo", args=[operation.pk]))
    assert _fresh(gone).deleted_at is None
    assert _fresh(kept).note == "Prefers to be called"
    assert Participant.objects.get(interaction=talk, party__isnull=False).party_id == gone.pk
    assert Promise.objects.unscoped("test").get(pk=promise.pk).party_id == gone.pk
    assert [hit.subject_id for hit in find(worker, "mohtady", kinds=["person"])] == [gone.pk]
    assert client.get(reverse("contacts:party", args=[gone.pk])).status_code == 200
