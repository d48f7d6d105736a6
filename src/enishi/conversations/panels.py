"""Conversations on shared pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.fields import out_of_sight
from enishi.contacts.models import Party
from enishi.contacts.queries.briefs import UNANSWERED, Matter, Occasion, Part, Section, Subject
from enishi.conversations import queries
from enishi.conversations.models import Interaction, Invitee
from enishi.conversations.paragraphs import excerpt
from enishi.conversations.personal import ConversationsKeeper
from enishi.conversations.queries.briefs import Known, known_of, occasion_of, planned
from enishi.conversations.queries.interactions import kind_of
from enishi.conversations.retention import OldQuarantine, OldTalks, needed_by_talks
from enishi.conversations.services.handover import Senders, Waiting, notes_handed
from enishi.conversations.services.mail_import import MailImporter, UndoMailImport
from enishi.conversations.storyline import ICONS, story
from enishi.core import clock, formats
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, NewEntry, Shown, add_menu, add_new, panel, provide
from enishi.core.templatetags.enishi import format_date
from enishi.privacy.retention import NEEDED
from enishi.privacy.retention import PLACE as RETENTION
from enishi.timeline.models import Entry
from enishi.timeline.words import colleague

VIEW, EDIT = "conversations.view", "conversations.edit"

provide("importer", "mail")(MailImporter)
provide(PLACE, ConversationsKeeper.code)(ConversationsKeeper)
provide("timeline.undo", "conversations.mail_import")(UndoMailImport)
provide(RETENTION, OldTalks.code)(OldTalks)
provide(RETENTION, OldQuarantine.code)(OldQuarantine)
provide(NEEDED, "conversations")(needed_by_talks)

add_menu(
    MenuEntry(
        group="",
        label=_("Conversations"),
        url_name="conversations:interactions",
        icon="inbox",
        right=VIEW,
        order=20,
        key="i",
        tab=1,
    )
)
add_new(
    NewEntry(
        label=_("Log a conversation"), url_name="conversations:new", icon="message-plus", right=EDIT, order=10
    )
)


@panel("contacts.record.middle", order=10)
def timeline_of_party(actor: Actor, party: Party) -> Shown:
    """Quick log and thread: the middle of the page of a person or organisation."""
    view = queries.View()
    thread = queries.party_timeline(actor, party, view)
    context = story(actor, party, view, thread)
    return Shown("conversations/middle.html", {**context, "may_log": actor.may_some(EDIT, party.project_ids)})


@panel("home.main", order=30)
def waiting_for_an_answer(actor: Actor, project_id: int | None) -> Shown | None:
    """What people wait to hear from us."""
    if not actor.may(VIEW):
        return None
    found = queries.waiting(actor, project_id=project_id, limit=6)
    if not found:
        return None
    return Shown("conversations/waiting.html", {"waiting": found[:5], "icons": ICONS, "more": len(found) > 5})


@panel("commitments.side", order=10)
def answer_debt(actor: Actor, project_id: int | None) -> Shown | None:
    """How many wait for our answer and since when, beside the promises."""
    if not actor.may(VIEW):
        return None
    debt = queries.answer_debt(actor, project_id=project_id)
    return Shown(
        "conversations/debt.html",
        {"debt": debt, "spans": _drawn(debt), "scope": f"&project={project_id}" if project_id else ""},
    )


def _drawn(debt: queries.Debt) -> list[dict[str, Any]]:
    """The spans of the bar: each with its words, its share of a hundred and the list of its rows."""
    words = (
        ("c1", _("since today or yesterday")),
        ("c3", _("for 2 to 6 days")),
        ("c5", _("for 7 days or longer")),
    )
    base, drawn, x = reverse("conversations:interactions"), [], 0.0
    for (tone, label), span in zip(words, debt.spans, strict=True):
        ends = {"since": span.since, "until": span.until}
        asked = {"answer": "waiting", **{name: day.isoformat() for name, day in ends.items() if day}}
        share = 100 * span.count / debt.total if debt.total else 0.0
        drawn.append(
            {
                "tone": tone,
                "label": label,
                "count": span.count,
                "url": f"{base}?{urlencode(asked)}",
                "x": round(x, 1),
                "wide": round(max(share - 0.7, 0.3), 1),
            }
        )
        x += share
    return drawn


@provide("brief", "conversations")
def brief(actor: Actor, subjects: Sequence[Subject]) -> dict[int, Part]:
    """The last contact on each channel, what waits for our answer, and three quotes."""
    if not actor.may(VIEW):
        return {}
    found = known_of(actor, subjects)
    return {
        subject.party.pk: _brief(found[subject.party.pk])
        for subject in subjects
        if actor.may_some(VIEW, subject.party.project_ids)
    }


def _brief(known: Known) -> Part:
    context = {"known": known, "last": _with_icons(known.last)}
    sections = [Section(_("Last contact"), Shown("conversations/brief/last.html", context), order=30)]
    if known.quotes:
        quotes = Shown("conversations/brief/quotes.html", context)
        sections.append(Section(_("What was said"), quotes, order=70, wide=True))
    matters = [_unanswered(known.waiting)] if known.waiting else []
    return Part(sections, matters, known.left_off)


def _with_icons(talks: Iterable[Interaction]) -> list[tuple[str, Interaction]]:
    return [(ICONS.get(talk.channel, "message-circle"), talk) for talk in talks]


def _unanswered(talk: Interaction) -> Matter:
    day = format_date(talk.occurred_at)
    words = gettext("They turned to us on %(day)s and have no answer yet.") % {"day": day}
    if talk.subject:
        told = {"day": day, "subject": f"\u2068{talk.subject}\u2069"}
        words = gettext("They turned to us on %(day)s about “%(subject)s” and have no answer yet.") % told
    url = reverse("conversations:interaction", args=[talk.pk])
    return Matter(UNANSWERED, words, talk.occurred_at, url)


@provide("brief.occasion", "talk")
def occasion(actor: Actor, interaction_id: int) -> Occasion | None:
    """A conversation as something to be briefed for, usually a planned one."""
    return occasion_of(actor, interaction_id)


@panel("home.side", order=20)
def next_talks(actor: Actor, project_id: int | None) -> Shown | None:
    """The actor's planned meetings and calls of the next seven days, each with its brief."""
    if not actor.may(VIEW):
        return None
    found = planned(actor, until=clock.now() + dt.timedelta(days=7), project_id=project_id)
    return Shown("conversations/brief/planned.html", {"planned": _with_icons(found)}) if found else None


