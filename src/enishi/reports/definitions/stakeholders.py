"""Stakeholder list: whom we know, where they belong, how to reach them, what they agreed to, when we last talked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.access import ScopedQuerySet
from enishi.contacts.models import Consent, ContactPoint, Party, PartyTag, Relation
from enishi.contacts.past import Consents, Parties, PartyTags, Points, Relations
from enishi.contacts.queries.protected import is_protected
from enishi.conversations.models import Interaction, Participant
from enishi.conversations.past import Interactions, Participants
from enishi.core.documents import Bar, Chart, Column, Figure
from enishi.reports.definitions.engagement import small_counts_note, write_groups
from enishi.reports.framing import Definition, Frame, Paper, Tally, Writer, together

CHUNK = 2000
ENDED = "ended"
QUIET_DAYS = 365
WORKS_FOR = "works-for"
_Found = dict[int, list[Any]]


class StakeholderList(Definition):
    code = "stakeholders"
    label = gettext_lazy("Stakeholder list")
    description = gettext_lazy(
        "Whom we know: where they belong, how to reach them, what they agreed to, when we last talked. It can be imported again."
    )
    icon = "users-group"
    version = 1
    needs = ("contacts.view", "contacts.export", "conversations.view")
    past = (Parties, Points, Relations, PartyTags, Consents, Interactions, Participants)
    filters = ("tag",)
    period = False

    def count(self, frame: Frame) -> int:
        return parties(frame).count()

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        # The day of the last contact tells of a conversation.
        return [_talks(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        rows = out.table("register", _("Stakeholders"), self._columns())
        kinds, agreed, quiet = Tally(), Tally(), 0
        everybody: dict[int, int] = {}
        limit = frame.now - dt.timedelta(days=QUIET_DAYS)
        for party, row, consents, last in read(frame):
            rows.add(row)
            kinds.add(party.kind)
            everybody[party.pk] = 1
            quiet += last is None or last < limit
            for name, state in consents:
                if state == Consent.State.GIVEN:
                    agreed.add(name)
        write_groups(frame, out, everybody, title=_("Stakeholders, by tag"), whole=_("Of all stakeholders"))
        people = kinds.counts.get(Party.Kind.PERSON, 0)
        others = len(everybody) - people
        words = dict(Party.Kind.choices)
        return Paper(
            title=_title(frame, people, others, quiet),
            figures=[
                Figure(frame.number(people), ngettext("person known", "people known", people)),
                Figure(
                    frame.number(others),
                    ngettext("organisation or group", "organisations and groups", others),
                ),
                Figure(frame.number(quiet), _("without a conversation in the last year")),
            ],
            charts=[
                Chart(_("By kind"), [Bar(str(words[k]), n, frame.number(n)) for k, n in kinds.ordered()]),
                Chart(_("Agreed to"), [Bar(name, n, frame.number(n)) for name, n in agreed.ordered()]),
            ],
            notes=[
                _(
                    "The headers of the XLSX and CSV files are those of the contact import: the list can be read in again."
                ),
                _("Agreed to: the latest statement for each purpose counts."),
                small_counts_note(),
            ],
        )

    @staticmethod
    def _columns() -> list[Column]:
        return [
            Column("id", _("Number"), share=0.7, header="Enishi ID"),
            Column("kind", _("Kind"), share=0.9, header="Kind"),
            Column("name", _("Name"), share=2, header="Name"),
            Column("family", _("Family name"), share=1.2, header="Family name"),
            Column("given", _("Given name"), share=1.2, header="Given name"),
            Column("organisation", _("Organisation"), share=1.8, header="Organisation"),
            Column("job", _("Function"), share=1.4, header="Job title"),
            Column("email", _("E-mail"), share=1.8, header="E-mail 1"),
            Column("phone", _("Phone"), share=1.4, header="Phone 1"),
            Column("tags", _("Tags"), share=1.4, header="Tags"),
            Column("language", _("Language"), share=0.8, header="Language"),
            Column("consents", _("Consents"), share=1.6, header="Consents"),
            Column("last", _("Last contact"), "moment", 1.3, header="Last contact"),
        ]


_KINDS = (ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE)


def parties(frame: Frame) -> ScopedQuerySet[Party]:
    """The contacts of a frame, in the order of their names."""
    found = frame.within(Party).filter(deleted_at__isnull=True, merged_into__isnull=True)
    if frame.tag_ids:
        found = found.filter(pk__in=PartyTag.objects.filter(tag__in=frame.tag_ids).values("party"))
    return found.order_by("sort_key", "pk")


def read(frame: Frame) -> Iterator[tuple[Party, Sequence[Any], list[tuple[str, str]], dt.datetime | None]]:
    """Each contact with its row and its consents and last contact: five questions for each two thousand."""
    found = parties(frame).iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        ids = [party.pk for party in chunk]
        points, works, tags, consents = (
            _points(frame, ids),
            _works_for(frame, ids),
            _tags(ids),
            _consents(frame, ids),
        )
        talked = _last_contacts(frame, ids)
        for party in chunk:
            own = [party.pk]
            places = works.get(party.pk, [])
            agreed = consents.get(party.pk, [])

            def about(text: str, own: list[int] = own) -> list[tuple[str, list[int]]]:
                return [(text, own)] if text else []

            yield (
                party,
                (
                    about(str(party.pk)),
                    party.kind,
                    about(party.full_name),
                    about(party.family_name),
                    about(party.given_name),
                    [(name, [party.pk, other]) for other, name, _title in places[:1]],
                    about(places[0][2] if places else ""),
                    about(points.get((party.pk, ContactPoint.Kind.EMAIL), "")),
                    about(points.get((party.pk, ContactPoint.Kind.PHONE), "")),
                    together(tags.get(party.pk, ())),
                    party.language,
                    together(f"{name}: {_stated(state)}" for name, state in agreed),
                    talked.get(party.pk),
                ),
                agreed,
                talked.get(party.pk),
            )


def _points(frame: Frame, ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """The first e-mail address and phone number of each; none that only some roles see: others read the report too."""
    kinds = [kind for kind in _KINDS if not is_protected(frame.actor, kind)]
    points = ContactPoint.objects.filter(
        party_id__among=list(ids), kind__in=kinds, valid_until__isnull=True
    ).order_by("is_primary", "-id")
    return {
        (party_id, kind): value for party_id, kind, value in points.values_list("party_id", "kind", "value")
    }


def _last_contacts(frame: Frame, ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When each took part in a conversation that the frame shows: not the date on the record, which knows of all."""
    found = Participant.objects.filter(party_id__among=list(ids), interaction__in=_talks(frame))
    return dict(found.values_list("party_id").annotate(last=Max("interaction__occurred_at")).order_by())


