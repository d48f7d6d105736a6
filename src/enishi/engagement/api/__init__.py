"""Stakeholders for programs: ratings, the plan, and which file was given to whom."""

from enishi.engagement.api.handouts import handouts
from enishi.engagement.api.plans import plan, steps
from enishi.engagement.api.ratings import ratings

__all__ = ["handouts", "plan", "ratings", "steps"]
