"""The fan-out of live messages: one LISTEN connection in, one bounded queue for each open page out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

QUEUE_SIZE = 100
CHECK_AFTER_S = 30.0
RECONNECT_S = (0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Message:
    event: str
    data: Any

    def encode(self) -> bytes:
        """One server-sent event; JSON holds no line break, so one data line is enough."""
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return f"event: {self.event}\ndata: {data}\n\n".encode()


MISSED = Message("missed", {})
"""Messages were lost on the way: the page fetches anew what it shows."""

Queue = asyncio.Queue[Message | None]


def offer(queue: Queue, message: Message) -> None:
    """Put a message there; a page that does not read is told that it missed some."""
    if queue.full():
        _empty(queue)
        message = MISSED
    queue.put_nowait(message)


class Hub:
    """Who listens; None in a queue ends its stream. ``heard`` gets what is said of people at records."""

    def __init__(self, heard: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        self._heard = heard
        self._queues: dict[int, set[Queue]] = defaultdict(set)
        self._closed = False

    @contextmanager
    def subscribe(self, user_id: int) -> Iterator[Queue]:
        queue: Queue = asyncio.Queue(QUEUE_SIZE)
        if self._closed:
            queue.put_nowait(None)
        self._queues[user_id].add(queue)
        try:
            yield queue
        finally:
            self._queues[user_id].discard(queue)
            if not self._queues[user_id]:
                del self._queues[user_id]

    def publish(self, user_id: int | None, message: Message) -> None:
        chosen = [self._queues.get(user_id, set())] if user_id is not None else list(self._queues.values())
        for queue in (queue for queues in chosen for queue in queues):
            offer(queue, message)

    def close(self) -> None:
        """End every stream, and those that still come."""
        self._closed = True
        for queues in self._queues.values():
            for queue in queues:
                _empty(queue)
                queue.put_nowait(None)

    async def listen(self, url: str, channel: str) -> None:
        """Publish what arrives on the channel, until cancelled; a lost database is waited for."""
        failures = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    url, autocommit=True, connect_timeout=10
                ) as connection:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                    if failures:
                        logger.info("The database is back")
                        failures = 0
                    # what was sent between two connections is gone, also when this is the first one
                    self.publish(None, MISSED)
                    await self._receive(connection)
            except psycopg.OperationalError as error:
                if not failures:
                    logger.warning("Live messages stop until the database is back: %s", str(error).strip())
                await asyncio.sleep(RECONNECT_S[min(failures, len(RECONNECT_S) - 1)])
                failures += 1

    async def _receive(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for notification in connection.notifies(timeout=CHECK_AFTER_S):
                self._publish_payload(notification.payload)
            # a silent link may be a dead one
            await connection.execute("select 1")

    def _publish_payload(self, payload: str) -> None:
        try:
            content = json.loads(payload)
            if self._heard is not None and "room" in content:
                self._heard(content)
                return
            self.publish(content["user"], Message(content["event"], content["data"]))
        except (ValueError, KeyError, TypeError):
            logger.warning("A live message of %d characters cannot be read; it is left out", len(payload))


@asynccontextmanager
async def listening(hub: Hub, url: str, channel: str) -> AsyncIterator[None]:
    """Listen while the block runs, then end all streams."""
    task = asyncio.create_task(hub.listen(url, channel))
    try:
        yield
    finally:
        hub.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _empty(queue: Queue) -> None:
    while not queue.empty():
        queue.get_nowait()
