"""Addresses of privacy, under ``privacy/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from enishi.privacy.views import erasing, exporting

app_name = "privacy"

urlpatterns: list[URLPattern] = [
    path("person/<int:party_id>/", exporting.prepare, name="person"),
    path("", erasing.setup, name="setup"),
    path("person/<int:party_id>/erase/", erasing.erase, name="erase"),
    path("person/<int:party_id>/hold/", erasing.hold, name="hold"),
    path("erasures/<int:erasure_id>/", erasing.erasure, name="erasure"),
    path("exports/<int:export_id>/", exporting.show, name="export"),
    path("exports/<int:export_id>/file/", exporting.fetch, name="export_file"),
]
