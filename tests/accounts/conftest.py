"""The identity provider that runs beside the tests of SAML."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from accounts.saml_service import Answer, Key, Service, make_key, running
from accounts.saml_steps import BASE


@pytest.fixture
def alone(settings):
    cache.clear()
    settings.ENV = dataclasses.replace(django_settings.ENV, private_services=True, base_url=BASE)


@pytest.fixture(scope="session")
def kazami() -> Iterator[Service]:
    with running() as service:
        yield service


@pytest.fixture(scope="session")
def stranger() -> Key:
    return make_key("Somebody else")


@pytest.fixture
def idp(kazami) -> Service:
    kazami.asked, kazami.describes, kazami.left = {}, None, {}
    kazami.answers, kazami.leaves_by = Answer(), ("Redirect", "POST")
    return kazami
