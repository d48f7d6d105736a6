"""What makes an installation unsafe or unfit for real use, beyond what Django's own checks find."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning

from enishi.accounts.models import User
from enishi.config import env
from enishi.config.demo import accounts as demo_accounts


def problems(settings: env.Settings) -> Iterator[CheckMessage]:
    if settings.debug:
        yield Error(
            "ENISHI_DEBUG is on: errors show code and settings to everybody",
            hint="Unset it.",
            id="enishi.E001",
        )
    if not settings.https:
        yield Error(
            f"People reach this installation without encryption ({settings.base_url})",
            hint="Put a reverse proxy with a certificate in front and set ENISHI_BASE_URL=https://...",
            id="enishi.E002",
        )
    if "*" in settings.allowed_hosts:
        yield Error("ENISHI_ALLOWED_HOSTS lets in every host name", hint="Name the hosts.", id="enishi.E003")
    if weak := _with_demo_password():
        yield Error(
            f"Demo accounts still have their published passwords: {', '.join(weak)}",
            hint="Use an empty database with ENISHI_DEMO=0, or change the passwords.",
            id="enishi.E004",
        )
    if settings.demo:
        yield Warning(
            "ENISHI_DEMO is on: an empty database gets the demo", hint="Set ENISHI_DEMO=0.", id="enishi.W001"
        )
    if settings.secret_key_generated:
        yield Warning(
            f"The secret key lies beside the data, in {settings.data_dir / 'secret_key'}",
            hint="Keep it apart: set ENISHI_SECRET_KEY_FILE to a file that backups of the data do not hold.",
            id="enishi.W002",
        )
    if settings.https and not settings.trusted_proxies:
        yield Warning(
            "No proxy is trusted: sign-in limits see every visitor at the proxy's address",
            hint="Set ENISHI_TRUSTED_PROXIES to its address.",
            id="enishi.W003",
        )
    if not settings.email.host:
        yield Warning(
            f"Outgoing mail is not sent but kept in {settings.mail_dir}",
            hint="Set ENISHI_EMAIL_URL, such as smtp+tls://user:password@mail.example:587.",
            id="enishi.W004",
        )


def _with_demo_password() -> list[str]:
    passwords = {email: password for email, password, _ in demo_accounts()}
    users = User.objects.filter(email__in=passwords, is_active=True).order_by("email")
    return [user.email for user in users if user.check_password(passwords[user.email])]
