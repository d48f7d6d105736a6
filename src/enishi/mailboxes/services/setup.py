"""Setting up mailboxes, and trying whether one can be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.accounts.sealing import seal, unseal
from enishi.core import clock, jobs, text
from enishi.core.errors import Refusal
from enishi.mailboxes import imap, queries, signals, smtp
from enishi.mailboxes.imap import Account, Failed
from enishi.mailboxes.models import Mailbox, Trouble
from enishi.mailboxes.queries import RIGHT
from enishi.timeline.services import differences, record

_PURPOSE = "mailbox"
_ACCOUNT = ("host", "port", "security", "username", "smtp_host", "smtp_port", "smtp_security")
"""With another of these the password would go somewhere else than where it was meant for."""
_PLACE = ("host", "port", "username", "folder", "since")
"""With another of these it is read from the beginning; what is there already is known by its identifiers."""
_TOLD = (
    "name", "address", "host", "port", "security", "username", "folder", "since", "project", "confidentiality", "is_on",
    "smtp_host", "smtp_port", "smtp_security",
)  # fmt: skip


class MailboxError(Refusal):
    """What was asked for cannot be done; ``field`` names the part of the form that it is about."""


@dataclass(frozen=True)
class Draft:
    """What is set up of a mailbox. An empty password keeps the one that is there."""

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

    def values(self) -> dict[str, Any]:
        return {
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
        }


def _locked(actor: Actor, mailbox_id: int) -> Mailbox:
    actor.require_everywhere(RIGHT)
    rows = Mailbox.objects.visible_to(actor).select_related("project")
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
        if not draft.password:
            raise MailboxError(_("Enter the password of the mailbox."), "password")
        made = Mailbox.objects.create(
            **values, sealed_password=seal(draft.password, _PURPOSE), created_at=clock.now()
        )
        _record(actor, signals.mailbox_added, made, changes=differences({}, _told(made)))
        _read_soon(made)
        return made
    found = _locked(actor, mailbox.pk)
    before = {name: getattr(found, name) for name in values}
    told = _told(found)
    for name, value in values.items():
        setattr(found, name, value)
    moved = {name for name in values if before[name] != values[name]}
    if moved & set(_ACCOUNT) and not draft.password:
        raise MailboxError(
            _("Enter the password again: it was kept for the server and user before."), "password"
        )
    if moved & set(_PLACE):
        found.uid_validity, found.last_uid = None, 0
    changes = differences(told, _told(found))
    if draft.password and draft.password != password_of(found):
        found.sealed_password = seal(draft.password, _PURPOSE)
        changes["password"] = ("", "")
    if changes:
        _forget_trouble(found)
        found.save()
        _record(actor, signals.mailbox_changed, found, changes=changes)
        _read_soon(found)
    return found


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
    for name in ("host", "smtp_host"):
        if any(sign in values[name] for sign in "/:@ "):
            raise MailboxError(_("This is no host. It looks like imap.example.org."), name)


def _told(found: Mailbox) -> dict[str, Any]:
    """What the history tells of a mailbox."""
    return {name: getattr(found, f"{name}_id" if name == "project" else name) for name in _TOLD}


def _record(actor: Actor, event: Any, found: Mailbox, **told: Any) -> None:
    # Set-up is told to whoever reads the history of the whole organisation, not to everybody in the project.
    record(actor, event, subject=found, project_ids=[], **told)


def _forget_trouble(found: Mailbox) -> None:
    found.failures, found.next_at, found.trouble, found.said, found.told = 0, None, "", "", False


def _read_soon(found: Mailbox) -> None:
    if found.is_on:
        read_soon(found.pk)


def read_soon(mailbox_id: int) -> None:
    """Put the job of reading it into the queue; one reads while at most one more waits."""
    key = f"mailbox:{mailbox_id}"
    jobs.defer_once("mailboxes.read", key=key, lock=key, mailbox_id=mailbox_id)


@transaction.atomic
def switch(actor: Actor, mailbox_id: int, *, on: bool) -> Mailbox:
    """Have it read, or not any more; what came is kept, and reading goes on where it stopped."""
    found = _locked(actor, mailbox_id)
    if found.is_on != on:
        found.is_on = on
        _forget_trouble(found)
        found.save()
        _record(actor, signals.mailbox_changed, found, changes={"is_on": (not on, on)})
        _read_soon(found)
    return found


@transaction.atomic
def remove(actor: Actor, mailbox_id: int) -> None:
    """Forget a mailbox with its password. What came from it stays."""
    found = _locked(actor, mailbox_id)
    changes = {name: (value, None) for name, value in _told(found).items()}
    _record(actor, signals.mailbox_removed, found, changes=changes)
    found.delete()


@transaction.atomic
def read_now(actor: Actor, mailbox_id: int) -> None:
    """Do not wait for the next turn. Raises MailboxError while it is switched off."""
    found = _locked(actor, mailbox_id)
    if not found.is_on:
        raise MailboxError(_("The mailbox is switched off. Switch it on first."))
    Mailbox.objects.visible_to(actor).filter(pk=found.pk).update(next_at=None)
    _read_soon(found)


def test(actor: Actor, mailbox_id: int) -> int:
    """How many messages the folder holds that would be read. Raises Failed with what is wrong."""
    found = queries.mailbox(actor, mailbox_id)
    with imap.opened(account_of(found), seconds=imap.TEST_S) as server:
        there = sum(len(uids) for _until, uids in server.new(after=0, since=found.since))
    if found.sends:
        smtp.try_out(found, password_of(found) or "")
    return there


def account_of(found: Mailbox) -> Account:
    """Where it is read and with which password. Raises Failed when that was sealed with a key that is gone."""
    password = password_of(found)
    if password is None:
        raise Failed(Trouble.SECRET)
    return Account(found.host, found.port, found.security, found.username, password, found.folder)


def password_of(found: Mailbox) -> str | None:
    try:
        return unseal(found.sealed_password, _PURPOSE)
    except InvalidToken:
        return None
