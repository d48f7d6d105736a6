"""What was done about a theme, who is told of it, and who is not, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.contacts.models import Consent, ContactPoint, Party
from enishi.contacts.queries.reaching import first_points, seen_parties
from enishi.contacts.queries.setup import purpose_name
from enishi.contacts.queries.whole import latest_consents_of
from enishi.themes.models import Reply, ReplyTo, Theme
from enishi.themes.queries.passages import Filters, marks
from enishi.themes.queries.sending import NO_ADDRESS, LeftOut, Plan, Reached, texts


def replies(actor: Actor, theme: Theme) -> QuerySet[Any]:
    """What was done about a theme, the newest first, each with how many were told (``told``)."""
    told = Count("people", filter=Q(people__state=ReplyTo.State.SENT))
    found = Reply.objects.visible_to(actor).filter(theme=theme).select_related("project", "user")
    return found.annotate(told=told).order_by("-pk")


def reply(actor: Actor, reply_id: int) -> Reply:
    """One of them; raises Reply.DoesNotExist."""
    rows = Reply.objects.visible_to(actor).select_related("theme", "project", "purpose", "user")
    return rows.get(pk=reply_id)


def _start(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def plan(actor: Actor, of: Reply, *, only: Collection[int] | None = None) -> Plan:
    """Who is told: everybody whose marked words carry the theme, as far as the actor may see both; in five queries.

    ``only`` limits it to these people.
    """
    heard = Filters(
        theme=of.theme,
        project_id=of.project_id,
        since=_start(of.since),
        until=_start(of.until + dt.timedelta(days=1)),
    )
    said = marks(actor, heard).filter(party__isnull=False).values("party")
    people = Party.objects.visible_to(actor).present().filter(pk__in=said)
    if only is not None:
        people = people.filter(pk__in=only)
    listed = list(people.order_by("sort_key", "pk"))
    ids = [one.pk for one in listed]
    stated = {
        party_id: next((one for one in found if one.purpose_id == of.purpose_id), None)
        for party_id, found in latest_consents_of(ids).items()
    }
    points = first_points(ids, ["email", "address"])
    shown = {kind: seen_parties(actor, ids, kind) for kind in ("email", "address")}
    words = list(texts(of))
    result = Plan()
    for party in listed:
        why = _refused(of, party, stated.get(party.pk))
        point = points.get(party.pk)
        if not why and point is None:
            why = str(NO_ADDRESS)
        if why or point is None:
            result.left.append(LeftOut(party, why))
            continue
        by_mail = point.kind == ContactPoint.Kind.EMAIL
        language = party.language if party.language in words else (words[0] if words else "")
        way = ReplyTo.Way.EMAIL if by_mail else ReplyTo.Way.LETTER
        reached = Reached(party, way, point.value, language, shown=party.pk in shown[point.kind])
        (result.mail if by_mail else result.letters).append(reached)
    return result


def _refused(of: Reply, party: Party, stated: Consent | None) -> str:
    """Why somebody is not to be written to; empty when they may be."""
    if party.status != Party.Status.ACTIVE:
        return str(party.get_status_display())
    words = {"purpose": purpose_name(of.purpose)}
    if stated is not None and stated.ran_out:
        return _("Their consent to “%(purpose)s” ran out.") % words
    if stated is not None and not stated.holds:
        return _("Does not agree to “%(purpose)s”.") % words
    if stated is None and not of.also_unstated:
        return _("Has not said that they agree to “%(purpose)s”.") % words
    return ""


def told(actor: Actor, of: Reply) -> list[tuple[ReplyTo, Party]]:
    """Whom it went to or goes to, as far as they may be seen."""
    rows = list(of.people.order_by("pk"))
    people = Party.objects.visible_to(actor).in_bulk([row.party_id for row in rows])
    return [(row, people[row.party_id]) for row in rows if row.party_id in people]
