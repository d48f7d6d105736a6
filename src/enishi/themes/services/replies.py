"""You said, we did: what was done about a theme goes back to the people who spoke of it, to each of them once."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.contacts.models import ConsentPurpose
from enishi.conversations.models import Interaction
from enishi.conversations.services import log_interaction
from enishi.core import clock
from enishi.themes import signals
from enishi.themes.models import Reply, ReplyText, ReplyTo, Theme, Wording
from enishi.themes.queries import replies as queries
from enishi.themes.queries import sending as outgoing
from enishi.themes.queries.sending import Reached
from enishi.themes.services import sending
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.sending import REPLY, Going, Post, Words
from enishi.themes.services.tree import EDIT
from enishi.timeline.services import record

_LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


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
    kept = sending.tidy(words, _LANGUAGES)
    if not kept:
        raise ThemeError(_("Write what was done in at least one language."), "")
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
        sending.still(saved, Reply.State.DRAFT)
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


def _locked(actor: Actor, reply_id: int) -> Reply:
    rows = Reply.objects.visible_to(actor).select_related("theme", "project", "purpose", "user")
    found = rows.select_for_update(no_key=True, of=("self",)).get(pk=reply_id)
    require(actor, found.project_id)
    return found


@transaction.atomic
def send_reply(actor: Actor, reply_id: int) -> Reply:
    """Send a reply in five minutes, to whom it would go now. Raises ThemeError."""
    found = _locked(actor, reply_id)
    sending.still(found, Reply.State.DRAFT)
    reached = queries.plan(actor, found).reached
    if not reached:
        raise ThemeError(_("Nobody would get it. Look at the reasons."))
    ReplyTo.objects.bulk_create(
        ReplyTo(reply=found, party=one.party, way=one.way, address=one.address, language=one.language)
        for one in reached
    )
    sending.release(actor, found)
    record(actor, signals.reply_released, subject=found, data={"people": len(reached)})
    return found


@transaction.atomic
def stop_reply(actor: Actor, reply_id: int) -> Reply:
    """Keep it from whom it has not reached. Nobody reached yet: it can be changed and sent again."""
    found = _locked(actor, reply_id)
    stopped = sending.stop(found)
    record(actor, signals.reply_stopped, subject=found, data={"people": stopped})
    return found


@transaction.atomic
def remove_reply(actor: Actor, reply_id: int) -> None:
    """Throw a draft away."""
    found = _locked(actor, reply_id)
    sending.still(found, Reply.State.DRAFT)
    record(actor, signals.reply_removed, subject=found)
    found.delete()


class ReplyPost(Post[Reply]):
    """How replies go out."""

    code = "reply"

    def rows(self) -> QuerySet[Reply]:
        rows = Reply.objects.unscoped("the job that sends it")
        return rows.select_related("theme", "project", "purpose", "user")

    def may(self, actor: Actor, one: Reply) -> bool:
        return sending.may_send(actor, [one.project_id])

    def now(self, actor: Actor, one: Reply, party_ids: Collection[int]) -> dict[int, Going]:
        words = outgoing.texts(one)
        found = {}
        for reached in queries.plan(actor, one, only=party_ids).reached:
            said = words[reached.language]
            log = functools.partial(_log, actor, one, reached, said)
            found[reached.party.pk] = Going(reached, said.subject, said.text, log)
        return found

    def finished(self, actor: Actor, one: Reply) -> tuple[str, str]:
        record(actor, signals.reply_sent, subject=one, data=outgoing.counts(one))
        return _("What was done about a theme was sent."), reverse("themes:reply", args=[one.pk])


def _log(actor: Actor, reply: Reply, reached: Reached, words: Wording) -> Interaction:
    told = sending.logged(actor, reached, words.subject, words.text)
    return log_interaction(actor, project_ids=[reply.project_id], **told)


__all__ = ["ReplyPost", "remove_reply", "save_reply", "send_reply", "stop_reply"]
