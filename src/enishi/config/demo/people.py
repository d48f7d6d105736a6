"""Who the demo knows: made-up organisations and their people, residents, candidates, customers, as sketches to be saved."""

from __future__ import annotations

import datetime as dt
import random
import zlib
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from enishi.accounts.access import Level
from enishi.config.demo import material
from enishi.config.demo.organisation import SPEAKERS
from enishi.contacts.models import ContactPoint, Party
from enishi.contacts.services import PartyDraft, PointDraft
from enishi.core.text import fold

ZONES = {"GB": "Europe/London", "JP": "Asia/Tokyo", "FR": "Europe/Paris", "IR": "Asia/Tehran"}
DAYS = 425
"""The story began that long ago: fourteen months."""

# People without an organisation: what they are to us, in which project, in which language, how many.
PRIVATE = (
    ("resident", "tidewall-east", "ja", 16),
    ("resident", "tidewall", "en", 12),
    ("resident", "tidewall-harbour", "fr", 12),
    ("candidate", "certification", "fr", 10),
    ("candidate", "certification", "en", 8),
    ("candidate", "certification", "ja", 8),
    ("candidate", "certification", "fa", 7),
    ("customer", "centre", "ja", 16),
    ("customer", "centre", "en", 10),
    ("customer", "centre", "fr", 8),
    ("customer", "centre-south", "fa", 22),
)
PRIVATE_TAGS = {"resident": "Neighbours", "candidate": "Candidate", "customer": "Customer / Household"}
MAIL_HOSTS = ("mail.example", "postbox.example", "inbox.example")
TOPICS = ("Noise", "Fishing", "View", "Birds", "Jobs", "Traffic")


@dataclass
class Sketch:
    """A contact before it is saved. ``party`` is filled by saving."""

    draft: PartyDraft
    projects: Sequence[str]
    country: str
    language: str
    audience: str
    created_at: dt.datetime
    owner: str
    tags: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    outside_ids: dict[str, str] = field(default_factory=dict)
    ties: list[Tie] = field(default_factory=list)
    woman: bool = False
    email: str = ""
    party: Party = field(default_factory=Party)

    @property
    def is_person(self) -> bool:
        return self.draft.kind == Party.Kind.PERSON

    @property
    def zone(self) -> dt.tzinfo:
        return zoneinfo.ZoneInfo(ZONES[self.country])

    @property
    def organisation(self) -> Sketch | None:
        return next((tie.target for tie in self.ties if tie.kind == "works-for"), None)


@dataclass(frozen=True)
class Tie:
    """What a sketch is to another one."""

    kind: str
    target: Sketch
    title: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


class Names:
    """Draws names without drawing one twice."""

    def __init__(self, rng: random.Random) -> None:
        self._material = material.read("names")
        self._rng = rng
        self._left: dict[str, Iterator[tuple[Any, Any]]] = {
            language: self._pairs(language) for language in ("ja", "en", "fr", "fa")
        }

    def _pairs(self, language: str) -> Iterator[tuple[Any, Any]]:
        source = self._material[language]
        families, givens = list(source["family"]), list(source["given"])
        self._rng.shuffle(families)
        self._rng.shuffle(givens)
        # Each round shifts the given names on, so that namesakes are rare and nobody is there twice.
        for shift in range(len(givens)):
            for number, family in enumerate(families):
                yield family, givens[(number + shift * 7) % len(givens)]

    def _is_woman(self, language: str, given: Any) -> bool:
        source = self._material[language]
        return given in source["given"][: source["women"]]

    def person(self, language: str, woman: bool | None = None) -> dict[str, Any]:
        """The fields of a draft that make up a name; beside them the Latin name for addresses, and if it is a woman's."""
        passed = []
        for family, given in self._left[language]:
            if woman is None or self._is_woman(language, given) == woman:
                break
            passed.append((family, given))
        self._left[language] = chain(passed, self._left[language])
        return {**self._parts(language, family, given), "woman": self._is_woman(language, given)}

    def _parts(self, language: str, family: Any, given: Any) -> dict[str, Any]:
        if language == "ja":
            names = {
                "Kana": {"family": family[1], "given": given[1]},
                "Latn": {"family": family[2], "given": given[2]},
            }
            return {
                "family_name": family[0],
                "given_name": given[0],
                "names": names,
                "latin": (family[2], given[2]),
            }
        if language == "fa":
            names = {"Latn": {"family": family[1], "given": given[1]}}
            return {
                "family_name": family[0],
                "given_name": given[0],
                "names": names,
                "latin": (family[1], given[1]),
            }
        return {"family_name": family, "given_name": given, "names": {}, "latin": (family, given)}

    def place(self, language: str) -> dict[str, Any]:
        return dict(self._material["place"][language])


