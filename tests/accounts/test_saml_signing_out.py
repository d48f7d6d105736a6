"""Single logout: begun here, and begun at the service."""

from __future__ import annotations

import base64
import copy
import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from lxml import etree
from signxml import XMLVerifier, algorithms

from accounts.saml_sealing import SHA1, certificate, is_signed, query
from accounts.saml_service import NS, A, P, Service
from accounts.saml_steps import BASE, asked, send, set_up, sign_in, who
from enishi.accounts import services
from enishi.accounts.models import ServiceSession, SignInService, User
from enishi.core import clock
from enishi.timeline.models import Entry
from factories import PASSWORD, user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
REFUSED = "This message about signing out cannot be trusted or has run out, so no session was ended."


def _leave(service: SignInService) -> str:
    return f"/account/saml/{service.slug}/leave/"


def _tell(idp: Service, service: SignInService, how: str = "Redirect", **said: Any):
    """The service says that somebody left; by a browser of which we know nothing."""
    key, to = said.pop("key", idp.key), said.pop("to", BASE + _leave(service))
    sign, algorithm = said.pop("sign", True), said.pop("algorithm", None)
    kind, relay = said.pop("kind", "LogoutRequest"), said.pop("relay", "")
    field = "SAMLRequest" if kind == "LogoutRequest" else "SAMLResponse"
    xml = idp.message(kind, to, **said)
    browser = Client(enforce_csrf_checks=True)
    if how == "Redirect":
        more = {"algorithm": algorithm} if algorithm else {}
        signed = query(field, xml, key.key, relay=relay, sign=sign, **more)
        return browser.get(f"{_leave(service)}?{signed}")
    more = {"algorithm": algorithms.SignatureMethod.RSA_SHA1, "digest": algorithms.DigestAlgorithm.SHA1}
    tree = idp.signed_form(xml, key, **(more if algorithm else {})) if sign else etree.fromstring(xml)
    return _post(browser, service, tree, field, relay)


def _post(
    browser: Client, service: SignInService, tree: etree._Element, field: str = "SAMLRequest", relay=""
):
    packed = base64.b64encode(etree.tostring(tree)).decode()
    return browser.post(_leave(service), {field: packed, "RelayState": relay})


def _in(idp: Service, service: SignInService, **said: Any) -> Client:
    browser = Client()
    asked(browser, service)
    assert send(browser, service, idp.answer(**said)).status_code == 302
    assert who(browser)
    return browser


def _is_in(browser: Client) -> bool:
    return browser.get("/settings/account/").status_code == 200


def _no_session_ended(answer, *browsers: Client) -> None:
    assert answer.status_code == 403
    assert REFUSED in answer.content.decode()
    assert all(_is_in(browser) for browser in browsers)


