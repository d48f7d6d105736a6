"""Answers to GRI 2-25, 2-26, 2-29, 203-1, 413-1 and to IFC Performance Standard 1, as far as the records give them.

Each line says from what it was worked out; what nobody records says so. Other apps answer further lines:
``provide("reports.disclosure", "gri-2-25-b")`` with a function of the frame that returns an ``Answer`` or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from enishi.accounts.models import Project
from enishi.cases.models import ReportPage
from enishi.cases.packs import pack
from enishi.cases.past import Cases, pages_on
from enishi.cases.queries import Figures, Share
from enishi.commitments.models import Promise
from enishi.commitments.past import Contributions, Promises, Proofs
from enishi.contacts.models import Party, PartyTag
from enishi.conversations.models import Interaction, InteractionTag, Participant
from enishi.core import registry
from enishi.core.documents import Column, Figure
from enishi.core.formats import format_percent
from enishi.reports.definitions import engagement, grievances, promises, social
from enishi.reports.framing import Definition, Frame, Paper, Rows, Writer
from enishi.reports.suppression import THRESHOLD, hidden

PLACE = "reports.disclosure"
SHOWN = 8


@dataclass(frozen=True)
class Answer:
    """``basis`` says from which records the text was worked out; ``counts`` whether it answers the point."""

    text: str
    basis: str
    counts: bool = True


class Known:
    """What the records of a frame give; each fact is asked for once."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @cached_property
    def talks(self) -> dict[str, Any]:
        incoming = Q(direction__in=[Interaction.Direction.IN, Interaction.Direction.BOTH])
        return engagement.conversations(self.frame).aggregate(
            total=Count("pk"),
            incoming=Count("pk", filter=incoming),
            outgoing=Count("pk", filter=Q(direction=Interaction.Direction.OUT)),
            met=Count("pk", filter=Q(channel__in=[Interaction.Channel.MEETING, Interaction.Channel.VISIT])),
            asked=Count("pk", filter=~Q(answer=Interaction.Answer.NONE)),
            answered=Count("pk", filter=Q(answer=Interaction.Answer.ANSWERED)),
        )

    @cached_property
    def reached(self) -> int:
        return len(engagement.people_reached(self.frame))

    @cached_property
    def groups(self) -> str:
        """Tags of the people reached with how many bear them; small groups hidden."""
        taking_part = Participant.objects.filter(
            self.frame.seen(Party, "party__"),
            party__isnull=False,
            interaction__in=engagement.conversations(self.frame),
        )
        counted = (
            PartyTag.objects.filter(party__in=taking_part.values("party"))
            .order_by()
            .values_list("tag__path")
            .annotate(n=Count("party", distinct=True))
        )
        return self.groups_of(dict(counted), "; ")

    @cached_property
    def topics(self) -> str:
        counted = (
            InteractionTag.objects.filter(interaction__in=engagement.conversations(self.frame))
            .order_by()
            .values_list("tag__path")
            .annotate(n=Count("pk"))
        )
        listed = sorted(counted, key=lambda pair: (-pair[1], pair[0]))
        return "; ".join(f"{path} ({self.frame.number(n)})" for path, n in listed[:SHOWN])

    @cached_property
    def ways_in(self) -> str:
        incoming = engagement.conversations(self.frame).exclude(direction=Interaction.Direction.OUT)
        counted = incoming.order_by().values_list("channel").annotate(n=Count("pk"))
        words = dict(Interaction.Channel.choices)
        listed = sorted(counted, key=lambda pair: (-pair[1], pair[0]))
        return "; ".join(f"{words[channel]} ({self.frame.number(n)})" for channel, n in listed)

    @cached_property
    def kept(self) -> promises.Kept:
        found = promises.Kept(self.frame)
        for promise in promises.promises(self.frame):
            found.look_at(promise)
        return found

    @cached_property
    def grievances(self) -> Figures:
        return grievances.measured(self.frame).look_at_all(grievances.grievances(self.frame))

    @cached_property
    def pages(self) -> int:
        """How many projects of the frame have a public page on which anybody can raise a concern."""
        on = Q(pk__in=pages_on(self.frame.now)) if self.frame.past else Q(is_on=True)
        found = ReportPage.objects.filter(on, project__archived_at__isnull=True)
        if self.frame.project is not None:
            found = found.filter(project__in=self.frame.project_ids)
        return found.count()

    def few(self, count: int) -> str:
        """A count, unless it is so small that it would betray."""
        return _("fewer than 5") if 0 < count < THRESHOLD else self.frame.number(count)

    def groups_of(self, counted: Mapping[str, int], between: str = ", ") -> str:
        """Counts by name, small ones hidden, and others from which these could be worked out."""
        listed = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        closed = hidden([[n] for _name, n in listed])
        unsaid, few = _("not said"), _("fewer than 5")
        return between.join(
            f"{name or unsaid} ({few if (place, 0) in closed else self.frame.number(n)})"
            for place, (name, n) in enumerate(listed[:SHOWN])
        )

    @cached_property
    def social(self) -> social.Found:
        return social.add_up(self.frame)

    @cached_property
    def places(self) -> int:
        """How many projects the frame holds."""
        return len(self.frame.project_ids) or Project.objects.filter(archived_at__isnull=True).count()

    @cached_property
    def ours(self) -> dict[str, Any]:
        return (
            promises.promises(self.frame)
            .filter(direction=Promise.Direction.OURS)
            .aggregate(
                total=Count("pk", distinct=True),
                proven=Count("pk", filter=Q(proofs__isnull=False), distinct=True),
            )
        )


