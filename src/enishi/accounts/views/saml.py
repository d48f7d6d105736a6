"""What a SAML service sends people back with, and what it is set up from."""

from __future__ import annotations

import logging

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.sessions import LoginSession
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from enishi.accounts import queries, services
from enishi.accounts.models import SignInService
from enishi.accounts.saml import protocol
from enishi.accounts.social import refuse, refused

_HANDED = ("_saml_handed", "saml-handed")
logger = logging.getLogger(__name__)


def _service(slug: str) -> SignInService:
    found = queries.service_by_slug(slug)
    if found is None or found.kind != SignInService.Kind.SAML:
        raise Http404
    return found


@csrf_exempt
@never_cache
@require_POST
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """The service's word, brought by a form of its page; the browser keeps back its session from such a form.

    What is believed is kept for the next request, which comes from our own page and has the session. Nothing is
    written before: anybody may send a form here.
    """
    service = _service(slug)
    try:
        told = protocol.read(service, request.POST.get("SAMLResponse", ""))
    except protocol.Unavailable:
        return refused(request, services.saml_missing())
    except protocol.Untrusted as error:
        # Written as a literal: what came from outside must not look like a line of ours.
        logger.warning("An answer of %s is not believed: %r", service.slug, str(error))
        return refused(request, services.words_for(service, error))
    onward = redirect("saml_come_in", slug)
    handed = LoginSession(request, *_HANDED)
    handed.store.flush()
    handed.store.update({**services.handed(service, told)})
    handed.store.set_expiry(services.HANDED_S)
    handed.save(onward)
    return onward


@never_cache
@require_GET
def come_in(request: HttpRequest, slug: str) -> HttpResponse:
    """The same browser, with its session: whoever asked the question is let in, once."""
    service = _service(slug)
    handed = LoginSession(request, *_HANDED)
    told = {**handed.store}
    handed.delete()
    unasked = _("Nobody here asked %(service)s for this answer, or it was used already. Sign in again.")
    if told.get("service") != service.slug:
        return refused(request, unasked % {"service": service.name})
    provider = get_adapter().get_provider(request, slug)
    login = provider.sociallogin_from_response(request, told)
    try:
        login.state = provider.unstash_redirect_state(request, told["request_id"])
        services.use_assertion(service, told)
    except (PermissionDenied, services.Refused):
        return refuse(request, unasked % {"service": service.name}, email=told["email"])
    inside: HttpResponse = complete_social_login(request, login)
    return inside


@require_GET
def metadata(request: HttpRequest, slug: str) -> HttpResponse:
    """How we call ourselves and where answers go, as a service reads it. Open: it holds no secret."""
    service = queries.saml_service(slug)
    if service is None:
        raise Http404
    try:
        return HttpResponse(protocol.our_metadata(service), content_type="application/samlmetadata+xml")
    except protocol.Unavailable:
        return refused(request, services.saml_missing())
