"""Files of which somebody reaches only their own, or their team's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from api.tokens import Api
from enishi.accounts import queries as accounts
from enishi.accounts import services as account_services
from enishi.accounts.access import Actor, Forbidden, Level, Via, narrowable
from enishi.accounts.models import Project, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.services import open_case, tie
from enishi.commitments.services import DutyDraft, add_proof, make_promise, write_duties, write_source
from enishi.contacts.models import Party
from enishi.contacts.queries import party as contact
from enishi.contacts.queries import party_or_none
from enishi.contacts.services import change_party
from enishi.content import queries
from enishi.content.models import File
from enishi.content.services import (
    FileDraft,
    add_file,
    add_version,
    change_file,
    delete_file,
    link_file,
    open_file,
    restore_file,
)
from enishi.conversations.models import Attachment
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from enishi.search.queries import find
from enishi.timeline import queries as timeline
from factories import SYSTEM, grant, manager, narrowed, party, project, role, user

pytestmark = pytest.mark.django_db
VIEW, EDIT, DELETE = "content.view", "content.edit", "content.delete"


@pytest.fixture
def where() -> Project:
    return project("Wind")


def _web(who: User) -> Actor:
    return actor_of(User.objects.get(pk=who.pk), via=Via.WEB)


def _lone(where: Project, name: str = "Lone", **given: object) -> User:
    return narrowed(where, name, narrow=narrowable(), **given)


def _team(*members: User) -> None:
    Team.objects.create(name=f"Team of {members[0]}").members.add(*members)


def _file(by: User | None, where: Project, name: str = "", **values: object) -> File:
    actor = SYSTEM if by is None else _web(by)
    return add_file(actor, project=where, name=name or f"of {by}.txt", data=f"by {by}".encode(), **values)


def _names(actor: Actor) -> list[str]:
    return sorted(queries.present(actor).values_list("name", flat=True))


def _signed_in(who: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(who)
    return client


def test_a_file_belongs_to_who_added_it(where):
    lone, mate, other = _lone(where), _lone(where, "Mate", reach="team"), _lone(where, "Other")
    _team(mate, lone)
    made = [_file(one, where) for one in (lone, mate, other, None)]
    assert [one.added_by for one in made] == [lone, mate, other, None]
    assert _names(_web(lone)) == ["of Lone.txt"]
    assert _names(_web(mate)) == ["of Lone.txt", "of Mate.txt"]
    assert len(_names(manager(where))) == 4
    # Whoever adds a newer version does not take the file over.
    add_version(manager(where), made[0], data=b"newer")
    assert _names(_web(lone)) == ["of Lone.txt"]


@pytest.mark.parametrize("reach", ["own", "team"])
def test_each_right_reaches_as_far_as_the_role_says(where, reach):
    somebody, mate = user("Somebody"), user("Mate")
    _team(somebody, mate)
    limits = {reach: [EDIT, DELETE]}
    for one in (somebody, mate):
        grant(one, where, role(codes=[VIEW, EDIT, DELETE], **limits))
    mine, of_mate, nobodys = _file(somebody, where), _file(mate, where), _file(None, where)
    me, client = _web(somebody), _signed_in(somebody)
    reached = [mine, of_mate] if reach == "team" else [mine]
    assert len(_names(me)) == 3
    for one in (mine, of_mate, nobodys):
        asked: list[Callable[[], object]] = [
            lambda one=one: change_file(me, one, description="Measured"),
            lambda one=one: add_version(me, one, data=b"newer"),
            lambda one=one: link_file(me, one, party_ids=[]),
            lambda one=one: restore_file(me, delete_file(me, one)),
        ]
        for ask in asked:
            if one in reached:
                ask()
            else:
                with pytest.raises(Forbidden):
                    ask()
        page = client.get(reverse("content:file", args=[one.pk])).content.decode()
        assert (reverse("content:delete", args=[one.pk]) in page) == (one in reached)


def test_each_daily_thing_is_done_with_ones_own(where):
    lone, other, port = _lone(where), _lone(where, "Other"), project("Port")
    _file(other, where)
    client = _signed_in(lone)
    listed = client.get(reverse("content:files")).content.decode()
    assert 'name="uploads"' in listed and "of Other" not in listed
    sent = {"uploads": SimpleUploadedFile("noise.txt", b"measured"), "project": where.pk}
    assert client.post(reverse("content:files"), sent).status_code == 302
    mine = File.objects.visible_to(_web(lone)).get()
    assert (mine.name, mine.added_by) == ("noise.txt", lone)
    page = reverse("content:file", args=[mine.pk])
    assert client.get(page).status_code == 200
    assert [hit.subject_id for hit in find(_web(lone), "noise")] == [mine.pk]
    told = {"name": "noise.txt", "description": "At night", "folder": "", "confidentiality": 1}
    assert client.post(reverse("content:change", args=[mine.pk]), told).status_code == 302
    newer = {"file": SimpleUploadedFile("noise.txt", b"measured again")}
    assert client.post(reverse("content:add_version", args=[mine.pk]), newer).status_code == 302
    assert client.get(reverse("content:download", args=[mine.pk])).getvalue() == b"measured again"
    assert client.post(reverse("content:delete", args=[mine.pk])).status_code == 302
    assert _names(_web(lone)) == []
    assert client.post(reverse("content:restore", args=[mine.pk])).status_code == 302
    assert _names(_web(lone)) == ["noise.txt"]
    with pytest.raises(Forbidden):
        _file(lone, port)
    with pytest.raises(Forbidden):
        change_file(_web(lone), mine, project_id=port.pk)


def test_a_colleagues_is_not_there(where):
    lone, other = _lone(where), _lone(where, "Other")
    theirs, client, me = _file(other, where), _signed_in(lone), _web(lone)
    for name in ("file", "download", "picture"):
        assert client.get(reverse(f"content:{name}", args=[theirs.pk])).status_code == 404, name
    for name in ("change", "add_version", "delete", "restore"):
        assert client.post(reverse(f"content:{name}", args=[theirs.pk])).status_code == 404, name
    assert find(me, "other") == [] and not timeline.history_of(me, "content.file", theirs.pk).exists()
    _token, secret = account_services.create_token(me, name="Test", scopes=[VIEW, EDIT, DELETE], days=1)
    api = Api(secret, where)
    assert b"of Other" not in api("GET", "files").content
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        assert api(method, f"files/{theirs.pk}{path}").status_code == 404
    with pytest.raises(File.DoesNotExist):
        open_file(me, theirs.pk)


def _talk(where: Project, *files: object, people: list[User] = []) -> int:  # noqa: B006
    drafts = [ParticipantDraft(user_id=one.pk) for one in people]
    talk = log_interaction(
        SYSTEM, channel="email", occurred_at=clock.now(), project_ids=[where.pk], subject="Plans", participants=drafts,
        files=list(files),
    )  # fmt: skip
    return talk.pk


def test_what_came_with_ones_message_is_seen_with_it_and_left_as_it_is(where):
    lone, other = _lone(where), _lone(where, "Other")
    _talk(where, FileDraft("plan.txt", b"the plan"), people=[lone])
    _talk(where, FileDraft("secret.txt", b"not theirs"), people=[other])
    me = _web(lone)
    assert _names(me) == ["plan.txt"]
    plan = File.objects.visible_to(me).get()
    attached = Attachment.objects.get(file=plan)
    client = _signed_in(lone)
    page = client.get(f"/conversations/{attached.interaction_id}/").content.decode()
    assert "plan.txt" in page
    assert client.get(reverse("content:download", args=[plan.pk])).getvalue() == b"the plan"
    assert me.may(VIEW, plan) and not me.may(EDIT, plan) and not me.may(DELETE, plan)
    assert client.post(reverse("content:delete", args=[plan.pk])).status_code == 403
    attached.interaction.participants.all().delete()
    assert _names(me) == []


def test_what_hangs_on_ones_promise_case_or_contact_is_seen_with_it(where):
    lone, boss = _lone(where), manager(where)
    me = _web(lone)
    promise = make_promise(SYSTEM, project=where, title="Call", direction="ours", owner=lone)
    add_proof(boss, promise, files=[FileDraft("proof.txt", b"called")])
    case = open_case(SYSTEM, project=where, kind="issue", title="Dust", owner=lone)
    photo = add_file(boss, project=where, name="photo.txt", data=b"dust")
    tie(boss, case, kind="file", subject_id=photo.pk)
    aoi = party(where, "Tanaka Aoi", owner_id=lone.pk)
    add_file(boss, project=where, name="consent.txt", data=b"yes", party_ids=[aoi.pk])
    add_file(boss, project=where, name="other.txt", data=b"no")
    assert _names(me) == ["consent.txt", "photo.txt", "proof.txt"]
    assert "consent.txt" in _signed_in(lone).get(f"/people/{aoi.pk}/").content.decode()
    assert [hit.title for hit in find(me, "photo")] == ["photo.txt"]
    assert not any(me.may(EDIT, one) for one in File.objects.visible_to(me))
    change_party(boss, aoi, owner_id=None)
    assert _names(me) == ["photo.txt", "proof.txt"]


def test_a_form_leaves_the_file_that_its_writer_does_not_read(where):
    """A document and its clauses, changed by somebody who reaches only their own files."""
    somebody, boss = user("Somebody"), manager(where)
    works = ["contacts.view", "commitments.view", "commitments.edit", VIEW]
    grant(somebody, where, role(codes=works, own=[VIEW]))
    permit = add_file(boss, project=where, name="permit.txt", data=b"whereas")
    source = write_source(boss, project=where, title="Permit", file=permit)
    [duty] = write_duties(boss, source, [DutyDraft("Report the noise")])
    assert duty.file_version is not None
    client = _signed_in(somebody)
    for page, sent in (
        (
            reverse("commitments:edit_source", args=[source.pk]),
            {"kind": "permit", "confidentiality": 1, "file": permit.pk},
        ),
        (reverse("commitments:edit_duty", args=[duty.pk]), {"file_version": duty.file_version.pk}),
    ):
        shown = client.get(page).content.decode()
        assert "A file that you may not read" in shown and "permit.txt" not in shown
        answer = client.post(page, {"title": "Changed", "version": 1, **sent})
        assert answer.status_code == 302, answer.content.decode()
    source = type(source).objects.unscoped("test").get(pk=source.pk)
    duty = type(duty).objects.unscoped("test").get(pk=duty.pk)
    assert (source.title, source.file_id) == ("Changed", permit.pk)
    assert (duty.title, duty.file_version_id) == ("Changed", permit.versions.get().pk)


def test_nobody_opens_a_file_by_hanging_it_on_something_of_their_own(where):
    lone, other = _lone(where), _lone(where, "Other")
    theirs, me = _file(other, where), _web(lone)
    from enishi.cases.services import CaseError
    from enishi.conversations.services import ConversationError

    with pytest.raises(ConversationError):
        log_interaction(
            me,
            channel="note",
            occurred_at=clock.now(),
            project_ids=[where.pk],
            subject="Mine",
            files=[theirs.pk],
        )
    case = open_case(me, project=where, kind="issue", title="Mine", owner=lone)
    with pytest.raises((CaseError, File.DoesNotExist)):
        tie(me, case, kind="file", subject_id=theirs.pk)
    # Whoever sees it, and changes only their own, does not make it theirs by that.
    reader = user("Reader of all")
    everything = role(
        codes=[VIEW, EDIT, DELETE, "conversations.view", "conversations.edit"], own=[EDIT, DELETE]
    )
    grant(reader, where, everything)
    log_interaction(
        _web(reader),
        channel="note",
        occurred_at=clock.now(),
        project_ids=[where.pk],
        subject="Mine",
        files=[theirs.pk],
    )
    assert not _web(reader).may(EDIT, theirs) and not _web(reader).may(DELETE, theirs)


def test_the_clearance_and_the_project_count_as_well(where):
    lone, port = _lone(where), project("Port")
    mine = _file(lone, where)
    File.objects.unscoped("test").filter(pk=mine.pk).update(confidentiality=Level.CONFIDENTIAL)
    moved = _file(lone, where, "moved.txt")
    File.objects.unscoped("test").filter(pk=moved.pk).update(project=port)
    assert _names(_web(lone)) == []


def test_it_is_explained_by_whose_it_is(where):
    lone, other = _lone(where), _lone(where, "Other")
    theirs = _file(other, where)
    told = accounts.explain(lone, VIEW, [where.pk], 1, ("content.file", theirs.pk))
    assert told.sentence == "Lone cannot: the role reaches only their own, and this belongs to Other."
    _talk(where, FileDraft("plan.txt", b"the plan"), people=[lone])
    plan = ("content.file", File.objects.visible_to(_web(lone)).get().pk)
    seen = accounts.explain(lone, VIEW, [where.pk], 1, plan)
    changed = accounts.explain_change(lone, EDIT, [where.pk], seen, plan)
    assert (seen.visible, changed.visible) == (True, False)


def test_who_can_read_a_confidential_one(where):
    lone, other = _lone(where), _lone(where, "Other")
    for one in (lone, other):
        grant(one, where, role(codes=[VIEW], own=[VIEW], clearance=Level.CONFIDENTIAL))
    theirs = _file(other, where)
    change_file(manager(where), theirs, confidentiality=Level.CONFIDENTIAL)
    found = File.objects.unscoped("test").get(pk=theirs.pk)
    readers = accounts.readers(VIEW, [where.pk], Level.CONFIDENTIAL, owners=found.reached_by(VIEW))
    assert "Other" in [one.name for one in readers] and "Lone" not in [one.name for one in readers]


def test_whole_rights_ask_as_ever(where):
    whole = user()
    grant(whole, where, role(codes=[VIEW]))
    asked = str(File.objects.visible_to(_web(whole)).query).partition("WHERE")[2]
    assert "added_by" not in asked and "SELECT" not in asked


def test_a_statement_that_is_put_together_once_serves_each_with_their_own(where):
    """Colleagues of one role share prepared statements; each asks with their own number."""
    given = role(codes=["contacts.view", VIEW], own=["contacts.view", VIEW])
    people = [user("Lone"), user("Other")]
    both = party(where, "Tanaka Aoi")
    for one in people:
        grant(one, where, given)
    for one in people:
        add_file(manager(where), project=where, name=f"for {one}.txt", data=b"x", party_ids=[both.pk])
        File.objects.unscoped("test").filter(name=f"for {one}.txt").update(added_by=one)
    change_party(SYSTEM, both, owner_id=None)
    for _round in range(4):
        for one in people:
            assert [file.name for file in queries.files_of_party(_web(one), both.pk)] == [f"for {one}.txt"]
    for owner in people:
        change_party(SYSTEM, Party.objects.unscoped("test").get(pk=both.pk), owner_id=owner.pk)
        for _round in range(4):
            for one in people:
                found = one == owner
                assert (party_or_none(_web(one), both.pk) is not None) == found
                with contextlib.nullcontext() if found else pytest.raises(Party.DoesNotExist):
                    assert contact(_web(one), both.pk).pk == both.pk
                assert len(queries.files_of_party(_web(one), both.pk)) == (2 if found else 1)


def test_ones_own_are_found_by_an_index(where):
    me = _web(_lone(where))
    boss = user()
    File.objects.bulk_create(
        [File(project=where, name=f"{n}.txt", added_by=None if n % 2 else boss) for n in range(2000)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE content_file")
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = File.objects.visible_to(me).explain()
    assert "file_added_by" in plan and "Seq Scan on content_file" not in plan, plan


def test_the_files_that_were_there_belong_to_who_added_their_first_version(where):
    from importlib import import_module

    first, second = _lone(where, "First"), user("Second")
    old, nobodys = _file(first, where), _file(None, where)
    grant(second, where, role(codes=[VIEW, EDIT]))
    add_version(_web(second), old, data=b"newer")
    File.objects.unscoped("test").update(added_by=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("enishi.content.migrations.0003_added_by").FILL)
    found = dict(File.objects.unscoped("test").values_list("pk", "added_by"))
    assert found == {old.pk: first.pk, nobodys.pk: None}
