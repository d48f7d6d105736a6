"""An administrator adds a mailbox on real servers and tries it; its mail is found among the conversations and answered there."""

from __future__ import annotations

import dataclasses

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, expect

from conversations.mailboxes import mail
from e2e.people import shoot
from enishi.accounts import services as accounts
from enishi.content.services import add_file
from enishi.core import clock
from enishi.mailboxes import services
from enishi.mailboxes.models import Mailbox, Reply
from factories import PASSWORD as OURS
from factories import SYSTEM, party, project, user
from mailboxes.authorization import CLIENT, SECRET, open_authorization
from mailboxes.server import PASSWORD, USER, open_office
from mailboxes.smtp_server import open_smtp

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REPORT = b"%PDF-1.7 measured\r\n\x00\xff"


def _read(box: Mailbox) -> None:
    """What the worker does each minute."""
    services.read(box.pk)


def _send() -> None:
    services.send(Reply.objects.get().pk)


def _pictures(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 1360, "height": 900})
    shoot(page, f"mailbox-{name}-1360")
    page.set_viewport_size({"width": 360, "height": 780})
    shoot(page, f"mailbox-{name}-360")
    page.set_viewport_size({"width": 1360, "height": 900})


def test_a_mailbox_is_added_tried_and_read(chromium: Browser, live_server, settings):
    settings.ENV = dataclasses.replace(django_settings.ENV, base_url=live_server.url, private_services=True)
    boss, where = user("Hedda Lunde"), project("Tidewall")
    accounts.give_role(SYSTEM, role=accounts.administrator_role(), user=boss)
    party(where, "Aoi Takahama", email="aoi@kaze.example")
    add_file(SYSTEM, project=where, name="Plan.txt", data=b"Plan")
    with open_office() as office, open_smtp() as smtp:
        page = chromium.new_page(base_url=live_server.url, locale="en-GB")
        page.set_default_timeout(15_000)
        page.goto("/account/login/?next=/mailboxes/")
        page.get_by_label("E-mail").fill(boss.email)
        page.get_by_label("Password").fill(OURS)
        page.get_by_role("button", name="Sign in", exact=True).click()
        main = page.get_by_role("main")
        expect(main).to_contain_text("No mailbox yet")
        page.goto("/mailboxes/new/")
        page.get_by_label("Name", exact=True).fill("Office")
        page.get_by_label("Address", exact=True).fill(USER)
        page.get_by_label("IMAP server").fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(office.port))
        page.get_by_label("Encryption", exact=True).select_option("none")
        page.get_by_label("User", exact=True).fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Folder").fill("Post")
        page.get_by_label("SMTP server", exact=True).fill("127.0.0.1")
        page.get_by_label("Port of the SMTP server").fill(str(smtp.port))
        page.get_by_label("Encryption of the SMTP server").select_option("none")
        _pictures(page, "new")
        main.get_by_role("button", name="Add").click()
        expect(main).to_contain_text("It was not read yet.")
        box = Mailbox.objects.unscoped("test").get()

        _read(box)
        page.reload()
        expect(main).to_contain_text("There is no such folder. There are: INBOX.")
        _pictures(page, "failing")
        page.goto(f"/mailboxes/{box.pk}/edit/")
        page.get_by_label("Folder").fill("INBOX")
        main.get_by_role("button", name="Save").click()
        office.put(mail(1, subject="Night noise", at=clock.now()), b"Not a mail at all")
        main.get_by_role("button", name="Test the connection").click()
        expect(page.get_by_text("The folder holds 2 messages to read.")).to_be_visible()

        _read(box)
        page.reload()
        expect(main).to_contain_text("UID 102")
        _pictures(page, "read")
        main.get_by_role("link", name="UID 102").click()
        expect(main).to_contain_text("Not a mail at all")
        _pictures(page, "aside")
        page.goto("/conversations/")
        main.get_by_role("link", name="Night noise").first.click()
        expect(main).to_contain_text("Aoi Takahama")
        _pictures(page, "conversation")
        main.get_by_role("link", name="Reply", exact=True).click()
        expect(page.get_by_label("To", exact=True)).to_have_value("aoi@kaze.example")
        page.get_by_label("Text", exact=True).fill("We measure on Monday.")
        page.get_by_label("Drop files here or choose them").set_input_files(
            {"name": "騒音.pdf", "mimeType": "application/pdf", "buffer": REPORT}
        )
        main.get_by_text("A file of the project").click()
        main.get_by_role("button", name="Look for files").click()
        expect(page.get_by_label("Text", exact=True)).to_have_value("We measure on Monday.")
        main.get_by_role("checkbox", name="Plan.txt").check()
        _pictures(page, "reply")
        main.get_by_role("button", name="Send").click()
        expect(main).to_contain_text("Waits to be sent")
        _send()
        page.reload()
        expect(main).to_contain_text("answered")
        expect(main).to_contain_text("Re: Night noise")
        ((to, message, _raw),) = smtp.got
        assert to == ["aoi@kaze.example"]
        assert [(one.get_filename(), one.get_payload(decode=True)) for one in message.iter_attachments()] == [
            ("騒音.pdf", REPORT),
            ("Plan.txt", b"Plan"),
        ]
        main.get_by_role("link", name="Re: Night noise").first.click()
        expect(main.get_by_role("link", name="騒音.pdf")).to_be_visible()
        _pictures(page, "answered")
        page.goto("/mailboxes/")
        expect(main).to_contain_text("1 message")
        _pictures(page, "list")
        for language, scheme in (("fa", "light"), ("en", "dark"), ("ja", "light")):
            boss.language = language
            boss.save(update_fields=["language"])
            page.emulate_media(color_scheme=scheme)
            page.goto(f"/mailboxes/{box.pk}/")
            _pictures(page, f"{language}-{scheme}")
        page.close()


