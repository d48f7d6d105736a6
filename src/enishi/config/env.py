"""Every setting that Enishi reads from the environment, typed, in one place.

A secret may be given as a file instead of a value: `ENISHI_SECRET_KEY_FILE=/run/secrets/key` is read in place of
`ENISHI_SECRET_KEY`. A value that cannot be used raises `SettingsError`, which names the variable and the remedy.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ProgrammingError

LANGUAGES = ("en", "ja", "fr", "fa")
LOG_LEVELS = ("debug", "info", "warning", "error")
SECRETS = ("DATABASE_URL", "ENISHI_SECRET_KEY", "ENISHI_EMAIL_URL")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
SECRET_KEY_MINIMUM = 50

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_REPOSITORY = Path(__file__).parents[3]


class SettingsError(ValueError):
    """A setting cannot be used; the text names the variable and what to do."""


@dataclass(frozen=True, kw_only=True)
class EmailServer:
    """Where outgoing mail goes; without a host it is kept as files in `Settings.mail_dir`."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    ssl: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one process; paths are absolute, ports are TCP ports."""

    data_dir: Path
    database_url: str | None = field(repr=False)
    """None: the embedded PostgreSQL below `data_dir` is used."""
    secret_key: str = field(repr=False)
    secret_key_generated: bool
    debug: bool
    demo: bool
    base_url: str
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    private_services: bool
    """Services whose address somebody types (sign-in, drafts) may stand at private addresses, without HTTPS."""
    host: str
    port: int
    live_port: int
    live_url: str | None
    """Base of the live streams; None: the host that the page was asked from, on `live_port`."""
    web_workers: int
    email: EmailServer
    email_from: str
    time_zone: str
    language: str
    log_level: str

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    @property
    def mail_dir(self) -> Path:
        return self.data_dir / "mail"

    @property
    def static_dir(self) -> Path:
        return self.data_dir / "static"

    @property
    def https(self) -> bool:
        """Whether people reach this installation by HTTPS; cookies and HSTS follow it."""
        return self.base_url.startswith("https://")

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that pages of this installation are served from."""
        parts = urlsplit(self.base_url)
        suffix = f":{parts.port}" if parts.port else ""
        hosts = [host for host in self.allowed_hosts if not host.startswith((".", "*"))]
        return tuple(dict.fromkeys([self.base_url, *(f"{parts.scheme}://{host}{suffix}" for host in hosts)]))

    @property
    def live_origins(self) -> tuple[str, ...]:
        """Where pages may listen for live messages, for the content policy (which has no form for IPv6 addresses)."""
        if self.live_url:
            parts = urlsplit(self.live_url)
            return (f"{parts.scheme}://{parts.netloc}",)
        hosts = [urlsplit(origin).hostname or "" for origin in self.origins]
        return tuple(f"http://{host}:{self.live_port}" for host in dict.fromkeys(hosts) if ":" not in host)


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; creates the data directory and, when none was given, the stored secret key."""
    source = _Environment(os.environ if environ is None else environ)
    data_dir = source.path("ENISHI_DATA_DIR", _default_data_dir())
    port = source.port("ENISHI_PORT", 8000)
    base_url = source.url("ENISHI_BASE_URL", None) or f"http://localhost:{port}"
    given_key = source.secret_key()
    _create_data_dir(data_dir)
    return Settings(
        data_dir=data_dir,
        database_url=source.database_url(),
        secret_key=given_key or stored_secret_key(data_dir),
        secret_key_generated=given_key is None,
        debug=source.flag("ENISHI_DEBUG", False),
        demo=source.flag("ENISHI_DEMO", True),
        base_url=base_url,
        allowed_hosts=source.words("ENISHI_ALLOWED_HOSTS", _default_hosts(base_url)),
        trusted_proxies=source.networks("ENISHI_TRUSTED_PROXIES"),
        private_services=source.flag("ENISHI_PRIVATE_SERVICES", False),
        host=source.text("ENISHI_HOST", "127.0.0.1"),
        port=port,
        live_port=source.port("ENISHI_LIVE_PORT", 8001),
        live_url=source.url("ENISHI_LIVE_URL", base_url if base_url.startswith("https://") else None),
        web_workers=source.number("ENISHI_WEB_WORKERS", 2, lowest=1, highest=256),
        email=source.email_server("ENISHI_EMAIL_URL"),
        email_from=source.text("ENISHI_EMAIL_FROM", f"Enishi <enishi@{urlsplit(base_url).hostname}>"),
        time_zone=source.choice("ENISHI_TIME_ZONE", "UTC", available_timezones(), "such as Asia/Tokyo"),
        language=source.choice("ENISHI_LANGUAGE", "en", LANGUAGES),
        log_level=source.choice("ENISHI_LOG_LEVEL", "info", LOG_LEVELS),
    )


