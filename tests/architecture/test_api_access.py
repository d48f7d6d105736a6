"""Who gets which answer from every operation of the API: no token, an outsider's, a reader's, a worker's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from api.tokens import Api
from architecture.world import World
from enishi.config.api import api as ninja_api

pytestmark = pytest.mark.django_db
PATHS: dict[str, dict[str, dict[str, object]]] = ninja_api.get_openapi_schema()["paths"]
OPERATIONS = [(method.upper(), path) for path, methods in PATHS.items() for method in methods]
# Of the reader's own choosing: these only read, whatever their method.
READING = {"GET", "HEAD"}


def _ask(world: World, who: str, method: str, path: str) -> int:
    api = world.apis[who]
    ids = {"kind": "promise", **world.ids}
    address = path
    for key, value in ids.items():
        address = address.replace(f"{{{key}}}", str(value))
    assert "{" not in address, f"say in world.py which record {path} is asked for"
    point = transaction.savepoint()
    try:
        if api is None:
            return Client().generic(method, address, "{}", content_type="application/json").status_code
        answer = _send(world, api, method, path, address)
        if answer.streaming:
            b"".join(answer.streaming_content)
        return answer.status_code
    finally:
        transaction.savepoint_rollback(point)


def _send(world: World, api: Api, method: str, path: str, address: str) -> Any:
    if "multipart" in json.dumps(_operation(method, path).get("requestBody", {})):
        form = {"file": SimpleUploadedFile("a.txt", b"words"), "project_id": world.project.pk}
        return api.client.post(address, form, headers={"Authorization": f"Bearer {api.secret}"})
    headers = {}
    if method in {"PATCH", "PUT", "DELETE"}:
        headers = {"If_Match": api("GET", address.removeprefix("/api/v1/")).get("ETag", "*")}
    asked = "?q=tanaka" if path.endswith("/search") else ""
    sent = None if method in READING else _body(world, method, path)
    return api(method, address.removeprefix("/api/v1/") + asked, sent, **headers)


def _body(world: World, method: str, path: str) -> dict[str, object]:
    """A body that is well-formed, about records of this world: what is refused then is refused for the rights."""
    ids, where = world.ids, world.project.pk
    bodies: dict[str, dict[str, object]] = {
        "POST /api/v1/parties": {"kind": "person", "full_name": "Ken Ushio", "project_ids": [where]},
        "PATCH /api/v1/parties/{party_id}": {"note": "Prefers letters"},
        "POST /api/v1/parties/{party_id}/points": {"kind": "email", "typed": "ken@ushio.example"},
        "POST /api/v1/parties/{party_id}/consents": {
            "purpose": "newsletter-by-post", "state": "given", "stated_on": "2026-01-05", "basis": "consent",
        },
        "POST /api/v1/relations": {"source_id": ids["party_id"], "target_id": ids["gone_id"], "type": "works-for"},
        "POST /api/v1/interactions": {"channel": "call", "occurred_at": "2026-01-05T10:00:00Z", "project_ids": [where]},
        "POST /api/v1/cases": {"project_id": where, "kind": "issue", "title": "Dust"},
        "POST /api/v1/cases/{case_id}/move": {"to": "register"},
        "POST /api/v1/cases/{case_id}/pause": {"waits_for": "them", "reason": "Photos", "look_on": "2099-01-01"},
        "POST /api/v1/cases/{case_id}/reopen": {"text": "Not settled"},
        "POST /api/v1/cases/{case_id}/words": {"text": "Seen by the guard"},
        "POST /api/v1/cases/{case_id}/ties": {"kind": "promise", "id": ids["promise_id"]},
        "POST /api/v1/promises": {"project_id": where, "title": "Send it", "direction": "ours"},
        "POST /api/v1/promises/{promise_id}/contributions": {"day": "2026-01-05", "amount": "20"},
        "POST /api/v1/promises/{promise_id}/settle": {"state": "kept"},
        "POST /api/v1/reports": {
            "definition": "engagement", "project_id": where, "since": "2026-01-01", "until": "2026-02-01",
        },
        "POST /api/v1/tasks": {"project_id": where, "title": "Ring"},
        "POST /api/v1/passages": {"interaction_id": ids["interaction_id"], "start": 0, "end": 8, "feeling": 2},
        "PUT /api/v1/passages/overall": {"interaction_id": ids["interaction_id"], "feeling": 2},
        "POST /api/v1/plan": {
            "project_id": where, "party_id": ids["gone_id"], "aim": "Show it", "method": "inform", "starts_on": "2026-01-05",
        },
        "POST /api/v1/handouts": {"file_id": ids["file_id"], "how": "published"},
        "POST /api/v1/layers": {
            "project_id": where, "name": "Zone",
            "geojson": {"type": "Polygon", "coordinates": [[[139, 35], [140, 35], [140, 36], [139, 35]]]},
        },
        "PUT /api/v1/parties/{party_id}/points/{point_id}/position": {"latitude": 35.5, "longitude": 139.5},
        "POST /api/v1/ratings": {
            "project_id": where, "party_id": ids["gone_id"], "impact": 3, "interest": 3, "influence": 3,
        },
    }  # fmt: skip
    return bodies.get(f"{method} {path}", {})


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_each_operation_keeps_to_the_rights_of_the_token(world, method, path):
    nobody, outsider, reader, worker = (
        _ask(world, who, method, path) for who in ("nobody", "outsider", "reader", "agent")
    )
    assert nobody == 401
    if "{" in path:
        assert outsider == 404
    if method in READING:
        # Imports are seen by those who may import.
        assert (reader, worker) == (404 if "{import_id}" in path else 200, 200)
        assert "{" in path or outsider == 200
    else:
        # A record that is not in the state asked for is a conflict; a project where one may not write is not to be chosen.
        assert reader == 403 or (
            reader in {404, 409} and ("restore" in path or "import" in path or "{" not in path)
        )
        assert worker not in {401, 403, 500}
        if "{" not in path:
            assert outsider in {403, 404, 422}


def _operation(method: str, path: str) -> dict[str, object]:
    return PATHS[path][method.lower()]
