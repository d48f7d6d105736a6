import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import User
from enishi.contacts.models import Party
from enishi.conversations import queries, services
from enishi.conversations.models import UnknownSender
from enishi.conversations.services import ParticipantDraft
from enishi.timeline import queries as timeline
from factories import agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
WHEN = dt.datetime(2026, 11, 6, 10, 2, tzinfo=dt.UTC)


def enter(client, actor):
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def mail(actor, where, address="new@ushio.example", **values):
    sender = ParticipantDraft("from", name="N. Ewcomer", address=address)
    values = {"channel": "email", "occurred_at": WHEN, "project_ids": [where.pk], "subject": "Hello"} | values
    return services.log_interaction(actor, participants=[sender], **values)


def only(actor):
    (waiting,) = queries.senders(actor)
    return waiting.sender


def test_a_new_contact_takes_everything_that_came_from_the_address():
    here = project()
    worker = agent(here)
    first, second = mail(worker, here), mail(worker, here, occurred_at=WHEN + dt.timedelta(days=1))

    made = services.create_from_sender(worker, only(worker))

    assert (made.full_name, made.project_ids) == ("N. Ewcomer", [here.pk])
    assert [point.value for point in made.points.all()] == ["new@ushio.example"]
    assert [place.subject_id for place in timeline.timeline(worker, [made.pk])] == [second.pk, first.pk]
    made.refresh_from_db()
    assert (made.last_contact_at, made.last_channel) == (WHEN + dt.timedelta(days=1), "email")
    assert queries.senders(worker) == []


def test_undo_of_a_new_contact():
    here = project()
    worker = agent(here)
    mail(worker, here)
    sender = only(worker)
    made = services.create_from_sender(worker, sender)
    services.reopen_sender(worker, sender)
    assert only(worker).pk == sender.pk
    assert timeline.timeline(worker, [made.pk]) == []
    assert Party.objects.visible_to(worker).present().filter(pk=made.pk).count() == 0


def test_joining_a_known_contact_adds_the_address_and_undo_takes_only_that_back():
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana", email="aoi@kitahama.example")
    both = services.log_interaction(
        worker, channel="email", occurred_at=WHEN, project_ids=[here.pk], subject="From both addresses",
        participants=[ParticipantDraft("from", address="new@ushio.example"), ParticipantDraft("to", party_id=aoi.pk)],
    )  # fmt: skip
    alone = mail(worker, here)
    sender = only(worker)

    services.join_sender(worker, sender, party_id=aoi.pk)
    assert set(aoi.points.values_list("value", flat=True)) == {"aoi@kitahama.example", "new@ushio.example"}
    assert {place.subject_id for place in timeline.timeline(worker, [aoi.pk])} == {both.pk, alone.pk}
    with pytest.raises(services.ConversationError, match="settled this address"):
        services.ignore_sender(worker, sender)

    services.reopen_sender(worker, sender)
    assert list(aoi.points.values_list("value", flat=True)) == ["aoi@kitahama.example"]
    assert [place.subject_id for place in timeline.timeline(worker, [aoi.pk])] == [both.pk]


def test_what_is_left_aside_is_not_asked_about_again():
    here = project()
    worker = agent(here)
    mail(worker, here)
    sender = services.ignore_sender(worker, only(worker))
    mail(worker, here)
    assert queries.senders(worker) == []
    services.reopen_sender(worker, sender)
    assert queries.senders(worker)[0].messages == 2


def test_one_who_wrote_only_in_confidence_leaves_no_trace():
    here = project()
    boss, worker = manager(here), agent(here)
    mail(boss, here, confidentiality=Level.CONFIDENTIAL)
    assert (queries.senders(worker), queries.senders_count(worker)) == ([], 0)
    elsewhere = project()
    mail(manager(elsewhere), elsewhere)
    assert (queries.senders(worker), queries.senders_count(worker)) == ([], 0)
    assert [(w.messages, w.last_at) for w in queries.senders(boss)] == [(1, WHEN)]


def test_rights():
    here = project()
    mail(agent(here), here)
    sender = UnknownSender.objects.unscoped("test").get()
    with pytest.raises(Forbidden):
        services.ignore_sender(agent(here, codes=["conversations.view"]), sender)
    with pytest.raises(Forbidden):
        services.create_from_sender(agent(here, codes=["conversations.view", "conversations.edit"]), sender)
    with pytest.raises(UnknownSender.DoesNotExist):
        services.ignore_sender(outsider(), sender)


def test_the_page_settles_with_one_press_and_costs_the_same(client):
    here = project()
    worker = agent(here)
    mail(worker, here)
    enter(client, worker)
    address = reverse("conversations:senders")

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    cost()
    one = cost()
    for number in range(5):
        mail(worker, here, address=f"n{number}@ushio.example")
    assert cost() == one

    sender = UnknownSender.objects.unscoped("test").get(address="new@ushio.example")
    found = client.get(reverse("conversations:sender_candidates", args=[sender.pk]), {"q": "nobody"})
    assert "No contact is called that" in found.content.decode()
    client.post(reverse("conversations:sender_create", args=[sender.pk]))
    sender.refresh_from_db()
    assert sender.state == "settled"
    client.post(reverse("conversations:sender_reopen", args=[sender.pk]))
    client.post(reverse("conversations:sender_ignore", args=[sender.pk]))
    sender.refresh_from_db()
    assert sender.state == "ignored"
    assert (
        enter(client, outsider()).post(reverse("conversations:sender_join", args=[sender.pk])).status_code
        == 404
    )
