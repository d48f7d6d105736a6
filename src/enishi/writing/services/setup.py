"""Setting up the service that writes drafts. Its key is kept encrypted, and neither shown nor written to any history or log."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.sealing import seal, unseal
from enishi.core.ai.generation import GenerationError, Service, address_of, generate
from enishi.timeline.services import differences, record
from enishi.writing import queries, signals
from enishi.writing.models import WritingService
from enishi.writing.services.errors import WritingError

SETUP = "writing.setup"
_PURPOSE = "writing service"
_FIELDS = ("on", "address", "model", "highest")


@transaction.atomic
def change_service(
    actor: Actor, *, on: bool, address: str, model: str, highest: int, key: str = "", forget_key: bool = False
) -> WritingService:
    """Choose the service and switch it on or off. An empty ``key`` keeps the one there is, unless the address is another host's.

    Raises WritingError.
    """
    actor.require_everywhere(SETUP)
    WritingService.objects.get_or_create(pk=1)
    row = WritingService.objects.select_for_update(no_key=True).get(pk=1)
    before = {name: getattr(row, name) for name in _FIELDS}
    try:
        chosen = address_of(address) if address.strip() else ""
    except GenerationError as error:
        raise WritingError(str(error), "address") from None
    if on and not chosen:
        raise WritingError(_("Enter the address of the service before you switch it on."), "address")
    if on and not model.strip():
        raise WritingError(_("Enter the name of the model before you switch it on."), "model")
    moved = Service(chosen, "").host != Service(row.address, "").host
    row.on, row.address, row.model, row.highest = on, chosen, model.strip(), highest
    had_key = bool(row.sealed_key)
    if key.strip():
        row.sealed_key = seal(key.strip(), _PURPOSE)
    elif forget_key or moved:
        # A key belongs to its service: whoever changes the address must not be able to have it sent elsewhere.
        row.sealed_key = ""
    row.save()
    changes = differences(before, {name: getattr(row, name) for name in _FIELDS})
    if key.strip() or had_key != bool(row.sealed_key):
        changes["secret_key"] = (had_key, bool(row.sealed_key))
    if changes:
        record(actor, signals.service_changed, subject=row, changes=changes)
    return row


def service_of(row: WritingService) -> Service:
    """The service with its key; a key that was sealed with another secret is as good as none."""
    try:
        key = unseal(row.sealed_key, _PURPOSE) if row.sealed_key else ""
    except InvalidToken:
        key = ""
    return Service(row.address, row.model, key)


def try_service(actor: Actor) -> str:
    """Ask the service for a word, with no record at all; returns what it says. Raises GenerationError, WritingError."""
    actor.require_everywhere(SETUP)
    row = queries.service()
    if not row.address or not row.model:
        raise WritingError(_("Enter an address and a model, and save them."), "address")
    return generate(service_of(row), [{"role": "user", "content": "Say hello in one short sentence."}])[:300]
