"""The floor of ``web``: a Django page with one query and one template, and nothing else."""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

from enishi.config.env import database_config

if not settings.configured:
    settings.configure(
        SECRET_KEY="x" * 60,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {**database_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": 600}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"page.html": "<!doctype html><p>{{ number }}</p>"},
                        )
                    ]
                },
            }
        ],
    )
    django.setup()


def page(request):
    from django.db import connection
    from django.shortcuts import render

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return render(request, "page.html", {"number": cursor.fetchone()[0]})


urlpatterns = [path("", page)]
application = get_wsgi_application()
