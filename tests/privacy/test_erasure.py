"""An erased person stands nowhere any more; the figures stay, others keep what is theirs, the history still proves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from enishi.accounts.access import Actor, Forbidden
from enishi.accounts.models import IdempotencyKey, User
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise, make_task
from enishi.contacts.models import ImportRow, ImportRun, Party
from enishi.contacts.services import (
    ContactError,
    PartyDraft,
    PointDraft,
    bulk,
    change_party,
    create_party,
    importing,
    restore_party,
    save_point,
)
from enishi.contacts.services.merging import merge
from enishi.content.models import File, FileVersion
from enishi.conversations.models import Interaction, UnknownSender
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock, storage
from enishi.privacy.models import Blocked, Erasure
from enishi.privacy.services import (
    ErasureRefused,
    NotBlocked,
    blocked,
    end_hold,
    export_of_job,
    lift_block,
    preview,
    run_erasure,
    run_export,
    set_hold,
    start_erasure,
    start_export,
)
from enishi.search import queries as search
from enishi.timeline import proof
from enishi.timeline.models import Entry, Notification, Operation, Redaction
from enishi.timeline.services import notify, undoer_for
from enishi.timeline.undo import UndoRefused
from factories import agent, manager, outsider, party, project
from privacy.world import MAIL, NAME, PHONE, WHEN, Corner, corner

pytestmark = pytest.mark.django_db
TRACES = (
    "Mohtadi", "mohtadi", "Karimabadi", "karimabadi", "محتدی", "960123", "960 123", "Lives beside the pump", "SM-4711",
    "forty-one", "1984-05-09", "Form of 4 April", "Harbour master",
)  # fmt: skip
REQUEST = {"ground": "objected", "reason": f"Letter of {NAME}, 4 April"}


def erase(world: Corner, by: Actor | None = None, **values: object) -> Erasure:
    actor = by or world.boss
    started = start_erasure(actor, _fresh(world.person), **{**REQUEST, **values})
    return run_erasure(actor, started.pk)


def _fresh(of: Party) -> Party:
    return Party.objects.unscoped("test").get(pk=of.pk)


def everything() -> str:
    """Every text of every table of the database: text, JSON, arrays, bytes; whoever made the table."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name, data_type FROM information_schema.columns
               WHERE table_schema = 'public' AND data_type NOT IN
                 ('bigint', 'integer', 'smallint', 'boolean', 'double precision', 'interval')
               ORDER BY 1, 2"""
        )
        columns = cursor.fetchall()
        assert len(columns) > 200
        for table, column, kind in columns:
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT string_agg({text}, chr(10)) FROM "{table}"')
            words = cursor.fetchone()[0]
            if words:
                found.append(f"{table}.{column}: {words}")
    return "\n".join(found)


def kept_bytes() -> str:
    root = Path(settings.FILES_DIR)
    return "\n".join(path.read_bytes().decode(errors="replace") for path in root.rglob("*") if path.is_file())


def traces(words: str) -> list[str]:
    return [f"{trace}: {line[:200]}" for line in words.splitlines() for trace in TRACES if trace in line]


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def _in_every_corner(world: Corner) -> None:
    """What else may hold a name: an import file with its rows, notifications, mails, answers kept by the API, undo."""
    run = importing.upload(
        world.boss,
        project_id=world.where.pk,
        name="list.csv",
        stream=io.BytesIO(f"Name,E-mail\n{NAME},{MAIL}\nBertil Ekdahl,bertil@ekdahl.example\n".encode()),
    )
    ImportRun.objects.unscoped("test").filter(pk=run.pk).update(state=ImportRun.State.DONE)
    ImportRow.objects.create(run=run, number=1, party_id=world.person.pk, cells=[NAME, MAIL])
    notify([world.boss.own_id], kind="x", title=f"Look at {NAME}", url=f"/people/{world.person.pk}/")
    log_interaction(
        world.boss,
        channel="note",
        occurred_at=WHEN,
        project_ids=[world.where.pk],
        subject=f"Bertil spoke of {NAME.upper()}",
        text=f"He has her number, 01632 960 123, and {MAIL.upper()}.",
        participants=[ParticipantDraft("with", party_id=world.other.pk)],
    )
    change_party(world.boss, world.other, note=f"Knows {NAME} and شیرین محتدی")
    UnknownSender.objects.create(address=MAIL, name=NAME, project_ids=[world.where.pk])
    IdempotencyKey.objects.create(
        user_id=world.boss.own_id, key="k", fingerprint="f", body=json.dumps({"name": NAME}).encode()
    )
    bulk.apply(world.boss, bulk.Selection(ids=(world.person.pk,)), code="language", value="fa")
    export = start_export(world.boss, world.person, language="en")
    run_export(world.boss, export_of_job(export.pk))
    twin = party(world.where, "S. Mohtadi", by=world.boss, email="shirin@mohtadi.example")
    merge(world.boss, kept=_fresh(world.person), gone=twin)


def test_an_erased_person_stands_nowhere():
    world = corner()
    _in_every_corner(world)
    proof.seal_next()
    head = proof.verify().head
    assert len(traces(everything())) > 40
    erasure = erase(world)
    assert erasure.state == Erasure.State.DONE, erasure.problem
    assert traces(everything()) == []
    proof.seal_next()
    found = proof.verify(head)
    assert found.holds
    assert found.redacted > 5
    told = Entry.objects.unscoped("test").get(event="contacts.person_erased")
    assert found.erasures == (told.pk,)
    assert (told.data["ground"], told.data["redactions"], told.party_id) == (
        "objected",
        found.redacted,
        world.person.pk,
    )
    assert traces(everything()) == []


@pytest.mark.django_db(transaction=True)
def test_no_file_is_left_of_them(built_in):
    world = corner()
    _in_every_corner(world)
    assert traces(kept_bytes()) != []
    erase(world)
    assert traces(kept_bytes()) == []
    # What another shares stays, and so does what is only kept for others.
    assert storage.path_of(world.shared_file.versions.get().sha256).exists()
    assert not File.objects.unscoped("test").filter(deleted_at=None, pk=world.own_file.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_bytes_that_somebody_else_needs_stay(built_in):
    world = corner()
    same = storage.put_bytes(b"Dear all")
    keeper = File.objects.create(project=world.where, name="circular.txt")
    FileVersion.objects.create(file=keeper, number=1, sha256=same.sha256, size=8, media_type="text/plain")
    erase(world)
    assert storage.path_of(same.sha256).exists()


def test_the_figures_stay():
    world = corner()

    def figures() -> tuple[int, ...]:
        talks = Interaction.objects.unscoped("test")
        return (
            talks.count(),
            talks.filter(participants__party=world.person).count(),
            Promise.objects.unscoped("test").filter(state="kept_late", party=world.person).count(),
            Party.objects.unscoped("test").count(),
            Entry.objects.unscoped("test").filter(event="conversations.interaction_logged").count(),
        )

    before = figures()
    erase(world)
    assert figures() == before
    left = _fresh(world.person)
    assert (left.full_name, left.kind, left.project_ids) == ("Erased person", "person", [world.where.pk])
    assert left.erased_at is not None


def test_words_go_where_nobody_else_took_part_and_the_name_goes_elsewhere():
    world = corner()
    erase(world)
    talks = {talk.pk: talk for talk in Interaction.objects.unscoped("test")}
    assert (talks[world.alone.pk].subject, talks[world.alone.pk].text) == ("Words erased", "")
    together = talks[world.together.pk]
    assert together.subject == "Harbour meeting"
    assert together.text == "▮▮▮ (▮▮▮) and Bertil Ekdahl (bertil@ekdahl.example) agreed. ▮▮▮ nodded."
    promise = Promise.objects.unscoped("test").get(pk=world.promise.pk)
    assert (promise.title, promise.outcome) == ("Send the tide table to ▮▮▮", "")


def test_the_history_page_says_that_something_was_taken_out():
    world = corner()
    erase(world)
    address = reverse("timeline:of", args=["contacts.party", world.person.pk])
    page = browser(world.boss).get(address).content.decode()
    assert "erased" in page
    assert "Person erased for good" in page
    assert traces(page.replace("\n", " ")) == []
    talk = reverse("timeline:of", args=["conversations.interaction", world.alone.pk])
    assert "cannot sleep" not in browser(world.boss).get(talk).content.decode()
    together = reverse("timeline:of", args=["conversations.interaction", world.together.pk])
    assert "Harbour meeting" in browser(world.boss).get(together).content.decode()


def test_nothing_finds_them():
    world = corner()
    assert [hit.subject_id for hit in search.find(world.boss, NAME, kinds=["person"])] == [world.person.pk]
    erase(world)
    for typed in (NAME, MAIL, "960123", "Karimabadi", "محتدی"):
        assert search.find(world.boss, typed) == [], typed
    assert [hit.subject_id for hit in search.find(world.boss, "Harbour meeting")] == [world.together.pk]


@pytest.mark.parametrize("tamper", ["changes", "redaction"])
def test_tampering_with_what_is_left_is_named(tamper):
    world = corner()
    proof.seal_next()
    erase(world)
    proof.seal_next()
    assert proof.verify().holds
    one = Redaction.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("entry", "redaction"):
            cursor.execute(f"ALTER TABLE timeline_{table} DISABLE TRIGGER timeline_{table}_append_only")
        if tamper == "changes":
            cursor.execute("UPDATE timeline_entry SET label = 'x' WHERE id = %s", [one.entry_id])
        else:
            cursor.execute("UPDATE timeline_redaction SET now = was WHERE id = %s", [one.pk])
    found = proof.verify()
    expected = ("altered", one.entry_id) if tamper == "changes" else ("redaction", one.erasure_id)
    assert (found.reason, found.broken_entry) == expected


def test_others_keep_what_is_theirs():
    """A namesake, somebody with the same number, a colleague of the same name, and words that only look like it."""
    world = corner()
    namesake = party(world.where, NAME, by=world.boss, email="another@mohtadi.example")
    housemate = create_party(
        world.boss,
        PartyDraft(full_name="Ines Vidal", points=[PointDraft("phone", PHONE)]),
        project_ids=[world.where.pk],
    )
    talk = log_interaction(
        world.boss,
        channel="call",
        occurred_at=WHEN,
        project_ids=[world.where.pk],
        subject=f"{NAME} rang",
        text=f"From {PHONE}. Not Shirina Mohtadievna.",
        participants=[ParticipantDraft("from", party_id=namesake.pk)],
    )
    erase(world)
    assert _fresh(namesake).full_name == NAME
    assert housemate.points.get().value == "+441632960123"
    kept = Interaction.objects.unscoped("test").get(pk=talk.pk)
    assert (kept.subject, kept.text) == (f"{NAME} rang", f"From {PHONE}. Not Shirina Mohtadievna.")
    assert [hit.subject_id for hit in search.find(world.boss, NAME, kinds=["person"])] == [namesake.pk]
    # In records of the erased one the name goes all the same.
    assert NAME not in Promise.objects.unscoped("test").get(pk=world.promise.pk).title
    entry = Entry.objects.unscoped("test").get(subject_type="contacts.party", subject_id=namesake.pk)
    assert entry.label == NAME


def test_what_stands_against_it():
    world = corner()
    promise = make_promise(
        world.boss, title="Ring back", direction="ours", project=world.where, party=world.person
    )
    task = make_task(world.boss, title="Look it up", project=world.where, party=world.person)
    hold = set_hold(world.boss, world.person, reason="Lawsuit about the pump")
    words = [one.words for one in preview(world.boss, world.person).hindrances]
    assert words == [
        "1 promise is still open. Settle or waive it first.",
        "1 task is still open. Finish or delete it first.",
        "They must not be erased: Lawsuit about the pump. End that first.",
    ]
    with pytest.raises(ErasureRefused):
        start_erasure(world.boss, world.person, **REQUEST)
    Promise.objects.unscoped("test").filter(pk=promise.pk).delete()
    type(task).objects.unscoped("test").filter(pk=task.pk).update(done_at=clock.now())
    end_hold(world.boss, world.person, hold.pk)
    assert preview(world.boss, world.person).hindrances == []
    assert erase(world).state == Erasure.State.DONE


def test_what_came_up_between_asking_and_doing_refuses_the_job():
    world = corner()
    started = start_erasure(world.boss, world.person, **REQUEST)
    set_hold(world.boss, world.person, reason="Lawsuit")
    ended = run_erasure(world.boss, started.pk)
    assert (ended.state, ended.problem) == (
        "refused",
        "They must not be erased: Lawsuit. End that first.",
    )
    assert _fresh(world.person).full_name == NAME
    assert Redaction.objects.count() == 0


def test_it_needs_the_right_in_every_project_of_the_person():
    world = corner()
    there = project("Harbour")
    change_party(manager(), world.person, project_ids=[world.where.pk, there.pk])
    with pytest.raises(Forbidden):
        start_erasure(world.boss, _fresh(world.person), **REQUEST)
    with pytest.raises(Forbidden):
        preview(agent(world.where, codes=["contacts.view"]), _fresh(world.person))
    address = reverse("privacy:erase", args=[world.person.pk])
    assert browser(outsider()).get(address).status_code == 404
    assert browser(agent(world.where)).get(address).status_code == 403
    assert browser(manager()).get(address).status_code == 200


def test_the_preview_counts():
    world = corner()
    found = preview(world.boss, world.person)
    goes = {str(share.label): share.count for share in found.goes}
    assert goes["Ways to reach them"] == 2
    assert goes["Relations"] == 2
    assert goes["Files that belong to nobody else"] == 1
    assert goes["Words of conversations with nobody else from outside"] == 2
    stays = {str(share.label): share.count for share in found.stays}
    assert stays["Conversations, with an erased person"] == 3
    assert stays["Promises, without their words"] == 1
    assert found.namesakes == 0


def test_nobody_is_added_again():
    world = corner()
    erase(world)
    assert blocked([("email", MAIL), ("phone", "+441632960123"), ("email", "x@y.example")]) == {
        ("email", MAIL),
        ("phone", "+441632960123"),
    }
    with pytest.raises(ContactError, match="not to be added again"):
        party(world.where, "Shirin", by=world.boss, email=MAIL.upper())
    with pytest.raises(ContactError, match="not to be added again"):
        save_point(world.boss, world.other, PointDraft("phone", PHONE))
    run = importing.upload(
        world.boss,
        project_id=world.where.pk,
        name="again.csv",
        stream=io.BytesIO(f"Name,E-mail\nShirin M,{MAIL}\nKen Ushio,ken@ushio.example\n".encode()),
    )
    _checked(world.boss, run)
    rows = list(ImportRow.objects.filter(run=run).order_by("number"))
    assert [row.action for row in rows] == ["refuse", "create"]
    assert "erased" in str(rows[0].errors)
    assert MAIL not in f"{rows[0].cells}{rows[0].draft}{rows[0].keys}"


def _checked(actor: Actor, run: ImportRun) -> None:
    importing.start_check(actor, run)
    importing.check(actor, importing.run_of_job(run.pk))


def test_the_list_tells_nothing_and_can_be_lifted():
    world = corner()
    erase(world)
    assert Blocked.objects.count() == 2
    assert all(MAIL not in f"{one.digest}{one}" for one in Blocked.objects.all())
    with pytest.raises(Forbidden):
        lift_block(world.boss, MAIL, country="GB")
    chief = manager()
    with pytest.raises(NotBlocked):
        lift_block(chief, "other@tidewall.example", country="GB")
    lift_block(chief, MAIL, country="GB")
    assert party(world.where, "Shirin again", by=world.boss, email=MAIL).pk
    assert not Blocked.objects.filter(kind="email").exists()


def test_without_the_wish_the_addresses_may_come_back():
    world = corner()
    erase(world, block=False)
    assert Blocked.objects.count() == 0


def test_an_erased_person_is_not_brought_back():
    world = corner()
    twin = party(world.where, "S. Mohtadi", by=world.boss)
    merged = merge(world.boss, kept=_fresh(world.person), gone=twin)
    changed = bulk.apply(world.boss, bulk.Selection(ids=(world.person.pk,)), code="language", value="fa")
    erase(world)
    with pytest.raises(ContactError):
        restore_party(world.boss, _fresh(world.person))
    with pytest.raises(UndoRefused):
        undoer_for(world.boss, _operation(merged.pk)).preview(world.boss, _operation(merged.pk))
    plan = undoer_for(world.boss, _operation(changed.pk)).preview(world.boss, _operation(changed.pk))
    assert plan.counts["changed"] == 0
    bin_page = browser(world.boss).get(reverse("contacts:bin")).content.decode()
    assert "Erased person" not in bin_page
    with pytest.raises(ErasureRefused):
        start_erasure(world.boss, _fresh(world.person), **REQUEST)


def _operation(pk: int) -> Operation:
    return Operation.objects.unscoped("test").get(pk=pk)


def test_the_pages():
    world = corner()
    client = browser(world.boss)
    address = reverse("privacy:erase", args=[world.person.pk])
    assert address in client.get(reverse("contacts:party", args=[world.person.pk])).content.decode()
    page = client.get(address).content.decode()
    assert "Erase Shirin Mohtadi for good" in page
    refused = client.post(address, {"ground": "objected", "reason": "Letter"})
    assert refused.status_code == 422
    assert "cannot be taken back" in refused.content.decode()
    hold = reverse("privacy:hold", args=[world.person.pk])
    client.post(hold, {"reason": "Lawsuit"})
    assert "They must not be erased: Lawsuit." in client.get(address).content.decode()
    held = client.get(address).context["holds"][0]
    client.post(hold, {"end": held.pk})
    done = client.post(address, {"ground": "objected", "reason": "Letter", "sure": "1", "block": "1"})
    erasure = Erasure.objects.unscoped("test").get()
    assert done["Location"] == reverse("privacy:erasure", args=[erasure.pk])
    assert "A person is being erased" in client.get(done["Location"]).content.decode()
    run_erasure(world.boss, erasure.pk)
    assert "A person was erased" in client.get(done["Location"]).content.decode()
    assert Notification.objects.get(kind="erasure").url == done["Location"]
    assert str(world.person.pk) in client.get(reverse("privacy:setup")).content.decode()
    left = client.get(reverse("contacts:party", args=[world.person.pk])).content.decode()
    assert "This person was erased on" in left
    assert address not in left
    assert client.get(address)["Location"] == done["Location"]


def test_verify_on_the_command_line_names_the_erasure(capsys):
    from enishi.config.cli import main

    world = corner()
    erase(world)
    proof.seal_next()
    assert main(["verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    entry = Entry.objects.unscoped("test").get(event="contacts.person_erased")
    assert told["whole"] is True
    assert told["erasures"] == [entry.pk]
    assert told["redacted"] > 5


def test_frozen_reports_seal_them_out_and_still_prove():
    from enishi.reports import queries as reports
    from enishi.reports import sealing
    from enishi.reports.models import Part
    from enishi.reports.services import make_report

    def told() -> str:
        return "".join(
            sealing.canonical(sealing.unpacked(bytes(part.data))).decode() for part in Part.objects.all()
        )

    world = corner()
    choice = reports.Choice(project_id=world.where.pk, since=WHEN.date(), until=WHEN.date())
    report = make_report(world.boss, definition="engagement", choice=choice, language="en", zone="UTC")
    assert "Mohtadi" in told()
    found = preview(world.boss, world.person)
    assert ("Frozen reports that name them", 1) in [(str(one.label), one.count) for one in found.goes]
    assert erase(world).state == Erasure.State.DONE
    assert traces(told()) == []
    assert "Bertil Ekdahl" in told()
    assert reports.check(reports.report(world.boss, report.pk)).broken == ""
