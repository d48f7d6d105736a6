"""Settings from the environment: defaults, refusals in words, secrets from files."""

from __future__ import annotations

import stat
from ipaddress import ip_network
from pathlib import Path

import pytest

from enishi.config import env

KEY = "k" * 60


def _read(tmp_path: Path, **variables: str) -> env.Settings:
    return env.read({"ENISHI_DATA_DIR": str(tmp_path / "data"), **variables})


def test_defaults_serve_this_machine_only(tmp_path: Path) -> None:
    settings = _read(tmp_path)
    assert (settings.host, settings.port, settings.live_port, settings.web_workers) == (
        "127.0.0.1",
        8000,
        8001,
        2,
    )
    assert settings.base_url == "http://localhost:8000"
    assert settings.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert settings.origins == ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000")
    assert settings.live_origins == ("http://localhost:8001", "http://127.0.0.1:8001")
    assert settings.database_url is None
    assert settings.demo and not settings.debug and not settings.https


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = _read(tmp_path), _read(tmp_path)
    stored = tmp_path / "data" / "secret_key"
    assert first.secret_key == second.secret_key == stored.read_text()
    assert len(first.secret_key) >= env.SECRET_KEY_MINIMUM
    assert first.secret_key_generated
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert [path.name for path in stored.parent.iterdir()] == ["secret_key"]


def test_a_secret_may_be_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{KEY}\n")
    settings = _read(tmp_path, ENISHI_SECRET_KEY_FILE=str(secret))
    assert settings.secret_key == KEY
    assert not settings.secret_key_generated
    assert not (tmp_path / "data" / "secret_key").exists()


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        ENISHI_SECRET_KEY=KEY,
        DATABASE_URL="postgresql://enishi:hunter2@db.example/enishi",
        ENISHI_EMAIL_URL="smtps://me:hunter2@mail.example",
    )
    assert KEY not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_https_sends_live_streams_through_the_proxy(tmp_path: Path) -> None:
    settings = _read(
        tmp_path, ENISHI_BASE_URL="https://enishi.example/", ENISHI_TRUSTED_PROXIES="10.0.0.0/8, ::1"
    )
    assert settings.https
    assert settings.base_url == settings.live_url == "https://enishi.example"
    assert settings.live_origins == ("https://enishi.example",)
    assert settings.allowed_hosts == ("enishi.example", "localhost", "127.0.0.1", "[::1]")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", env.EmailServer(host="mail.example", port=25)),
        (
            "smtp+tls://a%40b.example:p%3Aw@mail.example",
            env.EmailServer(host="mail.example", port=587, user="a@b.example", password="p:w", starttls=True),
        ),
        ("smtps://mail.example:4650", env.EmailServer(host="mail.example", port=4650, ssl=True)),
    ],
)
def test_mail_server(tmp_path: Path, url: str, expected: env.EmailServer) -> None:
    assert _read(tmp_path, ENISHI_EMAIL_URL=url).email == expected


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("ENISHI_DEBUG", "maybe", "give 1 or 0"),
        ("ENISHI_PORT", "70000", "from 1 to 65535"),
        ("ENISHI_PORT", "٨٠٠٠", "from 1 to 65535"),
        ("ENISHI_WEB_WORKERS", "0", "from 1 to 256"),
        ("ENISHI_BASE_URL", "enishi.example", "such as https://enishi.example"),
        ("ENISHI_BASE_URL", "https://me:secret@enishi.example", "such as https://enishi.example"),
        ("ENISHI_BASE_URL", "http://host:notaport", "such as https://enishi.example"),
        ("ENISHI_TRUSTED_PROXIES", "10.0.0.0/8,nonsense", "such as 10.0.0.0/8"),
        ("ENISHI_TIME_ZONE", "Mars/Olympus", "such as Asia/Tokyo"),
        ("ENISHI_LANGUAGE", "tlh", "en, ja, fr, fa"),
        ("ENISHI_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("ENISHI_SECRET_KEY", "short", "longer random one"),
        ("ENISHI_EMAIL_URL", "mail.example", "smtp+tls://"),
        ("DATABASE_URL", "mysql://db.example/enishi", "postgresql://"),
        ("ENISHI_SECRET_KEY_FILE", "/does/not/exist", "path of a text file"),
    ],
)
def test_a_bad_value_names_the_variable_and_the_remedy(
    tmp_path: Path, name: str, value: str, remedy: str
) -> None:
    with pytest.raises(env.SettingsError) as caught:
        _read(tmp_path, **{name: value})
    assert name in str(caught.value)
    assert remedy in str(caught.value)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(env.SettingsError, match="both given"):
        _read(tmp_path, ENISHI_SECRET_KEY=KEY, ENISHI_SECRET_KEY_FILE="/run/secrets/key")


def test_a_data_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(env.SettingsError, match="ENISHI_DATA_DIR"):
        _read(tmp_path)


def test_database_url_keeps_libpq_options() -> None:
    assert env.database_config("postgresql://me:p%40w@db.example:5433/enishi?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "enishi",
        "USER": "me",
        "PASSWORD": "p@w",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_an_unreadable_database_url_is_refused() -> None:
    with pytest.raises(env.SettingsError, match="DATABASE_URL"):
        env.database_config("postgresql://db.example/enishi?no_such_option=1")
