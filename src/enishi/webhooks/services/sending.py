"""Sending: the outbox is sorted into messages, and each endpoint gets its own in the order of the history.

A message is asked for again until an answer says that it arrived, so it arrives at least once, always under the same id. Whether the
owner may read what it is about is asked when it is sorted and again each time it is sent.
"""

from __future__ import annotations

import datetime as dt
import time

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Via, system_actor
from enishi.core import clock, jobs
from enishi.timeline.models import Entry
from enishi.timeline.services import notify, record
from enishi.webhooks import queries, signals
from enishi.webhooks.models import Attempt, Delivery, Endpoint, Fresh
from enishi.webhooks.services.endpoints import WebhookError, secrets_of
from enishi.webhooks.signing import Answer, body_of, post, signed

PAUSES_MIN = (1, 2, 5, 15, 30, 60, 120, 240, 360, 480)
"""Minutes between attempts, about 22 hours together; after the last the endpoint is switched off."""
RUN_S = 10
"""So long one endpoint is sent to before another one's turn."""
AT_ONCE = 20
KEPT = dt.timedelta(days=30)
_GONE = 410
_API = {
    "cases.case": "cases",
    "commitments.promise": "promises",
    "commitments.task": "tasks",
    "contacts.party": "parties",
    "content.file": "files",
    "conversations.interaction": "interactions",
    "engagement.handout": "handouts",
    "engagement.planline": "plan",
    "engagement.rating": "ratings",
    "places.layer": "layers",
    "reports.report": "reports",
}
"""Where a record is read through the API."""


def _owner(endpoint: Endpoint) -> Actor | None:
    """The owner as they are now; None when they left or lost the right."""
    if not endpoint.owner.is_active:
        return None
    actor = accounts.actor(endpoint.owner, via=Via.JOB)
    return actor if actor.may_everywhere(queries.RIGHT) else None


@transaction.atomic
def sort_fresh() -> bool:
    """Make messages of what was recorded. Tells whether more may be left."""
    ids = queries.fresh()
    if not ids:
        return False
    for endpoint in Endpoint.objects.filter(is_on=True).select_related("owner").order_by("pk"):
        actor = _owner(endpoint)
        if actor is None:
            switch_off(endpoint, Endpoint.Reason.OWNER)
            continue
        now = clock.now()
        rows = [
            Delivery(endpoint=endpoint, entry_id=entry_id, created_at=now)
            for entry_id in queries.wanted(actor, endpoint, ids)
        ]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    Fresh.objects.filter(pk__in=ids).delete()
    return len(ids) == queries.BATCH


def run() -> None:
    """The job: sort what is new, then send to each endpoint whose turn it is; what is left is done by the next run."""
    while sort_fresh():
        pass
    more = [send_waiting(endpoint_id) for endpoint_id in queries.due()]
    if any(more):
        jobs.defer_once("webhooks.run", key="webhooks.run")


def send_waiting(endpoint_id: int) -> bool:
    """Send what waits, until something fails or others have to get on. Tells whether more is left."""
    ends = time.monotonic() + RUN_S
    while time.monotonic() < ends:
        endpoint = Endpoint.objects.select_related("owner").filter(pk=endpoint_id, is_on=True).first()
        if endpoint is None:
            return False
        actor = _owner(endpoint)
        if actor is None:
            switch_off(endpoint, Endpoint.Reason.OWNER)
            return False
        rows = queries.next_waiting(endpoint, AT_ONCE)
        if not rows:
            return False
        entries = queries.entries(actor, rows)
        for row in rows:
            entry = entries.get(row.entry_id or 0)
            if entry is None:
                # It became more confidential, or the owner less trusted, since it was sorted.
                row.delete()
            elif not _settle(endpoint, row, _send(endpoint, row, entry)):
                return False
            if time.monotonic() >= ends:
                break
    return True


def _send(endpoint: Endpoint, row: Delivery, entry: Entry | None) -> Answer:
    secrets = secrets_of(endpoint)
    if not secrets:
        return Answer(None, trouble=Attempt.Trouble.SECRET)
    at = entry.at if entry is not None else row.created_at
    body = body_of(entry.event if entry is not None else queries.TEST, at, _data(entry))
    headers = signed(str(row), clock.now(), body, secrets)
    return post(endpoint.address, body, headers)


