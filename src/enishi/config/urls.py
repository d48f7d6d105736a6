"""Every address of the product. Apps add one line each."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from enishi.config import api_page, views
from enishi.config.api import api
from enishi.config.home import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("settings/late/", include("enishi.due.urls")),
    path("promises/", include("enishi.commitments.urls")),
    path("reports/", include("enishi.reports.urls")),
    path("conversations/", include("enishi.conversations.urls")),
    path("invitation/", include("enishi.conversations.open_urls")),
    path("themes/", include("enishi.themes.urls")),
    path("health/", include("enishi.health.urls")),
    path("writing/", include("enishi.writing.urls")),
    path("files/", include("enishi.content.urls")),
    path("search/", include("enishi.search.urls")),
    path("people/", include("enishi.contacts.urls")),
    path("", include("enishi.engagement.urls")),
    path("", include("enishi.places.urls")),
    path("field/", include("enishi.fieldwork.urls")),
    path("privacy/", include("enishi.privacy.urls")),
    path("webhooks/", include("enishi.webhooks.urls")),
    path("mailboxes/", include("enishi.mailboxes.urls")),
    path("", include("enishi.guide.urls")),
    path("choose/", views.choose, name="choose"),
    path("healthz", views.healthz, name="healthz"),
    # Who changes whose address is a matter of people and rights, not of allauth's own page.
    path("account/email/", RedirectView.as_view(pattern_name="account"), name="account_email"),
    path("account/3rdparty/", RedirectView.as_view(pattern_name="accounts:sign_ins"), name="own_ties"),
    path("account/3rdparty/signup/", RedirectView.as_view(pattern_name="account_login"), name="no_sign_up"),
    path("", include("enishi.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("enishi.cases.urls")),
    path("", include("enishi.timeline.urls")),
    path("api/v1/", api.urls),
    path("api-guide/", api_page.page, name="api_guide"),
    path("i18n/", include("django.conf.urls.i18n")),
]
