"""The small signs of the interface, as tags: a list page draws hundreds of them, so they cost no template each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Literal
from unicodedata import bidirectional
from zlib import crc32

from django import forms, template
from django.core.exceptions import ValidationError
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

register = template.Library()

HUES = 7
# Scripts whose names are known by their first sign, not by the initials of each word.
_ONE_SIGN = ((0x0590, 0x08FF), (0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFDFF), (0xFE70, 0xFEFF), (0x20000, 0x3FFFF))
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
_LEVELS: dict[str, tuple[int, Any]] = {
    "none": (0, gettext_lazy("none")),
    "own": (1, gettext_lazy("own")),
    "team": (2, gettext_lazy("team")),
    "project": (3, gettext_lazy("project")),
    "all": (4, gettext_lazy("all")),
}


@cache
def _sprite() -> str:
    return static("dist/icons.svg")


@cache
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="en-i{}" aria-hidden="true"><use href="{}#{}"/></svg>', f" {css}" if css else "", _sprite(), name
    )


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """One symbol of the sprite. Without a label it is decoration; `css` takes `en-flip` for signs that follow the script."""
    if not label:
        return _icon(name, css)
    return format_html(
        '<svg class="en-i {}" role="img" aria-label="{}"><use href="{}#{}"/></svg>', css, label, _sprite(), name
    )


@register.simple_tag
def knot(state: str, side: str = "ours", quiet: bool = False, label: str = "") -> SafeString:
    """The sign of a promise. `quiet` hides it from screen readers where the same word stands beside it."""
    symbol, tone, word = _KNOTS[state]
    tint = tone or ("theirs" if side == "theirs" else "")
    name = mark_safe('aria-hidden="true"') if quiet else format_html('role="img" aria-label="{}"', label or word)
    return format_html('<svg class="en-knot {}" {}><use href="{}#{}"/></svg>', tint, name, _sprite(), symbol)


@register.simple_tag
def direction(side: str, words: str = "") -> SafeString:
    """Who owes: an arrow and the words, which may name the person ("She owes us")."""
    if side == "theirs":
        return format_html(
            '<span class="en-dir theirs">{}{}</span>', _icon("arrow-left", "en-flip"), words or _("They owe us")
        )
    return format_html('<span class="en-dir">{}{}</span>', _icon("arrow-right", "en-flip"), words or _("We owe"))


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
    shape = {"organisation": " org", "group": " org"}.get(kind, "")
    sign = _icon("lock", "") if kind == "anonymous" else initials(name)
    tint = HUES if kind == "anonymous" else hue(name if key is None else key)
    return format_html(
        '<span class="en-av{}{} q{}" aria-hidden="true">{}</span>', f" {size}" if size else "", shape, tint, sign
    )


def _script(text: str, language: str) -> SafeString:
    """lang and dir for a run of text: by its language, or by its first strong sign when the language is unknown."""
    rtl = language.split("-")[0] in _RTL_LANGUAGES
    if not language:
        strong = next((kind for sign in text if (kind := bidirectional(sign)) in {"L", "R", "AL"}), "L")
        rtl = strong != "L"
    return format_html('{}dir="{}"', format_html('lang="{}" ', language) if language else "", "rtl" if rtl else "ltr")


@register.simple_tag
def party_name(
    name: str, lang: str = "", others: Iterable[Mapping[str, str]] = (), url: str = "", css: str = ""
) -> SafeString:
    """A name in the reader's script, then the others (`{"text", "lang"}`), each with its own language and direction."""
    main = format_html("<bdi {}>{}</bdi>", _script(name, lang), name)
    if url:
        main = format_html('<a href="{}">{}</a>', url, main)
    rest = format_html_join(
        "",
        ' <bdi class="en-alt" {}>{}</bdi>',
        ((_script(other["text"], other.get("lang", "")), other["text"]) for other in others if other["text"] != name),
    )
    return format_html('<span class="en-name{}">{}{}</span>', f" {css}" if css else "", main, rest)


def _today() -> date:
    return timezone.localdate()


def _language() -> str:
    return translation.get_language() or "en"


