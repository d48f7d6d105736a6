"""Reports that the demo has frozen already."""

from __future__ import annotations

import datetime as dt

from enishi.config.demo.organisation import House
from enishi.reports.queries import Choice
from enishi.reports.services import make_report

# Definition, who made it, of which project, over how many days, in which language and time zone.
REPORTS = (
    ("engagement", "daniel", "tidewall", 84, "en", "Europe/London"),
    ("promises", "ren", "tidewall-east", 180, "ja", "Asia/Tokyo"),
)


def freeze(house: House, now: dt.datetime) -> None:
    for definition, who, code, days, language, zone in REPORTS:
        choice = Choice(
            project_id=house.projects[code].pk,
            since=now.date() - dt.timedelta(days=days),
            until=now.date(),
        )
        make_report(
            house.actors[who],
            definition=definition,
            choice=choice,
            language=language,
            zone=zone,
            at_once=True,
        )