def _talks(frame: Frame) -> ScopedQuerySet[Interaction]:
    return frame.within(Interaction).filter(deleted_at__isnull=True, occurred_at__lte=frame.now)


def _works_for(frame: Frame, ids: Sequence[int]) -> _Found:
    found: _Found = defaultdict(list)
    ties = Relation.objects.filter(
        frame.seen(Party, "target__"),
        source_id__among=list(ids),
        type__code=WORKS_FOR,
        valid_until__isnull=True,
    ).order_by("-id")
    for source, target, name, title in ties.values_list(
        "source_id", "target_id", "target__full_name", "title"
    ):
        found[source].append((target, name, title))
    return found


def _tags(ids: Sequence[int]) -> _Found:
    found: _Found = defaultdict(list)
    links = PartyTag.objects.filter(party_id__among=list(ids)).order_by("tag__path")
    for party_id, path in links.values_list("party_id", "tag__path"):
        found[party_id].append(path)
    return found


def _stated(state: str) -> str:
    return str(Consent.State(state).label) if state != ENDED else _("Ran out")


def _consents(frame: Frame, ids: Sequence[int]) -> _Found:
    """The latest statement of each for each purpose; what ran out says so."""
    found: _Found = defaultdict(list)
    latest = (
        Consent.objects.filter(party_id__among=list(ids))
        .order_by("party_id", "purpose_id", "-stated_on", "-id")
        .distinct("party_id", "purpose_id")
    )
    today = frame.now.astimezone(frame.zone).date()
    rows = latest.values_list("party_id", "purpose__name", "state", "valid_until")
    for party_id, name, state, until in rows:
        found[party_id].append((name, ENDED if until is not None and until < today else state))
    return found


def _title(frame: Frame, people: int, others: int, quiet: int) -> str:
    if not people and not others:
        return _("We know nobody here yet")
    words = [
        ngettext("%(n)s person", "%(n)s people", people) % {"n": frame.number(people)},
        ngettext("%(n)s organisation or group", "%(n)s organisations and groups", others)
        % {"n": frame.number(others)},
    ]
    known = (
        _("We know %(people)s and %(others)s") % {"people": words[0], "others": words[1]}
        if people and others
        else _("We know %(who)s") % {"who": words[0] if people else words[1]}
    )
    if not quiet:
        return _("%(known)s, and talked with all of them within a year") % {"known": known}
    return ngettext(
        "%(known)s; with %(n)s of them we have not talked for a year",
        "%(known)s; with %(n)s of them we have not talked for a year",
        quiet,
    ) % {"known": known, "n": frame.number(quiet)}
