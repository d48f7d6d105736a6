"""The API as a contract: its snapshot, and that no request whatever breaks it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from api.tokens import api_in
from enishi.config.api import api as ninja_api
from enishi.config.wsgi import application
from factories import project

SNAPSHOT = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.json"


def test_the_snapshot_is_current():
    """Change the API on purpose: ``make api`` writes the new snapshot, and its diff is reviewed."""
    assert json.loads(SNAPSHOT.read_text()) == json.loads(
        json.dumps(ninja_api.get_openapi_schema(), default=str)
    )


@pytest.fixture
def one_connection(db):
    """Requests of the same test share its transaction, as Django's own test client has it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_every_operation_answers_without_breaking(subtests):
    """Generated requests, valid and not, against every operation: never a 5xx."""
    secret = api_in(project()).secret
    for found in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application).get_all_operations():
        operation = found.ok()
        with subtests.test(operation.label):
            _probe(operation, secret)


def _probe(operation, secret):
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def probe(case):
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code < 500, f"{case.method} {case.path}: {answer.text[:300]}"

    probe()
