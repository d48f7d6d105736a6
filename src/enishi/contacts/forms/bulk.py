"""What a request says about many contacts: which, what to change, to what."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from enishi.contacts.forms.lists import State
from enishi.contacts.services import ContactError
from enishi.contacts.services.bulk import Selection
from enishi.core.parameters import numbers

MOST = 10_000


def read_selection(data: QueryDict, state: State) -> Selection:
    """Everybody that the list shows (``all``), or the chosen rows; raises ContactError when there are none."""
    if data.get("all"):
        return Selection(spec=state.spec)
    ids = sorted(set(numbers(data.getlist("id")[:MOST])))
    if not ids:
        raise ContactError(_("Choose at least one contact in the list first."))
    return Selection(ids=tuple(ids))


def read_value(data: QueryDict) -> Any:
    """The value asked for: several for several choices; None while it was not asked yet."""
    if data.get("code") == "delete":
        return ""
    values = data.getlist("value")
    if not values:
        return [] if "valued" in data else None
    return values if len(values) > 1 else values[0]


def repeated(data: QueryDict) -> list[tuple[str, str]]:
    """Which contacts were meant, as hidden fields of the next step."""
    if data.get("all"):
        return [("all", "1")]
    return [("id", str(pk)) for pk in numbers(data.getlist("id")[:MOST])]
