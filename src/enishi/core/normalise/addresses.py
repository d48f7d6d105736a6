"""E-mail and web addresses, with domains in any script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import OSA

from enishi.core.normalise.typed import Unusable, plain, shown
from enishi.core.text import clean

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Email:
    """`value` is what mail servers take (domain in lower-case ASCII), `display` has the domain in its own script."""

    value: str
    typed: str
    display: str
    name: str = ""
    suggestion: str | None = (
        None  # the address that was probably meant, for a domain that exists only as a slip
    )

    @property
    def key(self) -> str:
        """For matching: providers that tell upper from lower case before the @ are unknown in practice."""
        return self.value.casefold()


_COMMON_DOMAINS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.fr",
    "outlook.com",
    "outlook.fr",
    "outlook.jp",
    "yahoo.com",
    "yahoo.fr",
    "yahoo.co.jp",
    "icloud.com",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "softbank.ne.jp",
    "i.softbank.jp",
    "chmail.ir",
    "protonmail.com",
)


def is_provider(domain: str) -> bool:
    """Whether addresses in that domain belong to the customers of a mail provider, and not to one organisation."""
    return domain in _COMMON_DOMAINS


_TOP_LEVEL_SLIPS = {
    "con": "com",
    "cmo": "com",
    "ocm": "com",
    "comm": "com",
    "vom": "com",
    "xom": "com",
    "nte": "net",
}
_LOCAL_PART = re.compile(r"""(?:[^\s@"(),:;<>\[\\\]\x00-\x1f\x7f]{1,64}|"[^"\\\r\n]{1,62}")""")
_ASCII_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_NAMED = re.compile(r"^\s*(?P<name>[^<>]*?)\s*<\s*(?P<address>[^<>]*)>?\s*$")


@lru_cache(maxsize=4096)
def _meant_domain(domain: str) -> str | None:
    """The well-known provider from which `domain` is one slip away."""
    if domain in _COMMON_DOMAINS or domain.endswith((".example", ".test", ".invalid")):
        return None
    head, _dot, top = domain.rpartition(".")
    if top in _TOP_LEVEL_SLIPS:
        corrected = f"{head}.{_TOP_LEVEL_SLIPS[top]}"
        return _meant_domain(corrected) or corrected
    if len(domain) < 8:
        return None
    return next(
        (known for known in _COMMON_DOMAINS if OSA.distance(domain, known, score_cutoff=1) <= 1), None
    )


@lru_cache(maxsize=4096)
def _domain(typed: str) -> tuple[str, str]:
    """The ASCII and the display form of a domain; ValueError if it is none."""
    ascii_form = typed.lower()
    if not ascii_form.isascii():
        ascii_form = idna.encode(ascii_form, uts46=True).decode("ascii")
    if not _ASCII_DOMAIN.fullmatch(ascii_form):
        raise ValueError(ascii_form)
    return ascii_form, idna.decode(ascii_form) if "xn--" in ascii_form else ascii_form


def email(typed: str) -> Email:
    """One e-mail address, also as ``Name <a@b>`` or ``mailto:``, in full width, with a domain in any script.

    Dots in odd places before the @ are accepted: Japanese mobile carriers issued such addresses.
    """
    typed = clean(typed)
    text, name = plain(typed).replace("。", "."), ""
    if match := _NAMED.match(text):
        text, name = match["address"], match["name"].strip("\"' ")
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    text = text.strip(" \t,;<>")
    local, at, domain = text.rpartition("@")
    domain = domain.strip(". ")
    try:
        if not at or not _LOCAL_PART.fullmatch(local):
            raise ValueError(text)
        ascii_domain, display_domain = _domain(domain)
    except ValueError:
        raise Unusable(_email_fault(text), repair=_email_repair(text), typed=shown(typed)) from None
    meant = _meant_domain(ascii_domain)
    return Email(
        value=f"{local}@{ascii_domain}",
        typed=typed,
        display=f"{local}@{display_domain}",
        name=name,
        suggestion=meant and f"{local}@{meant}",
    )


def _email_fault(text: str) -> StrPromise:
    if "@" not in text:
        return _("“%(typed)s” is not an e-mail address: the @ is missing.")
    if text.count("@") > 1:
        return _("“%(typed)s” has more than one @. Write one address at a time.")
    if " " in text:
        return _("“%(typed)s” has a space within it, which an e-mail address cannot have.")
    if text.startswith("@"):
        return _("“%(typed)s” has nothing before the @.")
    if "." not in text.rpartition("@")[2]:
        return _("“%(typed)s” is not a complete e-mail address: the part after the @ has no dot.")
    return _("“%(typed)s” is not an e-mail address.")


def _email_repair(text: str) -> str | None:
    candidate = re.sub(r"\s+", "", text).replace(",", ".").replace("@@", "@").replace("..", ".")
    candidate = re.sub(r"\(at\)|\[at\]", "@", candidate, flags=re.IGNORECASE)
    if "@" not in candidate:
        for known in _COMMON_DOMAINS:
            for slip in ("." + known, known):
                if candidate.endswith(slip) and len(candidate) > len(slip):
                    candidate = f"{candidate.removesuffix(slip)}@{known}"
                    break
            if "@" in candidate:
                break
    local, _at, domain = candidate.rpartition("@")
    if domain and "." not in domain:
        domain = next(
            (known for known in _COMMON_DOMAINS if known.replace(".", "") == domain.lower()), domain
        )
    candidate = f"{local}@{domain.strip('.')}"
    try:
        return email(candidate).value if candidate != text else None
    except Unusable:
        return None


@dataclass(frozen=True, slots=True)
class Url:
    value: str
    typed: str
    display: str


_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d)", re.IGNORECASE)


def url(typed: str) -> Url:
    """A web address with its scheme (https where none was typed) and its host in ASCII; nothing but http and https."""
    typed = clean(typed)
    text = plain(typed).replace("。", ".")
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise Unusable(
            _("“%(typed)s” is not a web address: it must begin with https:// or http://."), typed=shown(typed)
        )
    if not scheme:
        text = "https://" + text.removeprefix("//")
    try:
        parts = urlsplit(text.replace(" ", "%20"))
        port = parts.port
        host, display_host = _domain((parts.hostname or "").rstrip("."))
    except ValueError:
        raise Unusable(_("“%(typed)s” is not a web address."), typed=shown(typed)) from None
    if parts.username is not None:
        raise Unusable(
            _("“%(typed)s” holds a user name, which a shared address must not."), typed=shown(typed)
        )
    given_port = "" if port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{port}"
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    rest = (path if path != "/" else "", quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"), parts.fragment)
    value = urlunsplit(
        (parts.scheme, host + given_port, rest[0], rest[1], quote(rest[2], safe="/%:@!$&'()*+,;=~-._?"))
    )
    display = display_host.removeprefix("www.") + given_port + (parts.path if parts.path != "/" else "")
    return Url(value, typed, display)
