from django.urls import path

from enishi.reports.views import making, pages, scheduling

app_name = "reports"
urlpatterns = [
    path("", pages.reports, name="list"),
    path("new/", making.choose, name="choose"),
    path("new/<slug:code>/", making.new, name="new"),
    path("scheduled/", scheduling.schedules, name="schedules"),
    path("scheduled/<int:schedule_id>/", scheduling.schedule, name="schedule"),
    path("scheduled/<int:schedule_id>/pause/", scheduling.pause, name="schedule_pause"),
    path("scheduled/<int:schedule_id>/end/", scheduling.end, name="schedule_end"),
    path("<int:report_id>/schedule/", scheduling.new, name="schedule_new"),
    path("<int:report_id>/", pages.report, name="report"),
    path("<int:report_id>/progress/", pages.progress, name="progress"),
    path("<int:report_id>/rows/<slug:table>/", pages.rows, name="rows"),
    path("<int:report_id>/verify/", pages.verify, name="verify"),
    path("<int:report_id>/file/<slug:format>/", pages.file, name="file"),
]