def _groups(known: Known) -> Answer | None:
    return (
        Answer(known.groups, _("tags of the contacts who took part in conversations"))
        if known.groups
        else None
    )


def _topics(known: Known) -> Answer | None:
    return Answer(known.topics, _("tags of the conversations")) if known.topics else None


def _meaningful(known: Known) -> Answer | None:
    if not known.talks["total"]:
        return None
    text = _("%(people)s people in %(talks)s conversations, %(met)s of them meetings and visits") % {
        "people": known.frame.number(known.reached),
        "talks": known.frame.number(known.talks["total"]),
        "met": known.frame.number(known.talks["met"]),
    }
    return Answer(text, _("conversations and who took part"))


def _answered(known: Known) -> Answer | None:
    if not known.talks["asked"]:
        return None
    text = _("%(answered)s of %(asked)s conversations that asked for an answer are answered") % {
        "answered": known.frame.number(known.talks["answered"]),
        "asked": known.frame.number(known.talks["asked"]),
    }
    return Answer(text, _("conversations marked as waiting or answered"))


def _ways_in(known: Known) -> Answer | None:
    return (
        Answer(known.ways_in, _("conversations that came from outside or went both ways, by channel"))
        if known.ways_in
        else None
    )


def _commitments(known: Known) -> Answer | None:
    if not known.ours["total"]:
        return None
    text = _("%(total)s promises of ours on record, %(proven)s with proof") % {
        "total": known.frame.number(known.ours["total"]),
        "proven": known.frame.number(known.ours["proven"]),
    }
    return Answer(text, _("promise ledger"))


def _effectiveness(known: Known) -> Answer | None:
    if not known.kept.total:
        return None
    text = _("%(kept)s of %(total)s promises were kept in time (%(share)s)") % {
        "kept": known.frame.number(known.kept.kept),
        "total": known.frame.number(known.kept.total),
        "share": known.kept.words,
    }
    return Answer(text, _("promise ledger: what was settled or fell due in the period"))


