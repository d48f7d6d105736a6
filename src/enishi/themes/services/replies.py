"""You said, we did: what was done about a theme goes back to the people who spoke of it, to each of them once.

A mail is claimed before it is handed over and never handed over twice: after a crash in between it may not have gone, and says so.
"""

from __future__ import annotations

import datetime as dt
import smtplib
import time
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Via
from enishi.accounts.models import Project
from enishi.contacts.models import ConsentPurpose
from enishi.conversations.models import Interaction
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.core import clock, live, text
from enishi.themes import signals
from enishi.themes.models import Reply, ReplyText, ReplyTo, Theme
from enishi.themes.queries import replies as queries
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.tree import EDIT
from enishi.timeline.services import notify, record

REPLY = "themes.reply"
PATIENCE = dt.timedelta(minutes=5)
"""So long a reply can be taken back whole."""
RUN_S = 20
_LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)
Words = Mapping[str, tuple[str, str]]


def require(actor: Actor, project_id: int) -> None:
    """Who tells people also logs that they were told."""
    actor.require(REPLY, project_id)
    actor.require(EDIT, project_id)


@transaction.atomic
def save_reply(
    actor: Actor,
    reply: Reply | None = None,
    *,
    theme: Theme,
    project: Project,
    since: dt.date,
    until: dt.date,
    purpose: ConsentPurpose,
    also_unstated: bool,
    words: Words,
) -> Reply:
    """Write a reply, or write it anew: subject and text by language. Nothing goes yet. Raises ThemeError."""
    require(actor, project.pk)
    if until < since:
        raise ThemeError(_("The last day lies before the first."), "until")
    if theme.project_id not in (None, project.pk):
        raise ThemeError(_("This theme is not of that project."), "project")
    kept = _tidy(words)
    values = {
        "theme": theme,
        "project": project,
        "since": since,
        "until": until,
        "purpose": purpose,
        "also_unstated": also_unstated,
    }
    if reply is None:
        saved = Reply.objects.create(
            **values,
            user_id=actor.own_id,
            made_at=clock.now(),
            confidentiality=project.default_level,
        )
    else:
        saved = _locked(actor, reply.pk)
        _still(saved, Reply.State.DRAFT)
        for name, value in values.items():
            setattr(saved, name, value)
        saved.save(update_fields=list(values))
        saved.texts.all().delete()
    ReplyText.objects.bulk_create(
        ReplyText(reply=saved, language=language, subject=subject, text=body)
        for language, (subject, body) in kept.items()
    )
    record(actor, signals.reply_written, subject=saved, data={"languages": sorted(kept)})
    return saved


def _tidy(words: Words) -> dict[str, tuple[str, str]]:
    kept = {}
    for language, (subject, body) in words.items():
        subject, body = " ".join(text.clean(subject).split())[:200], text.clean(body).strip()
        if bool(subject) != bool(body):
            raise ThemeError(_("Write both the subject and the text, or neither."), f"subject_{language}")
        if body and language in _LANGUAGES:
            kept[language] = (subject, body)
    if not kept:
        raise ThemeError(_("Write what was done in at least one language."), "")
    return kept


def _locked(actor: Actor, reply_id: int) -> Reply:
    rows = Reply.objects.visible_to(actor).select_related("theme", "project", "purpose", "user")
    found = rows.select_for_update(no_key=True, of=("self",)).get(pk=reply_id)
    require(actor, found.project_id)
    return found


def _still(reply: Reply, state: str) -> None:
    if reply.state != state:
        raise ThemeError(_("It went further in the meantime. Look at it again."))


@transaction.atomic
def send_reply(actor: Actor, reply_id: int) -> Reply:
    """Send a reply in five minutes, to whom it would go now. Raises ThemeError."""
    found = _locked(actor, reply_id)
    _still(found, Reply.State.DRAFT)
    reached = queries.plan(actor, found).reached
    if not reached:
        raise ThemeError(_("Nobody would get it. Look at the reasons."))
    ReplyTo.objects.bulk_create(
        ReplyTo(reply=found, party=one.party, way=one.way, address=one.address, language=one.language)
        for one in reached
    )
    # Whoever sends it is whose rights count, and who is answered.
    found.state, found.goes_at, found.user_id = Reply.State.GOING, clock.now() + PATIENCE, actor.own_id
    found.save(update_fields=["state", "goes_at", "user"])
    record(actor, signals.reply_released, subject=found, data={"people": len(reached)})
    return found


@transaction.atomic
def stop_reply(actor: Actor, reply_id: int) -> Reply:
    """Keep it from whom it has not reached. Nobody reached yet: it can be changed and sent again."""
    found = _locked(actor, reply_id)
    _still(found, Reply.State.GOING)
    stopped, _each = found.people.filter(state=ReplyTo.State.WAITING).delete()
    began = found.people.exists()
    found.state = Reply.State.SENT if began else Reply.State.DRAFT
    found.goes_at = found.goes_at if began else None
    found.save(update_fields=["state", "goes_at"])
    record(actor, signals.reply_stopped, subject=found, data={"people": stopped})
    return found


