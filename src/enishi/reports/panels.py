"""Where reports stand in the navigation, and how the history shows them."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enishi.accounts.services.keeping import TOLD_IN
from enishi.core.personal import PLACE
from enishi.core.registry import MenuEntry, NewEntry, add_menu, add_new, provide
from enishi.reports.definitions import KIND
from enishi.reports.personal import ReportsKeeper
from enishi.reports.services.making import told_in
from enishi.reports.services.returning import (
    GrievanceRows,
    PromiseRows,
    UndoGrievancesBack,
    UndoPromisesBack,
)

add_menu(
    MenuEntry("insight", _("Reports"), "reports:list", "report-analytics", right="reports.view", order=20)
)
add_menu(
    MenuEntry("insight", _("Dashboards"), "reports:dashboards", "chart-bar", right="reports.view", order=10)
)
add_new(NewEntry(_("Report"), "reports:choose", "report-analytics", "reports.make", order=80))
provide(PLACE, ReportsKeeper.code)(ReportsKeeper)
provide(TOLD_IN, "reports")(told_in)
provide("contacts.register", PromiseRows.code)(PromiseRows)
provide("contacts.register", GrievanceRows.code)(GrievanceRows)
provide("timeline.undo", PromiseRows.operation)(UndoPromisesBack)
provide("timeline.undo", GrievanceRows.operation)(UndoGrievancesBack)


@provide("timeline.url", "reports.report")
def report_url(subject_id: int) -> str:
    return reverse("reports:report", args=[subject_id])


@provide("timeline.url", "reports.dashboard")
def dashboard_url(subject_id: int) -> str:
    return reverse("reports:dashboard", args=[subject_id])


@provide("timeline.fields", "reports.dashboard")
def dashboard_fields() -> dict[str, object]:
    return {"name": _("name"), "shared": _("for everybody"), "figures": _("figures"), "weeks": _("weeks")}


@provide("timeline.url", "reports.schedule")
def schedule_url(subject_id: int) -> str:
    return reverse("reports:schedule", args=[subject_id])


@provide("timeline.fields", "reports.schedule")
def schedule_fields() -> dict[str, object]:
    return {
        "rhythm": _("when"),
        "recipients": _("to"),
        "paused_at": _("paused"),
        "trouble": _("reason"),
        "sent": _("sent to"),
        "left_out": _("not sent to"),
        "definition": _("definition"),
    }


@provide("timeline.fields", "reports.report")
def report_fields() -> dict[str, object]:
    return {
        "definition": _("definition"),
        "rows": _("rows"),
        "sha256": _("SHA-256"),
        "format": _("format"),
        "values": _("values"),
    }


@provide("timeline.values", "reports.report")
@provide("timeline.values", "reports.schedule")
def definition_words(name: str, value: object) -> str | None:
    """A kind of report by its name on screen; of one that is no longer installed nothing but its code is known."""
    if name != "definition":
        return None
    return next((str(kind.label) for kind in KIND.all() if kind.code == value), None)
