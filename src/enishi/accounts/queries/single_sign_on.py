"""Reading sign-in services and who is tied to them."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enishi.accounts.models import ServiceKey, SignInService, User


def sign_in_services(*, active: bool | None = None) -> QuerySet[SignInService]:
    """By name, each with ``people``: how many accounts are tied to it."""
    tied = (
        SocialAccount.objects.filter(provider=OuterRef("slug"))
        .order_by()
        .values("provider")
        .annotate(number=Count("pk"))
        .values("number")
    )
    found = SignInService.objects.annotate(people=Coalesce(Subquery(tied), 0))
    return found if active is None else found.filter(active=active)


def sign_in_service(service_id: int) -> SignInService:
    """One of them; raises SignInService.DoesNotExist."""
    return sign_in_services().select_related("default_role", "default_project").get(pk=service_id)


def service_by_slug(slug: str) -> SignInService | None:
    return SignInService.objects.filter(slug=slug, active=True).first()


def saml_service(slug: str) -> SignInService | None:
    """One that speaks SAML, also before it is active: it is set up from our metadata."""
    return SignInService.objects.filter(slug=slug, kind=SignInService.Kind.SAML).first()


def service_keys(service: SignInService) -> QuerySet[ServiceKey]:
    """Our keys towards a SAML service, the one that signs first; none before their first use."""
    return ServiceKey.objects.filter(service=service)


def ties(user: User) -> list[tuple[SocialAccount, str]]:
    """The identities by which somebody signs in, each with the name of its service."""
    names = dict(SignInService.objects.values_list("slug", "name"))
    found = SocialAccount.objects.filter(user=user).order_by("pk")
    return [(tie, names.get(tie.provider, tie.provider)) for tie in found]


def tie(user: User, tie_id: int) -> SocialAccount:
    """One of them; raises SocialAccount.DoesNotExist."""
    found: SocialAccount = SocialAccount.objects.get(user=user, pk=tie_id)
    return found
