from django.urls import path

from enishi.guide import views

app_name = "guide"
urlpatterns = [
    path("", views.tour, name="tour"),
    path("go/", views.go, name="go"),
    path("leave/", views.leave, name="leave"),
    path("end/", views.end, name="end"),
    path("first-steps/put-away/", views.put_away, name="put_away"),
]
