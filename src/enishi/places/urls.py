from django.urls import path

from enishi.places import views

app_name = "places"
urlpatterns = [
    path("projects/<int:project_id>/map/", views.project_map, name="project"),
    path("layers/<int:layer_id>.geojson", views.shapes, name="shapes"),
    path("layers/<int:layer_id>/show/", views.show, name="show"),
    path("layers/<int:layer_id>/remove/", views.remove, name="remove"),
    path("layers/<int:layer_id>/restore/", views.restore, name="restore"),
]
