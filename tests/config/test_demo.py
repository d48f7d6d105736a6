"""The demo tells what it promises, equal each time, and nobody sees in it what is not theirs."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from enishi.accounts.access import Level, Via, system_actor
from enishi.accounts.models import Project, User
from enishi.accounts.queries import actor
from enishi.commitments.models import Contribution, Promise, Proof, Series, Task
from enishi.config import demo
from enishi.config.cli import main
from enishi.config.demo.organisation import House
from enishi.config.demo.parties import prepare
from enishi.config.demo.people import Population
from enishi.config.demo.telling import Story
from enishi.contacts.models import Consent, ContactPoint, FieldValue, Party, SavedView
from enishi.content.models import File, FileVersion
from enishi.conversations.models import Interaction, Participant, Thread, UnknownSender
from enishi.core import clock
from enishi.due.models import Reminder
from enishi.due.services import plan_digests, remind_all
from enishi.search.models import Document
from enishi.timeline import proof
from enishi.timeline.models import Entry, Item

NOW = dt.datetime(2026, 11, 17, 9, 30, tzinfo=dt.UTC)
WHY = "the whole demo is looked at"


class _Undo(Exception):
    pass


class Counted:
    """How often the database was asked."""

    queries = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)


@pytest.fixture(scope="module")
def story(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counted]:
    """The demo, written once for all tests of this file and taken back at the end."""
    counted = Counted()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "FILES_DIR", tmp_path_factory.mktemp("files"))
        with suppress(_Undo), transaction.atomic():
            started = time.perf_counter()
            with clock.standing_at(NOW), connection.execute_wrapper(counted):
                demo.create()
            print(f"demo written in {time.perf_counter() - started:.1f} s, {counted.queries} queries")  # noqa: T201
            yield counted
            raise _Undo


@pytest.fixture(autouse=True)
def _database(db: None, story: Counted) -> None:
    """Each test reads what the module's transaction holds."""


def parties() -> list[Party]:
    return list(Party.objects.unscoped(WHY))


def interactions() -> list[Interaction]:
    return list(Interaction.objects.unscoped(WHY))


def promises() -> list[Promise]:
    return list(Promise.objects.unscoped(WHY))


def test_it_has_the_numbers_that_are_promised() -> None:
    kinds = Counter(party.kind for party in parties())
    assert 290 <= kinds["person"] <= 320
    assert 55 <= kinds["organisation"] + kinds["community"] <= 65
    assert 1990 <= len(interactions()) <= 2100
    assert 150 <= len(promises()) <= 240
    assert {one.currency for one in promises()} == {"", "EUR", "GBP", "JPY"}
    assert Contribution.objects.filter(in_kind=True).count() == 4


def test_four_languages_are_heard_everywhere() -> None:
    talks = Counter(interaction.language for interaction in interactions())
    people = Counter(party.language for party in parties())
    for language in ("en", "ja", "fr", "fa"):
        assert talks[language] > 250
        assert people[language] > 50
    assert set(User.objects.values_list("language", flat=True)) == {"en", "ja", "fr", "fa"}


def test_every_channel_and_state_is_there() -> None:
    assert {one.channel for one in interactions()} >= {"call", "meeting", "visit", "letter", "email", "chat"}
    assert {one.answer for one in interactions()} == {"none", "waiting", "answered"}
    with clock.standing_at(NOW):
        signs = Counter(one.sign for one in promises())
    assert set(signs) >= {"open", "late", "kept", "kept_late", "broken", "waived"}
    assert 3 <= signs["late"] <= 40
    assert {one.direction for one in promises()} == {"ours", "theirs"}
    assert any(one.negative for one in promises())
    assert Series.objects.unscoped(WHY).count() == 9
    assert Task.objects.unscoped(WHY).filter(done_at=None).exists()
    assert Proof.objects.filter(file__isnull=False).count() > 10
    assert {one.status for one in parties()} == {"active", "inactive", "deceased"}
    assert sum(one.deleted_at is not None for one in parties()) == 4
    assert set(Consent.objects.values_list("state", flat=True)) == {"given", "refused", "withdrawn"}
    kinds = set(FieldValue.objects.values_list("field__kind", flat=True))
    assert kinds == {"text", "number", "money", "date", "choice", "choices", "flag", "person", "file"}
    assert SavedView.objects.filter(shared=True).count() == 4
    assert Thread.objects.count() > 150
    assert UnknownSender.objects.unscoped(WHY).count() == 8
    assert FileVersion.objects.filter(number=3).exists()


def test_nobody_can_be_reached_for_real() -> None:
    emails = list(ContactPoint.objects.filter(kind="email").values_list("value", flat=True))
    emails += User.objects.values_list("email", flat=True)
    emails += Participant.objects.exclude(address="").values_list("address", flat=True)
    assert [email for email in emails if not email.endswith(".example")] == []
    # JP and IR: unassigned blocks of zeros; GB: Ofcom's numbers for drama; FR: Arcep's numbers for fiction.
    fictional = re.compile(
        r"\+(81(90)?3?0000\d{4}|9890000\d{5}|98210000\d{4}|447700900\d{3}|44207946\d{4}|331990\d{5}|33639989?8?\d{4,5})"
    )
    phones = ContactPoint.objects.filter(kind="phone").values_list("value", flat=True)
    assert [phone for phone in phones if not fictional.fullmatch(phone)] == []


