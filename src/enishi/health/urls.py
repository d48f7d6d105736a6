from django.urls import path

from enishi.health import views

app_name = "health"
urlpatterns = [
    path("contact/<int:party_id>/", views.contact, name="contact"),
    path("contact/<int:party_id>/own/", views.contact_own, name="contact_own"),
    path("contact/<int:party_id>/expected/", views.contact_expected, name="contact_expected"),
    path("project/<int:project_id>/", views.project, name="project"),
    path("project/<int:project_id>/own/", views.project_own, name="project_own"),
    path("project/<int:project_id>/expected/", views.project_expected, name="project_expected"),
]
