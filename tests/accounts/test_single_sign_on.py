"""Signing in through a sign-in service: against a real OpenID Connect provider that runs beside the test."""

from __future__ import annotations

import dataclasses
import logging
import socket
import warnings
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client

from enishi.accounts import services
from enishi.accounts.access import Level, Via
from enishi.accounts.models import Grant, SignIn, SignInService, User
from enishi.accounts.queries import actor as actor_of
from enishi.accounts.services import AccountError, BeyondOwnRights, check_issuer, save_service
from enishi.core import outside
from enishi.core.outside import ForbiddenAddress
from enishi.timeline.models import Entry
from factories import PASSWORD, SYSTEM, agent, grant, manager, project, role, user

with warnings.catch_warnings():
    # It asks for its warnings to be always shown when it is imported.
    import authlib.deprecate  # noqa: F401

    warnings.simplefilter("ignore")
    import oidc_provider_mock

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PEOPLE = {
    "aoi": {"email": "aoi@kazami.example", "email_verified": True, "name": "Aoi Tachibana"},
    "unverified": {"email": "rui@kazami.example", "name": "Rui Tanase"},
    "without": {"name": "No Address"},
    "stranger": {"email": "x@elsewhere.example", "email_verified": True, "name": "X"},
}


@pytest.fixture(autouse=True)
def _alone(settings):
    cache.clear()
    settings.ENV = dataclasses.replace(django_settings.ENV, private_services=True)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    people = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with (
        pytest.MonkeyPatch.context() as patch,
        oidc_provider_mock.run_server_in_thread(user_claims=people) as server,
    ):
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        yield f"http://localhost:{server.server_port}"


def _service(issuer: str, **values) -> SignInService:
    given = {
        "name": "Kazami sign-in",
        "issuer": issuer,
        "client_id": "enishi",
        "secret": "s3cret-of-the-client",
    }
    return save_service(SYSTEM, **{**given, **values})


def _at_the_service(client: Client, slug: str, sub: str, **data: str) -> str:
    """Press the button, be somebody at the service, and give the address it sends the browser back to."""
    page = client.post(f"/account/oidc/{slug}/login/", data)
    assert page.status_code == 200
    back = requests.post(page.context["url"], data={"sub": sub}, allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    return back.headers["Location"].removeprefix("http://testserver")


def _sign_in(client: Client, slug: str, sub: str, **data: str):
    return client.get(_at_the_service(client, slug, sub, **data))


def _who(client: Client) -> int | None:
    value = client.session.get("_auth_user_id")
    return int(value) if value else None


def test_somebody_new_gets_an_account_with_the_default_role(client, issuer):
    where, reader = project(), role("Reader", ["contacts.view"])
    service = _service(issuer, create_accounts=True, default_role=reader, default_project=where)
    answer = _sign_in(client, service.slug, "aoi", next="/projects/")
    assert answer["Location"] == "/projects/"
    made = User.objects.get(email="aoi@kazami.example")
    assert _who(client) == made.pk
    assert (made.name, made.has_usable_password()) == ("Aoi Tachibana", False)
    assert [(g.role, g.project) for g in Grant.objects.filter(user=made)] == [(reader, where)]
    assert SocialAccount.objects.get().extra_data == {"sub": "aoi", "email": made.email, "name": made.name}
    assert not SocialToken.objects.exists(), "what the service hands out is not kept"
    entry = Entry.objects.unscoped("test").get(event="accounts.signed_in")
    assert entry.data["methods"] == ["socialaccount"]
    again = Client()
    assert _sign_in(again, service.slug, "aoi")["Location"] == "/"
    assert _who(again) == made.pk
    assert User.objects.filter(email="aoi@kazami.example").count() == 1


def test_the_door_has_its_button_and_leads_there_by_a_page_of_ours(client, issuer):
    service = _service(issuer)
    assert "Sign in with Kazami sign-in" in client.get("/account/login/?next=/projects/").content.decode()
    page = client.post(f"/account/oidc/{service.slug}/login/")
    asked = parse_qs(urlsplit(page.context["url"]).query)
    assert page.context["url"].startswith(issuer)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://testserver/account/oidc/{service.slug}/login/callback/"]
    assert 'http-equiv="refresh"' in page.content.decode()
    assert "s3cret" not in page.content.decode()
    save_service(SYSTEM, service, issuer=issuer, active=False)
    assert "Kazami" not in client.get("/account/login/").content.decode()
    assert client.post(f"/account/oidc/{service.slug}/login/").status_code == 404


def test_a_form_of_another_site_starts_nothing(issuer):
    service = _service(issuer)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"/account/oidc/{service.slug}/login/").status_code == 403
    assert "Go on to" not in strict.get(f"/account/oidc/{service.slug}/login/").content.decode()


