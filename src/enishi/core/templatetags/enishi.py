"""The small signs of the interface, as tags: a list page draws hundreds of them, so they cost no template each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any
from unicodedata import bidirectional
from zlib import crc32

import jdatetime
from django import forms, template
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.template.base import token_kwargs
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.core import clock, formats, money
from enishi.core.dates import DateError, parse_date
from enishi.core.documents import Chart
from enishi.core.money import Money
from enishi.core.registry import Shown

register = template.Library()

HUES = 7
# Scripts whose names are known by their first sign, not by the initials of each word.
_ONE_SIGN = (
    (0x0590, 0x08FF),
    (0x2E80, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFDFF),
    (0xFE70, 0xFEFF),
    (0x20000, 0x3FFFF),
)
_RTL_LANGUAGES = frozenset({"ar", "fa", "he", "ur", "ps", "ckb"})

# state: (symbol, tone or "" for the tint of its direction, word)
_KNOTS: dict[str, tuple[str, str, Any]] = {
    "heard": ("k-heard", "dim", gettext_lazy("heard, not confirmed")),
    "open": ("k-open", "", gettext_lazy("open")),
    "doing": ("k-doing", "", gettext_lazy("being done")),
    "proof": ("k-open", "good", gettext_lazy("waits for proof")),
    "late": ("k-late", "bad", gettext_lazy("late")),
    "kept": ("k-kept", "good", gettext_lazy("kept")),
    "kept_late": ("k-kept", "warn", gettext_lazy("kept late")),
    "broken": ("k-cut", "bad", gettext_lazy("broken")),
    "waived": ("k-cut", "dim", gettext_lazy("waived")),
}


@cache
def _sprite() -> str:
    return static("dist/icons.svg")


@cache
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="en-i{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {css}" if css else "",
        _sprite(),
        name,
    )


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """One symbol of the sprite. Without a label it is decoration; `css` takes `en-flip` for signs that follow the script."""
    if not label:
        return _icon(name, css)
    return format_html(
        '<svg class="en-i {}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
        css,
        label,
        _sprite(),
        name,
    )


@register.simple_tag
def knot(state: str, side: str = "ours", quiet: bool = False, label: str = "") -> SafeString:
    """The sign of a promise. `quiet` hides it from screen readers where the same word stands beside it."""
    return _knot(state, side, "" if quiet else label or str(_KNOTS[state][2]))


@lru_cache(1024)
def _knot(state: str, side: str, words: str) -> SafeString:
    symbol, tone, _word = _KNOTS[state]
    tint = tone or ("theirs" if side == "theirs" else "")
    name = format_html('role="img" aria-label="{}"', words) if words else mark_safe('aria-hidden="true"')
    return format_html('<svg class="en-knot {}" {}><use href="{}#{}"/></svg>', tint, name, _sprite(), symbol)


@register.simple_tag
def direction(side: str, words: str = "") -> SafeString:
    """Who owes: an arrow and the words, which may name the person ("She owes us")."""
    if side == "theirs":
        return format_html(
            '<span class="en-dir theirs">{}{}</span>',
            _icon("arrow-left", "en-flip"),
            words or _("They owe us"),
        )
    return format_html(
        '<span class="en-dir">{}{}</span>', _icon("arrow-right", "en-flip"), words or _("We owe")
    )


def initials(name: str) -> str:
    """Two initials in scripts that use them, else the first sign: `橘`, `ش`, `SM`; `?` where there is no letter."""
    words = [letters for word in name.split() if (letters := [sign for sign in word if sign.isalnum()])]
    if not words:
        return "?"
    first = words[0][0]
    if any(low <= ord(first) <= high for low, high in _ONE_SIGN) or len(words) == 1:
        return first.upper()
    return (first + words[-1][0]).upper()


def hue(key: object) -> int:
    """A hue from 1 to 7 that stays with the record whatever it is called."""
    return crc32(str(key).encode(errors="surrogatepass")) % HUES + 1


@register.simple_tag
def avatar(name: str, key: object = None, kind: str = "person", size: str = "") -> SafeString:
    """Initials beside a name. kind: person, organisation, group or anonymous; size: s (20 px), "" (28), m (36), l (56)."""
    if kind == "anonymous":
        return _avatar("", HUES, kind, size)
    return _avatar(initials(name), hue(name if key is None else key), kind, size)


@lru_cache(4096)
def _avatar(sign: str, tint: int, kind: str, size: str) -> SafeString:
    shape = "org" if kind in {"organisation", "group"} else ""
    css = " ".join(filter(None, ("en-av", size, shape, f"q{tint}")))
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, sign or _icon("lock", ""))


def _bdi(text: str, language: str, css: str = "") -> str:
    """A run of text with its language and direction: by its first strong sign when the language is not known."""
    if language:
        rtl = language.partition("-")[0] in _RTL_LANGUAGES
    else:
        rtl = next((kind for sign in text if (kind := bidirectional(sign)) in {"L", "R", "AL"}), "L") != "L"
    look = f' class="{css}"' if css else ""
    lang = f' lang="{escape(language)}"' if language else ""
    return f'<bdi{look}{lang} dir="{"rtl" if rtl else "ltr"}">{escape(text)}</bdi>'


@register.simple_tag
def party_name(
    name: str, lang: str = "", others: Iterable[Mapping[str, str]] = (), url: str = "", css: str = ""
) -> SafeString:
    """A name in the reader's script, then the others (`{"text", "lang"}`), each with its own language and direction."""
    main = _bdi(name, lang)
    if url:
        main = f'<a href="{escape(url)}">{main}</a>'
    rest = "".join(
        " " + _bdi(other["text"], other.get("lang", ""), "en-alt")
        for other in others
        if other["text"] != name
    )
    return SafeString(f'<span class="en-name {escape(css)}">{main}{rest}</span>')


