"""Addresses of accounts. ``account``, ``project`` and ``projects`` are known to the shell, the rest stands in ``accounts:``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path
from django.views.decorators.csrf import csrf_exempt

from enishi.accounts.views import account, people, projects, roles, sign_in, single_sign_on, viewing

settings = [
    path("appearance/", account.appearance, name="appearance"),
    path("tokens/", account.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", account.revoke, name="token_revoke"),
    path("services/", single_sign_on.sign_in_services, name="services"),
    path("services/new/", single_sign_on.new_service, name="service_new"),
    path("services/<int:service_id>/", single_sign_on.service, name="service"),
    path("services/<int:service_id>/keys/new/", single_sign_on.new_key, name="service_key_new"),
    path("services/<int:service_id>/keys/drop/", single_sign_on.drop_key, name="service_key_drop"),
    path("services/<int:service_id>/remove/", single_sign_on.remove_service, name="service_remove"),
    path("sign-ins/ties/<int:tie_id>/remove/", single_sign_on.untie_own, name="untie_own"),
    path("people/<int:user_id>/ties/<int:tie_id>/remove/", single_sign_on.untie, name="untie"),
    path("sign-ins/", sign_in.own, name="sign_ins"),
    path("sign-ins/everybody/", sign_in.everybody, name="all_sign_ins"),
    path("sessions/<int:session_id>/end/", sign_in.end_own_session, name="session_end"),
    path("people/<int:user_id>/sign-ins/", sign_in.of_person, name="person_sign_ins"),
    path("people/<int:user_id>/sessions/end/", sign_in.end_sessions, name="person_sessions_end"),
    path("people/", people.people, name="people"),
    path("people/new/", people.new_person, name="person_new"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/view/", viewing.begin, name="view_as"),
    path("view/end/", viewing.end, name="view_as_end"),
    path("people/<int:user_id>/invite/", people.invite, name="invite"),
    path("roles/give/", people.give, name="give"),
    path("roles/given/<int:grant_id>/take/", people.take, name="take"),
    path("teams/", people.teams, name="teams"),
    path("teams/<int:team_id>/", people.team, name="team"),
    path("teams/<int:team_id>/delete/", people.delete_team, name="team_delete"),
    path("roles/", roles.roles, name="roles"),
    path("roles/new/", roles.new_role, name="role_new"),
    path("roles/fields/", roles.protected_fields, name="role_fields"),
    path("roles/<int:role_id>/", roles.role, name="role"),
    path("roles/<int:role_id>/effect/", roles.effect, name="role_effect"),
    path("roles/<int:role_id>/delete/", roles.delete_role, name="role_delete"),
    path("why/", roles.why, name="why"),
    path("projects/", projects.setup, name="projects_setup"),
    path("projects/new/", projects.new_project, name="project_new"),
    path("projects/<int:project_id>/", projects.edit_project, name="project_edit"),
    path("projects/<int:project_id>/archive/", projects.archive, name="project_archive"),
    path("organisation/", projects.organisation, name="organisation"),
]


def _scim(address: str, view: str, name: str) -> URLPattern:
    """An address for directories. What it needs takes a second to load: only when a directory first asks."""

    @csrf_exempt
    def ask(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        from enishi.accounts import api

        answer: HttpResponse = getattr(api, view)(request, **kwargs)
        return answer

    return path(address, ask, name=name)


directory = [
    _scim("Users", "people", "people"),
    _scim(".search", "find_all", "find"),
    _scim("Users/.search", "find_people", "find_people"),
    _scim("Groups/.search", "find_teams", "find_teams"),
    _scim("Users/<str:key>", "person", "person"),
    _scim("Groups", "teams", "teams"),
    _scim("Groups/<str:key>", "team", "team"),
    _scim("ServiceProviderConfig", "config", "config"),
    _scim("ResourceTypes", "types", "types"),
    _scim("ResourceTypes/<str:key>", "types", "type"),
    _scim("Schemas", "schemas", "schemas"),
    _scim("Schemas/<str:key>", "schemas", "schema"),
    _scim("<path:rest>", "nothing", "nothing"),
]

urlpatterns = [
    path("scim/v2/", include((directory, "scim"))),
    # Ours stand before the pages of allauth at the same addresses.
    path("account/logout/", sign_in.sign_out, name="sign_out"),
    path("account/oidc/<slug:provider_id>/login/", single_sign_on.go, name="sign_in_with"),
    path("settings/", include((settings, "accounts"))),
    path("settings/account/", account.profile, name="account"),
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:project_id>/", projects.project, name="project"),
]
