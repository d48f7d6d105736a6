"""English."""

import re
from datetime import timedelta

from .grammar import FoundName, FoundPromise, Grammar, Scene, cue
from .moments import (
    AFTERNOON,
    CLOSE,
    EVENING,
    MORNING,
    NOON,
    Context,
    Edges,
    Moment,
    clock,
    day_of_year,
    month_end,
    month_end_ahead,
    month_start_ahead,
    numeric_date,
    rule,
    shifted,
    weekday,
    weekday_of_week,
)
from .names import NameWords, find_after_openers
from .promises import Auxiliaries, find_by_auxiliary
from .reading import Channel, Flow, Kind

_DAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_NUMBERS = {
    name: number
    for number, name in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        start=1,
    )
} | {"a": 1, "an": 1}
_PARTS = {"morning": MORNING, "afternoon": AFTERNOON, "evening": EVENING, "night": EVENING}

_FULL_DAY = r"(?P<wd>monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_SHORT_DAY = r"(?P<wd>mon|tues?|wed|thur?s?|fri|sat|sun)\b\.?"
_MONTH = (
    r"(?P<month>january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
)
_PART = r"(?:\s+(?P<part>morning|afternoon|evening|night)\b)?"
_LIMIT = r"no later than|not later than|by|before|until|till|due"
_TITLES = r"(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|mayor|chief|captain)"
_TITLED = re.compile(rf"\b{_TITLES}\.?\s+(?:[a-z]\.\s+)?$")
_LIMITED = re.compile(r"\b(?:by|before|until|till)\s+$")
_NAME_FOLLOWS = re.compile(r"\s+[A-Z][a-z]+")


def _is_name(match: re.Match[str], context: Context, group: str) -> bool:
    """Mr. March and May Sato are people; "call" at the start of the line is no first name."""
    start, end = match.span(group)
    if _TITLED.search(match.string, max(0, start - 24), start):
        return True
    follows = _NAME_FOLLOWS.match(context.raw, end)
    return bool(follows) and context.raw[start].isupper()


def _named_day(match: re.Match[str], context: Context) -> Moment:
    offset = {"day after tomorrow": 2, "day before yesterday": -2, "yesterday": -1, "last night": -1}
    word = " ".join(match["word"].split()).removeprefix("the ")
    ahead = offset.get(word, 1 if word.startswith("tom") or word in ("tmrw", "tmr") else 0)
    part = "evening" if "night" in word else match["part"]
    return Moment(day=context.today + timedelta(ahead), clock=_PARTS[part] if part else None, sure=not part)


def _weekday(match: re.Match[str], context: Context) -> Moment | None:
    limited = _LIMITED.search(match.string, 0, match.start())
    if not limited and _is_name(match, context, "wd"):
        return None
    number = _DAYS[match["wd"][:3]]
    groups = match.groupdict()
    found = weekday(context.today, number)
    part = groups.get("part")
    hour = _PARTS[part] if part else None
    match groups.get("rel"):
        case "next":
            # "Next Friday" is said of the coming one and of the one in next week: sure only when they agree.
            later = weekday_of_week(context.today, number, 1)
            return Moment(day=later, clock=hour, sure=later == found.day and not part)
        case "last":
            return Moment(
                day=weekday_of_week(context.today, number, 0)
                if found.earlier is None
                else (found.earlier if found.earlier < context.today else context.today - timedelta(7)),
                clock=hour,
                sure=not part,
            )
    return Moment(day=found.day, clock=hour, earlier=found.earlier, sure=found.sure and not part)


def _ahead(match: re.Match[str], context: Context) -> Moment:
    found = shifted(context.now, _number(match["n"]), match["unit"])
    return Moment(day=found.day, at=found.at, closing=match["word"] == "within")


def _ago(match: re.Match[str], context: Context) -> Moment:
    return shifted(context.now, -_number(match["n"]), match["unit"])


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)


def _date(match: re.Match[str], context: Context) -> Moment | None:
    if _TITLED.search(match.string, max(0, match.start("month") - 24), match.start("month")):
        return None
    year = match["year"]
    return day_of_year(
        context.today, _MONTHS[match["month"][:3]], int(match["day"]), int(year) if year else None
    )


def _month(match: re.Match[str], context: Context) -> Moment | None:
    if _is_name(match, context, "month"):
        return None
    month = _MONTHS[match["month"][:3]]
    if match["lead"] == "in":
        end = month_end_ahead(context.today, month)
        return Moment(day=end.replace(year=int(match["year"])) if match["year"] else end, sure=False)
    if match["lead"].startswith("end"):
        return Moment(day=month_end_ahead(context.today, month), closing=bool(match["by"]))
    # "Until March" is taken as its first day; some mean its last.
    start = month_start_ahead(context.today, month)
    return Moment(
        day=start.replace(year=int(match["year"])) if match["year"] else start, closing=True, sure=False
    )


