"""Pasted clauses become proposed duties."""

from __future__ import annotations

import pytest

from enishi.commitments.services.clauses import read_clauses

ENGLISH = """PART B  CONDITIONS OF THE PERMIT

4.1 The holder shall report hourly noise averages to the council every month.
    Figures are given with wind speed.
4.2 (a) No piling shall take place between 22:00 and 06:00.
4.2 (b) The holder must not exceed 45 dB at the school.
5) A survey of seabirds is made annually; its results are published.
"""


def test_numbers_begin_clauses_and_lines_without_one_go_on():
    found = read_clauses(ENGLISH)
    assert [(one.clause, one.title, one.negative, one.rule) for one in found] == [
        (
            "4.1",
            "The holder shall report hourly noise averages to the council every month",
            False,
            "FREQ=MONTHLY",
        ),
        ("4.2 (a)", "No piling shall take place between 22:00 and 06:00", True, ""),
        ("4.2 (b)", "The holder must not exceed 45 dB at the school", True, ""),
        ("5", "A survey of seabirds is made annually", False, "FREQ=YEARLY"),
    ]
    assert found[0].citation.endswith("every month. Figures are given with wind speed.")


@pytest.mark.parametrize(
    ("pasted", "clause", "title", "negative", "rule"),
    [
        ("第４条　毎月五日までに騒音の測定値を町に提出する。", "第4条", "毎月五日までに騒音の測定値を町に提出する", False, "FREQ=MONTHLY"),
        ("第5条 夜間の杭打ちをしてはならない。", "第5条", "夜間の杭打ちをしてはならない", True, ""),
        ("Article 7 : Les convois ne doivent pas circuler avant 7 h.", "Article 7", "Les convois ne doivent pas circuler avant 7 h", True, ""),
        ("12. Un rapport trimestriel est remis au préfet.", "12", "Un rapport trimestriel est remis au préfet", False, "FREQ=MONTHLY;INTERVAL=3"),
        ("ماده ۵: گزارش سالانه به شهرداری داده شود.", "ماده 5", "گزارش سالانه به شهرداری داده شود", False, "FREQ=YEARLY"),
        ("۳) کار شبانه نباید انجام شود.", "3", "کار شبانه نباید انجام شود", True, ""),
        ("(iv) Access is kept open.", "(iv)", "Access is kept open", False, ""),
    ],
)  # fmt: skip
def test_numbers_and_words_of_four_languages(pasted, clause, title, negative, rule):
    [found] = read_clauses(pasted)
    assert (found.clause, found.title, found.negative, found.rule) == (clause, title, negative, rule)


def test_paragraphs_stand_for_clauses_where_nothing_is_numbered():
    found = read_clauses("Keep the path open.\nAlso at night.\n\nTell the harbour master.")
    assert [(one.clause, one.citation) for one in found] == [
        ("", "Keep the path open. Also at night."),
        ("", "Tell the harbour master."),
    ]


def test_a_long_first_sentence_is_cut_between_words_and_a_year_is_no_number():
    [found] = read_clauses(f"1. {'word ' * 100}")
    assert len(found.title) <= 300 and found.title.endswith("word…")
    [found] = read_clauses("2026 is the year of the permit.")
    assert found.clause == ""
    assert read_clauses("  \n ") == []
