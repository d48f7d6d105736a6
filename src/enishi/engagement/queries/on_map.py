"""The map of contacts coloured by how people were rated in a project on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy, pgettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.queries.colours import Colouring, Shade
from enishi.engagement.models import Position, Step
from enishi.engagement.queries.people import ratings

VIEW = "engagement.view"
MOST = 50
"""So many projects are offered where none is chosen."""

# Signs and words say what the colours say.
POSITIONS = (
    Shade((Position.OPPOSED,), "t-against", "▼", pgettext_lazy("position", "against")),
    Shade((Position.WORRIED,), "t-worried", "▽", pgettext_lazy("position", "worried")),
    Shade((Position.NEUTRAL,), "t-neutral", "◆", pgettext_lazy("position", "neutral")),
    Shade((Position.FAVOURABLE, Position.SUPPORTIVE), "t-for", "▲", pgettext_lazy("position", "for")),
    Shade((None,), "t-unknown", "?", pgettext_lazy("position", "not known")),
)
INFLUENCES = (
    *(
        Shade((step,), f"t-step{step}", sign, step.label)
        for step, sign in zip(reversed(Step), "█▆▄▂▁", strict=True)
    ),
    Shade((None,), "t-unknown", "?", gettext_lazy("Not rated yet")),
)
FIELDS = {
    "position": (gettext_lazy("Position"), POSITIONS),
    "influence": (gettext_lazy("Influence"), INFLUENCES),
}


class RatingColours:
    """Position and influence in each project in which the reader sees ratings: ``7:position``."""

    def choices(self, actor: Actor, project_id: int | None) -> Sequence[tuple[str, str]]:
        projects = accounts.projects(actor, VIEW)
        listed = projects.filter(pk=project_id) if project_id is not None else projects[:MOST]
        return [
            (f"{project.pk}:{name}", f"{project.name}: {label}")
            for project in listed
            for name, (label, _shades) in FIELDS.items()
        ]

    def find(self, actor: Actor, code: str, day: dt.date) -> Colouring | None:
        written, _colon, name = code.partition(":")
        if name not in FIELDS or not written.isdecimal() or len(written) > 18:
            return None
        project = accounts.projects(actor, VIEW).filter(pk=int(written)).first()
        if project is None:
            return None
        label, shades = FIELDS[name]
        held = ratings(actor).filter(project=project, rated_on__lte=day, party=OuterRef("party_id"))
        value = Subquery(held.order_by("-rated_on").values(name)[:1])
        words = f"{project.name}: {label}"
        return Colouring(code, words, shades, value, day)
