from django.urls import path

from enishi.reports.views import dashboards, making, pages, scheduling

app_name = "reports"
urlpatterns = [
    path("", pages.reports, name="list"),
    path("new/", making.choose, name="choose"),
    path("new/<slug:code>/", making.new, name="new"),
    path("dashboards/", dashboards.first, name="dashboards"),
    path("dashboards/new/", dashboards.new, name="dashboard_new"),
    path("dashboards/for/<slug:audience>/", dashboards.built_in, name="audience"),
    path("dashboards/for/<slug:audience>/pdf/", dashboards.built_in_pdf, name="audience_pdf"),
    path("dashboards/<int:dashboard_id>/", dashboards.own, name="dashboard"),
    path("dashboards/<int:dashboard_id>/pdf/", dashboards.own_pdf, name="dashboard_pdf"),
    path("dashboards/<int:dashboard_id>/edit/", dashboards.edit, name="dashboard_edit"),
    path("dashboards/<int:dashboard_id>/move/", dashboards.move, name="dashboard_move"),
    path("dashboards/<int:dashboard_id>/remove/", dashboards.remove, name="dashboard_remove"),
    path("dashboards/<int:dashboard_id>/restore/", dashboards.restore, name="dashboard_restore"),
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
