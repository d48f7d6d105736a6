"""Taking contacts out: the list as it is, or the chosen rows."""

from __future__ import annotations

import tempfile

from django.contrib import messages
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from enishi.accounts.requests import StaffRequest
from enishi.contacts.forms.bulk import read_selection
from enishi.contacts.queries.filters import FilterError
from enishi.contacts.services import ContactError, exporting
from enishi.contacts.views.lists import state_of

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_POST
def export(request: StaffRequest) -> HttpResponseBase:
    """A file of what the user may export; the history says that it was taken."""
    state = state_of(request, request.POST)
    format = "csv" if request.POST.get("format") == "csv" else "xlsx"
    columns = None if request.POST.get("columns_of") == "all" else state.spec.columns
    try:
        selection = read_selection(request.POST, state)
        started = exporting.start_export(request.actor, selection, format=format, columns=columns)
    except (ContactError, FilterError) as error:
        messages.error(request, str(error))
        return redirect(state.url())
    answer: HttpResponseBase
    if format == "csv":
        answer = StreamingHttpResponse(exporting.csv_lines(started), content_type=TYPES["csv"])
        answer["Content-Disposition"] = f'attachment; filename="{started.filename}"'
    else:
        # Closed, and with that deleted, when it has been sent.
        file = tempfile.TemporaryFile()  # noqa: SIM115
        exporting.write_xlsx(started, file)
        file.seek(0)
        answer = FileResponse(file, as_attachment=True, filename=started.filename, content_type=TYPES["xlsx"])
    answer["Cache-Control"] = "no-store"
    return answer
