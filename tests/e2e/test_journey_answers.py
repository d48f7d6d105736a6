"""Two who wrote the same get one answer: written once, looked at, released and stopped again."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from e2e.people import People, shoot
from e2e.reader import PHONE, PROJECT_IDS, Reader, fresh, number_of
from enishi.core.ai.embedding import embedder

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(embedder() is None, reason="no embedder is installed for this kind of machine"),
]
READS_S = 180
"""The machine reads along once a minute."""
TEXT = (
    "The bell of the old ferry rings at four every morning.\n"
    "My children wake up and nobody in our lane falls asleep again.\n"
    "Please tell the harbour master to hang it up elsewhere."
)


def wrote(reader: Reader, name: str) -> str:
    """A letter that waits for an answer; gives its address."""
    family = fresh(name)
    person = reader.new_person(f"{name} {family}", email=f"{family.lower()}@quill.example", project="centre")
    return reader.post(
        "/conversations/new/",
        {
            "channel": "letter", "direction": "in", "answer": "waiting", "occurred_at": "2026-11-20T10:00",
            "subject": "The ferry bell", "text": TEXT, "project_ids": str(PROJECT_IDS["centre"]),
            "who": f"party:{number_of(person)}", "confidentiality": "",
        },
    )  # fmt: skip


def test_one_answer_to_all_who_wrote_the_same(people: People):
    reader = people.reader("eleanor")
    first, second = wrote(reader, "Ottilie"), wrote(reader, "Prosper")
    alike, ends = reader.page.locator("#alike a").first, time.monotonic() + READS_S
    reader.open(first)
    while not alike.count() and time.monotonic() < ends:
        reader.page.wait_for_timeout(2000)
        reader.page.reload()
    alike.click()
    expect(reader.page.locator("#voices")).to_contain_text("The bell of the old ferry")
    reader.press("Write one answer to all")
    reader.page.locator("input[name=subject_en]").fill("The bell")
    reader.page.locator("textarea[name=text_en]").fill("Dear {name}, it hangs at the mole from Monday.")
    shoot(reader.page, "answer-form-en-1360")
    reader.press("See who gets it")
    expect(reader.main).to_contain_text("Nothing has gone yet.")
    expect(reader.page.locator("#by-mail li")).to_have_count(2)
    shoot(reader.page, "answer-look-en-1360")
    reader.page.locator("#by-mail").get_by_role("link", name="Preview Prosper").click()
    expect(reader.page.locator("#preview")).to_contain_text("Dear Prosper")
    reader.page.locator("#by-mail").get_by_role("button", name="Leave out Prosper").click()
    expect(reader.page.locator("#without")).to_contain_text("Prosper")
    expect(reader.page.get_by_role("button", name="Send to 1")).to_be_visible()
    reader.page.get_by_role("button", name="Write to them Prosper").click()
    reader.page.set_viewport_size({"width": PHONE, "height": 780})
    shoot(reader.page, "answer-look-en-360")
    reader.fits()
    reader.page.set_viewport_size({"width": 1360, "height": 900})
    reader.page.get_by_role("button", name="Send to 2").click()
    expect(reader.main).to_contain_text("On its way")
    reader.press("Stop")
    expect(reader.main).to_contain_text("Nothing has gone yet.")
    reader.press("Throw the draft away")
    expect(reader.page.locator("#voices")).to_be_visible()
    for letter in (first, second):
        reader.open(letter)
        expect(reader.main).to_contain_text("waits for an answer")
