"""A project with a site below it, conversations and promises open and confidential, and who may read what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import Project, User
from enishi.commitments.models import Promise
from enishi.commitments.services import make_promise, settle_promise
from enishi.contacts.models import Party
from enishi.contacts.services import set_tags
from enishi.contacts.services import setup as contact_setup
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.reports.models import Report
from enishi.reports.queries import Choice
from enishi.reports.services import make_report
from factories import SYSTEM, agent, manager, party, project

# A Tuesday.
NOW = dt.datetime(2026, 11, 17, 9, 40, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class World:
    project: Project
    site: Project
    aoi: Party
    shirin: Party
    agent: Actor
    manager: Actor

    def choice(self, **values: object) -> Choice:
        given: dict[str, object] = {
            "project_id": self.project.pk,
            "since": dt.date(2026, 9, 1),
            "until": dt.date(2026, 11, 17),
            **values,
        }
        return Choice(**given)  # type: ignore[arg-type]

    def report(self, by: Actor | None = None, definition: str = "engagement", **values: object) -> Report:
        language = str(values.pop("language", "en"))
        return make_report(
            by or self.agent,
            definition=definition,
            choice=self.choice(**values),
            language=language,
            zone="UTC",
        )


def say(by: Actor, where: Project, subject: str, *people: Party, days: int = 1, **values: object) -> int:
    made = log_interaction(
        by,
        channel=values.pop("channel", "call"),
        occurred_at=NOW - days * DAY,
        project_ids=[where.pk],
        subject=subject,
        participants=[ParticipantDraft(party_id=one.pk) for one in people],
        **values,
    )
    return made.pk


def world() -> World:
    where = project("Tidewall East", code="tidewall-east")
    site = project("Pier 3", parent=where)
    worker, boss = agent(where), manager(where)
    here = World(where, site, party(where, "Tanaka Aoi"), party(where, "شیرین مهتدی"), worker, boss)
    say(worker, where, "Night noise", here.aoi, days=30)
    say(worker, site, "Berths", here.aoi, here.shirin, channel="meeting", days=3)
    say(worker, where, "=HYPERLINK(1)", here.shirin, channel="email", days=2)
    say(boss, where, "Secret land deal", here.aoi, days=2, confidentiality=Level.CONFIDENTIAL)
    say(worker, where, "Long ago", here.aoi, days=300)
    set_tags(boss, here.aoi, [contact_setup.create_tag(SYSTEM, name="Residents")])
    return here


def promises(here: World) -> list[Promise]:
    """One kept, one late, one to come, one confidential."""
    owner = User.objects.get(pk=here.agent.user_id)
    made = [
        make_promise(
            here.manager, project=here.project, title=title, direction="ours", party=here.aoi, owner=owner if level == Level.INTERNAL else None,
            due_at=NOW + days * DAY, confidentiality=level,
        )
        for title, days, level in (
            ("Send the survey", 4, Level.INTERNAL),
            ("Ring back", -2, Level.INTERNAL),
            ("Mend the fence", 9, Level.INTERNAL),
            ("Buy parcel 14", 9, Level.CONFIDENTIAL),
        )
    ]  # fmt: skip
    settle_promise(here.manager, made[0], state="kept")
    return made


__all__ = ["DAY", "NOW", "World", "promises", "say", "world"]
