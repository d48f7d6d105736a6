from django.urls import path

from enishi.search import views

urlpatterns = [
    path("", views.results, name="search"),
    path("suggest/", views.suggest, name="search_suggest"),
    path("pin/<slug:kind>/<int:subject_id>/", views.pin, name="search_pin"),
]
