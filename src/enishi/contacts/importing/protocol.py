"""What an importer of files answers to: contacts here, mail in a higher app, further ones by plug-ins.

An app registers its importer in its ``panels.py``::

    @provide("importer", "mail")
    class MailImporter(Importer):
        label = _("Mail archives")
        order = 10
        ...

``sources`` looks at what somebody named, ``claimed`` deals it out; each importer then gets all of its files at once, so that it
can see what belongs together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from enishi.accounts.access import Actor
from enishi.core import registry

from .reasons import Reason, Unreadable, because
from .sniff import FileFacts, Limits, sniff

PLACE = "importer"

Progress = Callable[[int, int], None]
"""Called with how much is done and of how much, in any unit, as often as the importer likes."""


@dataclass(frozen=True)
class Source:
    """One file to import. ``name`` is how reports call it; without ``facts`` it cannot be read, and ``problem`` says why."""

    path: Path
    name: str
    facts: FileFacts | None = None
    problem: Reason | None = None


@dataclass(frozen=True)
class ImportOptions:
    """How to import. What an importer has no use for it passes over.

    ``country`` (ISO code) is where numbers and postcodes without one belong. With ``file_wins`` values of the file replace
    different ones; else they fill what is empty. ``tags`` are paths for everything that is imported.
    """

    preset: str = ""
    country: str = ""
    date_order: str = ""
    file_wins: bool = True
    tags: Sequence[str] = ()
    dry_run: bool = False


@dataclass(frozen=True)
class Refused:
    """One row that was not imported. ``row`` as a spreadsheet counts, 0 for the file as a whole; ``column`` as its header says."""

    file: str
    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class SetAside:
    """One item, or a whole file, that could not be read; its bytes are kept."""

    file: str
    item: str
    reason: str


@dataclass
class ImportReport:
    """What came of an import. Every item that was read is counted under exactly one of the words."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    refused: list[Refused] = field(default_factory=list)
    quarantined: list[SetAside] = field(default_factory=list)

    def add(self, other: ImportReport) -> None:
        self.read += other.read
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.duplicate += other.duplicate
        self.refused += other.refused
        self.quarantined += other.quarantined

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Importer(ABC):
    """Imports files of some kinds. Importers are asked in their ``order``; the first that claims a file gets it."""

    label: ClassVar[Any]
    order: ClassVar[int] = 50

    @abstractmethod
    def claims(self, source: Source) -> bool:
        """Whether this importer takes that file. ``source.facts`` is None for what the sniffer could not make out."""

    @abstractmethod
    def run(
        self,
        actor: Actor,
        sources: Sequence[Source],
        *,
        project_id: int,
        options: ImportOptions,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import these files, here and now. What is there already stays single; what cannot be read is set aside, not raised."""


def importers() -> dict[str, Importer]:
    """Every installed importer by code, in the order in which they are asked."""
    found = {code: make() for code, make in registry.providers(PLACE).items()}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].order, pair[0])))


def sources(paths: Iterable[Path], *, limits: Limits | None = None) -> Iterator[Source]:
    """The files at these paths, folders with everything below them, each looked at once. Hidden files are passed over."""
    for path in paths:
        if path.is_dir():
            for found in sorted(file for file in path.rglob("*") if file.is_file()):
                name = found.relative_to(path)
                if not any(part.startswith(".") for part in name.parts):
                    yield look(found, name.as_posix(), limits=limits)
        else:
            yield look(path, path.name, limits=limits)


def look(path: Path, name: str, *, limits: Limits | None = None) -> Source:
    try:
        return Source(path, name, sniff(path, limits=limits))
    except Unreadable as error:
        return Source(path, name, problem=error.reason)


def claimed(found: Iterable[Source]) -> tuple[dict[str, list[Source]], list[Source]]:
    """The files by the importer that takes them, and those that nobody takes, each with its problem."""
    asked = importers()
    taken: dict[str, list[Source]] = {code: [] for code in asked}
    left: list[Source] = []
    for source in found:
        code = next((code for code, importer in asked.items() if importer.claims(source)), None)
        if code is not None:
            taken[code].append(source)
        else:
            left.append(Source(source.path, source.name, source.facts, source.problem or because("binary")))
    return {code: files for code, files in taken.items() if files}, left
