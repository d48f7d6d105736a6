import datetime as dt

import pytest

from enishi.accounts.access import Forbidden, Level
from enishi.contacts.models import Tag
from enishi.content.models import File
from enishi.content.services import FileDraft, add_file
from enishi.conversations import services
from enishi.conversations.models import Attachment, Interaction, UnknownSender
from enishi.conversations.services import ParticipantDraft
from enishi.search import queries as search
from enishi.timeline import queries as timeline
from enishi.timeline.models import Entry
from factories import agent, manager, outsider, party, project, user

pytestmark = pytest.mark.django_db
WHEN = dt.datetime(2026, 11, 6, 10, 2, tzinfo=dt.UTC)


def log(actor, where, **values):
    values = {
        "channel": "call",
        "occurred_at": WHEN,
        "project_ids": [where.pk],
        "subject": "Night noise",
    } | values
    return services.log_interaction(actor, **values)


def entries(**limits):
    return list(Entry.objects.unscoped("test").filter(**limits).order_by("id"))


def test_a_call_is_logged_with_people_projects_files_and_tags():
    here, there = project("Tidewall"), project("Harbour")
    worker = manager()
    shirin, ushio = party(here, "Shirin Mohtadi"), party(there, "Ushio Fishing", kind="organisation")
    rui, tag = user("Rui Tanase"), Tag.objects.create(name="Noise", path="Noise")

    made = log(
        worker,
        here,
        project_ids=[here.pk, there.pk, here.pk],
        participants=[
            ParticipantDraft("from", party_id=shirin.pk),
            ParticipantDraft("with", party_id=ushio.pk),
            ParticipantDraft("to", user_id=rui.pk),
            ParticipantDraft(name="A neighbour"),
            ParticipantDraft(name="Another neighbour"),
        ],
        text="The pumps run at night.\r\nNobody sleeps.",
        direction="in",
        minutes=9,
        tag_ids=[tag.pk],
        files=[FileDraft("photo.txt", b"pump")],
    )

    assert made.project_ids == [here.pk, there.pk]
    assert made.text == "The pumps run at night.\nNobody sleeps."
    assert [(p.role, p.party_id, p.user_id, p.name) for p in made.participants.all()] == [
        ("from", shirin.pk, None, ""),
        ("with", ushio.pk, None, ""),
        ("to", None, rui.pk, ""),
        ("with", None, None, "A neighbour"),
        ("with", None, None, "Another neighbour"),
    ]
    file = File.objects.visible_to(worker).get()
    assert (file.attachment, file.project_id, made.attachments.get().file_id) == (True, here.pk, file.pk)
    assert made.tag_links.get().tag_id == tag.pk
    assert [hit.subject_id for hit in search.find(worker, "pumps night", kinds=["conversation"])] == [made.pk]
    for one in (shirin, ushio):
        assert [(p.family, p.channel, p.subject_id) for p in timeline.timeline(worker, [one.pk])] == [
            ("conversation", "call", made.pk)
        ]
        one.refresh_from_db()
        assert (one.last_contact_at, one.last_channel) == (WHEN, "call")
    (entry,) = entries(event="conversations.interaction_logged")
    assert entry.data == {"version": 1}
    assert entry.changes["subject"] == [None, "Night noise"]


def test_what_cannot_be_saved_is_said():
    here = project()
    worker = agent(here)
    with pytest.raises(services.ConversationError, match="Say in a few words"):
        log(worker, here, subject="  ")
    with pytest.raises(services.ConversationError, match="at least one project"):
        log(worker, here, project_ids=[])
    with pytest.raises(services.ConversationError, match="Choose a channel"):
        log(worker, here, channel="smoke")
    with pytest.raises(services.ConversationError, match="no longer there"):
        log(worker, here, participants=[ParticipantDraft(party_id=party(project(), "Unseen").pk)])
    with pytest.raises(services.ConversationError, match="more confidential than you may read"):
        log(worker, here, confidentiality=Level.RESTRICTED)
    with pytest.raises(Forbidden):
        log(outsider(), here)
    with pytest.raises(Forbidden):
        log(agent(here, codes=["conversations.view"]), here)
    assert Interaction.objects.unscoped("test").count() == 0


