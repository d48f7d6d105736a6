"""The rows of the contact list. A page has hundreds of cells, so they are put together here and cost no template each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor, Level
from enishi.accounts.models import LANGUAGES
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.queries.columns import OWN, Row
from enishi.contacts.queries.naming import shown_name
from enishi.contacts.queries.whole import plain_value
from enishi.core import clock
from enishi.core.registry import Shown
from enishi.core.templatetags.enishi import avatar, format_date, icon, party_name, when

EDITABLE = {"owner", "status"}
EDIT = "contacts.edit"
CHANNELS = {
    "call": "phone",
    "email": "mail",
    "meeting": "users",
    "visit": "map-pin",
    "letter": "mailbox",
    "chat": "message-circle",
}
_TONES = {Party.Status.ACTIVE: "", Party.Status.INACTIVE: "warn", Party.Status.DECEASED: "bad"}
_USELESS = {ContactPoint.Status.BOUNCED, ContactPoint.Status.WRONG, ContactPoint.Status.REFUSED}
SHORT = frozenset({"status", "kind", "language"})
"""Columns that hold a word: what they leave free goes to the others."""
_SCHEMES = {"email": "mailto", "phone": "tel"}


class Rows:
    """Draws the rows of one page for one reader; words and addresses are worked out once."""

    def __init__(self, actor: Actor, columns: Sequence[str], *, pick: bool = False) -> None:
        self._actor, self._columns, self._pick = actor, columns, pick
        self._language = get_language() or "en"
        # One address worked out, the number put in for each row.
        self._party = reverse("contacts:party", args=[0]).replace("/0/", "/{}/")
        self._select, self._assign, self._never = (
            _("Select %(name)s"),
            escape(_("Assign")),
            escape(pgettext("last contact", "never")),
        )
        self._now = timezone.localtime(clock.now())
        self._may: dict[tuple[tuple[int, ...], int | None], bool] = {}
        self._seconds = [c for c in ("next_promise", "organisation", *columns[1:2]) if c in columns]

    def row(self, row: Row) -> SafeString:
        party = row.party
        name = shown_name(party, self._language)
        cells = [self._picker(party, name.text)] if self._pick else []
        may = self._may_change(party)
        drawn = {code: self.cell(row, code, may=may) for code in self._columns if code != "name"}
        # On a phone a row has two lines: the name, and the first of these that says something.
        second = next((code for code in self._seconds if drawn.get(code)), "")
        for code in self._columns:
            place = {"name": "main", second: "second", "last_contact": "aside"}.get(code, "")
            html = self._name(party, name) if code == "name" else drawn[code]
            cells.append(f'<td class="{place}">{html}</td>' if place else f"<td>{html}</td>")
        return SafeString(f"<tr>{''.join(cells)}</tr>")

    def _picker(self, party: Party, name: str) -> str:
        label = escape(self._select % {"name": name})
        return (
            '<td class="pick"><input class="form-check-input" type="checkbox" form="people-form" name="id"'
            f' value="{party.pk}" data-select aria-label="{label}"></td>'
        )

    def _may_change(self, party: Party) -> bool:
        key = (tuple(party.project_ids), party.owner_id)
        if key not in self._may:
            self._may[key] = self._actor.may(EDIT, party)
        return self._may[key]

    def _name(self, party: Party, name: Any) -> str:
        sealed = ""
        if party.confidentiality >= Level.CONFIDENTIAL:
            level = escape(str(party.get_confidentiality_display()))
            sealed = f' <span class="en-tag sealed">{icon("lock")}{level}</span>'
        words = party_name(name.text, name.lang, name.others[:1], self._party.format(party.pk))
        return (
            f'<span class="nm">{avatar(name.text, party.pk, party.kind)}<span>{words}{sealed}</span></span>'
        )

    def cell(self, row: Row, code: str, *, may: bool = False) -> SafeString:
        """What one cell says; owner and status open an editor for who may change them."""
        if code in row.added:
            shown = row.added[code]
            if isinstance(shown, Shown):
                return render_to_string(shown.template, shown.context)
            return SafeString(shown if isinstance(shown, SafeString) else escape(shown))
        if code.startswith(OWN):
            return SafeString(self._own(row, code.removeprefix(OWN)))
        draw = self._DRAWN.get(code)
        said = draw(self, row) if draw else ""
        if may and code in EDITABLE:
            url = f"{self._party.format(row.party.pk)}cell/{code}/"
            said = (
                f'<a class="btn btn-quiet btn-xs" href="{url}" hx-get="{url}" hx-target="closest td"'
                f' hx-swap="outerHTML">{said or self._assign}</a>'
            )
        return SafeString(said)

    def _organisation(self, row: Row) -> str:
        if not row.organisation_id:
            return ""
        title = f' <small class="en-dim"><bdi>{escape(row.title)}</bdi></small>' if row.title else ""
        url = self._party.format(row.organisation_id)
        return f'<span class="clip"><a href="{url}"><bdi>{escape(row.organisation)}</bdi></a>{title}</span>'

    def _email(self, row: Row) -> str:
        return _point(row.points.get("email"))

    def _phone(self, row: Row) -> str:
        return _point(row.points.get("phone"))

    def _city(self, row: Row) -> str:
        point = row.points.get("address")
        return f"<bdi>{escape(str(point.parts.get('city') or point.value))}</bdi>" if point else ""

    def _tags(self, row: Row) -> str:
        return " ".join(
            f'<span class="en-tag" title="{escape(path)}"><bdi>{escape(path.rpartition(" / ")[2])}</bdi></span>'
            for path in row.tags
        )

    def _status(self, row: Row) -> str:
        return _status_tag(row.party.status, self._language)

    def _last_contact(self, row: Row) -> str:
        if row.party.last_contact_at is None:
            return f'<span class="en-dim">{self._never}</span>'
        sign = icon(CHANNELS.get(row.party.last_channel, "message"))
        return f'<span class="en-lane">{sign}{when(row.party.last_contact_at, now=self._now)}</span>'

    def _owner(self, row: Row) -> str:
        owner = row.party.owner
        if owner is None:
            return ""
        return f'{avatar(str(owner), owner.pk, size="s")}<span class="en-clip"><bdi>{escape(str(owner))}</bdi></span>'

    def _kind(self, row: Row) -> str:
        return escape(str(row.party.get_kind_display()))

    def _spoken(self, row: Row) -> str:
        return escape(str(dict(LANGUAGES).get(row.party.language, row.party.language)))

    def _created(self, row: Row) -> str:
        return when(row.party.created_at, now=self._now)

    def _changed(self, row: Row) -> str:
        return when(row.party.updated_at, now=self._now)

    def _own(self, row: Row, code: str) -> str:
        said = []
        for value in row.values.get(code, []):
            if value.person is not None:
                said.append(str(value.person))
            elif value.date is not None:
                said.append(format_date(value.date))
            elif value.flag is not None:
                said.append(_("yes") if value.flag else _("no"))
            else:
                said.append(str(plain_value(value)))
        return (
            f'<span class="clip">{", ".join(f"<bdi>{escape(text)}</bdi>" for text in said)}</span>'
            if said
            else ""
        )

    _DRAWN: dict[str, Callable[[Rows, Row], str]] = {
        "kind": _kind,
        "organisation": _organisation,
        "email": _email,
        "phone": _phone,
        "city": _city,
        "tags": _tags,
        "status": _status,
        "last_contact": _last_contact,
        "owner": _owner,
        "language": _spoken,
        "created": _created,
        "changed": _changed,
    }


def heads(found: Iterable[Mapping[str, Any]]) -> SafeString:
    """The heads of the columns, the sorted one with its direction; a link sorts, or turns the order round."""
    drawn = []
    for head in found:
        label, order = escape(str(head["label"])), head.get("sort", "")
        if url := escape(head.get("url", "")):
            sign = f" {icon('arrow-up' if order == 'ascending' else 'arrow-down')}" if order else ""
            label = (
                f'<a href="{url}" hx-get="{url}" hx-target="#main" hx-select="#main" hx-swap="outerHTML"'
                f' hx-push-url="true">{label}{sign}</a>'
            )
        said = f' aria-sort="{order}"' if order else ""
        look = ' class="short"' if head.get("code") in SHORT else ""
        drawn.append(f'<th scope="col"{look}{said}>{label}</th>')
    return SafeString("".join(drawn))


def chooser(offered: Iterable[tuple[str, Any, bool]]) -> SafeString:
    """A checkbox for each column: code, label, whether it is shown."""
    return SafeString(
        "".join(
            '<li><label><input class="form-check-input" type="checkbox" name="column"'
            f' value="{escape(code)}"{" checked" if on else ""}>{escape(str(label))}</label></li>'
            for code, label, on in offered
        )
    )


def hidden(params: Mapping[str, str]) -> SafeString:
    """The list as hidden fields: five forms of the page carry it."""
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', params.items())


def _point(point: ContactPoint | None) -> str:
    if point is None:
        return ""
    value = escape(point.value)
    if point.status in _USELESS:
        return f'<s class="en-ltr en-dim" title="{escape(str(point.get_status_display()))}">{value}</s>'
    return f'<a class="en-ltr" href="{_SCHEMES[point.kind]}:{value}">{value}</a>'


@lru_cache(64)
def _status_tag(status: str, language: str) -> str:
    found = Party.Status(status)
    return f'<span class="en-tag {_TONES[found]}">{escape(str(found.label))}</span>'