@pytest.mark.parametrize(
    ("sub", "values", "words"),
    [
        ("without", {}, "Kazami sign-in told no e-mail address."),
        ("unverified", {}, "has not checked that rui@kazami.example is yours"),
        ("stranger", {"domains": ["kazami.example"]}, "Addresses like x@elsewhere.example are not let in"),
        ("aoi", {"create_accounts": False}, "Nobody signs in here with aoi@kazami.example yet."),
    ],
)
def test_who_is_not_let_in_is_told_why(client, issuer, sub, values, words):
    service = _service(issuer, **{"create_accounts": True, **values})
    answer = _sign_in(client, service.slug, sub)
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert _who(client) is None
    assert not SocialAccount.objects.exists()
    assert SignIn.objects.get().outcome == "refused"


def test_a_service_that_vouches_needs_not_say_that_it_checked(client, issuer):
    service = _service(issuer, create_accounts=True, vouches=True)
    assert _sign_in(client, service.slug, "unverified").status_code == 302
    assert User.objects.get(pk=_who(client)).email == "rui@kazami.example"


def test_an_account_that_is_there_is_tied_only_after_its_password(client, issuer):
    service = _service(issuer, create_accounts=True)
    who = user("Aoi", email="aoi@kazami.example")
    assert _sign_in(client, service.slug, "aoi")["Location"] == "/account/login/"
    assert _who(client) is None
    assert not SocialAccount.objects.exists()
    assert "Sign in to it once as usual" in client.get("/account/login/").content.decode()
    client.post("/account/login/", {"login": who.email, "password": PASSWORD})
    assert _who(client) == who.pk
    assert SocialAccount.objects.get().user == who
    later = Client()
    _sign_in(later, service.slug, "aoi")
    assert _who(later) == who.pk


def test_a_wrong_password_and_another_account_tie_nothing(client, issuer):
    service = _service(issuer, create_accounts=True)
    owner, other = user(email="aoi@kazami.example"), user()
    _sign_in(client, service.slug, "aoi")
    client.post("/account/login/", {"login": owner.email, "password": "wrong password"})
    client.post("/account/login/", {"login": other.email, "password": PASSWORD})
    assert _who(client) == other.pk
    client.logout()
    client.post("/account/login/", {"login": owner.email, "password": PASSWORD})
    assert not SocialAccount.objects.exists()


def test_the_wait_for_the_password_ends(client, issuer, monkeypatch):
    service = _service(issuer)
    who = user(email="aoi@kazami.example")
    _sign_in(client, service.slug, "aoi")
    session = client.session
    session["pending_tie"] = {**session["pending_tie"], "until": 1}
    session.save()
    client.post("/account/login/", {"login": who.email, "password": PASSWORD})
    assert not SocialAccount.objects.exists()


def test_a_second_factor_is_still_asked(client, issuer):
    service = _service(issuer, create_accounts=True)
    _sign_in(client, service.slug, "aoi")
    who = User.objects.get(email="aoi@kazami.example")
    totp.TOTP.activate(who, totp.generate_totp_secret())
    later = Client()
    assert _sign_in(later, service.slug, "aoi")["Location"] == "/account/2fa/authenticate/"
    assert _who(later) is None


