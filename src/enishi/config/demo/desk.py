"""What lies on the desks: duplicates to look at, the recycle bin, senders nobody knows, saved lists, reminders, visits."""

from __future__ import annotations

import datetime as dt
import random
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.config.demo import material, scenes
from enishi.config.demo.organisation import House
from enishi.config.demo.papers import paper
from enishi.config.demo.people import Sketch
from enishi.config.demo.telling import Promised, Said
from enishi.contacts.models import ContactPoint, Field, Party, Tag
from enishi.contacts.services import (
    PartyDraft,
    PointDraft,
    change_party,
    create_party,
    delete_party,
    save_view,
    set_values,
)
from enishi.content.models import File
from enishi.content.services import add_file, add_version
from enishi.conversations.calendar_file import uid_of
from enishi.conversations.models import Interaction, Invitation, Invitee
from enishi.conversations.services import ParticipantDraft, attach, change_interaction, log_interaction
from enishi.core import clock
from enishi.due.models import Digest, Reminder
from enishi.due.services import remind_all
from enishi.search.models import Kind
from enishi.search.services import pin, visit
from enishi.timeline.models import Notification

DAY = dt.timedelta(days=1)
REMINDED_DAYS = 3


def twins(people: Sequence[Sketch], rng: random.Random) -> list[Sketch]:
    """Namesakes that came in a second time by another way: to be found on the page of duplicates."""
    found = []
    for language, count in (("ja", 3), ("en", 2), ("fr", 2), ("fa", 2)):
        known = [
            p
            for p in people
            if p.language == language and p.audience in {"resident", "customer", "candidate"}
        ]
        for person in rng.sample(known, count):
            draft, points = person.draft, list(person.draft.points)
            change = rng.randrange(3)
            if change == 0:
                # The same address under a shortened given name.
                points, given = points[:1], draft.given_name[:1] + ("." if language in {"en", "fr"} else "")
            elif change == 1:
                points, given = points[1:] or points, draft.given_name
            else:
                points = [PointDraft("email", person.email.replace(".", "", 1)), *points[1:2]]
                given = draft.given_name
            found.append(
                replace(
                    person,
                    draft=replace(draft, given_name=given, points=points, birth_date=None),
                    created_at=person.created_at + 30 * DAY,
                    ties=[],
                    values={},
                    outside_ids={},
                    tags=["From event list"],
                    party=Party(),
                )
            )
    return found


def attach_papers(house: House, story: Sequence[Said]) -> dict[int, list[File]]:
    """Hang the files that a scene names on its conversations; by the conversation's number."""
    found: dict[int, list[File]] = {}
    sheets = {language: material.read(f"scenes_{language}").get("paper", {}) for language in scenes.LANGUAGES}
    for said in story:
        drafts = [
            paper(sheet["name"], sheet["lines"])
            for sheet in (sheets[said.scene.language][code] for code in said.turn.files)
        ]
        if drafts:
            with clock.standing_at(said.interaction.created_at):
                ids = attach(house.actors[said.user], said.interaction, drafts)
            found[said.interaction.pk] = list(File.objects.unscoped("just attached").filter(pk__in=ids))
    return found


def fill_library(house: House, organisations: Sequence[Sketch]) -> None:
    """The papers of the projects, some in several versions, some belonging to an organisation."""
    by_name = {sketch.draft.full_name: sketch.party.pk for sketch in organisations}
    now = clock.now()
    for entry in material.read("library")["file"]:
        actor = house.actors[entry["by"]]
        first, *later = [paper(entry["name"], lines) for lines in entry["versions"]]
        age = entry["days_ago"] * DAY
        with clock.standing_at(now - age):
            file = add_file(
                actor,
                project=house.projects[entry["project"]],
                name=entry["name"],
                data=first.data,
                folder=entry.get("folder", ""),
                description=entry.get("description", ""),
                confidentiality=Level[entry.get("level", "internal").upper()],
                party_ids=[by_name[name] for name in entry.get("parties", ())],
            )
        for number, draft in enumerate(later, 1):
            with clock.standing_at(now - age * (len(later) + 1 - number) / (len(later) + 1)):
                add_version(actor, file, data=draft.data)


def fill_links(house: House, organisations: Sequence[Sketch], people: Sequence[Sketch]) -> None:
    """Own fields that point elsewhere: who introduced whom, and the paper that was signed."""
    fields = {field.code: field for field in Field.objects.all()}
    for person, introducer in zip(people[4::23], people[::23], strict=False):
        if set(person.projects) & set(introducer.projects):
            with clock.standing_at(person.party.updated_at + DAY):
                set_values(
                    house.actors[person.owner], person.party, {fields["introduced-by"]: introducer.party.pk}
                )
    for entry in material.read("library")["file"]:
        for sketch in organisations:
            if entry.get("level") == "open" and sketch.draft.full_name in entry.get("parties", ()):
                file = File.objects.unscoped("open to everybody").get(name=entry["name"])
                with clock.standing_at(file.created_at + DAY):
                    set_values(house.actors[sketch.owner], sketch.party, {fields["agreement"]: file.pk})


