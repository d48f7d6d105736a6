"""Sending kept bytes to a reader: never so that something uploaded could run at our address."""

from __future__ import annotations

from django.http import FileResponse

from enishi.accounts.access import Level
from enishi.content.services import Opened


def send(opened: Opened, *, as_attachment: bool = True) -> FileResponse:
    """A download, or (for pictures that cannot carry a program) a picture in a page."""
    response = FileResponse(
        opened.stream,
        as_attachment=as_attachment,
        filename=opened.file.name,
        content_type=opened.version.media_type if not as_attachment else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = (
        "private, no-store" if opened.file.confidentiality >= Level.CONFIDENTIAL else "private"
    )
    return response