def test_every_project_needs_the_right():
    here, there = project(), project()
    with pytest.raises(Forbidden):
        log(agent(here), here, project_ids=[here.pk, there.pk])


def test_an_address_that_is_known_becomes_the_contact_and_others_wait_for_review():
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana", email="aoi@kitahama.example")
    made = log(
        worker,
        here,
        channel="email",
        participants=[
            ParticipantDraft("from", address="AOI@kitahama.example", name="橘 葵"),
            ParticipantDraft("cc", address="New@Ushio.example", name="N. Ewcomer"),
        ],
    )
    assert [(p.party_id, p.name, p.address) for p in made.participants.all()] == [
        (aoi.pk, "", "aoi@kitahama.example"),
        (None, "N. Ewcomer", "new@ushio.example"),
    ]
    sender = UnknownSender.objects.visible_to(worker).get()
    assert (sender.address, sender.name, sender.messages, sender.state) == (
        "new@ushio.example",
        "N. Ewcomer",
        1,
        "open",
    )
    log(worker, here, participants=[ParticipantDraft(address="new@ushio.example")])
    sender.refresh_from_db()
    assert sender.messages == 2


def test_a_future_or_confidential_talk_is_no_last_contact():
    here = project()
    boss = manager(here)
    aoi = party(here, "Aoi Tachibana")
    someone = [ParticipantDraft(party_id=aoi.pk)]
    log(boss, here, participants=someone, occurred_at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    log(boss, here, participants=someone, confidentiality=Level.CONFIDENTIAL)
    aoi.refresh_from_db()
    assert aoi.last_contact_at is None


def test_editing_keeps_versions_and_refuses_a_stale_one():
    here = project()
    worker = agent(here)
    made = log(worker, here, text="First words")

    changed = services.change_interaction(worker, made, version=1, text="Better words", minutes=20)
    assert (changed.version, changed.text, changed.minutes) == (2, "Better words", 20)
    (entry,) = entries(event="conversations.interaction_changed")
    assert entry.changes == {"minutes": [None, 20], "text": ["First words", "Better words"]}
    assert entry.data == {"version": 2}
    assert search.find(worker, "first words") == []

    with pytest.raises(services.Conflict) as caught:
        services.change_interaction(worker, made, version=1, text="Late words")
    assert caught.value.current == 2
    same = services.change_interaction(worker, made, version=2, text="Better words")
    assert same.version == 2


def test_moving_a_talk_moves_timelines_and_last_contact():
    here = project()
    worker = agent(here)
    aoi, rui = party(here, "Aoi Tachibana"), party(here, "Rui Sakaki")
    made = log(worker, here, participants=[ParticipantDraft(party_id=aoi.pk)])
    services.change_interaction(worker, made, participants=[ParticipantDraft(party_id=rui.pk)])
    aoi.refresh_from_db()
    rui.refresh_from_db()
    assert (aoi.last_contact_at, rui.last_contact_at) == (None, WHEN)
    assert timeline.timeline(worker, [aoi.pk]) == []
    assert [p.subject_id for p in timeline.timeline(worker, [rui.pk])] == [made.pk]


def test_an_editor_does_not_remove_people_they_cannot_see():
    here = project()
    worker, boss = agent(here), manager()
    hidden = party(project(), "Hidden Person", by=boss)
    made = log(boss, here, participants=[ParticipantDraft(party_id=hidden.pk)])
    services.change_interaction(worker, made, participants=[ParticipantDraft(name="A neighbour")])
    assert [(p.party_id, p.name) for p in made.participants.all()] == [(None, "A neighbour"), (hidden.pk, "")]


def test_a_raised_level_takes_files_search_timeline_and_history_along():
    here = project()
    boss, worker = manager(here), agent(here)
    aoi = party(here, "Aoi Tachibana")
    kept = add_file(worker, project=here, name="map.txt", data=b"m")
    made = log(
        worker,
        here,
        participants=[ParticipantDraft(party_id=aoi.pk)],
        files=[kept.pk, FileDraft("new.txt", b"n")],
    )
    assert len(timeline.timeline(worker, [aoi.pk])) == 1

    services.change_interaction(boss, made, confidentiality=Level.CONFIDENTIAL)

    assert Interaction.objects.visible_to(worker).count() == 0
    assert search.find(worker, "night") == []
    assert search.find(worker, "map.txt") == []
    assert timeline.timeline(worker, [aoi.pk]) == []
    assert timeline.family_counts(worker, [aoi.pk]) == {}
    assert set(File.objects.unscoped("test").values_list("confidentiality", flat=True)) == {
        Level.CONFIDENTIAL
    }
    assert Entry.objects.visible_to(worker).exclude(subject_type__startswith="contacts").count() == 0
    aoi.refresh_from_db()
    assert aoi.last_contact_at is None


def test_a_kept_file_becomes_as_confidential_as_the_talk_it_is_hung_on():
    here = project()
    boss = manager(here)
    kept = add_file(boss, project=here, name="map.txt", data=b"m")
    log(boss, here, files=[kept.pk], confidentiality=Level.RESTRICTED)
    kept.refresh_from_db()
    assert kept.confidentiality == Level.RESTRICTED


def test_deleting_hides_everything_and_undo_brings_it_back():
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana")
    made = log(
        worker, here, participants=[ParticipantDraft(party_id=aoi.pk)], files=[FileDraft("pump.txt", b"p")]
    )

    services.delete_interaction(worker, made)
    assert search.find(worker, "night") == []
    assert search.find(worker, "pump") == []
    assert timeline.timeline(worker, [aoi.pk]) == []
    aoi.refresh_from_db()
    assert aoi.last_contact_at is None

    services.restore_interaction(worker, made)
    assert [hit.subject_id for hit in search.find(worker, "night")] == [made.pk]
    assert [hit.title for hit in search.find(worker, "pump")] == ["pump.txt"]
    assert [p.subject_id for p in timeline.timeline(worker, [aoi.pk])] == [made.pk]
    aoi.refresh_from_db()
    assert aoi.last_contact_at == WHEN
    assert Attachment.objects.count() == 1


def test_deleting_needs_its_own_right():
    here = project()
    made = log(manager(here), here)
    with pytest.raises(Forbidden):
        services.delete_interaction(agent(here, codes=["conversations.view", "conversations.edit"]), made)
    with pytest.raises(Interaction.DoesNotExist):
        services.delete_interaction(outsider(), made)


def test_a_reply_joins_the_thread_and_answers():
    here = project()
    worker = agent(here)
    asked = log(worker, here, channel="email", answer="waiting", direction="in")
    answer = log(worker, here, channel="call", subject="Called back", reply_to=asked)
    asked.refresh_from_db()
    assert asked.thread_id is not None
    assert (asked.answer, answer.thread_id) == ("answered", asked.thread_id)


def test_a_mail_of_a_picture_alone_can_be_answered_and_changed_but_words_not_taken_away():
    here = project()
    worker = agent(here)
    bare = log(worker, here, channel="email", answer="waiting", direction="in")
    Interaction.objects.unscoped("as it arrives").filter(pk=bare.pk).update(subject="", text="")
    bare.refresh_from_db()
    log(worker, here, subject="Called back", reply_to=bare)
    bare.refresh_from_db()
    assert bare.answer == "answered"
    bare = services.change_interaction(worker, bare, subject="", text="", answer="none", minutes=3)
    assert (bare.answer, bare.minutes) == ("none", 3)
    bare = services.change_interaction(worker, bare, subject=" A photo  of the pier ")
    assert bare.subject == "A photo of the pier"
    with pytest.raises(services.ConversationError, match="what it was about"):
        services.change_interaction(worker, bare, subject=" ")
