"""The shared signs and components: what they say, what they escape, and that every one of them can be looked at."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from enishi.config.context import Navigation
from enishi.core import clock
from enishi.core.templatetags import enishi as signs

TEMPLATES = Path(signs.__file__).parents[1] / "templates"
STATES = ["heard", "open", "doing", "proof", "late", "kept", "kept_late", "broken", "waived"]
PEOPLE = [
    {
        "name": "Shirin Mohtadi",
        "lang": "en",
        "key": 1,
        "kind": "person",
        "size": "l",
        "others": [{"text": "شیرین مهتدی", "lang": "fa"}],
    },
    {"name": "橘 葵", "lang": "ja", "key": 2, "kind": "person", "size": "", "others": []},
    {"name": "Hamada Boatyard", "lang": "", "key": 3, "kind": "organisation", "size": "", "others": []},
    {"name": "Anonymous", "lang": "", "key": 4, "kind": "anonymous", "size": "", "others": []},
]


def draw(source: str, **context: Any) -> str:
    return str(engines["django"].from_string(CottonCompiler().process(source)).render(context))


def page(name: str, language: str = "en", **context: Any) -> str:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with translation.override(language):
        return render_to_string(name, context, request=request)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch, settings: Any) -> dt.datetime:
    settings.TIME_ZONE = "UTC"
    moment = dt.datetime(2026, 11, 17, 12, 0, tzinfo=dt.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shirin Mohtadi", "SM"),
        ("橘 葵", "橘"),
        ("شیرین مهتدی", "ش"),
        ("élodie", "É"),
        ("Anna Maria van der Berg", "AB"),
        ("  ", "?"),
        ("(株)サカキ", "株"),
        ("<b>", "B"),
    ],
)
def test_initials_follow_the_script(name: str, expected: str) -> None:
    assert signs.initials(name) == expected


def test_a_hue_stays_with_the_record_and_all_seven_are_used() -> None:
    assert signs.hue(41) == signs.hue("41")
    assert {signs.hue(key) for key in range(200)} == set(range(1, 8))
    assert 1 <= signs.hue("\udc80") <= 7


def test_an_anonymous_person_shows_a_lock_and_no_letter() -> None:
    shown = signs.avatar("Goro Minase", 7, "anonymous")
    assert "#lock" in shown
    assert "GM" not in shown


def test_a_name_carries_the_language_and_direction_of_each_script() -> None:
    shown = signs.party_name(
        "Shirin", "en", [{"text": "شیرین", "lang": "fa"}, {"text": "Shirin", "lang": "fr"}]
    )
    assert '<bdi lang="en" dir="ltr">Shirin</bdi>' in shown
    assert '<bdi class="en-alt" lang="fa" dir="rtl">شیرین</bdi>' in shown
    assert shown.count("<bdi") == 2


def test_the_direction_of_an_unknown_language_is_that_of_its_first_letter() -> None:
    assert '<bdi dir="rtl">12 شیرین</bdi>' in signs.party_name("12 شیرین")
    assert '<bdi dir="ltr">2026</bdi>' in signs.party_name("2026")


def test_names_are_escaped_wherever_they_are_drawn() -> None:
    hostile = '"><script>alert(1)</script>'
    drawn = [
        signs.party_name(hostile, hostile, [{"text": hostile, "lang": hostile}], hostile),
        signs.avatar(hostile, hostile),
        signs.direction("theirs", hostile),
        signs.mark(hostile, 2, 5),
        signs.meter(1, 2, label=hostile),
        draw("<c-panel id='p' title='{{ x }}'>{{ x }}</c-panel>", x=hostile),
        draw("<c-diff :rows='rows' />", rows=[{"field": hostile, "old": hostile, "new": hostile}]),
        draw("<c-toast :undo_url='x'>{{ x }}</c-toast>", x=hostile),
    ]
    assert [text for text in drawn if "<script" in text] == []


def test_a_knot_says_its_state_in_shape_and_word() -> None:
    assert signs.knot("late", "theirs").startswith('<svg class="en-knot bad" role="img" aria-label="late">')
    assert 'class="en-knot theirs" aria-hidden="true"' in signs.knot("open", "theirs", quiet=True)
    with pytest.raises(KeyError):
        signs.knot("forgotten")


@pytest.mark.parametrize(
    ("days", "css", "words"),
    [
        (-1, "en-due bad", "1 day late"),
        (0, "en-due warn", "today"),
        (1, "en-due", "tomorrow"),
        (10, "en-due", "27 Nov"),
    ],
)
def test_a_due_day_is_said_in_words(noon: dt.datetime, days: int, css: str, words: str) -> None:
    shown = signs.due(noon.date() + dt.timedelta(days=days))
    assert f'class="{css}"' in shown
    assert f">{words}</time>" in shown


def test_a_due_moment_counts_hours_within_a_day(noon: dt.datetime) -> None:
    assert ">4 h left<" in signs.due(noon + dt.timedelta(hours=4))
    assert 'class="en-due bad"' in signs.due(noon - dt.timedelta(minutes=3))


def test_what_is_done_is_never_late(noon: dt.datetime) -> None:
    shown = signs.due(noon.date() - dt.timedelta(days=7), done=True)
    assert 'class="en-due"' in shown
    assert ">10 Nov</time>" in shown


def test_a_persian_reader_gets_the_other_calendar_in_the_title(noon: dt.datetime) -> None:
    with translation.override("fa"):
        shown = signs.due(dt.date(2026, 11, 27))
    assert ">۶ آذر</time>" in shown
    assert "۲۷ نوامبر ۲۰۲۶" in shown


def test_a_passage_is_marked_at_its_place() -> None:
    assert signs.mark("a < b & c", 4, 5, "p1") == 'a &lt; <mark class="en-mark" id="p1">b</mark> &amp; c'


def test_a_meter_never_leaves_its_frame() -> None:
    assert 'class="v" width="75"' in signs.meter(3, 4)
    assert 'class="v" width="100"' in signs.meter(9, 4)
    assert 'class="v" width="0"' in signs.meter(1, 0)


class PromiseForm(forms.Form):
    title = forms.CharField(label="Promise", help_text="What was said.")
    due = forms.CharField(required=False)
    side = forms.ChoiceField(choices=[("ours", "We owe"), ("theirs", "They owe")], widget=forms.RadioSelect)
    recurring = forms.BooleanField(required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_due(self) -> str:
        raise ValidationError("November has 30 days.", params={"repair": "30 Nov"})


def test_a_field_joins_label_help_and_error_to_its_control() -> None:
    form = PromiseForm({"title": "", "due": "31 Nov", "side": "ours"})
    shown = draw("<c-field :field='form.title' />", form=form)
    assert '<label for="id_title">Promise</label>' in shown
    assert 'aria-describedby="id_title_helptext id_title_error"' in shown
    assert 'id="id_title_helptext"' in shown
    assert 'id="id_title_error"' in shown
    assert 'class="form-control is-invalid"' in shown
    assert 'aria-invalid="true"' in shown


def test_an_error_offers_the_repair_the_form_knows() -> None:
    form = PromiseForm({"title": "x", "due": "31 Nov", "side": "ours"})
    shown = draw("<c-field :field='form.due' />", form=form)
    assert "November has 30 days." in shown
    assert 'name="due" value="30 Nov" data-repair="id_due"' in shown


def test_fields_of_every_kind_are_drawn_by_their_kind() -> None:
    shown = draw("{% for field in form %}<c-field :field='field' />{% endfor %}", form=PromiseForm())
    assert "<legend>Side</legend>" in shown
    assert 'class="en-field check"' in shown
    assert shown.count('type="hidden"') == 1
    assert shown.count('<span class="opt">') == 1


def test_a_form_says_how_many_fields_need_a_look() -> None:
    shown = draw("<c-form-errors :form='form' />", form=PromiseForm({}))
    assert "3 fields need a look." in shown


def test_readers_of_a_confidential_text_are_counted_in_words() -> None:
    assert "only you may read this" in draw("<c-confidential :readers='0' />")
    assert "you and 1 other may read this" in draw("<c-confidential :readers='1' />")
    assert "you and 3 others may read this" in draw("<c-confidential :readers='3' />")
    assert "may read" not in draw("<c-confidential />")


def test_a_sealed_change_shows_no_word_of_it() -> None:
    shown = draw(
        "<c-diff :rows='rows' />", rows=[{"field": "Note", "old": "secret", "new": "plan", "sealed": True}]
    )
    assert "secret" not in shown
    assert "plan" not in shown


def test_a_job_asks_again_only_while_it_runs() -> None:
    assert 'hx-get="/job/"' in draw("<c-progress id='j' url='/job/' :done='1' :total='2' />")
    assert "hx-get" not in draw("<c-progress id='j' url='/job/' :done='2' :total='2' state='done' />")


def test_a_pager_has_no_dead_links() -> None:
    shown = draw("<c-pager next_url='/?after=9' />")
    assert shown.count("<a ") == 1
    assert shown.count(" disabled") == 1


def test_a_panel_says_how_many_there_are() -> None:
    assert '<span class="c">2</span>' in draw(
        "<c-panel id='p' title='Times' :of='times' />", times=["a", "b"]
    )
    assert '<span class="c">0</span>' in draw("<c-section id='s' title='Times' :of='times' />", times=[])
    assert 'class="c"' not in draw("<c-panel id='p' title='Times' />")


def test_values_passed_to_components_are_plain_names() -> None:
    """A filter in such a value is not understood, and the attribute silently empty: what is counted goes to ``:of``."""
    filtered = re.compile(r"""<c-[^>]*\s:[\w-]+=(["'])[^"'{]*\|[^"'{]*\1""")
    source = TEMPLATES.parents[1]
    assert [
        str(path) for path in source.rglob("templates/**/*.html") if filtered.search(path.read_text())
    ] == []


@pytest.mark.parametrize("language", ["en", "ja", "fr", "fa"])
def test_the_components_page_draws_in_every_language(language: str) -> None:
    shown = page("core/components.html", language, states=STATES, people=PEOPLE, form=PromiseForm({}))
    assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}"' in shown
    assert ("tabler.rtl.min.css" in shown) == (language == "fa")
    assert "<c-" not in shown
    assert "{{" not in shown
    assert "{%" not in shown


def test_ids_on_the_components_page_are_unique() -> None:
    shown = page("core/components.html", states=STATES, people=PEOPLE)
    ids = Counter(re.findall(r'\sid="([^"]*)"', shown))
    assert [name for name, count in ids.items() if count > 1 or not name] == []


def test_every_component_is_shown_on_the_components_page_or_in_the_shell() -> None:
    used = "".join(
        path.read_text() for path in [*TEMPLATES.glob("*.html"), *(TEMPLATES / "core").rglob("*.html")]
    )
    # drawn by views for the palette and for the dialog of loaded forms, and by the live stream
    answers = {"option", "sheet", "here"}
    names = {path.stem.replace("_", "-") for path in (TEMPLATES / "cotton").glob("*.html")} - answers
    assert {name for name in names if f"<c-{name}" not in used} == set()


def test_every_component_says_what_it_takes() -> None:
    silent = [
        path.name
        for path in (TEMPLATES / "cotton").glob("*.html")
        if not path.read_text().startswith("{% comment %}")
    ]
    assert silent == []


def test_the_page_of_an_inner_error_needs_nothing_but_itself() -> None:
    shown = render_to_string("500.html", {})
    assert "Nothing you saved before is lost." in shown


def test_a_refusal_says_who_can_help() -> None:
    assert "Whoever administers people and rights here" in page("403.html")
    assert "Ask Rui Tanase." in page("403.html", reason="Ask Rui Tanase.")
    assert "it is not for you to see" in page("404.html")


def test_a_menu_entry_is_drawn_with_its_key_and_its_count() -> None:
    item = {
        "label": "Promises",
        "url": "/p/",
        "icon": "link",
        "count": 1204,
        "hot": True,
        "key": "P",
        "code": "promises",
        "current": True,
        "tab": 1,
    }
    nav = Navigation([{"key": "people", "label": "People", "closed": False, "items": [item]}])
    shown = render_to_string(
        "core/shell/nav.html", {"nav": nav, "request": SimpleNamespace(user=AnonymousUser())}
    )
    assert 'href="/p/" aria-current="page" data-go="p"' in shown
    assert '<span class="n hot" data-count="promises">1,204</span>' in shown


def test_what_stands_still_follows_from_its_values_alone() -> None:
    engine = engines["django"]
    part = engine.from_string(
        '{% load i18n %}{% still a=b %}{% translate "Close" %} {{ a }}{{ user }}{{ b }}{% csrf_token %}{% endstill %}'
    )
    assert part.render({"b": 1, "user": "Ada"}) == "Close 1"
    assert part.render({"b": 2, "user": "Ben"}) == "Close 2"
    with translation.override("fr"):
        assert part.render({"b": 1}) == "Fermer 1"
    assert part.render({"b": 1}) == "Close 1"
