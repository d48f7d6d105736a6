from django.urls import path

from enishi.guide import views

app_name = "guide"
urlpatterns = [
    path("tour/", views.tour, name="tour"),
    path("tour/go/", views.go, name="go"),
    path("tour/leave/", views.leave, name="leave"),
    path("tour/end/", views.end, name="end"),
    path("tour/first-steps/put-away/", views.put_away, name="put_away"),
    path("starters/", views.starter_list, name="starters"),
    path("starters/<slug:code>/", views.starter, name="starter"),
]
