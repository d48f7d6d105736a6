"""Files that go with an answer: byte by byte, within limits and levels, once, and filed with it."""

from __future__ import annotations

import datetime as dt
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.mailboxes import stored
from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.queries import actor as actor_of
from enishi.content.models import File
from enishi.content.services import add_file, change_file, delete_file
from enishi.conversations.models import Attachment, Interaction
from enishi.conversations.services.silencing import silence
from enishi.core import clock, storage
from enishi.mailboxes import services
from enishi.mailboxes.models import Enclosure, Mailbox, Reply
from enishi.mailboxes.services import enclosures
from enishi.privacy.services import run_erasure, start_erasure
from enishi.timeline.models import Entry
from factories import READ, agent, grant, manager, party, project, role, user
from mailboxes.test_views import browser

pytestmark = pytest.mark.django_db
REPORT = b"%PDF-1.7\r\nmeasured\r\n\x00\xff\n.\n..\nend"
LINES = "騒音\nمیزان صدا\r\n.\n".encode()
JAPANESE, PERSIAN = "騒音の測定 2026年.pdf", "گزارش صدا.txt"


def upload(name: str = JAPANESE, data: bytes = REPORT) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def form(box: Mailbox, **values: Any) -> dict[str, Any]:
    given = {"mailbox": box.pk, "to": "aoi@kaze.example", "subject": "Re: Night noise", "text": "Attached."}
    return {**given, **values}


def posted(actor: Actor, question: Interaction, given: dict[str, Any]) -> tuple[int, str]:
    page = browser(actor).post(f"/mailboxes/reply/{question.pk}/", given)
    return page.status_code, unescape(page.content.decode())


def kept(by: Actor, where: Any, name: str = "Plan.pdf", level: int = Level.INTERNAL) -> File:
    return add_file(by, project=where, name=name, data=REPORT, confidentiality=level)


def carried(message: Any) -> list[tuple[str, str, bytes]]:
    return [
        (one.get_filename(), one.get_content_type(), one.get_payload(decode=True))
        for one in message.iter_attachments()
    ]


def test_files_go_with_the_answer_byte_by_byte_and_stand_in_the_thread(box, question, office, where, smtp):
    worker = agent(where)
    plan = kept(worker, where)
    given = form(box, uploads=[upload(), upload(PERSIAN, LINES)], kept=[plan.pk])
    assert posted(worker, question, given)[0] == 302
    waiting = Reply.objects.get()
    assert "騒音の測定" in browser(worker).get(f"/conversations/{question.pk}/").content.decode()
    services.send(waiting.pk)
    services.send(waiting.pk)
    ((_to, message, raw),) = smtp.got
    assert carried(message) == [
        (JAPANESE, "application/pdf", REPORT),
        (PERSIAN, "text/plain", LINES),
        ("Plan.pdf", "application/pdf", REPORT),
    ]
    # Names beyond ASCII as RFC 2231 writes them.
    assert b"filename*=utf-8''%E9%A8%92" in raw
    assert message.get_body().get_content().strip() == "Attached."
    asked, answer = stored()
    assert answer.text.strip() == "Attached."
    files = [link.file for link in Attachment.objects.filter(interaction=answer).order_by("file")]
    assert [one.name for one in files] == [JAPANESE, PERSIAN, "Plan.pdf"]
    assert {(one.attachment, one.confidentiality) for one in files} == {(True, asked.confidentiality)}
    assert browser(worker).get(f"/files/{files[1].pk}/download/").getvalue() == LINES
    assert Enclosure.objects.count() == 0 and storage.path_of(files[0].versions.get().sha256).exists()
    written = Entry.objects.unscoped("test").get(event="mailboxes.reply_written")
    assert written.data == {"people": 1, "files": 3}
    # The copy that the server keeps is the same mail, with the same files.
    office.put(raw)
    services.read(box.pk)
    assert len(stored()) == 2 and Attachment.objects.count() == 3


