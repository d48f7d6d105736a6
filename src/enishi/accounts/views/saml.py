"""What a SAML service sends people back with, and what it is set up from."""

from __future__ import annotations

import logging

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.sessions import LoginSession
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.models import SignInService
from enishi.accounts.requests import NAMED
from enishi.accounts.saml import protocol, signing_out
from enishi.accounts.social import refuse, refused
from enishi.core.content_policy import content_policy

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
        told = protocol.read(service, request.POST.get("SAMLResponse", ""), services.known_pairs(service))
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
        login.state[NAMED] = told["named"]
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
        described = protocol.our_metadata(service, services.our_pairs(service))
        return HttpResponse(described, content_type="application/samlmetadata+xml")
    except protocol.Unavailable:
        return refused(request, services.saml_missing())


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """A service says that somebody signed out there, or answers that it did when they signed out here.

    Who is meant stands in its signed word: the browser may keep back its session, as from another site's form.
    """
    service = _service(slug)
    try:
        if "SAMLResponse" in (request.POST if request.method == "POST" else request.GET):
            return _left(request, service)
        asked = signing_out.read_request(service, services.known_pairs(service), request)
        services.end_as_asked(service, asked)
        message = services.tell_it_is_done(service, asked)
    except protocol.Unavailable:
        return refused(request, services.saml_missing())
    except protocol.Untrusted as error:
        logger.warning("A message of %s about signing out is not believed: %r", service.slug, str(error))
        reason = _(
            "This message about signing out cannot be trusted or has run out, so no session was ended."
        )
        return refused(request, reason, title=_("Not signed out"))
    except services.Refused as error:
        return refused(request, str(error), title=_("Not signed out"))
    if message is None:
        return redirect("account_login")
    return HttpResponseRedirect(message.url) if not message.fields else send_on(request, service, message)


def _left(request: HttpRequest, service: SignInService) -> HttpResponse:
    if signing_out.read_answer(service, request):
        messages.success(request, _("You are signed out of %(service)s too.") % {"service": service.name})
    else:
        text = _("You are signed out here. %(service)s says that you may still be signed in elsewhere.")
        messages.warning(request, text % {"service": service.name})
    return redirect("account_login")


def send_on(request: HttpRequest, service: SignInService, message: signing_out.Message) -> HttpResponse:
    """A page that leads on to a service, by an address or by a form, by itself or by its button."""
    context = {"service": service, "message": message}
    page = render(request, "socialaccount/leaving.html", context)
    if message.fields:
        page["Content-Security-Policy"] = content_policy(forms_also_to=message.url)
    return page
