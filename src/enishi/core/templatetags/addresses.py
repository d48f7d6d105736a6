"""``{% url %}`` that works an address out once: a list page draws hundreds of them that differ in a number."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parse_url
from django.urls import NoReverseMatch, get_script_prefix, reverse

register = template.Library()
_STAND_IN = 918_273_645_000_000


@lru_cache(4096)
def _pattern(prefix: str, name: str, numbers: int) -> str | None:
    """The address of a page that takes so many numbers, with their places; None where numbers do not stand as such."""
    stand_ins = [_STAND_IN + place for place in range(numbers)]
    try:
        found = reverse(name, args=stand_ins).replace("{", "{{").replace("}", "}}")
    except NoReverseMatch:
        return None
    for place, number in enumerate(stand_ins):
        if found.count(str(number)) != 1:
            return None
        found = found.replace(str(number), f"{{{place}}}")
    return found


class _Address(URLNode):
    def __init__(self, parsed: URLNode) -> None:
        super().__init__(parsed.view_name, parsed.args, parsed.kwargs, parsed.asvar)

    def render(self, context: template.Context) -> str:
        args = [arg.resolve(context) for arg in self.args]
        if self.kwargs or not all(type(arg) is int and arg >= 0 for arg in args):
            return super().render(context)
        found = _pattern(get_script_prefix(), self.view_name.resolve(context), len(args))
        if found is None:
            return super().render(context)
        address = found.format(*args)
        if self.asvar:
            context[self.asvar] = address
            return ""
        return address


@register.tag
def url(parser: Any, token: Any) -> _Address:
    """As Django's own, and the same address."""
    return _Address(parse_url(parser, token))
