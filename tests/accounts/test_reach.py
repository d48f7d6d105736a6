"""Rights that reach only one's own records, or those of one's team."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts import queries, services
from enishi.accounts.access import Actor, Forbidden, Level, UnknownRight, Via, narrowable, rights
from enishi.accounts.models import Project, Role, Team, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.models import Case
from enishi.cases.services import CaseError, change_case, open_case
from enishi.commitments.models import Duty, Promise, Task
from enishi.commitments.services import (
    CommitmentError,
    change_promise,
    delete_promise,
    end_series,
    make_promise,
    make_task,
    undo,
)
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, change_interaction, log_interaction
from enishi.core import clock
from enishi.timeline.models import Entry, Item
from factories import SYSTEM, agent, grant, manager, narrowed, outsider, party, project, role, user

pytestmark = pytest.mark.django_db
VIEW, EDIT = "commitments.view", "commitments.edit"


def _web(who: User) -> Actor:
    return actor_of(User.objects.get(pk=who.pk), via=Via.WEB)


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def _promise(where: Project, owner: User | None, title: str = "Call back", **values: object) -> Promise:
    return make_promise(SYSTEM, project=where, title=title, direction="ours", owner=owner, **values)


def _titles(actor: Actor) -> list[str]:
    return sorted(Promise.objects.visible_to(actor).values_list("title", flat=True))


def _team(*members: User) -> Team:
    made = Team.objects.create(name=f"Team of {members[0]}")
    made.members.add(*members)
    return made


def test_each_sees_as_far_as_their_role_reaches():
    where, elsewhere = project("Wind"), project("Port")
    lone = narrowed(where, "Lone")
    mate = narrowed(where, "Mate", reach="team")
    other = narrowed(where, "Other")
    _team(mate, lone)
    for owner, title in ((lone, "of Lone"), (mate, "of Mate"), (other, "of Other"), (None, "of nobody")):
        _promise(where, owner, title)
    _promise(elsewhere, None, "elsewhere")
    _promise(elsewhere, agent_user := _user(manager(elsewhere)), "of the manager elsewhere")
    assert agent_user.pk
    assert _titles(_web(lone)) == ["of Lone"]
    assert _titles(_web(mate)) == ["of Lone", "of Mate"]
    assert _titles(_web(other)) == ["of Other"]
    assert _titles(agent(where)) == ["of Lone", "of Mate", "of Other", "of nobody"]
    assert _titles(outsider()) == []


def test_owning_alone_gives_nothing():
    """Neither in another project nor above the clearance."""
    where, elsewhere = project(), project()
    lone = narrowed(where)
    kept = _promise(where, lone, "Secret")
    Promise.objects.unscoped("test").filter(pk=kept.pk).update(confidentiality=Level.CONFIDENTIAL)
    moved = _promise(where, lone, "Elsewhere")
    Promise.objects.unscoped("test").filter(pk=moved.pk).update(project=elsewhere)
    assert _titles(_web(lone)) == []


def test_of_several_roles_the_widest_counts_row_by_row():
    """Whole in one project, own up to restricted below another, own everywhere."""
    port, wind = project("Port"), project("Wind")
    shore = project("Shore", parent=wind)
    who = user("Three hats")
    grant(who, port, role(codes=[VIEW]))
    grant(who, wind, role(codes=[VIEW], own=[VIEW], clearance=Level.RESTRICTED))
    grant(who, None, role(codes=[VIEW], own=[VIEW], clearance=Level.OPEN))
    third = project("Third")
    for where, name in ((port, "port"), (shore, "shore"), (third, "third")):
        for owner, whose in ((who, "mine"), (None, "nobody's")):
            for level in (Level.OPEN, Level.CONFIDENTIAL):
                made = _promise(where, None, f"{name} {whose} {level.name}")
                Promise.objects.unscoped("test").filter(pk=made.pk).update(owner=owner, confidentiality=level)
    assert _titles(_web(who)) == [
        "port mine OPEN",
        "port nobody's OPEN",
        "shore mine CONFIDENTIAL",
        "shore mine OPEN",
        "third mine OPEN",
    ]


def test_a_narrow_role_adds_nothing_to_a_wide_one():
    """Then every question reads exactly as without it."""
    where, who, plain = project(), user(), user()
    grant(plain, where, role(codes=[VIEW]))
    grant(who, where, role(codes=[VIEW]))
    grant(who, where, role(codes=[VIEW], own=[VIEW]))
    assert _web(who).scope(VIEW) == _web(plain).scope(VIEW)
    assert str(Promise.objects.visible_to(_web(who)).query) == str(
        Promise.objects.visible_to(_web(plain)).query
    )


def test_without_a_narrow_role_nothing_is_asked_differently():
    where = project()
    worker = agent(where)
    for model in (Promise, Interaction, Entry, Item):
        asked = str(model.objects.visible_to(worker).query)
        assert "owner_id" not in asked.partition("WHERE")[2], model
        assert "SELECT" not in asked.partition("WHERE")[2], model
    who = _user(worker)
    with CaptureQueriesContext(connection) as captured:
        actor_of(who, via=Via.WEB)
    assert len(captured) == 1
    lead = narrowed(where, reach="team")
    with CaptureQueriesContext(connection) as captured:
        actor_of(lead, via=Via.WEB)
    assert len(captured) == 1


def test_what_cannot_ask_whose_it_is_takes_it_for_no_right():
    where = project()
    lone = _web(narrowed(where))
    scope = lone.scope(VIEW)
    assert (scope.everywhere, scope.projects, scope.unlimited) == (None, {}, False)
    assert lone.may(VIEW) and lone.may_some(VIEW, where.pk)
    assert not lone.may(VIEW, where.pk) and not lone.may(VIEW, [where.pk])
    assert not lone.may_whole(VIEW) and not lone.may_everywhere(VIEW)
    assert lone.clearance(VIEW, [where.pk]) == -1
    assert lone.clearance(VIEW, [where.pk], own=True) == Level.INTERNAL
    assert lone.may("contacts.view", where.pk)
    # A contact that somebody looks after says nothing about promises.
    aoi = party(where, "Tanaka Aoi")
    aoi.owner = _user(lone)
    assert not lone.may(EDIT, aoi)
    with pytest.raises(Forbidden):
        lone.require(VIEW, where.pk)


def test_what_is_written_down_must_be_ones_own():
    where = project()
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    me = _web(lone)
    made = make_promise(me, project=where, title="Mine", direction="ours", owner=lone)
    assert _titles(me) == ["Mine"]
    for owner in (None, other):
        with pytest.raises(CommitmentError) as refused:
            make_promise(me, project=where, title="Not mine", direction="ours", owner=owner)
        assert refused.value.field == "owner"
        with pytest.raises(CommitmentError):
            make_task(me, project=where, title="Not mine", owner=owner)
        with pytest.raises(CaseError):
            open_case(me, project=where, kind="issue", title="Not mine", owner=owner)
    with pytest.raises(Forbidden):
        make_promise(me, project=project(), title="Elsewhere", direction="ours", owner=lone)
    assert change_promise(me, made, title="Still mine", confidentiality=Level.INTERNAL).title == "Still mine"
    case = open_case(me, project=where, kind="issue", title="Mine", owner=lone)
    assert change_case(me, case, text="More of it").text == "More of it"


def test_who_is_of_the_team_writes_down_for_the_team():
    where = project()
    lead, mate, other = narrowed(where, "Lead", reach="team"), narrowed(where, "Mate"), narrowed(where)
    _team(lead, mate)
    made = make_promise(_web(lead), project=where, title="For Mate", direction="ours", owner=mate)
    assert change_promise(_web(lead), made, title="Still for Mate").owner == mate
    with pytest.raises(CommitmentError):
        make_promise(_web(lead), project=where, title="For Other", direction="ours", owner=other)


def test_seeing_reaches_further_than_changing():
    where, who = project(), user()
    grant(who, where, role(codes=[VIEW, EDIT, "commitments.delete"], own=[EDIT, "commitments.delete"]))
    mine, theirs = _promise(where, who, "Mine"), _promise(where, None, "Nobody's")
    me = _web(who)
    assert _titles(me) == ["Mine", "Nobody's"]
    assert (me.may(EDIT, mine), me.may(EDIT, theirs)) == (True, False)
    change_promise(me, mine, title="Mine, changed")
    with pytest.raises(Forbidden):
        change_promise(me, theirs, title="Taken", owner=who)
    with pytest.raises(Forbidden):
        delete_promise(me, theirs)


def test_handing_on_ends_the_reach_and_can_be_undone_by_whoever_gets_it():
    where = project()
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    made = _promise(where, lone)
    given = change_promise(_web(lone), made, owner=other)
    assert (_titles(_web(lone)), _titles(_web(other))) == ([], ["Call back"])
    entry = given.undo_entry
    assert entry is not None
    with pytest.raises(Forbidden):
        undo(_web(lone), entry)
    with pytest.raises(Forbidden):
        change_promise(_web(lone), given, title="Back to me")


def test_who_hands_on_by_the_form_is_led_to_the_list(client):
    """The page of the record is not there any more, and nothing can be taken back."""
    where = project()
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    client.force_login(lone)
    promise = _promise(where, lone)
    case = open_case(SYSTEM, project=where, kind="issue", title="Dust", owner=lone)
    common = {"owner": other.pk, "project": where.pk, "confidentiality": 1, "version": 1, "title": "Yours"}
    for page, more, back in (
        (
            reverse("commitments:edit", args=[promise.pk]),
            {"direction": "ours", "shift": "backward"},
            "commitments:list",
        ),
        (reverse("cases:edit", args=[case.pk]), {"channel": "other"}, "cases:list"),
    ):
        answer = client.post(page, {**common, **more}, follow=True)
        assert answer.redirect_chain == [(reverse(back), 302)], page
        shown = answer.content.decode()
        assert "Saved" in shown and "/undo/" not in shown, page


def test_what_one_deleted_comes_back_to_its_owner():
    where = project()
    lone = narrowed(where)
    me = _web(lone)
    entry = delete_promise(me, _promise(where, lone))
    assert undo(me, entry.pk).pk and _titles(me) == ["Call back"]


def test_a_repeat_belongs_to_the_owner_of_its_times():
    where = project()
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    made = make_promise(
        _web(lone), project=where, title="Weekly", direction="ours", owner=lone, rule="FREQ=WEEKLY",
        due_at=clock.now() + dt.timedelta(days=1),
    )  # fmt: skip
    assert made.series is not None
    with pytest.raises(Forbidden):
        end_series(_web(other), made.series)
    end_series(_web(lone), made.series)


def test_a_conversation_belongs_to_who_wrote_it_answers_it_or_took_part():
    where = project()
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    boss = manager(where)

    def log(by: Actor, *people: User, **values: object) -> Interaction:
        drafts = [ParticipantDraft(user_id=one.pk) for one in people]
        return log_interaction(
            by, channel="call", occurred_at=clock.now(), project_ids=[where.pk], subject="Talk", participants=drafts,
            **values,
        )  # fmt: skip

    log(boss)
    mine = log(_web(lone))
    with_me = log(boss, lone)
    waiting = log(boss)
    Interaction.objects.unscoped("test").filter(pk=waiting.pk).update(answer="waiting", answer_by=lone)
    seen = set(Interaction.objects.visible_to(_web(lone)).values_list("pk", flat=True))
    assert seen == {mine.pk, with_me.pk, waiting.pk}
    assert not Interaction.objects.visible_to(_web(other)).exists()
    assert [_web(lone).may("conversations.edit", one) for one in Interaction.objects.visible_to(boss).order_by("pk")] == [
        False, True, True, True,
    ]  # fmt: skip
    changed = change_interaction(_web(lone), with_me, subject="What we said", participants=[])
    assert changed.subject == "What we said"


def test_looking_as_somebody_reaches_what_both_reach():
    where = project()
    admin = user("Admin")
    grant(admin, None, services.administrator_role())
    lone, lead = narrowed(where, "Lone"), narrowed(where, "Lead", reach="team")
    _team(lead, lone)
    for owner in (lone, lead, None):
        _promise(where, owner, f"of {owner}")
    assert _titles(queries.viewing_as(_web(admin), lone)) == ["of Lone"]
    assert _titles(queries.viewing_as(_web(lone), lead)) == ["of Lone"]
    assert _titles(queries.viewing_as(_web(lone), admin)) == ["of Lone"]
    assert _titles(queries.viewing_as(_web(lead), lone)) == ["of Lone"]


def test_a_token_reaches_no_further_than_its_maker():
    where = project()
    lone = narrowed(where)
    _promise(where, lone, "Mine")
    _promise(where, None, "Nobody's")
    assert _titles(actor_of(lone, via=Via.API, token_scopes=[VIEW])) == ["Mine"]
    assert _titles(actor_of(lone, via=Via.API, token_scopes=["contacts.view"])) == []


def test_nobody_gives_what_they_hold_only_for_their_own():
    """Neither whole nor narrow: the own records of somebody else are not theirs."""
    where = project()
    keeper, somebody = user("Keeper"), user("Somebody")
    grant(keeper, None, role(codes=["accounts.manage", VIEW], own=[VIEW], clearance=Level.RESTRICTED))
    for given in (role(codes=[VIEW]), role(codes=[VIEW], own=[VIEW]), role(codes=[VIEW], team=[VIEW])):
        with pytest.raises(services.BeyondOwnRights):
            services.give_role(_web(keeper), role=given, user=somebody, project=where)
    with pytest.raises(services.BeyondOwnRights):
        services.change_role(_web(keeper), role(codes=[VIEW], own=[VIEW]), own_codes=[])
    services.give_role(manager(), role=role(codes=[VIEW], own=[VIEW]), user=somebody, project=where)


def test_only_what_belongs_to_somebody_can_be_narrowed():
    boss = manager()
    made = services.create_role(boss, name="Interviewer", codes=[VIEW, EDIT], clearance=1, own_codes=[EDIT])
    assert (made.own_codes, made.team_codes) == ([EDIT], [])
    with pytest.raises(UnknownRight):
        services.change_role(boss, made, own_codes=["timeline.view"])
    services.change_role(boss, made, codes=[VIEW], team_codes=[VIEW])
    assert (made.own_codes, made.team_codes) == ([], [VIEW])
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.filter(pk=made.pk).update(own_codes=["cases.view"])
    assert all(code in rights() for code in narrowable())


def test_who_can_read_and_who_can_be_given_it():
    where = project()
    lone, mate = narrowed(where, "Lone"), narrowed(where, "Mate", reach="team")
    other = narrowed(where, "Other")
    _team(mate, lone)
    whole = _user(agent(where))

    def names(*owners: User) -> list[str]:
        found = queries.readers(VIEW, [where.pk], 1, owners=[owner.pk for owner in owners])
        return [one.name for one in found]

    assert names() == [whole.name]
    assert names(lone) == [whole.name, "Lone", "Mate"]
    assert names(other) == [whole.name, "Other"]
    assert [one.name for one in queries.takers(VIEW, [where.pk], 1)] == [whole.name, "Lone", "Mate", "Other"]
    # Whoever may work on every case, but sees only their own, does not read the others.
    odd = user("Odd")
    grant(odd, where, role(codes=["cases.view", "cases.edit"], own=["cases.view"]))
    assert "Odd" not in [one.name for one in queries.readers("cases.edit", [where.pk], 1)]


def test_it_is_explained_by_whose_it_is():
    where = project("Wind")
    lone, other = narrowed(where, "Lone"), narrowed(where, "Other")
    subject = ("commitments.promise", _promise(where, other).pk)
    hidden = queries.explain(lone, VIEW, [where.pk], 1, subject)
    assert (hidden.visible, [rule.kind for rule in hidden.rules]) == (False, ["account", "right", "owner"])
    assert hidden.sentence == "Lone cannot: the role reaches only their own, and this belongs to Other."
    assert hidden.rules[1].details[0].endswith("only their own")
    seen = queries.explain(other, VIEW, [where.pk], 1, subject)
    assert (seen.visible, [rule.kind for rule in seen.rules]) == (
        True, ["account", "right", "owner", "project", "level"],
    )  # fmt: skip
    assert queries.explain_change(other, EDIT, [where.pk], seen, subject).visible
    assert not queries.explain_change(lone, EDIT, [where.pk], seen, subject).visible
    nobodys = ("commitments.promise", _promise(where, None).pk)
    assert "nobody" in queries.explain(lone, VIEW, [where.pk], 1, nobodys).sentence


def test_the_editor_says_how_far_each_right_reaches(client):
    admin = user("Admin")
    grant(admin, None, services.administrator_role())
    client.force_login(admin)
    made = role("Interviewer", [VIEW, EDIT])
    address = reverse("accounts:role", args=[made.pk])
    page = client.get(address).content.decode()
    assert 'name="reach-commitments.view"' in page and 'name="reach-timeline.view"' not in page
    sent = {
        "name": "Interviewer", "clearance": 1, "codes": [VIEW, EDIT], "reach-commitments.view": "team",
        "reach-commitments.edit": "own", "reach-cases.view": "own",
    }  # fmt: skip
    told = client.post(reverse("accounts:role_effect", args=[made.pk]), sent).content.decode()
    assert "“See promises and tasks” reaches: Their team&#x27;s" in told and "2 changes" in told
    more = {**sent, "codes": [VIEW, EDIT, "cases.view", "cases.edit"]}
    told = client.post(reverse("accounts:role_effect", args=[made.pk]), more).content.decode()
    assert "“See cases” reaches: Their own" in told and "4 changes" in told
    assert "“Open, work on and close cases” reaches" not in told
    assert client.post(address, sent).status_code == 302
    made.refresh_from_db()
    assert (made.own_codes, made.team_codes) == ([EDIT], [VIEW])
    page = client.get(address).content.decode()
    assert page.count(" selected>Their own<") == 1 and page.count(" selected>Their team&#x27;s<") == 1
    assert (
        "Nothing is changed yet"
        in client.post(reverse("accounts:role_effect", args=[made.pk]), sent).content.decode()
    )


@pytest.mark.parametrize("reach", ["own", "team"])
def test_what_is_ones_own_is_found_by_an_index(reach):
    where = project()
    lone = narrowed(where, reach=reach)
    if reach == "team":
        _team(lone, user())
    me = _web(lone)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for model in (Promise, Task, Duty, Case, Interaction):
            plan = model.objects.visible_to(me).explain()
            assert "Seq Scan" not in plan, plan
        subjects = Case.objects.visible_to(me).values("pk")
        for told in (Entry, Item):
            plan = told.objects.unscoped("test").filter(subject_id__in=subjects).explain()
            assert "Seq Scan on cases_case" not in plan, plan
