"""One answer to all who say much the same: writing it, looking at who gets it, sending it, and who got it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts.answers import done, found, refused
from enishi.accounts.queries import organisation
from enishi.accounts.requests import StaffRequest
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.core.choices import language_name
from enishi.core.parameters import number
from enishi.themes import services
from enishi.themes.forms import AnswerForm
from enishi.themes.models import Answer, AnswerTo, Wording
from enishi.themes.queries import answers, sending
from enishi.themes.queries.answers import Answered, Plan, Unreached
from enishi.themes.views import outgoing
from enishi.themes.views.alike import heard
from enishi.themes.views.outgoing import SHOWN, Sheet, letters_file, progress_of, sheets_of
from enishi.themes.views.pages import VIEW

NAMED, FEW = 4, 5


def _crumbs(chorus_id: int | None) -> list[dict[str, Any]]:
    crumbs = [
        {"label": _("Themes"), "url": reverse("themes:list")},
        {"label": _("Said much the same"), "url": reverse("themes:alike")},
    ]
    if chorus_id is not None:
        crumbs.append({"label": _("All of them"), "url": reverse("themes:chorus", args=[chorus_id])})
    return crumbs


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, chorus_id: int) -> HttpResponse:
    """Write one; ``same`` begins with the words of one that went to others."""
    heard(request, chorus_id)
    services.require_answer(request.actor, chorus_id)
    same = number(request.GET.get("same"))
    before = found(answers.answer, request.actor, same) if same else None
    return _form(request, chorus_id, None, before)


@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, answer_id: int) -> HttpResponse:
    one = _answer(request, answer_id)
    request.actor.require(services.REPLY, one)
    if one.chorus_id is None or one.state != Answer.State.DRAFT:
        return redirect("themes:answer", one.pk)
    return _form(request, one.chorus_id, one, one)


def _form(request: StaffRequest, chorus_id: int, one: Answer | None, words_of: Answer | None) -> HttpResponse:
    plan = answers.plan(request.actor, chorus_id)
    readers = plan.languages
    first: dict[str, Any] = {"otherwise": words_of.otherwise if words_of else ""}
    written = sending.texts(words_of) if words_of else {}
    for language, words in written.items():
        first |= {f"subject_{language}": words.subject, f"text_{language}": words.text}
    codes = dict.fromkeys([*readers, *written]) or {organisation().language: None}
    languages = [(code, language_name(code)) for code in codes]
    sent = request.POST if request.method == "POST" else None
    form = AnswerForm(languages, sent, initial=first)
    if sent is not None and form.is_valid():
        otherwise = form.cleaned_data["otherwise"]
        try:
            saved = services.save_answer(
                request.actor, chorus_id, one, words=form.words(), otherwise=otherwise
            )
        except services.ThemeError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("themes:answer", saved.pk)
    parts = [{**part, "people": len(readers.get(part["code"], ()))} for part in form.parts()]
    context = {
        "form": form,
        "parts": parts,
        "several": len(parts) > 1,
        "count": len(plan.reached),
        "answer": one,
        "chorus_id": chorus_id,
        "crumbs": _crumbs(chorus_id),
    }
    return render(request, "themes/answer_form.html", context, status=422 if form.errors else 200)


def _answer(request: StaffRequest, answer_id: int) -> Answer:
    request.actor.require(VIEW)
    return found(answers.answer, request.actor, answer_id)


def _plan(request: StaffRequest, one: Answer) -> Plan:
    if one.state != Answer.State.DRAFT:
        return Plan()
    return answers.plan(request.actor, one.chorus_id, one)


@require_GET
def answer(request: StaffRequest, answer_id: int) -> HttpResponse:
    """Who would get it and who not, and why; once it is sent, who got it."""
    one = _answer(request, answer_id)
    draft = one.state == Answer.State.DRAFT
    plan = _plan(request, one)
    told = [] if draft else answers.told(request.actor, one)
    words = sending.texts(one)
    gets = [Getting(r.party, r.language, r.letters[0].pk) for r in plan.reached]
    gets += [Getting(party, row.language, row.letter_id) for row, party in told]
    letters = len(plan.letters) if draft else sum(row.way == AnswerTo.Way.LETTER for row, _party in told)
    context = {
        "answer": one,
        "crumbs": _crumbs(one.chorus_id),
        "plan": plan,
        "mail": _rows(plan.mail),
        "by_letter": _rows(plan.letters),
        "left": [
            {
                "why": why,
                "count": len(rows),
                "rows": [{"one": left, "url": _url(left)} for left in rows[:SHOWN]],
                "more": max(0, len(rows) - SHOWN),
                "open": len(rows) <= FEW,
            }
            for why, rows in plan.reasons.items()
        ],
        "count": len(plan.reached),
        "shown": _previews(words, gets, number(request.GET.get("as"))),
        "otherwise": [
            {
                "language": language_name(code),
                "gets": language_name(one.otherwise),
                "people": people[:NAMED],
                "more": max(0, len(people) - NAMED),
            }
            for code, people in plan.languages.items()
            if code not in words
        ],
        "told": told[:SHOWN],
        "more": max(0, len(told) - SHOWN),
        "letters": letters,
        "may": request.actor.may(services.REPLY, one),
        **_state(request, one),
    }
    return render(request, "themes/answer.html", context)


def _rows(listed: list[Answered]) -> list[dict[str, Any]]:
    return [{"one": one, "language": language_name(one.language)} for one in listed[:SHOWN]]


def _url(one: Unreached) -> str:
    """Where one sees what to do about it."""
    kind = "conversations:interaction" if isinstance(one.subject, Interaction) else "cases:case"
    return reverse(kind, args=[one.subject.pk])


@dataclass(frozen=True)
class Getting:
    """Somebody who gets it or got it, in which language, for which letter."""

    party: Party
    language: str
    letter_id: int


def _previews(
    words: Mapping[str, Wording], gets: Sequence[Getting], wanted: int | None
) -> list[dict[str, Any]]:
    """The words as somebody gets them: as whoever was asked for, else as the first of each language."""
    first = {one.language: one for one in reversed(gets)}
    chosen = next((one for one in gets if one.party.pk == wanted), None)
    shown = []
    for code in [chosen.language] if chosen else words:
        one = chosen or first.get(code)
        said = words[code]
        subject, text = answers.words_for(words, one.party, code) if one else (said.subject, said.text)
        row = {"language": code, "name": language_name(code), "subject": subject, "text": text, "one": one}
        shown.append(row)
    return shown


def _state(request: StaffRequest, one: Answer) -> dict[str, Any]:
    return progress_of(one, "answer", answers.counts(request.actor, [one.pk]).get(one.pk, {}))


@require_GET
def progress(request: StaffRequest, answer_id: int) -> HttpResponse:
    one = _answer(request, answer_id)
    return render(request, "themes/sending.html", _state(request, one))


@require_POST
def without(request: StaffRequest, answer_id: int) -> HttpResponse:
    """Leave one of them out, or write to them after all."""
    one = _answer(request, answer_id)
    after = reverse("themes:answer", args=[one.pk])
    out = "again" not in request.POST
    try:
        party = found(services.leave_out, request.actor, one.pk, number(request.POST.get("party")) or 0, out)
    except services.ThemeError as error:
        return refused(request, str(error), after=after)
    words = _("%(name)s is left out.") if out else _("%(name)s gets it.")
    return done(request, words % {"name": party.full_name}, after=after)


@require_POST
def send(request: StaffRequest, answer_id: int) -> HttpResponse:
    one, key = _answer(request, answer_id), request.POST.get("key", "")
    return outgoing.sent(
        request, "answer", one.pk, lambda: services.send_answer(request.actor, one.pk, key=key)
    )


@require_POST
def stop(request: StaffRequest, answer_id: int) -> HttpResponse:
    one = _answer(request, answer_id)
    return outgoing.stopped(request, "answer", one.pk, lambda: services.stop_answer(request.actor, one.pk))


@require_POST
def remove(request: StaffRequest, answer_id: int) -> HttpResponse:
    one = _answer(request, answer_id)
    chorus = one.chorus_id
    after = reverse("themes:alike") if chorus is None else reverse("themes:chorus", args=[chorus])
    return outgoing.removed(
        request, "answer", one.pk, lambda: services.remove_answer(request.actor, one.pk), after=after
    )


def _sheets(request: StaffRequest, one: Answer) -> list[Sheet]:
    """What goes by letter, to each of them in their words."""
    request.actor.require(services.REPLY, one)
    words = sending.texts(one)
    if one.state == Answer.State.DRAFT:
        listed = [(r.party, r.address, r.language) for r in _plan(request, one).letters]
    else:
        told = answers.told(request.actor, one)
        listed = [(party, r.address, r.language) for r, party in told if r.way == AnswerTo.Way.LETTER]
    written = [row for row in listed if row[2] in words]
    return sheets_of(request, written, lambda party, code: answers.words_for(words, party, code))


@require_GET
def letters(request: StaffRequest, answer_id: int) -> HttpResponse:
    """Who gets a letter, with address and words: for serial letters and labels."""
    one = _answer(request, answer_id)
    return letters_file(_sheets(request, one), title=_("Answer to all"), name=f"answer-{one.pk}")


@require_GET
def to_print(request: StaffRequest, answer_id: int) -> HttpResponse:
    """The letters themselves, each on a page of its own."""
    one = _answer(request, answer_id)
    crumbs = [
        *_crumbs(one.chorus_id),
        {"label": _("Answer to all"), "url": reverse("themes:answer", args=[one.pk])},
    ]
    context = {"answer": one, "sheets": _sheets(request, one), "crumbs": crumbs}
    return render(request, "themes/answer_print.html", context)
