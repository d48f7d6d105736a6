"""Live push: small messages to the browsers of one user or of everybody, carried by PostgreSQL NOTIFY."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

CHANNEL = "enishi_live"
PAYLOAD_LIMIT = 7999
"""Bytes; PostgreSQL refuses a longer notification."""


def push(user_id: int | None, event: str, data: Mapping[str, Any]) -> None:
    """Tell the open pages of that user, or of everybody (None), once the current transaction commits.

    The data is a hint (ids, counts) that pages fetch from, within their own rights; a long one raises ValueError.
    """
    message = {"user": user_id, "event": event, "data": data}
    payload = json.dumps(message, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    if len(payload.encode()) > PAYLOAD_LIMIT:
        raise ValueError(
            f"Live event {event!r} is longer than {PAYLOAD_LIMIT} bytes: send ids and let the page fetch"
        )
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, payload])
