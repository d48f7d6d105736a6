"""Setting up mailboxes, and trying whether one can be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.accounts.sealing import seal
from enishi.core import clock, jobs, text
from enishi.mailboxes import imap, queries, signals
from enishi.mailboxes.models import Mailbox, Provider, SignIn
from enishi.mailboxes.oauth import KNOWN
from enishi.mailboxes.queries import RIGHT
from enishi.mailboxes.services.errors import MailboxError
from enishi.mailboxes.services.opening import PASSWORD, opened_to_read, opened_to_send, password_of
from enishi.timeline.services import differences, record

_ACCOUNT = ("host", "port", "security", "username", "smtp_host", "smtp_port", "smtp_security", "provider")
"""With another of these the password or the token would go somewhere else than where it was meant for."""
_PLACE = ("host", "port", "username", "folder", "since")
"""With another of these it is read from the beginning; what is there already is known by its identifiers."""
_TOLD = (
    "name", "address", "host", "port", "security", "username", "folder", "since", "project", "confidentiality", "is_on",
    "smtp_host", "smtp_port", "smtp_security", "provider",
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """What is set up of a mailbox. An empty password keeps the one that is there; with a provider there is none.

    Where a well-known provider is asked, its servers are known without being typed.
    """

    name: str
    address: str
    host: str
    port: int
    security: str
    username: str
    folder: str
    project: Project
    confidentiality: int
    since: dt.date
    password: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    provider: Provider | None = None

    def values(self) -> dict[str, Any]:
        values = {
            "name": " ".join(text.clean(self.name).split())[:120],
            "address": self.address.strip().lower(),
            "host": self.host.strip().rstrip(".").lower(),
            "port": self.port,
            "security": self.security,
            "username": self.username.strip(),
            "folder": self.folder.strip() or "INBOX",
            "project": self.project,
            "confidentiality": self.confidentiality,
            "since": self.since,
            "smtp_host": self.smtp_host.strip().rstrip(".").lower(),
            "smtp_port": self.smtp_port,
            "smtp_security": self.smtp_security,
            "provider": self.provider,
        }
        known = KNOWN.get(Provider.Kind(self.provider.kind)) if self.provider else None
        if known and not values["host"]:
            values |= dict(zip(("host", "port", "security"), known.imap, strict=True))
            if not values["smtp_host"]:
                values |= dict(zip(("smtp_host", "smtp_port", "smtp_security"), known.smtp, strict=True))
        return values


def locked(actor: Actor, mailbox_id: int) -> Mailbox:
    actor.require_everywhere(RIGHT)
    rows = Mailbox.objects.visible_to(actor).select_related("project", "provider")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=mailbox_id)


def save(actor: Actor, mailbox: Mailbox | None, draft: Draft) -> Mailbox:
    """Add a mailbox, or change it; it is read at once. Raises MailboxError."""
    try:
        return _save(actor, mailbox, draft)
    except IntegrityError as error:
        if "mailbox_once" not in str(error):
            raise
        raise MailboxError(_("This folder of this account is read already."), "folder") from None


@transaction.atomic
def _save(actor: Actor, mailbox: Mailbox | None, draft: Draft) -> Mailbox:
    actor.require_everywhere(RIGHT)
    values = draft.values()
    _check(actor, values)
    if mailbox is None:
        made = Mailbox(**values, created_at=clock.now())
        _seal(made, draft.password)
        made.save()
        told_of(actor, signals.mailbox_added, made, changes=differences({}, _told(made)))
        read_when_on(made)
        return made
    found = locked(actor, mailbox.pk)
    before = {name: getattr(found, name) for name in values}
    told = _told(found)
    for name, value in values.items():
        setattr(found, name, value)
    moved = {name for name in values if before[name] != values[name]}
    if moved & set(_ACCOUNT):
        SignIn.objects.filter(mailbox=found).delete()
        if found.provider is None and found.sealed_password and not draft.password:
            raise MailboxError(
                _("Enter the password again: it was kept for the server and user before."), "password"
            )
    if moved & set(_PLACE):
        found.uid_validity, found.last_uid = None, 0
    changes = differences(told, _told(found))
    if _seal(found, draft.password):
        changes["password"] = ("", "")
    if changes:
        forget_trouble(found)
        found.save()
        told_of(actor, signals.mailbox_changed, found, changes=changes)
        read_when_on(found)
    return found


def _seal(found: Mailbox, password: str) -> bool:
    """Keep the password, or let go of it where a provider takes its place; tells whether it is another. Raises MailboxError."""
    if found.provider is not None:
        had, found.sealed_password = bool(found.sealed_password), ""
        return had
    if not password and not found.sealed_password:
        raise MailboxError(_("Enter the password of the mailbox."), "password")
    if not password or (found.sealed_password and password == password_of(found)):
        return False
    found.sealed_password = seal(password, PASSWORD)
    return True


def _check(actor: Actor, values: Mapping[str, Any]) -> None:
    project = values["project"]
    for name in ("security", "smtp_security"):
        if values[name] == Mailbox.Security.NONE and not settings.ENV.private_services:
            raise MailboxError(
                _("Without encryption anybody on the way could read the password. Choose TLS or STARTTLS."),
                name,
            )
    if values["confidentiality"] > actor.clearance(RIGHT, [project.pk]):
        raise MailboxError(_("You cannot make it more confidential than you may read."), "confidentiality")
    if not values["host"]:
        raise MailboxError(_("Enter the IMAP server."), "host")
    for name in ("host", "smtp_host"):
        if any(sign in values[name] for sign in "/:@ "):
            raise MailboxError(_("This is no host. It looks like imap.example.org."), name)


def _told(found: Mailbox) -> dict[str, Any]:
    """What the history tells of a mailbox."""
    told = {name: getattr(found, f"{name}_id" if name == "project" else name) for name in _TOLD}
    return {**told, "provider": found.provider.name if found.provider else ""}


def told_of(actor: Actor, event: Any, found: Mailbox, **told: Any) -> None:
    # Set-up is told to whoever reads the history of the whole organisation, not to everybody in the project.
    record(actor, event, subject=found, project_ids=[], **told)


def forget_trouble(found: Mailbox) -> None:
    found.failures, found.next_at, found.trouble, found.said, found.told = 0, None, "", "", False


def read_when_on(found: Mailbox) -> None:
    if found.is_on and queries.is_signed_in(found):
        read_soon(found.pk)


def read_soon(mailbox_id: int) -> None:
    """Put the job of reading it into the queue; one reads while at most one more waits."""
    key = f"mailbox:{mailbox_id}"
    jobs.defer_once("mailboxes.read", key=key, lock=key, mailbox_id=mailbox_id)


@transaction.atomic
def switch(actor: Actor, mailbox_id: int, *, on: bool) -> Mailbox:
    """Have it read, or not any more; what came is kept, and reading goes on where it stopped."""
    found = locked(actor, mailbox_id)
    if found.is_on != on:
        found.is_on = on
        forget_trouble(found)
        found.save()
        told_of(actor, signals.mailbox_changed, found, changes={"is_on": (not on, on)})
        read_when_on(found)
    return found


@transaction.atomic
def remove(actor: Actor, mailbox_id: int) -> None:
    """Forget a mailbox with its password. What came from it stays."""
    found = locked(actor, mailbox_id)
    changes = {name: (value, None) for name, value in _told(found).items()}
    told_of(actor, signals.mailbox_removed, found, changes=changes)
    found.delete()


@transaction.atomic
def read_now(actor: Actor, mailbox_id: int) -> None:
    """Do not wait for the next turn. Raises MailboxError while it is switched off."""
    found = locked(actor, mailbox_id)
    if not found.is_on:
        raise MailboxError(_("The mailbox is switched off. Switch it on first."))
    if not queries.is_signed_in(found):
        raise MailboxError(_("Sign in for it first."))
    Mailbox.objects.visible_to(actor).filter(pk=found.pk).update(next_at=None)
    read_when_on(found)


def test(actor: Actor, mailbox_id: int) -> int:
    """How many messages the folder holds that would be read. Raises Failed with what is wrong."""
    found = queries.mailbox(actor, mailbox_id)
    with opened_to_read(found, seconds=imap.TEST_S) as server:
        there = sum(len(uids) for _until, uids in server.new(after=0, since=found.since))
    if found.sends:
        with opened_to_send(found):
            pass
    return there
