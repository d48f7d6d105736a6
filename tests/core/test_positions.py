"""Degrees as people write them, and areas that are none."""

from __future__ import annotations

import pytest

from enishi.core.positions import Area, PositionError, read_area, read_degrees, read_pair


@pytest.mark.parametrize(
    ("typed", "axis", "value"),
    [
        ("35.681", "latitude", 35.681),
        ("35,681", "latitude", 35.681),
        ("۳۵٫۶۸۱", "latitude", 35.681),
        ("３５.６８", "latitude", 35.68),
        ("35°40'52\"N", "latitude", 35.681111),
        ("35° 40′ 52″ S", "latitude", -35.681111),
        ("北緯35度40分52秒", "latitude", 35.681111),
        ("W 1.68", "longitude", -1.68),
        ("−139.767", "longitude", -139.767),
        ("139°46'E", "longitude", 139.766667),
        ("-90", "latitude", -90.0),
        ("180", "longitude", 180.0),
    ],
)
def test_degrees_are_read_as_people_write_them(typed: str, axis: str, value: float):
    assert read_degrees(typed, axis) == value


@pytest.mark.parametrize(
    ("typed", "axis", "says"),
    [
        ("91", "latitude", "between -90 and 90"),
        ("-180.1", "longitude", "between -180 and 180"),
        ("nan", "latitude", "not a number of degrees"),
        ("inf", "longitude", "not a number of degrees"),
        ("35°61'", "latitude", "up to 59"),
        ("35 E", "latitude", "Check the letter"),
        ("north", "latitude", "not a number of degrees"),
        ("1" * 400, "latitude", "between -90 and 90"),
        ("<script>", "longitude", "not a number of degrees"),
    ],
)
def test_what_is_no_position_is_refused_with_the_remedy(typed: str, axis: str, says: str):
    with pytest.raises(PositionError, match=says):
        read_degrees(typed, axis)


@pytest.mark.parametrize(
    "typed", ["35.681, 139.767", "35.681,139.767", "35.681 139.767", "۳۵٫۶۸۱، ۱۳۹٫۷۶۷", "35,681; 139,767"]
)
def test_both_numbers_pasted_at_once_are_a_pair(typed: str):
    assert read_pair(typed) == (35.681, 139.767)


def test_one_number_is_no_pair():
    assert read_pair("35.681") is None
    assert read_pair("35,681") is None


def test_an_area_reads_back_as_it_was_written():
    area = read_area("35.1,139.2 35.2,139.2 35.2,139.3 35.1,139.2")
    assert area == Area(((35.1, 139.2), (35.2, 139.2), (35.2, 139.3)))
    assert read_area(str(area)) == area
    assert read_area("35.1,139.2;2000") == Area(((35.1, 139.2),), 2000)
    assert str(read_area("35.1,139.2;2000")) == "35.1,139.2;2000"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "at least three corners"),
        ("35,139 36,140", "at least three corners"),
        ("35,139 36,140 35,139", "at least three corners"),
        ("0,0 1,1 0,1 1,0", "crosses itself"),
        ("0,0 0,2 0,1", "crosses itself"),
        ("0,0 0,4 4,4 4,0 0,2 4,2", "crosses itself"),
        ("35,91 95,1 1,1", "between -90 and 90"),
        ("nan,1 1,2 2,2", "between -90 and 90"),
        ("1,2 x,y 3,4", "cannot be read"),
        ("1,2 2 3,4", "cannot be read"),
        ("1,179.99;5000", "crosses the 180° line"),
        ("1,-179 2,-179 2,179", "crosses the 180° line"),
        ("89.99,10;5000", "crosses the 180° line|over a pole"),
        ("1,2;nan", "between 1 metre and 1,000"),
        ("1,2;0", "between 1 metre and 1,000"),
        ("1,2;2000000", "between 1 metre and 1,000"),
        ("1,2 2,3;100", "measured from one point"),
        (" ".join(f"{n / 100},{(n * n) / 10000}" for n in range(101)), "at most 100 corners"),
        ("<script>alert(1)</script>", "cannot be read"),
    ],
)
def test_what_is_no_area_is_refused_with_the_remedy(written: str, says: str):
    with pytest.raises(PositionError, match=says):
        read_area(written)
