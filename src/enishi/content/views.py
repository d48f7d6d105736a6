"""Pages of the files, and their bytes."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.accounts.answers import listed_project, shell_project
from enishi.content import queries, services
from enishi.content.forms import FileForm, UploadForm, VersionForm
from enishi.content.media import SHOWN_INLINE
from enishi.content.models import File, FileVersion
from enishi.content.sending import send
from enishi.core import registry
from enishi.core.formats import counted
from enishi.core.parameters import words

VIEW, EDIT = "content.view", "content.edit"


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _file(actor: Actor, file_id: int, *, deleted: bool = False) -> File:
    try:
        return queries.file(actor, file_id, deleted=deleted)
    except File.DoesNotExist:
        raise Http404 from None


def _position(value: str) -> queries.Position | None:
    moment, _sep, pk = value.rpartition("~")
    try:
        return queries.Position(dt.datetime.fromisoformat(moment), int(pk))
    except ValueError:
        return None


def _position_words(position: queries.Position | None) -> str:
    return "" if position is None else f"{position.created_at.isoformat()}~{position.file_id}"


def _filters(request: HttpRequest) -> queries.Filters:
    return queries.Filters(
        project_id=listed_project(request),
        folder=words(request.GET.get("folder")),
        text=words(request.GET.get("q")),
        attachments=request.GET.get("attachments") == "1",
    )


@require_http_methods(["GET", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """The list with its upload form."""
    actor = _actor(request)
    actor.require(VIEW)
    form = UploadForm(actor=actor, initial={"project": shell_project(request)})
    if request.method == "POST":
        actor.require(EDIT)
        form = UploadForm(request.POST, request.FILES, actor=actor)
        if form.is_valid() and _upload(request, form):
            return redirect("content:files")
    filters = _filters(request)
    page = queries.files(
        actor,
        filters,
        after=_position(request.GET.get("after", "")),
        before=_position(request.GET.get("before", "")),
    )
    return render(
        request,
        "content/files.html",
        {
            "page": page,
            "filters": filters,
            "folders": queries.folders(actor, filters.project_id),
            "project_list": accounts.projects(actor, VIEW),
            "next_url": _page_url(request, after=_position_words(page.after)),
            "back_url": _page_url(request, before=_position_words(page.before)),
            "form": form if actor.may(EDIT) else None,
        },
        status=422 if form.errors else 200,
    )


def _page_url(request: HttpRequest, **position: str) -> str:
    if not any(position.values()):
        return ""
    kept = {name: value for name, value in request.GET.items() if name not in {"after", "before"}}
    return f"?{urlencode({**kept, **position})}"


def _upload(request: HttpRequest, form: UploadForm) -> bool:
    given = form.cleaned_data
    try:
        added = services.add_files(
            _actor(request),
            [services.FileDraft(one.name, one) for one in given["uploads"]],
            project=given["project"],
            folder=given["folder"],
            confidentiality=given["confidentiality"],
        )
    except services.FileError as error:
        form.add_error("uploads" if error.field == "file" else error.field or None, str(error))
        return False
    messages.success(
        request, ngettext("%(n)s file added.", "%(n)s files added.", len(added)) % {"n": counted(len(added))}
    )
    return True


@require_GET
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """One file with its versions."""
    actor = _actor(request)
    actor.require(VIEW)
    found = _file(actor, file_id)
    services.view_file(actor, found)
    return _page(request, found, FileForm(instance=found, actor=actor), VersionForm())


def _page(request: HttpRequest, found: File, form: FileForm, version_form: VersionForm) -> HttpResponse:
    actor = _actor(request)
    newest: FileVersion | None = found.states[0] if found.states else None  # type: ignore[attr-defined]
    readers = None
    if found.confidentiality >= Level.CONFIDENTIAL:
        others = accounts.readers(
            VIEW, [found.project_id], found.confidentiality, owners=found.reached_by(VIEW)
        ).exclude(pk=actor.user_id or 0)
        readers = others.count()
    context: dict[str, Any] = {
        "file": found,
        "newest": newest,
        "preview": newest is not None and newest.media_type in SHOWN_INLINE,
        "form": form if actor.may(EDIT, found) else None,
        "version_form": version_form,
        "may_see_history": actor.may("timeline.view", found.project_id),
        "may_delete": actor.may("content.delete", found),
        "readers": readers,
        "level": Level(found.confidentiality).name.lower(),
        "panels": registry.panels("content.file.end", actor, found),
    }
    status = 422 if form.errors or version_form.errors else 200
    return render(request, "content/file.html", context, status=status)


@require_POST
def change(request: HttpRequest, file_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _file(actor, file_id)
    actor.require(EDIT, found)
    form = FileForm(request.POST, instance=_file(actor, file_id), actor=actor)
    if form.is_valid():
        try:
            services.change_file(actor, found, **form.cleaned_data)
        except services.FileError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("content:file", file_id)
    return _page(request, found, form, VersionForm())


@require_POST
def add_version(request: HttpRequest, file_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _file(actor, file_id)
    actor.require(EDIT, found)
    form = VersionForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data["file"]
        try:
            version = services.add_version(actor, found, data=given, name=given.name)
        except services.FileError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, _("Version %(number)d is the newest.") % {"number": version.number})
            return redirect("content:file", file_id)
    return _page(request, found, FileForm(instance=found, actor=actor), form)


@require_POST
def delete(request: HttpRequest, file_id: int) -> HttpResponse:
    actor = _actor(request)
    found = _file(actor, file_id)
    services.delete_file(actor, found)
    undo = reverse("content:restore", args=[file_id])
    messages.success(request, _("“%(name)s” was deleted.") % {"name": found.name}, extra_tags=undo)
    return redirect("content:files")


@require_POST
def restore(request: HttpRequest, file_id: int) -> HttpResponse:
    actor = _actor(request)
    services.restore_file(actor, _file(actor, file_id, deleted=True))
    return redirect("content:file", file_id)


@require_GET
def download(request: HttpRequest, file_id: int, number: int | None = None) -> HttpResponseBase:
    """The bytes, always as a download: nothing that people uploaded runs at our address."""
    try:
        opened = services.open_file(_actor(request), file_id, number)
    except ObjectDoesNotExist:
        raise Http404 from None
    except services.FileError as error:
        messages.error(request, str(error))
        return redirect("content:file", file_id)
    return send(opened)


@require_GET
def picture(request: HttpRequest, file_id: int, number: int | None = None) -> HttpResponseBase:
    """A picture shown in a page: only kinds that cannot carry a program, told by their bytes."""
    try:
        opened = services.open_picture(_actor(request), file_id, number)
    except (ObjectDoesNotExist, services.FileError):
        raise Http404 from None
    return send(opened, as_attachment=False)
