"""What the tests of the quick-log line share: a fixed moment, known people, and a reading as one comparable text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from enishi.conversations.quicklog import Candidate, Reading, parse

# Wednesday, 27 Aban 1405.
NOW = datetime(2026, 11, 18, 14, 30, tzinfo=ZoneInfo("Europe/Paris"))
_KNOWN = {
    "tanaka": ["Tanaka Ichiro"],
    "田中": ["田中一郎"],
    "佐藤": ["佐藤花子", "佐藤健"],
    "sato": ["Sato Hanako", "Sato Ken"],
    "مهتدی": ["شیرین مهتدی"],
}


def people(name: str) -> list[Candidate]:
    return [Candidate(f"{name}-{n}", full) for n, full in enumerate(_KNOWN.get(name.lower(), []))]


def read(line: str, language: str) -> Reading:
    return parse(line, now=NOW, language=language, people=people)


def told(line: str, language: str) -> str:
    """Every field that is set, a "?" behind what is not sure."""
    reading = read(line, language)
    unsure = {chip.kind.value for chip in reading.chips if not chip.sure}
    parts = [reading.kind.value]
    if reading.channel:
        parts.append(
            " ".join(filter(None, (reading.channel.value, reading.direction))) + "?" * ("channel" in unsure)
        )
    if reading.when and reading.when != NOW:
        form = "%a %Y-%m-%d %H:%M" if reading.timed else "%a %Y-%m-%d"
        parts.append(f"{reading.when:{form}}" + "?" * bool(unsure & {"when", "due"} and not reading.promises))
    parts += [f"who={mention.text}" + "?" * (not mention.sure) for mention in reading.who]
    if reading.topic:
        parts.append(f"topic={reading.topic}")
    if reading.task:
        parts.append(f"task={reading.task.text}" + "?" * ("task" in unsure))
    for promise in reading.promises:
        due = f" due {promise.due:%a %Y-%m-%d %H:%M}" + "?" * (not promise.due_sure) if promise.due else ""
        never = "not " if promise.negative else ""
        parts.append(f"{promise.direction} {never}[{promise.text}]{due}" + " unsure" * (not promise.sure))
    parts += [f"#{tag}" for tag in reading.tags] + [f"+{project}" for project in reading.projects]
    if reading.summary:
        parts.append(f"text={reading.summary}")
    return " | ".join(parts).replace("\u200c", "~")