def test_somebody_switched_off_stays_out(client, issuer):
    manager()
    service = _service(issuer, create_accounts=True)
    _sign_in(client, service.slug, "aoi")
    services.change_user(SYSTEM, User.objects.get(email="aoi@kazami.example"), is_active=False)
    later = Client()
    _sign_in(later, service.slug, "aoi")
    assert _who(later) is None


def test_going_back_before_being_let_in(client, issuer):
    service = _service(issuer)
    page = client.post(f"/account/oidc/{service.slug}/login/")
    state = parse_qs(urlsplit(page.context["url"]).query)["state"][0]
    answer = client.get(f"/account/oidc/{service.slug}/login/callback/?error=access_denied&state={state}")
    assert "You went back before Kazami sign-in had let you in." in answer.content.decode()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(issuer):
    """The way of an attacker who sends a victim their own answer, or one that was used before."""
    service = _service(issuer, create_accounts=True)
    attacker, victim = Client(), Client()
    back = _at_the_service(attacker, service.slug, "aoi")
    assert victim.get(back).status_code == 403
    assert _who(victim) is None
    attacker.get(back)
    attacker.logout()
    assert attacker.get(back).status_code == 403
    assert _who(attacker) is None


def test_nobody_ties_by_an_address_what_they_have_not_shown_to_be_theirs(client, issuer):
    """``process=connect`` of allauth would tie whoever is signed in; it is not in use."""
    service = _service(issuer, create_accounts=True)
    client.force_login(user())
    assert _sign_in(client, service.slug, "aoi", process="connect").status_code == 403
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(client, issuer, address):
    service = _service(issuer, create_accounts=True)
    assert "evil" not in _sign_in(client, service.slug, "aoi", next=address)["Location"]


def test_a_service_that_does_not_answer_is_told_in_words(client, issuer):
    service = _service(issuer)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        SignInService.objects.update(issuer=f"http://localhost:{free.getsockname()[1]}")
    answer = client.post(f"/account/oidc/{service.slug}/login/")
    assert answer.status_code == 403
    assert "does not answer" in answer.content.decode()


def test_the_secret_is_kept_encrypted_and_never_shown(client, issuer):
    service = _service(issuer)
    assert "s3cret" not in service.sealed_secret
    assert services.secret_of(service) == "s3cret-of-the-client"
    client.force_login(User.objects.get(pk=manager().user_id))
    assert "s3cret" not in client.get(f"/settings/services/{service.pk}/").content.decode()
    assert "s3cret" not in str([vars(e) for e in Entry.objects.unscoped("test")])
    save_service(SYSTEM, service, issuer=issuer, name="Other")
    assert services.secret_of(service) == "s3cret-of-the-client"


def test_a_secret_sealed_with_a_lost_key_leaves_the_door_open(client, issuer):
    service = _service(issuer)
    SignInService.objects.update(sealed_secret="nothing that can be opened")
    assert "Sign in with Kazami sign-in" in client.get("/account/login/").content.decode()
    service.refresh_from_db()
    assert services.secret_of(service) == ""


def test_another_issuer_is_another_set_of_people(client, issuer):
    service = _service(issuer, create_accounts=True)
    _sign_in(client, service.slug, "aoi")
    assert SocialAccount.objects.count() == 1
    other = issuer.replace("localhost", "127.0.0.1")
    save_service(SYSTEM, service, issuer=other)
    assert not SocialAccount.objects.exists()


def test_the_issuer_must_be_what_the_service_calls_itself(issuer, monkeypatch):
    check_issuer(issuer)
    with pytest.raises(AccountError, match="Nothing that can be used was found"):
        check_issuer(issuer + "/nothing-here")


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1", "https://localhost:5432", "https://10.1.2.3", "https://169.254.169.254/latest",
        "https://[::1]", "https://[::ffff:10.0.0.1]", "https://[64:ff9b::a00:1]", "https://0.0.0.0",
        "https://192.168.1.1", "https://2130706433", "https://224.0.0.1", "http://8.8.8.8", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_no_address_of_our_own_network_is_asked(settings, address):
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    with pytest.raises(AccountError):
        check_issuer(address)
    with outside.session() as session, pytest.raises(requests.RequestException):
        session.get(address)


