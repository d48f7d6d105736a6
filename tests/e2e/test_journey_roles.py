"""One story of a project as three people find it: the manager who wrote it, an agent of the project, somebody outside."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from e2e.people import People
from e2e.reader import PROJECT_IDS, Reader, fresh, number_of

pytestmark = pytest.mark.e2e
PROJECT = PROJECT_IDS["tidewall"]
# A page may repeat the word that was looked for, but none of what was written with it.
WRITTEN = ("Ottavia %s", "%s talk", "%s said", "%s spoke up", "%s pumps")


def test_what_an_agent_works_with_and_an_outsider_never_meets(people: People):
    word = fresh("Quillon")
    manager, agent, outsider = (people.reader(who) for who in ("misaki", "daniel", "kaveh"))
    own, lists = _written(manager, word)
    for reader in (manager, agent):
        for place in own:
            answer = reader.page.goto(place)
            assert answer is not None and answer.status == 200, place
            assert word in reader.main.inner_text(), place
        for place in lists:
            assert reader.page.goto(place).status == 200, place  # type: ignore[union-attr]
    # What is refused looks the same as what is not there, except where the right itself is missing.
    for place in own:
        answer = outsider.page.goto(place)
        assert answer is not None and answer.status == 404, place
        assert word not in answer.text(), place
    for place in lists:
        answer = outsider.page.goto(place)
        assert answer is not None and answer.status in {200, 403, 404}, place
        told = [words for words in WRITTEN if words % word in answer.text()]
        assert told == [], place


def _written(manager: Reader, word: str) -> tuple[list[str], list[str]]:
    """A person with a talk, a rating and a case; the pages of these, and the lists that could tell of them."""
    person = manager.new_person(WRITTEN[0] % word, email=f"{word.lower()}@harbour.example")
    party = number_of(person)
    talk = manager.new_talk(WRITTEN[1] % word, f"{WRITTEN[2] % word} that the pumps are loud.", person)
    manager.post(
        f"/projects/{PROJECT}/stakeholders/{party}/rate/",
        {"influence": "4", "interest": "5", "impact": "3", "position": "", "reason": WRITTEN[3] % word},
    )
    case = manager.post(
        "/cases/new/?kind=issue",
        {"title": WRITTEN[4] % word, "text": "Loud.", "channel": "other", "project": str(PROJECT), "party": str(party),
         "person": WRITTEN[0] % word},
    )  # fmt: skip
    own = [
        person,
        talk,
        case,
        f"/projects/{PROJECT}/stakeholders/{party}/",
        f"{person}brief/",
        f"{person}?show=history",
    ]
    seek = quote(word)
    lists = [
        f"/people/?q={seek}",
        "/people/map/",
        f"/projects/{PROJECT}/stakeholders/",
        f"/projects/{PROJECT}/stakeholders/gaps/",
        f"/projects/{PROJECT}/plan/",
        f"/promises/?q={seek}",
        "/promises/duties/",
        "/promises/kept/",
        f"/cases/?q={seek}",
        "/themes/",
        f"/conversations/?q={seek}",
        "/reports/",
        "/reports/dashboards/for/team/",
        "/history/",
        f"/search/?q={seek}",
        f"/search/suggest/?q={seek}",
        "/people/bin/",
        "/",
    ]
    return own, lists
