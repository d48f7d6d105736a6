"""Around API requests: who the token stands for, and that a repeated request does nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from enishi.accounts import queries, services
from enishi.accounts.access import Actor, Via
from enishi.core.api import Problem, problem_response

PREFIX = "/api/"
Handler = Callable[[HttpRequest], HttpResponse]


class ApiMiddleware:
    """Builds the actor of a bearer token and keeps answers by Idempotency-Key.

    Cookies do not count here, so no other site can act through a browser.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        request.actor = actor = self._actor(request)  # type: ignore[attr-defined]
        key = request.headers.get("Idempotency-Key", "")
        if request.method != "POST" or not key or actor is None or actor.user_id is None:
            return self.get_response(request)
        if len(key) > services.MAX_KEY or not key.isprintable():
            detail = f"Use at most {services.MAX_KEY} printable characters, such as a UUID."
            return problem_response(Problem(400, "This Idempotency-Key cannot be used", detail))
        return self._once(request, actor, key)

    @staticmethod
    def _actor(request: HttpRequest) -> Actor | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            return None
        token = queries.token_by_secret(secret.strip())
        if token is None:
            return None
        services.note_token_use(token)
        request.user = token.user
        return queries.actor(token.user, via=Via.API, token_scopes=token.scopes)

    def _once(self, request: HttpRequest, actor: Actor, key: str) -> HttpResponse:
        body = b"" if request.content_type == "multipart/form-data" else request.body
        fingerprint = hashlib.sha256(request.get_full_path().encode() + b"\0" + body).hexdigest()
        kept = services.claim_key(actor, key=key, fingerprint=fingerprint)
        if kept is not None:
            return self._again(
                kept.fingerprint == fingerprint, kept.status, bytes(kept.body or b""), kept.headers
            )
        try:
            response = self.get_response(request)
        except BaseException:
            services.release_key(actor, key=key)
            raise
        if response.status_code >= 500 or response.status_code == 429:
            services.release_key(actor, key=key)
        else:
            headers = {
                name: response[name] for name in ("Content-Type", "ETag", "Location") if name in response
            }
            services.keep_answer(
                actor, key=key, status=response.status_code, body=response.content, headers=headers
            )
        return response

    @staticmethod
    def _again(same: bool, status: int | None, body: bytes, headers: dict[str, str]) -> HttpResponse:
        if not same:
            detail = "This key was used for another request. Use a new one for each new request."
            return problem_response(Problem(422, "The Idempotency-Key is taken", detail))
        if status is None:
            detail = "The first request with this key is still being worked on. Ask again in a moment."
            return problem_response(Problem(409, "Still in progress", detail, headers={"Retry-After": "2"}))
        return HttpResponse(body, status=status, headers={**headers, "Idempotency-Replayed": "true"})
