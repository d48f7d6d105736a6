"""Mailboxes that no password opens: signing in at a real authorization server, reading and sending by its tokens."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from conversations.mailboxes import mail, stored
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import Grant
from enishi.core import clock
from enishi.mailboxes import queries, services
from enishi.mailboxes.imap import Failed
from enishi.mailboxes.models import Mailbox, Provider, Reply, SignIn
from enishi.mailboxes.services import opening
from enishi.timeline.models import Entry, Notification
from factories import agent, manager, outsider, party
from mailboxes.authorization import CLIENT, SCOPE, SECRET, Kazami, open_authorization
from mailboxes.conftest import now
from mailboxes.server import PASSWORD, USER, PostOffice
from mailboxes.smtp_server import Server
from mailboxes.test_views import browser
from together import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
BACK = "/mailboxes/signed-in/"
Signing = Callable[..., Any]


@pytest.fixture
def kazami(private: None, office: PostOffice, smtp: Server, monkeypatch: Any) -> Iterator[Kazami]:
    """The authorization server, whose tokens open the mailbox on the mail servers."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with open_authorization(services.back()) as there:
        office.tokens = smtp.tokens = there.good
        yield there


@pytest.fixture
def provider(boss: Actor, kazami: Kazami) -> Provider:
    draft = services.ProviderDraft("Kazami post", "other", CLIENT, SECRET, **kazami.address)
    return services.save_provider(boss, None, draft)


@pytest.fixture
def box(add: Any, provider: Provider, smtp: Server) -> Mailbox:
    return add(
        provider=provider, password="", smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_security="none"
    )


def begun(client: Client, box: Mailbox) -> str:
    """Press the button, and tell where the page leads."""
    page = client.post(f"/mailboxes/{box.pk}/sign-in/")
    assert page.status_code == 200, page["Location"]
    return page.context["url"]


def allowed(url: str, allow: str = "1") -> str:
    """Look at the page of the service, press its button, and tell where it sends the browser."""
    assert "Enishi asks for" in requests.get(url, timeout=10).text
    back = requests.post(url, data={"allow": allow}, allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    assert back.headers["Location"].startswith(services.back() + "?")
    return BACK + "?" + back.headers["Location"].partition("?")[2]


def sign_in(actor: Actor, box: Mailbox) -> str:
    client = browser(actor)
    page = client.get(allowed(begun(client, box)), follow=True)
    return unescape(page.content.decode())


def trouble_of(box: Mailbox) -> tuple[str, str]:
    services.read(box.pk)
    found = now(box)
    return found.trouble, found.said


def test_an_administrator_registers_signs_in_and_it_is_read_and_answered(
    boss, where, office, smtp, kazami, caplog
):
    caplog.set_level(logging.DEBUG)
    client = browser(boss)
    form = client.get("/mailboxes/providers/new/?kind=other").content.decode()
    assert f'value="{services.back()}"' in form
    given = {"name": "Kazami post", "client_id": CLIENT, "secret": SECRET, **kazami.address}
    assert client.post("/mailboxes/providers/new/?kind=other", given).status_code == 302
    provider = Provider.objects.get()
    assert SECRET not in provider.sealed_secret
    page = client.post(
        "/mailboxes/new/",
        {
            "name": "Office", "address": USER, "provider": provider.pk, "host": "127.0.0.1", "port": office.port,
            "security": "none", "username": USER, "folder": "INBOX", "since": "2024-01-01", "project": where.pk,
            "confidentiality": 1, "smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_security": "none",
        },
    )  # fmt: skip
    box = Mailbox.objects.unscoped("test").get()
    # Saved, it leads on to the service at once, by a page of ours.
    shown = page.content.decode()
    assert page.status_code == 200 and "Go on to Kazami post" in shown and 'http-equiv="refresh"' in shown
    asked = parse_qs(urlsplit(page.context["url"]).query)
    assert page.context["url"].startswith(kazami.url + "/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"], asked["scope"]) == (
        ["code"], [CLIENT], [services.back()], [SCOPE],
    )  # fmt: skip
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    waiting = client.get(f"/mailboxes/{box.pk}/").content.decode()
    assert "Nobody has signed in for it yet." in waiting and queries.due() == []
    done = client.get(allowed(page.context["url"]), follow=True).content.decode()
    assert "Signed in. It is read within a minute." in done and queries.due() == [box.pk]
    row = SignIn.objects.get()
    (token,), (refresh,) = kazami.good, kazami.refreshes
    assert row.user_id == boss.user_id and dt.timedelta(minutes=59) < row.until - clock.now() <= dt.timedelta(
        hours=1
    )

    party(where, "Aoi Takahama", email="aoi@kaze.example")
    office.put(mail(1, to=USER, at=clock.now()))
    services.read(box.pk)
    (question,) = stored()
    assert "The connection works." in client.post(f"/mailboxes/{box.pk}/test/", follow=True).content.decode()
    reply = services.reply(
        agent(where), question, box, to=["aoi@kaze.example"], cc=[], subject="Re", body="Monday."
    )
    services.send(reply.pk)
    assert [to for to, _message, _raw in smtp.got] == [["aoi@kaze.example"]] and len(stored()) == 2
    assert kazami.asked == ["authorization_code"], "a token that is good is asked for once"

    # None of it is told anywhere.
    entries = Entry.objects.unscoped("test").filter(event__startswith="mailboxes.")
    assert [one.event for one in entries.order_by("pk")][:3] == [
        "mailboxes.provider_added", "mailboxes.mailbox_added", "mailboxes.mailbox_signed_in",
    ]  # fmt: skip
    history = "".join(f"{one.changes}{one.data}{one.label}" for one in entries)
    pages = "".join(
        client.get(path).content.decode()
        for path in ("/mailboxes/", f"/mailboxes/{box.pk}/", f"/mailboxes/{box.pk}/edit/",
                     f"/mailboxes/providers/{provider.pk}/", "/history/")
    )  # fmt: skip
    # The servers of the test run in this process too, and may say what they like.
    ours = {
        one
        for one in caplog.records
        if one.name.split(".")[0] not in {"authlib", "werkzeug", "pymap", "mail"}
    }
    logged = "".join(one.getMessage() for one in ours)
    assert any(one.name.startswith("urllib3") for one in ours)
    for secret in (SECRET, token, refresh):
        assert secret not in history + pages + logged + row.sealed_access + row.sealed_refresh


