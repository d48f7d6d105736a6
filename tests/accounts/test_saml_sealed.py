"""Encrypted answers of a SAML service, and the keys of ours that open them."""

from __future__ import annotations

import re

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from lxml import etree

from accounts.saml_sealing import CBC, GCM, OLD_PADDING, TRIPLE
from accounts.saml_service import NS
from accounts.saml_steps import BASE, asked, nobody_came_in, send, set_up, sign_in, who
from enishi.accounts import services
from enishi.accounts.models import ServiceKey, SignInService, User
from enishi.accounts.sealing import unseal
from enishi.accounts.services import AccountError
from enishi.timeline.models import Entry
from factories import SYSTEM, agent, manager, project

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
SEALED = "is encrypted and could not be opened, or cannot be trusted"
MD = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", **NS}


def _published(client: Client, service: SignInService, use: str) -> list[str]:
    page = client.get(f"/account/saml/{service.slug}/metadata/")
    found = etree.fromstring(page.content).findall(f".//md:KeyDescriptor[@use='{use}']", MD)
    return ["".join(one.find(".//ds:X509Certificate", MD).text.split()) for one in found]


def _ours(service: SignInService) -> str:
    return services.our_pairs(service)[-1].certificate


@pytest.mark.parametrize("by", [GCM, CBC])
def test_an_encrypted_answer_lets_somebody_in(client, idp, by):
    service = set_up(idp)
    [certificate] = _published(client, service, "encryption")
    assert _published(client, service, "signing") == [certificate]
    asked(client, service)
    packed = idp.answer(seal=certificate, sealed_by=by)
    assert b"aoi@kazami.example" not in packed
    assert send(client, service, packed).status_code == 302
    assert User.objects.get(pk=who(client)).email == "aoi@kazami.example"


def test_the_key_is_made_once_and_kept_encrypted(client, idp, settings):
    service = set_up(idp)
    assert not ServiceKey.objects.exists()
    assert _published(client, service, "signing") == _published(client, service, "signing")
    key = ServiceKey.objects.get()
    assert "PRIVATE" not in key.sealed and "PRIVATE" in unseal(key.sealed, "saml key")
    assert Entry.objects.unscoped("test").filter(event="accounts.service_key_made").count() == 1
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], Fernet.generate_key().decode()
    assert [pair.certificate for pair in services.known_pairs(service)] == [key.certificate]
    settings.SECRET_KEY_FALLBACKS = []
    assert services.known_pairs(service) == []
    assert _published(client, service, "signing") != [key.certificate]


def test_only_encrypted_answers_count_where_they_must_be(client, idp):
    service = set_up(idp, only_encrypted=True)
    asked(client, service)
    nobody_came_in(client, send(client, service, idp.answer()), "has not encrypted its answer")
    asked(client, service)
    assert send(client, service, idp.answer(seal=_ours(service))).status_code == 302
    assert who(client)


def test_a_plain_answer_beside_an_encrypted_one_lets_nobody_in(client, idp):
    service = set_up(idp, only_encrypted=True)
    asked(client, service)
    tree, plain = idp.tree(seal=_ours(service)), idp.tree(uid="boss").find("a:Assertion", NS)
    tree.append(plain)
    nobody_came_in(client, send(client, service, etree.tostring(tree)), SEALED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": "nothing"},
        {"sign": "response"},
        {"audience": "https://elsewhere.example/metadata"},
        {"issuer": "https://elsewhere.example/idp"},
        {"seconds": -3600, "begins": -7200},
        {"tamper": lambda plain: plain.replace(b"aoi@kazami", b"boss@kazami")},
        {"tamper": lambda plain: plain[:-20]},
        {"sealed_by": TRIPLE},
        {"wrapped_by": OLD_PADDING},
    ],
)
def test_encrypting_makes_nothing_true(client, idp, wrong):
    """Anybody can encrypt for us: what stands inside is asked the same, and one word is told whatever is wrong."""
    service = set_up(idp)
    seal = _ours(service)
    asked(client, service)
    words = SEALED if "sealed_by" not in wrong and "wrapped_by" not in wrong else "cannot be trusted"
    nobody_came_in(client, send(client, service, idp.answer(seal=seal, **wrong)), words)


def test_encrypted_for_somebody_else_or_signed_by_somebody_else_lets_nobody_in(client, idp, stranger):
    service = set_up(idp)
    asked(client, service)
    nobody_came_in(client, send(client, service, idp.answer(seal=stranger.bare)), SEALED)
    seal = _ours(service)
    nobody_came_in(client, send(client, service, idp.answer(seal=stranger.bare)), SEALED)
    nobody_came_in(client, send(client, service, idp.answer(seal=seal, key=stranger)), SEALED)


