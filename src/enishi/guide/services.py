"""Going along the tour, leaving it, and putting the first steps away."""

from __future__ import annotations

from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, system_actor
from enishi.accounts.models import Tour
from enishi.guide import queries
from enishi.guide.queries import Place

ENDED = "first steps"
"""As whom the history names the system when everything on the list is done."""


def go(actor: Actor, code: str) -> Place | None:
    """To the stop of that code, or the next within reach; None, and the tour is over, after the last."""
    place = queries.place(actor, code)
    if place is None:
        end(actor)
    else:
        accounts.keep_tour(actor, tour=Tour.ON, stop=place.stop.code)
    return place


def leave(actor: Actor, code: str) -> None:
    """Hide the tour and remember where; with no code it was never begun."""
    accounts.keep_tour(actor, tour=Tour.OFF, stop=code)


def end(actor: Actor) -> None:
    accounts.keep_tour(actor, tour=Tour.OFF)


def put_away(actor: Actor) -> None:
    """Show the first steps to nobody any more."""
    accounts.change_settings(actor, first_steps=False)


def all_taken() -> None:
    """The same, because nothing is left to do: nobody asks the database again."""
    accounts.change_settings(system_actor(ENDED), first_steps=False)
