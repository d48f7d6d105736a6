from django.urls import path

from enishi.reports.views import making, pages

app_name = "reports"
urlpatterns = [
    path("", pages.reports, name="list"),
    path("new/", making.choose, name="choose"),
    path("new/<slug:code>/", making.new, name="new"),
    path("<int:report_id>/", pages.report, name="report"),
    path("<int:report_id>/progress/", pages.progress, name="progress"),
    path("<int:report_id>/rows/<slug:table>/", pages.rows, name="rows"),
    path("<int:report_id>/verify/", pages.verify, name="verify"),
    path("<int:report_id>/file/<slug:format>/", pages.file, name="file"),
]