@pytest.mark.parametrize("how", ["Redirect", "POST"])
def test_the_service_ends_exactly_the_sessions_it_names(idp, how):
    service = set_up(idp)
    here, same = _in(idp, service, number="_a"), _in(idp, service, number="_a")
    phone, other = _in(idp, service, number="_b"), _in(idp, service, uid="9a01", number="_a",
        attributes={"mail": "rui@kazami.example"})  # fmt: skip
    made = User.objects.get(email="aoi@kazami.example")
    by_password = Client()
    by_password.force_login(made)
    told = _tell(idp, service, how, numbers=["_a"], relay="state 1&2")
    assert told.status_code == 302
    assert [_is_in(one) for one in (here, same, phone, other, by_password)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    entry = Entry.objects.unscoped("test").get(event="accounts.sessions_ended")
    assert (entry.subject_id, entry.data) == (made.pk, {"sessions": 2, "service": service.slug})
    assert ServiceSession.objects.count() == 2
    assert _tell(idp, service, how, numbers=["_b", "_c"]).status_code == 302
    assert not _is_in(phone) and _is_in(other) and _is_in(by_password)


def test_without_a_number_all_that_it_began_for_somebody_ends(idp):
    service, second = set_up(idp), set_up(idp, name="Second")
    here, phone = _in(idp, service, number="_a"), _in(idp, service, number=None)
    elsewhere = _in(idp, second, uid="7f3c", attributes={"mail": "rui@kazami.example"})
    assert _tell(idp, service, numbers=[]).status_code == 302
    assert [_is_in(one) for one in (here, phone, elsewhere)] == [False, False, True]
    assert UserSession.objects.count() == Session.objects.filter(expire_date__gt=clock.now()).count() == 1


def test_it_is_told_that_it_was_done_by_an_address(idp):
    service = set_up(idp)
    _in(idp, service)
    told = _tell(idp, service, id="_asked", relay="state 1&2")
    requests.get(told["Location"], timeout=10)
    assert idp.left["path"] == "/slo/done" and idp.left["RelayState"] == "state 1&2"
    tree = idp.left["tree"]
    assert (tree.tag, tree.get("InResponseTo")) == (f"{{{P}}}LogoutResponse", "_asked")
    assert tree.get("Destination") == f"{idp.address}/slo/done"
    assert tree.findtext(f"{{{A}}}Issuer") == f"{BASE}/account/saml/{service.slug}/metadata/"
    assert tree.find(f"{{{P}}}Status/{{{P}}}StatusCode").get("Value") == f"{STATUS}Success"
    assert is_signed(idp.left["query"], services.our_pairs(service)[0].certificate)


def test_it_is_told_that_it_was_done_by_a_form(idp):
    idp.leaves_by = ("POST",)
    service = set_up(idp)
    _in(idp, service)
    page = _tell(idp, service, "POST", id="_asked", relay="<state>")
    assert f"form-action 'self' {idp.address};" in page["Content-Security-Policy"]
    message = page.context["message"]
    assert message.url == f"{idp.address}/slo/done" and "data-go-on" in page.content.decode()
    requests.post(message.url, message.fields, timeout=10)
    assert (idp.left["method"], idp.left["RelayState"]) == ("POST", "<state>")
    key = certificate(services.our_pairs(service)[0].certificate)
    signed = XMLVerifier().verify(idp.left["tree"], x509_cert=key).signed_xml
    assert signed.get("InResponseTo") == "_asked"


@pytest.mark.parametrize("how", ["Redirect", "POST"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": False},
        {"algorithm": SHA1},
        {"seconds": -600},
        {"seconds": 600},
        {"until": "2026-01-01T00:00:00Z"},
        {"to": ""},
        {"to": "https://elsewhere.example/leave/"},
        {"to": f"{BASE}/account/saml/kazami-sign-in/leave/?x=1"},
        {"issuer": "https://elsewhere.example/idp"},
        {"qualifier": "https://elsewhere.example/metadata"},
    ],
)
def test_what_is_not_signed_for_us_and_of_now_ends_no_session(idp, how, wrong):
    service = set_up(idp)
    browser = _in(idp, service)
    _no_session_ended(_tell(idp, service, how, **wrong), browser)
    assert not Entry.objects.unscoped("test").filter(event="accounts.sessions_ended").exists()


@pytest.mark.parametrize("how", ["Redirect", "POST"])
def test_somebody_else_ends_no_session(idp, stranger, how):
    service = set_up(idp)
    browser = _in(idp, service)
    _no_session_ended(_tell(idp, service, how, key=stranger), browser)
    other = set_up(idp, name="Other", metadata_url="", metadata=idp.metadata(stranger), issuer="")
    _no_session_ended(_tell(idp, other, how, to=BASE + _leave(service), key=stranger), browser)
    assert _tell(idp, other, how, key=stranger).status_code == 302
    assert _is_in(browser), "a service ends only what it began itself"


@pytest.mark.parametrize("how", ["Redirect", "POST"])
def test_what_was_said_counts_once(idp, how):
    service = set_up(idp)
    _in(idp, service)
    assert _tell(idp, service, how, id="_once").status_code == 302
    again = _in(idp, service)
    answer = _tell(idp, service, how, id="_once")
    assert answer.status_code == 403 and "This was used already." in answer.content.decode()
    assert _is_in(again)


def test_what_was_changed_after_signing_ends_no_session(idp):
    service = set_up(idp)
    browser = _in(idp, service)
    address = BASE + _leave(service)
    signed = query("SAMLRequest", idp.message("LogoutRequest", address, uid="other"), idp.key.key, relay="a")
    meant = query("SAMLRequest", idp.message("LogoutRequest", address), idp.key.key, relay="a")
    message, signature = meant.partition("&Signature=")[0], signed.partition("&Signature=")[2]
    bare = meant.partition("&")[0]
    for changed in (
        f"{message}&Signature={signature}",
        meant.replace("RelayState=a", "RelayState=b"),
        f"{meant}&{bare}",
        f"{bare}&{signed}",
        meant.partition("&Signature=")[0],
        meant[:-40],
    ):
        _no_session_ended(Client().get(f"{_leave(service)}?{changed}"), browser)
    tree = idp.signed_form(idp.message("LogoutRequest", address, uid="other"))
    tree.find("a:NameID", NS).text = "7f3c"
    _no_session_ended(_post(Client(), service, tree), browser)


def test_a_signed_word_wrapped_in_a_forged_one_ends_no_session(idp):
    service = set_up(idp)
    browser = _in(idp, service)
    address = BASE + _leave(service)
    for place in ("extension", "object", "same number", "moved"):
        signed = idp.signed_form(idp.message("LogoutRequest", address, uid="other"))
        forged = copy.deepcopy(signed)
        forged.find("a:NameID", NS).text = "7f3c"
        mark = forged.find("ds:Signature", NS)
        if place != "same number":
            forged.set("ID", "_forged")
        if place == "object":
            etree.SubElement(mark, f"{{{NS['ds']}}}Object").append(signed)
        else:
            extension = etree.Element(f"{{{P}}}Extensions")
            extension.append(signed)
            forged.insert(1, extension)
            if place == "extension":
                forged.remove(mark)
            elif place == "moved":
                signed.remove(signed.find("ds:Signature", NS))
        _no_session_ended(_post(Client(), service, forged), browser)


@pytest.mark.parametrize(
    "packed", [b"", b"no xml", b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>', b"\0" * 9]
)
def test_documents_that_are_meant_to_harm_are_not_read(idp, packed):
    service = set_up(idp)
    browser = _in(idp, service)
    form = {"SAMLRequest": base64.b64encode(packed).decode()}
    _no_session_ended(Client().post(_leave(service), form), browser)
    _no_session_ended(Client().get(f"{_leave(service)}?{query('SAMLRequest', packed, idp.key.key)}"), browser)
    _no_session_ended(Client().get(_leave(service)), browser)
    large = query("SAMLRequest", b"<x>" + b" " * 500_000 + b"</x>", idp.key.key)
    _no_session_ended(Client().get(f"{_leave(service)}?{large}"), browser)


@pytest.mark.parametrize("how", ["Redirect", "POST"])
def test_a_name_may_be_encrypted_for_us(idp, stranger, how):
    service = set_up(idp)
    browser = _in(idp, service)
    seal = services.our_pairs(service)[0].certificate
    _no_session_ended(_tell(idp, service, how, seal=stranger.bare), browser)
    assert _tell(idp, service, how, seal=seal).status_code == 302
    assert not _is_in(browser)


def test_signing_out_here_signs_out_there(idp):
    service = set_up(idp)
    browser = _in(idp, service, number="_a&<b>")
    page = browser.post("/account/logout/")
    assert not _is_in(browser), "it is done here before the service is asked"
    assert "You are signed out of Enishi." in page.content.decode()
    requests.get(page.context["message"].url, timeout=10)
    tree = idp.left["tree"]
    assert (idp.left["path"], tree.tag) == ("/slo", f"{{{P}}}LogoutRequest")
    assert tree.get("Destination") == f"{idp.address}/slo"
    name = tree.find(f"{{{A}}}NameID")
    assert (name.text, name.get("Format").rpartition(":")[2]) == ("7f3c", "persistent")
    assert tree.findtext(f"{{{P}}}SessionIndex") == "_a&<b>"
    assert is_signed(idp.left["query"], services.our_pairs(service)[0].certificate)
    done = _tell(
        idp, service, kind="LogoutResponse", in_response_to=tree.get("ID"), status=f"{STATUS}Success"
    )
    assert done["Location"] == "/account/login/"


def test_signing_out_there_by_a_form(client, idp):
    idp.leaves_by = ("POST",)
    service = set_up(idp)
    sign_in(client, service)
    page = client.post("/account/logout/")
    message = page.context["message"]
    assert f"form-action 'self' {idp.address};" in page["Content-Security-Policy"]
    requests.post(message.url, message.fields, timeout=10)
    key = certificate(services.our_pairs(service)[0].certificate)
    assert XMLVerifier().verify(idp.left["tree"], x509_cert=key).signed_xml.tag == f"{{{P}}}LogoutRequest"
    number = idp.left["tree"].get("ID")
    answer = {"kind": "LogoutResponse", "in_response_to": number, "status": f"{STATUS}Responder"}
    browser = Client()
    assert _tell(idp, service, "POST", **answer).status_code == 302
    signed = query("SAMLResponse", idp.message(to=BASE + _leave(service), **answer), idp.key.key)
    page = browser.get(f"{_leave(service)}?{signed}", follow=True)
    assert "says that you may still be signed in elsewhere" in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": False},
        {"in_response_to": "_somebody"},
        {"in_response_to": None},
        {"seconds": -600},
        {"to": "https://elsewhere.example/"},
    ],
)
def test_an_answer_that_is_not_to_us_is_not_believed(client, idp, wrong):
    service = set_up(idp)
    sign_in(client, service)
    page = client.post("/account/logout/")
    packed = parse_qs(urlsplit(page.context["message"].url).query)["SAMLRequest"][0]
    idp.hear("GET", "/slo", f"SAMLRequest={packed.replace('+', '%2B')}")
    other = _in(idp, service)
    right = {"in_response_to": idp.left["tree"].get("ID"), "status": f"{STATUS}Success"}
    _no_session_ended(_tell(idp, service, kind="LogoutResponse", **{**right, **wrong}), other)
    assert _tell(idp, service, kind="LogoutResponse", **right).status_code == 302


