"""Normalising what people type, on entry. What was typed stays beside the value that is stored and matched."""

from enishi.core.normalise.addresses import Email, Url, email, is_provider, url
from enishi.core.normalise.phones import Phone, phone
from enishi.core.normalise.places import Country, Postcode, country, postcode
from enishi.core.normalise.readings import Kana, kana
from enishi.core.normalise.typed import Unusable

__all__ = [
    "Country",
    "Email",
    "Kana",
    "Phone",
    "Postcode",
    "Unusable",
    "Url",
    "country",
    "email",
    "is_provider",
    "kana",
    "phone",
    "postcode",
    "url",
]
