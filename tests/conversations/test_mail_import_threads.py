"""Imported mails in threads, whatever order they come in."""

from __future__ import annotations

import itertools

import pytest

from conversations.mailboxes import imported, mail, mbox, stored
from enishi.conversations.models import Interaction, Thread, ThreadIdentifier
from enishi.conversations.services import log_interaction
from factories import agent, project

pytestmark = pytest.mark.django_db


def threads() -> list[set[str]]:
    """The stored mails by thread, named by their numbers."""
    found: dict[int | None, set[str]] = {}
    for one in stored():
        found.setdefault(one.thread_id, set()).add(one.mail.message_id.partition("@")[0])
    return sorted(found.values(), key=min)


FIRST, REPLY, LATER, OTHER = (
    mail(1),
    mail(2, answers=[1], subject="Re: Night noise"),
    mail(3, answers=[1, 2], subject="Something else now"),
    mail(4, subject="Road"),
)


@pytest.mark.parametrize("order", list(itertools.permutations([FIRST, REPLY, LATER])))
def test_a_thread_comes_together_in_any_order_of_imports(order, tmp_path):
    here = project()
    worker = agent(here)
    for number, one in enumerate([*order, OTHER]):
        imported(worker, here, mbox(tmp_path / f"{number}.mbox", one))
    assert threads() == [{"1", "2", "3"}, {"4"}]
    assert Thread.objects.count() == 2
    thread = Thread.objects.get(interactions__mail__message_id="1@kaze.example")
    moments = [one.occurred_at for one in stored() if one.thread_id == thread.pk]
    assert (thread.first_at, thread.last_at) == (min(moments), max(moments))


def test_a_missing_mail_ties_those_that_answer_it(tmp_path):
    here = project()
    worker = agent(here)
    imported(worker, here, mbox(tmp_path / "a.mbox", mail(2, answers=[1], subject="Re: a")))
    imported(worker, here, mbox(tmp_path / "b.mbox", mail(3, answers=[1], subject="Re: b")))
    assert threads() == [{"2", "3"}]
    assert set(ThreadIdentifier.objects.values_list("identifier", flat=True)) == {
        f"{number}@kaze.example" for number in (1, 2, 3)
    }


def test_a_late_parent_merges_two_threads(tmp_path):
    here = project()
    worker = agent(here)
    imported(
        worker,
        here,
        mbox(tmp_path / "a.mbox", mail(3, answers=[1], subject="a"), mail(4, answers=[2], subject="b")),
    )
    assert threads() == [{"3"}, {"4"}]
    kept = min(Thread.objects.values_list("pk", flat=True))
    imported(worker, here, mbox(tmp_path / "b.mbox", mail(2, answers=[1], subject="c")))
    assert threads() == [{"2", "3", "4"}]
    assert list(Thread.objects.values_list("pk", flat=True)) == [kept]


def test_a_reply_without_references_finds_its_subject_among_the_same_people(tmp_path):
    here = project()
    worker = agent(here)
    back = {"sender": "office@tidewall.example", "to": "aoi@kaze.example"}
    imported(worker, here, mbox(tmp_path / "a.mbox", mail(1), mail(2, sender="leo@brandt.example")))
    imported(worker, here, mbox(tmp_path / "b.mbox", mail(3, subject="AW: Night noise", **back)))
    assert threads() == [{"1", "3"}, {"2"}]


def test_a_stored_reply_without_references_is_found_by_what_it_answers(tmp_path):
    here = project()
    worker = agent(here)
    back = {"sender": "office@tidewall.example", "to": "aoi@kaze.example"}
    imported(worker, here, mbox(tmp_path / "b.mbox", mail(3, subject="AW: Night noise", **back)))
    imported(worker, here, mbox(tmp_path / "a.mbox", mail(1)))
    assert threads() == [{"1", "3"}]


def test_a_logged_answer_stays_in_a_merged_thread(tmp_path):
    here = project()
    worker = agent(here)
    imported(
        worker,
        here,
        mbox(tmp_path / "a.mbox", mail(3, answers=[1], subject="a"), mail(4, answers=[2], subject="b")),
    )
    newest = stored()[-1]
    call = log_interaction(
        worker,
        channel="call",
        occurred_at=newest.occurred_at,
        project_ids=[here.pk],
        subject="Called",
        reply_to=newest,
    )
    imported(worker, here, mbox(tmp_path / "b.mbox", mail(2, answers=[1], subject="c")))
    assert Interaction.objects.unscoped("test").get(pk=call.pk).thread_id == stored()[0].thread_id
