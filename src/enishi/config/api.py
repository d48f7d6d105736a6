"""The API: every app's router under one roof, with one way to sign in and one shape of errors."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.security import HttpBearer
from ninja.throttling import AuthRateThrottle

from enishi.accounts.access import Actor, Forbidden
from enishi.cases.api import router as cases
from enishi.commitments.api import promises, tasks
from enishi.contacts.api import imports, parties, relations
from enishi.content.api import router as files
from enishi.conversations.api import router as interactions
from enishi.core.api import Problem, problem_response
from enishi.engagement.api import handouts, plan, ratings, steps
from enishi.places.api import layers
from enishi.reports.api import router as reports
from enishi.search.api import router as search
from enishi.themes.api import passages, themes


class TokenAuth(HttpBearer):
    """A token of Settings → API tokens. The middleware has read it; here it is only asked for."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor: Actor | None = getattr(request, "actor", None)
        return actor


api = NinjaAPI(
    title="Enishi",
    version="1",
    description="People, conversations and promises of one organisation, within the rights of the token.",
    auth=TokenAuth(),
    throttle=[AuthRateThrottle("1200/m")],
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)

api.add_router("parties", parties)
api.add_router("relations", relations)
api.add_router("interactions", interactions)
api.add_router("themes", themes)
api.add_router("passages", passages)
api.add_router("cases", cases)
api.add_router("promises", promises)
api.add_router("tasks", tasks)
api.add_router("ratings", ratings)
api.add_router("plan", plan)
api.add_router("plan-steps", steps)
api.add_router("handouts", handouts)
api.add_router("layers", layers)
api.add_router("files", files)
api.add_router("imports", imports)
api.add_router("reports", reports)
api.add_router("search", search)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem_response(problem)


@api.exception_handler(Forbidden)
def _forbidden(request: HttpRequest, error: Forbidden) -> HttpResponse:
    return problem_response(Problem(403, "The right is missing", f"This needs the right {error.right} here."))


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    detail = "Send a valid token as “Authorization: Bearer …”. Tokens are made in the settings."
    return problem_response(Problem(401, "Who are you?", detail, headers={"WWW-Authenticate": "Bearer"}))


@api.exception_handler(ObjectDoesNotExist)
@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem_response(Problem(404, "There is no such record"))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [(_path(item["loc"]), str(item["msg"])) for item in error.errors]
    return problem_response(Problem(422, "The request cannot be used", errors=errors))


def _path(location: Any) -> str:
    """``body.data.points.0.typed`` without the parts that only the server knows."""
    parts = [str(part) for part in location]
    return ".".join(parts[2:] if parts[:1] == ["body"] and len(parts) > 2 else parts[1:] or parts)


@api.exception_handler(Throttled)
def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    headers = {"Retry-After": str(int(error.wait or 60))}
    return problem_response(Problem(429, "Too many requests", "Wait, then go on.", headers=headers))


@api.exception_handler(HttpError)
def _plain(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem_response(Problem(error.status_code, str(error)))
