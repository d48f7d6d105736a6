"""Marking words of a conversation: a sheet over its page, or a page of its own without scripts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.conversations import paragraphs
from enishi.conversations import queries as conversations
from enishi.conversations.models import Interaction
from enishi.core.parameters import number
from enishi.themes import queries, services
from enishi.themes.forms import MarkForm
from enishi.themes.models import Passage

EDIT = "conversations.edit"


def _talk(request: StaffRequest, interaction_id: int) -> Interaction:
    """The conversation, 404 out of scope, 403 where nothing may be marked."""
    request.actor.require("conversations.view")
    try:
        found = conversations.interaction(request.actor, interaction_id)
    except ObjectDoesNotExist:
        raise Http404 from None
    request.actor.require(EDIT, found)
    return found


def _words(request: StaffRequest, found: Interaction) -> tuple[int, int, str]:
    """The words selected (within the point that begins at ``base``), or those of the point with that number."""
    given = request.GET if request.method == "GET" else request.POST
    start, end = number(given.get("start")) or 0, number(given.get("end")) or 0
    point = number(given.get("point")) if request.method == "GET" else None
    if point:
        listed = paragraphs.paragraphs(found.text, folds=found.folds)
        start, end = next(((one.start, one.end) for one in listed if one.number == point), (0, 0))
    elif request.method == "GET":
        base = number(given.get("base")) or 0
        start, end = base + start, base + end
    try:
        return services.said_at(found, start, end)
    except services.ThemeError:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
def mark(request: StaffRequest, interaction_id: int) -> HttpResponse:
    """The form for selected words; posting it marks them."""
    found = _talk(request, interaction_id)
    start, end, quote = _words(request, found)
    listed = queries.marks_in(request.actor, [found.pk])[found.pk]
    there = next((one for one in listed if one.place == (start, end)), None)
    if request.method == "GET":
        if there is not None:
            return _form(request, found, _filled(request, there), there.mark.quote, there.mark)
        return _form(
            request,
            found,
            MarkForm(
                request.actor, found, initial={"start": start, "end": end, "party": _speaker(request, found)}
            ),
            quote,
        )
    form = MarkForm(request.actor, found, request.POST)
    if form.is_valid():
        try:
            made = services.mark_passage(request.actor, found, start, end, **_given(form))
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return done(request, made, _("The passage is marked."))
    return _form(request, found, form, quote)


def _speaker(request: StaffRequest, found: Interaction) -> int | None:
    """The one contact who took part, if there is only one."""
    people = queries.took_part(request.actor, found.pk)
    return people[0].pk if len(people) == 1 else None


def _given(form: MarkForm) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "theme_ids": given.get("themes") or [],
        "new_theme": given["new_theme"],
        "feeling": given["feeling"],
        "party_id": given["party"],
    }


def _filled(request: StaffRequest, said: queries.Said, *data: Any) -> MarkForm:
    row = said.mark
    first = {
        "start": row.start,
        "end": row.end,
        "themes": [one.pk for one in said.themes],
        "feeling": row.feeling or "",
        "party": said.party.pk if said.party else "",
    }
    return MarkForm(request.actor, row.interaction, *data, kept=said.themes, initial=first)


def _found(request: StaffRequest, passage_id: int) -> queries.Said:
    request.actor.require("conversations.view")
    try:
        said = queries.passage(request.actor, passage_id)
    except Passage.DoesNotExist:
        raise Http404 from None
    request.actor.require(EDIT, said.mark.interaction)
    return said


@require_http_methods(["GET", "POST"])
def change(request: StaffRequest, passage_id: int) -> HttpResponse:
    """Say something else of words that are marked."""
    said = _found(request, passage_id)
    form = _filled(request, said, *([request.POST] if request.method == "POST" else []))
    if request.method == "POST" and form.is_valid():
        given = _given(form)
        if said.party is None and given["party_id"] is None:
            # Somebody whom the editor may not see stays named.
            given["party_id"] = said.mark.party_id
        try:
            changed = services.change_passage(request.actor, passage_id, **given)
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return done(request, changed, _("The mark is changed."))
    return _form(request, said.mark.interaction, form, said.mark.quote, said.mark)


@require_POST
def remove(request: StaffRequest, passage_id: int) -> HttpResponse:
    said = _found(request, passage_id)
    return done(request, services.unmark_passage(request.actor, said.mark.pk), _("The mark is taken off."))


@require_POST
def undo(request: StaffRequest, entry_id: int) -> HttpResponse:
    """Take one's own last change of a mark back."""
    try:
        talk = services.undo_mark(request.actor, entry_id)
    except services.ThemeError as error:
        messages.error(request, str(error))
        address = reverse("themes:list")
    except ObjectDoesNotExist:
        raise Http404 from None
    else:
        messages.success(request, _("Taken back."))
        address = _address(talk.pk)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(address)


@require_POST
def overall(request: StaffRequest, interaction_id: int) -> HttpResponse:
    """How the conversation felt as a whole."""
    found = _talk(request, interaction_id)
    try:
        services.judge_overall(
            request.actor,
            found,
            feeling=number(request.POST.get("feeling")),
            party_id=number(request.POST.get("party")),
        )
    except services.ThemeError as error:
        messages.error(request, str(error))
    return redirect(f"{_address(found.pk)}#overall")


def _address(interaction_id: int) -> str:
    return reverse("conversations:interaction", args=[interaction_id])


def done(request: StaffRequest, row: Passage, words: str) -> HttpResponse:
    """Back to the words, with an undo."""
    entry = getattr(row, "undo_entry", None)
    messages.success(request, words, extra_tags=reverse("themes:undo", args=[entry]) if entry else "")
    address = f"{_address(row.interaction_id)}#passage-{row.pk}"
    if request.htmx:
        # From the page itself the address differs in its anchor only, which loads nothing.
        return HttpResponse(status=204, headers={"HX-Redirect": address, "HX-Refresh": "true"})
    return redirect(address)


def _form(
    request: StaffRequest, talk: Interaction, form: MarkForm, quote: str, row: Passage | None = None
) -> HttpResponse:
    address = reverse("themes:passage", args=[row.pk]) if row else reverse("themes:mark", args=[talk.pk])
    return render(
        request,
        "themes/mark_sheet.html" if request.htmx else "themes/mark.html",
        {"one": talk, "form": form, "quote": quote, "row": row, "address": address},
        status=422 if form.errors else 200,
    )
