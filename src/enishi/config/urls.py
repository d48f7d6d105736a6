"""Every address of the product. Apps add one line each."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from enishi.config import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("search/", include("enishi.search.urls")),
    path("choose/", views.choose, name="choose"),
    path("healthz", views.healthz, name="healthz"),
    path("account/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