def test_what_is_encrypted_stands_in_the_answer_itself(client, idp):
    """Else our server would be made to read files or ask addresses of its own network."""
    service = set_up(idp)
    asked(client, service)
    packed = idp.answer(seal=_ours(service))
    reference = rb'<xenc:CipherReference URI="file:///etc/passwd"/>'
    elsewhere = re.sub(rb"<xenc:CipherValue>[^<]*</xenc:CipherValue>", reference, packed)
    assert reference in elsewhere
    nobody_came_in(client, send(client, service, elsewhere))
    signed = idp.answer().replace(b'URI="#', b'URI="http://127.0.0.1:1/#')
    nobody_came_in(client, send(client, service, signed))


def test_a_comment_within_an_encrypted_name_cuts_nothing_off(client, idp):
    service = set_up(idp)
    asked(client, service)
    given = {"mail": "aoi@kazami.example.evil.example"}
    seal = _ours(service)
    cut = idp.answer(
        seal=seal,
        attributes=given,
        tamper=lambda plain: plain.replace(b"example.evil", b"example<!-- -->.evil"),
    )
    assert send(client, service, cut).status_code == 302
    assert User.objects.get(pk=who(client)).email == given["mail"]


def test_a_key_is_changed_while_people_sign_in(client, idp):
    service, boss = set_up(idp), manager()
    [old] = _published(client, service, "encryption")
    services.make_new_key(boss, service)
    [new] = _published(client, service, "encryption")
    assert new != old and _published(client, service, "signing") == [old, new]
    with pytest.raises(AccountError, match="A new key waits already"):
        services.make_new_key(boss, service)
    for seal in (old, new):
        fresh = Client()
        asked(fresh, service)
        assert send(fresh, service, idp.answer(seal=seal)).status_code == 302
    services.drop_older_key(boss, service)
    assert _published(client, service, "encryption") == _published(client, service, "signing") == [new]
    late = Client()
    asked(late, service)
    refused = send(late, service, idp.answer(seal=old))
    assert (refused.status_code, who(late)) == (403, None)
    with pytest.raises(AccountError, match="There is one key only"):
        services.drop_older_key(boss, service)
    events = ["accounts.service_key_made", "accounts.service_key_dropped"]
    assert Entry.objects.unscoped("test").filter(event__in=events).count() == 3


def test_the_key_is_shown_and_changed_on_the_page_of_the_service(client, idp):
    service = set_up(idp)
    client.force_login(User.objects.get(pk=manager().user_id))
    address = f"/settings/services/{service.pk}/"
    assert "It is made when the service first reads our metadata." in client.get(address).content.decode()
    client.post(f"{address}keys/new/")
    page = client.get(address).content.decode()
    assert page.count("BEGIN CERTIFICATE") == 3 and "Drop the older key" in page
    client.post(f"{address}keys/drop/")
    page = client.get(address).content.decode()
    assert page.count("BEGIN CERTIFICATE") == 2 and "Make a new key" in page
    assert f"{BASE}/account/saml/{service.slug}/leave/" in page
    other = SignInService.objects.create(
        name="OpenID", slug="openid", issuer="https://login.example", client_id="enishi"
    )
    assert client.post(f"/settings/services/{other.pk}/keys/new/").status_code == 404
    client.force_login(User.objects.get(pk=agent(project()).user_id))
    for what in ("new", "drop"):
        assert client.post(f"{address}keys/{what}/").status_code == 403
    assert ServiceKey.objects.count() == 1


def test_encryption_is_asked_for_on_the_page(client, idp):
    client.force_login(User.objects.get(pk=manager().user_id))
    service = set_up(idp)
    form = {
        "name": service.name, "active": "on", "sign_out_url": f"{idp.address}/bye", "sign_out_by": "post",
        "issuer": idp.issuer, "sign_in_url": service.sign_in_url, "certificates": idp.key.certificate.decode(),
    }  # fmt: skip
    client.post(f"/settings/services/{service.pk}/", {**form, "only_encrypted": "on"})
    service.refresh_from_db()
    assert service.only_encrypted and ServiceKey.objects.count() == 1
    assert (service.sign_out_url, service.sign_out_by) == (f"{idp.address}/bye", "post")
    assert (service.sign_out_answer_url, service.signs_out) == ("", False)


def test_nobody_asks_for_what_is_not_there(client, idp):
    """An encrypted answer before our metadata was ever read: no key is made for whoever sends a form."""
    service = set_up(idp)
    asked(client, service)
    other = set_up(idp, name="Other")
    nobody_came_in(client, send(client, service, idp.answer(seal=_ours(other))), SEALED)
    assert not ServiceKey.objects.filter(service=service).exists()
    assert sign_in(Client(), service).status_code == 302
    services.remove_service(SYSTEM, other)
    assert not ServiceKey.objects.exists()
