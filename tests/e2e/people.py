"""Signed-in people of the demo, each in a browser of their own that notices what goes wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from e2e.reader import Reader
from enishi.config.demo.organisation import DOMAIN, PASSWORD, STAFF

SHOTS = Path(__file__).parent / "shots"
PATIENCE_MS = 20_000
LANGUAGES = {member.key: member.language for member in STAFF}
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class People:
    """Opens pages as somebody of the demo; each signs in once."""

    browser: Browser
    site: str
    complaints: list[str] = field(default_factory=list)
    states: dict[str, Any] = field(default_factory=dict)
    opened: list[BrowserContext] = field(default_factory=list)

    def __call__(self, who: str, *, width: int = 1360, height: int = 900, **options: Any) -> Page:
        """A page of that person (the part of the address before the @)."""
        if who not in self.states:
            self.states[who] = self._sign_in(who)
        options.setdefault("timezone_id", "Europe/London")
        context = self.browser.new_context(
            base_url=self.site, storage_state=self.states[who], viewport={"width": width, "height": height},
            locale="en-GB", reduced_motion="reduce", **options,
        )  # fmt: skip
        self.opened.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        self._watch(page)
        return page

    def reader(self, who: str, *, width: int = 1360, **options: Any) -> Reader:
        """That person at a page, in their own language; a narrow one is a phone's."""
        if width < 600:
            options = {"height": 780, "has_touch": True, **options}
        return Reader(self(who, width=width, **options), LANGUAGES[who])

    def _sign_in(self, who: str) -> Any:
        context = self.browser.new_context(base_url=self.site, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        self._watch(page)
        page.goto("/account/login/")
        page.locator("input[name=login]").fill(f"{who}@{DOMAIN}")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(f"{self.site}/")
        state = context.storage_state()
        context.close()
        return state

    def _watch(self, page: Page) -> None:
        def said(message: ConsoleMessage) -> None:
            # An answer 4xx is printed by the browser itself; what is wrong with it is for the test to say.
            if message.type == "error" and "the server responded with a status of 4" not in message.text:
                self.complaints.append(f"{page.url}: console: {message.text}")

        def answered(response: Response) -> None:
            if response.status >= 500:
                self.complaints.append(f"{page.url}: {response.url} answered {response.status}")

        page.on("console", said)
        page.on("response", answered)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def leave(self) -> None:
        """Close every page; nothing may have gone wrong on any of them."""
        while self.opened:
            self.opened.pop().close()
        complaints, self.complaints[:] = list(self.complaints), []
        assert complaints == [], "\n".join(complaints)


def shoot(page: Page, name: str) -> None:
    """A picture to look at, when ENISHI_SHOTS is set."""
    if os.environ.get("ENISHI_SHOTS"):
        SHOTS.mkdir(exist_ok=True)
        # hiding the caret would need an inline style, which the content policy refuses
        page.screenshot(path=str(SHOTS / f"{name}.png"), caret="initial")


def violations(page: Page, within: str = "") -> list[str]:
    """What would keep somebody out, of the page or of the element of that selector; AXE must be an init script."""
    found = page.evaluate(
        """async ([rules, within]) => (await axe.run(within || document, {runOnly: rules, resultTypes: ['violations']}))
            .violations
            .flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`))""",
        [RULES, within],
    )
    return [" ".join(one.split())[:400] for one in found]
