"""Signing in through a SAML service: against a real identity provider that runs beside the test."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from lxml import etree
from signxml import algorithms

from accounts.saml_service import NS
from accounts.saml_steps import BASE, NOT_TRUSTED, asked, nobody_came_in, send, set_up, sign_in, who
from enishi.accounts import services
from enishi.accounts.models import Grant, SignIn, SignInService, UsedAssertion, User
from enishi.accounts.saml import protocol
from enishi.accounts.services import AccountError, save_saml_service
from enishi.core import clock
from enishi.timeline.models import Entry
from factories import PASSWORD, SYSTEM, agent, manager, project, role, user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


def test_somebody_new_gets_an_account_with_the_default_role(client, idp):
    where, reader = project(), role("Reader", ["contacts.view"])
    service = set_up(idp, default_role=reader, default_project=where)
    answer = sign_in(client, service, next="/projects/")
    assert answer["Location"] == "/projects/"
    made = User.objects.get(email="aoi@kazami.example")
    assert who(client) == made.pk
    assert (made.name, made.has_usable_password()) == ("Aoi Tachibana", False)
    assert [(g.role, g.project) for g in Grant.objects.filter(user=made)] == [(reader, where)]
    tie = SocialAccount.objects.get()
    assert (tie.provider, tie.uid) == (service.slug, "7f3c")
    assert tie.extra_data == {"sub": "7f3c", "email": made.email, "name": made.name}
    entry = Entry.objects.unscoped("test").get(event="accounts.signed_in")
    assert entry.data["methods"] == ["socialaccount"]
    assert not Session.objects.filter(session_key=client.cookies["saml-handed"].value).exists()
    again = Client()
    assert sign_in(again, service)["Location"] == "/"
    assert who(again) == made.pk
    assert User.objects.filter(email="aoi@kazami.example").count() == 1


def test_the_question_says_who_asks_and_where_answers_go(client, idp):
    service = set_up(idp)
    asked(client, service)
    assert idp.asked["issuer"] == f"{BASE}/account/saml/{service.slug}/metadata/"
    assert idp.asked["acs"] == f"{BASE}/account/saml/{service.slug}/answer/"
    assert idp.asked["destination"] == f"{idp.address}/sso?tenant=kazami&x=1"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sign": "nothing"}, NOT_TRUSTED),
        ({"sign": "response"}, NOT_TRUSTED),
        ({"audience": "https://elsewhere.example/metadata"}, NOT_TRUSTED),
        ({"audience": None}, NOT_TRUSTED),
        ({"recipient": "https://elsewhere.example/acs"}, NOT_TRUSTED),
        ({"recipient": None}, NOT_TRUSTED),
        ({"destination": "https://elsewhere.example/acs"}, NOT_TRUSTED),
        ({"issuer": "https://elsewhere.example/idp"}, NOT_TRUSTED),
        ({"seconds": None}, NOT_TRUSTED),
        ({"confirmed_for": None}, "sent you here without being asked"),
        ({"confirmed_for": None, "in_response_to": None}, "sent you here without being asked"),
        ({"confirmed_for": "ONELOGIN_of_somebody_else"}, NOT_TRUSTED),
        ({"seconds": -3600, "begins": -7200}, "is too old or not valid yet"),
        ({"begins": 3600, "seconds": 7200}, "is too old or not valid yet"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "has not let you in"),
        (
            {"uid": "_x", "uid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"},
            "by another name each time",
        ),
    ],
)
def test_an_answer_that_is_not_signed_for_us_and_for_now_lets_nobody_in(client, idp, wrong, words):
    service = set_up(idp)
    asked(client, service)
    nobody_came_in(client, send(client, service, idp.answer(**wrong)), words)


def test_a_signature_by_somebody_else_lets_nobody_in(client, idp, stranger):
    service = set_up(idp)
    asked(client, service)
    nobody_came_in(client, send(client, service, idp.answer(key=stranger)))


def test_a_signature_of_a_broken_kind_lets_nobody_in(client, idp):
    service = set_up(idp)
    asked(client, service)
    old = idp.answer(algorithm=algorithms.SignatureMethod.RSA_SHA1, digest=algorithms.DigestAlgorithm.SHA1)
    nobody_came_in(client, send(client, service, old))


def test_what_was_changed_after_signing_lets_nobody_in(client, idp):
    service = set_up(idp)
    asked(client, service)
    changed = idp.answer().replace(b"aoi@kazami.example", b"boss@kazami.example")
    nobody_came_in(client, send(client, service, changed))


def test_a_signed_word_wrapped_in_a_forged_one_lets_nobody_in(client, idp):
    """The forged word stands where the signed one is looked for, and the signed one somewhere else."""
    service = set_up(idp)
    asked(client, service)
    for place in ("beside", "inside", "extension"):
        tree = idp.tree()
        signed = tree.find("a:Assertion", NS)
        forged = copy.deepcopy(signed)
        forged.set("ID", "_forged")
        forged.find("a:Subject/a:NameID", NS).text = "boss"
        mark = forged.find("ds:Signature", NS)
        if place == "beside":
            forged.remove(mark)
            tree.insert(tree.index(signed), forged)
        elif place == "inside":
            tree.replace(signed, forged)
            etree.SubElement(mark, f"{{{NS['ds']}}}Object").append(signed)
        else:
            forged.remove(mark)
            tree.replace(signed, forged)
            extension = etree.Element(f"{{{NS['p']}}}Extensions")
            extension.append(signed)
            tree.insert(1, extension)
        nobody_came_in(client, send(client, service, etree.tostring(tree)))


def test_a_comment_within_a_signed_address_cuts_nothing_off(client, idp):
    service = set_up(idp, domains=["kazami.example"])
    asked(client, service)
    given = idp.answer(attributes={"mail": "aoi@kazami.example.evil.example"})
    cut = given.replace(b"example.evil", b"example<!-- -->.evil")
    answer = send(client, service, cut)
    assert answer.status_code == 403
    assert who(client) is None and not User.objects.filter(email__startswith="aoi").exists()


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
        b"no xml at all",
        b"",
    ],
)
def test_documents_that_are_meant_to_harm_are_not_read(client, idp, document):
    service = set_up(idp)
    answer = send(client, service, document)
    assert not Session.objects.exists(), "nothing is kept for whoever sends a form here"
    nobody_came_in(client, answer)
    with pytest.raises(AccountError, match="This is not the metadata"):
        set_up(idp, metadata=document or b" ")


def test_a_doctype_before_a_signed_answer_is_refused_too(client, idp):
    service = set_up(idp)
    asked(client, service)
    nobody_came_in(client, send(client, service, b"<!DOCTYPE x []>" + idp.answer()))


def test_too_much_is_not_even_unpacked(client, idp):
    service = set_up(idp)
    nobody_came_in(client, send(client, service, "A" * (protocol.MAX_ANSWER + 1)))


def test_an_answer_counts_once(client, idp):
    service = set_up(idp)
    packed = asked(client, service)
    assert send(client, service, packed).status_code == 302
    made = who(client)
    client.logout()
    words = "Nobody here asked Kazami sign-in for this answer, or it was used already."
    replayed = send(client, service, packed)
    assert (replayed.status_code, words in replayed.content.decode()) == (403, True)
    assert who(client) is None
    other = Client()
    asked(other, service)
    assert send(other, service, packed).status_code == 403
    assert who(other) is None
    assert made and UsedAssertion.objects.count() == 1


def test_the_same_word_for_another_question_counts_once_too(client, idp):
    service = set_up(idp)
    asked(client, service)
    assert send(client, service, idp.answer(id="_same")).status_code == 302
    client.logout()
    asked(client, service)
    assert send(client, service, idp.answer(id="_same")).status_code == 403
    assert who(client) is None


def test_an_answer_that_nobody_asked_for_signs_nobody_in(idp):
    """The way of an attacker who sends a victim their own answer."""
    service = set_up(idp)
    attacker, victim = Client(), Client()
    packed = asked(attacker, service)
    answer = send(victim, service, packed)
    nobody_came_in(victim, answer, "Nobody here asked Kazami sign-in for this answer")
    assert SignIn.objects.get().outcome == "refused"
    assert victim.get(f"/account/saml/{service.slug}/in/").status_code == 403


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_neither_next_nor_relay_state_lead_elsewhere(client, idp, address):
    service = set_up(idp)
    packed = asked(client, service, next=address)
    answer = send(client, service, packed, RelayState=address)
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("attributes", "values", "words"),
    [
        ({"displayName": "No Address"}, {}, "Kazami sign-in told no e-mail address."),
        ({"mail": "no address"}, {}, "Kazami sign-in told no e-mail address."),
        ({"mail": "x@elsewhere.example"}, {"domains": ["kazami.example"]}, "Addresses like x@elsewhere.example"),
        ({"mail": "aoi@kazami.example"}, {"vouches": False}, "has not checked that aoi@kazami.example is yours"),
        ({"mail": "aoi@kazami.example"}, {"create_accounts": False}, "Nobody signs in here with"),
    ],
)  # fmt: skip
def test_who_is_not_let_in_is_told_why(client, idp, attributes, values, words):
    service = set_up(idp, **values)
    asked(client, service)
    nobody_came_in(client, send(client, service, idp.answer(attributes=attributes)), words)


def test_an_account_that_is_there_is_tied_only_after_its_password(client, idp):
    service = set_up(idp)
    someone = user("Aoi", email="aoi@kazami.example")
    assert sign_in(client, service)["Location"] == "/account/login/"
    assert who(client) is None
    assert not SocialAccount.objects.exists()
    client.post("/account/login/", {"login": someone.email, "password": PASSWORD})
    assert SocialAccount.objects.get().user == someone
    later = Client()
    sign_in(later, service)
    assert who(later) == someone.pk


def test_an_attribute_of_ones_own_carries_the_address(client, idp):
    service = set_up(idp, email_attribute="urn:kazami:post")
    asked(client, service)
    told = {"mail": "other@kazami.example", "urn:kazami:post": "rui@kazami.example", "givenName": "Rui"}
    assert send(client, service, idp.answer(attributes=told)).status_code == 302
    made = User.objects.get(pk=who(client))
    assert (made.email, made.name) == ("rui@kazami.example", "Rui")


def test_a_new_certificate_locks_nobody_out(client, idp, stranger):
    service = set_up(idp)
    asked(client, service)
    idp.describes = idp.metadata(idp.key, stranger)
    assert services.renew_saml_services() == 1
    assert services.renew_saml_services() == 0
    assert send(client, service, idp.answer(key=stranger)).status_code == 302
    assert Entry.objects.unscoped("test").filter(event="accounts.service_changed").count() == 1
    idp.describes = idp.metadata(issuer="https://elsewhere.example/idp")
    assert services.renew_saml_services() == 0
    service.refresh_from_db()
    assert service.issuer == idp.issuer


def test_another_entity_is_another_set_of_people(client, idp):
    service = set_up(idp)
    sign_in(client, service)
    assert SocialAccount.objects.count() == 1
    other = idp.metadata(issuer="https://elsewhere.example/idp")
    values = {"metadata_url": "", "active": True, "name": service.name}
    save_saml_service(SYSTEM, service, metadata=other, issuer="", sign_in_url="", **values)
    assert not SocialAccount.objects.exists()


def test_our_metadata_can_be_read_before_the_service_is_known(client, idp):
    service = set_up(idp, metadata_url="", active=False)
    page = client.get(f"/account/saml/{service.slug}/metadata/")
    assert page["Content-Type"] == "application/samlmetadata+xml"
    tree = etree.fromstring(page.content)
    assert tree.get("entityID") == f"{BASE}/account/saml/{service.slug}/metadata/"
    assert tree.get("validUntil") is None
    descriptor = tree[0]
    assert descriptor.get("WantAssertionsSigned") == "true"
    consumer = descriptor.find("{*}AssertionConsumerService")
    assert consumer.get("Location") == f"{BASE}/account/saml/{service.slug}/answer/"
    assert client.post(f"/account/oidc/{service.slug}/login/").status_code == 404
    assert client.post(f"/account/saml/{service.slug}/answer/").status_code == 404
    assert client.get("/account/saml/nothing/metadata/").status_code == 404


def test_nothing_half_known_is_ever_active(idp):
    service = set_up(idp, metadata_url="", active=False)
    with pytest.raises(AccountError, match="Give the service's metadata before it is active"):
        set_up(idp, metadata_url="")
    with pytest.raises(IntegrityError), transaction.atomic():
        SignInService.objects.filter(pk=service.pk).update(active=True)


@pytest.mark.parametrize("doubled", [True, False])
def test_metadata_must_be_of_one_service(idp, doubled):
    one = idp.metadata()
    many = b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">' + one + one
    document = many + b"</md:EntitiesDescriptor>" if doubled else one.replace(b"HTTP-Redirect", b"SOAP")
    with pytest.raises(AccountError, match="This is not the metadata of one SAML identity provider"):
        set_up(idp, metadata=document)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://idp.example/sso", "http://idp.example/sso"]
)
def test_people_are_only_ever_sent_on_by_https(idp, settings, address):
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    document = idp.metadata().replace(f"{idp.address}/sso?tenant=kazami&amp;x=1".encode(), address.encode())
    assert address.encode() in document
    with pytest.raises(AccountError, match="does not begin with https"):
        set_up(idp, metadata=document)
    with pytest.raises(AccountError, match="does not begin with https"):
        set_up(idp, metadata_url="", issuer=idp.issuer, sign_in_url=address, certificates=idp.key.bare)


def test_metadata_inside_our_own_network_is_not_asked_for(idp, settings):
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    with pytest.raises(AccountError, match="not out on the internet"):
        set_up(idp)


def test_a_machine_without_the_library_says_so_and_goes_on(client, idp, monkeypatch):
    service = set_up(idp)

    def missing():
        raise protocol.Unavailable("lxml & xmlsec libxml2 library version mismatch")

    monkeypatch.setattr(protocol, "load", missing)
    assert "Sign in with Kazami sign-in" in client.get("/account/login/").content.decode()
    words = "SAML cannot be used on this machine"
    assert words in client.post(f"/account/oidc/{service.slug}/login/").content.decode()
    assert words in send(client, service, b"x").content.decode()
    assert words in client.get(f"/account/saml/{service.slug}/metadata/").content.decode()
    with pytest.raises(AccountError, match=words):
        set_up(idp)


FORM = {"name": "Kazami sign-in", "vouches": "on"}


def test_a_service_is_set_up_by_its_page(client, idp):
    client.force_login(User.objects.get(pk=manager().user_id))
    assert "kind=saml" in client.get("/settings/services/new/").content.decode()
    made = client.post("/settings/services/new/?kind=saml", FORM)
    service = SignInService.objects.get()
    assert (service.kind, service.active, service.vouches) == ("saml", False, True)
    page = client.get(made["Location"]).content.decode()
    assert f"{BASE}/account/saml/{service.slug}/metadata/" in page
    assert f"{BASE}/account/saml/{service.slug}/answer/" in page
    early = client.post(made["Location"], {**FORM, "active": "on"})
    assert "Give the service&#x27;s metadata before it is active" in early.content.decode()
    file = SimpleUploadedFile("metadata.xml", idp.metadata())
    assert client.post(made["Location"], {**FORM, "active": "on", "metadata": file}).status_code == 302
    service.refresh_from_db()
    assert (service.issuer, service.certificates, service.active) == (idp.issuer, [idp.key.bare], True)
    known = client.get(made["Location"]).content.decode()
    assert "until 1 Jan 2036" in known and "BEGIN CERTIFICATE" in known
    by_hand = {
        **FORM, "issuer": idp.issuer, "sign_in_url": f"{idp.address}/sso", "active": "on",
        "certificates": idp.key.certificate.decode(), "email_attribute": "urn:kazami:post",
    }  # fmt: skip
    assert client.post(made["Location"], by_hand).status_code == 302
    service.refresh_from_db()
    assert (service.sign_in_url, service.certificates) == (f"{idp.address}/sso", [idp.key.bare])
    wrong = client.post(made["Location"], {**by_hand, "certificates": "no certificate"})
    assert "This is no certificate." in wrong.content.decode()
    assert "SAML 2.0" in client.get("/settings/services/").content.decode()
    client.post(f"/settings/services/{service.pk}/remove/")
    assert not SignInService.objects.exists()


def test_only_those_who_manage_people_set_services_up(client, idp):
    service = set_up(idp)
    client.force_login(User.objects.get(pk=agent(project()).user_id))
    for path in ("/settings/services/new/?kind=saml", f"/settings/services/{service.pk}/"):
        assert client.get(path).status_code == 403
        assert client.post(path, FORM).status_code == 403


def test_what_has_run_out_is_forgotten(client, idp):
    service = set_up(idp)
    sign_in(client, service)
    assert services.forget_used_assertions() == 0
    UsedAssertion.objects.update(until=clock.now())
    assert services.forget_used_assertions() == 1