def _language() -> str:
    return translation.get_language() or "en"


@register.filter
def format_date(value: date | None) -> str:
    """A date in the reader's language and calendar; nothing for no date."""
    if value is None:
        return ""
    return formats.format_date(value, _language(), today=clock.today(), tz=timezone.get_current_timezone())


@register.filter
def format_clock(value: datetime) -> str:
    """Hours and minutes in the reader's digits."""
    return formats.format_time(value, _language(), tz=timezone.get_current_timezone())


@register.filter
def format_number(value: int | float | Decimal | None) -> str:
    """A number with the digits and separators of the reader's language."""
    if isinstance(value, str):
        # An attribute of a component arrives as text; words stay as they are.
        if not value.isdigit():
            return value
        value = int(value)
    return "" if value is None else formats.format_number(value, _language())


@register.filter
def format_money(value: Money | None) -> str:
    """An amount with its currency, the reader's way; nothing for none."""
    return "" if value is None else money.format_money(value, _language(), whole=True)


def _time(value: date, text: str, css: str, now: datetime) -> SafeString:
    """A `<time>` whose title is the exact moment, also in the reader's second calendar."""
    title = _exactly(value, _language(), now.date(), now.tzinfo)
    return SafeString(
        f'<time class="{escape(css)}" datetime="{value.isoformat()}" title="{escape(title)}">{escape(text)}</time>'
    )


@lru_cache(4096)
def _exactly(value: date, language: str, today: date, zone: tzinfo | None) -> str:
    if isinstance(value, datetime):
        exact = formats.format_datetime(value, language, today=today, tz=zone, long=True)
    else:
        exact = formats.format_date(value, language, today=today, long=True)
    second = formats.second_form(value, language, tz=zone)
    return f"{exact} ({second})" if second else exact


@register.simple_tag
def when(value: date | None, css: str = "", now: datetime | None = None) -> SafeString:
    """A moment of the past: relative within a day, else the date; the exact moment in its title.

    Whoever draws hundreds of them gives the present moment in the reader's zone.
    """
    if value is None:
        return mark_safe("")
    now = now or timezone.localtime(clock.now())
    if isinstance(value, datetime):
        return _time(value, formats.format_when(value, now, _language()), css, now)
    return _time(value, format_date(value), css, now)


