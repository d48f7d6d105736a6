"""Themes on shared pages: the conversation, the list of conversations, a contact, a project."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.cases.models import Case
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.paragraphs import Mark, find_passage
from enishi.conversations.queries import AddedFilter
from enishi.conversations.services.silencing import SILENCED
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, Shown, add_menu, panel, provide
from enishi.themes import drawing, queries, services
from enishi.themes.models import Feeling
from enishi.themes.personal import ThemesKeeper
from enishi.themes.queries import answers, machine, voices
from enishi.themes.services.passages import silence

VIEW, EDIT, CASES_EDIT = "conversations.view", "conversations.edit", "cases.edit"
SHOWN = 6

provide(PLACE, ThemesKeeper.code)(ThemesKeeper)
provide(SILENCED, "themes")(silence)
add_menu(MenuEntry("", _("Themes"), "themes:list", "bookmarks", right=VIEW, order=35))


@provide("conversations.marks", "themes")
def marks(actor: Actor, interaction: Interaction) -> list[Mark]:
    """The marked passages of a conversation, each with what was heard in it."""
    may_edit = services.may_mark(actor, interaction)
    marked = [
        Mark(
            *said.place,
            shown=Shown(
                "themes/heard.html",
                {"said": said, "felt": drawing.feeling(said.mark.feeling), "may_edit": may_edit},
            ),
        )
        for said in queries.marks_of(actor, interaction)
        if said.place is not None
    ]
    # Where a person has spoken the machine keeps out, also with what it said before.
    guessed = [
        guess
        for guess in _guesses(actor, interaction, may_edit)
        if not any(guess.start < mark.end and mark.start < guess.end for mark in marked)
    ]
    return guessed + marked


def _guesses(actor: Actor, interaction: Interaction, may_edit: bool) -> list[Mark]:
    """What the machine suggests, where it still finds the words."""
    found = [
        (one, find_passage(interaction.text, one.quote, one.start, one.end))
        for one in machine.suggestions(actor, interaction)
    ]
    return [
        Mark(
            *place,
            shown=Shown(
                "themes/guess.html",
                {
                    "one": one,
                    "felt": drawing.feeling(one.feeling),
                    "close": drawing.closeness(one.closeness),
                    "may_edit": may_edit,
                },
            ),
            guess=True,
        )
        for one, place in found
        if place is not None
    ]


@provide("timeline.url", "themes.reply")
def reply_url(subject_id: int) -> str:
    return reverse("themes:reply", args=[subject_id])


@provide("timeline.fields", "themes.reply")
def reply_fields() -> dict[str, Any]:
    return {"languages": _("languages"), "people": _("people")}


@provide("timeline.url", "themes.answer")
def answer_url(subject_id: int) -> str:
    return reverse("themes:answer", args=[subject_id])


@provide("timeline.fields", "themes.answer")
def answer_fields() -> dict[str, Any]:
    return {"languages": _("languages")}


@panel("conversations.interaction.end", order=20)
def of_interaction(actor: Actor, interaction: Interaction) -> Shown:
    """Themes of the passages, what was marked in words edited away since, and how it felt as a whole."""
    said = queries.marks_of(actor, interaction)
    counts = Counter(theme for one in said for theme in one.themes)
    felt = [one.mark.feeling for one in said]
    judged = queries.overalls_in(actor, interaction.pk)
    may_edit = services.may_mark(actor, interaction)
    people = queries.took_part(actor, interaction.pk) if may_edit else []
    return Shown(
        "themes/panels/interaction.html",
        {
            "one": interaction,
            "said": said,
            "themes": counts.most_common(),
            "lost": [one for one in said if one.place is None],
            "mix": drawing.mix([felt.count(value) for value in Feeling.values]),
            "felt": sum(value is not None for value in felt),
            "overalls": [{"said": one, "felt": drawing.feeling(one.feeling)} for one in judged],
            "people": people,
            "feelings": Feeling.choices,
            "may_edit": may_edit,
            "read": drawing.read(machine.reading(interaction)),
        },
    )


@panel("conversations.interaction.end", order=22)
def alike_talk(actor: Actor, interaction: Interaction) -> Shown | None:
    """Others who say much the same as this conversation."""
    return _alike(actor, interaction)


@panel("cases.case.end", order=20)
def alike_case(actor: Actor, case: Case) -> Shown | None:
    return _alike(actor, case)


def _alike(actor: Actor, subject: Interaction | Case) -> Shown | None:
    found = voices.alike(actor, subject)
    if found is None or not machine.reads_along():
        return None
    chorus_id = found.meaning.chorus_id
    same = None
    if isinstance(subject, Interaction) and chorus_id is not None:
        same = answers.offered(actor, subject, chorus_id)
    context = {
        "found": found,
        "same": same,
        "languages": drawing.languages(found.languages),
        "several": len(found.languages) > 1,
        "apart": found.meaning.apart_at is not None,
        "may_edit": actor.may(EDIT if isinstance(subject, Interaction) else CASES_EDIT, subject),
    }
    return Shown("themes/panels/alike.html", context)


@panel("cases.case.end", order=30)
def past_cases(actor: Actor, case: Case) -> Shown | None:
    """Closed cases that are like this one, with how they ended."""
    found = voices.past_cases(actor, case)
    if not found or not machine.reads_along():
        return None
    rows = [
        {"case": one, "days": (one.closed_at - one.opened_at).days}
        for one in found
        if one.closed_at is not None
    ]
    return Shown("themes/panels/past_cases.html", {"rows": rows})


@panel("project.main", order=40)
def of_project(actor: Actor, project: Project) -> Shown | None:
    """What is spoken about in a project."""
    if not actor.may_some(VIEW, project.pk):
        return None
    period = queries.Period.last_weeks()
    figures = queries.spoken(actor, queries.Filters(project_id=project.pk), period)
    kept = {"project": str(project.pk)}
    rows = drawing.rows(figures, period, kept)
    return Shown(
        "themes/panels/project.html",
        {
            "rows": rows[:SHOWN],
            "more": max(0, len(rows) - SHOWN),
            "figures": figures,
            "mix": drawing.mix(figures.feelings),
            "url": f"{reverse('themes:list')}?{urlencode(kept)}",
        },
    )


@panel("contacts.record.end", order=40)
def of_party(actor: Actor, party: Party) -> Shown | None:
    """What one person spoke about in the last year."""
    if not actor.may_some(VIEW, party.project_ids):
        return None
    period = queries.Period.last_weeks(52)
    named = queries.named_by(actor, party.pk, period)
    if not named:
        return None
    kept = urlencode({"party": party.pk, "project": "", "since": drawing.first_day(period)})
    return Shown(
        "themes/panels/party.html",
        {
            "named": named[:SHOWN],
            "more": max(0, len(named) - SHOWN),
            "kept": kept,
            "url": f"{reverse('themes:list')}?{kept}",
        },
    )


def _theme_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(str(one.pk), one.path) for one in queries.other_themes(actor)]


def _with_theme(actor: Actor, value: str) -> Q:
    return Q(pk__in=queries.talks_with_theme(actor, value))


@provide("conversations.filter", "theme")
def theme_filter() -> AddedFilter:
    return AddedFilter(_("Theme"), _("All themes"), _theme_choices, _with_theme)


def _feeling_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Feeling.choices]


@provide("conversations.filter", "feeling")
def feeling_filter() -> AddedFilter:
    return AddedFilter(_("Feeling"), _("Any feeling"), _feeling_choices, queries.talks_with_feeling)


@provide("timeline.fields", "conversations.interaction:themes")
def history_names() -> dict[str, Any]:
    return {
        "themes": _("themes"),
        "feeling": _("feeling"),
        "passage": _("passage"),
        "suggested": _("suggested by the machine"),
    }


@provide("timeline.values", "conversations.interaction:themes")
def history_values(name: str, value: Any) -> str | None:
    """A feeling is kept by its code."""
    if name == "feeling" and isinstance(value, str) and value.upper() in Feeling.names:
        return str(Feeling[value.upper()].label)
    return None