def receive_strangers(house: House) -> None:
    """Mail from addresses that belong to nobody yet: it waits in the review queue."""
    now = clock.now()
    for entry in material.read("strangers")["letter"]:
        at = now - dt.timedelta(days=entry["days_ago"], minutes=entry.get("minutes", 37))
        with clock.standing_at(at + dt.timedelta(minutes=1)):
            log_interaction(
                house.actors[entry["to"]],
                channel=Interaction.Channel.EMAIL,
                occurred_at=at,
                project_ids=[house.projects[entry["project"]].pk],
                participants=[
                    ParticipantDraft("from", name=entry["name"], address=entry["address"]),
                    ParticipantDraft("to", user_id=house.users[entry["to"]].pk),
                ],
                subject=entry["subject"],
                text=entry["text"].strip(),
                direction=Interaction.Direction.IN,
                language=entry["language"],
                answer=Interaction.Answer.WAITING if entry.get("asks") else Interaction.Answer.NONE,
            )


# Who meets somebody in the next days, in how many of them, at what hour, and under which words.
_MEETINGS = (
    ("daniel", 1, 14, "Survey results"),
    ("misaki", 2, 10, "進捗の打ち合わせ"),
    ("gwenaelle", 1, 9, "Point d’étape"),
    ("camille", 3, 15, "Préparation de la session"),
    ("negar", 1, 11, "جلسهٔ پیگیری"),
)


def plan_meetings(house: House, promised: Sequence[Promised]) -> None:
    """Meetings to come with somebody who was promised something and waits for it: each has a brief to read."""
    for key, days, hour, subject in _MEETINGS:
        user = house.users[key]
        owed = [
            one.said
            for one in promised
            if one.said.user == key and one.settled is None and one.vow.direction == "ours"
        ]
        said = next((s for s in reversed(owed) if s.scene.level < Level.CONFIDENTIAL), None)
        if said is None or said.who.draft.confidentiality >= Level.CONFIDENTIAL:
            continue
        zone = zoneinfo.ZoneInfo(user.time_zone)
        day = (clock.now() + days * DAY).astimezone(zone).date()
        talk = log_interaction(
            house.actors[key],
            channel=Interaction.Channel.MEETING,
            occurred_at=dt.datetime.combine(day, dt.time(hour), zone),
            minutes=45,
            project_ids=[house.projects[said.projects[0]].pk],
            participants=[
                ParticipantDraft("with", party_id=one.party.pk) for one in (said.who, *said.guests[:1])
            ]
            + [ParticipantDraft("with", user_id=user.pk)],
            subject=subject,
            place=said.turn.place,
            language=said.scene.language,
        )
        _invited(user, talk, said.who)


def _invited(user: User, talk: Interaction, who: Sketch) -> None:
    """The one they meet was invited, and comes. Written without the services: the demo sends no mail."""
    if not who.email:
        return
    invitation = Invitation.objects.create(
        interaction=talk,
        uid=uid_of(talk.pk),
        title=talk.subject,
        place=talk.place,
        starts_at=talk.occurred_at,
        minutes=talk.minutes or 45,
        time_zone=user.time_zone,
        user=user,
    )
    Invitee.objects.create(
        invitation=invitation,
        party=who.party,
        address=who.email,
        language=talk.language or "en",
        state=Invitee.State.SENT,
        told=True,
        answer=Invitee.Answer.ACCEPTED,
        answered_at=clock.now() - dt.timedelta(hours=5),
    )


def age(house: House, people: Sequence[Sketch], story: Sequence[Said], rng: random.Random) -> None:
    """What time does to records: people move away or die, addresses fail, notes are corrected, entries thrown away."""
    now = clock.now()
    private = [person for person in people if person.organisation is None]
    gone = rng.sample(private, 12)
    for number, person in enumerate(gone):
        actor = house.actors[person.owner]
        status = Party.Status.DECEASED if number < 3 else Party.Status.INACTIVE
        with clock.standing_at(max(now - rng.uniform(3, 60) * DAY, person.party.updated_at + DAY)):
            person.party = change_party(actor, person.party, status=status)
    for person in rng.sample([p for p in private if p not in gone], 9):
        ContactPoint.objects.filter(party=person.party, kind="email").update(
            status=ContactPoint.Status.BOUNCED
        )
    for said in rng.sample([s for s in story if s.turn.by == "both"], 14):
        at = min(said.interaction.created_at + dt.timedelta(hours=rng.uniform(1, 30)), now)
        with clock.standing_at(at):
            change_interaction(
                house.actors[said.user],
                said.interaction,
                minutes=(said.interaction.minutes or 20) + 10,
                tag_ids=None,
            )


