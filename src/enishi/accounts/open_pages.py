"""What pages share that are open to everybody: nothing of them stays anywhere, and nobody tries without end."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from enishi.accounts.adapter import Adapter

P = ParamSpec("P")


def private(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Nothing of it stays in a browser, in between or in an index."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["Cache-Control"] = "no-store, private"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        # Not "no-referrer": a browser then sends forms as from nowhere, and they are refused.
        answer["Referrer-Policy"] = "same-origin"
        return answer

    return guarded


def too_often(kind: str, of: str, *, most: int, seconds: int) -> bool:
    """Whether this was tried too often; counts this try. Keeps no address, only a keyed hash for that time."""
    mark = hmac.new(settings.SECRET_KEY.encode(), f"{kind}:{of}".encode(), "sha256").hexdigest()
    key = f"open:{mark}"
    if cache.add(key, 1, seconds):
        return False
    try:
        return cache.incr(key) > most
    except ValueError:
        return False


def place(request: HttpRequest) -> str:
    return Adapter().get_client_ip(request)


def slow_down(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/slow_down.html", status=429)