def test_a_token_is_renewed_before_it_ends_and_when_the_server_refuses_it(
    boss, box, office, smtp, kazami, where
):
    sign_in(boss, box)
    office.put(mail(1, to=USER, at=clock.now()))
    SignIn.objects.update(until=clock.now() + dt.timedelta(minutes=6))
    assert trouble_of(box) == ("", "") and kazami.asked == ["authorization_code"]
    SignIn.objects.update(until=clock.now() + dt.timedelta(minutes=4))
    assert trouble_of(box) == ("", "") and kazami.asked == ["authorization_code", "refresh_token"]
    # It ended before its time: the mail servers refuse it, IMAP and SMTP alike.
    kazami.good.clear()
    assert trouble_of(box) == ("", "") and len(kazami.asked) == 3
    kazami.good.clear()
    (question,) = stored()
    services.send(
        services.reply(
            agent(where), question, box, to=["aoi@kaze.example"], cc=[], subject="Re", body="Yes."
        ).pk
    )
    assert len(kazami.asked) == 4 and len(smtp.got) == 1
    # Each refresh token is used once, and the newest is kept.
    assert len(kazami.refreshes) == 1


def test_a_withdrawn_permission_is_said_and_nothing_is_lost(boss, box, office, kazami):
    sign_in(boss, box)
    office.put(mail(1, to=USER, at=clock.now()))
    services.read(box.pk)
    kazami.withdraw()
    office.put(mail(2, to=USER, at=clock.now()))
    assert trouble_of(box)[0] == "sign_in"
    page = browser(boss).get(f"/mailboxes/{box.pk}/").content.decode()
    assert "Nobody is signed in for it any more" in page and "Sign in again" in page
    assert [one.kind for one in Notification.objects.filter(user=boss.user_id)] == ["mailbox"]
    asked = len(kazami.asked)
    services.read(box.pk)
    assert len(kazami.asked) == asked, "it waits before it asks again"
    assert "Signed in." in sign_in(boss, box)
    assert now(box).trouble == "" and SignIn.objects.count() == 1
    services.read(box.pk)
    assert len(stored()) == 2


def test_an_answer_that_could_not_go_says_why_and_goes_after_signing_in_again(
    boss, box, office, smtp, kazami, where
):
    sign_in(boss, box)
    office.put(mail(1, to=USER, at=clock.now()))
    services.read(box.pk)
    kazami.withdraw()
    worker, (question,) = agent(where), stored()
    made = services.reply(worker, question, box, to=["aoi@kaze.example"], cc=[], subject="Re", body="Monday.")
    services.send(made.pk)
    page = browser(worker).get(f"/conversations/{question.pk}/").content.decode()
    assert "The mail server does not let the mailbox in." in page and smtp.got == []
    sign_in(boss, box)
    browser(worker).post(f"/mailboxes/replies/{made.pk}/again/")
    services.send(made.pk)
    assert len(smtp.got) == 1


