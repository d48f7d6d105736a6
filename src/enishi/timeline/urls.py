"""Addresses of the history. ``notifications`` is known to the shell, the rest stands in ``timeline:`` and ``handover:``."""

from __future__ import annotations

from django.urls import include, path

from enishi.timeline.views import handover, history, notifications, operations, proof

pages = [
    path("", history.history, name="history"),
    path("of/<str:subject_type>/<int:subject_id>/", history.of, name="of"),
    path("operations/", operations.operations, name="operations"),
    path("operations/<int:operation_id>/", operations.operation, name="operation"),
    path("operations/<int:operation_id>/undo/", operations.undo_one, name="undo"),
    path("proof/", proof.proof, name="proof"),
    path("proof/check/", proof.start, name="check"),
    path("proof/<int:check_id>/progress/", proof.progress, name="check_progress"),
    path("notifications/read/", notifications.read, name="notifications_read"),
    path("notifications/<int:notification_id>/", notifications.follow, name="notification"),
]

work = [
    path("<int:user_id>/", handover.start, name="start"),
    path("brief/<int:operation_id>/<int:user_id>/", handover.read_brief, name="brief"),
]

urlpatterns = [
    path("handover/", include((work, "handover"))),
    path("history/", include((pages, "timeline"))),
    path("notifications/", notifications.notifications, name="notifications"),
]
