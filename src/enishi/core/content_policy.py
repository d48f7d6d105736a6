"""What a page may load and where its forms may lead: no inline code, nothing of others."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def content_policy(*, forms_also_to: str = "") -> str:
    """The value of the header; ``forms_also_to`` is an address at another site to which a form of this page leads."""
    env = settings.ENV
    live = env.live_url or f"http://localhost:{env.live_port} http://127.0.0.1:{env.live_port}"
    parts = urlsplit(forms_also_to)
    also = f" {parts.scheme}://{parts.netloc}" if forms_also_to else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"font-src 'self'; connect-src 'self' {live}; form-action 'self'{also}; base-uri 'none'; "
        "frame-ancestors 'none'; manifest-src 'self'; media-src 'self'"
    )
