"""The quick-log line: what it means here, and saving it in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project, User
from enishi.commitments.models import Promise, Task
from enishi.commitments.services import delete_promise, delete_task, make_promise, make_task
from enishi.contacts.models import Party, Tag
from enishi.contacts.services import PartyDraft, create_party, delete_party
from enishi.conversations import quicklog
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.services.drafts import EDIT, ParticipantDraft, usable_tags
from enishi.conversations.services.errors import ConversationError
from enishi.conversations.services.interactions import delete_interaction, log_interaction
from enishi.core import clock, text
from enishi.core.parameters import number
from enishi.search import queries as search
from enishi.search.models import Kind

PEOPLE = (Kind.PERSON, Kind.ORGANISATION, Kind.GROUP)
CREATE, NAME_ONLY = "new", ""
MOST_LINE = 2000


@dataclass(frozen=True)
class Setting:
    """Where a line is typed, and what its writer chose on the chips.

    ``party_id``: the contact whose page it is. ``people``: chosen contact by folded name, or CREATE, or NAME_ONLY.
    """

    party_id: int | None = None
    project_id: int | None = None
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Understood:
    """A line with everything it refers to looked up."""

    line: str
    reading: quicklog.Reading
    projects: Sequence[Project]
    """Where it may be saved; the first is where it will be."""
    here: Party | None
    tags: Sequence[Tag]
    missing_tags: Sequence[str]


@dataclass(frozen=True)
class Logged:
    """What a line became."""

    interaction: Interaction | None = None
    promises: Sequence[Promise] = ()
    task: Task | None = None
    created: Sequence[Party] = ()


def understand(actor: Actor, line: str, setting: Setting = Setting()) -> Understood:
    """Read a line within the actor's rights. Writes nothing."""
    line = " ".join(text.strip_bidi(text.clean(line, max_length=MOST_LINE)).split())

    def people(name: str) -> list[quicklog.Candidate]:
        hits = search.find(actor, name, kinds=PEOPLE, limit=6)
        return [quicklog.Candidate(str(hit.subject_id), hit.title) for hit in hits]

    reading = quicklog.parse(
        line, now=timezone.localtime(clock.now()), language=actor.language, people=people
    )
    here = (
        Party.objects.visible_to(actor).present().filter(pk=setting.party_id).first()
        if setting.party_id
        else None
    )
    projects = _projects(actor, reading, setting, here)
    tags = _tags(reading.tags, projects[:1])
    found = {text.fold(tag.name) for tag in tags}
    missing = [name for name in reading.tags if text.fold(name) not in found]
    return Understood(line, reading, projects, here, tags, missing)


def _projects(actor: Actor, reading: quicklog.Reading, setting: Setting, here: Party | None) -> list[Project]:
    """Where the actor may log, the most fitting first: named in the line, chosen, of the people it is about."""
    mine = list(accounts.projects(actor, EDIT))
    named = {text.fold(name) for name in reading.projects}
    ids = [int(known.key) for who in reading.who for known in who.candidates if who.sure]
    parties = [here] if here and not ids else list(Party.objects.visible_to(actor).filter(pk__in=ids))

    def fit(project: Project) -> tuple[bool, ...]:
        return (
            not ({text.fold(project.code), text.fold(project.name)} & named),
            project.pk != setting.project_id,
            not all(project.pk in party.project_ids for party in parties),
        )

    return sorted(mine, key=fit)


def _tags(names: Sequence[str], projects: Sequence[Project]) -> list[Tag]:
    if not names:
        return []
    wanted = {text.fold(name) for name in names}
    ids = [project.pk for project in projects]
    known = [tag for tag in Tag.objects.all() if {text.fold(tag.name), text.fold(tag.path)} & wanted]
    usable = set(usable_tags(ids, [tag.pk for tag in known]))
    return [tag for tag in known if tag.pk in usable]