def test_what_the_server_says_against_sending_is_shown(boss, box, office, smtp, kazami, where):
    sign_in(boss, box)
    office.put(mail(1, to=USER, at=clock.now()))
    services.read(box.pk)
    smtp.disabled = "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant."
    page = browser(boss).post(f"/mailboxes/{box.pk}/test/", follow=True).content.decode()
    assert "refuses this user although the sign-in is good" in page and "disabled for the Tenant." in page
    (question,) = stored()
    worker = agent(where)
    services.send(
        services.reply(worker, question, box, to=["aoi@kaze.example"], cc=[], subject="Re", body="Monday.").pk
    )
    page = unescape(browser(worker).get(f"/conversations/{question.pk}/").content.decode())
    assert Reply.objects.get().why == "account" and "is disabled for the Tenant." in page


def test_a_user_whom_the_mail_server_does_not_know_is_told_of(boss, add, provider, office, kazami):
    box = add(provider=provider, password="", username="other@tidewall.example")
    sign_in(boss, box)
    assert trouble_of(box)[0] == "token"
    assert kazami.asked == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("spoil", ["secret", "down", "html", "long"])
def test_troubles_of_the_service_are_told_apart(boss, box, kazami, spoil, monkeypatch):
    sign_in(boss, box)
    SignIn.objects.update(until=clock.now())
    if spoil == "secret":
        kazami.client.secret = "another"
    elif spoil == "down":
        kazami.broken = True
    else:
        Provider.objects.update(token_url=f"{kazami.url}/authorize?{spoil}")
        if spoil == "long":
            monkeypatch.setattr("enishi.mailboxes.oauth.BYTES", 10)
    assert trouble_of(box)[0] == ("client" if spoil == "secret" else "service")
    assert SECRET not in now(box).said
    assert Notification.objects.count() == (1 if spoil == "secret" else 0)


def test_a_service_that_drips_holds_no_job(boss, box, kazami, monkeypatch):
    sign_in(boss, box)
    monkeypatch.setattr("enishi.mailboxes.oauth.WAIT_S", 0.5)
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            one, _address = listening.accept()
            with one:
                one.recv(4096)
                one.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
                )
                for _time in range(100):
                    try:
                        one.sendall(b" ")
                    except OSError:
                        break
                    if gone.wait(0.1):
                        break

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        Provider.objects.update(token_url=f"http://127.0.0.1:{listening.getsockname()[1]}/")
        SignIn.objects.update(until=clock.now())
        assert trouble_of(box)[0] == "service"
        gone.set()
        thread.join(5)


@pytest.mark.django_db(transaction=True)
def test_one_job_renews_while_the_others_wait_for_what_it_gets(boss, box, kazami):
    sign_in(boss, box)
    SignIn.objects.update(until=clock.now())
    kazami.pause = 0.3
    got = at_once(lambda: opening.account_of(now(box)).password, times=3)
    assert kazami.asked == ["authorization_code", "refresh_token"] and len(got) == 3 and len(set(got)) == 1


def test_a_foreign_or_used_state_is_refused_in_words(boss, box, kazami):
    words = "was not begun here, was used already, or took too long"
    mine, other = browser(boss), browser(manager(None))
    back = allowed(begun(mine, box))
    # Of somebody else's session, and made up.
    for client, path in (
        (other, back),
        (mine, BACK),
        (mine, BACK + "?state=&code=x"),
        (mine, BACK + "?state=x&code=y"),
    ):
        assert words in client.get(path, follow=True).content.decode()
    assert SignIn.objects.count() == 0 and kazami.asked == []
    assert "Signed in." in mine.get(back, follow=True).content.decode()
    assert words in mine.get(back, follow=True).content.decode() and len(kazami.asked) == 1


def test_a_sign_in_that_took_too_long_is_refused(boss, box, kazami, monkeypatch):
    client = browser(boss)
    back = allowed(begun(client, box))
    later = clock.now() + dt.timedelta(minutes=16)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "took too long" in client.get(back, follow=True).content.decode() and kazami.asked == []


def test_the_newest_five_that_were_begun_count(boss, box, kazami):
    client = browser(boss)
    urls = [begun(client, box) for _number in range(6)]
    assert "was not begun here" in client.get(allowed(urls[0]), follow=True).content.decode()
    assert "Signed in." in client.get(allowed(urls[1]), follow=True).content.decode()


