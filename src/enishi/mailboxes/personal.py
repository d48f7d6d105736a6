"""What answers on their way keep about people: copies of files. The answers themselves go with the words of what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.content.personal import only_theirs
from enishi.core.personal import Fate, Keeper, Subject, Table
from enishi.mailboxes import services
from enishi.mailboxes.models import Enclosure


class MailboxesKeeper(Keeper):
    """Before their files go, answers lose the copies that were to go with them; such an answer is not sent."""

    code = "mailboxes"
    order = 30
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Enclosure, (), Fate.STAYS, _("Files of answers"), blobs=("sha256",), shown=False),
    )

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        return services.forget_erased(only_theirs(subject.party_ids).values_list("pk", flat=True))
