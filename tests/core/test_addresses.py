"""Addresses in templates: worked out once, and the same as Django's."""

from __future__ import annotations

import pytest
from django.template import engines
from django.urls import NoReverseMatch, reverse


def _drawn(text: str, **values: object) -> str:
    return engines["django"].from_string(text).render(values).strip()


@pytest.mark.parametrize("pk", [1, 42, 918_273_645_000_000, 2**80])
def test_numbers_are_filled_in(pk):
    for _again in range(2):
        assert _drawn("{% url 'contacts:party' pk %}", pk=pk) == reverse("contacts:party", args=[pk])
        assert (
            _drawn("{% url 'contacts:party' pk as there %}<{{ there }}>", pk=pk)
            == f"<{reverse('contacts:party', args=[pk])}>"
        )
    assert _drawn("{% url 'commitments:list' %}") == reverse("commitments:list")


def test_two_numbers_stand_in_their_order():
    there = reverse("engagement:standing", args=[7, 9])
    assert _drawn("{% url 'engagement:standing' 7 9 %}") == there
    assert _drawn("{% url name a b %}", name="engagement:standing", a=7, b=9) == there


def test_words_go_djangos_way():
    assert _drawn("{% url 'contacts:section' 3 'ties' %}") == reverse("contacts:section", args=[3, "ties"])
    assert _drawn("{% url 'contacts:party' party_id=3 %}") == reverse("contacts:party", args=[3])
    assert _drawn("{% url 'contacts:party' '3' %}") == reverse("contacts:party", args=[3])


def test_what_has_no_address_is_told_as_django_tells_it():
    for given in ("-1", "True", "None", "'x'"):
        with pytest.raises(NoReverseMatch):
            _drawn(f"{{% url 'contacts:party' {given} %}}")
    with pytest.raises(NoReverseMatch):
        _drawn("{% url 'nowhere:page' 1 %}")
    assert _drawn("{% url 'nowhere:page' 1 as there %}<{{ there }}>") == "<>"
