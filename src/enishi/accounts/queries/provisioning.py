"""Reading people and teams for a directory that provisions them."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet

from enishi.accounts.models import Team, User


def provisioned_people(*, user_name: str | None = None, external_id: str | None = None) -> QuerySet[User]:
    """Everybody who signs in here, without those whom the directory withdrew; in the order of their coming."""
    found = (
        User.objects.exclude(provisioned__withdrawn=True)
        .select_related("provisioned")
        .prefetch_related("teams")
        .order_by("pk")
    )
    if user_name is not None:
        found = found.filter(
            Q(provisioned__user_name__iexact=user_name) | Q(provisioned__isnull=True, email__iexact=user_name)
        )
    if external_id is not None:
        found = found.filter(provisioned__external_id=external_id)
    return found


def provisioned_person(user_id: int) -> User:
    """One of them; raises User.DoesNotExist."""
    return provisioned_people().get(pk=user_id)


def provisioned_teams(*, members: bool = True) -> QuerySet[Team]:
    found = Team.objects.order_by("pk")
    if not members:
        return found
    return found.prefetch_related(Prefetch("members", User.objects.exclude(provisioned__withdrawn=True)))


def provisioned_team(team_id: int) -> Team:
    """One of them; raises Team.DoesNotExist."""
    return provisioned_teams().get(pk=team_id)


def people_by_numbers(numbers: set[int]) -> list[User]:
    return list(provisioned_people().filter(pk__in=numbers))
