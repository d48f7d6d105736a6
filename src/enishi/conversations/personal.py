"""What conversations keep about people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.content.models import File, FileVersion
from enishi.conversations.models import (
    Bounce,
    Interaction,
    Invitation,
    Invitee,
    MailMessage,
    Participant,
    UnknownSender,
)
from enishi.conversations.queries.interactions import present, visible_participants
from enishi.conversations.services.silencing import drop_archives, silence
from enishi.conversations.services.upkeep import show
from enishi.core.personal import (
    STRUCK,
    Chapter,
    Emptied,
    Fate,
    Given,
    Keeper,
    Share,
    Subject,
    Table,
    labels_of,
    plain_row,
)

_TALK = ("occurred_at", "channel", "direction", "minutes", "subject", "text", "place")
_INVITED = ("title", "starts_at", "place", "text")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WHY = "whoever may see it: about somebody who is erased"


class ConversationsKeeper(Keeper):
    """Talks stay and count; their words go where nobody else from outside took part."""

    code = "conversations"
    order = 20
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            Interaction,
            ("participants__party",),
            Fate.STAYS,
            _("Conversations, with an erased person"),
        ),
        Table(
            Participant, ("party",), Fate.STAYS, _("Participants"), clears=("name", "address"), shown=False
        ),
        Table(
            MailMessage,
            ("interaction__participants__party",),
            Fate.STAYS,
            _("Headers of e-mails"),
            shown=False,
        ),
        Table(UnknownSender, ("party",), Fate.GOES, _("Senders to look at"), shown=False),
        Table(Invitee, ("party",), Fate.GOES, _("Invitations with their answers"), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        ids = list[int | None](subject.party_ids)
        mine = Exists(Participant.objects.filter(interaction=OuterRef("pk"), party__in=ids))
        talks = list(present(actor).filter(mine).order_by("occurred_at", "pk"))
        every = Interaction.objects.unscoped("a count of what is left out").present().filter(mine).count()
        known = [talk.pk for talk in talks]
        people: dict[int, list[str]] = {pk: [] for pk in known}
        for one in visible_participants(actor, known):
            people[one.interaction_id].append(self._who(one, ids))
        yield Chapter(
            "conversations",
            _("Conversations"),
            [
                {**self._row(talk, subject), "people": sorted(people[talk.pk], key=str.casefold)}
                for talk in talks
            ],
            {**labels_of(Interaction, _TALK), "people": _("people")},
            every - len(known),
            self._files(actor, known),
            Interaction,
        )

        yield self._invitations(subject, known)

    def _invitations(self, subject: Subject, talk_ids: Sequence[int]) -> Chapter:
        mine = Invitee.objects.filter(party__in=subject.party_ids)
        rows = mine.filter(invitation__in=talk_ids).select_related("invitation").order_by("pk")
        told = [
            {**plain_row(one.invitation, _INVITED), **plain_row(one, ("answer", "note", "answered_at"))}
            for one in rows
        ]
        labels = {
            **labels_of(Invitation, _INVITED),
            **labels_of(Invitee, ("answer", "note")),
            "answered_at": _("answered"),
        }
        return Chapter("invitations", _("Invitations"), told, labels, mine.count() - len(told), model=Invitee)

    def _row(self, talk: Interaction, subject: Subject) -> dict[str, Any]:
        own = {address.casefold() for address in subject.addresses}
        row = plain_row(talk, _TALK)
        for name in ("subject", "text"):
            if name in row:
                row[name] = _MAIL.sub(lambda m: m[0] if m[0].casefold() in own else "…", row[name])
        return row

    def _who(self, one: Participant, ids: Sequence[int | None]) -> str:
        """Who else took part is not theirs to be told: a colleague of ours, or another person."""
        if one.party_id in ids:
            return gettext("themselves")
        return gettext("one of us") if one.user_id else gettext("another person")

    def _files(self, actor: Actor, talk_ids: Iterable[int]) -> list[Given]:
        held = File.objects.visible_to(actor).filter(
            attachments__interaction__in=list(talk_ids), deleted_at__isnull=True
        )
        versions = FileVersion.objects.filter(file__in=held).order_by("file_id", "-number")
        newest = versions.distinct("file_id").values_list("file__name", "sha256")
        return [Given(name, sha256) for name, sha256 in newest]

    def goes(self, subject: Subject) -> Iterable[Share]:
        return [
            Share(_("Words of conversations with nobody else from outside"), self._alone(subject).count())
        ]

    def _talks(self, subject: Subject) -> QuerySet[Interaction]:
        mine = Participant.objects.filter(interaction=OuterRef("pk"), party__in=subject.party_ids)
        return Interaction.objects.unscoped(_WHY).filter(Exists(mine))

    def _alone(self, subject: Subject) -> QuerySet[Interaction]:
        """Talks in which nobody else from outside took part: what was said there is about them."""
        others = Participant.objects.filter(interaction=OuterRef("pk"), user__isnull=True)
        theirs = Q(party__in=subject.party_ids) | Q(party__isnull=True, address__in=_spellings(subject))
        return self._talks(subject).filter(~Exists(others.exclude(theirs)))

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        self._mine = list(self._talks(subject).values_list("pk", flat=True))
        alone = list(self._alone(subject).values_list("pk", flat=True))
        gone = drop_archives(self._mine)
        silenced = silence(alone)
        gone += silenced.hashes
        self._emptied = silenced.emptied
        Bounce.objects.filter(address__in=_spellings(subject)).update(address=STRUCK)
        UnknownSender.objects.unscoped(_WHY).filter(address__in=_spellings(subject)).delete()
        Participant.objects.filter(party__isnull=True, address__in=_spellings(subject)).update(
            address="", name=STRUCK
        )
        return gone

    def emptied(self) -> Iterable[Emptied]:
        return self._emptied

    def finish(self, subject: Subject) -> None:
        for talk in Interaction.objects.unscoped(_WHY).present().filter(pk__in=self._mine):
            show(talk)


def _spellings(subject: Subject) -> list[str]:
    return sorted({form for address in subject.addresses for form in (address, address.lower()) if form})
