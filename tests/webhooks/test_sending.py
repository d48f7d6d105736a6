"""What other programs are told: signed, in order, at least once, never more than the owner may read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import socket

import pytest
import requests
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks import Webhook, WebhookVerificationError

from enishi.accounts.access import Actor, Level, Via
from enishi.accounts.models import Grant, KeptFrom, User
from enishi.accounts.queries import actor as actor_of
from enishi.commitments.services import make_promise
from enishi.config.api import api
from enishi.contacts import signals
from enishi.contacts.services import change_party
from enishi.core import clock
from enishi.timeline.models import Notification
from enishi.timeline.services import record, record_each, start_operation
from enishi.webhooks import services, signing
from enishi.webhooks.models import Attempt, Delivery, Endpoint, Fresh
from enishi.webhooks.services import sending
from factories import SYSTEM, manager, party, project

pytestmark = pytest.mark.django_db
CREATED, CHANGED = "contacts.party_created", "contacts.party_changed"


def _boss(clearance: int = Level.INTERNAL) -> Actor:
    return manager(None, clearance=clearance)


def _endpoint(there, by: Actor | None = None, **values) -> tuple[Endpoint, str]:
    given = {"address": there.address, "events": [CREATED, CHANGED], **values}
    return services.save(by or _boss(), **given)


def _runs() -> int:
    return ProcrastinateJob.objects.filter(task_name="webhooks.run").count()


def _later(monkeypatch, **ahead: int) -> None:
    moment = clock.now() + dt.timedelta(**ahead)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_change_arrives_signed_and_says_what_and_where_but_no_value(there):
    where = project()
    _made, secret = _endpoint(there)
    ada = party(where, "Ada Quill", email="ada@quill.example")
    change_party(SYSTEM, ada, note="Prefers letters")
    services.run()
    assert there.kinds == [CREATED, CHANGED]
    assert there.told[1]["data"] == {
        "kind": "contacts.party",
        "id": ada.pk,
        "url": f"https://enishi.example/api/v1/parties/{ada.pk}",
        "changed": ["note"],
        "project_ids": [where.pk],
    }
    headers, body = there.got[1]
    assert Webhook(secret).verify(body, headers) == there.told[1]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"note", b"vote"), headers)
    for _headers, sent in there.got:
        assert b"Quill" not in sent and b"letters" not in sent
    assert len(set(there.ids)) == 2 and all(one.startswith("msg_") for one in there.ids)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_without_an_endpoint_nothing_is_written_and_no_job_is_deferred(django_assert_num_queries):
    where = project()
    ada = party(where, "Ada Quill")
    assert (Fresh.objects.count(), _runs()) == (0, 0)
    with django_assert_num_queries(1):
        record(SYSTEM, signals.setup_changed, subject=ada)
    endpoint, _secret = services.save(_boss(), address="https://hooks.example/", events=[CREATED])
    change_party(SYSTEM, ada, note="Prefers letters")
    # It is on, but wants another event.
    assert (Fresh.objects.count(), _runs()) == (0, 0)
    party(where, "Bea Quill")
    assert (Fresh.objects.count(), _runs()) == (1, 1)
    services.switch(actor_of(endpoint.owner, via=Via.WEB), endpoint.pk, on=False)
    party(where, "Cy Quill")
    assert (Fresh.objects.count(), _runs()) == (1, 1)


def test_a_confidential_record_leaves_no_trace(there):
    where, apart = project("Tidewall"), project("Apart")
    low, high = _boss(), _boss(Level.RESTRICTED)
    _endpoint(there, low)
    secret = party(where, "Zymurgia Lopez", confidentiality=Level.CONFIDENTIAL)
    change_party(SYSTEM, secret, note="Zymurgia again")
    kept = party(where, "Kept Quill")
    KeptFrom.objects.create(
        user_id=low.user_id, subject_type="contacts.party", subject_id=kept.pk, because="test"
    )
    services.run()
    assert there.got == [] and Delivery.objects.count() == 0 and Fresh.objects.count() == 0
    # Who may read it is told.
    _endpoint(there, high, project_ids=[where.pk])
    change_party(SYSTEM, secret, note="Zymurgia once more")
    party(apart, "Elsewhere")
    services.run()
    assert [(one["type"], one["data"]["id"]) for one in there.told if one["data"]["id"] == secret.pk] == [
        (CHANGED, secret.pk)
    ]
    # The endpoint of ``high`` is of one project; the one of ``low`` is of all.
    assert sorted(there.kinds) == [CHANGED, CREATED]


def test_what_became_confidential_while_it_waited_is_not_sent(there):
    where = project()
    _endpoint(there)
    there.status = 500
    ada = party(where, "Ada Quill")
    bea = party(where, "Bea Quill")
    services.run()
    assert Delivery.objects.filter(state="waiting").count() == 2
    change_party(SYSTEM, ada, confidentiality=Level.CONFIDENTIAL)
    there.status, there.got[:] = 204, []
    Endpoint.objects.update(next_at=None)
    services.run()
    assert [one["data"]["id"] for one in there.told] == [bea.pk]
    assert Delivery.objects.count() == 1


def test_a_right_of_its_own_kind_is_asked_for_each_record(there):
    """Who reads the history and not the promises is told of no promise."""
    where = project()
    boss = _boss()
    role = Grant.objects.get(user_id=boss.user_id).role
    role.codes = [code for code in role.codes if code != "commitments.view"]
    role.save()
    _endpoint(there, boss, events=[CREATED, "commitments.promise_made"])
    ada = party(where, "Ada Quill")
    make_promise(SYSTEM, project=where, title="Ring back", direction="ours", party=ada)
    services.run()
    assert there.kinds == [CREATED]


def test_after_a_failure_everything_waits_and_nothing_overtakes(there, monkeypatch):
    where = project()
    endpoint, _secret = _endpoint(there)
    there.status, there.answer = 503, b"<p>come \x00back</p>" + b"x" * 9000
    first, second = party(where, "Ada"), party(where, "Bea")
    services.run()
    assert len(there.got) == 1
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.trouble, attempt.answer[:19]) == (503, "", "<p>come back</p>xxx")
    assert len(attempt.answer) == 300
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.is_on) == (1, True)
    services.run()
    assert len(there.got) == 1
    there.status = 200
    _later(monkeypatch, minutes=1, seconds=1)
    services.run()
    assert [one["data"]["id"] for one in there.told] == [first.pk, first.pk, second.pk]
    assert there.ids[0] == there.ids[1] != there.ids[2]
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.next_at) == (0, None)


def test_after_a_day_of_failures_it_is_switched_off_and_its_owner_told(there, monkeypatch):
    endpoint, _secret = _endpoint(there)
    there.status = 500
    ada = party(project(), "Ada")
    began = clock.now()
    while Endpoint.objects.get().is_on:
        services.run()
        pause = Endpoint.objects.get().next_at
        monkeypatch.setattr(clock, "now", lambda moment=pause: moment)
    endpoint.refresh_from_db()
    assert (endpoint.off_because, len(there.got), len(set(there.ids))) == ("failed", 11, 1)
    assert dt.timedelta(hours=21) < clock.now() - began < dt.timedelta(hours=24)
    told = Notification.objects.get(user=endpoint.owner)
    assert told.title.startswith("The webhook to 127.0.0.1:") and told.url == f"/webhooks/{endpoint.pk}/"
    # Switched on again it goes on where it stopped.
    there.status = 204
    services.switch(actor_of(endpoint.owner, via=Via.WEB), endpoint.pk, on=True)
    services.run()
    assert there.told[-1]["data"]["id"] == ada.pk and Delivery.objects.get().state == "sent"


def test_gone_switches_it_off_at_once(there):
    _endpoint(there)
    there.status = 410
    party(project(), "Ada")
    services.run()
    assert (Endpoint.objects.get().off_because, len(there.got)) == ("gone", 1)


@pytest.mark.parametrize("loss", ["account", "right"])
def test_an_owner_who_left_or_lost_the_right_is_told_nothing_more(there, loss):
    endpoint, _secret = _endpoint(there)
    party(project(), "Ada")
    if loss == "account":
        User.objects.filter(pk=endpoint.owner_id).update(is_active=False)
    else:
        Grant.objects.filter(user=endpoint.owner).delete()
    services.run()
    assert (there.got, Endpoint.objects.get().off_because) == ([], "owner")


def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_id(there, monkeypatch):
    _endpoint(there)
    ada = party(project(), "Ada")

    def killed(*args):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sending, "_settle", killed)
        with pytest.raises(SystemExit):
            services.run()
    services.run()
    assert [one["data"]["id"] for one in there.told] == [ada.pk, ada.pk]
    assert there.ids[0] == there.ids[1] and Delivery.objects.get().state == "sent"


def test_sorted_twice_is_one_message(there):
    _endpoint(there)
    party(project(), "Ada")
    entry = Fresh.objects.get()
    services.sort_fresh()
    Fresh.objects.create(entry_id=entry.pk)
    services.sort_fresh()
    assert Delivery.objects.count() == 1


def test_for_a_day_after_it_is_renewed_both_secrets_prove(there, monkeypatch):
    endpoint, old = _endpoint(there)
    owner = actor_of(endpoint.owner, via=Via.WEB)
    new = services.renew_secret(owner, endpoint.pk)
    party(project(), "Ada")
    services.run()
    headers, body = there.got[0]
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    _later(monkeypatch, days=1, seconds=1)
    party(project(), "Bea")
    services.run()
    headers, body = there.got[1]
    monkeypatch.setattr("standardwebhooks.webhooks.timedelta", lambda **_given: dt.timedelta(days=2))
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)
    endpoint.refresh_from_db()
    assert new not in endpoint.sealed_secret and old not in endpoint.sealed_old_secret


def test_without_its_key_nothing_is_sent_unsigned(there):
    _endpoint(there)
    Endpoint.objects.update(sealed_secret="gone")
    party(project(), "Ada")
    services.run()
    assert there.got == [] and Attempt.objects.get().trouble == "secret"


def test_no_redirect_is_followed_and_no_private_address_asked(there, settings):
    _endpoint(there)
    there.status, there.location = 302, there.address + "/further"
    party(project(), "Ada")
    services.run()
    assert len(there.got) == 1 and Attempt.objects.get().status == 302
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    Endpoint.objects.update(next_at=None, address=there.address.replace("http:", "https:"))
    services.run()
    assert len(there.got) == 1 and Attempt.objects.latest("pk").trouble == "private"
    with pytest.raises(services.WebhookError):
        services.save(_boss(), address=there.address, events=[CREATED])


def test_a_name_that_leads_inside_is_refused_when_it_is_asked(there, settings, monkeypatch):
    """The name was fine when it was typed; only the moment of connecting counts."""
    settings.ENV = dataclasses.replace(settings.ENV, private_services=False)
    services.save(_boss(), address="https://hooks.example/in", events=[CREATED])
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: inside)
    party(project(), "Ada")
    services.run()
    assert Attempt.objects.get().trouble == "private"


def test_who_drips_an_answer_does_not_hold_the_worker(monkeypatch):
    monkeypatch.setattr(signing, "WHOLE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(signing, "session", requests.Session)
        answer = signing.post(address, b"{}", {})
    assert answer == signing.Answer(None, trouble="timeout")


def test_a_test_is_sent_also_while_it_is_off_and_counts_for_nothing(there):
    endpoint, secret = _endpoint(there)
    owner = actor_of(endpoint.owner, via=Via.WEB)
    services.switch(owner, endpoint.pk, on=False)
    there.status = 500
    services.run_test(services.send_test(owner, endpoint.pk).pk)
    there.status = 200
    services.run_test(services.send_test(owner, endpoint.pk).pk)
    assert there.kinds == ["webhooks.test"] * 2
    headers, body = there.got[1]
    assert Webhook(secret).verify(body, headers)["data"] == {}
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "sent"]
    assert Endpoint.objects.get().failures == 0


def test_sent_again_keeps_its_id(there):
    endpoint, _secret = _endpoint(there)
    owner = actor_of(endpoint.owner, via=Via.WEB)
    party(project(), "Ada")
    services.run()
    services.send_again(owner, Delivery.objects.get())
    services.run()
    assert len(there.got) == 2 and len(set(there.ids)) == 1
    services.switch(owner, endpoint.pk, on=False)
    with pytest.raises(services.WebhookError):
        services.send_again(owner, Delivery.objects.get())


def test_messages_go_after_thirty_days(there, monkeypatch):
    _endpoint(there)
    party(project(), "Ada")
    services.run()
    assert services.forget_old() == 0
    _later(monkeypatch, days=30, seconds=1)
    services.forget_old()
    assert (Delivery.objects.count(), Attempt.objects.count()) == (0, 0)


def test_a_bulk_write_reaches_it_too_with_one_job(there):
    """However history is written: the trigger sees a statement, not a service."""
    where = project()
    people = [party(where) for _n in range(3)]
    _endpoint(there)
    operation = start_operation(SYSTEM, kind="test", label="many", project_ids=[where.pk])
    changes = {"language": ("", "ja")}
    record_each(
        SYSTEM, signals.party_changed, [(one, one.pk, changes) for one in people], operation=operation
    )
    assert _runs() == 1
    services.run()
    assert [one["data"]["id"] for one in there.told] == [one.pk for one in people]


def test_every_address_that_is_told_is_one_of_the_api():
    paths = api.get_openapi_schema()["paths"]
    for subject_type, path in sending._API.items():
        assert any(re.fullmatch(rf"/api/v1/{path}/{{\w+}}", one) for one in paths), subject_type
