from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conversations.mailboxes import mail, stored
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.mailboxes import services
from enishi.mailboxes.models import Mailbox
from factories import manager, party, project
from mailboxes.server import PASSWORD, USER, PostOffice, open_office
from mailboxes.smtp_server import Server, open_smtp

Adding = Callable[..., Mailbox]


@pytest.fixture
def private(settings: Any) -> None:
    """The server of a test stands at a private address, which this installation allows."""
    settings.ENV = dataclasses.replace(settings.ENV, private_services=True)


@pytest.fixture
def office(private: None) -> Iterator[PostOffice]:
    with open_office() as found:
        yield found


@pytest.fixture
def boss(db: None) -> Actor:
    return manager(None)


@pytest.fixture
def where(db: None) -> Project:
    return project("Tidewall")


@pytest.fixture
def add(boss: Actor, where: Project, office: PostOffice) -> Adding:
    """Add a mailbox that reads from that server."""

    def work(**values: Any) -> Mailbox:
        given: dict[str, Any] = {
            "name": "Office", "address": USER, "host": "127.0.0.1", "port": office.port, "security": "none",
            "username": USER, "password": PASSWORD, "folder": "INBOX", "project": where,
            "confidentiality": Level.INTERNAL, "since": dt.date(2024, 1, 1),
        }  # fmt: skip
        return services.save(boss, None, services.Draft(**{**given, **values}))

    return work


def now(box: Mailbox) -> Mailbox:
    """As it is in the database."""
    return Mailbox.objects.unscoped("test").get(pk=box.pk)


@pytest.fixture
def smtp() -> Iterator[Server]:
    with open_smtp() as there:
        yield there


@pytest.fixture
def box(add, smtp) -> Mailbox:
    return add(smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_security="none")


@pytest.fixture
def question(box, office, where) -> Interaction:
    party(where, "Aoi Takahama", email="aoi@kaze.example")
    office.put(mail(1, to=USER, at=clock.now(), Cc="ben@quay.example"))
    services.read(box.pk)
    return stored()[0]
