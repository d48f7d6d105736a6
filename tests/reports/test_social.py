"""Social investment: promised, given and still owed, currency by currency, for whoever may read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

import openpyxl
import pytest

from commitments.test_amounts import client
from enishi.accounts.access import Actor, Level
from enishi.commitments.models import Contribution, Promise
from enishi.commitments.services import (
    change_contribution,
    change_promise,
    delete_promise,
    give,
    make_promise,
    remove_contribution,
    settle_promise,
    undo,
)
from enishi.contacts.models import Party
from enishi.core.money import Money
from enishi.reports import queries, services
from enishi.reports.measuring import Look
from enishi.reports.metrics.commitments import SocialInvestment
from enishi.reports.models import Report
from factories import manager, party
from reports.test_as_it_stood import fresh
from reports.world import DAY, NOW, World

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LONG_AGO = NOW - 400 * DAY


def rows(report: Report, table: str = "sums") -> list[list[object]]:
    described = next(one for one in queries.tables(report) if one["code"] == table)
    return [list(row) for row in queries.rows(report, described)]


def amounts(row: Sequence[object]) -> list[str]:
    return [str(cell) for cell in row if isinstance(cell, Decimal)]


def community(here: World, name: str = "Skerby village") -> Party:
    return party(here.project, name, kind="community", by=here.manager)


def promised(
    here: World,
    to: Party | None,
    amount: int,
    currency: str = "EUR",
    by: Actor | None = None,
    **values: object,
) -> Promise:
    given = {
        "title": f"{amount} for {to}",
        "direction": "ours",
        "purpose": "education",
        "said_at": LONG_AGO,
        **values,
    }
    money = Money(Decimal(amount), currency)
    return make_promise(by or here.manager, project=here.project, party=to, money=money, **given)


def given(here: World, promise: Promise, amount: object, *, days: int = 5, **values: object) -> Contribution:
    money = Money(Decimal(str(amount)), promise.currency)
    return give(here.manager, fresh(promise), day=TODAY - days * DAY, money=money, **values)


@pytest.fixture
def funded(here: World) -> tuple[World, dict[str, Promise]]:
    """A village with three promises in two currencies, one kept for less, one given to before the period."""
    village = community(here)
    made = {
        "bus": promised(here, village, 5000, title="School bus", for_people=40),
        "roof": promised(here, village, 900, title="Roof of the school"),
        "lamp": promised(here, village, 70000, "JPY", title="Lamps", purpose="infrastructure"),
        "none": make_promise(here.manager, project=here.project, title="No money", direction="ours", party=village),
        "theirs": promised(here, village, 1, title="Theirs", direction="theirs"),
    }  # fmt: skip
    given(here, made["bus"], "1200.5", days=100)
    given(here, made["bus"], 1000, days=10, proof_text="Slip 12")
    given(here, made["bus"], 300, days=3, in_kind=True, note="Two benches")
    given(here, made["roof"], 800, days=20)
    settle_promise(here.manager, fresh(made["roof"]), state="kept")
    given(here, made["lamp"], 75000, days=1)
    return here, made


def test_sums_register_and_parts(funded):
    here, _made = funded
    report = here.report(here.manager, "social")
    assert [(*row[:4], row[-1], *amounts(row)) for row in rows(report)] == [
        ("Tidewall East", "Education and training", "Skerby village", "EUR", 2, "5900", "2100", "3300.50", "2499.50", "100"),
        ("Tidewall East", "Infrastructure", "Skerby village", "JPY", 1, "70000", "75000", "75000", "0", "0"),
    ]  # fmt: skip
    register = {row[0]: [row[3], row[5], row[6], *amounts(row)] for row in rows(report, "register")}
    assert register == {
        "School bus": [40, "Open", "EUR", "5000", "1300", "2500.50", "2499.50", "0"],
        "Roof of the school": [None, "Kept", "EUR", "900", "800", "800", "0", "100"],
        "Lamps": [None, "Open", "JPY", "70000", "75000", "75000", "0", "0"],
    }
    assert [(str(row[0]), str(row[1]), row[2], row[3], row[4], row[6], row[7]) for row in rows(report, "given")] == [
        ("2026-10-28", "800", "EUR", "In money", "Roof of the school", "", 0),
        ("2026-11-07", "1000", "EUR", "In money", "School bus", "", 1),
        ("2026-11-14", "300", "EUR", "In kind", "School bus", "Two benches", 0),
        ("2026-11-16", "75000", "JPY", "In money", "Lamps", "", 0),
    ]  # fmt: skip
    assert report.title == "€2,100 + ¥75,000 given; €2,499.50 still owed"
    assert report.paper["figures"] == [
        ["€2,100", "given in the period"], ["€2,499.50", "still owed"],
        ["¥75,000", "given in the period"], ["¥0", "still owed"],
    ]  # fmt: skip
    assert report.paper["charts"][0] == {
        "title": "Given in the period in EUR", "bars": [["Education and training", 2100.0, "€2,100"]],
    }  # fmt: skip
    assert queries.check(report).holds


def test_what_came_after_the_period_is_not_in_it(funded):
    here, made = funded
    before = here.report(here.manager, "social", until=TODAY - 8 * DAY)
    assert [amounts(row) for row in rows(before)] == [
        ["5900", "1800", "3000.50", "2899.50", "0"],
        ["70000", "0", "0", "70000", "0"],
    ]
    # Kept before it began, and nothing given in it: the roof is not in the next one.
    later = here.report(here.manager, "social", since=TODAY + DAY, until=TODAY + 9 * DAY)
    assert "Roof of the school" not in {row[0] for row in rows(later, "register")}
    assert made["bus"].title in {row[0] for row in rows(later, "register")}


def test_confidential_amounts_count_in_no_sum_of_lower_level(funded):
    here, _made = funded
    usual = here.report(here.agent, "social")
    secret = promised(
        here, community(here, "Quiet village"), 7777, title="Quiet", confidentiality=Level.CONFIDENTIAL
    )
    given(here, secret, 111, note="Hush")
    for who in (here.agent, here.manager):
        report = here.report(who, "social")
        assert report.paper["figures"] == usual.paper["figures"]
        told = str([rows(report, table) for table in ("sums", "register", "given")]) + report.title
        assert not [trace for trace in ("Quiet", "7777", "111", "Hush") if trace in told]
    open_to_it = here.report(here.manager, "social", level=Level.CONFIDENTIAL)
    assert ["7777", "111", "111", "7666", "0"] in [amounts(row) for row in rows(open_to_it)]
    look = [SocialInvestment().read(Look(who, None, 12)) for who in (here.agent, here.manager)]
    assert [reading.value for reading in look] == ["2", "3"]
    assert [[(bar.label, bar.text) for bar in reading.chart.bars] for reading in look] == [
        [("EUR", "€2,500.50 of €5,000"), ("JPY", "¥70,000 of ¥70,000")],
        [("EUR", "€2,611.50 of €12,777"), ("JPY", "¥70,000 of ¥70,000")],
    ]


def test_the_figure_of_a_dashboard_opens_its_rows(funded):
    here, _made = funded
    reading = SocialInvestment().read(Look(here.agent, here.project.pk, 12))
    page = client(here.agent).get(reading.url).context["page"]
    assert {row.title for row in page.rows} == {"School bus", "Lamps"}
    assert {bar.url for bar in reading.chart.bars} == {reading.url}
    assert (reading.value, reading.words) == ("2", "promises with an amount open")


def test_fewer_than_five_single_people_are_in_no_sum(funded):
    here, _made = funded
    people = [party(here.project, f"Person {n}", by=here.manager) for n in range(5)]
    for one in people[:4]:
        promised(here, one, 10, purpose="compensation")
    report = here.report(here.manager, "social")
    assert "Single people" not in {row[2] for row in rows(report)}
    assert report.paper["notes"][-1] == (
        "Left out of the sums, not of the list: 4 promises to fewer than five single people."
    )
    assert report.paper["figures"][1] == ["€2,499.50", "still owed"]
    promised(here, people[4], 10, purpose="compensation")
    report = here.report(here.manager, "social")
    row = next(row for row in rows(report) if row[2] == "Single people")
    assert (row[1], row[-1], amounts(row)) == ("Compensation", 5, ["50", "0", "0", "50", "0"])


def test_as_it_stood(funded, moment):
    here, made = funded
    before = here.report(here.manager, "social")
    moment[0] = NOW + DAY
    first, second = made["bus"].contributions.order_by("day")[:2]
    change_contribution(here.manager, first, money=Money(Decimal(1), "EUR"), note="Less")
    remove_contribution(here.manager, second)
    given(here, made["bus"], 5, days=-1, proof_text="Later")
    moment[0] = NOW + 2 * DAY
    lamp = made["lamp"].contributions.get()
    remove_contribution(here.manager, lamp)
    change_promise(here.manager, fresh(made["lamp"]), money=Money(Decimal(8), "USD"), purpose="health")
    change_promise(here.manager, fresh(made["bus"]), money=Money(Decimal(6000), "EUR"), for_people=1)
    entry = delete_promise(here.manager, fresh(made["roof"]))
    moment[0] = NOW + 3 * DAY
    undo(here.manager, entry.pk)
    moment[0] = NOW + 4 * DAY
    now = here.report(here.manager, "social")
    assert [amounts(row) for row in rows(now, "register")] != [
        amounts(row) for row in rows(before, "register")
    ]
    then = here.report(here.manager, "social", at=NOW)
    for table in ("sums", "register", "given"):
        assert rows(then, table) == rows(before, table), table
    assert (then.title, then.paper["figures"]) == (before.title, before.paper["figures"])
    between = here.report(here.manager, "social", at=NOW + 2 * DAY, until=TODAY + 2 * DAY)
    assert [row[:2] for row in map(amounts, rows(between, "register")) if "6000" in row] == [["6000", "305"]]
    assert Contribution.objects.count() == 4


def test_a_removed_part_that_was_brought_back_stood_there(funded, moment):
    here, made = funded
    before = here.report(here.manager, "social")
    moment[0] = NOW + DAY
    second = made["bus"].contributions.order_by("day")[1]
    entry = remove_contribution(here.manager, second)
    moment[0] = NOW + 2 * DAY
    undo(here.manager, entry.pk)
    moment[0] = NOW + 3 * DAY
    assert rows(here.report(here.manager, "social", at=NOW), "given") == rows(before, "given")
    gone = here.report(here.manager, "social", at=NOW + DAY, until=TODAY)
    assert [row[7] for row in rows(gone, "given")] == [0, 0, 0]


@pytest.mark.parametrize("format", ["csv", "xlsx", "pdf", "docx", "zip"])
def test_every_format(funded, format):
    here, _made = funded
    with services.take(here.manager, here.report(here.manager, "social"), format).file as file:
        data = file.read()
    if format == "csv":
        headers, first, *_more = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        assert headers[3:] == [
            "Currency",
            "Promised",
            "Given in the period",
            "Given in all",
            "Still owed",
            "No longer owed",
            "Promises",
        ]
        assert first[3:] == ["EUR", "5900", "2100", "3300.50", "2499.50", "100", "2"]
    elif format == "xlsx":
        sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
        assert [cell.value for cell in sheets[0][2]][4:] == [5900, 2100, 3300.5, 2499.5, 100, 2]
        assert len(sheets) == 4
    else:
        assert len(data) > 4000


def test_in_every_language(funded):
    here, _made = funded
    titles = {here.report(here.manager, "social", language=language).title for language in ("ja", "fr", "fa")}
    assert titles == {
        "€2,100 + ¥75,000 を渡しました。残りは €2,499.50 です",
        "2\u202f100\xa0€ + 75\u202f000\xa0¥ donnés ; 2\u202f499,50\xa0€ encore dus",
        "۲٬۱۰۰\xa0€ + ۷۵٬۰۰۰\xa0¥ داده شد؛ ۲٬۴۹۹٫۵۰\xa0€ هنوز بدهکار",
    }


def test_on_the_page_of_the_report(funded):
    here, _made = funded
    report = here.report(here.manager, "social")
    page = client(here.manager).get(f"/reports/{report.pk}/").content.decode()
    assert "2,499.5" in page
    assert "Given in the period" in page


def test_the_lines_of_gri_and_ifc(funded):
    here, _made = funded
    promised(here, community(here, "Far village"), 100, title="Nets", purpose="compensation")
    lines = {row[0]: row[2:] for row in rows(here.report(here.manager, "disclosures"), "communities")}
    assert lines["203-1 a"] == [
        "Education and training: €5,900 promised, €2,100 given in the period, €2,499.50 still owed; "
        "Infrastructure: ¥70,000 promised, ¥75,000 given in the period",
        "our promises with an amount, by what they are for",
    ]
    assert lines["203-1 b"] == ["Not recorded here.", ""]
    assert lines["203-1 c"][0] == "in kind: €300; in money: €1,800 + ¥75,000"
    assert lines["413-1 a i–iii"] == ["Not recorded here.", ""]
    assert lines["413-1 a iv"][0] == "promises with an amount to communities in 1 of 2 projects"
    assert lines["413-1 a viii"][0].startswith("Grievances are confidential.")
    ifc = {row[0]: row[2] for row in rows(here.report(here.manager, "disclosures"), "ifc")}
    assert ifc["PS1 13–15"] == "€100 promised, €100 still owed"


def test_without_amounts_the_lines_say_so(here):
    lines = {row[0]: row[2] for row in rows(here.report(here.manager, "disclosures"), "communities")}
    assert lines["203-1 a"] == lines["413-1 a iv"] == "Not recorded here."
    empty = here.report(here.manager, "social")
    assert empty.title == "No promise with an amount was open in this period"
    assert rows(empty) == rows(empty, "given") == []


def test_nobody_reads_a_report_of_what_they_are_kept_from(funded):
    """What was settled long ago and is given to now stands in the tables of GRI too, so it is a source of them."""
    here, made = funded
    Promise.objects.unscoped("test").filter(pk=made["roof"].pk).update(settled_at=LONG_AGO)
    report = here.report(here.manager, "disclosures")
    sources = dict(report.sources.values_list("kind", "ids"))
    assert {made["roof"].pk, made["none"].pk, made["bus"].pk} <= set(sources["commitments.promise"])
    assert set(here.report(here.manager, "social").sources.get().ids) == {
        made[name].pk for name in ("bus", "roof", "lamp")
    }


def test_who_may_not_see_the_project_gets_nothing_of_it(funded):
    here, _made = funded
    elsewhere = manager(here.site)
    report = here.report(elsewhere, "social", project_id=here.site.pk)
    assert rows(report, "register") == []
