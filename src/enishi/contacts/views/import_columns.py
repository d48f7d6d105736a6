"""Matching the columns of a file, with what its first rows would become."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts.requests import StaffRequest
from enishi.contacts.forms.importing import MappingNameForm, OptionsForm, ReadAsForm
from enishi.contacts.importing.mapping import TARGETS, Rule
from enishi.contacts.importing.mapping.targets import KIND_LABELS
from enishi.contacts.importing.presets import PRESETS
from enishi.contacts.importing.reasons import Reason
from enishi.contacts.importing.sniff import Kind
from enishi.contacts.models import ImportMapping, ImportRun
from enishi.contacts.queries import importing as queries
from enishi.contacts.services import importing
from enishi.contacts.services.importing.prepared import Prepared
from enishi.contacts.services.importing.problems import refuses, said
from enishi.contacts.services.importing.showing import becomes
from enishi.contacts.views.importing import AT_WORK, crumbs, run_or_404, steps
from enishi.core.text import fold

SURE = 0.6
_CONSENTS = ("newsletter", "events", "phone", "photos")
_REFUSALS = ("email", "phone", "post", "newsletter")


@require_http_methods(["GET", "POST"])
def columns(request: StaffRequest, run_id: int) -> HttpResponse:
    """What each column means. A change of one is answered by the page as it stands with it."""
    run = run_or_404(request, run_id)
    if run.operation_id is not None or run.state in AT_WORK or run.importer != importing.CONTACTS:
        return redirect("contacts:import", run.pk)
    problem = ""
    if request.method == "POST":
        try:
            importing.map_columns(request.actor, run, _rules(request))
        except importing.ImportRefused as error:
            problem = str(error)
        if not request.htmx and not problem:
            return redirect("contacts:import_columns", run.pk)
    return render(
        request, "contacts/import/columns.html", _page(request, run, problem), status=422 if problem else 200
    )


def _rules(request: StaffRequest) -> dict[int, str]:
    found = {}
    for name, value in request.POST.items():
        place = name.removeprefix("column-")
        if place != name and place.isdecimal() and len(place) < 6:
            found[int(place)] = str(value)
    return found


def _page(request: StaffRequest, run: ImportRun, problem: str = "", **forms: Any) -> dict[str, Any]:
    ready = importing.preview(run)
    chosen = request.GET.get("row", "")
    place = min(int(chosen), len(ready) - 1) if chosen.isdecimal() and ready else 0
    columns = _columns(run, ready)
    placeless = sum(1 for column in columns if column["rule"] == "ignore")
    return {
        "run": run,
        "is_card": run.facts.get("kind") == Kind.VCARD,
        "problem": problem,
        "found": _found(run.facts),
        "warnings": [str(Reason.from_json(warning)) for warning in run.facts.get("warnings", [])],
        "columns": columns,
        "placeless": placeless,
        "choices": _choices(),
        "presets": [{"code": preset.code, "label": preset.label} for preset in PRESETS],
        "preset": run.facts.get("preset", ""),
        "saved": list(queries.saved_mappings(request.actor)),
        "read_as": ReadAsForm(run.facts, initial=run.facts.get("chosen", {})),
        "options": OptionsForm(request.actor, initial=_initial(run)),
        "name_form": MappingNameForm(),
        "example": _example(ready, place) if ready else None,
        "before": queries.imported_before(request.actor, run),
        "crumbs": crumbs(),
        "steps": steps(run, 1),
        **forms,
    }


def _initial(run: ImportRun) -> dict[str, Any]:
    options = run.options
    return {
        "project": run.project_id,
        "country": options.get("country") or run.mapping.get("options", {}).get("country", ""),
        "date_order": options.get("date_order", ""),
        "file_wins": "1" if options.get("file_wins", True) else "0",
        "unreadable": options.get("unreadable", "refuse"),
        "duplicates": options.get("duplicates", "create"),
        "tags": ", ".join(options.get("tags", [])),
    }


def _found(facts: dict[str, Any]) -> str:
    """How the file was read, in words."""
    if facts.get("sheet"):
        return str(facts["sheet"])
    return str(Reason.from_json(facts["encoding_found"])) if facts.get("encoding_found") else ""


def _columns(run: ImportRun, ready: list[Prepared]) -> list[dict[str, Any]]:
    sample: list[list[str]] = run.facts.get("sample", [])[:10]
    guesses = run.facts.get("guesses", [])
    problems = {(found["column"]): said(found) for row in ready for found in row.problems if refuses(found)}
    known = {value for _group, options in _choices() for value, _label in options}
    shown = []
    for place, column in enumerate(run.mapping.get("columns", [])):
        values = [row[place] for row in sample if place < len(row) and row[place].strip()]
        sureness, reason = guesses[place] if place < len(guesses) else (1.0, "")
        rule = column["rule"]
        problem = problems.get(column["header"], "")
        shown.append(
            {
                "place": place,
                "header": column["header"],
                "first": values[0] if values else "",
                "more": " / ".join(values[1:3]),
                "empty": len(sample) - len(values),
                "rule": rule,
                "id_rule": f"external_id:{_system(column['header'])}",
                "own_choice": rule
                if rule not in {*known, f"external_id:{_system(column['header'])}", "ignore"}
                else "",
                "own_label": _label_of(rule),
                "sure": sureness >= SURE and rule != "ignore" and not problem,
                "ask": sureness < SURE or (rule == "ignore" and bool(values)),
                "hint": problem or _written(ready, values) or ("" if sureness >= SURE else reason),
                "problem": bool(problem),
            }
        )
    return shown


def _system(header: str) -> str:
    """A name for the system whose ids a column holds, when nothing better is known."""
    return fold(header).replace(" ", "-").replace("@", "").replace("#", "")[:40] or "import"


def _written(ready: list[Prepared], values: list[str]) -> str:
    """How the first value of a column will be written, where that differs from how it stands there."""
    if not values:
        return ""
    first = values[0].strip()
    for row in ready:
        for point in row.points:
            if point.typed == first and point.value != first:
                return _("written as %(value)s") % {"value": point.value}
    return ""


def _example(ready: list[Prepared], place: int) -> dict[str, Any]:
    row = ready[place]
    kana = row.names.get("Kana", {}).get("full", "")
    return {
        "row": row,
        "kana": kana,
        "changes": becomes(row),
        "problems": [{"column": f["column"], "words": said(f), "refuses": refuses(f)} for f in row.problems],
        "before": place - 1 if place else None,
        "after": place + 1 if place + 1 < len(ready) else None,
    }


def _label_of(rule: str) -> str:
    found = Rule.parse(rule)
    code, _colon, key = found.target.partition(":")
    parts = [str(TARGETS[code].label)]
    if key:
        parts.append(key)
    if found.kind:
        parts.append(str(KIND_LABELS.get(found.kind, found.kind)))
    if found.group:
        parts.append(str(found.group))
    return ", ".join(parts)


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Where a column can go, in groups."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for group, codes in _GROUPS:
        options: list[tuple[str, str]] = []
        for code in codes:
            target = TARGETS[code]
            options += [
                (f"{code}@{kind}", f"{target.label} ({KIND_LABELS[kind]})") for kind in target.kinds
            ] or [(code, str(target.label))]
        groups[str(_LABELS[group])] = options
    own = [(f"custom:{field.code}", field.label) for field in queries.own_fields()]
    if own:
        groups[_("Own fields")] = own
    groups[_("Consents")] = [
        *((f"consent:{name}", f"{TARGETS['consent'].label}: {name}") for name in _CONSENTS),
        *((f"consent_until:{name}", f"{TARGETS['consent_until'].label}: {name}") for name in _CONSENTS),
        *((f"refusal:{name}", f"{TARGETS['refusal'].label}: {name}") for name in _REFUSALS),
    ]
    return list(groups.items())


_LABELS = {
    "name": gettext_lazy("Name"),
    "work": gettext_lazy("Organisation"),
    "reach": gettext_lazy("Ways to reach"),
    "place": gettext_lazy("Address"),
    "more": gettext_lazy("About the contact"),
}
_GROUPS = (
    (
        "name",
        (
            "full_name", "family_name", "given_name", "middle_name", "full_kana", "family_kana", "given_kana", "romaji",
            "honorific", "name_suffix", "nickname", "greeting", "gender",
        ),
    ),
    ("work", ("organisation", "organisation_kana", "department", "job_title", "seen_on", "party_kind", "is_organisation")),
    ("reach", ("email", "phone", "url")),
    ("place", ("postcode", "country", "region", "city", "street", "building", "address")),
    (
        "more",
        (
            "birthday", "language", "time_zone", "owner", "tags", "note", "inactive", "active", "deceased", "deceased_on",
        ),
    ),
)  # fmt: skip


@require_POST
def read_as(request: StaffRequest, run_id: int) -> HttpResponse:
    """Read the file with other characters, another delimiter, or another sheet."""
    run = run_or_404(request, run_id)
    form = ReadAsForm(run.facts, request.POST)
    if form.is_valid():
        try:
            importing.read_as(request.actor, run, **form.cleaned_data)
        except importing.ImportRefused as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Choose one of the list."))
    return redirect("contacts:import_columns", run.pk)


@require_POST
def preset(request: StaffRequest, run_id: int) -> HttpResponse:
    """Match the columns as a known program writes them, or as in a saved mapping."""
    run = run_or_404(request, run_id)
    kind, _colon, code = request.POST.get("preset", "").partition(":")
    try:
        if kind == "saved":
            missing = importing.use_mapping(request.actor, run, _saved(request, code))
            if missing:
                words = _("The mapping knows columns that this file lacks: %(names)s")
                messages.info(request, words % {"names": ", ".join(missing[:10])})
        elif kind == "preset":
            importing.use_preset(request.actor, run, code)
    except importing.ImportRefused as error:
        messages.error(request, str(error))
    return redirect("contacts:import_columns", run.pk)


def _saved(request: StaffRequest, code: str) -> ImportMapping:
    found = next((saved for saved in queries.saved_mappings(request.actor) if str(saved.pk) == code), None)
    if found is None:
        raise Http404
    return found


@require_POST
def options(request: StaffRequest, run_id: int) -> HttpResponse:
    run = run_or_404(request, run_id)
    form = OptionsForm(request.actor, request.POST)
    if not form.is_valid():
        context = _page(request, run, options=form)
        return render(request, "contacts/import/columns.html", context, status=422)
    chosen = form.cleaned_data
    try:
        importing.set_options(request.actor, run, project_id=chosen.pop("project"), **chosen)
        messages.success(request, _("Saved."))
    except importing.ImportRefused as error:
        messages.error(request, str(error))
    return redirect("contacts:import_columns", run.pk)


@require_POST
def save_mapping(request: StaffRequest, run_id: int) -> HttpResponse:
    run = run_or_404(request, run_id)
    form = MappingNameForm(request.POST)
    if form.is_valid():
        try:
            saved = importing.save_mapping(request.actor, run, name=form.cleaned_data["name"])
            messages.success(request, _("The mapping “%(name)s” is saved.") % {"name": saved.name})
        except importing.ImportRefused as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Give the mapping a name."))
    return redirect("contacts:import_columns", run.pk)
