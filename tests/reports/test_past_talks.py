"""Conversations, contacts and what hangs on them as they stood: the other reports of an earlier day."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from enishi.accounts.access import Level
from enishi.cases.services import set_page
from enishi.commitments.services import change_promise
from enishi.contacts.models import ConsentPurpose, ContactPoint, Party, RelationType
from enishi.contacts.services import (
    PointDraft,
    change_party,
    delete_party,
    importing,
    relate,
    remove_relation,
    restore_party,
    save_point,
    set_tags,
    setup,
    state_consent,
)
from enishi.contacts.services.merging import merge
from enishi.conversations import signals
from enishi.conversations.models import Interaction, Participant, UnknownSender
from enishi.conversations.services import (
    ParticipantDraft,
    change_interaction,
    delete_interaction,
    join_sender,
    reopen_sender,
    restore_interaction,
)
from enishi.conversations.services.silencing import WORDS, silence
from enishi.core.personal import STRUCK, Emptied
from enishi.privacy.services import run_erasure, start_erasure
from enishi.privacy.services.forgetting import rewrite_emptied
from enishi.reports import queries
from enishi.reports.definitions import KIND
from enishi.reports.services import make_report
from enishi.timeline.models import Entry
from enishi.timeline.redaction import redact
from enishi.timeline.services import finish_undo, record
from factories import SYSTEM, manager, party
from privacy.world import NAME, corner
from reports.test_as_it_stood import party_of, replace_data, rows, sealed
from reports.world import DAY, NOW, say

pytestmark = pytest.mark.django_db


def talk(subject: str) -> Interaction:
    return Interaction.objects.unscoped("test").get(subject=subject)


def whole(report) -> object:
    """Everything that a report says: its paper and all of its tables."""
    return [report.title, report.paper["figures"], report.paper["charts"]] + [
        list(queries.rows(report, table)) for table in queries.tables(report)
    ]


def then(here, definition="engagement", **values):
    return here.report(here.manager, definition, at=NOW, **values)


@pytest.mark.parametrize("definition", ["engagement", "summary", "disclosures"])
def test_talks_of_before(here, moment, definition):
    noise = setup.create_tag(SYSTEM, name="Noise")
    change_interaction(here.manager, talk("Berths"), tag_ids=[noise.pk])
    other = party(here.project, "Someone else", by=here.manager)
    before = here.report(here.manager, definition)
    moment[0] = NOW + DAY
    change_interaction(
        here.manager, talk("Night noise"), subject="Noise at night", participants=[ParticipantDraft(party_id=other.pk)],
        tag_ids=[noise.pk],
    )  # fmt: skip
    change_interaction(here.manager, talk("Berths"), tag_ids=[], direction="in", occurred_at=NOW - 200 * DAY)
    setup.rename_tag(SYSTEM, noise, name="Loud", parent=None)
    delete_interaction(here.manager, talk("=HYPERLINK(1)"))
    say(here.manager, here.project, "Afterwards", other, days=1)
    set_tags(here.manager, here.shirin, [noise])
    set_tags(here.manager, here.aoi, [])
    moment[0] = NOW + 2 * DAY
    change_interaction(
        here.manager, talk("Noise at night"), participants=[ParticipantDraft(party_id=here.shirin.pk), ParticipantDraft(name="Passer-by")]
    )  # fmt: skip
    restore_interaction(here.manager, talk("=HYPERLINK(1)"))
    assert whole(here.report(here.manager, definition)) != whole(before)
    drawn, expected = whole(then(here, definition)), whole(before)
    # Names of tags are those of today.
    assert drawn == [*expected[:3], *(_renamed(table) for table in expected[3:])]
    assert talk("Noise at night").participants.count() == 2


def _renamed(value: object) -> object:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    return value.replace("Noise", "Loud") if isinstance(value, str) and "Night" not in value else value


def test_between_two_changes(here, moment):
    other = party(here.project, "Someone else", by=here.manager)
    for subject, person in (("First", other), ("Second", here.shirin)):
        moment[0] += DAY
        change_interaction(
            here.manager, talk({"First": "Night noise", "Second": "First"}[subject]), subject=subject,
            participants=[ParticipantDraft(party_id=person.pk)],
        )  # fmt: skip
    found = here.report(here.manager, at=NOW + 1.5 * DAY)
    assert next(row[3:5] for row in rows(found)) == ["Someone else", "First"]


def test_merged_and_changed_since(here, moment):
    other = party(here.project, "Aoi T.", by=here.manager)
    say(here.manager, here.project, "With the other", other)
    before = here.report(here.manager)
    moment[0] = NOW + DAY
    operation = merge(here.manager, kept=party_of(here.aoi), gone=party_of(other))
    moment[0] = NOW + 2 * DAY
    change_interaction(
        here.manager, talk("With the other"), participants=[ParticipantDraft(party_id=here.shirin.pk)]
    )
    change_interaction(here.manager, talk("Night noise"), participants=[])
    moment[0] = NOW + 3 * DAY
    assert sealed(then(here)) == sealed(before)
    merged = here.report(here.manager, at=NOW + 1.5 * DAY)
    assert {row[4]: row[3] for row in rows(merged)}["With the other"] == "Tanaka Aoi"
    finish_undo(here.manager, operation.pk, keep=None)
    assert sealed(then(here)) == sealed(before)


def test_a_sender_who_became_known(here, moment):
    said = say(here.manager, here.project, "A letter", here.aoi)
    stranger = Participant.objects.create(interaction_id=said, role="from", address="m@x.example", position=3)
    sender = UnknownSender.objects.create(
        address="m@x.example", project_ids=[here.project.pk], confidentiality=1, messages=1
    )
    before = here.report(here.manager)
    assert {row[4]: row[3] for row in rows(before)}["A letter"] == "Tanaka Aoi; m@x.example"
    moment[0] = NOW + DAY
    join_sender(here.manager, sender, party_id=here.shirin.pk)
    moment[0] = NOW + 2 * DAY
    assert sealed(then(here)) == sealed(before)
    change_interaction(here.manager, talk("A letter"), participants=[ParticipantDraft(party_id=here.aoi.pk)])
    assert not Participant.objects.filter(pk=stranger.pk).exists()
    moment[0] = NOW + 3 * DAY
    assert sealed(then(here)) == sealed(before)
    known = here.report(here.manager, at=NOW + 1.5 * DAY)
    assert {row[4]: row[3] for row in rows(known)}["A letter"] == "Tanaka Aoi; شیرین مهتدی"
    reopen_sender(here.manager, sender)
    moment[0] = NOW + 4 * DAY
    assert sealed(then(here)) == sealed(before)


def test_older_histories_that_do_not_tell_who_it_was(here, moment):
    other = party(here.project, "Aoi T.", by=here.manager)
    say(here.manager, here.project, "With the other", other)
    moment[0] = NOW + DAY
    merge(here.manager, kept=party_of(here.aoi), gone=party_of(other))
    moment[0] = NOW + 2 * DAY
    said = talk("With the other")
    said.participants.all().delete()
    told = [{"role": "with", "party": here.aoi.pk, "user": None, "name": "", "address": ""}]
    record(here.manager, signals.interaction_changed, subject=said, changes={"participants": (told, [])})
    with pytest.raises(queries.ReportError) as refused:
        then(here)
    assert refused.value.field == "as_of"


def test_never_more_of_talks_than_may_be_seen_today(here, moment):
    moment[0] = NOW + DAY
    change_interaction(here.manager, talk("Night noise"), confidentiality=Level.CONFIDENTIAL)
    change_interaction(here.manager, talk("Secret land deal"), confidentiality=Level.INTERNAL)
    change_party(here.manager, party_of(here.shirin), confidentiality=Level.CONFIDENTIAL)
    moment[0] = NOW + 2 * DAY
    found = rows(then(here))
    assert {row[4] for row in found} == {"Berths", "=HYPERLINK(1)"}
    assert "شیرین" not in str(found)
    assert "شیرین" not in str(whole(then(here, "stakeholders")))
    assert "Night noise" in {row[4] for row in rows(then(here, level=Level.CONFIDENTIAL))}


def test_words_and_names_that_were_taken_out_stay_out(here, moment):
    change_interaction(
        here.manager, talk("Night noise"), participants=[ParticipantDraft(party_id=here.aoi.pk), ParticipantDraft(name="A neighbour")]
    )  # fmt: skip
    said = talk("Night noise")
    moment[0] = NOW + DAY
    change_interaction(
        here.manager, said, subject="Noise", participants=[ParticipantDraft(party_id=here.aoi.pk)]
    )
    emptied = [Emptied(Interaction, frozenset({said.pk}), WORDS, label=True)]
    silence([said.pk])
    entries = Entry.objects.unscoped("test").filter(
        subject_type="conversations.interaction", subject_id=said.pk
    )
    redact(
        list(entries.select_for_update()),
        rewrite=lambda entry: rewrite_emptied(entry, emptied),
        tell=lambda data: record(SYSTEM, signals.interaction_changed, subject=said, data=data),
    )
    moment[0] = NOW + 2 * DAY
    found = {row[4]: row[3] for row in rows(then(here))}
    assert "Night noise" not in found
    assert found["Words erased"] == f"Tanaka Aoi; {STRUCK}"
    assert "A neighbour" not in str(found)


def test_the_stakeholder_list_of_before(here, moment):
    port = party(here.project, "Port of East", by=here.manager, kind="organisation")
    works = RelationType.objects.get(code="works-for")
    tie = relate(here.manager, here.aoi, port, kind=works, title="Warden")
    mail = save_point(here.manager, here.aoi, PointDraft(kind="email", typed="aoi@old.example"))
    phone = save_point(here.manager, here.shirin, PointDraft(kind="phone", typed="+44 20 7946 0018"))
    purpose = ConsentPurpose.objects.get(code="news")
    state_consent(
        here.manager,
        here.aoi,
        purpose=purpose,
        state="given",
        stated_on=NOW.date(),
        valid_until=NOW.date() + DAY,
    )
    before = here.report(here.manager, "stakeholders")
    moment[0] = NOW + DAY
    save_point(here.manager, here.aoi, PointDraft(kind="email", typed="aoi@new.example"), point=mail)
    save_point(here.manager, here.shirin, None, point=phone)
    save_point(here.manager, here.shirin, PointDraft(kind="email", typed="s@new.example"))
    remove_relation(here.manager, tie)
    relate(here.manager, party_of(here.shirin), port, kind=works, title="Clerk")
    state_consent(here.manager, here.aoi, purpose=purpose, state="withdrawn", stated_on=moment[0].date())
    change_party(here.manager, party_of(here.aoi), full_name="Zzz Aoi", language="ja")
    set_tags(here.manager, party_of(here.shirin), [setup.create_tag(SYSTEM, name="Press")])
    delete_party(here.manager, party_of(port))
    party(here.project, "Came later", by=here.manager)
    say(here.manager, here.project, "Again", here.shirin, days=0)
    moment[0] = NOW + 2 * DAY
    restore_party(here.manager, party_of(port))
    assert whole(here.report(here.manager, "stakeholders")) != whole(before)
    found = then(here, "stakeholders")
    assert whole(found) == whole(before)
    [aoi] = [row for row in rows(found) if row[2] == "Tanaka Aoi"]
    assert aoi[5:8] == ["Port of East", "Warden", "aoi@old.example"]
    assert aoi[11] == "Project news by e-mail: Given"
    assert ContactPoint.objects.filter(value="aoi@new.example").exists()


def test_contacts_merged_since(here, moment):
    other = party(here.project, "Aoi T.", by=here.manager)
    port = party(here.project, "Port of East", by=here.manager, kind="organisation")
    relate(here.manager, other, port, kind=RelationType.objects.get(code="works-for"), title="Warden")
    for one, address in ((here.aoi, "a@x.example"), (other, "t@x.example")):
        save_point(here.manager, one, PointDraft(kind="email", typed=address))
    set_tags(here.manager, other, [setup.create_tag(SYSTEM, name="Press")])
    before = here.report(here.manager, "stakeholders")
    moment[0] = NOW + DAY
    operation = merge(here.manager, kept=party_of(here.aoi), gone=party_of(other))
    moment[0] = NOW + 2 * DAY
    assert len(rows(here.report(here.manager, "stakeholders"))) == 3
    assert whole(then(here, "stakeholders")) == whole(before)
    finish_undo(here.manager, operation.pk, keep=None)
    moment[0] = NOW + 3 * DAY
    assert whole(then(here, "stakeholders")) == whole(before)


def test_an_erased_contact_is_not_on_the_list_of_before(here, moment):
    moment[0] = NOW + DAY
    lives = change_party(
        here.manager, party_of(here.aoi), birth_date=dt.date(1980, 1, 1), full_name="Aoi Sato"
    )
    entry = (
        Entry.objects.unscoped("test").filter(subject_type="contacts.party", subject_id=lives.pk).latest("pk")
    )
    entry.changes = {name: [STRUCK, STRUCK] for name in [*entry.changes, "points", "tags", "relation"]}
    entry.data = {"added": STRUCK}
    replace_data(entry, entry.data)
    erased = Party.objects.unscoped("test").get(pk=lives.pk)
    erased.full_name, erased.erased_at, erased.deleted_at = "Erased person", moment[0], moment[0]
    erased.save()
    moment[0] = NOW + 2 * DAY
    assert {row[2] for row in rows(then(here, "stakeholders"))} == {"شیرین مهتدی"}
    assert {row[4]: row[3] for row in rows(then(here))}["Night noise"] == "Erased person"


def test_pages_that_were_switched_on_then(here, moment):
    who = manager(here.project, clearance=Level.CONFIDENTIAL)
    set_page(who, here.project, is_on=True, about="", emergency="")
    before = here.report(here.manager, "disclosures")
    moment[0] = NOW + DAY
    set_page(who, here.project, is_on=False, about="", emergency="")
    moment[0] = NOW + 2 * DAY
    assert "public page" not in str(whole(here.report(here.manager, "disclosures")))
    assert whole(then(here, "disclosures")) == whole(before)
    assert "a public page in 1 project" in str(whole(before))


@pytest.mark.parametrize("definition", [one.code for one in KIND.all()])
def test_nothing_of_an_erased_person_comes_back(moment, definition):
    """With the erasure itself: whatever it leaves in the history, no report of before tells it."""
    moment[0] = NOW - DAY
    world = corner()
    change_interaction(
        world.boss,
        world.alone,
        participants=[ParticipantDraft(party_id=world.person.pk), ParticipantDraft(name=NAME)],
    )
    moment[0] = NOW + DAY
    change_party(
        world.boss, party_of(world.person), note="Moved", given_name="Shirin", family_name="Karimabadi"
    )
    change_interaction(world.boss, world.alone, subject="Something else", participants=[])
    change_promise(world.boss, world.promise, title="Another one", party=None)
    moment[0] = NOW + 2 * DAY
    started = start_erasure(world.boss, party_of(world.person), ground="objected", reason="A letter")
    run_erasure(world.boss, started.pk)
    moment[0] = NOW + 3 * DAY
    choice = queries.Choice(
        world.where.pk, NOW.date() - 300 * DAY, NOW.date(), level=Level.RESTRICTED, at=NOW
    )
    report = make_report(world.boss, definition=definition, choice=choice, language="en", zone="UTC")
    told = str(whole(report))
    for trace in ("Mohtadi", "mohtadi", "Karimabadi", "karimabadi", "960123", "Harbour master"):
        assert trace not in told
    assert report.is_frozen


def test_an_import_and_its_undo_since(here, moment):
    mail = save_point(here.manager, here.aoi, PointDraft(kind="email", typed="aoi@old.example"))
    assert mail is not None
    before = here.report(here.manager, "stakeholders")
    moment[0] = NOW + DAY
    table = (
        "Name,E-mail,Phone,Organisation,Job title,Tags\n"
        "Tanaka Aoi,aoi@old.example,+44 20 7946 0018,Port of East,Warden,Press\n"
        "Came Later,later@new.example,,Port of East,Clerk,\n"
    )
    run = importing.upload(
        here.manager, project_id=here.project.pk, name="list.csv", stream=io.BytesIO(table.encode())
    )
    importing.begin(here.manager, importing.check(here.manager, run))
    run = importing.apply(here.manager, run)
    now = here.report(here.manager, "stakeholders")
    assert len(rows(now)) == 4
    assert "Warden" in str(whole(now))
    moment[0] = NOW + 2 * DAY
    assert whole(then(here, "stakeholders")) == whole(before)
    finish_undo(here.manager, run.operation_id, keep=None)
    moment[0] = NOW + 3 * DAY
    assert whole(then(here, "stakeholders")) == whole(before)
    between = here.report(here.manager, "stakeholders", at=NOW + 1.5 * DAY)
    [aoi] = [row for row in rows(between) if row[2] == "Tanaka Aoi"]
    assert aoi[5:9] == ["Port of East", "Warden", "aoi@old.example", "+442079460018"]