def test_going_back_and_a_spoilt_code_change_nothing(boss, box, kazami):
    client = browser(boss)
    page = client.get(allowed(begun(client, box), allow=""), follow=True).content.decode()
    assert "You went back before Kazami post had let you in. Nothing has changed." in page
    state = parse_qs(urlsplit(begun(client, box)).query)["state"][0]
    page = client.get(
        f"{BACK}?state={state}&error=server_error&error_description=Down+for+lunch", follow=True
    )
    assert "Down for lunch" in page.content.decode()
    path = allowed(begun(client, box))
    code = parse_qs(urlsplit(path).query)["code"][0]
    page = client.get(path.replace(code, "made-up"), follow=True).content.decode()
    assert "The sign-in service does not answer as it should." in page
    # A code without the secret of our session is worth nothing to whoever caught it.
    path = allowed(begun(client, box))
    session = client.session
    session["mailboxes.begun"] = [{**one, "verifier": "x" * 64} for one in session["mailboxes.begun"]]
    session.save()
    assert "does not answer as it should" in client.get(path, follow=True).content.decode()
    assert SignIn.objects.count() == 0


def test_a_service_that_gives_nothing_that_lasts_is_refused(boss, box, kazami):
    kazami.lasting = False
    assert "The service let us in only for a moment." in sign_in(boss, box)
    assert SignIn.objects.count() == 0


def test_who_may_not_set_up_mailboxes_neither_begins_nor_finishes(boss, box, provider, where, kazami):
    for actor in (agent(where), manager(where), outsider()):
        client = browser(actor)
        assert client.post(f"/mailboxes/{box.pk}/sign-in/").status_code == 403
        assert client.get(BACK + "?state=x&code=y").status_code == 403
        for path in ("new/", f"{provider.pk}/"):
            assert client.get(f"/mailboxes/providers/{path}").status_code == 403
            assert client.post(f"/mailboxes/providers/{path}").status_code == 403
        assert client.post(f"/mailboxes/providers/{provider.pk}/remove/").status_code == 403
        with pytest.raises(Forbidden):
            services.begin_sign_in(actor, box.pk)
        with pytest.raises(Forbidden):
            services.finish_sign_in(actor, box.pk, provider_id=provider.pk, code="x", verifier="y")
        with pytest.raises(Forbidden):
            services.save_provider(actor, provider, services.ProviderDraft("X", "google", "x", "y"))
    Mailbox.objects.unscoped("test").update(confidentiality=Level.CONFIDENTIAL)
    low = manager(None, clearance=Level.INTERNAL)
    assert browser(low).post(f"/mailboxes/{box.pk}/sign-in/").status_code == 404
    # Whoever lost the right on the way does not finish.
    client = browser(boss)
    back = allowed(begun(client, box))
    Grant.objects.filter(user=boss.user_id).delete()
    assert client.get(back).status_code == 403 and SignIn.objects.count() == 0


@pytest.mark.parametrize(
    "values", [{"host": "localhost"}, {"username": "me@tidewall.example"}, {"smtp_host": "localhost"}]
)
def test_a_token_goes_to_no_other_server(boss, box, kazami, values):
    sign_in(boss, box)
    services.save(boss, now(box), draft_of(box, **values))
    assert SignIn.objects.count() == 0 and queries.due() == []
    page = browser(boss).get(f"/mailboxes/{box.pk}/").content.decode()
    assert "Nobody has signed in for it yet." in page
    # Somebody knows already: it is no trouble to tell of.
    assert trouble_of(box) == ("", "") and Notification.objects.count() == 0
    assert "not signed in" in browser(boss).get("/mailboxes/").content.decode()
    with pytest.raises(services.MailboxError):
        services.read_now(boss, box.pk)


def draft_of(box: Mailbox, **values: Any) -> services.Draft:
    names = [field.name for field in dataclasses.fields(services.Draft) if field.name != "password"]
    return services.Draft(**{**{name: getattr(box, name) for name in names}, **values})


def test_another_name_keeps_the_sign_in(boss, box, kazami):
    sign_in(boss, box)
    services.save(boss, now(box), draft_of(box, name="Front office"))
    assert SignIn.objects.count() == 1


def test_between_password_and_provider_one_of_them_is_kept(boss, box, provider, kazami):
    sign_in(boss, box)
    with pytest.raises(services.MailboxError) as caught:
        services.save(boss, now(box), draft_of(box, provider=None))
    assert caught.value.field == "password"
    services.save(boss, now(box), dataclasses.replace(draft_of(box, provider=None), password=PASSWORD))
    assert SignIn.objects.count() == 0 and services.test(boss, box.pk) == 0
    services.save(boss, now(box), draft_of(box, provider=provider))
    assert now(box).sealed_password == ""
    with pytest.raises(Failed) as failed:
        services.test(boss, box.pk)
    assert failed.value.trouble == "sign_in"


