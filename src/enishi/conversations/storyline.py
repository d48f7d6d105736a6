"""What the template of a timeline needs: days, tabs, filters and addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.conversations import queries
from enishi.conversations.models import Interaction
from enishi.core.parameters import day, in_address, number
from enishi.timeline.models import Family

ICONS = {
    "call": "phone",
    "meeting": "users",
    "visit": "map-pin",
    "letter": "mail-opened",
    "email": "mail",
    "chat": "message-circle",
    "note": "pencil",
}


@dataclass(frozen=True)
class Day:
    date: dt.date
    items: list[queries.Drawn]


def _one_of(value: str | None, known: Sequence[str]) -> str:
    return value if value and value in known else ""


def view_from(given: QueryDict) -> queries.View:
    """What of a timeline an address asks for."""
    return queries.View(
        rollup=given.get("rollup") != "0",
        family=_one_of(given.get("family"), Family.values),
        channel=_one_of(given.get("channel"), Interaction.Channel.values),
        person_id=number(given.get("person")),
        project_id=number(given.get("project")),
        since=day(given.get("since")),
        until=day(given.get("until"), after=True),
        without=[pk for value in given.getlist("without") if (pk := number(value)) is not None],
    )


def address(party: Party, view: queries.View, **changed: Any) -> str:
    """Where that view of a timeline stands; ``changed`` are parts of the view that differ, or ``after``."""
    parts: dict[str, Any] = {
        "rollup": "" if view.rollup else "0",
        "family": view.family,
        "channel": view.channel,
        "person": view.person_id,
        "project": view.project_id,
        **_ends(view),
        "without": sorted(view.without),
        **changed,
    }
    query = urlencode({name: value for name, value in parts.items() if value}, doseq=True)
    base = reverse("conversations:timeline", args=[party.pk])
    return f"{base}?{query}" if query else base


def _ends(view: queries.View) -> dict[str, str]:
    """First and last day of a view, as they stand in addresses and forms."""
    since, until = (moment and timezone.localtime(moment).date() for moment in (view.since, view.until))
    return {
        "since": since.isoformat() if since else "",
        "until": (until - dt.timedelta(days=1)).isoformat() if until else "",
    }


def story(actor: Actor, party: Party, view: queries.View, thread: queries.Thread) -> dict[str, Any]:
    """The context of ``conversations/timeline.html``."""
    after = thread.after
    return {
        "party": party,
        "view": view,
        "days": _days(thread.items),
        "tabs": _tabs(party, view, thread),
        "sources": [_source(party, view, source) for source in thread.sources],
        "channels": Interaction.Channel.choices,
        "project_list": accounts.listed_projects(actor, right="conversations.view"),
        "more_url": address(party, view, after=in_address(after.occurred_at, after.item_id)) if after else "",
        "address": reverse("conversations:timeline", args=[party.pk]),
        **_ends(view),
        "filtered": bool(view.channel or view.person_id or view.project_id or view.since or view.until),
    }


def _days(items: Sequence[queries.Drawn]) -> list[Day]:
    days: list[Day] = []
    for item in items:
        date = timezone.localtime(item.place.occurred_at).date()
        if not days or days[-1].date != date:
            days.append(Day(date, []))
        days[-1].items.append(item)
    return days


def _tabs(party: Party, view: queries.View, thread: queries.Thread) -> list[dict[str, Any]]:
    """Everything, then each family that has something; counts are of the whole timeline."""
    total = sum(thread.counts.values())
    tabs = [
        {
            "label": _("Everything"),
            "url": address(party, view, family=""),
            "count": total,
            "current": not view.family,
        }
    ]
    for family in Family:
        count = thread.counts.get(family, 0)
        if count or view.family == family:
            tabs.append(
                {
                    "label": family.label,
                    "url": address(party, view, family=family.value),
                    "count": count,
                    "current": view.family == family,
                }
            )
    return tabs


def _source(party: Party, view: queries.View, source: Party) -> dict[str, Any]:
    """A rolled-up contact with the address that switches it off or on."""
    on = source.pk not in view.without
    without = set(view.without) ^ {source.pk}
    return {"party": source, "on": on, "url": address(party, view, without=sorted(without))}
