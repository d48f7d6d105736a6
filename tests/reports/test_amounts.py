"""Amounts in the promise register: frozen, as they stood, corrected in a spreadsheet and taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from enishi.commitments.models import Promise
from enishi.commitments.services import change_promise
from enishi.core.money import Money
from enishi.timeline.services import undo_operation
from reports.test_as_it_stood import fresh, rows, then
from reports.test_returning import applied, brought, by_title, outcomes, reasons, taken
from reports.world import DAY, NOW, World, promises

pytestmark = pytest.mark.django_db
FENCE = 2
EUR = Money(Decimal("1204.5"), "EUR")


def priced(here: World) -> Promise:
    fence = promises(here)[FENCE]
    return change_promise(here.manager, fence, money=EUR, purpose="infrastructure", for_people=120)


def test_as_they_stood(here, moment):
    made = priced(here)
    moment[0] = NOW + DAY
    change_promise(here.manager, fresh(made), money=Money(Decimal(9), "GBP"), purpose="", for_people=None)
    told = {row[0]: row[10:13] for row in rows(then(here))}
    assert told["Mend the fence"] == ["1204.5 EUR", "Infrastructure", 120]
    assert told["Ring back"] == ["", "", None]
    now = {row[0]: row[10:13] for row in rows(here.report(here.manager, "promises"))}
    assert now["Mend the fence"] == ["9 GBP", "", None]


def test_corrected_and_taken_back(here):
    made = priced(here)
    lines = taken(here)
    fence, ring = by_title(lines, "Mend the fence"), by_title(lines, "Ring back")
    assert (fence["Amount"], fence["What it is for"], fence["For how many people"]) == (
        "1204.5 EUR",
        "Infrastructure",
        "120",
    )
    fence |= {"Amount": "¥ 200.000", "What it is for": "Bribes", "For how many people": ""}
    ring |= {"Amount": "12 EUR", "For how many people": "1,500"}
    lines.append(
        {"Promise": "Plant a hedge", "Amount": "70 $", "What it is for": "environment", "Reference": ""}
    )
    run = brought(here, lines)
    assert sorted(outcomes(run)) == ["create", "refuse", "same", "update"]
    assert reasons(run) == [
        (
            "What it is for",
            "There is no such purpose. There are: Education and training, Jobs and local business, Health, "
            "Infrastructure, Culture and sport, Environment, Compensation, Another purpose",
        )
    ]
    fence["What it is for"] = "santé"
    done = applied(here, brought(here, lines))
    now = fresh(made)
    assert (now.money, now.purpose, now.for_people) == (Money(Decimal(200000), "JPY"), "health", None)
    hedge = Promise.objects.unscoped("test").get(title="Plant a hedge")
    assert (hedge.money, hedge.purpose) == (Money(Decimal(70), "USD"), "environment")
    undo_operation(here.manager, done.operation.pk, keep=())
    now = fresh(made)
    assert (now.money, now.purpose, now.for_people) == (EUR, "infrastructure", 120)
    assert not Promise.objects.unscoped("test").filter(pk=hedge.pk).exists()


def test_an_amount_that_cannot_be_read_is_refused(here):
    priced(here)
    lines = taken(here)
    by_title(lines, "Mend the fence")["Amount"] = "1204"
    by_title(lines, "Ring back")["For how many people"] = "many"
    assert reasons(brought(here, lines)) == [
        ("For how many people", "Write how many people in digits, or leave it empty."),
        ("Amount", "“1204” does not say its currency. Write it like 1200 EUR."),
    ]
