"""The organisation of the demo: its projects, people, teams, roles, and who speaks which language where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from enishi.accounts import services
from enishi.accounts.access import Actor, Level, Via, rights, system_actor
from enishi.accounts.models import Project, User
from enishi.accounts.queries import actor as actor_of

NAME = "Tidewall Energy"
DOMAIN = "tidewall.example"
PASSWORD = "enishi demo 2026"  # noqa: S105 - published on purpose; `enishi check --deploy` finds it in use


@dataclass(frozen=True)
class Member:
    """Somebody who works here and signs in."""

    key: str
    name: str
    language: str
    time_zone: str
    title: str

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


STAFF = (
    Member("eleanor", "Eleanor Marsh", "en", "Europe/London", "Administrator"),
    Member("misaki", "佐伯 美咲", "ja", "Asia/Tokyo", "Manager, Tidewall wind farm"),
    Member("daniel", "Daniel Okafor", "en", "Europe/London", "Engagement officer, Tidewall wind farm"),
    Member("ren", "早川 蓮", "ja", "Asia/Tokyo", "Engagement officer, Tidewall East"),
    Member("gwenaelle", "Gwenaëlle Le Tallec", "fr", "Europe/Paris", "Engagement officer, Tidewall Harbour"),
    Member("camille", "Camille Aubertin", "fr", "Europe/Paris", "Manager, Certification"),
    Member("amelia", "Amelia Grant", "en", "Europe/London", "Agent, Certification and Contact centre"),
    Member("negar", "نگار صالحی", "fa", "Asia/Tehran", "Manager, Contact centre"),
    Member("kaveh", "کاوه رستمی", "fa", "Asia/Tehran", "Agent, Contact centre"),
    Member("sakura", "三浦 さくら", "ja", "Asia/Tokyo", "Agent, Contact centre"),
    Member("priya", "Priya Raman", "en", "Europe/London", "Auditor: reads everything, changes nothing"),
    Member("theo", "Théo Lemarchand", "fr", "Europe/Paris", "Outside consultant: Tidewall Harbour, open records only"),
    Member("maren", "Maren Holt", "en", "Europe/London", "Interviewer, Tidewall wind farm: only her own work"),
)  # fmt: skip
TEAMS = {
    "Shore team": ("misaki", "daniel", "ren", "gwenaelle"),
    "Examination office": ("camille", "amelia"),
    "Contact centre": ("negar", "kaveh", "sakura", "amelia"),
}


@dataclass(frozen=True)
class Place:
    """A project; ``parent`` is the short name of the one above."""

    code: str
    name: str
    country: str
    description: str
    parent: str = ""


PROJECTS = (
    Place(
        "tidewall",
        "Tidewall wind farm",
        "GB",
        "Forty-two turbines off three coasts. In consultation: the application goes in next spring.",
    ),
    Place(
        "tidewall-east",
        "Tidewall East",
        "JP",
        "The eastern field off Shiomigaura: fishing grounds, the school on the cape, the noise of turbine 3.",
        parent="tidewall",
    ),
    Place(
        "tidewall-harbour",
        "Tidewall Harbour",
        "FR",
        "Quay, cable landing and works traffic at Port-Brévelin.",
        parent="tidewall",
    ),
    Place(
        "certification",
        "Certification",
        "FR",
        "Examinations, certificates and their renewal for people who work at height and at sea.",
    ),
    Place(
        "centre",
        "Contact centre",
        "JP",
        "Supply customers: bills, moves, meters, power cuts. Four languages.",
    ),
    Place(
        "centre-south",
        "Contact centre South",
        "IR",
        "Customers on the southern coast, in Persian.",
        parent="centre",
    ),
)

# Who answers in which language, the first most often. Nobody is given what they may not read.
SPEAKERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("tidewall", "en"): ("daniel", "daniel", "eleanor"),
    ("tidewall", "ja"): ("misaki",),
    ("tidewall", "fr"): ("gwenaelle",),
    ("tidewall-east", "ja"): ("ren", "ren", "misaki"),
    ("tidewall-east", "en"): ("daniel",),
    ("tidewall-harbour", "fr"): ("gwenaelle",),
    ("tidewall-harbour", "en"): ("daniel",),
    ("certification", "fr"): ("camille",),
    ("certification", "en"): ("amelia",),
    ("certification", "ja"): ("sakura",),
    ("certification", "fa"): ("negar",),
    ("centre", "ja"): ("sakura",),
    ("centre", "en"): ("amelia",),
    ("centre", "fr"): ("amelia",),
    ("centre-south", "fa"): ("kaveh", "kaveh", "negar"),
}

_READS = (
    "contacts.view",
    "conversations.view",
    "commitments.view",
    "content.view",
    "timeline.view",
    "reports.view",
    "engagement.view",
    "cases.view",
    "places.view",
)
_WORKS = (*_READS, "contacts.edit", "conversations.edit", "commitments.edit", "content.edit", "cases.edit")
_CARES = (
    *_WORKS, "contacts.delete", "contacts.merge", "contacts.import", "contacts.export", "conversations.delete",
    "commitments.delete", "content.delete", "reports.make", "engagement.rate", "engagement.plan", "engagement.share",
    "places.edit", "themes.reply",
)  # fmt: skip

_INTERVIEWS = ("conversations.view", "conversations.edit", "commitments.view", "commitments.edit")


@dataclass(frozen=True)
class Rank:
    """A role as it is given in the demo."""

    name: str
    clearance: Level
    codes: tuple[str, ...]
    description: str
    own: tuple[str, ...] = ()


RANKS = (
    Rank("Manager", Level.RESTRICTED, (), "Everything in the project but users and settings."),
    Rank("Engagement officer", Level.CONFIDENTIAL, _CARES, "Looks after people, conversations and promises."),
    Rank("Agent", Level.INTERNAL, _WORKS, "Answers, writes down, follows up."),
    Rank("Auditor", Level.RESTRICTED, _READS, "Reads everything and changes nothing."),
    Rank(
        "Interviewer",
        Level.INTERNAL,
        (*_INTERVIEWS, "contacts.view"),
        "Talks with people, and sees only their own conversations and promises.",
        own=_INTERVIEWS,
    ),
    Rank("Outside consultant", Level.OPEN, _READS, "Reads what is open to the public."),
)
# Role, who holds it (somebody or a team), where (everywhere when empty).
GRANTS = (
    ("Manager", "misaki", "tidewall"),
    ("Engagement officer", "daniel", "tidewall"),
    ("Engagement officer", "ren", "tidewall-east"),
    ("Engagement officer", "gwenaelle", "tidewall"),
    ("Manager", "camille", "certification"),
    ("Manager", "negar", "centre"),
    ("Agent", "Contact centre", "centre"),
    ("Agent", "Contact centre", "certification"),
    ("Auditor", "priya", ""),
    ("Outside consultant", "theo", "tidewall-harbour"),
    ("Interviewer", "maren", "tidewall"),
)


@dataclass(frozen=True)
class House:
    """The organisation as it stands in the database."""

    projects: Mapping[str, Project]
    users: Mapping[str, User]
    actors: Mapping[str, Actor]
    system: Actor


def found_house() -> House:
    """Create organisation, projects, users, teams, roles and grants."""
    system = system_actor("demo", via=Via.CLI)
    services.change_settings(system, name=NAME, language="en", time_zone="Europe/London", country="GB")
    projects: dict[str, Project] = {}
    for place in PROJECTS:
        projects[place.code] = services.create_project(
            system,
            name=place.name,
            code=place.code,
            parent=projects.get(place.parent),
            description=place.description,
            country=place.country,
        )
    users = {member.key: _sign_up(system, member) for member in STAFF}
    # One published password: worked out once, for working it out is made to be slow.
    User.objects.update(password=make_password(PASSWORD))
    teams = {
        name: services.create_team(system, name=name, members=[users[key] for key in keys])
        for name, keys in TEAMS.items()
    }
    everything = tuple(code for code in rights() if not code.startswith("accounts."))
    roles = {
        rank.name: services.create_role(
            system,
            name=rank.name,
            codes=rank.codes or everything,
            clearance=rank.clearance,
            description=rank.description,
            own_codes=rank.own,
        )
        for rank in RANKS
    }
    for role, holder, where in GRANTS:
        services.give_role(
            system,
            role=roles[role],
            user=users.get(holder),
            team=teams.get(holder) if holder not in users else None,
            project=projects.get(where),
        )
    actors = {key: actor_of(user, via=Via.WEB) for key, user in users.items()}
    return House(projects, users, actors, system)


def _sign_up(system: Actor, member: Member) -> User:
    return services.create_user(
        system,
        email=member.email,
        name=member.name,
        administrator=member.title == "Administrator",
        language=member.language,
        time_zone=member.time_zone,
    )


def accounts() -> list[tuple[str, str, str]]:
    """E-mail, password and role in words of everybody who can sign in to the demo."""
    words = {"en": "in English", "ja": "in Japanese", "fr": "in French", "fa": "in Persian"}
    return [(member.email, PASSWORD, f"{member.title} ({words[member.language]})") for member in STAFF]
