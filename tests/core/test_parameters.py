"""Values as they stand in addresses."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone, translation

from enishi.core.parameters import day, number
from enishi.core.templatetags.enishi import day_input

TOKYO = dt.timezone(dt.timedelta(hours=9))


@pytest.mark.parametrize("typed", ["2026-11-22", "1405/09/01", "۱۴۰۵/۰۹/۰۱", "令和8年11月22日"])
def test_a_day_is_read_in_the_calendar_in_which_it_was_typed(typed):
    with timezone.override("Asia/Tokyo"):
        assert day(typed) == dt.datetime(2026, 11, 22, tzinfo=TOKYO)
        assert day(typed, after=True) == dt.datetime(2026, 11, 23, tzinfo=TOKYO)


@pytest.mark.parametrize("typed", [None, "", "soon", "2026-02-30", "03/04/2026", "9999-12-31"])
def test_what_is_no_day_limits_nothing(typed):
    assert day(typed, after=typed == "9999-12-31") is None


def test_a_number_that_no_row_can_have_is_none():
    assert [number(text) for text in ("12", "-1", "1e3", "9" * 18, None)] == [12, None, None, None, None]


def test_a_day_is_asked_for_in_the_calendar_of_the_reader():
    chosen = dt.date(2026, 11, 22)
    with translation.override("fr"):
        control = day_input("since", chosen, most=chosen)
    assert 'type="date"' in control and 'value="2026-11-22"' in control and 'max="2026-11-22"' in control
    with translation.override("fa"):
        assert 'type="text"' in day_input("since", chosen) and 'value="1405/09/01"' in day_input(
            "since", chosen
        )
        assert 'value="1405/09/01"' in day_input("since", "2026-11-22")
        assert "value=" not in day_input("since", "")
        assert 'value="&quot;&gt;&lt;script&gt;"' in day_input("since", '"><script>')