# Who tried the form, in which project, under which name.
_TRIALS = (
    ("daniel", "tidewall", "Test Entry"),
    ("ren", "tidewall-east", "テスト 太郎"),
    ("camille", "certification", "Essai à effacer"),
)


def throw_away(house: House, twin: Sketch) -> None:
    """A few contacts in the recycle bin: trials of the form, and somebody written down twice."""
    now = clock.now()
    for days, (key, project, name) in enumerate(_TRIALS, 2):
        with clock.standing_at(now - days * DAY):
            draft = PartyDraft(full_name=name)
            party = create_party(house.actors[key], draft, project_ids=[house.projects[project].pk])
        with clock.standing_at(now - days * DAY + dt.timedelta(minutes=3)):
            delete_party(house.actors[key], party)
    with clock.standing_at(now - DAY):
        delete_party(house.actors[_MANAGERS[twin.projects[0]]], twin.party)


_MANAGERS = {
    "tidewall": "misaki",
    "tidewall-east": "misaki",
    "tidewall-harbour": "misaki",
    "certification": "camille",
    "centre": "negar",
    "centre-south": "negar",
}


def keep_lists(house: House) -> None:
    """Saved lists, shared and private."""
    tags = {tag.path: tag.pk for tag in Tag.objects.all()}
    for owner, name, shared, spec in _lists(
        tags, {code: project.pk for code, project in house.projects.items()}
    ):
        save_view(house.actors[owner], name=name, spec=spec, shared=shared)


def _lists(
    tags: Mapping[str, int], projects: Mapping[str, int]
) -> list[tuple[str, str, bool, dict[str, Any]]]:
    def where(*leaves: tuple[str, str, Any]) -> dict[str, Any]:
        return {"op": "and", "items": [{"field": f, "cmp": c, "value": v} for f, c, v in leaves]}

    quiet = where(("tag", "is", [tags["Key stakeholder"]]), ("last_contact", "older", 45))
    expiring = where(("field:certificate-until", "before", str(clock.today() + 90 * DAY)))
    critical = where(("tag", "is", [tags["Critical supply"]]))
    noise = where(("field:topics", "is", ["Noise"]), ("project", "is", [projects["tidewall-east"]]))
    mine = where(("owner", "is", ["me"]))
    certificate = ["name", "organisation", "email", "field:certificate-number", "field:certificate-until"]
    return [
        ("misaki", "Key stakeholders, quiet for 45 days", True, {"filter": quiet, "sort": "last_contact"}),
        (
            "camille",
            "Certificats à renouveler",
            True,
            {"filter": expiring, "sort": "name", "columns": certificate},
        ),
        ("negar", "مشترکان حیاتی", True, {"filter": critical, "sort": "name"}),
        ("ren", "騒音に関心のある方（東浜）", True, {"filter": noise, "sort": "last_contact"}),
        ("daniel", "My people", False, {"filter": mine, "sort": "last_contact"}),
        ("eleanor", "Recently changed", False, {"filter": {"op": "and", "items": []}, "sort": "changed"}),
    ]


def look_around(house: House, people: Sequence[Sketch], rng: random.Random) -> None:
    """What everybody opened lately, and what they keep at hand."""
    now = clock.now()
    for key, actor in house.actors.items():
        seen = [p for p in people if p.owner == key and p.party.deleted_at is None]
        for number, person in enumerate(rng.sample(seen, min(6, len(seen)))):
            with clock.standing_at(now - dt.timedelta(hours=3 + 5 * number)):
                visit(actor, Kind.PERSON, person.party.pk)
            if number == 0:
                pin(actor, Kind.PERSON, person.party.pk, pinned=True)


def remind(house: House) -> None:
    """Reminders of the last days as they would have come, already mailed: the first worker has nothing to catch up with."""
    now = clock.now()
    for days in range(REMINDED_DAYS, -1, -1):
        with clock.standing_at(now - days * DAY):
            remind_all()
    for user in house.users.values():
        waiting = Reminder.objects.filter(user=user, digest=None)
        for day in sorted({made.date() for made in waiting.values_list("made_at", flat=True)}):
            digest = Digest.objects.create(user=user, day=day, sent_at=now)
            waiting.filter(made_at__date=day).update(digest=digest)
        Notification.objects.filter(user=user, at__lt=now - DAY).update(read_at=now)
