"""The grievance register, its figures in the tables of GRI and IFC, and reports that tell of what is kept from somebody."""

from __future__ import annotations

import datetime as dt

import pytest

from cases.world import again, user_of
from enishi.accounts.access import Forbidden, Level
from enishi.accounts.models import KeptFrom
from enishi.cases.models import Case, ReportPage
from enishi.cases.services import keep_out, let_in, open_case, tie
from enishi.commitments.services import make_promise
from enishi.reports import queries, services
from enishi.reports.models import Report, Source
from enishi.timeline.queries import history
from factories import agent, manager
from reports.world import NOW, say

DAY = dt.timedelta(days=1)
SECRET = Level.CONFIDENTIAL


def _rows(report: Report, table: str = "register") -> list[list[object]]:
    described = next(one for one in queries.tables(report) if one["code"] == table)
    return list(queries.rows(report, described))


def _case(here, *, days: int, category: str = "nuisance", **values) -> Case:
    """A grievance that came in so many days ago; ``first``, ``closed``: days ago of first word and end."""
    first, closed = values.pop("first", None), values.pop("closed", None)
    later = {name: values.pop(name) for name in ("satisfaction", "appealed_at") if name in values}
    made = open_case(
        here.manager, project=values.pop("project", here.project), kind="grievance",
        title=values.pop("title", "Dust"), values={"category": category}, **values,
    )  # fmt: skip
    back = days * DAY
    times = {
        "opened_at": NOW - back,
        "acknowledge_by": NOW - back + 7 * DAY,
        "resolve_by": NOW - back + 28 * DAY,
    }
    times["due_at"] = times["acknowledge_by"] if first is None else times["resolve_by"]
    if first is not None:
        times["acknowledged_at"] = NOW - first * DAY
    if closed is not None:
        times |= {"closed_at": NOW - closed * DAY, "due_at": None, "stage": "close"}
    Case.objects.unscoped("a test").filter(pk=made.pk).update(**times, **later)
    return made


def _line(report: Report, table: str, number: str) -> list[object]:
    return next(row for row in _rows(report, table) if row[0] == number)


def test_the_register_tells_each_grievance_of_the_period(here):
    old = _case(here, days=300, closed=200, title="Before the period")
    done = _case(here, days=40, first=38, closed=20, party=here.aoi, satisfaction=4, title="Night noise")
    late = _case(here, days=60, anonymous=True, category="conduct", title="Somebody shouted")
    report = here.report(here.manager, "grievances", level=SECRET)
    rows = {row[0]: row for row in _rows(report)}
    assert old.number not in rows
    assert rows[done.number][1:5] == ["Night noise", "Noise, dust, water, traffic", "Tanaka Aoi", "Other way"]
    # 8 October to 28 October, a Wednesday to a Wednesday
    assert (rows[done.number][10], rows[done.number][13]) == (14, "Mostly")
    assert rows[late.number][3] == "Anonymous"
    assert report.title == "2 grievances were received, 1 closed; 1 is over time"
    assert report.paper["figures"] == [
        ["2", "received in the period"], ["1", "still open"], ["1", "over time"],
        ["50%", "first word in time"], ["50%", "answered in time"],
        ["14", "business days to the end, half of them within"],
    ]  # fmt: skip


def test_nobody_makes_it_without_the_right_to_cases(here):
    with pytest.raises(Forbidden) as refused:
        here.report(
            agent(here.project, codes=["contacts.view", "reports.view", "reports.make"]), "grievances"
        )
    assert refused.value.right == "cases.view"
    _case(here, days=3, title="Zymurgia")
    assert _rows(here.report(here.agent, "grievances")) == []


def test_tables_of_gri_and_ifc_hold_real_figures(here):
    for number in range(6):
        _case(here, days=40, first=38, closed=20, satisfaction=5 if number else 1)
    _case(here, days=30, anonymous=True, category="conduct")
    _case(here, days=3, project=here.site, category="land")
    ReportPage.objects.create(project=here.project, token="t" * 12, is_on=True)
    report = here.report(here.manager, "disclosures", level=SECRET)
    handled = (
        "grievances received: 8; about: Noise, dust, water, traffic (fewer than 5), Conduct of people (fewer than 5), "
        "Land, houses, resettlement (fewer than 5); in: Tidewall East (fewer than 5), Pier 3 (fewer than 5); "
        "anonymous: fewer than 5; first word in time: 6 of 7 (86%); still open: 2"
    )
    assert _line(report, "gri", "2-25 b")[2:] == [handled, "register of grievances"]
    assert _line(report, "ifc", "PS1 35")[2] == handled
    assert _line(report, "gri", "2-25 e")[2] == (
        "grievances answered in time: 6 of 7 (86%); median time: 14 business days; appeals: 0; "
        "satisfied with the outcome: 5 of 6 (83%)"
    )
    assert _line(report, "gri", "2-26 a ii")[2].startswith(
        "a public page in 1 project, also for those who stay anonymous"
    )


