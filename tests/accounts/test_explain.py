"""Why somebody can or cannot see something, and what changing a role does to people."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enishi.accounts import services
from enishi.accounts.access import Level, rights
from enishi.accounts.queries import access_to, explain, explain_change, role_effect, role_sizes
from factories import grant, manager, project, role, user

pytestmark = pytest.mark.django_db

VIEW = "conversations.view"


def _rules(explained) -> list[tuple[str, bool | None]]:
    return [(rule.kind, rule.holds) for rule in explained.rules]


def test_everything_holds():
    where = project("Tidewall East")
    who = user("Kaito Arai")
    grant(who, where, role("Works lead", [VIEW], Level.CONFIDENTIAL))
    explained = explain(who, VIEW, [where.pk], Level.CONFIDENTIAL)
    assert explained.visible
    assert explained.sentence == "Kaito Arai can see it."
    assert _rules(explained) == [("account", True), ("right", True), ("project", True), ("level", True)]
    assert explained.rules[1].text == "A role gives the right “See conversations”: Works lead."


def test_the_level_decides():
    where = project("Tidewall East")
    who = user("Kaito Arai")
    grant(who, where, role("Works lead", [VIEW], Level.INTERNAL))
    explained = explain(who, VIEW, [where.pk], Level.CONFIDENTIAL)
    assert not explained.visible
    assert explained.sentence == (
        "Kaito Arai cannot see it: it is confidential, and the role reads only up to internal."
    )
    assert _rules(explained)[-1] == ("level", False)


def test_another_project_decides():
    here, there = project("Here"), project("There")
    who = user("Kaito Arai")
    grant(who, there, role("Works lead", [VIEW]))
    explained = explain(who, VIEW, [here.pk], Level.OPEN)
    assert _rules(explained) == [("account", True), ("right", True), ("project", False)]
    assert "(Here)" in explained.rules[-1].text


def test_a_missing_right_decides_before_the_project():
    where = project()
    who = user("Kaito Arai")
    grant(who, where, role("Reader", ["contacts.view"], Level.RESTRICTED))
    explained = explain(who, VIEW, [where.pk], Level.OPEN)
    assert _rules(explained) == [("account", True), ("right", False)]


def test_an_account_that_is_switched_off_decides_first():
    who = user("Kaito Arai", is_active=False)
    grant(who, None, role(clearance=Level.RESTRICTED))
    explained = explain(who, VIEW, [project().pk], Level.OPEN)
    assert not explained.visible
    assert _rules(explained) == [("account", False)]


def test_a_role_above_the_project_and_through_a_team_counts():
    above = project()
    below = project(parent=above)
    who = user()
    team = services.create_team(_boss(), name="Field", members=[who])
    grant(team, above, role("Officer", [VIEW]))
    assert explain(who, VIEW, [below.pk], Level.INTERNAL).visible


def _boss():
    return manager()


def test_the_explanation_agrees_with_what_a_query_returns():
    """Each combination of clearance and level, in and out of the project: words and rows never differ."""
    from enishi.accounts.access import Via
    from enishi.accounts.queries import actor
    from enishi.contacts.models import Party
    from factories import party

    here, there = project(), project()
    for clearance in Level:
        who = user()
        grant(who, here, role(codes=["contacts.view"], clearance=clearance))
        reader = actor(who, via=Via.WEB)
        for where in (here, there):
            for level in Level:
                made = party(where, confidentiality=level)
                seen = Party.objects.visible_to(reader).filter(pk=made.pk).exists()
                assert explain(who, "contacts.view", [where.pk], level).visible is seen


def test_who_gains_and_who_loses():
    where, elsewhere = project(), project()
    handler = role("Case handler", ["contacts.view", "contacts.edit"])
    editor = role("Exporter", ["contacts.export"])
    alone, has_it_here, has_it_elsewhere = user(), user(), user()
    for who in (alone, has_it_here, has_it_elsewhere):
        grant(who, where, handler)
    grant(has_it_here, where, editor)
    grant(has_it_elsewhere, elsewhere, editor)
    effect = role_effect(handler, codes=["contacts.view", "contacts.export"], clearance=Level.CONFIDENTIAL)
    assert effect.people == 3
    assert effect.changes == 3
    assert effect.gains == {"contacts.export": 2}
    assert effect.losses == {"contacts.edit": 3}
    assert effect.clearance == Level.CONFIDENTIAL


def test_a_right_held_above_or_everywhere_is_nothing_new():
    above = project()
    below = project(parent=above)
    handler, editor = role(codes=["contacts.view"]), role(codes=["contacts.export"])
    first, second = user(), user()
    grant(first, below, handler)
    grant(second, below, handler)
    grant(first, above, editor)
    grant(second, None, editor)
    effect = role_effect(handler, codes=["contacts.view", "contacts.export"], clearance=handler.clearance)
    assert (effect.changes, effect.gains) == (1, {})


def test_the_effect_costs_the_same_for_many_people():
    handler = role(codes=["contacts.view"])
    where = project()

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            role_effect(handler, codes=list(rights()), clearance=Level.RESTRICTED)
        return len(queries)

    grant(user(), where, handler)
    one = count()
    for _ in range(5):
        grant(user(), where, handler)
    assert count() == one == 3


def test_people_of_a_role_and_of_a_project_are_counted_once():
    above = project()
    where = project(parent=above)
    worker = role("Worker", ["contacts.view"])
    who, gone = user("Nadia"), user("Gone", is_active=False)
    team = services.create_team(_boss(), name="Field", members=[who, gone])
    grant(who, where, worker)
    grant(team, above, worker)
    assert role_sizes()[worker.pk] == 1
    mine = [one for one in access_to(where) if one.user_id == who.pk]
    assert [(one.name, one.roles) for one in mine] == [("Nadia", ["Worker"])]
    assert "Gone" not in {one.name for one in access_to(where)}


def test_each_role_that_gives_the_right_is_named_with_its_place_level_and_team():
    where = project("Tidewall East")
    who = user("Kaito Arai")
    team = services.create_team(_boss(), name="Field", members=[who])
    grant(who, where, role("Works lead", [VIEW], Level.INTERNAL))
    grant(team, None, role("Reader", [VIEW], Level.OPEN))
    rule = explain(who, VIEW, [where.pk], Level.INTERNAL).rules[1]
    assert rule.details == (
        "Works lead in Tidewall East, up to internal",
        "Reader in every project, up to open, through the team Field",
    )


@pytest.mark.parametrize(
    ("codes", "here", "sentence", "rules"),
    [
        (
            ["conversations.edit"],
            True,
            "Kaito Arai can change it.",
            [("seen", True), ("right", True), ("project", True)],
        ),
        (
            [],
            True,
            "Kaito Arai cannot change it: no role gives the right “Log and change conversations”.",
            [("seen", True), ("right", False)],
        ),
        (
            ["conversations.edit"],
            False,
            "Kaito Arai cannot change it: the role with that right is given in other projects.",
            [("seen", True), ("right", True), ("project", False)],
        ),
    ],
)
def test_why_somebody_can_or_cannot_change_it(codes, here, sentence, rules):
    where, elsewhere = project(), project()
    who = user("Kaito Arai")
    grant(who, where, role(codes=[VIEW]))
    grant(who, where if here else elsewhere, role(codes=codes))
    seen = explain(who, VIEW, [where.pk], Level.INTERNAL)
    explained = explain_change(who, "conversations.edit", [where.pk], seen)
    assert (explained.sentence, _rules(explained)) == (sentence, rules)
    assert explained.visible is (rules[-1][1] is True)


def test_what_is_not_seen_is_not_changed():
    where = project()
    who = user("Kaito Arai")
    grant(who, where, role(codes=["conversations.edit"]))
    seen = explain(who, VIEW, [where.pk], Level.INTERNAL)
    explained = explain_change(who, "conversations.edit", [where.pk], seen)
    assert explained.sentence == "Kaito Arai cannot change it: it cannot even be seen."


def test_the_foot_warns_before_the_last_who_manages_is_locked_out():
    boss = role("Boss", ["accounts.manage"])
    grant(user(), None, boss)
    assert role_effect(boss, codes=[], clearance=boss.clearance).locks_out
    grant(user(), project(), role(codes=["accounts.manage"]))
    assert role_effect(boss, codes=[], clearance=boss.clearance).locks_out, "one project is not everywhere"
    grant(user(), None, role(codes=["accounts.manage"]))
    assert not role_effect(boss, codes=[], clearance=boss.clearance).locks_out