@register.simple_tag
def due(value: date | None, done: bool = False, tone: str = "", text: str = "") -> SafeString:
    """What is left until a moment, in words. `tone` and `text` replace both where a clock knows better (business time)."""
    if value is None:
        return mark_safe("")
    now = timezone.localtime(clock.now())
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    over = value < now if isinstance(value, datetime) else value < now.date()
    if not tone and not done:
        tone = "bad" if over else "warn" if day == now.date() else ""
    return _time(value, text or _due_words(value, now, done=done), f"en-due {tone}".strip(), now)


def _due_words(value: date, now: datetime, *, done: bool) -> str:
    if done:
        return format_date(value)
    if isinstance(value, datetime):
        soon = value - now < timedelta(days=1)
        return formats.format_relative(value, now, _language(), due=True) if soon else format_date(value)
    left = (value - now.date()).days
    if left <= 0:
        return formats.format_relative(value, now, _language(), due=True)
    return _("tomorrow") if left == 1 else format_date(value)


@register.simple_tag
def dots(value: int, of: int = 5, tone: str = "") -> SafeString:
    """A judgement in steps, with its words for readers that see no dots."""
    label = _("%(value)s of %(total)s") % {"value": format_number(value), "total": format_number(of)}
    marks = format_html_join(
        "", '<i class="{}"></i>', (("on" if step < value else "",) for step in range(of))
    )
    return format_html('<span class="en-dots {}" role="img" aria-label="{}">{}</span>', tone, label, marks)


@register.simple_tag
def meter(value: float, of: float, tone: str = "", label: str = "") -> SafeString:
    """A share of a whole as a bar; the words beside it or in `label` carry the figures."""
    share = max(0.0, min(100.0, 100 * value / of)) if of else 0.0
    words = label or _("%(value)s of %(total)s") % {"value": format_number(value), "total": format_number(of)}
    return format_html(
        '<svg class="en-meter {}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="t" width="100" height="6" rx="1"/><rect class="v" width="{}" height="6" rx="1"/></svg>',
        tone,
        words,
        f"{share:g}",
    )


@register.simple_tag
def columns(chart: Chart) -> SafeString:
    """Bars side by side, each opening its rows; the last is now. What they say stands in words in the table beside it."""
    tall, wide, bars = 56, 288, chart.bars
    slot = wide / max(len(bars), 1)
    width = min(20.0, slot * 5 / 6)
    drawn = []
    for place, bar in enumerate(bars):
        if not bar.value:
            continue
        height = max(1.0, tall * bar.value / chart.top)
        box = format_html(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
            "ours" if place == len(bars) - 1 else "quiet",
            f"{slot * place + (slot - width) / 2:.1f}",
            f"{tall - height:.1f}",
            f"{width:.1f}",
            f"{height:.1f}",
            bar.label,
            bar.text,
        )
        label = f"{bar.label}: {bar.text}"
        drawn.append(
            format_html('<a href="{}" aria-label="{}">{}</a>', bar.url, label, box) if bar.url else box
        )
    return format_html(
        '<svg class="en-bars w" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>',
        wide,
        tall + 2,
        chart.title,
        SafeString("".join(drawn)),
    )


# A widget's look by its kind; what is not named here (hidden, multiple checkboxes) keeps its own.
_LOOKS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, ""),
    (forms.RadioSelect, ""),
    (forms.CheckboxInput, "form-check-input"),
    (forms.Select, "form-select"),
    (forms.Textarea, "form-control"),
    (forms.widgets.Input, "form-control"),
)


@register.simple_tag
def control(field: forms.BoundField, **attrs: Any) -> SafeString:
    """The widget of a form field with the interface's look. Extra attributes use `_` for `-`: `hx_get`, `data_x`."""
    widget = field.field.widget
    look = next((css for kind, css in _LOOKS if isinstance(widget, kind)), "")
    own = widget.attrs.get("class", "")
    extra = {
        name.replace("_", "-"): value
        for name, value in attrs.items()
        if name != "class" and value not in (None, "")
    }
    css = " ".join(filter(None, (look, own, attrs.get("class", ""), "is-invalid" if field.errors else "")))
    return field.as_widget(attrs={"class": css, **extra} if css else extra)