def test_a_mistake_elsewhere_loses_neither_words_nor_files(box, question, where, smtp):
    worker = agent(where)
    plan = kept(worker, where)
    status, page = posted(worker, question, form(box, to="nobody", uploads=[upload()], kept=[plan.pk]))
    held = Enclosure.objects.get()
    assert status == 422 and "“nobody” is no e-mail address." in page and "Attached." in page
    assert f'name="held" value="{held.pk}" checked' in page and JAPANESE in page
    assert f'name="kept" value="{plan.pk}" checked' in page
    assert posted(worker, question, form(box, held=[held.pk], kept=[plan.pk]))[0] == 302
    services.send(Reply.objects.get().pk)
    assert [name for name, _kind, _data in carried(smtp.got[0][1])] == [JAPANESE, "Plan.pdf"]


def test_a_kept_file_is_looked_for_without_losing_what_was_written(box, question, where):
    worker = agent(where)
    plan, other = kept(worker, where), kept(worker, where, "Minutes.pdf")
    hidden = kept(manager(where), where, "Plan of the board.pdf", Level.CONFIDENTIAL)
    elsewhere = kept(manager(None), project("Elsewhere"), "Plan of others.pdf")
    given = form(box, to="not yet", text="Half a sen", do="look", q="plan", uploads=[upload()])
    status, page = posted(worker, question, given)
    assert status == 200 and "Half a sen" in page and 'value="not yet"' in page and JAPANESE in page
    assert f'name="kept" value="{plan.pk}"' in page and "is no e-mail address" not in page
    for one in (other, hidden, elsewhere):
        assert f'name="kept" value="{one.pk}"' not in page
    status, page = posted(worker, question, form(box, do="look", q=""))
    assert f'value="{plan.pk}"' in page and f'value="{other.pk}"' in page
    assert Reply.objects.count() == 0


def test_too_much_is_refused_with_the_limit_and_the_remedy(box, question, where, monkeypatch):
    monkeypatch.setattr(enclosures, "MOST_BYTES", 3000)
    worker = agent(where)
    status, page = posted(worker, question, form(box, uploads=[upload("big.bin", b"x" * 3001)]))
    assert (
        status == 422 and "“big.bin” has 2.9\xa0KB; the files of one e-mail have at most 2.9\xa0KB." in page
    )
    assert "Send a smaller one" in page and "Attached." in page and Enclosure.objects.count() == 0
    two = [upload("one.bin", b"1" * 2000), upload("two.bin", b"2" * 2000)]
    status, page = posted(worker, question, form(box, uploads=two))
    assert (
        status == 422
        and "The files have 3.9\xa0KB together; those of one e-mail have at most 2.9\xa0KB." in page
    )
    one, _two = Enclosure.objects.order_by("pk")
    # Both are still there: one of them is taken off, and it goes.
    assert "Take some off" in page and page.count('name="held"') == 2
    assert posted(worker, question, form(box, held=[one.pk]))[0] == 302
    assert [file.name for file in Reply.objects.get().enclosures.all()] == ["one.bin"]


def test_at_most_twenty_files_go_and_none_is_empty(box, question, where):
    worker = agent(where)
    many = [upload(f"{number}.bin", b"%d" % number) for number in range(21)]
    status, page = posted(worker, question, form(box, uploads=many))
    assert status == 422 and "An answer carries at most 20 files." in page
    status, page = posted(worker, question, form(box, uploads=[upload("none.txt", b"")]))
    assert status == 422 and "“none.txt” is empty." in page and Reply.objects.count() == 0


def test_what_a_browser_claims_of_a_file_is_not_believed(box, question, where, smtp):
    worker = agent(where)
    lying = SimpleUploadedFile("../..\\evil\u202egpj.exe", b"MZ\x90\x00rest", content_type="image/jpeg")
    letter = upload("old.eml", b"From: a@b.example\n\nFrom here\n")
    assert posted(worker, question, form(box, uploads=[lying, letter]))[0] == 302
    services.send(Reply.objects.get().pk)
    first, second = carried(smtp.got[0][1])
    assert first == (
        "evilgpj.exe", "application/vnd.microsoft.portable-executable", b"MZ\x90\x00rest",
    )  # fmt: skip
    # A mail inside a mail would not arrive as it was.
    assert second == ("old.eml", "application/octet-stream", b"From: a@b.example\n\nFrom here\n")


