"""Numbers of themes as pages draw them: bars, shares and the addresses of the rows behind each number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.core import clock
from enishi.core.choices import language_name
from enishi.core.documents import Bar, Chart
from enishi.core.formats import format_date, format_number
from enishi.themes.models import Feeling, Reading
from enishi.themes.queries.figures import Figures, Period, Spoken, Week

VERY_CLOSE, CLOSE = 0.72, 0.62
SURE = 0.6
TONES = {1: "c5", 2: "c3", 3: "c6", 4: "c2", 5: "c1"}
TAGS = {1: "bad", 2: "warn", 3: "", 4: "good", 5: "good"}
ICONS = {
    1: "mood-angry",
    2: "mood-sad",
    3: "mood-neutral",
    4: "mood-smile",
    5: "mood-happy",
}


def feeling(value: int | None) -> dict[str, Any] | None:
    """A feeling as a tag: tone, sign and word."""
    if value is None:
        return None
    return {"value": value, "tone": TAGS[value], "icon": ICONS[value], "label": Feeling(value).label}


def mix(counts: Sequence[int], address: str = "") -> list[dict[str, Any]]:
    """The parts of a bar of a hundred, angry first; with an address each part leads to its rows."""
    total, x = sum(counts), 0.0
    parts = []
    for value, count in zip(Feeling.values, counts, strict=True):
        if not count:
            continue
        share = 100 * count / total
        parts.append(
            {
                "tone": TONES[value],
                "label": Feeling(value).label,
                "count": count,
                "x": round(x, 1),
                "wide": round(max(share - 0.7, 0.3), 1),
                "url": f"{address}&feeling={value}" if address else "",
            }
        )
        x += share
    return parts


def rows(
    figures: Figures, period: Period, kept: Mapping[str, str], chosen: Sequence[Spoken] | None = None
) -> list[dict[str, Any]]:
    """Themes, all of them or those chosen, with their share of the most spoken of, and the addresses of now and before."""
    most = max((row.count for row in figures.rows), default=0) or 1
    before = {**kept, "since": _day(period.before.since), "until": _day(period.before.until, last=True)}
    talks = reverse("conversations:interactions")
    drawn = []
    for row in figures.rows if chosen is None else chosen:
        address = reverse("themes:theme", args=[row.theme.pk])
        url = f"{address}?{urlencode(kept)}"
        in_list = {"theme": row.theme.pk, "project": kept.get("project", ""), "party": kept.get("party", "")}
        drawn.append(
            {
                "row": row,
                "theme": row.theme,
                "of": most,
                "url": url,
                "before_url": f"{address}?{urlencode(before)}",
                "mix": mix(row.feelings, url),
                "change": row.change,
                "talks_url": f"{talks}?{urlencode({**in_list, 'since': kept['since'], 'until': kept['until']})}"
                if "since" in kept
                else "",
                "talks_before_url": f"{talks}?{urlencode({**in_list, 'since': before['since'], 'until': before['until']})}",
                "less": -row.change,
            }
        )
    return drawn


def weeks(found: Sequence[Week], address: str, kept: Mapping[str, str]) -> Chart:
    """The weeks as columns, each with the address of its rows."""
    language, today = get_language() or "en", clock.today()
    bars = [
        Bar(
            format_date(timezone.localtime(week.since), language, today=today),
            week.count,
            format_number(week.count, language),
            f"{address}?{urlencode({**kept, 'since': _day(week.since), 'until': _day(week.until, last=True)})}",
        )
        for week in found
    ]
    return Chart(_("Week by week"), bars, over_time=True)


def _day(moment: dt.datetime, *, last: bool = False) -> str:
    """The day of a moment, or the last day before it."""
    return timezone.localtime(moment - dt.timedelta(seconds=1) if last else moment).date().isoformat()


def first_day(period: Period) -> str:
    return _day(period.since)


def closeness(value: float) -> Any:
    """How near a suggestion comes, in words: the number itself says nothing to a reader."""
    if value >= VERY_CLOSE:
        return _("very close")
    return _("close") if value >= CLOSE else _("somewhat close")


def read(found: Reading | None) -> dict[str, Any] | None:
    """What the machine read in a conversation as a whole, with how sure it is in words."""
    if found is None or found.feeling is None or found.sure is None:
        return None
    sure = _("fairly sure") if found.sure >= SURE else _("unsure")
    return {"felt": feeling(found.feeling), "sure": sure}


def languages(codes: Sequence[str]) -> str:
    """Languages by name, in the reader's order of words."""
    return ", ".join(language_name(code) for code in codes)


def views(here: str) -> list[dict[str, Any]]:
    """The pages of the section, in the top bar."""
    return [
        {"label": _("Themes"), "url": reverse("themes:list"), "current": here == "list"},
        {"label": _("Without a theme"), "url": reverse("themes:unnamed"), "current": here == "unnamed"},
        {"label": _("Said much the same"), "url": reverse("themes:alike"), "current": here == "alike"},
    ]
