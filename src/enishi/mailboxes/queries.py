"""Reading mailboxes: what is set up, how far each was read, and what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.contacts.models import ImportRun, Quarantined
from enishi.content import queries as content
from enishi.content.models import File
from enishi.conversations.models import Interaction
from enishi.core import clock
from enishi.mailboxes.models import Day, Enclosure, Mailbox, Provider, Reply, SignIn

RIGHT = "mailboxes.manage"
VIEW, EDIT = "conversations.view", "conversations.edit"
_CAN_BE_READ = Q(provider=None) | Q(sign_in__isnull=False)
"""As ``is_signed_in``."""
SHOWN_DAYS, SHOWN_ASIDE, SHOWN_FILES = 14, 50, 12


def mailboxes(actor: Actor) -> QuerySet[Mailbox]:
    """All that the actor may know of, each with how many messages came (``kept``) and were set aside (``aside``)."""
    actor.require_everywhere(RIGHT)
    days = Day.objects.filter(mailbox=OuterRef("pk")).order_by().values("mailbox")
    return (
        Mailbox.objects.visible_to(actor)
        .select_related("project", "provider", "sign_in")
        .annotate(
            kept=Coalesce(Subquery(days.annotate(n=Sum("kept")).values("n")), 0),
            aside=Coalesce(Subquery(days.annotate(n=Sum("aside")).values("n")), 0),
        )
        .order_by("name", "pk")
    )


def mailbox(actor: Actor, mailbox_id: int) -> Mailbox:
    return mailboxes(actor).get(pk=mailbox_id)


def is_signed_in(found: Mailbox) -> bool:
    """Whether there is something to open it with: a password, or what a provider gave."""
    return found.provider_id is None or SignIn.objects.filter(mailbox=found).exists()


def providers(actor: Actor) -> QuerySet[Provider]:
    """Services at which mailboxes sign in."""
    actor.require_everywhere(RIGHT)
    return Provider.objects.order_by("name", "pk")


def provider(actor: Actor, provider_id: int) -> Provider:
    return providers(actor).get(pk=provider_id)


def days(found: Mailbox) -> list[Day]:
    """The last days on which something came, the newest first."""
    return list(found.days.order_by("-day")[:SHOWN_DAYS])


def set_aside(actor: Actor, found: Mailbox) -> list[Quarantined]:
    """What could not be read, the newest first, as far as the actor may read what the mail became part of."""
    return list(_aside(actor).filter(run__in=found.days.values("run")).order_by("-pk")[:SHOWN_ASIDE])


def one_aside(actor: Actor, found: Mailbox, aside_id: int) -> Quarantined:
    return _aside(actor).get(pk=aside_id, run__in=found.days.values("run"))


def _aside(actor: Actor) -> QuerySet[Quarantined]:
    runs = ImportRun.objects.visible_to(actor)
    return Quarantined.objects.filter(run__in=runs).select_related("run")


def due() -> list[int]:
    """Those to be read now."""
    in_time = Q(next_at__isnull=True) | Q(next_at__lte=clock.now())
    rows = Mailbox.objects.unscoped("the job that reads them").filter(in_time, _CAN_BE_READ, is_on=True)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def addresses() -> Iterable[str]:
    """What is written to these, or from these, is written to us or from us."""
    rows = Mailbox.objects.unscoped("addresses of ours, to tell from those of others")
    return [address.lower() for address in rows.values_list("address", flat=True)]


def way_in(interaction: Interaction) -> str:
    """Where answers to a conversation are read; "" for nowhere.

    By a mailbox that no more people read than the conversation, and by none that is kept apart for confidences
    unless this is one.
    """
    level = interaction.confidentiality
    rows = Mailbox.objects.unscoped("where calendar programs send answers, for everybody who was invited")
    reads = rows.filter(_CAN_BE_READ, project__in=interaction.project_ids, is_on=True)
    found = reads.filter(confidentiality__range=(level, max(level, Level.INTERNAL)))
    return found.order_by("confidentiality", "pk").values_list("address", flat=True).first() or ""


def project_name(project_id: int) -> str:
    """For whoever reads the history of the organisation."""
    return accounts.any_project(project_id).name


def first_day() -> dt.date:
    """From when a new mailbox is read unless somebody says otherwise."""
    return clock.today()


def ways_out(actor: Actor, question: Interaction) -> list[Mailbox]:
    """Through which mailboxes of its projects an e-mail can be answered, as far as the actor may know of them."""
    if question.channel != Interaction.Channel.EMAIL or not actor.may(EDIT, question):
        return []
    rows = Mailbox.objects.unscoped("the address of a project, for whoever may read its mail at that level")
    found = (
        rows.filter(project__in=question.project_ids, is_on=True).exclude(smtp_host="").order_by("name", "pk")
    )
    return [box for box in found if box.confidentiality <= actor.clearance(VIEW, [box.project_id])]


def unsent(actor: Actor, question: Interaction) -> list[Reply]:
    """Answers that are on their way, or did not go; for whoever may answer."""
    if not actor.may(EDIT, question):
        return []
    found = Reply.objects.filter(question=question).select_related("user").prefetch_related("enclosures")
    return list(found.order_by("pk"))


def may_upload(actor: Actor, question: Interaction) -> bool:
    """Files that go with an answer are kept with it: that takes the right to add files there, of one's own at least."""
    return actor.may_some("content.edit", question.project_ids)


def held(actor: Actor, question: Interaction, ids: Collection[int]) -> list[Enclosure]:
    """What the actor put into the form of an answer before it could go."""
    rows = Enclosure.objects.filter(pk__in=ids, question=question, user=actor.own_id, reply=None)
    return list(rows.order_by("pk"))


def kept(actor: Actor, question: Interaction, ids: Collection[int]) -> list[File]:
    """Files of the projects of a conversation, as far as the actor may see them."""
    found = content.by_ids(actor, ids) if ids else {}
    return [found[pk] for pk in ids if pk in found and found[pk].project_id in question.project_ids]


def files_like(actor: Actor, question: Interaction, words: str) -> list[File]:
    """Files that might go with an answer, the newest first: by words in them, else those that were added last."""
    found = [
        one
        for project_id in question.project_ids
        for one in content.files(
            actor,
            content.Filters(project_id=project_id, text=words, attachments=bool(words)),
            limit=SHOWN_FILES,
        ).items
    ]
    return sorted(found, key=lambda one: (one.created_at, one.pk), reverse=True)[:SHOWN_FILES]
