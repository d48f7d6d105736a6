"""What the history and the timelines keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.core import events
from enishi.core.personal import Chapter, Fate, Keeper, Subject, Table
from enishi.timeline import words
from enishi.timeline.models import Entry, Item
from enishi.timeline.queries import readable

MOST_ENTRIES = 20_000


class TimelineKeeper(Keeper):
    """Entries stay and are proved; what they say of the person is taken out of them (``timeline.redaction``)."""

    code = "timeline"
    order = 90
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Entry, ("party_id",), Fate.STAYS, _("Entries of the history, without what they said")),
        Table(Item, ("party_id",), Fate.STAYS, _("Places on the timeline"), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        about = {"subject_type": "contacts.party", "subject_id__in": subject.party_ids}
        every = Entry.objects.unscoped("a count of what is left out").filter(**about).count()
        told = list(readable(actor).filter(**about).order_by("pk")[:MOST_ENTRIES])
        rows: list[dict[str, Any]] = []
        for entry in told:
            head = {"at": entry.at, "what": str(events.label(entry.event)), "event": entry.event}
            labels = words.labels(entry)
            rows += [
                {**head, "field": labels[name], "name": name, "before": before, "after": after}
                for name, (before, after) in entry.changes.items()
            ] or [head]
        yield Chapter(
            "history",
            _("What was recorded and changed"),
            rows,
            {
                "at": _("when"),
                "what": _("what"),
                "field": _("field"),
                "before": _("before"),
                "after": _("after"),
            },
            withheld=every - len(told),
        )
