"""Business days, and things that recur on them."""

from enishi.core.calendar.business import BusinessCalendar, CalendarError
from enishi.core.calendar.rules import MAX_OCCURRENCES, Rule, Shift, occurrences, parse_rule
from enishi.core.calendar.words import describe_rule

__all__ = [
    "MAX_OCCURRENCES",
    "BusinessCalendar",
    "CalendarError",
    "Rule",
    "Shift",
    "describe_rule",
    "occurrences",
    "parse_rule",
]
