"""Engagement register: every conversation of a project and a period, and how many people it reached."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Level, ScopedQuerySet
from enishi.accounts.models import Project, User
from enishi.contacts.models import Party, PartyTag
from enishi.conversations.models import Interaction, InteractionTag, Participant
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.core.formats import format_percent, month_of
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer, together
from enishi.reports.suppression import hidden

CHUNK = 5000
UNTOLD = gettext_lazy(
    "Not drawn for an earlier day: the history does not tell row by row who took part before records were merged or senders recognised."
)


class EngagementRegister(Definition):
    code = "engagement"
    label = gettext_lazy("Engagement register")
    description = gettext_lazy(
        "Every conversation of a period: when, on which channel, with whom, about what, by whom."
    )
    icon = "messages"
    version = 1
    needs = ("conversations.view", "contacts.view")
    untold = UNTOLD
    filters = ("tag",)

    def count(self, frame: Frame) -> int:
        return conversations(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [conversations(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        rows = out.table("register", _("Conversations"), self._columns())
        months, channels = Tally(), Tally()
        reached: dict[int, int] = defaultdict(int)
        total, last, month = 0, None, None
        for talk in read(frame):
            total += 1
            day = talk.at.astimezone(frame.zone).date()
            if day != last:
                last, month = day, month_of(day, frame.language)
            months.add(month)
            channels.add(talk.channel)
            for party_id in {party_id for party_id, _name in talk.people}:
                reached[party_id] += 1
            rows.add(talk.row)
        first = len(reached) - met_before(frame, reached)
        write_groups(frame, out, reached)
        return Paper(
            title=_title(frame, total, len(reached), first),
            figures=[
                Figure(frame.number(total), ngettext("conversation", "conversations", total)),
                Figure(
                    frame.number(len(reached)), ngettext("person reached", "people reached", len(reached))
                ),
                Figure(frame.number(first), _("of them for the first time in two years")),
            ],
            charts=[by_month(frame, months), by_channel(frame, channels)],
            notes=[
                _("A conversation counts once, however many people took part. A person counts once."),
                _("First time: no conversation with us in the two years before the period."),
                small_counts_note(),
            ],
        )

    @staticmethod
    def _columns() -> list[Column]:
        return [
            Column("at", _("When"), "moment", 1.4),
            Column("channel", _("Channel"), share=0.9),
            Column("direction", _("Direction"), share=0.9),
            Column("who", _("With"), share=2.2),
            Column("subject", _("Subject"), share=2.6),
            Column("tags", _("Tags"), share=1.4),
            Column("by", _("By"), share=1.2),
            Column("projects", _("Projects"), share=1.2),
            Column("level", _("Confidentiality"), share=1),
        ]


def small_counts_note() -> str:
    return _(
        "Groups of fewer than 5 people are not shown, and a second one is hidden where the first could be worked out."
    )


def conversations(frame: Frame) -> ScopedQuerySet[Interaction]:
    """The conversations of a frame, in no order."""
    found = frame.within(Interaction).filter(
        deleted_at__isnull=True, occurred_at__gte=frame.start, occurred_at__lt=frame.end
    )
    if frame.tag_ids:
        found = found.filter(
            pk__in=InteractionTag.objects.filter(tag__in=frame.tag_ids).values("interaction")
        )
    return found


class Talk:
    """One conversation as the register has it."""

    __slots__ = ("at", "channel", "people", "row")

    def __init__(self, at: dt.datetime, channel: str, people: list[tuple[int, str]], row: Sequence[Any]):
        self.at, self.channel, self.people, self.row = at, channel, people, row


def read(frame: Frame) -> Iterator[Talk]:
    """The register of a frame, oldest first: four questions for each five thousand conversations."""
    found = conversations(frame).order_by("occurred_at", "id")
    values = found.values_list(
        "pk", "occurred_at", "channel", "direction", "subject", "user__name", "project_ids", "confidentiality"
    ).iterator(chunk_size=CHUNK)
    channels = {code: str(label) for code, label in Interaction.Channel.choices}
    directions = {code: str(label) for code, label in Interaction.Direction.choices}
    levels = {code: str(label) for code, label in Level.choices}
    limits = set(frame.project_ids)
    projects = {
        pk: name
        for pk, name in Project.objects.values_list("pk", "name")
        if frame.project is None or pk in limits
    }
    while chunk := list(islice(values, CHUNK)):
        ids = [row[0] for row in chunk]
        people, others, staff = _participants(frame, ids)
        tags = _tags(ids)
        for pk, at, channel, direction, subject, by, project_ids, level in chunk:
            who = people.get(pk, [])
            everybody = [party_id for party_id, _name in who]
            yield Talk(
                at,
                channel,
                who,
                (
                    at,
                    channels[channel],
                    directions[direction],
                    [
                        *((name, [party_id]) for party_id, name in who),
                        *((name, []) for name in others.get(pk, ())),
                    ],
                    [(subject, everybody)] if subject else [],
                    together(tags.get(pk, ())),
                    together([*staff.get(pk, ()), *([by] if by and not staff.get(pk) else [])]),
                    together(projects[one] for one in project_ids if one in projects),
                    levels[level],
                ),
            )


_Grouped = dict[int, list[Any]]


def _participants(frame: Frame, ids: Sequence[int]) -> tuple[_Grouped, _Grouped, _Grouped]:
    """By conversation: contacts that the frame shows, strangers by name, colleagues."""
    people: _Grouped = defaultdict(list)
    others: _Grouped = defaultdict(list)
    staff: _Grouped = defaultdict(list)
    seen = Q(party__isnull=True) | frame.seen(Party, "party__")
    found = Participant.objects.filter(seen, interaction_id__among=ids).order_by("position", "id")
    names = dict(User.objects.values_list("pk", "name"))
    for pk, party_id, party, user_id, name, address in found.values_list(
        "interaction_id", "party_id", "party__full_name", "user_id", "name", "address"
    ):
        if party_id is not None:
            people[pk].append((party_id, party))
        elif user_id is not None:
            staff[pk].append(names.get(user_id, ""))
        else:
            others[pk].append(name or address)
    return people, others, staff


def _tags(ids: Sequence[int]) -> _Grouped:
    tags: _Grouped = defaultdict(list)
    links = InteractionTag.objects.filter(interaction_id__among=ids).order_by("tag__path")
    for pk, path in links.values_list("interaction_id", "tag__path"):
        tags[pk].append(path)
    return tags


def met_before(frame: Frame, reached: dict[int, int]) -> int:
    """How many of these people we had talked with in the two years before the period."""
    before = frame.start - dt.timedelta(days=730)
    earlier = frame.within(Interaction).filter(
        deleted_at__isnull=True, occurred_at__gte=before, occurred_at__lt=frame.start
    )
    return (
        Participant.objects.filter(party_id__among=list(reached), interaction__in=earlier)
        .values("party_id")
        .distinct()
        .count()
    )


def write_groups(
    frame: Frame, out: Writer, counted: dict[int, int], *, title: str = "", whole: str = ""
) -> None:
    """How many of these people bear which tag; small groups are hidden."""
    groups: dict[str, list[int]] = defaultdict(list)
    links = PartyTag.objects.filter(party_id__among=list(counted)).order_by("tag__path")
    for path, party_id in links.values_list("tag__path", "party_id"):
        groups[path].append(party_id)
    rows = out.table(
        "groups",
        title or _("People reached, by tag"),
        [
            Column("group", _("Tag"), share=3),
            Column("people", _("People"), "number"),
            Column("share", whole or _("Of all people reached"), "number"),
        ],
        note=_("A person with several tags counts under each of them."),
    )
    listed = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    closed = hidden([[len(members)] for _path, members in listed])
    for place, (path, members) in enumerate(listed):
        if (place, 0) in closed:
            rows.add((path, _("hidden"), _("hidden")))
        else:
            rows.add((path, len(members), format_percent(len(members) / len(counted), frame.language)))


def by_month(frame: Frame, months: Tally) -> Chart:
    bars = [
        Bar(label, count, frame.number(count)) for (_key, label), count in months.ordered(lambda key: key)
    ]
    return Chart(_("Conversations by month"), bars)


def by_channel(frame: Frame, channels: Tally) -> Chart:
    words = dict(Interaction.Channel.choices)
    bars = [Bar(str(words[code]), count, frame.number(count)) for code, count in channels.ordered()]
    return Chart(_("Conversations by channel"), bars)


def _title(frame: Frame, total: int, people: int, first: int) -> str:
    if not total:
        return _("Nobody talked with us in this period")
    if not people:
        return ngettext(
            "%(n)s conversation, with nobody we know by name",
            "%(n)s conversations, with nobody we know by name",
            total,
        ) % {"n": frame.number(total)}
    said = ngettext("We talked with %(n)s person", "We talked with %(n)s people", people) % {
        "n": frame.number(people)
    }
    if not first:
        return said
    return _("%(said)s, %(n)s of them for the first time") % {"said": said, "n": frame.number(first)}