def test_nobody_is_asked_who_did_not_begin_the_session_or_is_not_to_be_asked(client, idp):
    service = set_up(idp, signs_out=False)
    assert client.post("/account/logout/")["Location"] == "/account/login/"
    sign_in(client, service)
    assert client.get("/account/logout/").status_code == 200 and _is_in(client)
    assert client.post("/account/logout/")["Location"] == "/account/login/"
    assert not _is_in(client)
    made = user("Rui")
    client.post("/account/login/", {"login": made.email, "password": PASSWORD})
    assert client.post("/account/logout/")["Location"] == "/account/login/"
    idp.leaves_by = ()
    silent = set_up(idp, name="Silent")
    rui = {"uid": "9a01", "attributes": {"mail": "sol@kazami.example"}}
    browser = _in(idp, silent, **rui)
    assert browser.post("/account/logout/")["Location"] == "/account/login/"
    browser = _in(idp, silent, **rui)
    assert _tell(idp, silent, uid="9a01")["Location"] == "/account/login/"
    assert not _is_in(browser), "it has no address for our answer, and is heard all the same"


def test_a_new_password_keeps_the_tie_to_the_service(idp):
    service = set_up(idp)
    browser = _in(idp, service)
    made = User.objects.get(email="aoi@kazami.example")
    made.set_password(PASSWORD)
    made.save()
    browser = _in(idp, service, number="_after")
    fresh = "another-Long-one-72"
    key = browser.session.session_key
    browser.post(
        "/account/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    )
    assert browser.session.session_key != key and _is_in(browser)
    assert _tell(idp, service, numbers=["_after"]).status_code == 302
    assert not _is_in(browser)


def test_names_that_cannot_be_kept_sign_in_all_the_same(idp):
    service = set_up(idp)
    browser = _in(idp, service, number="_" * 300)
    assert not ServiceSession.objects.exists()
    assert browser.post("/account/logout/")["Location"] == "/account/login/"


def test_what_has_run_out_is_forgotten(idp):
    service = set_up(idp)
    _in(idp, service)
    services.forget_old_sessions()
    assert ServiceSession.objects.count() == 1
    Session.objects.update(expire_date=clock.now() - dt.timedelta(seconds=1))
    services.forget_old_sessions()
    assert not ServiceSession.objects.exists()


def test_addresses_for_signing_out_are_read_and_checked(idp, settings):
    service = set_up(idp)
    assert (service.sign_out_url, service.sign_out_by) == (f"{idp.address}/slo", "redirect")
    idp.describes = idp.metadata().replace(b"/slo", b"/bye")
    assert services.renew_saml_services() == 1
    service.refresh_from_db()
    assert service.sign_out_answer_url == f"{idp.address}/bye/done"
    for address in ("javascript:alert(1)", "https://idp.example; script-src *"):
        with pytest.raises(services.AccountError, match="does not begin with https"):
            set_up(idp, metadata_url="", active=False, sign_out_url=address)
