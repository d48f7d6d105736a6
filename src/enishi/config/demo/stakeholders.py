"""How people stand towards the wind farm in the demo: ratings of a year, and what is planned with some of them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace

from enishi.accounts.access import Level
from enishi.config.demo.organisation import House
from enishi.config.demo.people import Sketch
from enishi.contacts.models import Tag
from enishi.content.models import FileVersion
from enishi.core import clock
from enishi.engagement.models import PlanStep
from enishi.engagement.services import Judgement, fulfil, give, plan, rate
from enishi.health.queries import Subject
from enishi.health.services import judge

# Who rates where, how many, and what they write down as the reason.
RATERS = {
    "tidewall": ("daniel", 16),
    "tidewall-east": ("ren", 14),
    "tidewall-harbour": ("gwenaelle", 14),
}
REASONS = {
    "tidewall": {
        -1: ("Spoke against the cable route at the hearing", "Will join the objection", "Asked twice and got no answer"),
        0: ("Came to the hearing and listened", "Now speaks for the street", "New in the post"),
        1: ("Offered the hall for the next meeting", "Told the paper it is worth it", "Saw the survey, has no objection"),
    },
    "tidewall-east": {
        -1: ("説明会で反対の意見を述べた", "騒音について二度問い合わせがあった", "反対署名に加わった"),
        0: ("説明会に出席した", "担当が代わった", "地区の代表になった"),
        1: ("次の説明会の会場を貸してくれる", "調査結果に納得した", "新聞に賛成の投書をした"),
    },
    "tidewall-harbour": {
        -1: ("S'est opposé au tracé en réunion publique", "A signé la pétition", "Deux questions restées sans réponse"),
        0: ("Présent à la réunion, sans prise de parole", "Nouveau dans ses fonctions", "Parle désormais pour le quai"),
        1: ("Prête sa salle pour la prochaine réunion", "A vu l'étude, rien à redire", "Défend le projet au conseil"),
    },
}  # fmt: skip
# What for, method, channel, days from now to the first time, rule.
PLANS = {
    "tidewall": (
        ("Show the survey of the cable route", "consult", "meeting", -20, ""),
        ("Go through the draft of the application", "involve", "meeting", 6, ""),
        ("Letter with the dates of the works", "inform", "letter", -4, "FREQ=MONTHLY"),
    ),
    "tidewall-east": (
        ("騒音調査の結果を説明する", "consult", "visit", -15, ""),
        ("漁場の工事日程を一緒に決める", "collaborate", "meeting", 9, ""),
        ("工事予定のお知らせ", "inform", "letter", -2, "FREQ=MONTHLY"),
    ),
    "tidewall-harbour": (
        ("Présenter le tracé des camions", "consult", "meeting", -12, ""),
        ("Fixer ensemble les heures de chantier", "collaborate", "meeting", 8, ""),
        ("Lettre sur les travaux du mois", "inform", "letter", -3, "FREQ=MONTHLY"),
    ),
}
DAYS = 300


def rate_some(house: House, everybody: Sequence[Sketch], rng: random.Random, now: dt.datetime) -> None:
    """Rate organisations and some people of each coast, several times in the last ten months."""
    for code, (key, number) in RATERS.items():
        known = [
            sketch
            for sketch in everybody
            if code in sketch.projects
            and sketch.draft.confidentiality <= Level.INTERNAL
            and sketch.created_at < now - dt.timedelta(days=20)
        ]
        organisations = [sketch for sketch in known if sketch.draft.kind != "person"]
        people = [sketch for sketch in known if sketch.draft.kind == "person"]
        half = min(len(organisations), number // 2)
        chosen = rng.sample(organisations, half) + rng.sample(people, min(len(people), number - half))
        for sketch in chosen:
            _rate(house, code, key, sketch, rng, now)
        _plan(house, code, key, [*chosen[:2], *chosen[half : half + 1]], now)
        _give(house, code, key, chosen[:4], now)
        with clock.standing_at(now - dt.timedelta(days=9)):
            judge(house.actors[key], Subject(party=chosen[0].party), score=60, reason=REASONS[code][0][0])


def _rate(house: House, code: str, key: str, sketch: Sketch, rng: random.Random, now: dt.datetime) -> None:
    present = max(3, min(DAYS, (now - sketch.created_at).days))
    days = sorted(rng.sample(range(2, present), min(present - 2, rng.randint(1, 3))), reverse=True)
    heavy = sketch.draft.kind != "person"
    judgement = Judgement(
        impact=rng.randint(2, 5),
        interest=rng.randint(2, 5),
        influence=rng.randint(3, 5) if heavy else rng.randint(1, 4),
        position=rng.choice([None, -1, 0, 0, 1]),
    )
    turn = judgement.position or 0
    for back in days:
        with clock.standing_at(now - dt.timedelta(days=back)):
            rate(
                house.actors[key],
                project=house.projects[code],
                party=sketch.party,
                judgement=judgement,
                reason=rng.choice(REASONS[code][turn]),
            )
        turn = rng.choice([-1, 0, 1])
        judgement = replace(
            judgement,
            interest=_step(judgement.interest + rng.choice([-1, 0, 1, 1])),
            influence=_step(judgement.influence + rng.choice([-1, 0, 0, 1])),
            position=max(-2, min(2, (judgement.position or 0) + turn)),
        )


def _plan(house: House, code: str, key: str, chosen: Sequence[Sketch], now: dt.datetime) -> None:
    """One line with each of them; the first is done already, the last is for everybody with their tag, if they have one."""
    actor, project = house.actors[key], house.projects[code]
    for number, (sketch, (aim, method, channel, ahead, rule)) in enumerate(
        zip(chosen, PLANS[code], strict=False)
    ):
        tag = Tag.objects.filter(path__in=sketch.tags).order_by("pk").first() if rule else None
        with clock.standing_at(now - dt.timedelta(days=30)):
            line, _entry = plan(
                actor,
                project=project,
                party=None if tag else sketch.party,
                tag=tag,
                aim=aim,
                method=method,
                channel=channel,
                starts_on=(now + dt.timedelta(days=ahead)).date(),
                rule=rule,
                owner=house.users[key],
            )
        if number == 0:
            with clock.standing_at(now - dt.timedelta(days=-ahead - 1)):
                fulfil(actor, PlanStep.objects.get(line=line))


def _give(house: House, code: str, key: str, chosen: Sequence[Sketch], now: dt.datetime) -> None:
    """The newest paper of the project was handed to some of them, two weeks after it was written."""
    papers = FileVersion.objects.filter(
        file__project=house.projects[code],
        file__attachment=False,
        file__deleted_at__isnull=True,
        file__confidentiality__lte=Level.INTERNAL,
    )
    paper = papers.select_related("file__project").order_by("file_id", "-number").first()
    if paper is None:
        return
    day = min(now, paper.created_at + dt.timedelta(days=14))
    for sketch in chosen:
        with clock.standing_at(day):
            give(house.actors[key], version=paper, party=sketch.party, how="handed", given_on=day.date())


def _step(value: int) -> int:
    return max(1, min(5, value))