@transaction.atomic
def log_line(actor: Actor, line: str, setting: Setting = Setting()) -> Logged:
    """Save what a line says: a conversation, promises, a task, new contacts; all of it or nothing.

    Raises ConversationError, CommitmentError or ContactError in words for the line.
    """
    understood = understand(actor, line, setting)
    reading = understood.reading
    if reading.state == quicklog.State.EMPTY:
        raise ConversationError(_("Write what happened, for example: called Tanaka about turbine 3."), "line")
    if not understood.projects:
        actor.require(EDIT, [])
    project = understood.projects[0]
    drafts, created = _people(actor, understood, setting, project)
    parties = [draft.party_id for draft in drafts if draft.party_id]
    about = Party.objects.visible_to(actor).filter(pk=parties[0]).first() if parties else None
    interaction = None
    if reading.kind == quicklog.Kind.LOG:
        interaction = _log(actor, understood, project, drafts)
    me = User.objects.filter(pk=actor.user_id).first() if actor.user_id is not None else None
    promises = [
        _promise(actor, understood, said, project=project, party=about, me=me, interaction=interaction)
        for said in reading.promises
    ]
    task = None
    if reading.task is not None:
        task = make_task(
            actor,
            project=project,
            title=reading.task.text[:300],
            party=about,
            owner=me,
            due_at=reading.task.due,
            **said_in(interaction, understood.line, reading.task.text, via=False),
        )
    return Logged(interaction, promises, task, created)


def _people(
    actor: Actor, understood: Understood, setting: Setting, project: Project
) -> tuple[list[ParticipantDraft], list[Party]]:
    drafts, created = [], []
    role = (
        Participant.Role.FROM if understood.reading.direction == quicklog.Flow.IN else Participant.Role.WITH
    )
    for who in understood.reading.who:
        choice = setting.people.get(text.fold(who.text), who.candidates[0].key if who.sure else NAME_ONLY)
        if choice == CREATE:
            party = create_party(actor, PartyDraft(full_name=who.text), project_ids=[project.pk])
            created.append(party)
            drafts.append(ParticipantDraft(role, party_id=party.pk))
        elif party_id := number(choice):
            drafts.append(ParticipantDraft(role, party_id=party_id))
        else:
            drafts.append(ParticipantDraft(role, name=who.text))
    if understood.here is not None and all(draft.party_id != understood.here.pk for draft in drafts):
        drafts.insert(0, ParticipantDraft(role, party_id=understood.here.pk))
    return drafts, created


def _log(
    actor: Actor, understood: Understood, project: Project, drafts: Sequence[ParticipantDraft]
) -> Interaction:
    reading, line = understood.reading, understood.line
    subject = reading.topic or reading.summary or (reading.promises[0].text if reading.promises else line)
    return log_interaction(
        actor,
        channel=reading.channel or Interaction.Channel.NOTE,
        occurred_at=reading.when or clock.now(),
        project_ids=[project.pk],
        participants=drafts,
        subject=subject[:500],
        # The words as typed: nothing is lost, and promises have a place in which they were said.
        text=line if subject != line else "",
        direction=reading.direction or Interaction.Direction.BOTH,
        tag_ids=[tag.pk for tag in understood.tags],
    )


def _promise(
    actor: Actor,
    understood: Understood,
    said: quicklog.Promise,
    *,
    project: Project,
    party: Party | None,
    me: User | None,
    interaction: Interaction | None,
) -> Promise:
    return make_promise(
        actor,
        project=project,
        title=said.text[:300],
        direction=said.direction,
        negative=said.negative,
        party=party,
        owner=me,
        due_at=said.due,
        **said_in(interaction, understood.line, said.text, via=True),
    )


def said_in(interaction: Interaction | None, line: str, words: str, *, via: bool) -> dict[str, Any]:
    """Where the words stand in the conversation that was logged with them."""
    if interaction is None:
        return {"quote": line}
    at = interaction.text.find(words)
    quote, start = (words, at) if at >= 0 else (interaction.text, 0)
    return {
        "quote": quote,
        "said_in_id": interaction.pk,
        "said_start": start if quote else None,
        "said_end": start + len(quote) if quote else None,
        "confidentiality": interaction.confidentiality,
        **({"said_via": interaction.channel, "said_at": interaction.occurred_at} if via else {}),
    }


@transaction.atomic
def take_back_line(
    actor: Actor,
    *,
    interaction_id: int | None = None,
    promise_ids: Iterable[int] = (),
    task_ids: Iterable[int] = (),
    party_ids: Iterable[int] = (),
) -> None:
    """Undo of ``log_line``: delete what it made, each under its own right. Raises DoesNotExist for what is not visible."""
    for promise_id in promise_ids:
        delete_promise(actor, Promise.objects.visible_to(actor).get(pk=promise_id))
    for task_id in task_ids:
        delete_task(actor, Task.objects.visible_to(actor).get(pk=task_id))
    if interaction_id is not None:
        delete_interaction(actor, Interaction.objects.visible_to(actor).get(pk=interaction_id))
    for party_id in party_ids:
        delete_party(actor, Party.objects.visible_to(actor).get(pk=party_id))
