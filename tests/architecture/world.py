"""One record of every kind in one project, and the people who may see more or less of it."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.cookies import SimpleCookie

from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLPattern, URLResolver

from api.tokens import Api, api_in
from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import Project, SignInService, User
from enishi.accounts.queries import actor as actor_of
from enishi.cases.services import open_case, set_page
from enishi.commitments.models import Series
from enishi.commitments.services import (
    DutyDraft,
    add_closing_day,
    change_promise,
    make_promise,
    make_task,
    write_duties,
    write_source,
)
from enishi.commitments.services import (
    give as give_part,
)
from enishi.contacts.models import ConsentPurpose, DuplicatePair, ImportRun, Party, RelationType
from enishi.contacts.services import PointDraft, bulk, change_party, importing, relate, save_point, set_tags
from enishi.contacts.services import setup as contact_setup
from enishi.content.models import FileVersion
from enishi.content.services import add_file
from enishi.conversations.models import Interaction, Invitee, UnknownSender
from enishi.conversations.queries.invitations import token_of
from enishi.conversations.services import ParticipantDraft, change_interaction, invite, log_interaction
from enishi.core import clock, storage
from enishi.core.ai.embedding import DIMENSIONS
from enishi.core.money import Money
from enishi.due.services import add_step
from enishi.engagement.services import Judgement, give, plan, rate
from enishi.mailboxes.services import Draft as MailboxDraft
from enishi.mailboxes.services import ProviderDraft, save_provider
from enishi.mailboxes.services import reply as reply_to
from enishi.mailboxes.services import save as save_mailbox
from enishi.places.services import add_layer
from enishi.privacy.models import Erasure, Export
from enishi.privacy.services import draft_rule, start_run
from enishi.reports.queries import Choice
from enishi.reports.services import make_dashboard, make_report, schedule_report
from enishi.themes.models import Chorus, Meaning, Suggestion
from enishi.themes.services import create_theme, mark_passage, save_answer, save_reply
from enishi.timeline.handover.moving import hand_over
from enishi.timeline.models import Check, Entry, Notification
from enishi.timeline.services import notify
from enishi.webhooks.services import save as save_endpoint
from enishi.webhooks.services import send_test, switch
from enishi.writing.models import Draft
from factories import READ, SYSTEM, agent, grant, manager, outsider, party, project, role, user

SITE = b'{"type": "Polygon", "coordinates": [[[139, 35], [140, 35], [140, 36], [139, 35]]]}'
ROLES = ("nobody", "outsider", "reader", "agent", "admin")


@dataclass
class World:
    project: Project
    people: dict[str, User | None]
    ids: dict[str, object]
    apis: dict[str, Api | None] = field(default_factory=dict)
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        """A browser in which that person has signed in."""
        client = Client(raise_request_exception=False)
        client.cookies = SimpleCookie(self.cookies[who].output(header="", sep=";"))
        return client

    def sent(self, name: str, method: str) -> dict[str, object]:
        """What an address needs to be told to come as far as the rights."""
        ids = self.ids
        return {
            ("conversations:passage", "GET"): {"start": 0, "end": 8},
            ("conversations:passage", "POST"): {"start": 0, "end": 8},
            ("contacts:briefs", "GET"): {"who": ids["party_id"]},
            ("fieldwork:take", "POST"): {"of": f"project-{ids['project_id']}"},
            ("themes:mark", "GET"): {"start": 0, "end": 8},
            ("themes:mark", "POST"): {"start": 0, "end": 8},
            ("themes:answer_without", "POST"): {"party": ids["party_id"]},
            ("cases:move", "GET"): {"to": "assess"},
            ("cases:move", "POST"): {"to": "assess"},
            ("conversations:note_answer", "POST"): {"answer": "accepted"},
            ("contacts:list_condition", "GET"): {"field": "language"},
            ("contacts:export", "POST"): {"id": ids["party_id"], "format": "csv"},
            ("contacts:bulk", "POST"): {"id": ids["party_id"], "code": "language", "value": "ja"},
        }.get((name, method), {})

    def address(self, route: str, name: str) -> str:
        """An address of that route with the ids of this world."""

        def fill(found: re.Match[str]) -> str:
            key = found[1].rpartition(":")[2]
            return str(self.ids.get(f"{name} {key}", self.ids.get(key)))

        return "/" + re.sub(r"<([^>]+)>", fill, route)


def routes() -> Iterator[tuple[str, str]]:
    """Name and route of every address of the product."""

    def walk(resolver: URLResolver, prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for found in resolver.url_patterns:
            route = str(found.pattern)
            if isinstance(found.pattern, RegexPattern):
                route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route.strip("^$"))
            if isinstance(found, URLPattern):
                yield f"{space}{found.name}", prefix + route
            else:
                yield from walk(
                    found, prefix + route, f"{space}{found.namespace}:" if found.namespace else space
                )

    return walk(get_resolver(), "", "")


def _user(actor: Actor) -> User:
    return User.objects.get(pk=actor.user_id)


def make_world() -> World:
    where = project("Tidewall East", country="GB")
    admin = user("Hedda Lunde")
    grant(admin, None, accounts.administrator_role())
    reader = agent(where, codes=READ)
    worker = agent(where)
    people = {
        "nobody": None,
        "outsider": _user(outsider()),
        "reader": _user(reader),
        "agent": _user(worker),
        "admin": admin,
    }
    world = World(where, people, {})
    world.ids |= _contacts(where, manager(where))
    world.ids |= _talk(where, worker, world.ids)
    world.ids |= _themes(where, worker, world.ids)
    world.ids |= _stakeholders(where, worker, world.ids)
    world.ids |= _setup(where, admin, people)
    world.ids |= {"case_id": open_case(worker, project=where, kind="issue", title="Dust at the gate").pk}
    page = set_page(manager(where), where, is_on=True, about="The wind farm", emergency="")
    world.ids |= {"report:page token": page.token}
    world.ids |= _privacy(where, admin, world.ids)
    apart = project("Elsewhere too")
    world.apis = {
        "nobody": None,
        "outsider": api_in(apart),
        "reader": api_in(where, codes=READ),
        "agent": api_in(where),
    }
    for who, account in people.items():
        client = Client()
        if account:
            client.force_login(account)
        world.cookies[who] = client.cookies
    return world


def last_entry(subject_type: str, subject_id: int) -> int:
    found = Entry.objects.unscoped("of this world").filter(subject_type=subject_type, subject_id=subject_id)
    entry = found.order_by("pk").last()
    assert entry is not None
    return entry.pk


def _contacts(where: Project, boss: Actor) -> dict[str, object]:
    aoi = party(where, "Tanaka Aoi", email="aoi@tanaka.example", by=boss)
    twin = party(where, "Aoi Tanaka", email="aoi.tanaka@tanaka.example", by=boss)
    point = save_point(boss, aoi, PointDraft(kind="phone", typed="+44 1632 960123"))
    home = save_point(
        boss, aoi, PointDraft("address", "", parts={"street": "1 Cliff Road", "city": "Skerby"})
    )
    kind = RelationType.objects.order_by("pk").first()
    assert kind is not None
    first, second = sorted([aoi.pk, twin.pk])
    DuplicatePair.objects.get_or_create(first_id=first, second_id=second, defaults={"score": 90})
    tag = contact_setup.create_tag(SYSTEM, name="Harbour")
    set_tags(boss, aoi, [tag])
    own = contact_setup.save_field(SYSTEM, label="Boat", kind="text", code="boat")
    purpose = contact_setup.save_purpose(SYSTEM, name="Newsletter by post")
    run = importing.upload(
        boss, project_id=where.pk, name="list.csv", stream=io.BytesIO(b"First name,Last name\nKen,Ushio\n")
    )
    operation = bulk.apply(boss, bulk.Selection(ids=(twin.pk,)), code="language", value="ja")
    change_party(boss, aoi, note="Prefers letters")
    return {
        "party_id": aoi.pk, "kept_id": aoi.pk, "gone_id": twin.pk, "first_id": first, "second_id": second,
        "contacts:place point_id": home and home.pk, "layer_id": add_layer(boss, project=where, name="Site", raw=SITE).pk,
        "point_id": getattr(point, "pk", None) or aoi.points.first().pk,
        "relation_id": relate(boss, aoi, twin, kind=kind).pk, "type_id": kind.pk, "tag_id": tag.pk,
        "field_id": own.pk, "purpose_id": purpose.pk, "run_id": run.pk, "import_id": run.pk, "operation_id": operation.pk,
        "contacts:undo_change entry_id": last_entry("contacts.party", aoi.pk), "contacts:cell code": "status",
        "guide:starter code": "consultation",
        "contacts:section section": "about", "contacts:edit section": "about", "contacts:point_new kind": "email",
        "search_pin kind": "person", "subject_id": aoi.pk, "subject_type": "contacts.party",
    }  # fmt: skip


def _talk(where: Project, worker: Actor, ids: dict[str, object]) -> dict[str, object]:
    aoi = Party.objects.unscoped("of this world").get(pk=ids["party_id"])
    talk = log_interaction(
        worker, channel="call", occurred_at=clock.now(), project_ids=[where.pk], subject="Night noise",
        text="You will have the survey by Monday.", participants=[ParticipantDraft(party_id=aoi.pk)],
    )  # fmt: skip
    change_interaction(worker, talk, text="You will have the survey by Tuesday.")
    log_interaction(
        worker, channel="email", occurred_at=clock.now(), project_ids=[where.pk], subject="Hello",
        participants=[ParticipantDraft("from", name="N. Ewcomer", address="new@ushio.example")],
    )  # fmt: skip
    promise = make_promise(
        worker, project=where, title="Send the survey", direction="ours", party=aoi, owner=_user(worker),
        due_at=clock.now() + dt.timedelta(days=2), money=Money(Decimal(5000), "EUR"),
    )  # fmt: skip
    given = give_part(worker, promise, day=clock.today(), money=Money(Decimal(2000), "EUR"))
    series = Series.objects.create(
        project=where, rule="FREQ=WEEKLY", starts_on=clock.today(),
        template={"kind": "promise", "title": "Weekly call", "direction": "ours"},
    )  # fmt: skip
    change_promise(worker, promise, title="Send the whole survey")
    permit = write_source(worker, project=where, title="Survey permit", authority=aoi)
    [duty] = write_duties(worker, permit, [DutyDraft("Report the noise", clause="4.1", due_at=clock.now())])
    kept = add_file(worker, project=where, name="survey.txt", data=b"noise, measured", party_ids=[aoi.pk])
    sender = UnknownSender.objects.unscoped("of this world").get(address="new@ushio.example")
    planned = log_interaction(
        worker, channel="meeting", occurred_at=clock.now() + dt.timedelta(days=2), project_ids=[where.pk],
        subject="Survey", minutes=45, participants=[ParticipantDraft(party_id=aoi.pk)],
    )  # fmt: skip
    invite(worker, planned, tokens=[f"party:{aoi.pk}"], title="Survey")
    guest = Invitee.objects.get(invitation=planned.pk)
    return {
        **{f"conversations:{name} interaction_id": planned.pk for name in ("invite", "call_off", "own_file", "note_answer")},
        "invitee_id": guest.pk, "invitation:answer token": token_of(guest),
        "source_id": permit.pk, "duty_id": duty.pk, "interaction_id": talk.pk, "promise_id": promise.pk, "series_id": series.pk, "contribution_id": given.pk, "file_id": kept.pk, "number": 1,
        "task_id": make_task(worker, project=where, title="Ring back", party=aoi, owner=_user(worker)).pk,
        "closing_day_id": add_closing_day(SYSTEM, day=dt.date(2027, 3, 1), name="Works outing").pk,
        "report_id": _report(where, worker), "schedule_id": _schedule(where, worker), "audience": "team",
        "dashboard_id": make_dashboard(worker, name="Monday", figures=["promises"], weeks=12).pk, "reports:new code": "engagement", "reports:rows table": "register",
        "format": "csv", "step_id": add_step(SYSTEM, days=5, to="overseers").pk, "sender_id": sender.pk, "commitments:undo entry_id": last_entry("commitments.promise", promise.pk),
    }  # fmt: skip


def _report(where: Project, worker: Actor) -> int:
    today = clock.today()
    choice = Choice(project_id=where.pk, since=today - dt.timedelta(days=7), until=today)
    return make_report(worker, definition="engagement", choice=choice, language="en", zone="UTC").pk


def _themes(where: Project, worker: Actor, ids: dict[str, object]) -> dict[str, object]:
    talk = Interaction.objects.unscoped("of this world").get(pk=ids["interaction_id"])
    theme = create_theme(worker, name="Noise", project=where)
    said = mark_passage(
        worker, talk, 0, 8, theme_ids=[theme.pk], feeling=2, party_id=int(str(ids["party_id"]))
    )
    mine = last_entry("conversations.interaction", talk.pk)
    guess = Suggestion.objects.create(
        interaction=talk,
        start=9,
        end=13,
        quote=talk.text[9:13],
        theme=theme,
        closeness=0.7,
        feeling=2,
        sure=0.6,
    )
    chorus = Chorus.objects.create(made_at=clock.now())
    other = Interaction.objects.unscoped("of this world").exclude(pk=talk.pk)[0]
    voice, _other = joined(talk, chorus), joined(other, chorus)
    draft = Draft.objects.create(
        kind="conversation", user_id=worker.own_id, interaction=talk, asked_at=clock.now()
    )
    today = clock.today()
    answer = save_reply(
        worker, theme=theme, project=where, since=today - dt.timedelta(days=7), until=today,
        purpose=ConsentPurpose.objects.order_by("pk")[0], also_unstated=True, words={"en": ("Pumps", "Quieter now.")},
    )  # fmt: skip
    to_all = save_answer(worker, chorus.pk, words={"en": ("Pumps", "Quieter now, {name}.")}, otherwise="en")
    return {
        "answer_id": to_all.pk,
        "reply_id": answer.pk,
        "draft_id": draft.pk,
        "chorus_id": chorus.pk,
        "meaning_id": voice.pk,
        "theme_id": theme.pk,
        "passage_id": said.pk,
        "themes:undo entry_id": mine,
        "suggestion_id": guess.pk,
    }


def joined(talk: Interaction, chorus: Chorus) -> Meaning:
    """As if the machine had read it and found that it says what others say."""
    return Meaning.objects.create(
        interaction=talk, version=talk.version, reader="none", language="en", at=talk.occurred_at, came_in=True,
        whole=[1.0] + [0.0] * (DIMENSIONS - 1), places=[0, 8], sentences=bytes([1]) * DIMENSIONS, chorus=chorus,
    )  # fmt: skip


def _schedule(where: Project, worker: Actor) -> int:
    today = clock.today()
    choice = Choice(project_id=where.pk, since=today, until=today)
    return schedule_report(
        worker, definition="engagement", choice=choice, language="en", zone="UTC", rhythm="weekly",
        recipient_ids=[worker.own_id],
    ).pk  # fmt: skip


def _stakeholders(where: Project, worker: Actor, ids: dict[str, object]) -> dict[str, object]:
    aoi = Party.objects.unscoped("of this world").get(pk=ids["party_id"])
    version = FileVersion.objects.select_related("file__project").get(file=ids["file_id"])
    owner, today = _user(worker), clock.today()
    line, _planned = plan(
        worker, project=where, party=aoi, aim="Show it", method="consult", starts_on=today, owner=owner
    )
    handout, _given = give(worker, version=version, party=aoi, how="handed")
    rating, rated = rate(worker, project=where, party=aoi, judgement=Judgement(3, 4, 5))
    step = line.steps.get()
    return {
        "rating_id": rating.pk, "handout_id": handout.pk, "line_id": line.pk, "engagement:undo entry_id": rated.pk,
        "plan_step_id": step.pk, "engagement:settle step_id": step.pk, "engagement:plan_reopen step_id": step.pk,
    }  # fmt: skip


def _setup(where: Project, admin: User, people: dict[str, User | None]) -> dict[str, object]:
    boss = actor_of(admin, via=Via.WEB)
    worker = people["agent"]
    assert worker is not None
    view = contact_setup.save_view(actor_of(worker, via=Via.WEB), name="Harbour people", spec={})
    make_task(boss, project=where, title="Old work", owner=admin)
    given = hand_over(boss, admin, {"all": str(worker.pk)})
    token, _secret = accounts.create_token(
        actor_of(worker, via=Via.WEB), name="Phone", scopes=["contacts.view"], days=9
    )
    handler = role("Case handler", ["contacts.view"])
    notify([worker.pk], kind="commitments.due", title="Due today", url="/promises/")
    return {
        "view_id": view.pk, "token_id": token.pk, "user_id": worker.pk, "role_id": handler.pk,
        "grant_id": grant(user("Ines Vidal"), where, handler).pk, "project_id": where.pk,
        "team_id": accounts.create_team(boss, name="Shore team").pk,
        "check_id": Check.objects.create(user=admin, started_at=clock.now()).pk,
        "notification_id": Notification.objects.get(user=worker, kind="commitments.due").pk,
        "handover:brief operation_id": given.pk, "session_id": 987654, "tie_id": 987654, "provider_id": "none",
        "slug": SignInService.objects.create(
            kind="saml", name="Kazami SAML", slug="kazami-saml", issuer="https://idp.kazami.example/",
            sign_in_url="https://idp.kazami.example/sso", certificates=["MIIC"],
        ).slug,
        "service_id": SignInService.objects.create(name="Kazami sign-in", slug="kazami", issuer="https://login.kazami.example", client_id="enishi").pk,
        "pk": 0, "key": "none", "uidb36": "1", **_webhook(boss), **_mailbox(boss, where),
    }  # fmt: skip


def _webhook(boss: Actor) -> dict[str, object]:
    endpoint, _secret = save_endpoint(
        boss, address="https://hooks.example/", events=["contacts.party_created"]
    )
    switch(boss, endpoint.pk, on=False)
    return {"endpoint_id": endpoint.pk, "delivery_id": send_test(boss, endpoint.pk).pk}


def _mailbox(boss: Actor, where: Project) -> dict[str, object]:
    box = save_mailbox(
        boss, None,
        MailboxDraft(
            name="Office", address="office@kazami.example", host="127.0.0.1", port=993, security="tls",
            username="office", password="ebb and flow", folder="INBOX", project=where, confidentiality=1,
            since=clock.today(), smtp_host="127.0.0.1",
        ),
    )  # fmt: skip
    run = ImportRun.objects.create(project=where, importer="mailbox", state="done", filename="Office")
    box.days.create(day=clock.today(), run=run, aside=1)
    kept = storage.put_bytes(b"no mail")
    aside = run.quarantined.create(file="Office", item="UID 7", reason="Empty.", sha256=kept.sha256, size=7)
    asked = log_interaction(
        boss,
        channel="email",
        occurred_at=clock.now(),
        project_ids=[where.pk],
        subject="A letter",
        direction="in",
    )
    signing = save_provider(boss, None, ProviderDraft("Google", "google", "enishi", "s3cret"))
    going = reply_to(boss, asked, box, to=["ines@kazami.example"], cc=[], subject="Re", body="Soon.")
    return {
        "mailbox_id": box.pk, "aside_id": aside.pk, "mailboxes:reply interaction_id": asked.pk,
        "mailboxes:again reply_id": going.pk, "mailboxes:drop reply_id": going.pk,
        "mailboxes:provider provider_id": signing.pk, "mailboxes:remove_provider provider_id": signing.pk,
    }  # fmt: skip


def _privacy(where: Project, admin: User, ids: dict[str, object]) -> dict[str, object]:
    told = Export.objects.create(
        party_id=ids["party_id"], user=admin, language="en", state="done", project_ids=[where.pk],
        sha256=storage.put_bytes(b"told").sha256, expires_at=clock.now() + dt.timedelta(days=2),
    )  # fmt: skip
    refused = Erasure.objects.create(
        party_id=ids["party_id"], ground="objected", reason="Letter", state="refused", project_ids=[where.pk]
    )
    rule = draft_rule(
        actor_of(admin, via=Via.WEB), project=where, kind="conversations", part="", after=3, unit="years", deed="bin",
        reason="Policy",
    )  # fmt: skip
    run = start_run(actor_of(admin, via=Via.WEB), rule, total=0)
    return {"export_id": told.pk, "erasure_id": refused.pk, "rule_id": rule.pk, "privacy:run run_id": run.pk}
