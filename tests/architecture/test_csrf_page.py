"""A form without its token gets a page of ours, in the reader's language, with what to do."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This form was not sent"),
        ("ja", "このフォームは送信されませんでした"),
        ("fr", "Ce formulaire n’a pas été envoyé"),
        ("fa", "این فرم فرستاده نشد"),
    ],
)
def test_a_stranger_reads_it_in_their_language(language, words):
    answer = Client(enforce_csrf_checks=True).post("/account/login/", headers={"Accept-Language": language})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert words in page and f'lang="{language}"' in page
    assert "CSRF" not in page.replace("X-CSRFToken", "").replace("csrfmiddlewaretoken", "")


def test_somebody_signed_in_reads_it_within_their_pages(world):
    client = Client(enforce_csrf_checks=True)
    client.cookies = world.client("agent").cookies
    answer = client.post("/cases/new/", {"title": "x"})
    assert answer.status_code == 403
    assert "This form was not sent" in answer.content.decode()
    assert "Nothing has changed" in answer.content.decode()
    assert 'id="main"' in answer.content.decode()
