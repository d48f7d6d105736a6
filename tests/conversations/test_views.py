import datetime as dt

import pytest
from django.urls import reverse
from pytest_django.asserts import assertNumQueries  # noqa: F401

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.commitments.models import Promise, Task
from enishi.contacts.models import Relation, RelationType
from enishi.content.services import FileDraft
from enishi.conversations import services
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft
from enishi.timeline.models import Entry
from factories import agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
WHEN = dt.datetime(2026, 11, 6, 10, 2, tzinfo=dt.UTC)
TEXT = (
    "She asked about the pumps.\nYou will have the noise survey by Monday.\nShe will bring the list of boats."
)


def enter(client, actor):
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def log(actor, where, **values):
    values = {
        "channel": "call",
        "occurred_at": WHEN,
        "project_ids": [where.pk],
        "subject": "Night noise",
    } | values
    return services.log_interaction(actor, **values)


def url(name, *args):
    return reverse(f"conversations:{name}", args=args)


PAGES = ["interactions", "new", "senders", "parse_line", "people"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_answer_whom_they_should(client, name):
    here = project()
    assert client.get(url(name)).status_code == 302
    assert enter(client, agent(here)).get(url(name)).status_code == 200
    assert enter(client, agent(here, codes=["contacts.view"])).get(url(name)).status_code == 403


@pytest.mark.parametrize("name", ["interaction", "edit", "passage"])
def test_one_conversation_is_absent_for_outsiders_and_closed_without_the_right(client, name):
    here = project()
    made = log(agent(here), here, text=TEXT)
    address = f"{url(name, made.pk)}?point=1"
    assert client.get(address).status_code == 302
    assert enter(client, agent(here)).get(address).status_code == 200
    assert enter(client, outsider()).get(address).status_code == 404
    assert enter(client, agent(here, codes=["contacts.view"])).get(address).status_code == 403
    reader = agent(here, codes=["conversations.view", "contacts.view"])
    assert enter(client, reader).get(address).status_code == (200 if name == "interaction" else 403)


@pytest.mark.parametrize("name", ["delete", "answer", "add_files", "edit", "passage"])
def test_changes_are_refused_to_readers_and_outsiders(client, name):
    here = project()
    made = log(agent(here), here, text=TEXT)
    reader = agent(here, codes=["conversations.view", "contacts.view"])
    assert enter(client, reader).post(url(name, made.pk), {"answer": "waiting"}).status_code == 403
    assert enter(client, outsider()).post(url(name, made.pk), {"answer": "waiting"}).status_code == 404
    made.refresh_from_db()
    assert (made.version, made.deleted_at) == (1, None)


def test_the_page_shows_points_people_files_and_what_was_born(client):
    here = project("Tidewall East")
    worker = agent(here)
    shirin = party(here, "Shirin Mohtadi")
    made = log(
        worker,
        here,
        text=TEXT,
        participants=[ParticipantDraft(party_id=shirin.pk)],
        files=[FileDraft("photo.txt", b"x")],
    )
    quote = "You will have the noise survey by Monday."
    start = TEXT.index(quote)
    services.promise_from_passage(worker, made, start, start + len(quote), "ours", title="Send the survey")

    page = enter(client, worker).get(url("interaction", made.pk)).content.decode()

    assert f'<mark class="en-mark">{quote}</mark>' in page
    assert 'id="point-3"' in page and 'id="point-4"' not in page
    for words in ("Shirin Mohtadi", "Tidewall East", "photo.txt", "Send the survey"):
        assert words in page


def test_words_are_escaped_and_quotes_folded(client):
    here = project()
    worker = agent(here)
    made = log(worker, here, text="<script>alert(1)</script>\n> old words")
    made.folds = [{"start": 26, "end": 37, "kind": "quote"}]
    Interaction.objects.unscoped("test").filter(pk=made.pk).update(folds=made.folds)
    page = enter(client, worker).get(url("interaction", made.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "Quoted text" in page and "&gt; old words" in page
    assert 'id="point-2"' not in page


def test_a_confidential_page_says_who_may_read_and_each_read_is_recorded(client):
    here = project()
    boss, worker = manager(here), agent(here)
    manager(here)
    made = log(boss, here, confidentiality=Level.CONFIDENTIAL, text="Parcel 14 is for sale.")
    page = enter(client, boss).get(url("interaction", made.pk)).content.decode()
    assert "you and 1 other may read this" in page
    assert "<title>Confidential conversation" in page
    assert (
        Entry.objects.unscoped("test")
        .filter(event="conversations.confidential_read", subject_id=made.pk)
        .count()
        == 1
    )
    client.get(url("version", made.pk, 1))
    assert (
        Entry.objects.unscoped("test")
        .filter(event="conversations.confidential_read", subject_id=made.pk)
        .count()
        == 2
    )
    assert enter(client, worker).get(url("interaction", made.pk)).status_code == 404


def test_the_list_filters_and_hides(client):
    here, there = project("Tidewall"), project("Harbour")
    boss = manager()
    log(boss, here, subject="Noise at pier 3", answer="waiting")
    log(boss, there, subject="Flood map", channel="email", occurred_at=WHEN - dt.timedelta(days=9))
    log(boss, here, subject="Secret sale", confidentiality=Level.CONFIDENTIAL)
    worker = agent(here)

    def subjects(actor, query=""):
        page = enter(client, actor).get(f"{url('interactions')}{query}")
        return [one.subject for one in page.context["page"].items]

    assert subjects(worker) == ["Noise at pier 3"]
    assert subjects(boss) == ["Secret sale", "Noise at pier 3", "Flood map"]
    assert subjects(boss, "?channel=email") == ["Flood map"]
    assert subjects(boss, f"?project={there.pk}") == ["Flood map"]
    assert subjects(boss, "?answer=waiting") == ["Noise at pier 3"]
    assert subjects(boss, "?q=pier+noise") == ["Noise at pier 3"]
    assert subjects(boss, "?since=2026-11-06") == ["Secret sale", "Noise at pier 3"]
    assert subjects(boss, "?until=2026-11-05") == ["Flood map"]
    assert subjects(worker, "?q=secret") == []
    assert subjects(boss, "?since=nonsense&after=nonsense&project=99999999999999999999") == [
        "Secret sale", "Noise at pier 3", "Flood map",
    ]  # fmt: skip


def test_pages_of_the_list_follow_one_another(client):
    here = project()
    worker = agent(here)
    made = [log(worker, here, subject=f"Call {n:02}") for n in range(55)]
    newest_first = [one.pk for one in reversed(made)]
    first = enter(client, worker).get(url("interactions"))
    second = client.get(url("interactions") + first.context["next_url"])
    back = client.get(url("interactions") + second.context["back_url"])
    assert [one.pk for one in first.context["page"].items] == newest_first[:50]
    assert [one.pk for one in second.context["page"].items] == newest_first[50:]
    assert [one.pk for one in back.context["page"].items] == newest_first[:50]
    assert (first.context["back_url"], second.context["next_url"]) == ("", "")


@pytest.mark.parametrize("name", ["interactions", "timeline"])
def test_lists_cost_the_same_for_one_and_for_many(client, name, django_assert_max_num_queries):
    here = project()
    worker = agent(here)
    people = [party(here, f"Person {n}") for n in range(4)]
    address = url(name, *([people[0].pk] if name == "timeline" else []))

    def make(n):
        made = log(
            worker, here, subject=f"Call {n}", text=TEXT, files=[FileDraft(f"f{n}.txt", b"%d" % n)],
            participants=[ParticipantDraft(party_id=one.pk) for one in people],
        )  # fmt: skip
        services.promise_from_passage(worker, made, 0, 3, "ours", party_id=people[0].pk)

    def count():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    enter(client, worker)
    make(0)
    count()
    few = count()
    for n in range(1, 6):
        make(n)
    assert count() == few


def test_logging_by_the_form(client):
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana")
    enter(client, worker)
    given = {
        "channel": "meeting", "occurred_at": "2026-11-10T18:30", "direction": "both", "subject": "Harbour meeting",
        "text": TEXT, "project_ids": [here.pk], "answer": "none", "who": [f"party:{aoi.pk}", f"user:{worker.user_id}"],
        f"role-party:{aoi.pk}": "from", "who_typed": "A neighbour, new@ushio.example",
    }  # fmt: skip
    answer = client.post(url("new"), given)
    made = Interaction.objects.unscoped("test").get()
    assert answer["Location"] == url("interaction", made.pk)
    assert [(p.role, p.party_id, p.user_id, p.name, p.address) for p in made.participants.all()] == [
        ("from", aoi.pk, None, "", ""),
        ("with", None, worker.user_id, "", ""),
        ("with", None, None, "A neighbour", ""),
        ("with", None, None, "", "new@ushio.example"),
    ]
    refused = client.post(url("new"), {**given, "subject": " ", "text": ""})
    assert refused.status_code == 422
    assert "Say in a few words what it was about." in refused.content.decode()
    assert "Aoi Tachibana" in refused.content.decode()


def test_editing_by_the_form_keeps_what_was_typed_in_a_conflict(client):
    here = project()
    worker = agent(here)
    made = log(worker, here, text="First")
    page = enter(client, worker).get(url("edit", made.pk))
    given = {**page.context["form"].initial, "occurred_at": "2026-11-06T10:02", "minutes": "", "tag_ids": []}
    services.change_interaction(worker, made, text="Theirs")
    answer = client.post(url("edit", made.pk), {**given, "text": "Mine"})
    assert answer.status_code == 409
    body = answer.content.decode()
    assert "Mine" in body and "Theirs" in body
    assert client.post(url("edit", made.pk), {**given, "text": "Mine", "version": 2}).status_code == 302
    made.refresh_from_db()
    assert (made.text, made.version) == ("Mine", 3)


def test_versions_are_shown_and_compared(client):
    here = project()
    worker = agent(here)
    made = log(worker, here, text="One\nTwo")
    services.change_interaction(worker, made, text="One\nThree", minutes=5)
    enter(client, worker)
    second = client.get(url("version", made.pk, 2)).content.decode()
    assert "<del>Two</del>" in second and "<ins>Three</ins>" in second
    first = client.get(url("version", made.pk, 1)).content.decode()
    assert "One\nTwo" in first and "Three" not in first
    assert client.get(url("version", made.pk, 3)).status_code == 404


def test_what_was_said_while_it_was_confidential_stays_closed_in_the_versions(client):
    here = project()
    boss, worker = manager(here), agent(here)
    made = log(boss, here, text="The secret", confidentiality=Level.CONFIDENTIAL)
    services.change_interaction(boss, made, text="The public part", confidentiality=Level.INTERNAL)
    enter(client, worker)
    assert "The public part" in client.get(url("interaction", made.pk)).content.decode()
    for number in (1, 2):
        assert "The secret" not in client.get(url("version", made.pk, number)).content.decode()


def test_a_promise_is_made_from_a_point_without_scripts(client):
    here = project()
    worker = agent(here)
    shirin = party(here, "Shirin Mohtadi")
    made = log(worker, here, text=TEXT, participants=[ParticipantDraft(party_id=shirin.pk)])
    page = enter(client, worker).get(f"{url('passage', made.pk)}?point=2")
    first = page.context["form"].initial
    assert first["title"] == "You will have the noise survey by Monday."
    assert first["party"] == shirin.pk
    given = {**first, "owner": worker.user_id, "project": here.pk, "due_at": "2026-11-16T18:00"}
    answer = client.post(url("passage", made.pk), given)
    promise = Promise.objects.visible_to(worker).get()
    assert answer["Location"] == f"{url('interaction', made.pk)}#promise-{promise.pk}"
    assert (promise.said_in_id, promise.said_via, promise.said_at) == (made.pk, "call", WHEN)
    assert (promise.quote, TEXT[promise.said_start : promise.said_end]) == (first["title"], first["title"])
    assert (promise.direction, promise.party_id, promise.owner_id) == ("ours", shirin.pk, worker.user_id)


def test_a_selection_counts_from_its_point_and_can_become_a_task(client):
    here = project()
    worker = agent(here)
    made = log(worker, here, text=TEXT)
    base = TEXT.index("She will")
    page = enter(client, worker).get(
        url("passage", made.pk), {"base": base, "start": 4, "end": 32}, headers={"HX-Request": "true"}
    )
    assert page.context["form"].initial["title"] == "will bring the list of boats"
    given = {**page.context["form"].initial, "kind": "task", "project": here.pk, "party": "", "due_at": ""}
    done = client.post(url("passage", made.pk), given, headers={"HX-Request": "true"})
    task = Task.objects.visible_to(worker).get()
    # Only the anchor differs from the page that is open: without loading it anew nothing would be seen to happen.
    assert (done["HX-Redirect"], done["HX-Refresh"]) == (
        f"{url('interaction', made.pk)}#task-{task.pk}",
        "true",
    )
    assert (task.quote, task.said_in_id) == ("will bring the list of boats", made.pk)
    assert client.get(f"{url('passage', made.pk)}?point=99").status_code == 404


def test_a_promise_is_never_less_confidential_than_its_conversation(client):
    here = project()
    boss, worker = manager(here), agent(here)
    made = log(boss, here, text=TEXT, confidentiality=Level.CONFIDENTIAL)
    promise = services.promise_from_passage(boss, made, 0, 20, "theirs", confidentiality=Level.OPEN)
    assert promise.confidentiality == Level.CONFIDENTIAL
    open_one = log(worker, here, text=TEXT)
    below = services.promise_from_passage(worker, open_one, 0, 20, "ours")
    services.change_interaction(boss, open_one, confidentiality=Level.RESTRICTED)
    below.refresh_from_db()
    assert below.confidentiality == Level.RESTRICTED
    assert Promise.objects.visible_to(worker).count() == 0


def test_the_timeline_of_an_organisation_rolls_up_its_people(client):
    here = project()
    worker = agent(here)
    ushio = party(here, "Ushio Fishing", kind="organisation")
    shirin, former = party(here, "Shirin Mohtadi"), party(here, "Former Head")
    works_for = RelationType.objects.filter(affiliates=True).first()
    Relation.objects.create(type=works_for, source=shirin, target=ushio)
    Relation.objects.create(type=works_for, source=former, target=ushio, valid_until=dt.date(2020, 1, 1))
    both = log(
        worker, here, participants=[ParticipantDraft(party_id=p.pk) for p in (ushio, shirin)], subject="Both"
    )
    hers = log(
        worker, here, participants=[ParticipantDraft(party_id=shirin.pk)], subject="Hers", channel="email"
    )
    log(worker, here, participants=[ParticipantDraft(party_id=former.pk)], subject="Former")

    def seen(query=""):
        page = enter(client, worker).get(f"{url('timeline', ushio.pk)}{query}")
        return [item.place.subject_id for day in page.context["days"] for item in day.items]

    assert seen() == [hers.pk, both.pk]
    assert seen("?rollup=0") == [both.pk]
    assert seen("?channel=email") == [hers.pk]
    assert seen(f"?without={shirin.pk}") == [both.pk]
    assert seen(f"?person={shirin.pk}") == [hers.pk, both.pk]
    assert seen("?family=promise") == []
    assert enter(client, outsider()).get(url("timeline", ushio.pk)).status_code == 404


def test_pages_of_a_timeline_repeat_nothing_though_all_happened_at_once(client):
    here = project()
    worker = agent(here)
    ushio = party(here, "Ushio Fishing", kind="organisation")
    shirin = party(here, "Shirin Mohtadi")
    works_for = RelationType.objects.filter(affiliates=True).first()
    Relation.objects.create(type=works_for, source=shirin, target=ushio)
    made = [
        log(worker, here, participants=[ParticipantDraft(party_id=p.pk) for p in (ushio, shirin)]).pk
        for _ in range(65)
    ]
    enter(client, worker)
    address, seen = url("timeline", ushio.pk), []
    while address:
        page = client.get(address)
        seen += [item.place.subject_id for day in page.context["days"] for item in day.items]
        address = page.context["more_url"]
    assert sorted(seen) == sorted(made)


def test_choosing_somebody_while_typing_leaves_only_what_was_typed_before(client):
    here = project()
    shirin = party(here, "Shirin Mohtadi")
    enter(client, agent(here))
    found = client.get(url("people"), {"who_typed": "A neighbour, shir"}).content.decode()
    assert "Shirin Mohtadi" in found and "Add “shir” by name only" in found
    chosen = client.get(
        url("people"), {"who_typed": "A neighbour, shir", "token": f"party:{shirin.pk}"}
    ).content.decode()
    assert f'name="who" value="party:{shirin.pk}" checked' in chosen
    assert 'name="who_typed" value="A neighbour"' in chosen
    hidden = party(project(), "Hidden Person")
    assert "Hidden" not in client.get(url("people"), {"who_typed": "hidden"}).content.decode().replace(
        "Add “hidden”", ""
    )
    assert "Hidden" not in client.get(url("people"), {"token": f"party:{hidden.pk}"}).content.decode()
