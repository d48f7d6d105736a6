"""Addresses of people and organisations, under ``people/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from enishi.contacts.views import bin as recycle
from enishi.contacts.views import edit, hanging, new, records, setup

app_name = "contacts"

urlpatterns: list[URLPattern] = [
    path("new/person/", new.new, {"kind": "person"}, name="new_person"),
    path("new/organisation/", new.new, {"kind": "organisation"}, name="new_organisation"),
    path("new/group/", new.new, {"kind": "group"}, name="new_group"),
    path("new/name/", new.name_preview, name="name_preview"),
    path("choices/", hanging.party_choices, name="party_choices"),
    path("choices/tags/", edit.tag_choices, name="tag_choices"),
    path("bin/", recycle.recycle_bin, name="bin"),
    path("<int:party_id>/", records.party, name="party"),
    path("<int:party_id>/facts/<slug:section>/", records.section, name="section"),
    path("<int:party_id>/edit/<slug:section>/", edit.edit, name="edit"),
    path("<int:party_id>/points/new/<slug:kind>/", hanging.point, name="point_new"),
    path("<int:party_id>/points/<int:point_id>/", hanging.point, name="point"),
    path("<int:party_id>/relations/new/", hanging.tie, name="tie_new"),
    path("<int:party_id>/relations/<int:relation_id>/", hanging.tie, name="tie"),
    path("<int:party_id>/consents/new/", hanging.consent, name="consent_new"),
    path("<int:party_id>/ids/", hanging.external_id, name="ids"),
    path("<int:party_id>/delete/", records.delete, name="delete"),
    path("<int:party_id>/restore/", records.restore, name="restore"),
    path("<int:party_id>/undo/<int:entry_id>/", edit.undo_change, name="undo_change"),
    path("setup/", setup.fields, name="setup"),
    path("setup/fields/", setup.fields, name="setup_fields"),
    path("setup/fields/new/", setup.field, name="setup_field_new"),
    path("setup/fields/<int:field_id>/", setup.field, name="setup_field"),
    path("setup/fields/<int:field_id>/archive/", setup.field_archive, name="setup_field_archive"),
    path("setup/tags/", setup.tags, name="setup_tags"),
    path("setup/tags/<int:tag_id>/", setup.tag, name="setup_tag"),
    path("setup/tags/<int:tag_id>/archive/", setup.tag_archive, name="setup_tag_archive"),
    path("setup/relations/", setup.relations, name="setup_relations"),
    path("setup/relations/new/", setup.relation, name="setup_relation_new"),
    path("setup/relations/<int:type_id>/", setup.relation, name="setup_relation"),
    path("setup/consents/", setup.consents, name="setup_consents"),
    path("setup/consents/<int:purpose_id>/", setup.consent, name="setup_consent"),
    path("setup/consents/<int:purpose_id>/archive/", setup.consent_archive, name="setup_consent_archive"),
]