def _period(match: re.Match[str], context: Context) -> Moment:
    end, which, unit = match["end"], match["which"], match["unit"]
    ahead = 1 if which == "next" else 0
    if unit == "week":
        return Moment(day=weekday_of_week(context.today, 4, ahead), sure=bool(end), closing=True)
    if unit == "month":
        return Moment(day=month_end(context.today, ahead), sure=bool(end), closing=True)
    return Moment(
        day=context.today.replace(year=context.today.year + ahead, month=12, day=31),
        sure=bool(end),
        closing=True,
    )


def _clock(match: re.Match[str], context: Context) -> Moment:
    half = match["half"] or ""
    minute = int(match["n"] or 0)
    return Moment(clock=clock(int(match["h"]), minute, half=half[:1]))


def _bare_hour(match: re.Match[str], context: Context) -> Moment:
    hour = int(match["h"])
    # Nobody is called at three in the morning: hours up to six are taken as after noon, and asked about.
    return Moment(clock=clock(hour + 12 if hour <= 6 else hour), sure=hour > 12)


def _noon(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=NOON)


def _closing_time(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=CLOSE, closing=True)


def _now(match: re.Match[str], context: Context) -> Moment:
    return Moment(at=context.now)


def _short_date(match: re.Match[str], context: Context) -> Moment:
    return numeric_date(context, int(match["a"]), int(match["b"]), None)


_UNIT = r"(?P<unit>minute|hour|day|week|month)s?"
_COUNT = r"(?P<n>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
MOMENTS = (
    rule(
        r"\b(?P<word>(?:the )?day after tomorrow|(?:the )?day before yesterday|today|tonight|last night|tomorrow"
        rf"|tommorow|tomorow|tmrw|tmr|yesterday|this(?=\s+(?:morning|afternoon|evening)))\b{_PART}",
        _named_day,
    ),
    rule(
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+{_MONTH}(?:,?[\s-]+(?P<year>20\d\d))?", _date
    ),
    rule(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:/]\d)(?:,?\s+(?P<year>20\d\d)\b)?", _date),
    rule(rf"\b(?:(?P<rel>next|last|this|coming)\s+)?{_FULL_DAY}\b{_PART}", _weekday),
    rule(rf"\b(?P<rel>next|last|this|coming)\s+{_SHORT_DAY}{_PART}", _weekday),
    rule(rf"\b(?:(?P<by>{_LIMIT})|on|since)\s+{_SHORT_DAY}(?!\w){_PART}", _weekday),
    rule(
        rf"\b{_SHORT_DAY}(?=\s*(?:$|[,;)]|@?\d|(?:at|about|re|morning|afternoon|evening)\b)){_PART}", _weekday
    ),
    rule(
        rf"\b(?:(?P<by>{_LIMIT})\s+)?(?:the\s+)?(?P<end>end of)?\s*(?:the\s+)?(?P<which>this|next|the|)\s*"
        r"(?P<unit>week|month|year)\b",
        lambda match, context: (
            _period(match, context) if match["end"] or match["which"] in ("next", "this") else None
        ),
    ),
    rule(rf"\b(?P<by>{_LIMIT})?\s*(?:the\s+)?(?P<lead>end of|end)\s+{_MONTH}(?P<year>)", _month),
    rule(rf"\b(?P<by>)(?P<lead>in|{_LIMIT})\s+{_MONTH}(?:\s+(?P<year>20\d\d)\b|(?!\s*\d))", _month),
    rule(rf"\b(?P<word>in|within)\s+{_COUNT}\s+{_UNIT}\b", _ahead),
    rule(rf"\b{_COUNT}\s+{_UNIT}\s+ago\b", _ago),
    rule(r"(?<![\w:./])(?P<h>1[0-2]|0?[1-9])(?:[:.](?P<n>[0-5]\d))?\s?(?P<half>[ap])\.?m\b\.?", _clock),
    rule(r"\bat\s+(?P<h>1\d|2[0-3]|[1-9])(?![\d:.%/]|\s*%)\b(?!\s+[a-z]+s\b)", _bare_hour),
    rule(r"\b(?:noon|midday)\b", _noon),
    rule(r"\b(?:eod|cob|end of (?:the )?day|close of business)\b", _closing_time),
    rule(r"\b(?:right now|just now|now)\b", _now),
    rule(rf"\b(?:{_LIMIT}|on)\s+(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})(?![\d/])", _short_date),
)

