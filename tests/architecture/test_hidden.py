"""A record that is hidden answers as one that is not there: the same words, the same number of questions."""

from __future__ import annotations

import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from architecture.test_access import EXPECTED, ROUTES
from architecture.world import World

NOWHERE = 999_999_937
OUTSIDER = 1
# What leads to a record is hidden; what belongs to the reader alone (a token, a notification) is simply not theirs.
HIDDEN = [
    (name, method)
    for name in sorted(ROUTES)
    if "<int:" in ROUTES[name]
    for method, answers in EXPECTED[name].items()
    # Somebody who may see it gets something else.
    if answers[OUTSIDER] == 404 and any(answer in {200, 302} for answer in answers[2:])
]
_CHANCE = re.compile(r'(name="csrfmiddlewaretoken" value="|X-CSRFToken&quot;: &quot;|"X-CSRFToken": ")[^"&]+')


def _asked(world: World, method: str, address: str, sent: dict[str, object]) -> tuple[int, str, int]:
    """Status, words and number of questions of an answer to the outsider."""
    client = world.client("outsider")
    point = transaction.savepoint()
    try:
        ask = client.get if method == "GET" else client.post
        with CaptureQueriesContext(connection) as questions:
            answer = ask(address, sent)
        words = _CHANCE.sub("", answer.content.decode()).replace(address, "")
        asked = [one for one in questions if not re.match(r"(RELEASE )?SAVEPOINT", one["sql"])]
        return answer.status_code, words, len(asked)
    finally:
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize(("name", "method"), HIDDEN)
def test_what_is_hidden_answers_as_what_is_not_there(world, name, method):
    sent = world.sent(name, method)
    hidden = world.address(ROUTES[name], name)
    missing = world.address(re.sub(r"<int:[^>]+>", str(NOWHERE), ROUTES[name]), name)
    assert hidden != missing
    # Who asks first pays for what is kept afterwards.
    _asked(world, method, missing, sent)
    was, there_not = _asked(world, method, hidden, sent), _asked(world, method, missing, sent)
    assert was[0] == there_not[0] == 404
    assert was[1] == there_not[1]
    assert was[2] == there_not[2], "the number of questions tells that the record is there"


def test_hidden_records_are_looked_at():
    """The list above is worked out: this says that it is not empty by mistake."""
    assert len(HIDDEN) > 60
