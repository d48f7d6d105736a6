"""The demo: a made-up organisation with people, conversations and promises in four languages."""

from __future__ import annotations

from django.db import transaction

from enishi.config.demo.organisation import PASSWORD, accounts, found_house

__all__ = ["PASSWORD", "accounts", "create"]


@transaction.atomic
def create() -> None:
    """Write the demo's story into an empty database."""
    found_house()