@provide("timeline.draw", "conversations.interaction")
def draw(actor: Actor, ids: Sequence[int]) -> dict[int, Shown]:
    """Conversations as items of a timeline, with what was made from them."""
    found = queries.by_ids(actor, ids)
    born = queries.born_from(actor, found)
    language = translation.get_language() or "en"
    return {
        pk: Shown(
            "conversations/drawn.html",
            {
                "one": one,
                "icon_name": ICONS.get(one.channel, "message-circle"),
                "time": formats.format_time(timezone.localtime(one.occurred_at), language),
                "excerpt": excerpt(one.text, one.folds, most=600),
                "born": born[pk],
                # Stand under the words they came from, not once more beside them.
                "holds": {(f"commitments.{thing.kind}", thing.thing.pk) for thing in born[pk]},
                "sealed": one.confidentiality >= Level.CONFIDENTIAL,
            },
        )
        for pk, one in found.items()
    }


provide("handover", Waiting.code)(Waiting)
provide("handover", Senders.code)(Senders)
provide("handover.notes", "conversations")(notes_handed)
provide("content.least_level", "conversations")(queries.level_of_file)
provide("content.hangs_on", "conversations")(queries.Attached)
provide("commitments.least_level", "conversations")(queries.level_of)


@provide("timeline.fields", "conversations.interaction")
def fields() -> Mapping[str, Any]:
    """What the history of a conversation tells of its invitation."""
    return {
        "invitee": _("who"),
        "invitation_answer": _("answer"),
        "invitation_note": _("note"),
        "invitation_title": _("title"),
        "invitation_place": _("place"),
        "invitation_text": _("text"),
        "invitation_starts_at": _("when"),
        "invitation_minutes": _("minutes"),
        "people": _("people"),
        "taken_back": _("taken back from"),
    }


@provide("timeline.parts", "conversations.interaction")
def history_parts(actor: Actor, entry: Entry, name: str, value: Any) -> Any:
    """Addresses that contacts wrote from are theirs: who does not see them there does not read them here."""
    if name != "participants" or not isinstance(value, list):
        return value
    unread = out_of_sight(actor, "contacts", entry.project_ids, entry.confidentiality)
    return [
        {**one, "address": ""}
        if isinstance(one, dict) and one.get("party") and kind_of(one.get("address", "")) in unread
        else one
        for one in value
    ]


@provide("timeline.values", "conversations.interaction")
def value(name: str, value: Any) -> str | None:
    if name == "folds":
        return ""  # where the quoted parts of a text begin says nothing to people
    if name == "participants" and isinstance(value, list):
        return _people(value)
    if name == "invitation_answer":
        return str(Invitee.Answer(value).label) if value in Invitee.Answer.values and value else None
    if name == "invitation_starts_at" and (moment := parse_datetime(str(value))):
        local, language = timezone.localtime(moment), translation.get_language() or "en"
        return formats.format_datetime(local, language, today=clock.today())
    return None


def _people(told: Sequence[Mapping[str, Any]]) -> str:
    """Who took part: colleagues and strangers by name, contacts by number, since not every reader sees each of them."""
    colleagues = [colleague(one["user"]) for one in told if one.get("user")]
    strangers = [
        one.get("name") or one.get("address") or ""
        for one in told
        if not one.get("user") and not one.get("party")
    ]
    contacts = sum(1 for one in told if one.get("party"))
    words = ngettext("%(count)s contact", "%(count)s contacts", contacts) % {
        "count": formats.counted(contacts)
    }
    return ", ".join(filter(None, [*colleagues, *strangers, words if contacts else ""]))