def _handled(known: Known) -> Answer | None:
    """How grievances came in, what they are about, and whether they had a first word in time."""
    if (beyond := _beyond_level(known)) is not None:
        return beyond
    found = known.grievances
    if not (found.received or found.still_open or known.pages):
        return None
    parts = [_("grievances received: %(n)s") % {"n": known.frame.number(found.received)}]
    if found.received:
        parts.append(_("about: %(what)s") % {"what": known.groups_of(found.categories)})
        if len(found.projects) > 1:
            parts.append(_("in: %(where)s") % {"where": known.groups_of(found.projects)})
        parts.append(_("anonymous: %(n)s") % {"n": known.few(found.anonymous)})
    parts += _in_time(known, found.acknowledged, _("first word in time: %(good)s of %(all)s (%(share)s)"))
    parts.append(_("still open: %(n)s") % {"n": known.frame.number(found.still_open)})
    return Answer("; ".join(parts), _("register of grievances"))


def _in_time(known: Known, share: Share, words: str) -> list[str]:
    if not share.total:
        return []
    percent = format_percent(share.good / share.total, known.frame.language)
    return [
        words
        % {"good": known.frame.number(share.good), "all": known.frame.number(share.total), "share": percent}
    ]


def _beyond_level(known: Known) -> Answer | None:
    if known.frame.level >= pack(grievances.KIND).level:
        return None
    text = _("Grievances are confidential. Make this report up to that level to have their figures.")
    return Answer(text, "", counts=False)


def _concerns(known: Known) -> Answer | None:
    """The ways by which concerns come in: public pages, and conversations that ask for an answer."""
    answered = _answered(known)
    if not known.pages:
        return answered
    text = ngettext(
        "a public page in %(n)s project, also for those who stay anonymous",
        "public pages in %(n)s projects, also for those who stay anonymous",
        known.pages,
    ) % {"n": known.frame.number(known.pages)}
    basis = _("public pages that are switched on")
    if answered is None:
        return Answer(text, basis)
    return Answer(f"{text}; {answered.text}", f"{basis}; {answered.basis}")


def _works(known: Known) -> Answer | None:
    """What became of promises and of grievances."""
    own = _effectiveness(known)
    texts, bases = ([own.text], [own.basis]) if own else ([], [])
    if known.frame.level >= pack(grievances.KIND).level and (found := known.grievances).resolved.total:
        texts += _in_time(
            known, found.resolved, _("grievances answered in time: %(good)s of %(all)s (%(share)s)")
        )
        if found.median_days is not None:
            texts.append(_("median time: %(n)s business days") % {"n": known.frame.number(found.median_days)})
        texts.append(_("appeals: %(n)s") % {"n": known.few(found.appeals)})
        judged = found.satisfied
        if judged.total >= THRESHOLD:
            texts += _in_time(known, judged, _("satisfied with the outcome: %(good)s of %(all)s (%(share)s)"))
        elif judged.total:
            texts.append(_("fewer than 5 judged the outcome"))
        bases.append(_("register of grievances"))
    return Answer("; ".join(texts), "; ".join(bases)) if texts else None


def _told(known: Known) -> Answer | None:
    if not known.talks["outgoing"]:
        return None
    text = _("%(n)s messages, letters and calls went out from us") % {
        "n": known.frame.number(known.talks["outgoing"])
    }
    return Answer(text, _("conversations from us"))


def _sums(known: Known, purposes: Iterable[str]) -> str:
    """What was promised for these purposes, given in the period and still owed."""
    found = known.social.by_currency(purposes)
    words = (
        (_("%(amounts)s promised"), {currency: sums.promised for currency, sums in found.items()}),
        (_("%(amounts)s given in the period"), {currency: sums.given for currency, sums in found.items()}),
        (_("%(amounts)s still owed"), {currency: sums.owed for currency, sums in found.items()}),
    )
    told = [(text, social.together(known.frame, amounts)) for text, amounts in words]
    return ", ".join(text % {"amounts": amounts} for text, amounts in told if amounts)


def _supported(known: Known) -> Answer | None:
    """By purpose, what was promised to communities, given and is still owed."""
    told = [(Promise.Purpose(code).label, _sums(known, [code])) for code in SUPPORT]
    text = "; ".join(f"{label}: {sums}" for label, sums in told if sums)
    return Answer(text, _("our promises with an amount, by what they are for")) if text else None


