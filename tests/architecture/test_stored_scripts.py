"""Whatever words stand in a record, a page shows them as words: no text of the database becomes an element of a page."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from selectolax.lexbor import LexborHTMLParser

from architecture.world import World, routes

pytestmark = pytest.mark.django_db
MARK = "\"'><x-mark>"
# Not words of people: names by which the program finds things again.
CODES = {
    "password",
    "key",
    "session_key",
    "sha256",
    "rule",
    "event",
    "time_zone",
    "language",
    "code",
    "subject_type",
}


def _spoil() -> set[str]:
    """Put the mark into every text that people can write; returns the columns that took it."""
    spoilt = set()
    for model in apps.get_models():
        if not model.__module__.startswith("enishi.") or not model._meta.managed:
            continue
        for field in model._meta.local_concrete_fields:
            if (
                not isinstance(field, models.CharField | models.TextField)
                or field.choices
                or field.name in CODES
            ):
                continue
            keep = (field.max_length or 10_000) - len(MARK)
            with connection.cursor() as cursor:
                try:
                    with transaction.atomic():
                        cursor.execute(
                            f'UPDATE "{model._meta.db_table}" SET "{field.column}" = left("{field.column}", %s) || %s',
                            [max(keep, 0), MARK[: field.max_length or None]],
                        )
                except DatabaseError:
                    continue  # unique, sealed, or held to a form: it cannot hold the mark
            spoilt.add(f"{model._meta.label_lower}.{field.name}")
    return spoilt


def test_no_stored_text_becomes_an_element(world: World) -> None:
    spoilt = _spoil()
    assert {
        "contacts.party.full_name",
        "contacts.party.note",
        "contacts.contactpoint.value",
        "contacts.tag.name",
        "conversations.interaction.text",
        "conversations.interaction.subject",
        "commitments.promise.title",
        "content.file.name",
        "accounts.project.name",
        "accounts.user.name",
    } <= spoilt
    client, shown, broken = world.client("admin"), 0, []
    for name, route in routes():
        if name.startswith(("api:", "account_", "mfa_")):
            continue
        address = world.address(route, name)
        answer = client.get(address, world.sent(name, "GET"))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if getattr(answer, "file_to_stream", None):
            answer.file_to_stream.close()
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        shown += b"x-mark" in body
        if LexborHTMLParser(body.decode()).css_first("x-mark") is not None:
            broken.append(address)
    assert broken == []
    assert shown > 40, "else the pages showed none of it"