def test_a_file_beyond_the_level_of_the_conversation_is_refused(box, question, where, smtp):
    boss = manager(where)
    deep = kept(boss, where, "Contract.pdf", Level.CONFIDENTIAL)
    _status, page = posted(boss, question, form(box, do="look", q="contract"))
    assert f'value="{deep.pk}" disabled' in page and "more confidential than this conversation" in page
    status, page = posted(boss, question, form(box, kept=[deep.pk], sure=[deep.pk]))
    assert (
        status == 422 and "“Contract.pdf” is more confidential (Confidential) than this conversation" in page
    )
    assert Reply.objects.count() == 0


def test_a_confidential_file_leaves_the_house_only_when_somebody_said_so(box, question, where, smtp):
    Interaction.objects.unscoped("test").update(confidentiality=Level.CONFIDENTIAL)
    question.refresh_from_db()
    boss = manager(where)
    deep = kept(boss, where, "Contract.pdf", Level.CONFIDENTIAL)
    status, page = posted(boss, question, form(box, kept=[deep.pk]))
    assert status == 422 and "Confidential files would go out with this answer: “Contract.pdf”." in page
    assert f'name="sure" value="{deep.pk}"' in page and Reply.objects.count() == 0
    assert posted(boss, question, form(box, kept=[deep.pk], sure=[deep.pk]))[0] == 302
    read = Entry.objects.unscoped("test").filter(event="content.confidential_read").get()
    assert (read.user_id, read.subject_id, read.data["how"]) == (boss.user_id, deep.pk, "mail")
    services.send(Reply.objects.get().pk)
    assert carried(smtp.got[0][1])[0][2] == REPORT


def test_a_file_that_is_hidden_gone_or_anothers_does_not_go(box, question, where):
    worker, other = agent(where), agent(where)
    hidden = kept(manager(where), where, "Hidden.pdf", Level.CONFIDENTIAL)
    elsewhere = kept(manager(None), project("Elsewhere"), "Elsewhere.pdf")
    posted(other, question, form(box, to="nobody", uploads=[upload("theirs.pdf")]))
    theirs = Enclosure.objects.get()
    for values in ({"kept": [hidden.pk]}, {"kept": [elsewhere.pk]}, {"held": [theirs.pk]}, {"kept": [10**9]}):
        status, page = posted(worker, question, form(box, **values))
        assert status == 422 and "One of the files is no longer there." in page, values
        assert not any(name in page for name in ("Hidden.pdf", "Elsewhere.pdf", "theirs.pdf"))
    assert Reply.objects.count() == 0


def test_who_may_not_add_files_answers_without(box, question, where):
    plain = agent(where, codes=[*READ, "conversations.edit"])
    page = browser(plain).get(f"/mailboxes/reply/{question.pk}/").content.decode()
    assert 'type="file"' not in page
    status, page = posted(plain, question, form(box, uploads=[upload()]))
    assert status == 422 and "You may not add files in this project." in page
    assert Enclosure.objects.count() == Reply.objects.count() == 0


def test_whoever_may_add_files_of_their_own_lets_them_go_with_an_answer(box, question, where, smtp):
    somebody, codes = user("Maren"), [*READ, "conversations.edit", "content.edit"]
    grant(somebody, where, role(codes=codes, own=["content.edit", "content.view"]))
    maren = actor_of(somebody, via=Via.WEB)
    others, own = kept(agent(where), where), kept(maren, where, "Mine.pdf")
    status, page = posted(maren, question, form(box, kept=[others.pk]))
    assert status == 422 and "One of the files is no longer there." in page
    assert posted(maren, question, form(box, kept=[own.pk], uploads=[upload()]))[0] == 302
    services.send(Reply.objects.get().pk)
    assert [name for name, _kind, _data in carried(smtp.got[0][1])] == [JAPANESE, "Mine.pdf"]


