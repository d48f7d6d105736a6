"""The contact list: views, filters, columns, pages; single cells edited in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.answers import chosen_project, found
from enishi.accounts.requests import StaffRequest
from enishi.contacts import services
from enishi.contacts.forms.lists import (
    BUILT_IN,
    ConditionForm,
    State,
    ViewForm,
    from_saved,
    read_place,
    read_state,
)
from enishi.contacts.models import SavedView
from enishi.contacts.queries import columns, filters, lists, tree, wording
from enishi.contacts.services.exporting import FORMATS
from enishi.contacts.views import cells
from enishi.contacts.views.records import WALK
from enishi.core.formats import counted, format_number

VIEW = "contacts.view"
IN_BAR = 6
FITTING = 7
"""So many columns fit a page of usual width; more of them scroll."""
MOST_CHOICES_COUNTED = 12


def state_of(request: StaffRequest, params: QueryDict | None = None) -> State:
    """The list that an address or a form names, within its project or the one chosen in the shell."""
    given = request.GET if params is None else params
    return read_state(request.actor, given, chosen_project(request, given.get("project", "")))


@require_GET
def people(request: StaffRequest) -> HttpResponse:
    actor = request.actor
    actor.require(VIEW)
    state = state_of(request)
    try:
        page, total = lists.page(actor, state.spec, cursor=state.cursor), lists.total(actor, state.spec)
        problem = state.problem
    except filters.FilterError as error:
        page, total, problem = lists.Page([]), lists.Total(0, True), str(error)
    known = columns.all_columns(actor)
    shown = [code for code in state.spec.columns if code in known]
    may = {
        code: actor.may(f"contacts.{code}")
        for code in ("edit", "bulk", "delete", "export", "import", "merge")
    }
    pick = may["bulk"] or may["export"]
    saved = lists.saved_views(actor)
    draw = cells.Rows(actor, shown, pick=pick)
    _remember(request, state, [row.party.pk for row in page.rows])
    first = state.place + 1 if page.rows else 0
    params = state.params()
    context = {
        "state": state,
        "problem": problem,
        "views": _views(saved, state),
        "all_views": _all_views(request, saved, state),
        **filter_shown(request, state),
        "heads": cells.heads([_head(state, code, known[code]) for code in shown]),
        "chooser": cells.chooser(
            [(code, label, code in shown) for code, label in known.items() if code != "name"]
        ),
        "rows": SafeString("".join([draw.row(row) for row in page.rows])),
        "pick": pick,
        "wide": len(shown) > FITTING,
        "hidden": cells.hidden(params),
        "hidden_but_columns": cells.hidden({k: v for k, v in params.items() if k != "columns"}),
        "query": urlencode(params),
        "reset_url": replace(state, spec=state.kept).url(),
        "deletable": state.view.saved_id is not None
        and (state.view.owner_id == actor.user_id or actor.may_everywhere("contacts.setup")),
        "export_formats": FORMATS,
        "total": total,
        "total_words": total_words(total),
        "place": place_words(first, state.place + len(page.rows), total) if page.rows else "",
        "next_url": state.url(cursor=page.next, place=state.place + len(page.rows)) if page.next else "",
        "back_url": _back(state, page),
        "map_url": state.map_url,
        "may": may,
    }
    return render(request, "contacts/list/page.html", context)


def filter_shown(request: StaffRequest, state: State) -> dict[str, Any]:
    """The filter in words with the addresses that change it, on whichever page the list is shown."""
    return {
        "filter": _told(state, wording.told(request.actor, state.spec.filter)),
        "adders": _adders(state),
        "clear_url": state.with_filter(tree.EVERYBODY).url(),
        "narrowed": bool(state.spec.filter.items) or state.spec.project_id is not None,
        "project": _project_name(request, state),
    }


def _remember(request: StaffRequest, state: State, ids: list[int]) -> None:
    told = {
        "label": str(state.view.label),
        "url": state.url(cursor=state.cursor, place=state.place),
        "ids": ids,
    }
    if request.session.get(WALK) != told:
        request.session[WALK] = told


def _back(state: State, page: lists.Page) -> str:
    if not page.back:
        return ""
    place = max(0, state.place - lists.PAGE)
    return state.url() if place == 0 else state.url(cursor=page.back, place=place)


def _project_name(request: StaffRequest, state: State) -> str:
    if state.spec.project_id is None:
        return ""
    found = accounts.projects(request.actor).filter(pk=state.spec.project_id).first()
    return found.name if found else ""


def total_words(total: lists.Total) -> str:
    number = counted(total.number)
    if total.exact:
        return number
    return _("more than %(number)s") % {"number": number} if total.number else _("very many")


def place_words(first: int, last: int, total: lists.Total) -> str:
    language = get_language() or "en"
    return _("%(first)s to %(last)s of %(total)s") % {
        "first": format_number(first, language),
        "last": format_number(last, language),
        "total": total_words(total),
    }


def _head(state: State, code: str, label: Any) -> dict[str, Any]:
    """A column's head: its label, and for those one can sort by the link that sorts, or turns the order round."""
    if code not in lists.SORTS:
        return {"code": code, "label": label}
    current = state.spec.sort.removeprefix("-") == code
    turned = state.spec.sort.startswith("-")
    downward = lists.SORTS[code][1] != turned
    wanted = f"-{code}" if current and not turned else code
    return {
        "code": code,
        "label": label,
        "url": state.with_sort(wanted).url(),
        "sort": ("descending" if downward else "ascending") if current else "",
    }