def test_a_mailbox_is_opened_by_signing_in_elsewhere(chromium: Browser, live_server, settings, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    settings.ENV = dataclasses.replace(django_settings.ENV, base_url=live_server.url, private_services=True)
    boss, where = user("Hedda Lunde"), project("Tidewall")
    accounts.give_role(SYSTEM, role=accounts.administrator_role(), user=boss)
    party(where, "Aoi Takahama", email="aoi@kaze.example")
    with open_office() as office, open_smtp() as smtp, open_authorization(services.back()) as kazami:
        office.tokens = smtp.tokens = kazami.good
        page = chromium.new_page(base_url=live_server.url, locale="en-GB")
        page.set_default_timeout(15_000)
        page.goto("/account/login/?next=/mailboxes/")
        page.get_by_label("E-mail").fill(boss.email)
        page.get_by_label("Password").fill(OURS)
        page.get_by_role("button", name="Sign in", exact=True).click()
        main = page.get_by_role("main")
        main.get_by_role("link", name="A sign-in for mailboxes").click()
        _pictures(page, "provider-microsoft")
        main.get_by_role("link", name="Another provider").click()
        expect(page.get_by_label("Redirect address")).to_have_value(services.back())
        page.get_by_label("Name", exact=True).fill("Kazami post")
        page.get_by_label("Client id").fill(CLIENT)
        page.get_by_label("Secret").fill(SECRET)
        page.get_by_label("Address for signing in").fill(kazami.address["authorize_url"])
        page.get_by_label("Address for tokens").fill(kazami.address["token_url"])
        page.get_by_label("Scope").fill(kazami.address["scope"])
        _pictures(page, "provider-other")
        main.get_by_role("button", name="Add").click()
        expect(main.get_by_role("link", name="Kazami post")).to_be_visible()

        page.goto("/mailboxes/new/")
        page.get_by_label("Name", exact=True).fill("Office")
        page.get_by_label("Address", exact=True).fill(USER)
        page.get_by_label("Signs in").select_option(label="Kazami post")
        page.get_by_label("User", exact=True).fill(USER)
        page.get_by_label("IMAP server").fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(office.port))
        page.get_by_label("Encryption", exact=True).select_option("none")
        page.get_by_label("SMTP server", exact=True).fill("127.0.0.1")
        page.get_by_label("Port of the SMTP server").fill(str(smtp.port))
        page.get_by_label("Encryption of the SMTP server").select_option("none")
        main.get_by_role("button", name="Add").click()
        # By a page of ours to the page of the service, which is told no the first time.
        page.get_by_role("button", name="Refuse").click()
        expect(main).to_contain_text("Nobody has signed in for it yet.")
        expect(page.get_by_text("You went back before Kazami post had let you in.")).to_be_visible()
        _pictures(page, "not-signed-in")
        main.get_by_role("button", name="Sign in with Kazami post").click()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("Signed in. It is read within a minute.")).to_be_visible()
        office.put(mail(1, subject="Night noise", to=USER, at=clock.now()))
        main.get_by_role("button", name="Test the connection").click()
        expect(page.get_by_text("The folder holds 1 message to read.")).to_be_visible()
        box = Mailbox.objects.unscoped("test").get()
        _read(box)
        page.goto("/conversations/")
        main.get_by_role("link", name="Night noise").first.click()
        main.get_by_role("link", name="Reply", exact=True).click()
        page.get_by_label("Text", exact=True).fill("We measure on Monday.")
        page.get_by_label("Drop files here or choose them").set_input_files(
            {"name": "騒音.pdf", "mimeType": "application/pdf", "buffer": REPORT}
        )
        main.get_by_role("button", name="Send").click()
        expect(main).to_contain_text("Waits to be sent")
        _send()
        ((_to, message, _raw),) = smtp.got
        assert [one.get_payload(decode=True) for one in message.iter_attachments()] == [REPORT]

        kazami.withdraw()
        _read(box)
        page.goto(f"/mailboxes/{box.pk}/")
        expect(main).to_contain_text("Nobody is signed in for it any more")
        for language, scheme in (("fa", "light"), ("en", "dark"), ("ja", "light")):
            boss.language = language
            boss.save(update_fields=["language"])
            page.emulate_media(color_scheme=scheme)
            page.goto(f"/mailboxes/{box.pk}/")
            _pictures(page, f"withdrawn-{language}-{scheme}")
            page.goto("/mailboxes/providers/new/?kind=google")
            _pictures(page, f"google-{language}-{scheme}")
        boss.language = "en"
        boss.save(update_fields=["language"])
        page.goto(f"/mailboxes/{box.pk}/")
        main.get_by_role("button", name="Sign in again").first.click()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_text("Signed in. It is read within a minute.")).to_be_visible()
        expect(main).not_to_contain_text("It cannot be read.")
        page.close()