def database_config(url: str) -> dict[str, Any]:
    """Turn a libpq URL into an entry of Django's DATABASES; what Django has no key for becomes an option."""
    try:
        options: dict[str, Any] = dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        raise SettingsError(f"DATABASE_URL: {str(error).strip()}; {_DATABASE_REMEDY}") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname", ""),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": str(options.pop("port", "")),
        "OPTIONS": options,
    }


def stored_secret_key(data_dir: Path) -> str:
    """The key kept in the data directory, made on first use; linked into place so that all processes see one key."""
    path = data_dir / "secret_key"
    if not path.exists():
        draft = data_dir / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_text().strip()
    if len(key) < SECRET_KEY_MINIMUM:
        raise SettingsError(
            f"{path} holds no usable key: delete the file and a new key is made (everybody signs in again)"
        )
    return key


_DATABASE_REMEDY = (
    "give postgresql://user:password@host:5432/name, or unset it to use the embedded PostgreSQL"
)


class _Environment:
    """Reads and checks single variables."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._value(name) or default

    def flag(self, name: str, default: bool) -> bool:
        value = self._value(name)
        if value is None:
            return default
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise SettingsError(f"{name}={value!r} is neither yes nor no: give 1 or 0")

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        value = self._value(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            raise SettingsError(f"{name}={value!r}: give a whole number from {lowest} to {highest}")
        return int(value)

    def port(self, name: str, default: int) -> int:
        return self.number(name, default, lowest=1, highest=65535)

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self._value(name)
        return default if value is None else tuple(word.strip() for word in value.split(",") if word.strip())

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(word) for word in self.words(name, ()))
        except ValueError as error:
            raise SettingsError(
                f"{name}: {error}; give addresses or networks, such as 10.0.0.0/8,::1"
            ) from None

    def choice(self, name: str, default: str, allowed: set[str] | tuple[str, ...], example: str = "") -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise SettingsError(
                f"{name}={value!r} is not known: give one {example or 'of ' + ', '.join(allowed)}"
            )
        return value

    def path(self, name: str, default: Path) -> Path:
        value = self._value(name)
        return default if value is None else Path(value).expanduser().absolute()

    def url(self, name: str, default: str | None) -> str | None:
        value = self._value(name)
        if value is None:
            return default
        try:
            parts = urlsplit(value)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            valid = False
        if not valid or parts.query or parts.fragment or parts.username:
            raise SettingsError(
                f"{name}={value!r} is no web address: give one such as https://enishi.example"
            )
        return value.rstrip("/")

    def secret_key(self) -> str | None:
        value = self._value("ENISHI_SECRET_KEY")
        if value is not None and len(value) < SECRET_KEY_MINIMUM:
            raise SettingsError(
                f"ENISHI_SECRET_KEY is shorter than {SECRET_KEY_MINIMUM} characters: give a longer random one"
            )
        return value

    def database_url(self) -> str | None:
        value = self._value("DATABASE_URL")
        if value is not None and not value.startswith(("postgresql://", "postgres://")):
            raise SettingsError(f"DATABASE_URL is no PostgreSQL address: {_DATABASE_REMEDY}")
        return value

    def email_server(self, name: str) -> EmailServer:
        """smtp://user:password@host:587 (plain), smtp+tls:// (STARTTLS) or smtps:// (TLS from the start)."""
        value = self._value(name)
        if value is None:
            return EmailServer()
        ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ports or not parts.hostname:
            raise SettingsError(f"{name} is no mail server: give smtp+tls://user:password@mail.example:587")
        return EmailServer(
            host=parts.hostname,
            port=port or ports[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            starttls=parts.scheme == "smtp+tls",
            ssl=parts.scheme == "smtps",
        )

    def _value(self, name: str) -> str | None:
        """The trimmed value, or the content of the file that NAME_FILE names; None when empty or absent."""
        value = self._environ.get(name, "").strip() or None
        file = self._environ.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
        if not file:
            return value
        if value is not None:
            raise SettingsError(f"{name} and {name}_FILE are both given: keep one of them")
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{name}_FILE={file!r} cannot be read ({error}): give the path of a text file"
            ) from None


def _default_data_dir() -> Path:
    """`var` beside the sources of a checkout, else below the working directory."""
    root = _REPOSITORY if (_REPOSITORY / "pyproject.toml").is_file() else Path.cwd()
    return root / "var"


def _default_hosts(base_url: str) -> tuple[str, ...]:
    host = urlsplit(base_url).hostname or "localhost"
    return LOCAL_HOSTS if host in LOCAL_HOSTS else (host, *LOCAL_HOSTS)


def _create_data_dir(path: Path) -> None:
    """Others may pass through (the database of a root process runs as another user) but not list."""
    try:
        path.mkdir(parents=True, mode=0o711, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"ENISHI_DATA_DIR={str(path)!r} cannot be made ({error}): give a folder you may write to"
        ) from None
