"""Small words of stakeholders: steps, what a dot says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.core.calendar import describe_rule
from enishi.engagement.models import Step
from enishi.engagement.queries import Dot

register = template.Library()


@register.filter
def step_words(value: int) -> str:
    """A judgement from 1 to 5 in words."""
    return str(Step(value).label)


@register.filter
def at(values: Mapping[str, Any], key: str) -> Any:
    """One value of a mapping by a key that the template knows only as a variable."""
    return values.get(key, "")


@register.filter
def told(dot: Dot) -> str:
    """What a dot of the matrix says when one points at it."""
    return _("%(name)s: %(position)s, influence %(influence)s, interest %(interest)s, impact %(impact)s") % {
        "name": dot.name,
        "position": dot.position_words or _("Not known"),
        "influence": step_words(dot.influence),
        "interest": step_words(dot.interest),
        "impact": step_words(dot.impact),
    }


@register.filter
def rule_words(rule: str) -> str:
    """How often something comes back, in words."""
    return describe_rule(rule, get_language() or "en")


@register.filter
def local_day(moment: dt.datetime) -> dt.date:
    """The day of a moment where the reader is."""
    return timezone.localdate(moment)
