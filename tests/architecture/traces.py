"""Every page of the product, read by somebody who must find no trace of something there."""

from __future__ import annotations

from django.test import Client

from architecture.world import World, routes


def traces(client: Client, addresses: list[str], word: str) -> list[str]:
    """Those of the addresses that answer with that word anywhere."""
    found = []
    for address in addresses:
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if word.lower() in body.decode(errors="replace").lower().replace(f"q={word.lower()}", ""):
            found.append(address)
    return found


def pages(world: World) -> list[str]:
    """Every address that can be read without naming a record, and those of the open contact."""
    found = [
        world.address(route, name)
        for name, route in routes()
        if not name.startswith(("api:", "account_", "mfa_", "search"))
        and "_id>" not in route.replace("party_id", "")
    ]
    ids = world.ids
    found += [f"/history/of/contacts.party/{ids['party_id']}/", f"/projects/{ids['project_id']}/"]
    found += [
        "/?who=team",
        "/people/?sort=-changed",
        "/promises/?who=all",
        "/conversations/?who=all",
        "/conversations/?feeling=1",
        f"/themes/{ids['theme_id']}/",
        f"/themes/alike/{ids['chorus_id']}/",
        f"/conversations/?theme={ids['theme_id']}",
        "/promises/month/?who=all",
        "/cases/?state=all",
    ]
    return [page for page in found if "/list/condition" not in page]