def test_the_same_day_gives_the_same_demo() -> None:
    projects = {project.code: project for project in Project.objects.all()}
    users = {user.email.partition("@")[0]: user for user in User.objects.all()}
    actors = {key: actor(user, via=Via.WEB) for key, user in users.items()}
    house = House(projects, users, actors, system_actor("tests"))
    population = Population(demo.drawing("people"), NOW)
    for sketch in population.everybody:
        prepare(sketch, house)
    story = Story(house, population.people, demo.drawing("story"), NOW)
    stored = sorted(parties(), key=lambda party: party.pk)[: len(population.everybody)]
    assert [party.full_name for party in stored] == [
        sketch.party.full_name for sketch in population.everybody
    ]
    said = sorted(interactions(), key=lambda one: one.pk)[: len(story.said)]
    assert [one.occurred_at for one in said] == [one.at for one in story.said]
    assert [one.text[: len(other.text)] for one, other in zip(said, story.said, strict=True)] == [
        one.text for one in story.said
    ]


def test_what_was_promised_stands_in_the_words() -> None:
    said = {one.pk: one for one in interactions()}
    marked = [one for one in promises() if one.said_start is not None]
    assert len(marked) > 80
    for promise in marked:
        text = said[promise.said_in_id or 0].text
        assert text[promise.said_start : promise.said_end] == promise.quote != ""
        assert promise.confidentiality >= said[promise.said_in_id or 0].confidentiality
    to_come = [one for one in said.values() if one.occurred_at > NOW]
    assert 0 < len(to_come) < 10 and all(one.occurred_at < NOW + dt.timedelta(days=14) for one in to_come)
    for one in said.values():
        assert not re.search(r"[{}⟦⟧]", one.subject + one.text)
        for fold in one.folds:
            assert 0 <= fold["start"] < fold["end"] <= len(one.text)


def test_the_history_is_whole_and_in_the_order_of_time() -> None:
    found = proof.verify()
    assert found.holds
    assert found.unsealed == 0
    moments = list(Entry.objects.unscoped(WHY).order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert len(moments) > 3500
    assert moments[0] < NOW - dt.timedelta(days=400)


def test_everything_is_found_and_placed() -> None:
    documents = Counter(Document.objects.unscoped(WHY).values_list("kind", flat=True))
    assert documents["conversation"] == sum(one.deleted_at is None for one in interactions())
    assert documents["promise"] == len(promises())
    assert documents["file"] == File.objects.unscoped(WHY).count()
    assert sum(documents[kind] for kind in ("person", "organisation", "group")) == sum(
        one.deleted_at is None for one in parties()
    )
    placed = set(
        Item.objects.unscoped(WHY).filter(family="conversation").values_list("subject_id", flat=True)
    )
    with_somebody = set(
        Participant.objects.filter(party__isnull=False).values_list("interaction_id", flat=True)
    )
    assert placed == with_somebody


def test_last_contact_never_betrays_a_confidential_talk() -> None:
    latest: dict[int, dt.datetime] = {}
    for party_id, at in (
        Participant.objects.filter(
            party__isnull=False,
            interaction__confidentiality__lt=Level.CONFIDENTIAL,
            interaction__occurred_at__lte=NOW,
        )
        .values_list("party_id", "interaction__occurred_at")
    ):  # fmt: skip
        assert party_id is not None
        latest[party_id] = max(at, latest.get(party_id, at))
    assert {one.pk: one.last_contact_at for one in parties() if one.last_contact_at} == latest


def test_an_agent_and_a_consultant_see_only_what_is_theirs() -> None:
    assert sum(one.confidentiality >= Level.CONFIDENTIAL for one in interactions()) > 20
    sakura = actor(User.objects.get(email="sakura@tidewall.example"), via=Via.WEB)
    theo = actor(User.objects.get(email="theo@tidewall.example"), via=Via.WEB)
    for model in (Interaction, Promise, Task, File, Party):
        seen = model.objects.visible_to(sakura)
        assert not seen.filter(confidentiality__gte=Level.CONFIDENTIAL).exists()
        assert not model.objects.visible_to(theo).filter(confidentiality__gte=Level.INTERNAL).exists()
    assert Interaction.objects.visible_to(sakura).count() > 300
    assert Interaction.objects.visible_to(theo).count() > 5
    assert Party.objects.visible_to(theo).count() > 10


def test_the_first_worker_does_not_flood_anybody() -> None:
    before = Reminder.objects.count()
    with clock.standing_at(NOW + dt.timedelta(minutes=5)):
        assert remind_all() == 0
        assert plan_digests() == 0
    assert Reminder.objects.count() == before
    assert mail.outbox == []


def test_accounts_sign_in_with_the_published_password() -> None:
    # The story was written with the hash of real use; a single test has a quicker one.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"]):
        found = demo.accounts()
        assert len(found) == 13
        for email, password, words in found:
            assert User.objects.get(email=email).check_password(password)
            assert words


def test_the_interviewer_sees_her_own_work_only() -> None:
    maren = actor(User.objects.get(email="maren@tidewall.example"), via=Via.WEB)
    talks = Interaction.objects.visible_to(maren)
    assert {talk.user_id for talk in talks} == {maren.user_id} and len(talks) == 3
    assert Promise.objects.visible_to(maren).count() == 2
    assert Party.objects.visible_to(maren).count() > 20


def test_it_is_not_written_row_by_row(story: Counted) -> None:
    # What costs time is asking the database: two thousand conversations must not ask for each of them.
    assert story.queries < 9200


def test_create_refuses_a_database_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "create"]) == 1
    assert "the demo needs an empty one" in capsys.readouterr().err


def test_reset_wants_to_be_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "reset"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert User.objects.count() == 13
