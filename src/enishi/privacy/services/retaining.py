"""Retention rules: drafted, looked at, switched on with the number that was shown, switched off."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.accounts.models import Project
from enishi.core import clock, text
from enishi.core.errors import Refusal
from enishi.core.formats import counted, format_number
from enishi.privacy import signals
from enishi.privacy.models import RetentionRule
from enishi.privacy.retention import Aging, Wanted, kind_of
from enishi.timeline.services import differences, record

RIGHT = "privacy.retain"
MOST = 0.2
"""A rule that would take a larger share than this wants its number typed."""
SHORTEST = dt.timedelta(days=30)
FIELDS = ("project", "kind", "part", "after", "unit", "deed", "reason", "state", "agreed", "trouble")


class RetentionRefused(Refusal):
    """A rule is not taken as it is; ``field`` is where, the text says why and what to do."""


@dataclass(frozen=True)
class Look:
    """What a rule would do now, with the rights of whoever looks; writes nothing."""

    rule: RetentionRule
    kind: Aging
    wanted: Wanted
    takes: int
    held: int
    in_use: int
    every: int

    @property
    def share(self) -> float:
        return self.takes / self.every if self.every else 0.0

    @property
    def is_much(self) -> bool:
        """Whether the number has to be typed."""
        return self.takes > 0 and self.share > MOST


def wanted_by(rule: RetentionRule, *, now: dt.datetime | None = None) -> Wanted:
    lasting = {
        RetentionRule.Unit.DAYS.value: relativedelta(days=rule.after),
        RetentionRule.Unit.MONTHS.value: relativedelta(months=rule.after),
        RetentionRule.Unit.YEARS.value: relativedelta(years=rule.after),
    }
    before = (now or clock.now()) - lasting[rule.unit]
    ids = accounts.ids_below(rule.project) if rule.project is not None else None
    return Wanted(ids, rule.part, before)


def look(actor: Actor, rule: RetentionRule) -> Look:
    kind, wanted = kind_of(rule.kind), wanted_by(rule)
    return Look(
        rule,
        kind,
        wanted,
        takes=kind.due(actor, wanted).count(),
        held=kind.kept(actor, wanted).count(),
        in_use=kind.in_use(actor, wanted).count(),
        every=kind.every(actor, wanted).count(),
    )


def require(actor: Actor, project: Project | None, *rights: str) -> None:
    """Raise Forbidden unless these are held there; for everything, everywhere."""
    for right in (RIGHT, *rights):
        if project is None:
            actor.require_everywhere(right)
        else:
            actor.require(right, project.pk)


@transaction.atomic
def draft_rule(actor: Actor, *, project: Project | None, **values: Any) -> RetentionRule:
    """Write a rule down; it does nothing yet. Raises RetentionRefused, Forbidden."""
    require(actor, project)
    rule = RetentionRule(project=project, user_id=actor.user_id, created_at=clock.now(), **values)
    _check(rule)
    rule.save(force_insert=True)
    record(actor, signals.rule_drafted, subject=rule, changes=differences({}, _snapshot(rule)))
    return rule


@transaction.atomic
def change_rule(
    actor: Actor, rule: RetentionRule, *, project: Project | None, **values: Any
) -> RetentionRule:
    """Change a rule; it becomes a draft again, whatever it was."""
    rule = _locked(rule)
    require(actor, rule.project)
    require(actor, project)
    before = _snapshot(rule)
    rule.project = project
    for name, value in values.items():
        setattr(rule, name, value)
    rule.state, rule.agreed, rule.switched_at, rule.switched_by, rule.trouble = (
        RetentionRule.State.DRAFT, None, None, None, "",
    )  # fmt: skip
    _check(rule)
    rule.save()
    if changes := differences(before, _snapshot(rule)):
        record(actor, signals.rule_changed, subject=rule, changes=changes)
    return rule


def _check(rule: RetentionRule) -> None:
    try:
        kind = kind_of(rule.kind)
    except KeyError:
        raise RetentionRefused(_("Choose what the rule is about."), "kind") from None
    if rule.part and rule.part not in dict(kind.parts()):
        raise RetentionRefused(_("There is no such part. Choose one of the list."), "part")
    if rule.deed not in kind.deeds:
        words = {"deeds": "; ".join(str(label) for label in kind.deeds.values())}
        raise RetentionRefused(_("That cannot be done with these. Choose: %(deeds)s.") % words, "deed")
    if rule.unit not in RetentionRule.Unit.values:
        raise RetentionRefused(_("Choose days, months or years."), "unit")
    if not 1 <= rule.after <= 1200:
        raise RetentionRefused(_("Give a number from 1 to 1,200."), "after")
    try:
        before = wanted_by(rule).before
    except (OverflowError, ValueError):
        raise RetentionRefused(_("That is before all time. Give a shorter time."), "after") from None
    if clock.now() - before < SHORTEST:
        raise RetentionRefused(
            _("Less than 30 days is no time for a rule: nobody would notice a mistake."), "after"
        )
    rule.reason = " ".join(text.clean(rule.reason).split())[:300]
    if not rule.reason:
        raise RetentionRefused(_("Say why, for example: accounting law, ten years."), "reason")


@transaction.atomic
def switch_on(actor: Actor, rule: RetentionRule, *, shown: int, typed: int | None = None) -> RetentionRule:
    """Let a rule do its work from now on, with the rights of whoever switches it on.

    ``shown`` is the number that they were shown; it must still be true. More than a fifth of all has to be typed as well.
    Raises RetentionRefused, Forbidden.
    """
    rule = _locked(rule)
    require(actor, rule.project, *kind_of(rule.kind).rights)
    if rule.state == RetentionRule.State.ON:
        raise RetentionRefused(_("The rule is on already."))
    if actor.user_id is None:
        raise RetentionRefused(_("A rule works with the rights of a person. Sign in."))
    found = look(actor, rule)
    if found.takes != shown:
        raise RetentionRefused(
            _("By now it would take %(now)s, not %(shown)s. Look again, then switch it on.")
            % {"now": _shown(actor, found.takes), "shown": _shown(actor, shown)}
        )
    if found.is_much and typed != found.takes:
        raise RetentionRefused(
            _("It would take %(n)s of %(all)s. If that is meant, type the number %(n)s.")
            % {"n": _shown(actor, found.takes), "all": _shown(actor, found.every)},
            "typed",
        )
    before = _snapshot(rule)
    rule.state, rule.agreed, rule.trouble = RetentionRule.State.ON, found.takes, ""
    rule.switched_at, rule.switched_by_id = clock.now(), actor.user_id
    rule.save()
    record(actor, signals.rule_switched_on, subject=rule, changes=differences(before, _snapshot(rule)))
    return rule


@transaction.atomic
def switch_off(actor: Actor, rule: RetentionRule, *, trouble: str = "") -> RetentionRule:
    """Let a rule do nothing any more. What it put into the recycle bin stays there until its days are over."""
    rule = _locked(rule)
    if not actor.system:
        require(actor, rule.project)
    if rule.state != RetentionRule.State.ON:
        return rule
    before = _snapshot(rule)
    rule.state, rule.trouble = RetentionRule.State.OFF, trouble[:500]
    rule.save()
    record(actor, signals.rule_switched_off, subject=rule, changes=differences(before, _snapshot(rule)))
    return rule


def _locked(rule: RetentionRule) -> RetentionRule:
    rows = RetentionRule.objects.unscoped("locked for a change that the actor may make")
    return rows.select_related("project").select_for_update(no_key=True, of=("self",)).get(pk=rule.pk)


def _snapshot(rule: RetentionRule) -> dict[str, Any]:
    return {**{name: getattr(rule, name) for name in FIELDS}, "project": str(rule.project or "")}


def _shown(actor: Actor, number: int) -> str:
    return format_number(number, actor.language)


def describe(rule: RetentionRule) -> str:
    """A rule in one sentence."""
    kind = kind_of(rule.kind)
    part = dict(kind.parts()).get(rule.part)
    return _("%(what)s, %(after)s %(unit)s %(since)s") % {
        "what": f"{kind.label} ({part})" if part else kind.label,
        "after": counted(rule.after),
        "unit": rule.get_unit_display(),
        "since": kind.since,
    }
