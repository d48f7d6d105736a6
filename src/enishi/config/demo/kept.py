"""How long the demo's organisation means to keep things: drafts, to be looked at and switched on."""

from __future__ import annotations

from enishi.config.demo.organisation import House
from enishi.privacy.services import draft_rule

# What, which of them, how long in years, what happens, why.
RULES = (
    ("conversations", "email", 5, "bin", "Policy on records, 4.2: mail is kept for five years"),
    ("cases", "grievance", 7, "now", "Lender agreement: grievances are kept for seven years"),
)


def draft(house: House) -> None:
    for kind, part, years, deed, reason in RULES:
        draft_rule(
            house.actors["misaki"],
            project=house.projects["tidewall"],
            kind=kind,
            part=part,
            after=years,
            unit="years",
            deed=deed,
            reason=reason,
        )
