"""Jobs of the files."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from enishi.content import services


@app.task(
    name="content.extract_words", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=5)
)
def extract_words(version_id: int) -> None:
    services.extract_words(version_id)


@app.task(
    name="content.extract_words_of_many",
    queue="files",
    retry=RetryStrategy(max_attempts=3, exponential_wait=5),
)
def extract_words_of_many(version_ids: list[int]) -> None:
    for version_id in version_ids:
        services.extract_words(version_id)