def test_a_kept_secret_goes_to_no_other_address(boss, box, provider, kazami):
    sign_in(boss, box)
    draft = services.ProviderDraft("Kazami post", "other", CLIENT, "", **kazami.address)
    services.save_provider(boss, provider, dataclasses.replace(draft, name="Kazami"))
    assert SignIn.objects.count() == 1
    moved = dataclasses.replace(draft, token_url="https://tokens.mine.example/")
    with pytest.raises(services.MailboxError) as caught:
        services.save_provider(boss, provider, moved)
    assert caught.value.field == "secret" and SignIn.objects.count() == 1
    services.save_provider(boss, provider, dataclasses.replace(moved, secret="new"))
    assert SignIn.objects.count() == 0
    told = Entry.objects.unscoped("test").filter(event="mailboxes.provider_changed").order_by("pk").last()
    assert told.changes["secret"] == ["•••", "•••"]


def test_a_provider_in_use_stays(boss, box, provider, kazami):
    page = browser(boss).post(f"/mailboxes/providers/{provider.pk}/remove/", follow=True).content.decode()
    assert "Mailboxes still sign in with it." in page
    services.remove(boss, box.pk)
    browser(boss).post(f"/mailboxes/providers/{provider.pk}/remove/")
    assert Provider.objects.count() == 0


def test_nothing_inside_our_own_network_is_asked(boss, box, provider, kazami, settings):
    sign_in(boss, box)
    back = allowed(begun(client := browser(boss), box))
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    SignIn.objects.update(until=clock.now())
    asked = len(kazami.asked)
    assert trouble_of(box)[0] == "private"
    assert "private network" in client.get(back, follow=True).content.decode()
    assert len(kazami.asked) == asked
    for values in ({"token_url": "http://tokens.example/"}, {"authorize_url": "javascript:alert(1)"}):
        with pytest.raises(services.MailboxError) as caught:
            services.save_provider(
                boss, None, services.ProviderDraft("X", "other", "x", "y", **{**kazami.address, **values})
            )
        assert caught.value.field in {"authorize_url", "token_url"}


def test_without_tls_no_service_is_asked(boss, box, kazami, monkeypatch):
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")
    page = browser(boss).post(f"/mailboxes/{box.pk}/sign-in/", follow=True).content.decode()
    assert "is not asked through TLS" in page


@pytest.mark.parametrize(
    ("kind", "start", "scope", "more", "servers"),
    [
        ("microsoft", "https://login.microsoftonline.com/tidewall.example/oauth2/v2.0/authorize?",
         "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
         {"prompt": ["select_account"]},
         ("outlook.office365.com", 993, "tls", "smtp.office365.com", 587, "starttls")),
        ("google", "https://accounts.google.com/o/oauth2/v2/auth?", "https://mail.google.com/",
         {"prompt": ["consent"], "access_type": ["offline"]},
         ("imap.gmail.com", 993, "tls", "smtp.gmail.com", 465, "tls")),
    ],
)  # fmt: skip
def test_what_is_known_of_a_provider_need_not_be_typed(
    boss, where, private, kind, start, scope, more, servers
):
    client = browser(boss)
    given = {"name": kind, "client_id": "ours", "secret": "s", "tenant": "tidewall.example"}
    assert client.post(f"/mailboxes/providers/new/?kind={kind}", given).status_code == 302
    page = client.post(
        "/mailboxes/new/",
        {
            "name": "Office", "address": USER, "provider": Provider.objects.get().pk, "host": "", "port": "993",
            "security": "tls", "username": USER, "folder": "INBOX", "since": "2024-01-01", "project": where.pk,
            "confidentiality": 1, "smtp_host": "", "smtp_port": "587", "smtp_security": "starttls",
        },
    )  # fmt: skip
    box = Mailbox.objects.unscoped("test").get()
    assert (
        box.host, box.port, box.security, box.smtp_host, box.smtp_port, box.smtp_security,
    ) == servers  # fmt: skip
    asked = parse_qs(urlsplit(page.context["url"]).query)
    assert page.context["url"].startswith(start) and asked["scope"] == [scope]
    assert more.items() <= asked.items() and asked["login_hint"] == [USER]


@pytest.mark.parametrize("tenant", ["", "../common", "a/b", "x?y"])
def test_a_tenant_is_a_name_and_nothing_else(boss, tenant):
    with pytest.raises(services.MailboxError) as caught:
        services.save_provider(boss, None, services.ProviderDraft("M", "microsoft", "x", "y", tenant=tenant))
    assert caught.value.field == "tenant"