def test_a_name_that_leads_inside_is_refused_at_the_moment_of_connecting(settings, monkeypatch):
    """A name that is harmless when it is checked and private when it is asked."""
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with outside.session() as session, pytest.raises(requests.ConnectionError):
        session.get("https://rebound.example/")


def test_a_public_name_with_one_private_address_is_refused(settings, monkeypatch):
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with outside.session() as session, pytest.raises(ForbiddenAddress):
        session.get("https://mixed.example/")


FORM = {"name": "Kazami sign-in", "client_id": "enishi", "secret": "s", "active": "on"}


def test_a_service_is_set_up_by_its_page(client, issuer):
    client.force_login(User.objects.get(pk=manager().user_id))
    made = client.post(
        "/settings/services/new/", {**FORM, "issuer": issuer, "domains": "@Kazami.example, tidewall.example"}
    )
    service = SignInService.objects.get()
    assert made["Location"] == f"/settings/services/{service.pk}/"
    assert service.domains == ["kazami.example", "tidewall.example"]
    page = client.get(made["Location"]).content.decode()
    assert f"/account/oidc/{service.slug}/login/callback/" in page
    assert "Kazami sign-in" in client.get("/settings/services/").content.decode()
    refused = client.post("/settings/services/new/", {**FORM, "issuer": issuer, "domains": "no domain"})
    assert "Write domains such as example.org" in refused.content.decode()
    wrong = client.post(f"/settings/services/{service.pk}/", {**FORM, "issuer": issuer + "/x"})
    assert "Check the issuer" in wrong.content.decode()
    service.refresh_from_db()
    assert service.issuer == issuer
    client.post(f"/settings/services/{service.pk}/remove/")
    assert not SignInService.objects.exists()


def test_the_role_of_new_accounts_is_never_more_than_ones_own(issuer):
    desk = user()
    grant(desk, None, role(codes=["accounts.manage"], clearance=Level.INTERNAL))
    with pytest.raises(BeyondOwnRights):
        save_service(
            actor_of(desk, via=Via.WEB),
            name="Mine", issuer=issuer, client_id="x", secret="x", create_accounts=True, default_role=role(),
        )  # fmt: skip
    assert not SignInService.objects.exists()


def test_only_those_who_manage_people_set_services_up(client, issuer):
    service = _service(issuer)
    client.force_login(User.objects.get(pk=agent(project()).user_id))
    for path in ("/settings/services/", "/settings/services/new/", f"/settings/services/{service.pk}/"):
        assert client.get(path).status_code == 403
    assert client.post(f"/settings/services/{service.pk}/remove/").status_code == 403


def test_ones_own_tie_is_removed_only_while_a_password_is_left(client, issuer):
    service = _service(issuer, create_accounts=True)
    _sign_in(client, service.slug, "aoi")
    tie = SocialAccount.objects.get()
    assert "aoi@kazami.example" in client.get("/settings/sign-ins/").content.decode()
    told = client.post(f"/settings/sign-ins/ties/{tie.pk}/remove/", follow=True).content.decode()
    assert "You could not sign in any more." in told
    who = User.objects.get(pk=tie.user_id)
    who.set_password(PASSWORD)
    who.save()
    client.force_login(who)
    client.post(f"/settings/sign-ins/ties/{tie.pk}/remove/")
    assert not SocialAccount.objects.exists()


def test_nobody_removes_the_tie_of_somebody_else(client, issuer):
    tie = SocialAccount.objects.create(user=user(), provider="x", uid="1")
    client.force_login(user())
    assert client.post(f"/settings/sign-ins/ties/{tie.pk}/remove/").status_code == 404
    assert client.post(f"/settings/people/{tie.user_id}/ties/{tie.pk}/remove/").status_code == 403
    client.force_login(User.objects.get(pk=manager().user_id))
    assert client.post(f"/settings/people/{user().pk}/ties/{tie.pk}/remove/").status_code == 404
    assert client.post(f"/settings/people/{tie.user_id}/ties/{tie.pk}/remove/").status_code == 302
    assert not SocialAccount.objects.exists()
