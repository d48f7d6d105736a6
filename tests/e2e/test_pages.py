"""Every main page: for a screen reader, in the dark, from right to left, on a phone, without an error of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from e2e.people import AXE, People, shoot, violations

pytestmark = pytest.mark.e2e

LISTS = {
    "home": "/",
    "tour": "/tour/",
    "starter packs": "/starters/",
    "starter pack": "/starters/consultation/",
    "contacts": "/people/",
    "duplicates": "/people/duplicates/",
    "bin": "/people/bin/",
    "new person": "/people/new/person/",
    "imports": "/people/import/",
    "new import": "/people/import/new/",
    "fields": "/people/setup/fields/",
    "tags": "/people/setup/tags/",
    "relation types": "/people/setup/relations/",
    "consents": "/people/setup/consents/",
    "conversations": "/conversations/",
    "new conversation": "/conversations/new/",
    "senders": "/conversations/senders/",
    "promises": "/promises/",
    "board": "/promises/board/",
    "tasks": "/promises/tasks/",
    "new promise": "/promises/new/",
    "closing days": "/promises/closing-days/",
    "files": "/files/",
    "search": "/search/?q=a",
    "history": "/history/",
    "operations": "/history/operations/",
    "proof": "/history/proof/",
    "notifications": "/notifications/",
    "projects": "/projects/",
    "project": "/projects/1/",
    "account": "/settings/account/",
    "appearance": "/settings/appearance/",
    "second factor": "/account/2fa/",
    "sessions": "/account/sessions/",
    "tokens": "/settings/tokens/",
    "people": "/settings/people/",
    "teams": "/settings/teams/",
    "roles": "/settings/roles/",
    "why": "/settings/why/",
    "projects set-up": "/settings/projects/",
    "organisation": "/settings/organisation/",
    "api": "/api-guide/",
}
# The first record that a list links to.
RECORDS = {
    "contact": ("/people/", r"^/people/\d+/$"),
    "conversation": ("/conversations/", r"^/conversations/\d+/$"),
    "promise": ("/promises/", r"^/promises/\d+/$"),
    "task": ("/promises/tasks/", r"^/promises/tasks/\d+/$"),
    "file": ("/files/", r"^/files/\d+/$"),
}
FIRST = """([pattern]) => [...document.querySelectorAll('#main a[href]')].map(a => new URL(a.href).pathname)
    .find(path => new RegExp(pattern).test(path)) || null"""
ADMIN = "eleanor"
PHONES = (390, 360)


@pytest.fixture(scope="module")
def pages(_people: People) -> dict[str, str]:
    """Addresses of all main pages, with the ids of the demo."""
    page = _people(ADMIN)
    found = dict(LISTS)
    for name, (where, pattern) in RECORDS.items():
        page.goto(where)
        address = page.evaluate(FIRST, [pattern])
        assert address, f"no {name} is linked from {where}"
        found[name] = address
    found["merge"] = f"{found['contact']}merge/"
    found["history of a contact"] = found["contact"].replace("/people/", "/history/of/contacts.party/")
    page.context.close()
    return found


@contextmanager
def speaking(page: Page, code: str) -> Iterator[None]:
    """In another language for a while; the next test finds the reader's own again."""
    _choose(page, code)
    try:
        yield
    finally:
        _choose(page, "en")


def _choose(page: Page, code: str) -> None:
    page.goto("/")
    page.evaluate(
        """async code => {
            const token = document.querySelector('[name=csrfmiddlewaretoken]').value
            const body = new URLSearchParams({csrfmiddlewaretoken: token, language: code})
            await fetch('/choose/', {method: 'POST', body})
        }""",
        code,
    )


@pytest.mark.parametrize(("language", "colours"), [("en", "light"), ("fa", "dark")])
def test_nothing_keeps_anybody_out(people: People, pages: dict[str, str], language: str, colours: str):
    page = people(ADMIN, color_scheme=colours, bypass_csp=True)
    page.add_init_script(path=str(AXE))
    barriers: dict[str, list[str]] = {}
    with speaking(page, language):
        for name, address in pages.items():
            answer = page.goto(address)
            assert answer is not None and answer.status == 200, f"{name}: {address}"
            assert page.locator("html").get_attribute("dir") == ("rtl" if language == "fa" else "ltr")
            shoot(page, f"{name}-{language}-{colours}")
            if found := violations(page):
                barriers[name] = found
    assert barriers == {}


@pytest.mark.parametrize("language", ["en", "fa", "ja"])
def test_a_phone_shows_every_page_without_scrolling_sideways(
    people: People, pages: dict[str, str], language: str
):
    page = people(ADMIN, width=PHONES[0], height=780, has_touch=True)
    too_wide = {}
    with speaking(page, language):
        for name, address in pages.items():
            page.goto(address)
            for width in PHONES:
                page.set_viewport_size({"width": width, "height": 780})
                shoot(page, f"{name}-{language}-{width}")
                measured = page.evaluate("document.documentElement.scrollWidth")
                if measured > width:
                    too_wide[f"{name} on {width}"] = measured
    assert too_wide == {}


@pytest.mark.parametrize("who", ["misaki", "kaveh", "gwenaelle", "theo", "priya"])
def test_every_place_of_the_navigation_opens(people: People, who: str):
    """Whoever sees a link may follow it, in their own language."""
    page = people(who)
    page.goto("/")
    places = page.locator("#nav a[href^='/']").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert len(places) > 5
    for address in dict.fromkeys(places):
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, f"{who}: {address}"
        expect(page.locator("main h1, main h2, .en-bar h1").first).to_be_attached()
