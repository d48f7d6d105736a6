from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from webhooks.receiver import Receiver, receiving


@pytest.fixture
def there(settings: Any, db: None) -> Iterator[Receiver]:
    """Somebody who receives, at a private address, which the installation allows."""
    settings.ENV = dataclasses.replace(settings.ENV, private_services=True, base_url="https://enishi.example")
    with receiving() as found:
        yield found