@register.filter
def format_date(value: date | datetime | None) -> str:
    """A date in the reader's language and calendar; nothing for no date."""
    from enishi.core import formats

    return "" if value is None else formats.format_date(value, _language(), today=_today())


@register.filter
def format_number(value: Any) -> str:
    """A number with the digits and separators of the reader's language."""
    from enishi.core import formats

    return "" if value is None else formats.format_number(value, _language())


@register.simple_tag
def when(value: date | datetime | None, css: str = "") -> SafeString:
    """A moment of the past as `<time>`: relative within a day, else the date; the exact moment in its title."""
    if value is None:
        return mark_safe("")
    if isinstance(value, datetime):
        from enishi.core import formats

        value = timezone.localtime(value) if timezone.is_aware(value) else value
        text = formats.format_relative(value, _language(), now=timezone.localtime())
        exact = f"{value:%Y-%m-%d %H:%M}"
    else:
        text, exact = format_date(value), value.isoformat()
    return format_html('<time class="{}" datetime="{}" title="{}">{}</time>', css, value.isoformat(), exact, text)


@register.simple_tag
def due(value: date | datetime | None, done: bool = False, tone: str = "", text: str = "") -> SafeString:
    """What is left until a moment, in words. `tone` and `text` replace both where a clock knows better (business time)."""
    if value is None:
        return mark_safe("")
    moment = timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
    day = moment.date() if isinstance(moment, datetime) else moment
    left = (day - _today()).days
    over = not done and (left < 0 or (isinstance(value, datetime) and left == 0 and value < timezone.now()))
    if not text:
        text = _due_words(moment, left, over)
    if not tone and not done:
        tone = "bad" if over else "warn" if left == 0 else ""
    exact = f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()
    return format_html(
        '<time class="en-due {}" datetime="{}" title="{}">{}</time>', tone, value.isoformat(), exact, text
    )


def _due_words(moment: date | datetime, left: int, over: bool) -> str:
    if over and left < 0:
        return ngettext("%(days)s day late", "%(days)s days late", -left) % {"days": format_number(-left)}
    if isinstance(moment, datetime) and left == 0:
        return f"{moment:%H:%M}"
    if left == 0:
        return _("today")
    if left == 1:
        return _("tomorrow")
    return format_date(moment)


@register.simple_tag
def dots(value: int, of: int = 5, tone: str = "") -> SafeString:
    """A judgement in steps, with its words for readers that see no dots."""
    label = _("%(value)s of %(total)s") % {"value": format_number(value), "total": format_number(of)}
    marks = mark_safe("".join(f'<i{" class=on" if step < value else ""}></i>' for step in range(of)))
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
def level(value: Literal["none", "own", "team", "project", "all"], thing: str = "", changed: bool = False) -> SafeString:
    """How far a right reaches: four bars and the word. Put it inside the button or label that changes it."""
    count, word = _LEVELS[value]
    bars = mark_safe(
        "".join(
            f'<rect x="{4 * bar}" y="{8 - 2 * bar}" width="3" height="{4 + 2 * bar}" rx="1"{" class=on" * (bar < count)}/>'
            for bar in range(4)
        )
    )
    css = ("" if count else " no") + (" chg" if changed else "")
    prefix = format_html('<span class="en-sr">{}: </span>', thing) if thing else ""
    return format_html(
        '<span class="en-lv{}"><svg viewBox="0 0 15 12" aria-hidden="true">{}</svg>{}{}</span>', css, bars, prefix, word
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
    extra = {name.replace("_", "-"): value for name, value in attrs.items() if name != "class" and value not in (None, "")}
    css = " ".join(filter(None, (look, own, attrs.get("class", ""), "is-invalid" if field.errors else "")))
    return field.as_widget(attrs={"class": css, **extra} if css else extra)


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
    escape: Callable[[str], Any] = conditional_escape
    name = format_html(' id="{}"', anchor) if anchor else ""
    return format_html(
        '{}<mark class="en-mark"{}>{}</mark>{}', escape(text[:start]), name, escape(text[start:end]), escape(text[end:])
    )
