"""The cells of the contact list. A page has hundreds, so they are put together here and cost no template each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.columns import OWN, Row
from enishi.contacts.queries.naming import shown_name
from enishi.contacts.queries.whole import plain_value
from enishi.core.registry import Shown
from enishi.core.templatetags.enishi import avatar, format_date, icon, party_name, when

EDITABLE = {"owner", "status"}
CHANNELS = {
    "call": "phone",
    "email": "mail",
    "meeting": "users",
    "visit": "map-pin",
    "letter": "mailbox",
    "chat": "message-circle",
}
_NOTHING = mark_safe("")


@dataclass(frozen=True)
class Cell:
    css: str
    html: SafeString


@dataclass(frozen=True)
class Line:
    party: Party
    name: str
    cells: Sequence[Cell]


def line(actor: Actor, row: Row, columns: Sequence[str]) -> Line:
    """One row of the table."""
    party, may = row.party, actor.may("contacts.edit", row.party.project_ids)
    shown = shown_name(party, get_language() or "en")
    second = next(
        (c for c in ("next_promise", "organisation") if c in columns), columns[1] if columns[1:] else ""
    )
    cells = [
        Cell("main", _name(party, shown))
        if code == "name"
        else Cell(
            "second" if code == second else "aside" if code == "last_contact" else "",
            cell(row, code, may=may),
        )
        for code in columns
    ]
    return Line(party, shown.text, cells)


def _name(party: Party, shown: Any) -> SafeString:
    url = reverse("contacts:party", args=[party.pk])
    sealed = _NOTHING
    if party.confidentiality >= Level.CONFIDENTIAL:
        sealed = format_html(
            ' <span class="en-tag sealed">{}{}</span>', icon("lock"), party.get_confidentiality_display()
        )
    return format_html(
        '<span class="nm">{}<span>{}{}</span></span>',
        avatar(shown.text, party.pk, party.kind),
        party_name(shown.text, shown.lang, shown.others[:1], url),
        sealed,
    )


def cell(row: Row, code: str, *, may: bool = False) -> SafeString:
    """What one cell says; owner and status open an editor for who may change them."""
    if code in row.added:
        shown = row.added[code]
        return _drawn(shown) if isinstance(shown, Shown) else format_html("{}", shown)
    if code.startswith(OWN):
        return _own(row, code.removeprefix(OWN))
    draw = _CELLS.get(code)
    said = draw(row) if draw else _NOTHING
    if not may or code not in EDITABLE:
        return said or _NOTHING
    return format_html(
        '<a class="btn btn-quiet btn-xs" href="{0}" hx-get="{0}" hx-target="closest td" hx-swap="outerHTML">{1}</a>',
        reverse("contacts:cell", args=[row.party.pk, code]),
        said or (_("Assign") if code == "owner" else said),
    )


def _drawn(shown: Shown) -> SafeString:
    return render_to_string(shown.template, shown.context)


def _organisation(row: Row) -> SafeString:
    if not row.organisation_id:
        return _NOTHING
    url = reverse("contacts:party", args=[row.organisation_id])
    title = format_html(' <small class="en-dim"><bdi>{}</bdi></small>', row.title) if row.title else _NOTHING
    return format_html(
        '<span class="clip"><a href="{}"><bdi>{}</bdi></a>{}</span>', url, row.organisation, title
    )


def _point(kind: str, scheme: str = "") -> Callable[[Row], SafeString]:
    def draw(row: Row) -> SafeString:
        point = row.points.get(kind)
        if point is None:
            return _NOTHING
        useless = point.status in (
            ContactPoint.Status.BOUNCED,
            ContactPoint.Status.WRONG,
            ContactPoint.Status.REFUSED,
        )
        if useless:
            return format_html(
                '<s class="en-ltr en-dim" title="{}">{}</s>', point.get_status_display(), point.value
            )
        return format_html('<a class="en-ltr" href="{}:{}">{}</a>', scheme, point.value, point.value)

    return draw


def _city(row: Row) -> SafeString:
    point = row.points.get("address")
    return format_html("<bdi>{}</bdi>", point.parts.get("city") or point.value) if point else _NOTHING


def _tags(row: Row) -> SafeString:
    return format_html_join(
        " ",
        '<span class="en-tag" title="{}"><bdi>{}</bdi></span>',
        ((path, path.rpartition(" / ")[2]) for path in row.tags),
    )


def _status(row: Row) -> SafeString:
    tone = {Party.Status.ACTIVE: "", Party.Status.INACTIVE: "warn", Party.Status.DECEASED: "bad"}
    return format_html(
        '<span class="en-tag {}">{}</span>',
        tone[Party.Status(row.party.status)],
        row.party.get_status_display(),
    )


def _last_contact(row: Row) -> SafeString:
    if row.party.last_contact_at is None:
        return format_html('<span class="en-dim">{}</span>', _("never"))
    sign = CHANNELS.get(row.party.last_channel, "message")
    return format_html('<span class="en-lane">{}{}</span>', icon(sign), when(row.party.last_contact_at))


def _owner(row: Row) -> SafeString:
    owner = row.party.owner
    if owner is None:
        return _NOTHING
    return format_html('{}<span class="en-clip">{}</span>', avatar(str(owner), owner.pk, size="s"), owner)


def _language(row: Row) -> SafeString:
    return format_html("{}", dict(LANGUAGES).get(row.party.language, row.party.language))


def _own(row: Row, code: str) -> SafeString:
    said = []
    for value in row.values.get(code, []):
        if value.person is not None:
            said.append(format_html("<bdi>{}</bdi>", value.person))
        elif value.date is not None:
            said.append(format_html("{}", format_date(value.date)))
        elif value.flag is not None:
            said.append(format_html("{}", _("yes") if value.flag else _("no")))
        else:
            said.append(format_html("<bdi>{}</bdi>", plain_value(value)))
    return format_html(
        '<span class="clip">{}</span>', format_html_join(", ", "{}", ((part,) for part in said))
    )


_CELLS: dict[str, Callable[[Row], SafeString]] = {
    "kind": lambda row: format_html("{}", row.party.get_kind_display()),
    "organisation": _organisation,
    "email": _point("email", "mailto"),
    "phone": _point("phone", "tel"),
    "city": _city,
    "tags": _tags,
    "status": _status,
    "last_contact": _last_contact,
    "owner": _owner,
    "language": _language,
    "created": lambda row: when(row.party.created_at),
    "changed": lambda row: when(row.party.updated_at),
}
