"""The tables of a report as they stood at an earlier moment, and never more of them than may be seen today."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from enishi.reports.framing import Definition, Frame
from enishi.reports.queries.frames import ReportError
from enishi.timeline.models import Entry
from enishi.timeline.past import Untold, standing


@contextmanager
def as_it_stood(definition: Definition, frame: Frame) -> Iterator[None]:
    """Let a definition read what stood at the moment of the frame. Raises ReportError where the history does not tell it."""
    if not frame.past:
        yield
        return
    try:
        with standing([past() for past in definition.past], frame.now, _Today(frame)):
            yield
    except Untold:
        raise ReportError(
            _("The history does not say enough of what changed since that day. Choose a later one."), "as_of"
        ) from None


class _Today:
    """What the maker may see within the frame today. Rows that are gone stand where the history of them stands."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def visible(self, model: type[models.Model]) -> models.QuerySet[Any]:
        return self.frame.within(model) if hasattr(model, "view_right") else model._default_manager.all()

    def gone(self, model: type[models.Model], ids: Collection[int]) -> set[int]:
        if not hasattr(model, "view_right"):
            return set(ids)
        kind = model._meta.label_lower
        allowed = self.frame.seen_of(model, Entry)
        entries = Entry.objects.visible_to(self.frame.actor).filter(allowed, subject_type=kind)
        return set(entries.filter(subject_id__in=list(ids)).values_list("subject_id", flat=True))
