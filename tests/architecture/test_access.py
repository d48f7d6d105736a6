"""Who gets which answer at every address: nobody, an outsider, a reader, an agent, an administrator.

The tables stand beside this file. A new address needs its line there, written by whoever knows what it should answer.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from architecture.world import ROLES, World, routes

HERE = Path(__file__).parent
ROUTES = {name: route for name, route in routes() if not name.startswith("api:")}
OPEN = ("/account/", "/healthz", "/i18n/", "/scim/", "/report/", "/invitation/")


def _table(name: str) -> dict[str, dict[str, list[int]]]:
    table: dict[str, dict[str, list[int]]] = {}
    for line in (HERE / name).read_text().splitlines():
        if line and not line.startswith("#"):
            address, method, *answers = line.split()
            table.setdefault(address, {})[method] = [int(answer) for answer in answers]
    return table


EXPECTED = _table("access.txt")


def _answer(world: World, who: str, method: str, name: str, headers: dict[str, str] | None = None) -> int:
    point = transaction.savepoint()
    try:
        client = world.client(who)
        ask = client.get if method == "GET" else client.post
        answer = ask(world.address(ROUTES[name], name), world.sent(name, method), headers=headers)
        if answer.streaming:
            b"".join(answer.streaming_content)
        return answer.status_code
    finally:
        transaction.savepoint_rollback(point)


def test_every_address_has_a_line_in_the_table():
    assert sorted(set(ROUTES) - set(EXPECTED)) == [], (
        "say in access.txt what each role is answered at the new address"
    )
    assert sorted(set(EXPECTED) - set(ROUTES)) == [], "the address is gone: take its lines out of access.txt"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_role_gets_the_stated_answer(world, name):
    if name not in ROUTES:
        pytest.skip("the address is gone")
    answered = {
        method: [_answer(world, who, method, name) for who in ROLES] for method in sorted(EXPECTED[name])
    }
    assert answered == EXPECTED[name], f"columns: {', '.join(ROLES)}"
    assert sorted(EXPECTED[name]) == ["GET", "POST"]


def test_a_part_of_a_page_sends_strangers_to_the_door(world):
    for name, route in ROUTES.items():
        if not f"/{route}".startswith(OPEN):
            for method in ("GET", "POST"):
                assert _answer(world, "nobody", method, name, {"HX-Request": "true"}) == 401, name


def test_the_table_itself_is_sane():
    """No stranger inside, no outsider at a record, nobody ever before a broken page."""
    for name, methods in EXPECTED.items():
        for method, (nobody, outsider, _reader, _agent, _admin) in methods.items():
            assert not {500, 501, 502, 503} & set(methods[method]), name
            if not f"/{ROUTES[name]}".startswith(OPEN):
                assert nobody == 302, name
                if "_id>" in ROUTES[name]:
                    assert outsider in {403, 404, 405} or name in MESSAGE_ONLY, f"{name} {method}"


MESSAGE_ONLY = {
    "commitments:undo": "answers everybody with a message, and takes back only one's own",
    "engagement:undo": "answers everybody with a message, and takes back only one's own",
    "contacts:section": "sends everybody to the contact's page, which then is not there",
}


def test_cookies_alone_never_act_through_the_api(world):
    assert Client().get("/api/v1/parties").status_code == 401
    assert world.client("admin").get("/api/v1/parties").status_code == 401