def _views(saved: list[SavedView], state: State) -> list[dict[str, Any]]:
    pinned = [view for view in map(from_saved, saved) if view.pinned][: IN_BAR - len(BUILT_IN)]
    shown = [*BUILT_IN, *pinned]
    if state.view.code not in {view.code for view in shown}:
        shown.append(state.view)
    return [_view_link(view, state) for view in shown]


def _all_views(request: StaffRequest, saved: list[SavedView], state: State) -> list[dict[str, Any]]:
    return [
        {
            **_view_link(from_saved(view), state),
            "owner": view.owner,
            "mine": view.owner_id == request.actor.user_id,
        }
        for view in saved
    ]


def _view_link(view: Any, state: State) -> dict[str, Any]:
    query = "" if view.code == "everyone" else f"?{urlencode({'view': view.code})}"
    return {
        "label": view.label,
        "icon": view.icon,
        "url": reverse("contacts:list") + query,
        "current": view.code == state.view.code,
    }


def _with_place(name: str, state: State, **more: str) -> str:
    return f"{reverse(name)}?{urlencode({**state.params(), **more})}"


def _told(state: State, group: wording.ToldGroup) -> dict[str, Any]:
    """A group of conditions with the addresses that edit, remove and join them another way."""
    items = [
        _told(state, item)
        if isinstance(item, wording.ToldGroup)
        else {
            "told": item,
            "edit_url": _with_place("contacts:list_condition", state, at=item.at) if item.known else "",
            "remove_url": state.with_filter(tree.put(state.spec.filter, item.place, None)).url(),
        }
        for item in group.items
    ]
    other = "or" if group.op == "and" else "and"
    return {
        "op": group.op,
        "at": group.at,
        "items": items,
        "switch_url": state.with_filter(tree.switch(state.spec.filter, group.place, other)).url(),
        "add_url": _with_place("contacts:list_fields", state, **{"in": group.at}),
    }


def _adders(state: State) -> list[dict[str, Any]]:
    """The menus that add a condition: to the list as it is, or as a group of its own."""
    return [
        {"label": _("Filter"), "url": _with_place("contacts:list_fields", state)},
        {"label": _("Any of"), "url": _with_place("contacts:list_fields", state, group="or")},
        {"label": _("None of"), "url": _with_place("contacts:list_fields", state, group="not")},
    ]


@require_GET
def fields(request: StaffRequest) -> HttpResponse:
    """What one can filter by, as links to the form of a condition; loaded when a menu opens."""
    request.actor.require(VIEW)
    state = state_of(request)
    where = {name: request.GET[name] for name in ("in", "group") if name in request.GET}
    offered = [
        {
            "label": f.label,
            "icon": f.icon,
            "url": _with_place("contacts:list_condition", state, field=f.code, **where),
        }
        for f in filters.all_fields(request.actor)
    ]
    template = "contacts/list/fields.html" if request.htmx else "contacts/list/fields_page.html"
    return render(request, template, {"fields": offered, "list_url": state.url()})


@require_GET
def condition(request: StaffRequest) -> HttpResponse:
    """The form of one condition: a new one of a field, or the one at a place; with live counts of its choices."""
    actor = request.actor
    actor.require(VIEW)
    state = state_of(request)
    try:
        field, leaf, place = _asked(request, state)
    except filters.FilterError as error:
        return HttpResponse(str(error), status=404)
    initial = {"cmp": leaf.cmp, "value": _initial(field, leaf.value)} if leaf else {}
    form = ConditionForm(actor, field, initial=initial, prefix=None)
    return _condition_page(request, state, form, place, status=200)


def _initial(field: filters.FilterField, value: Any) -> Any:
    if field.kind == "choice":
        return value
    return value[0] if isinstance(value, list) and value else value


def _asked(request: StaffRequest, state: State) -> tuple[filters.FilterField, filters.Leaf | None, str]:
    """The field, the condition that is there already, and the place: ``at`` of a condition or ``in`` of a group."""
    leaf: filters.Leaf | None = None
    code, place = request.GET.get("field", ""), ""
    if "at" in request.GET:
        place = request.GET["at"]
        found = tree.at(state.spec.filter, read_place(place))
        if isinstance(found, filters.Leaf):
            leaf, code = found, found.field
    field = filters.find_field(code)
    if field is None:
        raise filters.FilterError(_("This field does not exist any more."))
    return field, leaf, place