def test_few_judgements_and_appeals_are_not_told(here):
    _case(here, days=40, first=38, closed=20, satisfaction=1, appealed_at=NOW - 25 * DAY)
    worked = _line(here.report(here.manager, "disclosures", level=SECRET), "gri", "2-25 e")[2]
    assert "appeals: fewer than 5; fewer than 5 judged the outcome" in worked


def test_nothing_of_grievances_stands_below_their_level(here):
    _case(here, days=3, title="Zymurgia")
    line = _line(here.report(here.manager, "disclosures"), "gri", "2-25 b")
    assert line[2] == "Grievances are confidential. Make this report up to that level to have their figures."


def _seen(who, report: Report) -> bool:
    return queries.reports(again(who)).filter(pk=report.pk).exists()


@pytest.mark.parametrize("definition", ["grievances", "disclosures"])
def test_who_is_kept_out_later_does_not_see_a_report_made_of_the_case(here, definition):
    case, second = _case(here, days=3), manager(here.project)
    before = here.report(here.manager, definition, level=SECRET)
    other = here.report(here.manager, "promises", level=SECRET)
    keep_out(here.manager, case, user=user_of(second), reason="Leads the works")
    assert (_seen(second, before), _seen(second, other)) == (False, True)
    assert _seen(here.manager, before)
    told = [entry.subject_id for entry in history(again(second)) if entry.subject_type == "reports.report"]
    assert told == [other.pk]
    with pytest.raises(Report.DoesNotExist):
        queries.report(again(second), before.pk)
    # Made afterwards by somebody else: the same. Made by themselves: without the case.
    after = here.report(here.manager, definition, level=SECRET)
    own = here.report(again(second), definition, level=SECRET)
    assert (_seen(second, after), _seen(second, own)) == (False, True)
    let_in(here.manager, case, user=user_of(second))
    assert _seen(second, before) and not KeptFrom.objects.exists()


def test_what_is_tied_to_the_case_is_kept_in_reports_too(here):
    case, second = _case(here, days=3), manager(here.project)
    talk = say(here.manager, here.project, "About the dust", here.aoi, confidentiality=SECRET)
    promise = make_promise(here.manager, project=here.project, title="Water the road", direction="ours")
    made = {
        name: here.report(here.manager, name, level=SECRET)
        for name in ("engagement", "stakeholders", "promises", "summary")
    }
    keep_out(here.manager, case, user=user_of(second), reason="Leads the works")
    assert all(_seen(second, report) for report in made.values())
    tie(here.manager, case, kind="conversation", subject_id=talk)
    assert [name for name, report in made.items() if _seen(second, report)] == ["promises"]
    tie(here.manager, case, kind="promise", subject_id=promise.pk)
    assert not any(_seen(second, report) for report in made.values())


def test_a_report_of_which_nobody_knows_the_sources_is_kept_too(here):
    case, second = _case(here, days=3), manager(here.project)
    old = here.report(here.manager, "promises")
    Source.objects.filter(report=old).delete()
    keep_out(here.manager, case, user=user_of(second), reason="Leads the works")
    assert not _seen(second, old)


def test_a_scheduled_report_is_another_one_for_whoever_is_kept_out(here, monkeypatch):
    case, second = _case(here, days=20, title="Zymurgia"), manager(here.project)
    planned = services.schedule_report(
        here.manager, choice=here.choice(level=SECRET), recipient_ids=[here.manager.user_id, second.user_id],
        definition="grievances", rhythm="monthly", language="en", zone="UTC",
    )  # fmt: skip
    keep_out(here.manager, case, user=user_of(second), reason="Leads the works")
    sent = services.dispatch(planned.pk, planned.next_at)
    reports = list(sent.reports.unscoped("a test").order_by("pk"))
    assert [report.rows for report in reports] == [1, 0]
    assert [_seen(second, report) for report in reports] == [False, True]
