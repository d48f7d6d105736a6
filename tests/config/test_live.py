"""The fan-out of live messages, on a real LISTEN connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from enishi.config import live, postgres

CHANNEL = "enishi_test_live"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("pg")
    for folder in (path, path.parent, path.parent.parent):
        folder.chmod(0o711)
    yield postgres.ensure_running(path, durable=False)
    postgres.release(path)
    postgres.stop(path)


async def _next(queue: live.Queue) -> live.Message | None:
    return await asyncio.wait_for(queue.get(), 10)


async def _say(url: str, *payloads: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for payload in payloads:
            await connection.execute("select pg_notify(%s, %s)", [CHANNEL, payload])


def test_a_message_reaches_its_user_and_nobody_else(url: str) -> None:
    async def scenario() -> None:
        hub = live.Hub()
        with hub.subscribe(1) as mine, hub.subscribe(2) as theirs:
            async with live.listening(hub, url, CHANNEL):
                assert await _next(mine) == await _next(theirs) == live.MISSED
                await _say(
                    url,
                    '{"user": 1, "event": "task", "data": {"id": 7}}',
                    "not a message",
                    '{"user": null, "event": "news", "data": {}}',
                )
                assert await _next(mine) == live.Message("task", {"id": 7})
                assert await _next(mine) == live.Message("news", {})
                assert await _next(theirs) == live.Message("news", {})
            assert await _next(mine) is None
            assert await _next(theirs) is None

    asyncio.run(scenario())


def test_a_lost_database_is_waited_for_and_pages_are_told(url: str) -> None:
    async def scenario() -> None:
        hub = live.Hub()
        with hub.subscribe(1) as mine:
            async with live.listening(hub, url, CHANNEL):
                assert await _next(mine) == live.MISSED
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                    await connection.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'"
                    )
                assert await _next(mine) == live.MISSED
                await _say(url, '{"user": 1, "event": "task", "data": {"id": 8}}')
                assert await _next(mine) == live.Message("task", {"id": 8})

    asyncio.run(scenario())


def test_a_page_that_does_not_read_is_told_that_it_missed_something() -> None:
    hub = live.Hub()
    with hub.subscribe(1) as queue:
        for number in range(live.QUEUE_SIZE + 1):
            hub.publish(1, live.Message("n", number))
        assert queue.get_nowait() == live.MISSED
        assert queue.empty()


def test_a_closed_page_leaves_nothing_behind() -> None:
    hub = live.Hub()
    with hub.subscribe(1):
        pass
    assert not hub._queues
    hub.publish(1, live.Message("n", 1))
    hub.publish(None, live.Message("n", 1))


def test_who_comes_after_the_end_is_sent_away() -> None:
    hub = live.Hub()
    hub.close()
    with hub.subscribe(1) as queue:
        assert queue.get_nowait() is None


def test_an_event_is_one_line_of_data() -> None:
    message = live.Message("note", {"text": "two\nlines 佐藤"})
    assert message.encode() == 'event: note\ndata: {"text":"two\\nlines 佐藤"}\n\n'.encode()
