"""Files given: one question both ways, what went out by itself, and who sees it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from engagement.world import NOW, TODAY, World, browser, day, world
from enishi.accounts.access import Forbidden, Level
from enishi.contacts.models import Party
from enishi.contacts.services import change_party
from enishi.content.models import File, FileVersion
from enishi.content.services import add_file, add_version
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.engagement import queries, services
from enishi.engagement.models import Handout
from enishi.engagement.services import Conflict, EngagementError
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, outsider, party, project

pytestmark = pytest.mark.django_db


def _file(here: World, name: str = "Noise survey.txt", **values: Any) -> File:
    return add_file(here.manager, project=here.project, name=name, data=name.encode(), **values)


def _version(file: File, number: int = 1) -> FileVersion:
    return FileVersion.objects.select_related("file__project").get(file=file, number=number)


def _second(here: World, file: File) -> FileVersion:
    add_version(here.manager, file, name=file.name, data=b"measured again")
    return _version(file, 2)


def _told(found: list[queries.Given]) -> list[tuple[str | None, int, str, dt.date]]:
    return [(one.party, one.version, one.how, one.day) for one in found]


def test_one_question_answers_from_the_file_and_from_the_person(at):
    here = world()
    file, other = _file(here), _file(here, "Map.txt")
    newer = _second(here, file)
    services.give(
        here.agent, version=_version(file), party=here.aoi, how="handed", given_on=day(9), note="At the fair"
    )
    services.give(here.agent, version=newer, party=here.guild, how="sent", given_on=day(2))
    services.give(here.agent, version=newer, how="published", given_on=day(1))
    services.give(here.agent, version=_version(other), party=here.aoi, how="sent")
    with CaptureQueriesContext(connection) as asked:
        of_file = queries.given(here.agent, file_id=file.pk)
    assert len(asked) == 1
    assert _told(of_file) == [
        (None, 2, "published", day(1)),
        ("Harbour Pilots Guild", 2, "sent", day(2)),
        ("Tanaka Aoi", 1, "handed", day(9)),
    ]
    of_aoi = queries.given(here.agent, party_id=here.aoi.pk)
    assert [(one.file, one.version, one.note) for one in of_aoi] == [
        ("Map.txt", 1, ""),
        ("Noise survey.txt", 1, "At the fair"),
    ]


def test_what_went_out_with_a_conversation_counts_with_the_version_of_that_moment(at):
    here = world()
    file = _file(here)
    FileVersion.objects.filter(file=file).update(created_at=NOW - dt.timedelta(days=30))
    _second(here, file)
    FileVersion.objects.filter(file=file, number=2).update(created_at=NOW - dt.timedelta(days=5))
    common = {"project_ids": [here.project.pk], "subject": "The survey", "files": [file.pk]}

    def mail(back: int, direction: str, *people: ParticipantDraft) -> None:
        log_interaction(
            here.manager, channel="email", direction=direction, occurred_at=NOW - dt.timedelta(days=back),
            participants=people, **common,
        )  # fmt: skip

    mail(10, "out", ParticipantDraft("to", party_id=here.aoi.pk))
    mail(
        3,
        "out",
        ParticipantDraft("cc", party_id=here.guild.pk),
        ParticipantDraft("from", party_id=here.aoi.pk),
    )
    mail(2, "in", ParticipantDraft("from", party_id=here.aoi.pk))
    found = queries.given(here.agent, file_id=file.pk)
    assert _told(found) == [
        ("Harbour Pilots Guild", 2, "sent", day(3)),
        ("Tanaka Aoi", 1, "sent", day(10)),
    ]
    assert all(one.interaction_id and one.handout_id is None for one in found)
    page = browser(here.agent).get(f"/files/{file.pk}/").content.decode()
    assert "Who was given it" in page and f"/conversations/{found[0].interaction_id}/" in page


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"how": "whispered"}, "how"),
        ({"how": "sent", "party": None}, "person"),
        ({"how": "published"}, "person"),
        ({"given_on": TODAY + dt.timedelta(days=1)}, "given_on"),
    ],
)
def test_what_cannot_be_written_down_is_refused_with_its_field(at, values, field):
    here = world()
    given = {"version": _version(_file(here)), "party": here.aoi, "how": "sent", **values}
    with pytest.raises(EngagementError) as refused:
        services.give(here.agent, **given)
    assert refused.value.field == field
    assert not Handout.objects.unscoped("test").exists()


def test_the_same_is_written_down_once(at):
    here = world()
    version = _version(_file(here))
    for who, how in ((here.aoi, "sent"), (None, "published")):
        services.give(here.agent, version=version, party=who, how=how)
        with pytest.raises(Conflict):
            services.give(here.agent, version=version, party=who, how=how)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handout.objects.create(project=here.project, version=version, how="sent", given_on=TODAY)


def test_taking_back_and_undo(at):
    here = world()
    made, entry = services.give(
        here.agent, version=_version(_file(here)), party=here.aoi, how="handed", note="Hall"
    )
    assert (entry.party_id, entry.data["file"], entry.data["version"]) == (here.aoi.pk, "Noise survey.txt", 1)
    gone = services.take_back(here.agent, made)
    assert queries.given(here.agent, party_id=here.aoi.pk) == []
    services.undo(here.agent, gone.pk)
    assert _told(queries.given(here.agent, party_id=here.aoi.pk)) == [("Tanaka Aoi", 1, "handed", TODAY)]
    last = Entry.objects.unscoped("test").filter(event="engagement.file_given").order_by("-pk")[0]
    services.undo(here.agent, last.pk)
    assert queries.given(here.agent, party_id=here.aoi.pk) == []


def test_by_the_forms_of_both_pages(at):
    here = world()
    file = _file(here)
    client, version = browser(here.agent), _version(file)
    form = {"version": version.pk, "how": "handed", "given_on": "", "note": ""}
    assert client.post(f"/people/{here.aoi.pk}/give/", form).status_code == 302
    assert client.post(f"/files/{file.pk}/give/", {**form, "person": "Harbour"}).status_code == 302
    assert client.post(f"/files/{file.pk}/give/", {**form, "how": "published"}).status_code == 302
    assert {one.party for one in queries.given(here.agent, file_id=file.pk)} == {
        "Tanaka Aoi", "Harbour Pilots Guild", None,
    }  # fmt: skip
    bare = client.post(f"/files/{file.pk}/give/", form)
    assert (bare.status_code, b"Say to whom it was given" in bare.content) == (422, True)
    assert b"Noise survey.txt" in client.get(f"/people/{here.aoi.pk}/").content
    sheet = client.get(f"/files/{file.pk}/give/", headers={"HX-Request": "true", "HX-Target": "sheet"})
    assert b'id="sheet-h"' in sheet.content
    made = Handout.objects.unscoped("test").filter(party=here.aoi).get()
    assert client.post(f"/stakeholders/handouts/{made.pk}/remove/").status_code == 302


def test_giving_needs_its_right_and_what_is_sealed_leaks_nowhere(at):
    here = world()
    file = _file(here)
    secret = _file(here, "Zymurgia plan.txt", confidentiality=Level.RESTRICTED)
    sealed = party(here.project, "Sealed Zymurgia", by=here.manager)
    services.give(here.manager, version=_version(secret), party=here.aoi, how="sent")
    services.give(here.manager, version=_version(file), party=sealed, how="sent")
    change_party(here.manager, sealed, confidentiality=Level.RESTRICTED)
    services.catch_up(SYSTEM)
    assert queries.given(here.agent) == []
    assert len(queries.given(here.manager)) == 2
    client = browser(here.agent)
    for page in (
        f"/files/{file.pk}/",
        f"/people/{here.aoi.pk}/",
        f"/people/{here.aoi.pk}/give/",
        "/history/",
    ):
        assert b"Zymurgia" not in client.get(page).content, page
    hidden = Handout.objects.unscoped("test").get(party=sealed)
    assert client.post(f"/stakeholders/handouts/{hidden.pk}/remove/").status_code == 404
    assert client.get(f"/files/{secret.pk}/give/").status_code == 404
    reader = agent(here.project, codes=["contacts.view", "content.view", "engagement.view"])
    with pytest.raises(Forbidden):
        services.give(reader, version=_version(file), party=here.aoi, how="sent")
    assert browser(reader).get(f"/files/{file.pk}/give/").status_code == 403
    assert browser(reader).get(f"/people/{here.aoi.pk}/give/").status_code == 403
    for page in (f"/files/{file.pk}/give/", f"/people/{here.aoi.pk}/give/"):
        assert browser(outsider()).get(page).status_code == 404
    stranger = party(project("Elsewhere too"), "Stranger")
    with pytest.raises(EngagementError, match="not in the project"):
        services.give(here.manager, version=_version(file), party=stranger, how="sent")


def test_a_long_list_costs_one_question(at):
    here = world()
    file = _file(here)
    version = _version(file)
    people = Party.objects.bulk_create(
        Party(full_name=f"Person {n}", project_ids=[here.project.pk]) for n in range(300)
    )
    Handout.objects.bulk_create(
        Handout(project=here.project, version=version, party=one, how="sent", given_on=TODAY)
        for one in people
    )
    with CaptureQueriesContext(connection) as asked:
        assert len(queries.given(here.agent, file_id=file.pk)) == 200
    assert len(asked) == 1
