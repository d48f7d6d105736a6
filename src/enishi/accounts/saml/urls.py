"""Addresses of SAML, below ``account/``: allauth gathers them."""

from __future__ import annotations

from django.urls import path

from enishi.accounts.views import saml

urlpatterns = [
    path("saml/<slug:slug>/answer/", saml.answer, name="saml_answer"),
    path("saml/<slug:slug>/leave/", saml.leave, name="saml_leave"),
    path("saml/<slug:slug>/in/", saml.come_in, name="saml_come_in"),
    path("saml/<slug:slug>/metadata/", saml.metadata, name="saml_metadata"),
]
