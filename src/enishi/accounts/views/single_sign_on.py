"""Sign-in services: the way to one, and their set-up."""

from __future__ import annotations

from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.answers import found
from enishi.accounts.forms import SamlServiceForm, SignInServiceForm
from enishi.accounts.models import SignInService, User
from enishi.accounts.requests import StaffRequest, needs_everywhere
from enishi.accounts.saml import protocol
from enishi.accounts.saml.keys import as_pem
from enishi.accounts.social import refuse, refused


@never_cache
@require_http_methods(["GET", "POST"])
def go(request: HttpRequest, provider_id: str) -> HttpResponse:
    """On to a sign-in service. By a page of our own: the content policy lets no form lead to another site."""
    try:
        provider = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    if request.method == "GET":
        return render(request, "socialaccount/login.html", {"provider": provider})
    try:
        answer = provider.redirect_from_request(request)
    except protocol.Unavailable:
        return refused(request, services.saml_missing())
    except (requests.RequestException, ValueError, KeyError):
        text = _("%(service)s does not answer. Try again, or sign in with your password.")
        return refuse(request, text % {"service": provider.name})
    return render(request, "socialaccount/onward.html", {"provider": provider, "url": answer["Location"]})


@require_GET
@needs_everywhere(services.MANAGE)
def sign_in_services(request: StaffRequest) -> HttpResponse:
    return render(request, "accounts/services.html", {"services": queries.sign_in_services()})


def _service(service_id: int) -> SignInService:
    return found(queries.sign_in_service, service_id)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def new_service(request: StaffRequest) -> HttpResponse:
    kind = SignInService.Kind.SAML if request.GET.get("kind") == "saml" else SignInService.Kind.OPENID
    return _edit(request, None, kind)


@require_http_methods(["GET", "POST"])
@needs_everywhere(services.MANAGE)
def service(request: StaffRequest, service_id: int) -> HttpResponse:
    found = _service(service_id)
    return _edit(request, found, SignInService.Kind(found.kind))


def _edit(request: StaffRequest, found: SignInService | None, kind: SignInService.Kind) -> HttpResponse:
    saml = kind == SignInService.Kind.SAML
    form_class: Any = SamlServiceForm if saml else SignInServiceForm
    save: Any = services.save_saml_service if saml else services.save_service
    form = form_class(request.POST or None, request.FILES or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            # As it stands in the database: the form has already set what was typed.
            saved = save(request.actor, _service(found.pk) if found else None, **form.cleaned_data)
        except services.AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:service", saved.pk)
    new = reverse("accounts:service_new")
    context: dict[str, Any] = {
        "service": found,
        "form": form,
        "saml": saml,
        "ways": [
            {"label": SignInService.Kind.OPENID.label, "url": new, "current": not saml},
            {"label": SignInService.Kind.SAML.label, "url": f"{new}?kind=saml", "current": saml},
        ],
    }
    if found:
        context["addresses"] = _our_addresses(found)
    if found and saml:
        context["ends"] = protocol.ends(_service(found.pk).certificates)
        context["keys"] = _keys(found)
    return render(request, "accounts/service.html", context, status=422 if form.errors else 200)


def _keys(service: SignInService) -> list[dict[str, Any]]:
    """Our certificates towards it, the one that signs first."""
    return [
        {"id": f"key-{key.pk}", "made_at": key.made_at, "pem": as_pem(key.certificate), "end": end}
        for key in queries.service_keys(service)
        for end in protocol.ends([key.certificate])
    ]


@require_POST
@needs_everywhere(services.MANAGE)
def new_key(request: StaffRequest, service_id: int) -> HttpResponse:
    return _change_key(
        request,
        service_id,
        services.make_new_key,
        _("The new key stands in our metadata beside the older one."),
    )


@require_POST
@needs_everywhere(services.MANAGE)
def drop_key(request: StaffRequest, service_id: int) -> HttpResponse:
    return _change_key(request, service_id, services.drop_older_key, _("Only the newer key is in use now."))


def _change_key(request: StaffRequest, service_id: int, change: Any, done: str) -> HttpResponse:
    service = _service(service_id)
    if service.kind != SignInService.Kind.SAML:
        raise Http404
    try:
        change(request.actor, service)
    except services.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("accounts:service", service.pk)


def _our_addresses(service: SignInService) -> list[dict[str, str]]:
    """What is entered at the service, to copy."""
    if service.kind == SignInService.Kind.SAML:
        name = protocol.entity_id(service.slug)
        answers = {
            "id": "answers",
            "label": _("Where answers go (ACS)"),
            "url": protocol.answer_url(service.slug),
        }
        leaving = {
            "id": "leaving",
            "label": _("Where messages about signing out go"),
            "url": protocol.sign_out_url(service.slug),
        }
        return [
            {"id": "entity", "label": _("Our name (entity id) and metadata"), "url": name},
            answers,
            leaving,
        ]
    path = reverse("openid_connect_callback", kwargs={"provider_id": service.slug})
    return [{"id": "callback", "label": _("Where it sends people back"), "url": settings.ENV.base_url + path}]


@require_POST
@needs_everywhere(services.MANAGE)
def remove_service(request: StaffRequest, service_id: int) -> HttpResponse:
    found = _service(service_id)
    services.remove_service(request.actor, found)
    messages.success(request, _("Nobody signs in with %(service)s any more.") % {"service": found.name})
    return redirect("accounts:services")


@require_POST
def untie_own(request: StaffRequest, tie_id: int) -> HttpResponse:
    return _untie(request, request.user, tie_id, "accounts:sign_ins")


@require_POST
@needs_everywhere(services.MANAGE)
def untie(request: StaffRequest, user_id: int, tie_id: int) -> HttpResponse:
    try:
        user = queries.person(user_id)
    except User.DoesNotExist:
        raise Http404 from None
    return _untie(request, user, tie_id, "accounts:person_sign_ins", user_id)


def _untie(request: StaffRequest, user: User, tie_id: int, page: str, *args: int) -> HttpResponse:
    try:
        found = queries.tie(user, tie_id)
    except SocialAccount.DoesNotExist:
        raise Http404 from None
    try:
        services.untie(request.actor, user, found)
    except services.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("That way of signing in is gone."))
    return redirect(page, *args)