def _condition_page(
    request: StaffRequest, state: State, form: ConditionForm, place: str, *, status: int
) -> HttpResponse:
    field = form.filter_field
    hidden = {**state.params(), "field": field.code}
    if place:
        hidden["at"] = place
    if request.GET.get("in"):
        hidden["in"] = request.GET["in"]
    if request.GET.get("group"):
        hidden["group"] = request.GET["group"]
    context = {
        "form": form,
        "field": field,
        "hidden": hidden,
        "id": f"condition-{place.replace('.', '-') or 'new'}",
        "choices": _choices(request, state, form, place),
        "list_url": state.url(),
    }
    whole = "contacts/list/condition.html" if request.htmx else "contacts/list/condition_page.html"
    return render(request, whole, context, status=status)


def _choices(request: StaffRequest, state: State, form: ConditionForm, place: str) -> list[dict[str, Any]]:
    """The choices with how many would match; counted only when they are few, the condition's own place left out."""
    field = form.filter_field
    if field.kind != "choice" or field.choices is None:
        return []
    offered = field.choices(request.actor)
    counts: Mapping[str, int] = {}
    if len(offered) <= MOST_CHOICES_COUNTED:
        others = tree.put(state.spec.filter, read_place(place), None) if place else state.spec.filter
        try:
            rest = replace(state.spec, filter=others)
            counts = lists.counts_by_choice(
                request.actor, rest, field.code, [value for value, _label in offered]
            )
        except filters.FilterError:
            counts = {}
    chosen = {str(value) for value in form["value"].value() or []}
    return [
        {"value": value, "label": label, "chosen": value in chosen, "count": counts.get(value)}
        for value, label in offered
    ]


@require_GET
def set_condition(request: StaffRequest) -> HttpResponseBase:
    """Take a condition over into the filter; the answer is the address of the list with it."""
    actor = request.actor
    actor.require(VIEW)
    state = state_of(request)
    try:
        field, _leaf, place = _asked(request, state)
    except filters.FilterError as error:
        messages.error(request, str(error))
        return redirect(state.url())
    form = ConditionForm(actor, field, request.GET)
    if form.is_valid():
        leaf = form.leaf()
        try:
            filters.condition(actor, leaf)
            return redirect(state.with_filter(_with(request, state, leaf, place)).url())
        except filters.FilterError as error:
            form.add_error(None, str(error))
    answer = _condition_page(request, state, form, place, status=422)
    answer["HX-Retarget"] = "#" + f"condition-{place.replace('.', '-') or 'new'}"
    answer["HX-Reswap"] = "outerHTML"
    answer["HX-Reselect"] = "form"
    answer["HX-Push-Url"] = "false"
    return answer


def _with(request: StaffRequest, state: State, leaf: filters.Leaf, place: str) -> tree.Node:
    if place:
        return tree.put(state.spec.filter, read_place(place), leaf)
    group = request.GET.get("group", "")
    if group in tree.OPS:
        return tree.add(state.spec.filter, (), tree.Node(group, (leaf,)))
    return tree.add(state.spec.filter, read_place(request.GET.get("in", "")), leaf)


@require_http_methods(["GET", "POST"])
def save_view(request: StaffRequest) -> HttpResponseBase:
    """Keep the list under a name: a new view, or (``update``) the view that was changed."""
    actor = request.actor
    actor.require(VIEW)
    state = state_of(request, request.POST if request.method == "POST" else None)
    mine = state.view.saved_id is not None and state.view.owner_id == actor.user_id
    form = ViewForm(request.POST if request.method == "POST" and "update" not in request.POST else None)
    if request.method == "POST":
        given: dict[str, Any] | None = None
        if "update" in request.POST and mine:
            given = {"name": str(state.view.label), "shared": state.view.shared, "pinned": state.view.pinned}
        elif form.is_valid():
            given = form.cleaned_data
        if given is not None:
            over = _saved(request, int(state.view.code)) if "update" in request.POST else None
            try:
                saved = services.save_view(actor, over, spec=state.spec.as_json(), **given)
            except services.ContactError as error:
                form.add_error("name", str(error))
            else:
                messages.success(request, _("The view “%(name)s” is saved.") % {"name": saved.name})
                return _go(request, f"{reverse('contacts:list')}?{urlencode({'view': saved.pk})}")
    context = {"form": form, "hidden": state.params(), "mine": mine, "state": state, "list_url": state.url()}
    template = "contacts/list/view_form.html" if request.htmx else "contacts/list/view_page.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _saved(request: StaffRequest, view_id: int) -> SavedView:
    return found(lists.saved_view, request.actor, view_id)


def _go(request: StaffRequest, url: str) -> HttpResponseBase:
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)


@require_POST
def delete_view(request: StaffRequest, view_id: int) -> HttpResponseBase:
    view = _saved(request, view_id)
    services.delete_view(request.actor, view)
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    return _go(request, reverse("contacts:list"))
