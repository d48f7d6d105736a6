"""Saving what was said in the demo, set-wise, with the history that the services would have written."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Sequence

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.config.demo.organisation import DOMAIN, NAME, House
from enishi.config.demo.telling import Said
from enishi.contacts.models import Tag
from enishi.contacts.services import tag_by_path
from enishi.conversations import signals
from enishi.conversations.models import Interaction, InteractionTag, Participant, Thread
from enishi.conversations.services.drafts import FIELDS, describe
from enishi.conversations.services.upkeep import findable, settle_contacts
from enishi.core import clock, formats
from enishi.search.services import index
from enishi.timeline.models import Item
from enishi.timeline.services import differences, record, subject_type

Role, Channel, Answer = Participant.Role, Interaction.Channel, Interaction.Answer
_WROTE = {
    "en": "On {day} at {time}, {name} wrote:",
    "ja": "{day} {time}、{name}のメール：",
    "fr": "Le {day} à {time}, {name} a écrit :",
    "fa": "در {day} ساعت {time}، {name} نوشت:",
}


def save(house: House, story: Sequence[Said], rng: random.Random) -> None:
    """Insert conversations with people, threads, tags, places on timelines, search and history."""
    _number_messages(story)
    threads = _threads(story)
    for said in story:
        said.interaction = _interaction(house, said, threads, rng)
    Interaction.objects.bulk_create([said.interaction for said in story], batch_size=500)
    people = {id(said): _participants(house, said) for said in story}
    Participant.objects.bulk_create([one for some in people.values() for one in some], batch_size=1000)
    tags = _tags(house, story)
    index(findable(said.interaction) for said in story)
    Item.objects.bulk_create(
        [item for said in story for item in _items(said, people[id(said)])], batch_size=1000
    )
    settle_contacts({one.party_id for some in people.values() for one in some if one.party_id is not None})
    for said in story:
        _tell(house, said, people[id(said)], tags)


def _number_messages(story: Sequence[Said]) -> None:
    for number, said in enumerate(story):
        if said.turn.via == Channel.EMAIL:
            host = DOMAIN if said.turn.by == "us" else said.who.email.rpartition("@")[2]
            said.interaction.message_id = f"<{said.at:%Y%m%d%H%M}.{number}@{host}>"


def _threads(story: Sequence[Said]) -> dict[int, Thread]:
    """One thread for the e-mails of a scene, wherever there is more than one."""
    chains: dict[int, list[Said]] = {}
    roots: dict[int, int] = {}
    for said in story:
        before = _mail_before(said)
        root = roots.get(id(before), id(said)) if before is not None else id(said)
        roots[id(said)] = root
        if said.turn.via == Channel.EMAIL:
            chains.setdefault(root, []).append(said)
    found: dict[int, Thread] = {}
    made = []
    for chain in chains.values():
        if len(chain) > 1:
            thread = Thread(subject_key=chain[0].subject.lower(), first_at=chain[0].at, last_at=chain[-1].at)
            made.append(thread)
            found.update({id(said): thread for said in chain})
    Thread.objects.bulk_create(made)
    return found


def _mail_before(said: Said) -> Said | None:
    before = said.before
    while before is not None and before.turn.via != Channel.EMAIL:
        before = before.before
    return before


def _interaction(house: House, said: Said, threads: dict[int, Thread], rng: random.Random) -> Interaction:
    turn, mail = said.turn, said.turn.via == Channel.EMAIL
    said.text, folds = _letter(house, said) if mail else (said.text, [])
    before = _mail_before(said) if mail else None
    written = said.at + dt.timedelta(minutes=1 if mail else rng.randrange(4, 140))
    user = house.users[said.user]
    return Interaction(
        channel=turn.via,
        direction={"us": "out", "them": "in", "both": "both"}[turn.by],
        occurred_at=said.at,
        minutes=turn.minutes or (rng.randrange(3, 19) if turn.via == Channel.CALL else None),
        subject=_subject(said, before),
        text=said.text,
        folds=folds,
        place=turn.place,
        language=said.scene.language,
        answer=_answer(said),
        thread=threads.get(id(said)),
        message_id=said.interaction.message_id,
        in_reply_to=(before.interaction.message_id or "") if before else "",
        references=[before.interaction.message_id] if before and before.interaction.message_id else [],
        user=user,
        project_ids=[house.projects[code].pk for code in said.projects],
        confidentiality=_level(said),
        created_at=min(written, clock.now()),
        updated_at=min(written, clock.now()),
    )


def _level(said: Said) -> int:
    """Never less confidential than the least confidential of those who took part."""
    levels = [person.draft.confidentiality for person in (said.who, *said.guests)]
    return max(said.scene.level, min(levels, default=Level.OPEN))


def _subject(said: Said, before: Said | None) -> str:
    if said.subject or before is None:
        return said.subject
    root = before
    while not root.subject and root.before is not None:
        root = root.before
    return f"Re: {root.subject}"


def _answer(said: Said) -> str:
    if said.turn.by != "them" or not said.turn.asks:
        return Answer.NONE
    return Answer.ANSWERED if said.answered else Answer.WAITING


def _letter(house: House, said: Said) -> tuple[str, list[dict[str, object]]]:
    """An e-mail as it arrives: its words, a signature, and below them the letter that it answers."""
    language = said.scene.language
    text, folds = said.text, []
    if said.turn.by == "us":
        user = house.users[said.user]
        start = len(text) + 2
        text += f"\n\n-- \n{user.name}\n{NAME}\n{user.email}"
        folds.append({"start": start, "end": len(text), "kind": "signature"})
    before = _mail_before(said)
    if before is not None:
        start = len(text) + 2
        own_words = before.text
        for fold in reversed(before.interaction.folds):
            own_words = own_words[: fold["start"]] + own_words[fold["end"] :]
        quoted = "\n".join(f"> {line}".rstrip() for line in own_words.strip().splitlines())
        name = house.users[before.user].name if before.turn.by == "us" else before.who.party.full_name
        intro = _WROTE[language].format(
            day=formats.format_full_date(before.at, language, tz=said.who.zone),
            time=formats.format_time(before.at, language, tz=said.who.zone),
            name=name,
        )
        text += f"\n\n{intro}\n{quoted}"
        folds.append({"start": start, "end": len(text), "kind": "quote"})
    return text, folds


def _participants(house: House, said: Said) -> list[Participant]:
    mail, turn = said.turn.via in {Channel.EMAIL, Channel.LETTER}, said.turn
    them, us, guest = Role.WITH, Role.WITH, Role.WITH
    if mail:
        them, us = (Role.TO, Role.FROM) if turn.by == "us" else (Role.FROM, Role.TO)
        guest = Role.CC
    user: User = house.users[said.user]
    at_us, at_them = (user.email, said.who.email) if turn.via == Channel.EMAIL else ("", "")
    people = [
        Participant(role=them, party=said.who.party, address=at_them),
        Participant(role=us, user=user, address=at_us),
        *(Participant(role=guest, party=person.party) for person in said.guests),
    ]
    if said.who.organisation is not None and (said.guests or turn.via == Channel.LETTER):
        # A meeting of several, or a letter with a letterhead, is with the organisation too.
        people.append(Participant(role=guest, party=said.who.organisation.party))
    people.sort(key=lambda one: list(Role.values).index(one.role))
    for position, one in enumerate(people):
        one.interaction, one.position = said.interaction, position
    return people


def _tags(house: House, story: Sequence[Said]) -> dict[str, Tag]:
    paths = dict.fromkeys(path for said in story for path in said.scene.tags)
    tags = {path: tag_by_path(house.system, path) for path in paths}
    InteractionTag.objects.bulk_create(
        [
            InteractionTag(interaction=said.interaction, tag=tags[path])
            for said in story
            for path in said.scene.tags
        ]
    )
    return tags


def _items(said: Said, people: Iterable[Participant]) -> list[Item]:
    interaction = said.interaction
    return [
        Item(
            party_id=one.party_id,
            family="conversation",
            channel=interaction.channel,
            subject_type=subject_type(interaction),
            subject_id=interaction.pk,
            occurred_at=interaction.occurred_at,
            project_ids=interaction.project_ids,
            confidentiality=interaction.confidentiality,
        )
        for one in people
        if one.party_id is not None
    ]


def _tell(house: House, said: Said, people: Iterable[Participant], tags: dict[str, Tag]) -> None:
    interaction = said.interaction
    given = {
        **{name: getattr(interaction, name) for name in FIELDS},
        "participants": [describe(one) for one in people],
        "tags": sorted(said.scene.tags),
    }
    with clock.standing_at(interaction.created_at):
        record(
            house.actors[said.user],
            signals.interaction_logged,
            subject=interaction,
            data={"version": 1},
            changes=differences({}, {name: value for name, value in given.items() if value}),
        )
