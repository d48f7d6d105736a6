"""One's own account: profile, appearance, API tokens. Password, second factor and sessions are allauth's pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from enishi.accounts import queries, services
from enishi.accounts.access import rights
from enishi.accounts.forms import AppearanceForm, ProfileForm, TokenForm
from enishi.accounts.models import ApiToken
from enishi.accounts.requests import StaffRequest
from enishi.core import clock, registry


@require_http_methods(["GET", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=queries.person(request.user.pk))
    if request.method == "POST" and form.is_valid():
        services.change_user(request.actor, request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("account")
    panels = registry.panels("accounts.person", request.actor, request.user)
    return render(request, "accounts/profile.html", {"form": form, "panels": panels})


@require_http_methods(["GET", "POST"])
def appearance(request: StaffRequest) -> HttpResponse:
    form = AppearanceForm(request.POST or None, instance=queries.person(request.user.pk))
    if request.method == "POST" and form.is_valid():
        services.change_user(request.actor, request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:appearance")
    return render(request, "accounts/appearance.html", {"form": form})


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: StaffRequest) -> HttpResponse:
    """The tokens and a form for one more. The secret of a new one stands in the answer to its form, and nowhere else."""
    form = TokenForm(request.actor, request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, secret = services.create_token(request.actor, **form.cleaned_data)
            form = TokenForm(request.actor)
        except services.AccountError as error:
            form.add_error(None, str(error))
    listed = [
        {"token": token, "scopes": [rights().get(code, code) for code in token.scopes]}
        for token in queries.tokens(request.actor)
    ]
    context = {"form": form, "secret": secret, "tokens": listed, "now": clock.now()}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: StaffRequest, token_id: int) -> HttpResponse:
    try:
        token = queries.token(request.actor, token_id)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    services.revoke_token(request.actor, token)
    messages.success(request, _("“%(name)s” no longer works.") % {"name": token.name})
    return redirect("accounts:tokens")