EDGES = Edges(re.compile(rf"(?:\b(?:(?P<by>{_LIMIT})|on|at|since|for)\s+(?:the\s+)?|@)$"))

_WITH = r"(?:\s+(?:with|to|for))?"
CHANNELS = (
    cue(
        r"\b(?:i\s+|we\s+)?(?:got|had|received|took)\s+an?\s+(?:phone\s+)?call(?=\s+from)",
        Channel.CALL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        r"\b(?:i\s+|we\s+)?(?:got|received)\s+an?\s+letter(?=\s+from)",
        Channel.LETTER,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        r"\b(?:i\s+|we\s+)?(?:got|received)\s+an?\s+(?:e-?)?mail(?=\s+from)",
        Channel.EMAIL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        r"\b(?:i\s+|we\s+)?(?:sent|posted)\s+an?\s+letter(?:\s+to)?", Channel.LETTER, past=True, flow=Flow.OUT
    ),
    cue(r"\b(?:i\s+|we\s+)?sent\s+an?\s+(?:e-?)?mail(?:\s+to)?", Channel.EMAIL, past=True, flow=Flow.OUT),
    cue(
        r"\b(?:i\s+|we\s+)(?:called|phoned|rang|telephoned)(?:\s+back)?\b",
        Channel.CALL,
        past=True,
        flow=Flow.OUT,
    ),
    cue(
        r"\b(?:he|she|they)\s+(?:called|phoned|rang)(?:\s+(?:me|us|back))?\b",
        Channel.CALL,
        past=True,
        flow=Flow.IN,
    ),
    cue(r"\b(?:called|phoned|rang|telephoned)\s+(?:me|us)\b", Channel.CALL, past=True, flow=Flow.IN),
    cue(r"\b(?:called|phoned|rang|telephoned)(?:\s+back)?\b", Channel.CALL, past=True, flow=Flow.OUT),
    cue(r"\b(?:i\s+|we\s+)?(?:had\s+an?\s+meeting|met)(?:\s+with)?\b", Channel.MEETING, past=True),
    cue(r"\b(?:i\s+|we\s+)?(?:spoke|talked)\s+(?:with|to)\b", Channel.CALL, past=True, sure=False),
    cue(r"\b(?:i\s+|we\s+)?visited\b", Channel.VISIT, past=True, flow=Flow.OUT),
    cue(r"\b(?:i\s+|we\s+)?wrote\s+to\b", Channel.LETTER, past=True, flow=Flow.OUT, sure=False),
    cue(r"\b(?:i\s+|we\s+)?(?:e-?mailed|mailed)\b", Channel.EMAIL, past=True, flow=Flow.OUT),
    cue(r"\b(?:i\s+|we\s+)?(?:texted|messaged|chatted\s+with)\b", Channel.CHAT, past=True, flow=Flow.OUT),
    cue(r"\b(?:phone\s+)?call(?=\s+from\b)", Channel.CALL, flow=Flow.IN),
    cue(r"\b(?:phone\s+)?call(?=\s+(?:with|to)\b)|\bphone call\b", Channel.CALL, flow=Flow.OUT),
    cue(r"\bmeeting\b", Channel.MEETING),
    cue(r"\b(?:site\s+)?visit(?=\s+(?:with|by|at|from|of)\b)", Channel.VISIT),
    cue(r"\bletter(?=\s+from\b)", Channel.LETTER, flow=Flow.IN),
    cue(r"\bletter(?=\s+to\b)", Channel.LETTER, flow=Flow.OUT),
    cue(r"\be-?mail(?=\s+from\b)", Channel.EMAIL, flow=Flow.IN),
    cue(r"\be-?mail(?=\s+to\b)", Channel.EMAIL, flow=Flow.OUT),
    cue(r"\bchat(?=\s+(?:with|from)\b)", Channel.CHAT),
    cue(r"^\s*note\s*:", Channel.NOTE, past=True),
    cue(
        r"(?:^\s*|\btask:\s*)(?:please\s+)?(?:call|phone|ring)(?:\s+back)?(?!\s*:)\b",
        Channel.CALL,
        plan=True,
        flow=Flow.OUT,
    ),
    cue(r"^\s*meet(?:\s+with)?\b", Channel.MEETING, plan=True),
    cue(r"^\s*visit\b", Channel.VISIT, plan=True, flow=Flow.OUT),
    cue(r"^\s*write\s+(?:a\s+letter\s+)?to\b", Channel.LETTER, plan=True, flow=Flow.OUT),
    cue(r"^\s*(?:e-?mail|mail)(?!\s*:)\b", Channel.EMAIL, plan=True, flow=Flow.OUT),
    cue(r"^\s*(?:text|message|chat\s+with)\b", Channel.CHAT, plan=True, flow=Flow.OUT),
    cue(r"^\s*(?P<c>call|phone)\s*:", Channel.CALL, past=True),
    cue(r"^\s*(?P<c>letter)\s*:", Channel.LETTER, past=True),
    cue(r"^\s*(?P<c>e-?mail)\s*:", Channel.EMAIL, past=True),
    cue(r"^\s*(?P<c>visit)\s*:", Channel.VISIT, past=True),
)

