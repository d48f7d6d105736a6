"""Engagement register: every conversation of a project and a period, and how many people it reached."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import Level, ScopedQuerySet
from enishi.contacts.models import Party, PartyTag
from enishi.contacts.past import Parties, PartyTags
from enishi.conversations.models import Interaction, InteractionTag, Participant
from enishi.conversations.past import Interactions, InteractionTags, Participants
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.core.formats import format_percent, month_of
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer
from enishi.reports.lines import SOURCE, Cell, Lines, commitment, moment, plain, salt
from enishi.reports.suppression import hidden

PAST = (Parties, PartyTags, Interactions, Participants, InteractionTags)


class EngagementRegister(Definition):
    code = "engagement"
    label = gettext_lazy("Engagement register")
    description = gettext_lazy(
        "Every conversation of a period: when, on which channel, with whom, about what, by whom."
    )
    icon = "messages"
    version = 1
    needs = ("conversations.view", "contacts.view")
    past = PAST
    filters = ("tag",)

    def count(self, frame: Frame) -> int:
        return conversations(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        return [conversations(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        out.table("register", _("Conversations"), self._columns()).take(register(frame))
        total, months, channels = figures(frame)
        reached = people_reached(frame)
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


def register(frame: Frame) -> Lines:
    """The rows of the register of a frame, oldest first."""
    talks, which = conversations(frame).order_by().values("pk").query.sql_with_params()
    seen = Party.objects.unscoped("limited to what the actor may see").filter(frame.seen(Party, ""))
    parties, whom = seen.order_by().values("pk").query.sql_with_params()
    limits = None if frame.project is None else list(frame.project_ids)
    labels = [
        json.dumps({str(code): str(label) for code, label in choices})
        for choices in (Interaction.Channel.choices, Interaction.Direction.choices, Level.choices)
    ]
    return Lines(
        sources=_SOURCES.format(talks=talks, parties=parties),
        rows=_ROWS,
        cells=[
            moment("at"),
            plain("channel"),
            plain("direction"),
            Cell("'[' || coalesce(who, '') || ']'", "'[' || coalesce(who_covered, '') || ']'"),
            Cell(
                """CASE WHEN subject = '' THEN '[]' ELSE '[[' || to_json(subject)::text || ',"' || salt || '",['
                    || coalesce(array_to_string(people, ','), '') || ']]]' END""",
                f"""CASE WHEN subject = '' THEN '[]' ELSE '["' || {commitment("subject", "salt")} || '"]' END""",
            ),
            plain("coalesce(tags, '')"),
            plain("coalesce(nullif(staff, ''), by, '')"),
            plain("coalesce(places, '')"),
            plain("level"),
        ],
        params=[*labels, *which, *whom, limits, limits],
    )


_SOURCES = f"""{SOURCE}, talk AS MATERIALIZED (
    SELECT i.id, i.occurred_at AS at, i.subject, i.project_ids, u.name AS by, %s::jsonb ->> i.channel AS channel,
        %s::jsonb ->> i.direction AS direction, %s::jsonb ->> i.confidentiality::text AS level,
        row_number() OVER (ORDER BY i.occurred_at, i.id) AS n, {salt("talk", "i.id")} AS salt
    FROM conversations_interaction i LEFT JOIN accounts_user u ON u.id = i.user_id WHERE i.id IN ({{talks}})
), seen AS (
    SELECT id, full_name FROM contacts_party WHERE id IN ({{parties}})
), present AS MATERIALIZED (
    SELECT c.interaction_id, c.party_id, c.user_id, c.position, c.id, {salt("person", "c.id")} AS salt,
        CASE WHEN c.party_id IS NOT NULL THEN seen.full_name WHEN c.user_id IS NOT NULL THEN v.name
            ELSE coalesce(nullif(c.name, ''), c.address) END AS name
    FROM conversations_participant c JOIN talk ON talk.id = c.interaction_id LEFT JOIN seen ON seen.id = c.party_id
        LEFT JOIN accounts_user v ON v.id = c.user_id
    WHERE c.party_id IS NULL OR seen.id IS NOT NULL
), who AS (
    SELECT interaction_id,
        string_agg('[' || to_json(name)::text || ',"' || salt || '",[' || coalesce(party_id::text, '') || ']]', ','
            ORDER BY party_id IS NULL, position, id) AS who,
        string_agg('"' || {commitment("name", "salt")} || '"', ',' ORDER BY party_id IS NULL, position, id) AS who_covered,
        array_agg(party_id ORDER BY position, id) FILTER (WHERE party_id IS NOT NULL) AS people
    FROM present WHERE party_id IS NOT NULL OR user_id IS NULL GROUP BY interaction_id
), staff AS (
    SELECT interaction_id, string_agg(name, '; ' ORDER BY position, id) AS staff
    FROM (
        SELECT interaction_id, name, min(position) AS position, min(id) AS id
        FROM present WHERE party_id IS NULL AND user_id IS NOT NULL AND name <> '' GROUP BY interaction_id, name
    ) AS each GROUP BY interaction_id
), tags AS (
    SELECT l.interaction_id, string_agg(g.path, '; ' ORDER BY g.path) AS tags
    FROM conversations_interactiontag l JOIN talk ON talk.id = l.interaction_id JOIN contacts_tag g ON g.id = l.tag_id
    GROUP BY l.interaction_id
), places AS (
    SELECT project_ids, (
        SELECT string_agg(name, '; ' ORDER BY place)
        FROM (
            SELECT j.name, min(x.place) AS place FROM unnest(project_ids) WITH ORDINALITY AS x (id, place)
            JOIN accounts_project j ON j.id = x.id
            WHERE %s::bigint[] IS NULL OR j.id = ANY(%s::bigint[]) GROUP BY j.name
        ) AS each
    ) AS places FROM (SELECT DISTINCT project_ids FROM talk) AS sets
)"""  # noqa: S608
_ROWS = """(
    SELECT talk.*, who, who_covered, people, staff, tags, places FROM talk
    LEFT JOIN who ON who.interaction_id = talk.id LEFT JOIN staff ON staff.interaction_id = talk.id
    LEFT JOIN tags ON tags.interaction_id = talk.id LEFT JOIN places ON places.project_ids = talk.project_ids
) AS register"""


def figures(frame: Frame) -> tuple[int, Tally, Tally]:
    """How many conversations, by month and by channel."""
    talks, months, channels = 0, Tally(), Tally()
    grouped = (
        conversations(frame)
        .order_by()
        .values_list(TruncDate("occurred_at", tzinfo=frame.zone), "channel")
        .annotate(n=Count("pk"))
    )
    for day, channel, count in grouped:
        talks += count
        months.add(month_of(day, frame.language), count)
        channels.add(channel, count)
    return talks, months, channels


def people_reached(frame: Frame) -> list[int]:
    """The people and organisations that the frame shows who took part in its conversations."""
    taking_part = Participant.objects.filter(
        frame.seen(Party, "party__"), party__isnull=False, interaction__in=conversations(frame)
    )
    return list(taking_part.order_by().values_list("party_id", flat=True).distinct())


def met_before(frame: Frame, reached: Collection[int]) -> int:
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
    frame: Frame, out: Writer, counted: Collection[int], *, title: str = "", whole: str = ""
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
