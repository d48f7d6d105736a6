"""Programs with tokens, for tests of the API."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from enishi.accounts import services
from enishi.accounts.access import Level, Via, rights
from enishi.accounts.models import Project
from enishi.accounts.queries import actor as actor_of
from factories import grant, role, user


class Api:
    """A program with a token of its own."""

    def __init__(self, secret: str, where: Project) -> None:
        self.client, self.secret, self.project = Client(), secret, where

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(data) if data is not None else "",
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}", **sent},
        )


def api_in(where: Project, *, codes: list[str] | None = None, clearance: int = Level.INTERNAL) -> Api:
    somebody = user()
    grant(somebody, where, role(codes=codes, clearance=clearance))
    wanted = [code for code in (codes or rights()) if not code.startswith("accounts.")]
    _token, secret = services.create_token(
        actor_of(somebody, via=Via.WEB), name="Test", scopes=wanted, days=1
    )
    return Api(secret, where)