NAMES = NameWords(
    opener=re.compile(r"\b(?:with|(?P<into>from)|(?P<out>to))\s+(?=\w)"),
    title=re.compile(rf"\b{_TITLES}\b\.?(?=\s+\w)"),
    stop=re.compile(
        r"about|re|regarding|concerning|and|or|but|that|because|who|which|said|says|asked|wants?|told|today|on|at|in"
        r"|by|for|from|to|with|of|off|is|was|has|had|be|the|a|an|my|our|their|his|her|him|them|us|me|it|this|that|here|there"
        r"|when|where|if|not|now|again|back|complained|confirmed|agreed|accepted|refused|answered|replied"
    ),
    joiner=re.compile(r"\s*(?:,\s*and|,|&|and)\s+"),
)

PROMISES = Auxiliaries(
    cue=re.compile(
        r"(?:(?P<ours>\b(?:we|i)\b)|(?P<theirs>\b(?:they|he|she)\b)|(?P<subject>(?<!\w)[^\W\d_][\w.-]*(?: (?!(?:we|i|they|he|she)\b)[^\W\d_][\w-]*)?))"
        r"(?P<aux>\s*'ll|\s+will|\s+shall|\s+promised?\s+(?:us\s+|them\s+)?(?=to|not)|\s+agreed\s+(?=to|not)|\s+(?:is|are)\s+going(?=\s+to)"
        r"|'re\s+going(?=\s+to)|\s+commit(?:ted)?\s+(?=to|not)|(?P<wont>\s+won't))(?P<not>\s*(?:not|never)\b)?(?:\s*\bto\b)?"
        r"|^\s*(?P<bare>promised)\s+(?P<not2>not\s+)?(?:to\s+)?"
    ),
    negation=re.compile(r"(?!)"),
    stop=re.compile(r"[;\n]|[.!?](?:\s|$)|,\s*(?=(?:and\s+)?(?:called|met|visited|emailed|wrote)\b)"),
    joiners=re.compile(r"(?:,|\b(?:and|but))\s*$"),
    no_subject=frozenset(
        [
            "it",
            "that",
            "this",
            "there",
            "who",
            "which",
            "what",
            "and",
            "but",
            "then",
            "when",
            "if",
            "so",
            "as",
            "also",
            "because",
            "noise",
            "work",
        ]
    ),
)


def find_names(scene: Scene) -> list[FoundName]:
    return _subject_before(scene) + find_after_openers(scene, NAMES)


_SUBJECT = re.compile(
    rf"(?:^|[,;]\s*)\s*(?:{_TITLES}\.?\s+)?(?P<name>[^\W\d_][\w'.-]*(?:\s+[^\W\d_][\w'.-]*)?)\s+$"
)


def _subject_before(scene: Scene) -> list[FoundName]:
    """ "Tanaka called": the one before the verb did it."""
    channel = scene.channel
    if not channel or not channel.cue.past:
        return []
    match = _SUBJECT.search(scene.line.text, 0, channel.start)
    if (
        not match
        or not scene.line.free(*match.span("name"))
        or not scene.line.raw[match.start("name")].isupper()
    ):
        return []
    return [FoundName(match.span("name"), (match.start("name"), match.end("name")), Flow.IN)]


def find_promises(scene: Scene) -> list[FoundPromise]:
    return find_by_auxiliary(scene, PROMISES)


GRAMMAR = Grammar(
    code="en",
    script=re.compile(r"[a-z]"),
    month_first=None,
    prefixes=(
        (re.compile(r"\s*(?:task|to-?do)\s*:\s*"), Kind.TASK),
        (re.compile(r"\s*promise\s*:\s*"), Kind.PROMISE),
    ),
    moments=MOMENTS,
    edges=EDGES,
    channels=CHANNELS,
    topic=re.compile(r"\b(?P<lead>about|re\s*:|re|regarding|concerning)\s+(?P<topic>[^,;\n]+)"),
    find_promises=find_promises,
    find_names=find_names,
)