@pytest.mark.parametrize("how", ["deleted", "raised", "moved"])
def test_what_may_not_go_any_more_when_it_is_sent_stays(box, question, where, smtp, how):
    worker = agent(where)
    plan = kept(worker, where)
    posted(worker, question, form(box, kept=[plan.pk]))
    boss = manager(None)
    if how == "deleted":
        delete_file(boss, plan)
    elif how == "raised":
        change_file(boss, plan, confidentiality=Level.CONFIDENTIAL)
    else:
        change_file(boss, plan, project_id=project("Elsewhere").pk)
    services.send(Reply.objects.get().pk)
    page = browser(worker).get(f"/conversations/{question.pk}/").content.decode()
    assert smtp.got == [] and "is gone, or became too confidential" in page and "Attached." in page


def test_what_was_not_taken_is_sent_again_with_its_files(box, question, where, smtp):
    worker = agent(where)
    smtp.refuses = True
    posted(worker, question, form(box, uploads=[upload()]))
    waiting = Reply.objects.get()
    services.send(waiting.pk)
    assert Reply.objects.get().why == "server"
    smtp.refuses = False
    browser(worker).post(f"/mailboxes/replies/{waiting.pk}/again/")
    services.send(waiting.pk)
    services.send(waiting.pk)
    assert [carried(message)[0][2] for _to, message, _raw in smtp.got] == [REPORT]


def test_bytes_go_with_what_was_thrown_away(box, question, where, django_capture_on_commit_callbacks):
    worker = agent(where)
    posted(worker, question, form(box, uploads=[upload()]))
    kept_path = storage.path_of(Enclosure.objects.get().sha256)
    Reply.objects.update(state="failed")
    assert kept_path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        browser(worker).post(f"/mailboxes/replies/{Reply.objects.get().pk}/drop/")
    assert not kept_path.exists() and Enclosure.objects.count() == 0


def test_what_was_chosen_for_no_answer_is_forgotten_after_a_day(
    box, question, where, django_capture_on_commit_callbacks
):
    worker = agent(where)
    posted(worker, question, form(box, to="nobody", uploads=[upload("old.txt", b"old")]))
    posted(worker, question, form(box, to="nobody", uploads=[upload("new.txt", b"new")]))
    old, new = Enclosure.objects.order_by("pk")
    same = add_file(worker, project=where, name="the same", data=b"new")
    Enclosure.objects.filter(pk=old.pk).update(made_at=clock.now() - dt.timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        services.forget_unused()
    assert list(Enclosure.objects.all()) == [new]
    assert not storage.path_of(old.sha256).exists() and storage.path_of(same.versions.get().sha256).exists()


def test_with_the_words_of_a_conversation_go_the_files_of_unsent_answers(
    box, question, where, django_capture_on_commit_callbacks
):
    posted(agent(where), question, form(box, uploads=[upload()]))
    path = storage.path_of(Enclosure.objects.get().sha256)
    with django_capture_on_commit_callbacks(execute=True):
        silence([question.pk])
    assert not path.exists() and Reply.objects.count() == Enclosure.objects.count() == 0


def test_an_erased_person_leaves_no_copy_of_their_file(
    box, question, where, smtp, django_capture_on_commit_callbacks
):
    boss = manager(None)
    theirs = party(where, "Ines Vidal")
    plan = add_file(boss, project=where, name="Vidal.pdf", data=REPORT, party_ids=[theirs.pk])
    posted(boss, question, form(box, kept=[plan.pk]))
    path = storage.path_of(Enclosure.objects.get().sha256)
    with django_capture_on_commit_callbacks(execute=True):
        run_erasure(boss, start_erasure(boss, theirs, ground="objected", reason="She asked.").pk)
    services.send(Reply.objects.get().pk)
    assert not path.exists() and smtp.got == [] and Reply.objects.get().why == "file"
    assert Enclosure.objects.get().name == "Erased file"