@register.simple_tag
def day_input(name: str, value: date | str | None, ident: str = "", most: date | None = None) -> SafeString:
    """A day to filter by: the browser's own control, which knows one calendar only; in Persian a line for the other.

    `value`: a day, or what was typed. `core.parameters.day` reads both.
    """
    if isinstance(value, str):
        with suppress(DateError):
            value = parse_date(value)
    persian = _language() == "fa"
    if isinstance(value, date):
        value = (
            jdatetime.date.fromgregorian(date=value).strftime("%Y/%m/%d") if persian else value.isoformat()
        )
    look = {"type": "text", "size": 10, "placeholder": "1405/09/01"} if persian else {"type": "date"}
    given = {
        "name": name,
        "id": ident,
        "value": value,
        "max": most and not persian and most.isoformat(),
        **look,
    }
    return format_html(
        '<input class="form-control w-auto en-ltr" autocomplete="off"{}>',
        flatatt({key: said for key, said in given.items() if said}),
    )


@register.filter
def problems(field: forms.BoundField) -> list[dict[str, Any]]:
    """What is wrong with a field: `text` and, where the form knows one, the `repair` value that would be right.

    A form offers a repair by `ValidationError(text, params={"repair": value})`.
    """
    found: list[dict[str, Any]] = []
    for error in field.errors.as_data():
        assert isinstance(error, ValidationError)
        params = error.params or {}
        found += [{"text": text, "repair": params.get("repair")} for text in error.messages]
    return found


@register.filter
def is_checkbox(field: forms.BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_choice_group(field: forms.BoundField) -> bool:
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.simple_tag
def mark(text: str, start: int, end: int, anchor: str = "") -> SafeString:
    """The passage from `start` to `end` highlighted in its text; `anchor` is the id that its promise links to."""
    name = format_html(' id="{}"', anchor) if anchor else ""
    return format_html(
        '{}<mark class="en-mark"{}>{}</mark>{}', text[:start], name, text[start:end], text[end:]
    )


@register.simple_tag
def project_choices(projects: Iterable[tuple[int, Any]], current: int | None) -> SafeString:
    """A button for each project of the tree, `(depth, project)`, to filter by."""
    sign, here = _icon("topology-star-3", ""), ' aria-current="true"'
    return SafeString(
        "".join(
            f'<button name="project" value="{project.pk}" class="d{depth}"{here if project.pk == current else ""}>'
            f'{sign}<bdi class="en-clip">{escape(project.name)}</bdi></button>'
            for depth, project in projects
        )
    )


class _Still(template.Node):
    """Markup that follows from the language and the named values alone: drawn once in a process, then kept."""

    MOST = 256

    def __init__(self, values: dict[str, Any], nodelist: template.NodeList) -> None:
        self.values, self.nodelist = values, nodelist
        self._kept: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key = (translation.get_language(), *values.values())
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= self.MOST:
                self._kept.clear()
            # Nothing else is within reach, so nothing of one reader's page can stay for another.
            found = self._kept[key] = self.nodelist.render(context.new(values))
        return found


@register.tag
def still(parser: template.base.Parser, token: template.base.Token) -> _Still:
    """`{% still a=b.c %}…{% endstill %}`: the same for everybody with that language and these values, which must be hashable.

    The markup inside knows only the named values: no request, no user, no CSRF token.
    """
    values = token_kwargs(token.split_contents()[1:], parser)
    nodelist = parser.parse(("endstill",))
    parser.delete_first_token()
    return _Still(values, nodelist)


@register.simple_tag(takes_context=True)
def draw(context: template.Context, shown: Shown) -> SafeString:
    """A panel, or another piece that an app shows on a page of another app."""
    assert context.template is not None
    with context.push(**shown.context):
        return SafeString(context.template.engine.get_template(shown.template).render(context))
