"""Whatever stands behind the question mark of an address: a page, or words that say what is wrong, never a failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import transaction

import enishi
from architecture.test_access import ROUTES
from architecture.test_query_counts import PAGES

SOURCE = Path(enishi.__file__).parent
READ = re.compile(r'(?:GET|given|wanted|asked|data)(?:\.get(?:list)?\(|\[)"(\w+)"')
NAMES = sorted({name for path in SOURCE.rglob("*.py") for name in READ.findall(path.read_text())})
ODD = {
    "digits that are no number": "²",
    "more than any row can have": "9" * 40,
    "a sign that no text can hold": "\x00~1'%s",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_in_an_address_break_no_page(world, value):
    assert {"before", "after", "project", "party", "q", "since"} <= set(NAMES)
    client, broken = world.client("admin"), []
    for name in PAGES:
        given = {**dict.fromkeys(NAMES, value), **world.sent(name, "GET")}
        with transaction.atomic():
            answer = client.get(world.address(ROUTES[name], name), given)
            if answer.streaming:
                b"".join(answer.streaming_content)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            broken.append(name)
    assert broken == []
