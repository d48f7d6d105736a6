"""The sample archives, through the whole import: everything stored or set aside, and stored as it reads."""

from __future__ import annotations

import datetime as dt

import pytest

from enishi.contacts.importing.protocol import ImportOptions, claimed, sources
from enishi.contacts.models import Quarantined
from enishi.conversations.models import Bounce, Interaction, UnknownSender
from enishi.conversations.services.mail_import import MailImporter
from enishi.core import storage
from factories import agent, project

pytestmark = pytest.mark.django_db

SET_ASIDE = [
    "reply__html_replies__gmail.html",
    "reply__html_replies__mail_ru.html",
    "reply__html_replies__ms_outlook_2007.html",
    "reply__html_replies__thunderbird.html",
    "reply__html_replies__yandex_ru.html",
    "reply__standard_replies__sparrow_reply_text",
]


def import_folder(worker, here, folder, **options):
    taken, left = claimed(sources([folder]))
    assert left == []
    assert list(taken) == ["mail"]
    return MailImporter().run(worker, taken["mail"], project_id=here.pk, options=ImportOptions(**options))


def one(**limits):
    return Interaction.objects.unscoped("test").get(**limits)


def test_the_sample_mails(shared_data):
    here = project("Tidewall")
    worker = agent(here)
    tried = import_folder(worker, here, shared_data / "mail", dry_run=True)
    assert Interaction.objects.unscoped("test").count() == 0

    report = import_folder(worker, here, shared_data / "mail")
    assert (report.read, report.created, report.duplicate, report.unchanged) == (64, 52, 6, 0)
    assert (tried.read, tried.created, tried.duplicate) == (64, 52, 6)
    assert [each.file for each in report.quarantined] == SET_ASIDE
    assert report.quarantined[0].reason == (
        "This is HTML without mail headers: sender, date and subject are unknown. Save the whole message as EML."
    )
    kept = Quarantined.objects.get(file=SET_ASIDE[-1])
    with storage.open_blob(kept.sha256) as raw:
        assert raw.read() == (shared_data / "mail" / SET_ASIDE[-1]).read_bytes()

    # Japanese in ISO-2022-JP, without a date and an identifier
    japanese = one(subject="まみむめも")
    assert japanese.text == "すみません。"
    assert [(p.role, p.name, p.address) for p in japanese.participants.all()] == [
        ("from", "Mikel Lindsaar", "raasdnil@gmail.com"),
        ("to", "みける", "raasdnil@gmail.com"),
    ]
    written = (shared_data / "mail" / "multi_charset__japanese_iso_2022.eml").stat().st_mtime
    assert japanese.occurred_at.timestamp() == pytest.approx(written, abs=1e-4)
    assert japanese.defects == ["date-from-file", "message-id-missing"]
    attached = one(message_id__startswith="57a815bf0910160539m64240421")
    assert [link.file.name for link in attached.attachments.all()] == ["てすと.txt"]
    # Korean under the old name of its character set
    korean = one(message_id="from@example.com")
    assert (korean.subject, korean.text) == ("test", "스티해")
    assert korean.occurred_at == dt.datetime(2014, 5, 28, 8, 18, 19, tzinfo=dt.UTC)
    # Boundaries that the standard does not allow: three files are one mail
    broken = one(message_id="009601c813c6$19df3510$0437d30a@mikel091a")
    assert broken.text == "Hello\nThis is an outlook test\n\nSo there.\n\nMe."
    assert broken.participants.get(role="from").name == "Mikel Lindsaar"
    # One Message-ID, five different mails, in one thread
    same = (
        Interaction.objects.unscoped("test")
        .filter(mail__message_id__startswith="9169D984-4E0B")
        .order_by("pk")
    )
    assert [each.message_id for each in same] == [
        "9169D984-4E0B-45EF-82D4-8F5E53AD7012@example.com",
        *(
            f"9169D984-4E0B-45EF-82D4-8F5E53AD7012@example.com#{each.mail.fingerprint[:16]}"
            for each in same[1:]
        ),
    ]
    assert (same.count(), same.values("thread").distinct().count()) == (5, 1)
    # Quoted text and signature
    phone = one(message_id="06C90B12-13B9-4C5F-A9EF-4A809D94C078@gmail.com")
    assert [(phone.text[fold["start"] : fold["end"]].strip(), fold["kind"]) for fold in phone.folds] == [
        ("Sent from my iPhone", "signature"),
        ("On Apr 3, 2012, at 4:19 PM, bob <bob@example.com> wrote:\n\n> Hi", "quote"),
    ]
    # Delivery reports
    assert list(Bounce.objects.order_by("pk").values_list("address", "action", "status")) == [
        ("bbbbvhvbbvkjbhfbvbvjhb@gmail.com", "failed", "5.1.1"),
        ("bscdbcjhasbcjhbdscbhbsdhcbj@gmail.com", "failed", "5.1.1"),
        ("egyfefsdvsfvvhjsd@gmail.com", "failed", "5.1.1"),
        ("kfhejkfbsjkjsbhds@gmail.com", "failed", "5.1.1"),
        ("qfvhgsvhgsduiohncdhcvhsdfvsfygusd@gmail.com", "failed", "5.1.1"),
        ("fraser@oooooooo.com.au", "delayed", "4.2.2"),
    ]
    strangers = set(UnknownSender.objects.unscoped("test").values_list("address", flat=True))
    assert "raasdnil@gmail.com" in strangers
    # Programs do not wait to be looked at.
    robots = {
        "mailer-daemon@lvmail01.ll.com", "mailer-daemon@tppppp.com.au", "no-reply@crm.el-example.org",
        "gmail-noreply@google.com", "noreply@rubyforge.org",
    }  # fmt: skip
    assert not strangers & robots

    again = import_folder(worker, here, shared_data / "mail")
    assert (again.read, again.created, again.unchanged, again.duplicate) == (64, 0, 58, 0)
    assert Interaction.objects.unscoped("test").count() == 52


def test_the_sample_mailboxes(shared_data):
    here = project("Tidewall")
    worker = agent(here)
    report = import_folder(worker, here, shared_data / "mbox")
    assert (report.read, report.created, report.duplicate, report.quarantined) == (15, 11, 4, [])
