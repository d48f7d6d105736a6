"""The door: password, second factor, recovery codes, limits, and what the history keeps of it."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from enishi.accounts import services
from enishi.accounts.access import Via
from enishi.accounts.adapter import client_address
from enishi.accounts.models import User
from enishi.accounts.queries import actor as actor_of
from enishi.timeline.models import Entry
from factories import PASSWORD, SYSTEM, grant, manager, project, role, user

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


def _events(code: str) -> list[Entry]:
    return list(Entry.objects.unscoped("test").filter(event=f"accounts.{code}").order_by("id"))


def _sign_in(client, who: User, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"login": who.email, "password": password, **more})


def _confirm(client) -> None:
    """What changes how one signs in asks for the password once more."""
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def _second_factor(who: User) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(who, secret)
    return secret


def _code(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))


@pytest.mark.parametrize(
    "path", ["/", "/history/", "/settings/account/", "/settings/people/", "/projects/", "/notifications/"]
)
def test_a_stranger_is_led_to_the_door(client, path):
    answer = client.get(path + "?a=1&b=2")
    assert answer.status_code == 302
    assert answer["Location"] == f"{LOGIN}?next=" + path.replace("/", "%2F") + "%3Fa%3D1%26b%3D2"


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(client):
    answer = client.get("/notifications/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, LOGIN)


def test_the_door_names_nobody_and_offers_no_sign_up(client):
    project("Secret wind farm")
    user("Nadia Ferrant")
    text = client.get(LOGIN).content.decode()
    assert "Secret wind farm" not in text
    assert "Nadia" not in text
    assert "signup" not in text
    assert 'id="passkey_login"' in text
    closed = client.post(reverse("account_signup"), {"email": "a@b.example", "password1": PASSWORD})
    assert closed.status_code == 200
    assert "By invitation" in closed.content.decode()
    assert not User.objects.filter(email="a@b.example").exists()


def test_the_policy_allows_no_inline_code_and_the_page_has_none(client):
    answer = client.get(LOGIN)
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    for script in re.findall(r"<script\b[^>]*>", answer.content.decode()):
        assert "src=" in script or "application/json" in script


def test_signing_in_goes_on_where_one_was_and_is_recorded(client):
    who = user("Aoi Tachibana")
    answer = _sign_in(client, who, next="/projects/")
    assert answer["Location"] == "/projects/"
    (entry,) = _events("signed_in")
    assert (entry.subject_id, entry.actor_name, entry.data["methods"]) == (
        who.pk,
        "Aoi Tachibana",
        ["password"],
    )


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_never_leads_elsewhere(client, address):
    answer = _sign_in(client, user(), next=address)
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]


def test_a_wrong_password_and_an_unknown_address_answer_alike(client):
    who = user()
    wrong = _sign_in(client, who, "not the password").content.decode()
    unknown = client.post(
        LOGIN, {"login": "nobody@enishi.example", "password": "hunter2hunter2"}
    ).content.decode()
    assert _shape(wrong) == _shape(unknown)
    first, second = _events("sign_in_failed")
    assert (first.subject_type, first.subject_id) == ("accounts.user", who.pk)
    assert second.subject_type == "accounts.organisation"
    assert "nobody@" not in str(second.data)
    assert "hunter2" not in str(second.data)


def _shape(text: str) -> str:
    return re.sub(r'(value|content|X-CSRFToken)(=|": )"[^"]*"', "", text)


def test_tries_are_limited(client):
    who = user()
    for _ in range(5):
        _sign_in(client, who, "wrong password")
    answer = _sign_in(client, who)
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_code_of_the_app_is_asked_after_the_password(client):
    who = user()
    secret = _second_factor(who)
    assert _sign_in(client, who)["Location"] == "/account/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    refused = client.post("/account/2fa/authenticate/", {"code": "000000"})
    assert refused.status_code == 200
    assert "_auth_user_id" not in client.session
    assert _events("sign_in_failed")[0].data["step"] == "second"
    assert client.post("/account/2fa/authenticate/", {"code": _code(secret)})["Location"] == "/"
    assert client.session["_auth_user_id"] == str(who.pk)
    assert _events("signed_in")[0].data["methods"] == ["password", "totp"]


def test_a_recovery_code_works_once(client):
    who = user()
    _second_factor(who)
    code = RecoveryCodes.activate(who).generate_codes()[0]
    _sign_in(client, who)
    assert client.post("/account/2fa/authenticate/", {"code": code})["Location"] == "/"
    client.logout()
    _sign_in(client, who)
    again = client.post("/account/2fa/authenticate/", {"code": code})
    assert again.status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_secret_of_an_app_is_kept_encrypted():
    who = user()
    secret = _second_factor(who)
    stored = Authenticator.objects.get(user=who)
    assert secret not in str(stored.data)
    assert stored.wrap().validate_code(_code(secret))


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_app_by_its_pages(client):
    who = user()
    _sign_in(client, who)
    assert client.get("/account/2fa/totp/activate/")["Location"].startswith("/account/reauthenticate/")
    _confirm(client)
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert client.post("/account/2fa/totp/activate/", {"code": _code(secret)}).status_code == 302
    assert [(e.data["kind"], e.data["what"]) for e in _events("second_factor_changed")] == [
        ("totp", "added"),
        ("recovery_codes", "added"),
    ]
    assert "Authenticator app switched on" in [sent.subject for sent in mail.outbox]


@pytest.mark.parametrize(
    "path",
    [
        "/account/password/change/",
        "/account/2fa/",
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/",
        "/account/2fa/webauthn/add/",
        "/account/sessions/",
        "/account/logout/",
    ],
)
def test_own_pages_of_signing_in(client, path):
    _sign_in(client, user())
    _confirm(client)
    answer = client.get(path)
    assert answer.status_code == 200
    assert "<h1" in answer.content.decode()


def test_recovery_codes_are_shown_made_anew_and_saved(client):
    who = user()
    _second_factor(who)
    codes = RecoveryCodes.activate(who).generate_codes()
    _sign_in(client, who)
    client.post("/account/2fa/authenticate/", {"code": codes[0]})
    _confirm(client)
    shown = client.get("/account/2fa/recovery-codes/").content.decode()
    assert codes[0] not in shown
    assert codes[1] in shown
    assert codes[1] in client.get("/account/2fa/recovery-codes/download/").content.decode()
    client.post("/account/2fa/recovery-codes/generate/")
    assert codes[1] not in client.get("/account/2fa/recovery-codes/").content.decode()


def test_somebody_switched_off_is_out_at_the_next_request(client):
    manager()
    who = user()
    client.force_login(who)
    assert client.get("/settings/account/").status_code == 200
    services.change_user(SYSTEM, who, is_active=False)
    assert client.get("/settings/account/")["Location"].startswith(LOGIN)
    refused = _sign_in(client, who)
    assert "_auth_user_id" not in client.session
    assert refused.status_code in {200, 302}


def test_where_a_second_factor_is_required_one_is_led_to_it(client):
    who = user()
    services.change_settings(SYSTEM, name="Kazami Institute", require_second_factor=True)
    client.force_login(who)
    assert client.get("/settings/account/")["Location"] == "/account/2fa/"
    assert client.get("/notifications/", headers={"HX-Request": "true"})["HX-Redirect"] == "/account/2fa/"
    assert "asks for a second factor" in client.get("/account/2fa/").content.decode()
    _second_factor(who)
    assert client.get("/settings/account/").status_code == 200


def test_the_last_second_factor_stays_where_one_is_required(client):
    who = user()
    secret = _second_factor(who)
    services.change_settings(SYSTEM, name="Kazami Institute", require_second_factor=True)
    _sign_in(client, who)
    client.post("/account/2fa/authenticate/", {"code": _code(secret)})
    _confirm(client)
    assert client.post("/account/2fa/totp/deactivate/").status_code == 200
    assert Authenticator.objects.filter(user=who, type="totp").exists()


def test_the_link_for_a_new_password_is_in_the_users_language_and_works_once(client):
    who = user("Aoi", language="en")
    client.post("/account/password/reset/", {"email": who.email})
    (sent,) = mail.outbox
    assert sent.to == [who.email]
    link = re.search(r"https?://[^\s]+", sent.body)[0]
    path = re.sub(r"^https?://[^/]+", "", link)
    form = client.get(path, follow=True)
    new = "a sentence to keep in mind"
    done = client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert done.status_code == 302
    who.refresh_from_db()
    assert who.check_password(new)
    assert len(_events("password_changed")) == 1
    client.session.flush()
    assert "no longer works" in client.get(path, follow=True).content.decode()


def test_a_request_for_an_unknown_address_answers_alike_and_sends_nothing(client):
    answer = client.post("/account/password/reset/", {"email": "nobody@enishi.example"})
    assert answer["Location"] == "/account/password/reset/done/"
    assert mail.outbox == []


def test_an_invitation_brings_a_link_that_sets_the_password(client):
    boss = user()
    grant(boss, None, role())
    made = services.create_user(
        actor_of(boss, via=Via.WEB), email="rui@enishi.example", name="Rui Tanase", language="en"
    )
    services.send_invitation(made.pk)
    (sent,) = mail.outbox
    assert "Rui Tanase" in sent.body
    path = re.sub(r"^https?://[^/]+", "", re.search(r"https?://[^\s]+", sent.body)[0])
    form = client.get(path, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    made.refresh_from_db()
    assert made.check_password(PASSWORD)


def test_nobody_switched_off_gets_an_invitation():
    made = user(is_active=False)
    services.send_invitation(made.pk)
    assert mail.outbox == []


def test_the_language_can_be_switched_at_the_door(client):
    client.post("/i18n/setlang/", {"language": "fa", "next": LOGIN})
    text = client.get(LOGIN).content.decode()
    assert 'lang="fa" dir="rtl"' in text


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        ("10.0.0.2", "not an address", "10.0.0.2"),
        ("", "", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(peer, forwarded, address):
    assert client_address(peer, forwarded, [ip_network("10.0.0.0/8")]) == address


def test_an_address_typed_with_capitals_signs_in(client):
    made = services.create_user(SYSTEM, email="Aoi.Tachibana@Enishi.Example", name="Aoi", password=PASSWORD)
    assert made.email == "aoi.tachibana@enishi.example"
    for typed in ("Aoi.Tachibana@Enishi.Example", made.email):
        assert client.post(LOGIN, {"login": typed, "password": PASSWORD})["Location"] == "/"
        client.logout()


def test_changing_an_address_ends_the_old_one(client):
    who = user(email="old@enishi.example")
    _sign_in(client, who)
    client.logout()
    services.change_user(SYSTEM, who, email="new@enishi.example")
    assert client.post(LOGIN, {"login": "old@enishi.example", "password": PASSWORD}).status_code == 200
    assert client.post(LOGIN, {"login": "new@enishi.example", "password": PASSWORD})["Location"] == "/"