@transaction.atomic
def remove_reply(actor: Actor, reply_id: int) -> None:
    """Throw a draft away."""
    found = _locked(actor, reply_id)
    _still(found, Reply.State.DRAFT)
    record(actor, signals.reply_removed, subject=found)
    found.delete()


def send_due() -> None:
    """The job of each minute: send what is due, for a third of the minute; the rest goes with the next."""
    ends = time.monotonic() + RUN_S
    for reply_id in queries.going():
        while time.monotonic() < ends and _send_some(reply_id, ends):
            pass


def _send_some(reply_id: int, ends: float, *, at_once: int = 50) -> bool:
    """Send to some of those who wait. Tells whether there may be more."""
    rows = Reply.objects.unscoped("the job that sends it").select_related(
        "theme", "project", "purpose", "user"
    )
    reply = rows.get(pk=reply_id)
    waiting = reply.people.filter(state=ReplyTo.State.WAITING)
    batch = list(waiting.order_by("pk")[:at_once])
    if not batch:
        _finish(reply)
        return False
    user = reply.user
    actor = accounts.actor(user, via=Via.JOB) if user is not None and user.is_active else None
    if actor is None or not (actor.may(REPLY, reply.project_id) and actor.may(EDIT, reply.project_id)):
        waiting.delete()
        return True
    # Consent, addresses and rights count as they are at the moment of sending.
    now = {one.party.pk: one for one in queries.plan(actor, reply, only=[r.party_id for r in batch]).reached}
    words = queries.texts(reply)
    for row in batch:
        if time.monotonic() >= ends:
            break
        if (reached := now.get(row.party_id)) is None:
            row.delete()
        elif not _send_one(actor, reply, row, reached, words[reached.language]):
            return False
    _tell(reply)
    return True


def _send_one(actor: Actor, reply: Reply, row: ReplyTo, reached: queries.Reached, words: ReplyText) -> bool:
    """Hand one over. False: the mail server cannot be reached, so it is tried again with the next run."""
    claimed = ReplyTo.objects.filter(pk=row.pk, state=ReplyTo.State.WAITING)
    given = {"way": reached.way, "address": reached.address, "language": reached.language}
    if not claimed.update(state=ReplyTo.State.GOING, **given):
        return True
    mine = ReplyTo.objects.filter(pk=row.pk)
    if reached.way == ReplyTo.Way.EMAIL:
        reply_to = [reply.user.email] if reply.user else None
        message = EmailMessage(words.subject, words.text, to=[reached.address], reply_to=reply_to)
        try:
            message.send()
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused, ValueError):
            mine.update(state=ReplyTo.State.FAILED)
            return True
        except (smtplib.SMTPException, OSError):
            mine.update(state=ReplyTo.State.WAITING)
            return False
    with transaction.atomic():
        talk = _log(actor, reply, reached, words)
        mine.update(state=ReplyTo.State.SENT, interaction=talk)
    return True


def _log(actor: Actor, reply: Reply, reached: queries.Reached, words: ReplyText) -> Interaction:
    """How it stands on the record of whoever gets it."""
    mail = reached.way == ReplyTo.Way.EMAIL
    role = ParticipantDraft("to", party_id=reached.party.pk, address=reached.address if mail else "")
    return log_interaction(
        actor,
        channel=Interaction.Channel.EMAIL if mail else Interaction.Channel.LETTER,
        direction=Interaction.Direction.OUT,
        occurred_at=clock.now(),
        project_ids=[reply.project_id],
        subject=words.subject,
        text=words.text,
        language=words.language,
        participants=[ParticipantDraft("from", user_id=actor.user_id), role],
    )


def _tell(reply: Reply) -> None:
    if reply.user_id is not None:
        found = queries.counts(reply)
        done = sum(found.values()) - found.get(ReplyTo.State.WAITING, 0)
        live.push(
            reply.user_id, "job", {"id": f"reply-{reply.pk}", "done": done, "total": sum(found.values())}
        )


@transaction.atomic
def _finish(reply: Reply) -> None:
    rows = Reply.objects.unscoped("the job that sends it").filter(pk=reply.pk, state=Reply.State.GOING)
    if not rows.update(state=Reply.State.SENT):
        return
    user = reply.user
    if user is not None:
        actor = accounts.actor(user, via=Via.JOB)
        record(actor, signals.reply_sent, subject=reply, data=queries.counts(reply))
        with translation.override(user.language):
            title = _("What was done about a theme was sent.")
            notify([user.pk], kind="reply", title=title, url=reverse("themes:reply", args=[reply.pk]))
    _tell(reply)


__all__ = ["PATIENCE", "REPLY", "remove_reply", "save_reply", "send_due", "send_reply", "stop_reply"]
