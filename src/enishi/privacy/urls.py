"""Addresses of privacy, under ``privacy/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from enishi.privacy.views import erasing, exporting, retaining

app_name = "privacy"

urlpatterns: list[URLPattern] = [
    path("person/<int:party_id>/", exporting.prepare, name="person"),
    path("", erasing.setup, name="setup"),
    path("person/<int:party_id>/erase/", erasing.erase, name="erase"),
    path("person/<int:party_id>/hold/", erasing.hold, name="hold"),
    path("erasures/<int:erasure_id>/", erasing.erasure, name="erasure"),
    path("rules/", retaining.rules, name="rules"),
    path("rules/new/", retaining.new, name="rule_new"),
    path("rules/<int:rule_id>/", retaining.rule, name="rule"),
    path("rules/<int:rule_id>/change/", retaining.change, name="rule_change"),
    path("rules/<int:rule_id>/on/", retaining.on, name="rule_on"),
    path("rules/<int:rule_id>/off/", retaining.off, name="rule_off"),
    path("rules/<int:rule_id>/things/", retaining.things, name="rule_things"),
    path("runs/<int:run_id>/", retaining.run, name="run"),
    path("exports/<int:export_id>/", exporting.show, name="export"),
    path("exports/<int:export_id>/file/", exporting.fetch, name="export_file"),
]