def _how_given(known: Known) -> Answer | None:
    found = known.social.by_currency(SUPPORT)
    in_kind = social.together(known.frame, {currency: sums.in_kind for currency, sums in found.items()})
    paid = {currency: sums.given - sums.in_kind for currency, sums in found.items()}
    in_money = social.together(known.frame, paid)
    parts = [
        *([_("in kind: %(amounts)s") % {"amounts": in_kind}] if in_kind else []),
        *([_("in money: %(amounts)s") % {"amounts": in_money}] if in_money else []),
    ]
    return (
        Answer(
            "; ".join(parts),
            _("what was given in the period; whether anything is asked for it is not recorded"),
        )
        if parts
        else None
    )


def _programmes(known: Known) -> Answer | None:
    there = {place.project_id for place in known.social.sums if place.purpose in SUPPORT}
    if not there:
        return None
    text = ngettext(
        "promises with an amount to communities in %(n)s of %(total)s project",
        "promises with an amount to communities in %(n)s of %(total)s projects",
        known.places,
    ) % {"n": known.frame.number(len(there)), "total": known.frame.number(known.places)}
    return Answer(text, _("our promises with an amount, compensation not counted"))


def _compensation(known: Known) -> Answer | None:
    text = _sums(known, [Promise.Purpose.COMPENSATION])
    return Answer(text, _("our promises of compensation with an amount")) if text else None


SUPPORT = tuple(code for code in Promise.Purpose.values if code != Promise.Purpose.COMPENSATION)
"""What promises to communities are for, where nothing is put right with them."""

Line = tuple[str, str, Any, Callable[[Known], Answer | None] | None]
# Code of the plug-in place, number in the standard, what it asks in our words, what answers it from here.
GRI: tuple[Line, ...] = (
    ("gri-2-29-a-i", "2-29 a i", gettext_lazy("Which groups of stakeholders were engaged"), _groups),
    ("gri-2-29-a-i-how", "2-29 a i", gettext_lazy("How the groups are identified"), None),
    ("gri-2-29-a-ii", "2-29 a ii", gettext_lazy("What the engagement was about"), _topics),
    ("gri-2-29-a-iii", "2-29 a iii", gettext_lazy("How the engagement is made meaningful"), _meaningful),
    ("gri-2-25-a", "2-25 a", gettext_lazy("Commitments to put right what went wrong"), _commitments),
    ("gri-2-25-b", "2-25 b", gettext_lazy("Grievances: how they are received and handled"), _handled),
    ("gri-2-25-c", "2-25 c", gettext_lazy("Other ways in which harm is put right"), None),
    ("gri-2-25-d", "2-25 d", gettext_lazy("How those concerned take part in designing these ways"), None),
    ("gri-2-25-e", "2-25 e", gettext_lazy("How well it works"), _works),
    ("gri-2-26-a-i", "2-26 a i", gettext_lazy("How people can ask for advice"), _ways_in),
    ("gri-2-26-a-ii", "2-26 a ii", gettext_lazy("How people can raise concerns"), _concerns),
)
COMMUNITY: tuple[Line, ...] = (
    (
        "gri-203-1-a",
        "203-1 a",
        gettext_lazy("Infrastructure and services supported, and how far they are"),
        _supported,
    ),
    ("gri-203-1-b", "203-1 b", gettext_lazy("What they change for communities and the local economy"), None),
    ("gri-203-1-c", "203-1 c", gettext_lazy("Whether commercial, in kind or free of charge"), _how_given),
    ("gri-413-1-a-i", "413-1 a i–iii", gettext_lazy("Assessments of social and environmental impact"), None),
    (
        "gri-413-1-a-iv",
        "413-1 a iv",
        gettext_lazy("Programmes for the development of communities"),
        _programmes,
    ),
    ("gri-413-1-a-viii", "413-1 a viii", gettext_lazy("Formal ways for communities to complain"), _handled),
)
IFC: tuple[Line, ...] = (
    ("ifc-ps1-13", "PS1 13–15", gettext_lazy("Measures against harm: compensation"), _compensation),
    (
        "ifc-ps1-26",
        "PS1 26–27",
        gettext_lazy("Stakeholders identified, and planning of the engagement"),
        _groups,
    ),
    ("ifc-ps1-29", "PS1 29", gettext_lazy("Disclosure of information"), _told),
    ("ifc-ps1-30", "PS1 30", gettext_lazy("Consultation"), _meaningful),
    ("ifc-ps1-31", "PS1 31", gettext_lazy("Informed consultation and participation"), None),
    ("ifc-ps1-32", "PS1 32", gettext_lazy("Indigenous peoples"), None),
    ("ifc-ps1-34", "PS1 34", gettext_lazy("External communications: received, answered"), _answered),
    ("ifc-ps1-35", "PS1 35", gettext_lazy("Grievance mechanism for affected communities"), _handled),
    ("ifc-ps1-36", "PS1 36", gettext_lazy("Reporting back to affected communities"), _commitments),
)


