from __future__ import annotations

import pytest

from api.tokens import Api, api_in
from factories import project


@pytest.fixture
def api(db: None) -> Api:
    return api_in(project())
