"""The stops of the tour, in order: each is a control on a page, with what it is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Stop:
    """``anchors`` are the ids of the control; where there is one for wide and one for narrow screens, both.

    ``of`` is what the page is about: where nothing of that kind is within reach, or ``right`` is missing there, the stop
    is left out.
    """

    code: str
    title: Any
    words: Any
    page: str
    anchors: tuple[str, ...]
    right: str = ""
    of: Literal["", "party", "talk", "project"] = ""


STOPS = (
    Stop(
        "find",
        _("Find anybody"),
        _(
            "Search stands on every page. Half a name, a phone number or a word from a letter is enough, in any "
            "script. Ctrl K opens it too."
        ),
        "home",
        ("search-box", "search-tab"),
    ),
    Stop(
        "person",
        _("All that was said with somebody"),
        _(
            "Calls, letters, meetings and promises stand in one line of time. Around it: how to reach them, and "
            "what is still open."
        ),
        "contacts:party",
        ("story",),
        "contacts.view",
        "party",
    ),
    Stop(
        "log",
        _("Log a call in one line"),
        _(
            "Write what happened as you would tell a colleague, for example “called, we send the survey by Friday”. "
            "Below it you see what was understood before you save."
        ),
        "contacts:party",
        ("quick",),
        "conversations.edit",
        "party",
    ),
    Stop(
        "promise",
        _("Turn a sentence into a promise"),
        _(
            "Select words in what was said and choose Promise, or press the number of a point. The promise keeps the "
            "words it came from."
        ),
        "conversations:interaction",
        ("said",),
        "commitments.edit",
        "talk",
    ),
    Stop(
        "promises",
        _("Every promise and how it stands"),
        _(
            "What we owe and what they owe us, from open to kept. Move a card when work begins; where a reason or a proof "
            "is missing, you are asked for it."
        ),
        "commitments:board",
        ("board",),
        "commitments.view",
    ),
    Stop(
        "unheard",
        _("Whom we did not hear"),
        _(
            "Who has influence and was not heard for long, and what else is missing about them. Each number opens its "
            "people, to be worked through."
        ),
        "engagement:gaps",
        ("gaps",),
        "engagement.view",
        "project",
    ),
    Stop(
        "cases",
        _("Grievances and issues, on a clock"),
        _(
            "A case goes from stage to stage until it is settled. Its clock counts business days; the least time is first."
        ),
        "cases:list",
        ("cases",),
        "cases.view",
    ),
    Stop(
        "reports",
        _("A report that stays as it was"),
        _(
            "A report is frozen when it is made. Its rows, figures and files never change, and anybody can prove it."
        ),
        "reports:list",
        ("made",),
        "reports.view",
    ),
    Stop(
        "history",
        _("Nothing is lost"),
        _(
            "Each change stands here with what was before and who made it. Most can be undone: at once with Z, later from "
            "the undo log."
        ),
        "timeline:history",
        ("entries",),
        "timeline.view",
    ),
)
