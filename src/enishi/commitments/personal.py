"""What promises and tasks keep about people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.commitments.models import Contribution, Promise, Proof, Series, Source, Task
from enishi.commitments.services import index_of_party
from enishi.commitments.services.giving import NOTES
from enishi.core.formats import counted
from enishi.core.personal import (
    STRUCK,
    Chapter,
    Emptied,
    Fate,
    Hindrance,
    Keeper,
    Subject,
    Table,
    labels_of,
    plain_row,
)

_PROMISE = (
    "direction", "title", "detail", "due_at", "state", "done_at", "settled_at", "outcome", "quote", "said_at", "created_at", "amount",
    "currency", "purpose",
)  # fmt: skip
_GIVEN = ("day", "amount", "currency", "in_kind", "note")
_TASK = ("title", "detail", "due_at", "done_at", "quote", "created_at")


class CommitmentsKeeper(Keeper):
    """Promises and tasks stay and count; what was said and noted around them goes."""

    code = "commitments"
    order = 30
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            Promise,
            ("party",),
            Fate.STAYS,
            _("Promises, without their words"),
            clears=("detail", "quote", "outcome"),
        ),
        Table(Task, ("party",), Fate.STAYS, _("Tasks, without their words"), clears=("detail", "quote")),
        Table(
            Source,
            ("authority",),
            Fate.STAYS,
            _("Documents of which they are the authority"),
            shown=False,
        ),
        Table(
            Contribution,
            ("promise__party",),
            Fate.STAYS,
            _("What was given of promises, without the notes"),
            clears=("note",),
            shown=False,
        ),
        Table(Proof, ("promise__party",), Fate.STAYS, _("Proofs of promises"), shown=False),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        ids = subject.party_ids
        promises = Promise.objects.visible_to(actor).filter(party__in=ids).order_by("created_at", "pk")
        every = Promise.objects.unscoped("a count of what is left out").filter(party__in=ids).count()
        rows = [_told(promise, _PROMISE) for promise in promises]
        labels = {name: _promise_label(name) for name in _PROMISE}
        yield Chapter("promises", _("Promises"), rows, labels, every - len(rows), model=Promise)
        given = Contribution.objects.filter(promise__in=promises).select_related("promise")
        every = Contribution.objects.filter(promise__party__in=ids).count()
        rows = [{"promise": row.promise.title, **_told(row, _GIVEN)} for row in given.order_by("day", "pk")]
        labels = {"promise": _("promise"), **labels_of(Contribution, _GIVEN)}
        yield Chapter("given", _("What was given"), rows, labels, every - len(rows), model=Contribution)
        tasks = Task.objects.visible_to(actor).filter(party__in=ids).order_by("created_at", "pk")
        every = Task.objects.unscoped("a count of what is left out").filter(party__in=ids).count()
        rows = [plain_row(task, _TASK) for task in tasks]
        labels = {name: _promise_label(name) for name in _TASK} | labels_of(Task, ("title",))
        yield Chapter("tasks", _("Tasks"), rows, labels, every - len(rows), model=Task)

    def prevents(self, actor: Actor, subject: Subject) -> Iterable[Hindrance]:
        ids = subject.party_ids
        url = f"{reverse('contacts:party', args=[subject.party_id])}"
        promises = Promise.objects.unscoped("what is owed, whoever may see it")
        if count := promises.filter(party__in=ids, state=Promise.State.OPEN).count():
            words = ngettext(
                "%(count)s promise is still open. Settle or waive it first.",
                "%(count)s promises are still open. Settle or waive them first.",
                count,
            )
            yield Hindrance(words % {"count": counted(count)}, url)
        tasks = Task.objects.unscoped("what is to be done, whoever may see it")
        if count := tasks.filter(party__in=ids, done_at__isnull=True).count():
            words = ngettext(
                "%(count)s task is still open. Finish or delete it first.",
                "%(count)s tasks are still open. Finish or delete them first.",
                count,
            )
            yield Hindrance(words % {"count": counted(count)}, url)
        running = Series.objects.unscoped("what comes back, whoever may see it")
        if running.filter(template__party_id__in=list(ids), ended_at__isnull=True).exists():
            yield Hindrance(
                gettext("Something that repeats is still made for this person. Stop it first."), url
            )

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        mine = Promise.objects.unscoped("of somebody who is erased").filter(party__in=subject.party_ids)
        self._promises = list(mine.values_list("pk", flat=True))
        Proof.objects.filter(promise__party__in=subject.party_ids).exclude(text="").update(text=STRUCK)
        return ()

    def emptied(self) -> Iterable[Emptied]:
        """Notes on what was given stand in the history of the promise."""
        yield Emptied(Promise, frozenset(self._promises), frozenset(NOTES))

    def finish(self, subject: Subject) -> None:
        for party_id in subject.party_ids:
            index_of_party(party_id)


def _told(row: Promise | Contribution, names: Iterable[str]) -> dict[str, Any]:
    """A row with its amount written exactly."""
    return {**plain_row(row, names), **({"amount": row.money.amount} if row.money else {})}


def _promise_label(name: str) -> object:
    own = {"quote": _("words"), "said_at": _("said"), "created_at": _("written down"), "done_at": _("done")}
    return own.get(name) or labels_of(Promise, (name,))[name]
