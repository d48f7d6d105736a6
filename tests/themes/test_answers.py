"""One answer to all who say the same: to each of them once, in the thread of their own letter, as far as one's rights go."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from architecture.world import joined
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.accounts.models import Project, User
from enishi.cases.services import open_case
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.services import PointDraft, change_party, save_point
from enishi.conversations.models import Interaction
from enishi.conversations.queries.debt import answer_debt
from enishi.conversations.services import ParticipantDraft, set_answer
from enishi.core import clock
from enishi.core.personal import Subject
from enishi.themes import services
from enishi.themes.models import Answer, AnswerTo, Chorus, Meaning
from enishi.themes.personal import ThemesKeeper
from enishi.themes.queries import answers
from enishi.themes.services import ThemeError
from enishi.timeline.models import Entry, Item, Notification
from factories import READ, SYSTEM, agent, outsider, party, project
from themes.world import NOW, World, talk

ENGLISH = {"en": ("The pumps", "Dear {name}, the pumps stop at ten.")}
BOTH = {**ENGLISH, "fr": ("Les pompes", "{name}, les pompes s'arrêtent à dix heures.")}


@pytest.fixture
def chorus(db: None) -> Chorus:
    return Chorus.objects.create(made_at=NOW)


def wrote(
    here: World,
    chorus: Chorus,
    *people: Party,
    by: Actor | None = None,
    where: Project | None = None,
    **values: Any,
) -> Interaction:
    """A letter that says the same as the others of the group."""
    given = {"channel": "letter", "direction": "in", "subject": "Pumps", "answer": "waiting"} | values
    given.setdefault("participants", [ParticipantDraft("from", party_id=one.pk) for one in people])
    letter = talk(by or here.agent, where or here.project, list(people), **given)
    joined(letter, chorus)
    return letter


def sender(here: World, name: str, **values: Any) -> Party:
    kept = {"email": f"{name.lower()}@quill.example"} | values
    return party(here.project, name, **kept)


def by_letter(here: World, name: str, **values: Any) -> Party:
    made = party(here.project, name, **values)
    save_point(SYSTEM, made, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"}))
    return made


def written(here: World, chorus: Chorus, by: Actor | None = None, **values: Any) -> Answer:
    given: dict[str, Any] = {"words": BOTH, **values}
    return services.save_answer(by or here.agent, chorus.pk, **given)


def sent_to(here: World, one: Answer, by: Actor | None = None) -> None:
    actor = by or here.agent
    services.send_answer(actor, one.pk, key=answers.plan(actor, one.chorus_id, one).key)


def let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(minutes=6))
    services.send_due()


def fresh(talk: Interaction) -> Interaction:
    return Interaction.objects.unscoped("of this test").get(pk=talk.pk)


def whys(plan: answers.Plan) -> dict[str, str]:
    return {one.party.full_name if one.party else str(one.subject.pk): one.why for one in plan.left}


def test_who_gets_it_and_who_not_and_why(here, chorus):
    ada, bea = sender(here, "Ada", language="fr"), by_letter(here, "Bea")
    wrote(here, chorus, ada)
    wrote(here, chorus, bea, language="fr")
    nowhere, dead = party(here.project, "Cy"), sender(here, "Dot")
    wrote(here, chorus, nowhere)
    wrote(here, chorus, dead)
    change_party(SYSTEM, dead, status=Party.Status.DECEASED)
    refuses = sender(here, "Eve")
    ContactPoint.objects.filter(party=refuses).update(status=ContactPoint.Status.REFUSED)
    wrote(here, chorus, refuses)
    had = sender(here, "Flo")
    wrote(here, chorus, had, answer="answered")
    unknown = wrote(here, chorus, participants=[ParticipantDraft("from", address="someone@else.example")])
    case = open_case(here.agent, project=here.project, kind="issue", title="Pumps", party=sender(here, "Gus"))
    Meaning.objects.create(
        case=case, version=1, reader="none", language="en", at=NOW, came_in=True, places=[0, 4],
        whole=[1.0] + [0.0] * 383, sentences=bytes(384), chorus=chorus,
    )  # fmt: skip
    one = written(here, chorus)
    plan = answers.plan(here.agent, chorus.pk, one)
    assert [(r.party.pk, r.address, r.language) for r in plan.mail] == [(ada.pk, "ada@quill.example", "fr")]
    assert [(r.party.pk, r.language) for r in plan.letters] == [(bea.pk, "fr")]
    assert whys(plan) == {
        "Cy": "No e-mail and no postal address that works.",
        "Dot": "Deceased",
        "Eve": "No e-mail and no postal address that works.",
        "Flo": "It is answered.",
        "Gus": "A case is answered on its own page.",
        str(unknown.pk): "Nobody is named whom you see.",
    }


def test_each_gets_it_once_in_the_thread_of_their_letter_and_nobody_waits_any_more(here, chorus, monkeypatch):
    ada, bea = sender(here, "Ada", language="fr"), by_letter(here, "Bea", language="en")
    first = wrote(here, chorus, ada, channel="email", confidentiality=Level.CONFIDENTIAL, by=here.manager)
    again = wrote(here, chorus, ada, occurred_at=NOW - dt.timedelta(hours=2))
    signed = wrote(here, chorus, ada, bea, occurred_at=NOW - dt.timedelta(hours=3), answer="none")
    boss = here.manager
    assert answer_debt(boss).total == 2
    one = written(here, chorus, boss)
    sent_to(here, one, boss)
    services.send_due()
    assert mail.outbox == []
    let_go(monkeypatch)
    services.send_due()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["ada@quill.example"], "Les pompes")
    assert message.body == "Ada, les pompes s'arrêtent à dix heures."
    logged = {
        (t.channel, t.subject, t.text): t
        for t in Interaction.objects.unscoped("of this test").filter(direction="out")
    }
    to_ada = logged.pop(("email", "Les pompes", "Ada, les pompes s'arrêtent à dix heures."))
    to_bea = logged.pop(("letter", "The pumps", "Dear Bea, the pumps stop at ten."))
    assert not logged
    assert to_ada.thread_id == fresh(again).thread_id is not None
    assert to_bea.thread_id == fresh(signed).thread_id is not None
    assert {fresh(letter).answer for letter in (first, again, signed)} == {"answered"}
    assert answer_debt(boss).total == 0
    for who, made in ((ada, to_ada), (bea, to_bea)):
        assert Item.objects.unscoped("of this test").filter(party_id=who.pk, subject_id=made.pk).exists()
    one.refresh_from_db()
    assert (one.state, one.confidentiality) == ("sent", Level.CONFIDENTIAL)
    assert answers.counts(boss, [one.pk]) == {one.pk: {"sent": 2}}
    note = Notification.objects.get(user_id=boss.user_id, kind="answer")
    assert note.url == f"/themes/answers/{one.pk}/"
    with pytest.raises(ThemeError):
        sent_to(here, one, boss)


def test_a_mail_is_answered_at_its_address_and_beside_it(here, chorus, monkeypatch):
    ada = sender(here, "Ada")
    save_point(SYSTEM, ada, PointDraft("email", "ada@home.example"))
    letter = wrote(
        here, chorus, channel="email",
        participants=[ParticipantDraft("from", party_id=ada.pk, address="ada@home.example")],
    )  # fmt: skip
    Interaction.objects.unscoped("of this test").filter(pk=letter.pk).update(message_id="m1@home.example#ab")
    sent_to(here, written(here, chorus, words=ENGLISH))
    let_go(monkeypatch)
    [message] = mail.outbox
    assert message.to == ["ada@home.example"]
    assert message.extra_headers["In-Reply-To"] == "<m1@home.example>"


def test_as_confidential_as_the_letter_it_answers(here, chorus, monkeypatch):
    boss = here.manager
    wrote(here, chorus, sender(here, "Ada"), by=boss, confidentiality=Level.CONFIDENTIAL)
    wrote(here, chorus, sender(here, "Bea"))
    sent_to(here, written(here, chorus, boss, words=ENGLISH), boss)
    let_go(monkeypatch)
    logged = Interaction.objects.unscoped("of this test").filter(direction="out").order_by("pk")
    assert sorted(one.confidentiality for one in logged) == [Level.INTERNAL, Level.CONFIDENTIAL]


def test_killed_in_between_nobody_gets_it_twice(here, chorus, monkeypatch):
    letters = [wrote(here, chorus, sender(here, name)) for name in ("Ada", "Bea", "Cy")]
    wrote(here, chorus, by_letter(here, "Dot"))
    one = written(here, chorus, words=ENGLISH)
    sent_to(here, one)
    log, calls = services.answers._log, []

    def killed_at_the_second(*args: Any) -> Interaction:
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        return log(*args)

    monkeypatch.setattr("enishi.themes.services.answers._log", killed_at_the_second)
    with pytest.raises(SystemExit):
        let_go(monkeypatch)
    assert answers.counts(here.agent, [one.pk])[one.pk] == {"sent": 1, "going": 1, "waiting": 2}
    services.send_due()
    services.send_due()
    assert [message.to[0].split("@")[0] for message in mail.outbox] == ["ada", "bea", "cy"]
    assert answers.counts(here.agent, [one.pk])[one.pk] == {"sent": 3, "going": 1}
    assert [fresh(letter).answer for letter in letters] == ["answered", "waiting", "answered"]
    one.refresh_from_db()
    assert one.state == "sent"
    # Whom it may have reached is not written to by the next answer either.
    assert whys(answers.plan(here.agent, chorus.pk))["Bea"].startswith("Another answer is on its way")


def test_a_letter_to_print_that_was_begun_and_killed_is_done_again(here, chorus, monkeypatch):
    wrote(here, chorus, by_letter(here, "Dot"))
    one = written(here, chorus, words=ENGLISH)
    sent_to(here, one)

    def killed(*_args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("enishi.themes.services.answers._log", killed)
        with pytest.raises(SystemExit):
            let_go(monkeypatch)
    assert answers.counts(here.agent, [one.pk])[one.pk] == {"waiting": 1}
    services.send_due()
    assert answers.counts(here.agent, [one.pk])[one.pk] == {"sent": 1}


def test_pressed_twice_and_answered_by_two_at_once(here, chorus, monkeypatch):
    ada = sender(here, "Ada")
    letter = wrote(here, chorus, ada)
    one, other = written(here, chorus, words=ENGLISH), written(here, chorus, here.manager, words=ENGLISH)
    key = answers.plan(here.manager, chorus.pk, other).key
    sent_to(here, one)
    with pytest.raises(ThemeError, match="went further"):
        sent_to(here, one)
    with pytest.raises(ThemeError, match="Nobody would get it"):
        services.send_answer(here.manager, other.pk, key=key)
    with pytest.raises(IntegrityError), transaction.atomic():
        AnswerTo.objects.create(
            answer=other, party=ada, letter=letter, way="email", address="x@y.example", language="en"
        )
    let_go(monkeypatch)
    assert len(mail.outbox) == 1


def test_stopped_before_and_in_the_middle(here, chorus, monkeypatch):
    letters = [wrote(here, chorus, sender(here, name)) for name in ("Ada", "Bea")]
    one = written(here, chorus, words=ENGLISH)
    sent_to(here, one)
    services.stop_answer(here.agent, one.pk)
    let_go(monkeypatch)
    one.refresh_from_db()
    assert (mail.outbox, one.state, one.people.count()) == ([], "draft", 0)
    sent_to(here, one)
    log = services.answers._log

    def then_stopped(*args: Any) -> Interaction:
        made = log(*args)
        services.stop_answer(here.agent, one.pk)
        return made

    monkeypatch.setattr("enishi.themes.services.answers._log", then_stopped)
    monkeypatch.setattr(clock, "now", lambda: NOW + dt.timedelta(minutes=12))
    services.send_due()
    services.send_due()
    one.refresh_from_db()
    assert len(mail.outbox) == 1 and one.state == "sent"
    assert [fresh(letter).answer for letter in letters] == ["answered", "waiting"]
    with pytest.raises(ThemeError):
        services.stop_answer(here.agent, one.pk)


def test_what_changed_since_it_was_released_counts(here, chorus, monkeypatch):
    people = [sender(here, name) for name in ("Ada", "Bea", "Cy", "Dot", "Eve")]
    ada, bea, cy, dot, _eve = [wrote(here, chorus, one) for one in people]
    one = written(here, chorus, words=ENGLISH)
    sent_to(here, one)
    set_answer(here.agent, ada, answer="answered")
    services.take_out(here.agent, Meaning.objects.get(interaction=bea).pk)
    change_party(SYSTEM, people[2], status=Party.Status.DECEASED)
    Interaction.objects.unscoped("of this test").filter(pk=dot.pk).update(confidentiality=Level.CONFIDENTIAL)
    let_go(monkeypatch)
    assert [message.to for message in mail.outbox] == [["eve@quill.example"]]
    assert fresh(cy).answer == "waiting"


def test_a_group_that_changed_is_looked_at_again(here, chorus):
    wrote(here, chorus, sender(here, "Ada"))
    one = written(here, chorus, words=ENGLISH)
    key = answers.plan(here.agent, chorus.pk, one).key
    wrote(here, chorus, sender(here, "Bea"))
    with pytest.raises(ThemeError, match="changed in the meantime"):
        services.send_answer(here.agent, one.pk, key=key)
    sent_to(here, one)
    assert one.people.count() == 2


def test_left_out_by_hand_and_back(here, chorus, monkeypatch):
    ada, bea = sender(here, "Ada"), sender(here, "Bea")
    wrote(here, chorus, ada)
    letter = wrote(here, chorus, bea)
    one = written(here, chorus, words=ENGLISH)
    services.leave_out(here.agent, one.pk, bea.pk, True)
    with pytest.raises(Party.DoesNotExist):
        services.leave_out(here.agent, one.pk, sender(here, "Stranger").pk, True)
    plan = answers.plan(here.agent, chorus.pk, one)
    assert ([r.party.pk for r in plan.mail], [p.pk for p in plan.without]) == ([ada.pk], [bea.pk])
    sent_to(here, one)
    let_go(monkeypatch)
    assert [message.to for message in mail.outbox] == [["ada@quill.example"]]
    assert fresh(letter).answer == "waiting"
    other = written(here, chorus, words=ENGLISH)
    services.leave_out(here.agent, other.pk, bea.pk, True)
    services.leave_out(here.agent, other.pk, bea.pk, False)
    assert [r.party.pk for r in answers.plan(here.agent, chorus.pk, other).mail] == [bea.pk]


def test_a_language_that_is_missing_is_named_with_its_readers(here, chorus):
    wrote(here, chorus, sender(here, "Ada"))
    for name in ("Bea", "Cy", "Dot", "Eve"):
        wrote(here, chorus, sender(here, name, language="ja"))
    with pytest.raises(ThemeError, match=r"Japanese \(Bea, Cy, Dot and 1 more\)") as refused:
        written(here, chorus, words=ENGLISH)
    assert refused.value.field == "otherwise"
    with pytest.raises(ThemeError):
        written(here, chorus, words=ENGLISH, otherwise="fr")
    one = written(here, chorus, words=ENGLISH, otherwise="en")
    plan = answers.plan(here.agent, chorus.pk, one)
    assert {(r.party.full_name, r.language, r.reads) for r in plan.mail} >= {
        ("Bea", "en", "ja"),
        ("Ada", "en", "en"),
    }
    # Somebody joins whose language it does not know: they are named and do not get it.
    other = written(here, chorus, words={**ENGLISH, "ja": ("ポンプ", "{name} 様")})
    wrote(here, chorus, sender(here, "Flo", language="fr"))
    assert (
        whys(answers.plan(here.agent, chorus.pk, other))["Flo"]
        == "It is not written in this language: French"
    )


@pytest.mark.parametrize(
    "words", [{}, {"en": ("", "")}, {"en": ("Only a subject", " ")}, {"en": ("", "Only a text")}]
)
def test_an_empty_answer_is_refused(here, chorus, words):
    wrote(here, chorus, sender(here, "Ada"))
    with pytest.raises(ThemeError):
        written(here, chorus, words=words)
    assert not Answer.objects.unscoped("of this test").exists()


def test_nobody_reads_counts_or_sends_beyond_their_rights(here, chorus, monkeypatch):
    boss, elsewhere = here.manager, project("Elsewhere")
    wrote(here, chorus, sender(here, "Ada"))
    wrote(here, chorus, sender(here, "Zymurgia"), by=boss, confidentiality=Level.CONFIDENTIAL)
    hidden = sender(here, "Vera", confidentiality=Level.CONFIDENTIAL)
    wrote(here, chorus, hidden, by=boss, confidentiality=Level.INTERNAL)
    wrote(
        here,
        chorus,
        party(elsewhere, "Omar", email="omar@quill.example"),
        by=agent(elsewhere),
        where=elsewhere,
    )
    mine = written(here, chorus, words=ENGLISH)
    assert [r.party.full_name for r in answers.plan(here.agent, chorus.pk, mine).reached] == ["Ada"]
    theirs = written(here, chorus, boss, words=ENGLISH)
    assert [r.party.full_name for r in answers.plan(boss, chorus.pk, theirs).reached] == [
        "Ada",
        "Vera",
        "Zymurgia",
    ]
    with pytest.raises(Answer.DoesNotExist):
        answers.answer(here.agent, theirs.pk)
    reader = agent(here.project, codes=READ)
    for act in (
        lambda: written(here, chorus, reader, words=ENGLISH),
        lambda: services.send_answer(reader, mine.pk, key="x"),
        lambda: services.stop_answer(reader, mine.pk),
        lambda: services.leave_out(reader, mine.pk, 1, True),
        lambda: services.remove_answer(reader, mine.pk),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(Answer.DoesNotExist):
        services.send_answer(outsider(), mine.pk, key="x")
    # The manager makes it known to fewer: what the agent may see of it tells nothing of the others.
    Interaction.objects.unscoped("of this test").filter(subject="Pumps").update(
        confidentiality=Level.INTERNAL
    )
    open_one = written(here, chorus, boss, words=ENGLISH)
    Interaction.objects.unscoped("of this test").filter(participants__party__full_name="Zymurgia").update(
        confidentiality=Level.CONFIDENTIAL
    )
    Answer.objects.unscoped("of this test").filter(pk=open_one.pk).update(confidentiality=Level.INTERNAL)
    sent_to(here, open_one, boss)
    Answer.objects.unscoped("of this test").filter(pk=open_one.pk).update(confidentiality=Level.INTERNAL)
    let_go(monkeypatch)
    assert answers.counts(boss, [open_one.pk])[open_one.pk] == {"sent": 3}
    assert answers.counts(here.agent, [open_one.pk])[open_one.pk] == {"sent": 1}
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    for page in (
        f"/themes/answers/{open_one.pk}/",
        f"/themes/answers/{open_one.pk}/progress/",
        f"/themes/alike/{chorus.pk}/",
    ):
        shown = browser.get(page).content.decode()
        assert not any(name in shown for name in ("Zymurgia", "Vera", "Omar"))
    kept = Entry.objects.unscoped("of this test").filter(subject_type="themes.answer")
    assert {key for one in kept for key in one.data} <= {"languages"}


def test_whose_rights_ended_sends_nothing_more(here, chorus, monkeypatch):
    wrote(here, chorus, sender(here, "Ada"))
    sent_to(here, written(here, chorus, words=ENGLISH))
    User.objects.filter(pk=here.agent.user_id).update(is_active=False)
    let_go(monkeypatch)
    assert mail.outbox == [] and not AnswerTo.objects.exists()


def test_in_two_projects_only_whoever_writes_in_both_answers(here, chorus):
    other = project("Elsewhere")
    letter = wrote(here, chorus, sender(here, "Ada"))
    Interaction.objects.unscoped("of this test").filter(pk=letter.pk).update(
        project_ids=[other.pk, here.project.pk]
    )
    assert not answers.may_answer(here.agent, fresh(letter))
    with pytest.raises(Forbidden):
        written(here, chorus, words=ENGLISH)
    wrote(here, chorus, sender(here, "Bea"))
    one = written(here, chorus, words=ENGLISH)
    plan = answers.plan(here.agent, chorus.pk, one)
    assert [r.party.full_name for r in plan.reached] == ["Bea"]
    assert whys(plan) == {"Ada": "You may not answer it in every project in which it stands."}


def test_who_joins_later_is_offered_the_same(here, chorus, monkeypatch):
    wrote(here, chorus, sender(here, "Ada"))
    first = wrote(here, chorus, sender(here, "Bea"))
    sent_to(here, written(here, chorus, words=ENGLISH))
    let_go(monkeypatch)
    late = wrote(here, chorus, sender(here, "Cy"))
    one = Answer.objects.unscoped("of this test").get()
    assert answers.offered(here.agent, fresh(late), chorus.pk) == one
    assert answers.offered(here.agent, fresh(first), chorus.pk) is None
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    offer = f"/themes/alike/{chorus.pk}/answer/?same={one.pk}"
    assert offer in browser.get(f"/conversations/{late.pk}/").content.decode()
    assert offer not in browser.get(f"/conversations/{first.pk}/").content.decode()
    assert "Dear {name}, the pumps stop at ten." in browser.get(offer).content.decode()
    assert [r.party.full_name for r in answers.plan(here.agent, chorus.pk).reached] == ["Cy"]
    reader = agent(here.project, codes=READ)
    browser.force_login(User.objects.get(pk=reader.user_id))
    assert "Answer with the same" not in browser.get(f"/conversations/{late.pk}/").content.decode()


def test_the_pages_from_the_group_to_the_letters(here, chorus, monkeypatch):
    ada, bea = sender(here, "Ada"), by_letter(here, "Bea", language="fr")
    wrote(here, chorus, ada)
    wrote(here, chorus, bea)
    browser = Client()
    browser.force_login(User.objects.get(pk=here.agent.user_id))
    group = f"/themes/alike/{chorus.pk}/"
    assert f"{group}answer/" in browser.get(group).content.decode()
    form = browser.get(f"{group}answer/")
    assert [part["code"] for part in form.context["parts"]] == ["en", "fr"]
    given = {"subject_en": "The pumps", "text_en": "Dear {name}, they stop.", "otherwise": ""}
    short = browser.post(f"{group}answer/", given)
    assert short.status_code == 422 and "French (Bea)" in short.content.decode()
    assert browser.post(f"{group}answer/", {**given, "text_en": ""}).status_code == 422
    answer = browser.post(f"{group}answer/", {**given, "otherwise": "en"})
    one = Answer.objects.unscoped("of this test").get()
    page = f"/themes/answers/{one.pk}/"
    assert answer["Location"] == page
    shown = browser.get(page)
    words = shown.content.decode()
    assert "Send to 2" in words and "Dear Ada, they stop." in words
    assert "Nothing is written in French; these get it in English:" in words
    assert "Dear Bea, they stop." in browser.get(f"{page}?as={bea.pk}").content.decode()
    assert browser.post(f"{page}edit/", {**given, "otherwise": "en"})["Location"] == page
    assert browser.post(f"{page}without/", {"party": ada.pk}).status_code == 302
    assert "Send to 1" in browser.get(page).content.decode()
    assert browser.post(f"{page}without/", {"party": ada.pk, "again": "1"}).status_code == 302
    assert browser.post(f"{page}without/", {"party": "x"}).status_code == 404
    assert "Dear Bea, they stop." in browser.get(f"{page}print/").content.decode()
    browser.post(f"{page}send/", {"key": "other"})
    one.refresh_from_db()
    assert one.state == "draft"
    browser.post(f"{page}send/", {"key": shown.context["plan"].key})
    browser.post(f"{page}send/", {"key": shown.context["plan"].key})
    assert browser.get(f"{page}edit/")["Location"] == page
    assert "On its way" in browser.get(f"{page}progress/").content.decode()
    let_go(monkeypatch)
    told = browser.get(page).content.decode()
    assert "Who was answered" in told and "1 letter to print" in told and "Dear Ada, they stop." in told
    kept = browser.get(f"{page}letters.csv").content.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(kept))
    assert (row["Name"], row["Text"]) == ("Bea", "Dear Bea, they stop.")
    assert "2 answered" in browser.get(group).content.decode()


def test_two_groups_that_become_one_keep_their_drafts(here, chorus):
    wrote(here, chorus, sender(here, "Ada"))
    one = written(here, chorus, words=ENGLISH)
    assert list(answers.answers(here.agent, chorus.pk)) == [one]
    services.remove_answer(here.agent, one.pk)
    assert not Answer.objects.unscoped("of this test").exists()


def test_erasing_somebody_takes_who_was_answered(here, chorus):
    ada, bea = sender(here, "Ada"), sender(here, "Bea")
    wrote(here, chorus, ada)
    wrote(here, chorus, bea)
    one = written(here, chorus, words=ENGLISH)
    services.leave_out(here.agent, one.pk, bea.pk, True)
    sent_to(here, one)
    for who in (ada, bea):
        ThemesKeeper().erase(SYSTEM, Subject(who.pk, (who.pk,)))
    assert not one.people.exists() and not Answer.without.through.objects.exists()


def test_a_page_costs_no_more_with_more_letters(here, chorus, django_assert_max_num_queries):
    for number in range(30):
        wrote(here, chorus, sender(here, f"Ada{number}"))
    one = written(here, chorus, words=ENGLISH)
    with django_assert_max_num_queries(12):
        assert len(answers.plan(here.agent, chorus.pk, one).reached) == 30