def village_of(place: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """The town, or one of the villages around it for four in ten; by the address itself, so that nothing else changes."""
    town, *villages = [str(entry[0]) for entry in place["villages"]]
    drawn = zlib.crc32(f"{parts['street']} {parts['postcode']}".encode()) % 100
    return villages[drawn % len(villages)] if drawn < 40 else town


class Population:
    """Everybody the demo knows, in the order in which they became known."""

    def __init__(self, rng: random.Random, now: dt.datetime) -> None:
        self.rng, self.now = rng, now
        self.began = now - dt.timedelta(days=DAYS)
        self.names = Names(rng)
        self.organisations = [
            self._organisation(entry) for entry in material.read("organisations")["organisation"]
        ]
        self.people: list[Sketch] = []
        self._numbers = iter(range(1, 10_000))
        for sketch, entry in self.organisations:
            self.people += self._staff(sketch, entry)
        for audience, project, language, count in PRIVATE:
            self.people += [self._private(audience, project, language) for _ in range(count)]
        self._add_second_jobs()
        self.households = list(self._households())

    @property
    def everybody(self) -> list[Sketch]:
        return [sketch for sketch, _entry in self.organisations] + self.people + self.households

    def _moment(self, *, early: bool) -> dt.datetime:
        """When somebody became known: most at the beginning, some later."""
        if early or self.rng.random() < 0.7:
            return self.began + dt.timedelta(hours=self.rng.uniform(2, 20 * 24))
        return self.began + dt.timedelta(days=self.rng.uniform(20, DAYS - 40))

    # --- organisations

    def _organisation(self, entry: Mapping[str, Any]) -> tuple[Sketch, Mapping[str, Any]]:
        language, project = entry["language"], entry["projects"][0]
        place = self.names.place(language)
        full = {"Kana": entry.get("kana", ""), "Latn": entry.get("latin", "")}
        number = self.rng.randrange(100, 999)
        email = f"info@{entry['domain']}"
        draft = PartyDraft(
            kind=entry.get("kind", Party.Kind.ORGANISATION),
            full_name=entry["name"],
            names={script: {"full": name} for script, name in full.items() if name},
            language=language,
            note=entry.get("note", ""),
            points=[
                PointDraft("email", email, status=ContactPoint.Status.GOOD),
                PointDraft(
                    "phone",
                    place["phone"].format(n=number % 100 if language == "fr" else number, m=number % 90),
                ),
                PointDraft("web", f"https://www.{entry['domain']}"),
                self._address(language),
            ],
            confidentiality=Level.OPEN,
        )
        sketch = Sketch(
            draft=draft,
            projects=entry["projects"],
            country=place["country"],
            language=language,
            audience=entry["audience"],
            created_at=self._moment(early=True),
            owner=SPEAKERS[project, language][0],
            tags=list(entry["tags"]),
            email=email,
        )
        self._describe_organisation(sketch)
        if parent := entry.get("division_of"):
            found = next(other for other in self._known if other.draft.full_name == parent)
            sketch.ties.append(Tie("division-of", found))
        self._known.append(sketch)
        return sketch, entry

    @property
    def _known(self) -> list[Sketch]:
        if not hasattr(self, "_organisations_known"):
            self._organisations_known: list[Sketch] = []
        return self._organisations_known

    def _describe_organisation(self, sketch: Sketch) -> None:
        rng = self.rng
        if sketch.audience in {
            "council",
            "fishing",
            "ngo",
            "press",
            "school",
            "harbour",
            "resident",
            "business",
        }:
            high = "Key stakeholder" in sketch.tags
            sketch.values["influence"] = "High" if high else rng.choice(["Low", "Medium", "Medium"])
            sketch.values["topics"] = rng.sample(TOPICS, rng.randint(1, 3))
        if sketch.audience == "supplier":
            sketch.values["contract-value"] = f"EUR {rng.randrange(40, 900)},000"
            sketch.outside_ids["ERP"] = f"V-{rng.randrange(10_000, 99_999)}"
        if sketch.audience == "customer":
            sketch.outside_ids["Billing"] = f"K-{rng.randrange(100_000, 999_999)}"

    def _staff(self, organisation: Sketch, entry: Mapping[str, Any]) -> Iterator[Sketch]:
        for number in range(entry["people"]):
            who, _colon, title = entry["titles"][number % len(entry["titles"])].rpartition(":")
            person = self._person(
                organisation.language,
                organisation.audience,
                list(organisation.projects),
                domain=entry["domain"],
                created_at=organisation.created_at + dt.timedelta(minutes=5 + 3 * number),
                open_to_all="tidewall-harbour" in organisation.projects and organisation.language == "fr",
                woman={"f": True, "m": False}.get(who),
            )
            since = (self.began - dt.timedelta(days=self.rng.randrange(100, 3000))).date()
            person.ties.append(Tie("works-for", organisation, title=title, since=since.replace(day=1)))
            if number == 0 and organisation.draft.kind != Party.Kind.ORGANISATION:
                person.ties.append(Tie("leads", organisation, title=title))
            yield person

    # --- people

    def _person(
        self,
        language: str,
        audience: str,
        projects: Sequence[str],
        *,
        domain: str,
        created_at: dt.datetime,
        open_to_all: bool = False,
        woman: bool | None = None,
    ) -> Sketch:
        rng, name, place = self.rng, self.names.person(language, woman), self.names.place(language)
        latin, is_woman = name.pop("latin"), name.pop("woman")
        email = f"{_ascii(latin[1])}.{_ascii(latin[0])}@{domain}"
        number = next(self._numbers)
        points = [PointDraft("email", email, status=ContactPoint.Status.GOOD)]
        if rng.random() < 0.85:
            typed = place["mobile"].format(
                n=number % 100 if language == "fr" else number, m=10 + number // 100
            )
            points.append(PointDraft("phone", typed, label=ContactPoint.Label.MOBILE))
        private = domain in MAIL_HOSTS
        if private:
            points.append(self._address(language))
        draft = PartyDraft(
            **name,
            language=language,
            honorific={"ja": "様", "fa": "", "en": "", "fr": ""}[language],
            address_form=("ms" if is_woman else "mr") if rng.random() < 0.4 else "",
            birth_date=dt.date(rng.randrange(1948, 2004), rng.randrange(1, 13), rng.randrange(1, 29)) if private and rng.random() < 0.4 else None,
            points=points,
            confidentiality=Level.OPEN if open_to_all else Level.INTERNAL,
        )  # fmt: skip
        return Sketch(
            draft=draft,
            projects=projects,
            country=place["country"],
            language=language,
            audience=audience,
            created_at=created_at,
            owner=rng.choice(SPEAKERS[projects[0], language]),
            woman=is_woman,
            email=email,
        )

    def _private(self, audience: str, project: str, language: str) -> Sketch:
        rng = self.rng
        person = self._person(
            language,
            audience,
            [project],
            domain=rng.choice(MAIL_HOSTS),
            created_at=self._moment(early=False),
            open_to_all=False,
        )
        person.tags.append(PRIVATE_TAGS[audience])
        if audience == "resident":
            person.values["distance"] = f"{rng.uniform(0.8, 9.5):.1f}"
            person.values["topics"] = rng.sample(TOPICS, rng.randint(1, 2))
        elif audience == "candidate":
            self._certify(person)
        else:
            person.outside_ids["Billing"] = f"K-{rng.randrange(100_000, 999_999)}"
            if rng.random() < 0.08:
                person.values["life-support"] = True
                person.tags.append("Critical supply")
        return person

    def _certify(self, person: Sketch) -> None:
        rng = self.rng
        employers = [
            sketch
            for sketch in self._known
            if sketch.audience == "employer" and sketch.language == person.language
        ]
        if employers and rng.random() < 0.6:
            person.ties.append(
                Tie("works-for", rng.choice(employers), since=dt.date(rng.randrange(2016, 2025), 4, 1))
            )
        if rng.random() < 0.7:
            number = f"TW-{rng.randrange(2019, 2026)}-{rng.randrange(1000, 9999)}"
            person.values["certificate-number"] = number
            person.values["certificate-until"] = self.now.date() + dt.timedelta(days=rng.randrange(-120, 900))
            person.outside_ids["Register"] = number
            person.tags.append(
                "Certificate / " + rng.choice(["Work at height", "Sea survival", "High voltage"])
            )

    def _address(self, language: str) -> PointDraft:
        rng, place = self.rng, self.names.place(language)
        numbers = {"n": rng.randrange(1, 90), "m": rng.randrange(1, 20), "k": rng.randrange(1, 9)}
        numbers_post = {**numbers, "n": rng.randrange(10, 99)}
        parts = {
            "street": rng.choice(place["streets"]).format(**numbers),
            "building": rng.choice(place["buildings"]),
            "postcode": place["postcode"].format(**numbers_post),
            "region": place["region"],
            "country": place["country"],
        }
        parts["city"] = village_of(place, parts)
        return PointDraft("address", "", parts=parts, label=ContactPoint.Label.HOME)

    # --- ties

    def _add_second_jobs(self) -> None:
        """Residents who also fish, somebody who changed employer, people introduced by others."""
        by_language: dict[str, list[Sketch]] = {}
        for person in self.people:
            by_language.setdefault(person.language, []).append(person)
        for language, people in by_language.items():
            movers = [person for person in people if person.audience in {"employer", "supplier"}]
            targets = [s for s in self._known if s.language == language and s.audience == "employer"]
            for person in movers[:2]:
                was = next((s for s in targets if s is not person.organisation), None)
                if was is not None:
                    until = self.began.date() - dt.timedelta(days=60)
                    person.ties.append(
                        Tie("works-for", was, since=until - dt.timedelta(days=900), until=until)
                    )
            residents = [
                person for person in people if person.audience == "resident" and person.organisation is None
            ]
            clubs = [
                s for s in self._known if s.language == language and s.audience in {"resident", "fishing"}
            ]
            for person in residents[:6]:
                if clubs:
                    person.ties.append(Tie("member-of", self.rng.choice(clubs)))
            for person in residents[6:9]:
                person.ties.append(Tie("neighbour-of", residents[0]))
            if len(residents) > 9:
                residents[9].ties.append(
                    Tie("owns-land-at", next(s for s in self._known if s.language == language))
                )

    def _households(self) -> Iterator[Sketch]:
        """Families that get one letter."""
        words = {"ja": "{}家", "en": "The {} household", "fr": "Famille {}", "fa": "خانوادهٔ {}"}
        for language, form in words.items():
            members = [
                p for p in self.people if p.language == language and p.audience in {"resident", "customer"}
            ]
            for head in [p for p in members if p.organisation is None][:2]:
                home = Sketch(
                    draft=PartyDraft(
                        kind=Party.Kind.GROUP,
                        full_name=form.format(head.draft.family_name),
                        language=language,
                        points=[point for point in head.draft.points if point.kind == "address"],
                    ),
                    projects=head.projects,
                    country=head.country,
                    language=language,
                    audience="",
                    created_at=head.created_at + dt.timedelta(minutes=4),
                    owner=head.owner,
                )
                head.ties.append(Tie("household-of", home))
                yield home


def _ascii(name: str) -> str:
    return "".join(sign for sign in fold(name) if sign.isascii() and sign.isalnum())