def _data(entry: Entry | None) -> dict[str, object]:
    """What is told of an entry: what and where, never a value. Values are read through the API, with the rights there."""
    if entry is None:
        return {}
    path = _API.get(entry.subject_type)
    address = f"{settings.ENV.base_url}/api/v1/{path}/{entry.subject_id}" if path else None
    return {
        "kind": entry.subject_type,
        "id": entry.subject_id,
        "url": address,
        "changed": sorted(entry.changes),
        "project_ids": entry.project_ids,
    }


@transaction.atomic
def _note(row: Delivery, answer: Answer, state: str) -> None:
    Attempt.objects.create(
        delivery=row, at=clock.now(), status=answer.status, trouble=answer.trouble, answer=answer.text
    )
    if state != row.state:
        Delivery.objects.filter(pk=row.pk).update(state=state)


def _settle(endpoint: Endpoint, row: Delivery, answer: Answer) -> bool:
    """Keep what was answered. After a failure everything waits, so that nothing overtakes. Tells whether to go on."""
    itself = Endpoint.objects.filter(pk=endpoint.pk)
    if answer.ok:
        _note(row, answer, Delivery.State.SENT)
        itself.exclude(failures=0).update(failures=0, next_at=None)
        return True
    with transaction.atomic():
        _note(row, answer, Delivery.State.WAITING)
        if answer.status == _GONE:
            switch_off(endpoint, Endpoint.Reason.GONE)
        elif endpoint.failures >= len(PAUSES_MIN):
            switch_off(endpoint, Endpoint.Reason.FAILED)
        else:
            pause = dt.timedelta(minutes=PAUSES_MIN[endpoint.failures])
            itself.update(failures=F("failures") + 1, next_at=clock.now() + pause)
    return False


@transaction.atomic
def switch_off(endpoint: Endpoint, reason: Endpoint.Reason) -> None:
    """Switch an endpoint off by itself and tell its owner why."""
    if not Endpoint.objects.filter(pk=endpoint.pk, is_on=True).update(is_on=False, off_because=reason):
        return
    changes = {"is_on": (True, False), "off_because": ("", reason.value)}
    record(system_actor("webhooks"), signals.endpoint_changed, subject=endpoint, changes=changes)
    with translation.override(endpoint.owner.language):
        title = _("The webhook to %(host)s is switched off.") % {"host": endpoint.host}
        url = reverse("webhooks:endpoint", args=[endpoint.pk])
        notify([endpoint.owner_id], kind="webhook", title=f"{title} {reason.label}", url=url)


@transaction.atomic
def send_again(actor: Actor, row: Delivery) -> None:
    """Send a message once more, under its own id, before what waits. Raises WebhookError."""
    actor.require_everywhere(queries.RIGHT)
    if not row.endpoint.is_on:
        raise WebhookError(_("The webhook is switched off. Switch it on first."))
    if row.entry_id is None:
        raise WebhookError(_("A test is not sent again. Send another one."))
    Delivery.objects.filter(pk=row.pk).update(state=Delivery.State.WAITING)
    Endpoint.objects.filter(pk=row.endpoint_id).update(next_at=None)
    jobs.defer_once("webhooks.run", key="webhooks.run")


@transaction.atomic
def send_test(actor: Actor, endpoint_id: int) -> Delivery:
    """Have a message sent that tells of nothing, also while the endpoint is switched off."""
    found = queries.endpoint(actor, endpoint_id)
    row = Delivery.objects.create(endpoint=found, created_at=clock.now())
    jobs.defer("webhooks.test", delivery_id=row.pk)
    return row


def run_test(delivery_id: int) -> None:
    """The job: send a test once; how it ends counts for nothing."""
    rows = Delivery.objects.select_related("endpoint")
    row = rows.filter(pk=delivery_id, entry__isnull=True, state=Delivery.State.WAITING).first()
    if row is not None:
        answer = _send(row.endpoint, row, None)
        _note(row, answer, Delivery.State.SENT if answer.ok else Delivery.State.FAILED)


def forget_old() -> int:
    """Messages go after thirty days, sent or not. Returns how many went."""
    return Delivery.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
