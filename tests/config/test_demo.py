from __future__ import annotations

import pytest

from enishi.accounts.models import User
from enishi.config import demo

pytestmark = pytest.mark.django_db


def test_accounts_sign_in() -> None:
    demo.create()
    by_email = {user.email: user for user in User.objects.all()}
    for email, password, _words in demo.accounts():
        assert by_email[email].check_password(password)
