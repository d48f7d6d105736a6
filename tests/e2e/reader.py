"""Somebody at a page: opens, presses and fills by the words that they read, in their own language."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from enishi.config.demo.organisation import PROJECTS

PHONE = 360
# The demo founds its projects in this order, in an empty database.
PROJECT_IDS = {place.code: number for number, place in enumerate(PROJECTS, 1)}


@dataclass
class Reader:
    page: Page
    language: str = "en"

    @property
    def on_phone(self) -> bool:
        size = self.page.viewport_size
        return size is not None and size["width"] <= PHONE

    # --- words

    def say(self, words: str, context: str = "") -> str:
        """These words of the product as this reader sees them."""
        with translation.override(self.language):
            return translation.pgettext(context, words) if context else translation.gettext(words)

    def pattern(self, words: str, context: str = "") -> re.Pattern[str]:
        """The same where a number or a name stands for each ``%(…)s``."""
        return _pattern(self.say(words, context))

    def counted(self, one: str, many: str, number: int) -> re.Pattern[str]:
        """The same of words that follow a number."""
        with translation.override(self.language):
            return _pattern(translation.ngettext(one, many, number))

    # --- the page

    def open(self, address: str) -> None:
        self.page.goto(address)

    def press(self, words: str, *, within: Locator | None = None, context: str = "") -> None:
        """Click the one button or link that is called that."""
        where = self.page.locator("body") if within is None else within
        # A key or a count may stand behind it. The browser's own word boundary knows Latin letters only.
        name = re.compile(rf"^{re.escape(self.say(words, context))}(\s|$)")
        found = where.get_by_role("button", name=name).or_(where.get_by_role("link", name=name))
        found.filter(visible=True).first.click()

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(self.say(label), exact=True).filter(visible=True).first

    def fill(self, label: str, value: str) -> None:
        self.field(label).fill(value)

    def choose(self, label: str, value: str) -> None:
        self.field(label).select_option(value)

    @property
    def sheet(self) -> Locator:
        return self.page.locator("#sheet")

    @property
    def main(self) -> Locator:
        return self.page.locator("#main")

    def is_told(self, words: str | re.Pattern[str]) -> None:
        """A toast says so; ``words`` as they stand in the catalogue."""
        expect(self.page.locator("#toasts")).to_contain_text(words)

    def takes_it_back(self) -> None:
        """Undo of the toast: by its key, or by its button on a phone."""
        undo = self.page.locator("#toasts form[data-undo] button")
        expect(undo).to_be_visible()
        undo.focus()  # a toast that has the focus does not go away
        with self.page.expect_navigation():
            undo.press("Enter") if self.on_phone else self.page.keyboard.press("z")

    def fits(self) -> None:
        """Nothing makes the page scroll sideways."""
        width, shown = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= shown, f"{self.page.url}: {width} wide on {shown}"

    # --- what a journey begins with

    def post(self, address: str, fields: Mapping[str, str | Sequence[str]]) -> str:
        """Send a form without drawing its page; gives the address that it led to."""
        token = next(one["value"] for one in self.page.context.cookies() if one["name"] == "csrftoken")
        answer = self.page.request.post(
            address,
            headers={"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"},
            data=_encoded(fields),
        )
        assert answer.ok, f"{address}: {answer.status} {answer.text()[-2000:]}"
        return re.sub(r"^https?://[^/]+", "", answer.url)

    def new_person(self, name: str, *, email: str = "", phone: str = "", project: str = "tidewall") -> str:
        place = str(PROJECT_IDS[project])
        return self.post(
            "/people/new/person/",
            {"name": name, "email": email, "phone": phone, "projects": place, "confidentiality": "1"},
        )

    def new_talk(
        self, subject: str, text: str, person: str, *, level: int | None = None, project: str = "tidewall"
    ) -> str:
        """A call with that person; gives its address."""
        return self.post(
            "/conversations/new/",
            {
                "channel": "call", "direction": "both", "answer": "none", "occurred_at": "2026-11-20T10:00",
                "subject": subject, "text": text, "project_ids": str(PROJECT_IDS[project]),
                "who": f"party:{number_of(person)}", "confidentiality": "" if level is None else str(level),
            },
        )  # fmt: skip


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r".+?".join(map(re.escape, re.split(r"%\(\w+\)s", words))))


def number_of(address: str) -> int:
    """Of the record that an address leads to."""
    found = re.search(r"/(\d+)/", address)
    assert found, address
    return int(found[1])


def _encoded(fields: Mapping[str, str | Sequence[str]]) -> str:
    return urlencode(fields, doseq=True)


def fresh(name: str) -> str:
    """A family name that nobody bears yet, also on a site that has seen this journey before."""
    return name + "".join(random.choices("abcdefghijklmnop", k=6))
