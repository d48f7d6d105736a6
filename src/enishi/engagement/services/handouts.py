"""Writing down which version of a file was given to whom, and how."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.content.models import FileVersion
from enishi.core import clock
from enishi.core.text import clean
from enishi.engagement import signals
from enishi.engagement.models import Handout
from enishi.engagement.services import rules
from enishi.engagement.services.rules import SHARE, Conflict, EngagementError
from enishi.timeline.models import Entry
from enishi.timeline.services import differences, record

_FIELDS = ("version_id", "party_id", "how", "given_on", "note")


@transaction.atomic
def give(
    actor: Actor,
    *,
    version: FileVersion,
    how: str,
    party: Party | None = None,
    given_on: dt.date | None = None,
    note: str = "",
) -> tuple[Handout, Entry]:
    """Write down that somebody was given a version, or that it was published (``party`` None).

    Raises EngagementError for what cannot be used, Conflict for what is written down already.
    """
    file, day = version.file, given_on or clock.today()
    actor.require(SHARE, file.project_id)
    if how not in Handout.How.values:
        raise EngagementError(_("Say how it was given."), "how")
    if (party is None) != (how == Handout.How.PUBLISHED):
        raise EngagementError(_("Say to whom it was given, or that it was published."), "person")
    if party is not None:
        rules.check_party(file.project, party)
    if day > clock.today():
        raise EngagementError(_("This day has not come yet."), "given_on")
    handout = Handout(
        project=file.project,
        version=version,
        party=party,
        how=how,
        given_on=day,
        note=" ".join(clean(note).split())[:300],
        user_id=actor.user_id,
        confidentiality=max(file.confidentiality, party.confidentiality if party else 0),
        created_at=clock.now(),
    )
    return handout, _keep(actor, handout, signals.file_given)


def _keep(actor: Actor, handout: Handout, event: Any, **data: Any) -> Entry:
    try:
        with transaction.atomic():
            handout.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("This is written down already.")) from None
    return _record(actor, event, handout, differences({}, _snapshot(handout)), **data)


def _snapshot(handout: Handout) -> dict[str, Any]:
    return {name: getattr(handout, name) for name in _FIELDS if getattr(handout, name)}


def _record(actor: Actor, event: Any, handout: Handout, changes: Any, **data: Any) -> Entry:
    named = {name: pair for name, pair in changes.items() if not name.endswith("_id")}
    told = {"file": handout.version.file.name, "version": handout.version.number}
    return record(
        actor, event, subject=handout, party_id=handout.party_id, changes=named, data={**told, **data}
    )


@transaction.atomic
def take_back(actor: Actor, handout: Handout, **data: Any) -> Entry:
    """Remove what was written down by mistake; the history keeps it."""
    actor.require(SHARE, handout.project_id)
    image = {name: getattr(handout, name) for name in (*_FIELDS, "project_id", "user_id", "confidentiality")}
    entry = _record(
        actor, signals.file_not_given, handout, differences(_snapshot(handout), {}), _image=image, **data
    )
    handout.delete()
    return entry


@transaction.atomic
def give_again(actor: Actor, image: dict[str, Any], **data: Any) -> Entry:
    """Write down again what was taken back, from the history."""
    actor.require(SHARE, image["project_id"])
    handout = Handout(
        **{**image, "given_on": dt.date.fromisoformat(image["given_on"])}, created_at=clock.now()
    )
    return _keep(actor, handout, signals.file_given, **data)
