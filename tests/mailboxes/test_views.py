"""The pages of mailboxes: who may, what is kept of a password, and what the history tells."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import User
from enishi.contacts.models import Quarantined
from enishi.mailboxes import services
from enishi.mailboxes.models import Day, Mailbox
from enishi.mailboxes.services import setup
from enishi.timeline.models import Entry
from factories import agent, manager, outsider, project
from mailboxes.conftest import now
from mailboxes.server import PASSWORD, USER

pytestmark = pytest.mark.django_db


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def given(where, private) -> dict[str, object]:
    return {
        "name": "Office", "address": "Office@Tidewall.example", "host": "IMAP.tidewall.example", "port": "993",
        "security": "tls", "username": USER, "password": PASSWORD, "folder": "INBOX", "since": "2024-01-01",
        "project": where.pk, "confidentiality": int(Level.CONFIDENTIAL), "smtp_port": "587", "smtp_security": "starttls",
    }  # fmt: skip


def told() -> list[tuple[str, dict[str, object]]]:
    entries = Entry.objects.unscoped("test").filter(event__startswith="mailboxes.").order_by("pk")
    return [(one.event, one.changes) for one in entries]


def test_an_administrator_adds_changes_and_removes_one(boss, where, given):
    page = browser(boss).post("/mailboxes/new/", given)
    box = Mailbox.objects.unscoped("test").get()
    assert (page.status_code, page["Location"]) == (302, f"/mailboxes/{box.pk}/")
    assert (box.address, box.host, box.since) == (
        "office@tidewall.example",
        "imap.tidewall.example",
        dt.date(2024, 1, 1),
    )
    assert PASSWORD not in box.sealed_password and setup.password_of(box) == PASSWORD
    shown = browser(boss).get(f"/mailboxes/{box.pk}/edit/").content.decode()
    assert "A password is kept." in shown and PASSWORD not in shown
    # An empty password keeps the one that is there.
    browser(boss).post(f"/mailboxes/{box.pk}/edit/", {**given, "name": "Front office", "password": ""})
    assert (now(box).name, setup.password_of(now(box))) == ("Front office", PASSWORD)
    browser(boss).post(
        f"/mailboxes/{box.pk}/edit/", {**given, "name": "Front office", "password": "new & wet"}
    )
    assert setup.password_of(now(box)) == "new & wet"
    browser(boss).post(f"/mailboxes/{box.pk}/switch/", {"on": "0"})
    browser(boss).post(f"/mailboxes/{box.pk}/remove/")
    assert Mailbox.objects.unscoped("test").count() == 0
    found = told()
    assert [event.partition(".")[2] for event, _changes in found] == [
        "mailbox_added", "mailbox_changed", "mailbox_changed", "mailbox_changed", "mailbox_removed",
    ]  # fmt: skip
    assert found[0][1]["host"] == [None, "imap.tidewall.example"]
    assert [changes for _event, changes in found[1:4]] == [
        {"name": ["Office", "Front office"]},
        {"password": ["•••", "•••"]},
        {"is_on": [True, False]},
    ]
    assert PASSWORD not in str(found) and "wet" not in str(found)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("host", "https://imap.example.org", "This is no host."),
        ("host", "imap.example.org:993", "This is no host."),
        ("port", "70000", "less than or equal to 65535"),
        ("address", "office", "valid email address"),
        ("password", "", "Enter the password of the mailbox."),
        ("host", "", "Enter the IMAP server."),
        ("confidentiality", "9", "not one of the available choices"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(boss, given, field, value, words):
    page = browser(boss).post("/mailboxes/new/", {**given, field: value})
    assert page.status_code == 422 and words in page.content.decode()
    assert Mailbox.objects.unscoped("test").count() == 0


def test_a_folder_is_read_by_one_mailbox(boss, given):
    browser(boss).post("/mailboxes/new/", given)
    page = browser(boss).post("/mailboxes/new/", {**given, "name": "Again"})
    assert page.status_code == 422 and "This folder of this account is read already." in page.content.decode()


@pytest.mark.parametrize(
    ("field", "value"), [("host", "imap.mine.example"), ("username", "me"), ("security", "none")]
)
def test_a_kept_password_goes_to_no_other_server(boss, given, field, value):
    browser(boss).post("/mailboxes/new/", given)
    box = Mailbox.objects.unscoped("test").get()
    page = browser(boss).post(f"/mailboxes/{box.pk}/edit/", {**given, field: value, "password": ""})
    assert page.status_code == 422 and "Enter the password again" in page.content.decode()
    assert now(box).host == "imap.tidewall.example"


def test_only_administrators_come_near(boss, where, given):
    browser(boss).post("/mailboxes/new/", {**given, "confidentiality": int(Level.INTERNAL)})
    box = Mailbox.objects.unscoped("test").get()
    for actor in (agent(where), manager(where), outsider()):
        client = browser(actor)
        for address in ("", "new/", f"{box.pk}/", f"{box.pk}/edit/", f"{box.pk}/aside/1/"):
            assert client.get(f"/mailboxes/{address}").status_code == 403, address
        for what in ("test", "read", "switch", "remove"):
            assert client.post(f"/mailboxes/{box.pk}/{what}/").status_code == 403, what
        for work in (services.read_now, services.remove, services.test):
            with pytest.raises(Forbidden):
                work(actor, box.pk)
        # Neither does the history of the project tell of it.
        assert not Entry.objects.visible_to(actor).filter(event__startswith="mailboxes.").exists()
    assert now(box).is_on


def test_an_administrator_without_clearance_finds_no_trace(boss, given):
    browser(boss).post("/mailboxes/new/", given)
    box = Mailbox.objects.unscoped("test").get()
    low = manager(None, clearance=Level.INTERNAL)
    assert "Office" not in browser(low).get("/mailboxes/").content.decode()
    assert browser(low).get(f"/mailboxes/{box.pk}/").status_code == 404
    assert browser(low).post(f"/mailboxes/{box.pk}/switch/", {"on": "0"}).status_code == 404
    assert browser(low).post("/mailboxes/new/", {**given, "folder": "Other"}).status_code == 422
    assert not Entry.objects.visible_to(low).filter(event__startswith="mailboxes.").exists()


def test_the_page_shows_what_came_and_what_is_wrong(add, boss, office, django_assert_max_num_queries):
    box = add()
    office.put(b"From: aoi@kaze.example\r\nSubject: Noise\r\n\r\nLoud.", b"<script>alert(1)</script>")
    services.read(box.pk)
    client = browser(boss)
    page = client.get(f"/mailboxes/{box.pk}/").content.decode()
    assert "Last read:" in page and "UID 102" in page and "has no mail headers" in page
    kept = Quarantined.objects.get()
    raw = client.get(f"/mailboxes/{box.pk}/aside/{kept.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in raw
    with django_assert_max_num_queries(20):
        client.get("/mailboxes/")
    other = add(folder="Nowhere", name="Sent")
    services.read(other.pk)
    page = client.get(f"/mailboxes/{other.pk}/").content.decode()
    assert "There is no such folder. There are: INBOX." in page
    # What was set aside by one mailbox is not shown at another.
    assert client.get(f"/mailboxes/{other.pk}/aside/{kept.pk}/").status_code == 404
    assert "UID 102" not in page


def test_the_connection_is_tested_in_words(add, boss, office):
    office.put(b"Subject: one\r\n\r\n1")
    good, bad = add(), add(password="wrong & bad", folder="Other")
    client = browser(boss)
    page = client.post(f"/mailboxes/{good.pk}/test/", follow=True).content.decode()
    assert "The connection works. The folder holds 1 message to read." in page
    page = client.post(f"/mailboxes/{bad.pk}/test/", follow=True).content.decode()
    assert "The server refused the user or the password." in page and "wrong &amp; bad" not in page


def test_what_was_set_aside_stays_as_confidential_as_it_came(add, boss, office, where):
    """The mailbox may go into another project later: what came before stays where it was."""
    box = add(confidentiality=Level.RESTRICTED)
    office.put(b"\r\n")
    services.read(box.pk)
    draft = {
        name: getattr(box, name)
        for name in ("name", "address", "host", "port", "security", "username", "folder", "since")
    }
    services.save(boss, box, services.Draft(**draft, project=project("Open"), confidentiality=Level.INTERNAL))
    office.put(b"\r\n\r\n")
    services.read(box.pk)
    low = manager(None, clearance=Level.INTERNAL)
    page = browser(low).get(f"/mailboxes/{box.pk}/").content.decode()
    assert "UID 102" in page and "UID 101" not in page
    assert Day.objects.filter(mailbox=box).count() == 2


def test_imports_are_what_somebody_brought(add, boss, office):
    office.put(b"\r\n")
    services.read(add().pk)
    assert "Office" not in browser(boss).get("/people/import/").content.decode()


def test_the_history_says_where_in_words(boss, where, given):
    browser(boss).post("/mailboxes/new/", {**given, "smtp_port": "2525"})
    page = browser(boss).get("/history/").content.decode()
    assert "Mailbox added" in page and "Tidewall" in page and "2525" in page and "2,525" not in page
