"""Amounts on promises: one currency each, exact, corrected and taken back like the rest of a promise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from api.tokens import api_in
from commitments.world import NOW, World, world
from enishi.accounts.access import Actor, Level
from enishi.accounts.models import User
from enishi.commitments import queries, services
from enishi.commitments.models import Promise
from enishi.core.fields import MoneyField
from enishi.core.money import Money
from enishi.timeline.queries import history_of
from enishi.timeline.words import told
from factories import SYSTEM

pytestmark = pytest.mark.django_db
EUR = Money(Decimal(5000), "EUR")


def make(here: World, by: Actor | None = None, **values: object) -> Promise:
    given = {"title": "Fund the school bus", "direction": "ours", "party": here.person, "money": EUR}
    return services.make_promise(by or here.agent, project=here.project, **{**given, **values})


def fresh(row: Promise) -> Promise:
    return Promise.objects.unscoped("test").get(pk=row.pk)


def client(actor: Actor) -> Client:
    browser = Client()
    browser.force_login(User.objects.get(pk=actor.user_id))
    return browser


def test_an_amount_is_kept_exactly_and_told_in_the_history(at):
    here = world()
    made = make(here, money=Money(Decimal("1204.50"), "EUR"), purpose="education", for_people=40)
    row = fresh(made)
    assert (row.money, row.purpose, row.for_people) == (Money(Decimal("1204.5"), "EUR"), "education", 40)
    changed = services.change_promise(here.agent, row, money=Money(Decimal(900), "JPY"), purpose="")
    first, second = [
        told(SYSTEM, entry) for entry in reversed(history_of(SYSTEM, "commitments.promise", made.pk))
    ]
    assert {("Amount", "1,204.5"), ("Currency", "EUR"), ("What it is for", "Education and training")} <= set(
        first.facts
    )
    assert {(line["field"], line["old"], line["new"]) for line in second.rows} == {
        ("Amount", "1,204.5", "900"),
        ("Currency", "EUR", "JPY"),
        ("What it is for", "Education and training", ""),
    }
    services.undo(here.agent, changed.undo_entry)
    assert (fresh(made).money, fresh(made).purpose) == (Money(Decimal("1204.5"), "EUR"), "education")
    entry = services.delete_promise(here.manager, fresh(made))
    services.undo(here.manager, entry.pk)
    assert fresh(made).money == Money(Decimal("1204.5"), "EUR")


@pytest.mark.parametrize(
    "money",
    [
        Money(Decimal(0), "EUR"),
        Money(Decimal(-5), "EUR"),
        Money(Decimal("0.00001"), "EUR"),
        Money(Decimal(10) ** 14, "EUR"),
        Money(Decimal(5), "XYZ"),
    ],
)
def test_what_is_no_amount_is_refused(at, money):
    here = world()
    with pytest.raises(services.CommitmentError) as refused:
        make(here, money=money)
    assert refused.value.field == "money"
    kept = make(here)
    with pytest.raises(services.CommitmentError):
        services.change_promise(here.agent, kept, money=money)
    assert Promise.objects.unscoped("test").get().money == EUR


def test_the_database_keeps_no_amount_without_a_currency(at):
    made = make(world())
    for values in ({"currency": ""}, {"amount": None}, {"amount": 0}):
        with pytest.raises(IntegrityError, match="promise_amount_in_currency"), transaction.atomic():
            Promise.objects.unscoped("test").filter(pk=made.pk).update(**values)


def test_every_time_of_a_repeat_has_its_amount(at):
    here = world()
    first = make(here, due_at=NOW, rule="FREQ=MONTHLY", purpose="jobs")
    times = Promise.objects.unscoped("test").filter(series=first.series)
    assert [(row.money, row.purpose) for row in times] == [(EUR, "jobs")] * 3
    services.change_from_here(here.agent, first, title=first.title, money=Money(Decimal(70), "USD"))
    assert {row.money for row in times.all()} == {Money(Decimal(70), "USD")}
    assert fresh(first).series.template["amount"] == "70"
    services.change_from_here(here.agent, fresh(first), title=first.title, money=None)
    assert {row.money for row in times.all()} == {None}


def test_written_in_the_form_and_shown(at):
    here = world()
    given = {
        "title": "Fund the school bus", "direction": "ours", "project": here.project.pk, "money": "€ 5 000,50",
        "purpose": "education", "for_people": "40", "confidentiality": "",
    }  # fmt: skip
    browser = client(here.agent)
    assert browser.post("/promises/new/", given).status_code == 302
    made = Promise.objects.unscoped("test").get()
    assert made.money == Money(Decimal("5000.5"), "EUR")
    page = browser.get(f"/promises/{made.pk}/").content.decode()
    assert "€5,000.50" in page
    assert "Education and training" in page
    refused = browser.post(f"/promises/{made.pk}/edit/", {**given, "money": "5000", "version": made.version})
    assert refused.status_code == 422
    assert "does not say its currency" in refused.content.decode()
    emptied = {
        **given,
        "money": "",
        "purpose": "",
        "for_people": "",
        "version": made.version,
        "confidentiality": 1,
    }
    browser.post(f"/promises/{made.pk}/edit/", emptied)
    assert (fresh(made).money, fresh(made).purpose, fresh(made).for_people) == (None, "", None)


def test_the_ledger_shows_and_finds_amounts(at):
    here = world()
    make(here, due_at=NOW)
    make(here, title="No money", money=None, due_at=NOW)
    page = client(here.agent).get("/promises/", {"kind": "amount"}).content.decode()
    assert "Fund the school bus" in page
    assert "€5,000" in page
    assert "No money" not in page
    found = queries.promises(here.agent, queries.Filter(kind="amount"))
    assert [row.title for row in found] == ["Fund the school bus"]


def test_nobody_without_clearance_meets_a_confidential_amount(at):
    here = world()
    make(here, here.manager, title="Settle quietly", confidentiality=Level.CONFIDENTIAL, due_at=NOW)
    page = client(here.agent).get("/promises/", {"kind": "amount", "state": "all"}).content.decode()
    assert "Settle quietly" not in page
    assert "5,000" not in page


def test_through_the_api(at):
    here = world()
    api = api_in(here.project)
    sent = {"project_id": here.project.pk, "title": "Fund the bus", "amount": "5000.50", "currency": "EUR"}
    made = api("POST", "promises", {**sent, "purpose": "education", "for_people": 40})
    assert made.status_code == 201
    body = made.json()
    assert (body["amount"], body["currency"], body["purpose"], body["for_people"]) == (
        "5000.5",
        "EUR",
        "education",
        40,
    )
    path = f"promises/{body['id']}"
    assert api("PATCH", path, {"amount": 70}).json()["amount"] == "70"
    assert api("PATCH", path, {"currency": "USD"}).json()["currency"] == "USD"
    assert api("PATCH", path, {"title": "Fund a bus"}).json()["amount"] == "70"
    for wrong in ({"amount": 70, "currency": ""}, {"currency": "ZZZ"}, {"amount": -1}, {"purpose": "bribe"}):
        assert api("PATCH", path, wrong).status_code == 422, wrong
    gone = api("PATCH", path, {"amount": None}).json()
    assert (gone["amount"], gone["currency"]) == (None, "")
    assert api("POST", "promises", {**sent, "currency": ""}).status_code == 422


def test_a_field_for_money_says_what_is_wrong():
    field = MoneyField(required=False, currency="JPY")
    assert field.clean("3万") == Money(Decimal(30000), "JPY")
    assert field.clean("") is None
    for wrong in ("much", "5 EUR USD", "9" * 600):
        with pytest.raises(ValidationError):
            field.clean(wrong)