TOTAL = len(GRI) + len(COMMUNITY) + len(IFC)


class Disclosures(Definition):
    code = "disclosures"
    label = gettext_lazy("GRI and IFC tables")
    description = gettext_lazy(
        "GRI 2-25, 2-26, 2-29, 203-1, 413-1 and IFC Performance Standard 1: what the records answer, from which records, and what is not recorded."
    )
    icon = "certificate"
    version = 3
    needs = ("conversations.view", "commitments.view", "contacts.view", "cases.view")
    past = (*engagement.PAST, Promises, Contributions, Proofs, Cases)
    days = 365

    def count(self, frame: Frame) -> int:
        return TOTAL

    def made_of(self, frame: Frame) -> Iterable[QuerySet[Any]]:
        kept, given = (found(frame).order_by().values("pk") for found in (promises.promises, social.promises))
        told = frame.within(Promise).filter(Q(pk__in=kept) | Q(pk__in=given))
        return [engagement.conversations(frame), told, grievances.grievances(frame)]

    def write(self, frame: Frame, out: Writer) -> Paper:
        known = Known(frame)
        answered = self._fill(known, out.table("gri", _("GRI 2: General disclosures"), self._columns()), GRI)
        communities = out.table("communities", _("GRI 203 and 413: Communities"), self._columns())
        answered += self._fill(known, communities, COMMUNITY)
        answered += self._fill(known, out.table("ifc", _("IFC Performance Standard 1"), self._columns()), IFC)
        return Paper(
            title=_("The records answer %(n)s of %(total)s points")
            % {
                "n": frame.number(answered),
                "total": frame.number(TOTAL),
            },
            figures=[
                Figure(frame.number(answered), _("answered from records")),
                Figure(frame.number(TOTAL - answered), _("not recorded here")),
            ],
            notes=[
                _("The questions are in our words; the standards themselves are with GRI and IFC."),
                engagement.small_counts_note(),
                _(
                    "Amounts stand in the currency in which they were promised. Those to fewer than five single people are not in the sums."
                ),
                grievances.in_time_note(),
            ],
        )

    @staticmethod
    def _fill(known: Known, rows: Rows, lines: tuple[Line, ...]) -> int:
        answered = 0
        for code, number, asked, own in lines:
            outside = registry.provider(PLACE, code)
            answer: Answer | None = outside(known.frame) if outside else None
            if answer is None and own is not None:
                answer = own(known)
            answered += answer is not None and answer.counts
            text = answer.text if answer else _("Not recorded here.")
            rows.add((number, str(asked), text, answer.basis if answer else ""))
        return answered

    @staticmethod
    def _columns() -> list[Column]:
        return [
            Column("number", _("Point"), share=0.8),
            Column("asked", _("Asked"), share=2.4),
            Column("answer", _("Answer"), share=3.6),
            Column("basis", _("Worked out from"), share=2.2),
        ]
