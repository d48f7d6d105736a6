"""Who says much the same: the choruses of a period, one of them, and what is done for all of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts.answers import done, found, refused, way_back
from enishi.accounts.requests import StaffRequest
from enishi.conversations.models import Interaction
from enishi.themes import drawing, services
from enishi.themes.forms import ChorusForm
from enishi.themes.models import Answer
from enishi.themes.queries import answers, machine, voices
from enishi.themes.queries.voices import Voice
from enishi.themes.views.pages import VIEW, asked, shared

PEOPLE = 60
ANSWERS = 10


@require_GET
def choruses(request: StaffRequest) -> HttpResponse:
    """Where several say much the same, most voices first."""
    request.actor.require(VIEW)
    filters, period, kept = asked(request)
    listed = voices.choruses(request.actor, period, filters.project_id)
    context = {
        **shared(request, filters, kept),
        "views": drawing.views("alike"),
        "rows": [
            {"one": one, "words": voices.words(one.newest), "languages": drawing.languages(one.languages)}
            for one in listed
        ],
        "reads": machine.reads_along(),
    }
    return render(request, "themes/alike.html", context)


def heard(request: StaffRequest, chorus_id: int) -> list[Voice]:
    """Those within reach; 404 where there is nobody."""
    request.actor.require(VIEW)
    listed = voices.voices(request.actor, chorus_id)
    if not listed:
        raise Http404
    return listed


@require_GET
def chorus(request: StaffRequest, chorus_id: int) -> HttpResponse:
    """All who say much the same: their words, who they are, and one form for all of them."""
    listed = heard(request, chorus_id)
    return _page(request, chorus_id, listed, _form(request, listed))


def _sample(request: StaffRequest, listed: list[Voice]) -> Voice | None:
    """The one whose sentences are shown for choosing: that which was asked for, else the newest."""
    can = services.markable(request.actor, listed)
    wanted = request.POST.get("sample") or request.GET.get("sample")
    return next((one for one in can if str(one.meaning.pk) == wanted), can[0] if can else None)


def _form(request: StaffRequest, listed: list[Voice]) -> tuple[Voice, ChorusForm] | None:
    sample = _sample(request, listed)
    if sample is None:
        return None
    talk, places = sample.subject, sample.meaning.places
    assert isinstance(talk, Interaction)  # markable
    said = [talk.text[start:end] for start, end in zip(places[::2], places[1::2], strict=True)]
    return sample, ChorusForm(request.actor, talk, said, request.POST if request.method == "POST" else None)


def _page(
    request: StaffRequest, chorus_id: int, listed: list[Voice], form: tuple[Voice, ChorusForm] | None
) -> HttpResponse:
    people = {party.pk: party for one in listed for party in one.people}
    talks = [one.subject for one in listed if isinstance(one.subject, Interaction)]
    given = list(answers.answers(request.actor, chorus_id)[:ANSWERS])
    told = answers.counts(request.actor, [one.pk for one in given])
    latest = next((one for one in given if one.state != Answer.State.DRAFT), None)
    context: dict[str, Any] = {
        "answers": [{"one": one, "told": told.get(one.pk, {}).get("sent", 0)} for one in given],
        "unanswered": sum(answers.waits(request.actor, talk) for talk in talks),
        "latest": latest,
        "chorus_id": chorus_id,
        "crumbs": [
            {"label": _("Themes"), "url": reverse("themes:list")},
            {"label": _("Said much the same"), "url": reverse("themes:alike")},
        ],
        "rows": [
            {
                "one": one,
                "is_talk": isinstance(one.subject, Interaction),
                "language": drawing.languages([one.meaning.language]),
                "may_take_out": services.may_take_out(request.actor, one.meaning),
            }
            for one in listed
        ],
        "languages": drawing.languages(sorted({one.meaning.language for one in listed})),
        "total": voices.count(request.actor, chorus_id),
        "people": list(people.values())[:PEOPLE],
        "people_total": len(people),
        "people_more": max(0, len(people) - PEOPLE),
        "waiting": sum(
            talk.answer == Interaction.Answer.WAITING and services.may_mark(request.actor, talk)
            for talk in talks
        ),
        "sample": form[0] if form else None,
        "form": form[1] if form else None,
        "markable": len(services.markable(request.actor, listed)),
    }
    return render(request, "themes/chorus.html", context, status=422 if form and form[1].errors else 200)


@require_POST
def mark(request: StaffRequest, chorus_id: int) -> HttpResponse:
    """Mark the same words in all of them."""
    listed = heard(request, chorus_id)
    form = _form(request, listed)
    if form is None:
        projects = {project for one in listed for project in one.subject.projects}
        request.actor.require_some("conversations.edit", projects)
        raise Http404
    sample, filled = form
    if not filled.is_valid():
        return _page(request, chorus_id, listed, form)
    given = {"theme_ids": filled.cleaned_data.pop("themes", []), **filled.cleaned_data}
    try:
        marked = services.mark_all(request.actor, chorus_id, sample_id=sample.meaning.pk, **given)
    except services.ThemeError as error:
        filled.add_error(error.field if error.field in filled.fields else None, str(error))
        return _page(request, chorus_id, listed, form)
    said = ngettext("Marked in %(n)s conversation.", "Marked in %(n)s conversations.", marked.done) % {
        "n": marked.done
    }
    if marked.left:
        said += " " + ngettext(
            "%(n)s does not say it, or its project has no such theme.",
            "%(n)s do not say it, or their projects have no such theme.",
            marked.left,
        ) % {"n": marked.left}
    return done(request, said, after=reverse("themes:chorus", args=[chorus_id]))


@require_POST
def answered(request: StaffRequest, chorus_id: int) -> HttpResponse:
    """All of them have their answer."""
    listed = heard(request, chorus_id)
    projects = {project for one in listed for project in one.subject.projects}
    request.actor.require_some("conversations.edit", projects)
    count = services.answered_all(request.actor, chorus_id)
    said = ngettext("%(n)s conversation is answered.", "%(n)s conversations are answered.", count)
    return done(request, said % {"n": count}, after=reverse("themes:chorus", args=[chorus_id]))


@require_POST
def apart(request: StaffRequest, meaning_id: int) -> HttpResponse:
    """Not the same; or, after all, to be compared again."""
    request.actor.require(VIEW)
    act = services.put_back if "again" in request.POST else services.take_out
    after = way_back(request, reverse("themes:alike"))
    try:
        found(act, request.actor, meaning_id)
    except services.ThemeError as error:
        return refused(request, str(error), after=after)
    if "again" in request.POST:
        return done(request, _("It is compared with others again."), after=after)
    return done(request, _("It is not put with these again."), after=after)
