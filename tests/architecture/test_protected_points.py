"""Ways to reach somebody that a role does not name stand on no page that can be opened, and in no answer of the API."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from architecture.world import World, routes
from enishi.accounts import services
from enishi.contacts.models import Party
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock
from factories import SYSTEM, manager

pytestmark = pytest.mark.django_db
REACH = ["contacts.email", "contacts.phone", "contacts.address"]
TELLING = ("@tanaka", "01632", "441632", "44 1632", "960123", "cliff road", "skerby")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dt\d\d:\d\d:[\d.]+")
"""Its microseconds may be any digits."""
# By law complete, and behind rights of their own (docs/decisions/0022).
BY_LAW = "privacy:"
ASKED = (
    "/people/?columns=name&columns=email&columns=phone&columns=city",
    "/search/?q={word}",
    "/search/suggest/?q={word}",
    "/people/similar/?name=Nobody&email=aoi@tanaka.example&phone=%2B441632960123",
)


@pytest.fixture
def closed(world: World) -> World:
    """The world with an e-mail from somebody in it, and the three kinds protected."""
    boss = manager(world.project)
    aoi = Party.objects.unscoped("of this world").get(pk=world.ids["party_id"])
    log_interaction(
        boss, channel="email", occurred_at=clock.now(), project_ids=[world.project.pk], subject="About the mast",
        participants=[ParticipantDraft("from", party_id=aoi.pk, address="aoi@tanaka.example")],
    )  # fmt: skip
    services.protect_fields(SYSTEM, REACH)
    return world


def _told(answer) -> list[str]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = MOMENT.sub("", body.decode(errors="replace").lower())
    return [word for word in TELLING if word in text]


def _pages(world: World) -> list[tuple[str, str]]:
    talk = f"/conversations/{world.ids['interaction_id']}/"
    return [
        *((name, world.address(route, name)) for name, route in routes() if not name.startswith("api:")),
        ("talk", talk),
        ("history", f"/history/of/contacts.party/{world.ids['party_id']}/?at=2100-01-01"),
        ("mails", "/conversations/?channel=email"),
    ]


@pytest.mark.parametrize("who", ["reader", "agent"])
def test_no_page_tells_of_them(closed, who):
    client, told, read = closed.client(who), {}, 0
    for name, address in _pages(closed):
        answer = client.get(address)
        read += answer.status_code == 200
        if not name.startswith(BY_LAW) and (found := _told(answer)):
            told[address] = found
    assert told == {}
    assert read > 100


def test_whoever_is_shown_them_reads_them_there(closed):
    admin, told = closed.client("admin"), set[str]()
    for address in (
        f"/people/{closed.ids['party_id']}/",
        f"/history/of/contacts.party/{closed.ids['party_id']}/",
    ):
        told |= set(_told(admin.get(address)))
    assert told >= {"@tanaka", "441632", "960123", "cliff road", "skerby"}


@pytest.mark.parametrize("who", ["reader", "agent"])
def test_asking_for_them_finds_nobody(closed, who):
    client = closed.client(who)
    for asked in ASKED:
        for word in ("tanaka.example", "aoi@tanaka", "01632960123", "cliff", "skerby"):
            answer = client.get(asked.format(word=word))
            assert answer.status_code == 200, asked
            text = MOMENT.sub("", answer.content.decode().lower())
            assert "tanaka aoi" not in text or "columns=" in asked, (asked, word)
            text = text.replace(word, "").replace(quote(word), "")
            assert not [one for one in TELLING if one in text], (asked, word)


def test_the_api_tells_nothing_of_them(closed):
    api, read = closed.apis["agent"], 0
    assert api is not None
    asked = [closed.address(route, name) for name, route in routes() if name.startswith("api:")]
    for address in (*asked, *(f"/api/v1/{of}?q=cliff" for of in ("parties", "search"))):
        answer = api("GET", address.removeprefix("/api/v1/"))
        read += answer.status_code == 200
        assert not [word for word in _told(answer) if word not in address], address
    assert read > 10
