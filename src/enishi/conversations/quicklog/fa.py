"""Persian: Jalali dates, the verb at the end, half-spaces typed as such, as spaces or not at all."""

import re
from datetime import timedelta

import jdatetime

from .grammar import FoundName, FoundPromise, Grammar, Scene, cue
from .line import blanked
from .moments import (
    AFTERNOON,
    EVENING,
    MORNING,
    NOON,
    Context,
    Edges,
    Moment,
    clock,
    day_of_year,
    jalali,
    rule,
    shifted,
    weekday,
    weekday_of_week,
)
from .names import NameWords, find_after_openers
from .reading import Channel, Flow, Kind

_Z = r"[\u200c ]?"  # half-space
_WORD_END = r"(?![\w\u200c])"
# Monday is 0; the week begins on Saturday.
_DAYS = {"شنبه": 5, "یکشنبه": 6, "دوشنبه": 0, "سهشنبه": 1, "چهارشنبه": 2, "پنجشنبه": 3, "جمعه": 4}
_SATURDAY = 5
_MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "فروردین",
            "اردیبهشت",
            "خرداد",
            "تیر",
            "مرداد",
            "شهریور",
            "مهر",
            "آبان",
            "آذر",
            "دی",
            "بهمن",
            "اسفند",
        ],
        start=1,
    )
}
_GREGORIAN = {
    "ژانویه": 1, "فوریه": 2, "مارس": 3, "آوریل": 4, "مه": 5, "ژوین": 6, "ژوئن": 6, "ژوئیه": 7, "اوت": 8, "سپتامبر": 9,
    "اکتبر": 10, "نوامبر": 11, "دسامبر": 12,
}  # fmt: skip
_NUMBERS = {
    name: number
    for number, name in enumerate(
        ["یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده", "یازده", "دوازده"], start=1
    )
}
_UNITS = {"دقیقه": "minute", "ساعت": "hour", "روز": "day", "هفته": "week", "ماه": "month"}
_PARTS = {"صبح": MORNING, "ظهر": NOON, "بعدازظهر": AFTERNOON, "عصر": AFTERNOON, "شب": EVENING}

_DAY = rf"(?P<wd>(?:یک|دو|سه|چهار|پنج){_Z}شنبه|شنبه|جمعه){_WORD_END}"
_MONTH_NAME = rf"(?P<month>{'|'.join(_MONTHS)})"
_NEXT = r"(?P<next>آینده|بعد|بعدی|دیگر)"
_PART = rf"(?:\s+(?P<part>صبح|ظهر|بعد{_Z}از{_Z}ظهر|عصر|شب){_WORD_END})?"
_LIMIT = r"تا|قبل از|پیش از|حداکثر تا"


def _bare(word: str) -> str:
    return word.replace("\u200c", "").replace(" ", "")


def _named_day(match: re.Match[str], context: Context) -> Moment:
    ahead = {"فردا": 1, "پسفردا": 2, "دیروز": -1, "پریروز": -2, "دیشب": -1}.get(_bare(match["word"]), 0)
    part = "شب" if "شب" in match["word"] else match["part"]
    hour = _PARTS[_bare(part)] if part else None
    return Moment(day=context.today + timedelta(ahead), clock=hour, sure=hour is None)


def _weekday(match: re.Match[str], context: Context) -> Moment:
    number = _DAYS[_bare(match["wd"])]
    hour = _PARTS[_bare(match["part"])] if match["part"] else None
    if match["week"]:
        return Moment(
            day=weekday_of_week(context.today, number, 1, first=_SATURDAY), clock=hour, sure=hour is None
        )
    found = weekday(context.today, number)
    if match["next"]:
        day = found.day if found.day != context.today else context.today + timedelta(7)
        return Moment(day=day, clock=hour, sure=hour is None)
    if match["last"]:
        past = found.earlier if found.earlier != context.today else context.today - timedelta(7)
        return Moment(day=past, clock=hour, sure=hour is None)
    return Moment(day=found.day, clock=hour, earlier=found.earlier, sure=found.sure and hour is None)


def _date(match: re.Match[str], context: Context) -> Moment:
    day = int(match["d"]) if match["d"].isdecimal() else _NUMBERS[match["d"]]
    year = int(match["y"]) if match["y"] else None
    return jalali(context.today, _MONTHS[match["month"]], day, year)


def _gregorian_date(match: re.Match[str], context: Context) -> Moment:
    year = int(match["y"]) if match["y"] else None
    return day_of_year(context.today, _GREGORIAN[match["month"]], int(match["d"]), year)


def _month_end(match: re.Match[str], context: Context) -> Moment:
    today = jdatetime.date.fromgregorian(date=context.today)
    year, month = today.year, today.month
    if match["month"]:
        month = _MONTHS[match["month"]]
        year += month < today.month
    elif match["next"]:
        year, month = year + month // 12, month % 12 + 1
    return Moment(day=_jalali_month_end(year, month).togregorian())


def _jalali_month_end(year: int, month: int) -> jdatetime.date:
    following = jdatetime.date(year + month // 12, month % 12 + 1, 1)
    return following - jdatetime.timedelta(days=1)


def _until_month(match: re.Match[str], context: Context) -> Moment:
    today = jdatetime.date.fromgregorian(date=context.today)
    month = _MONTHS[match["month"]]
    start = jdatetime.date(today.year + (month <= today.month), month, 1)
    return Moment(day=start.togregorian(), closing=True, sure=False)


def _week(match: re.Match[str], context: Context) -> Moment | None:
    if not (match["end"] or match["next"]):
        return None
    day = weekday_of_week(context.today, 4, int(bool(match["next"])), first=_SATURDAY)
    return Moment(day=day, closing=True, sure=bool(match["end"]))


def _shift(match: re.Match[str], context: Context) -> Moment:
    count = int(match["n"]) if match["n"].isdecimal() else _NUMBERS[match["n"]]
    return shifted(context.now, -count if match["way"] in ("پیش", "قبل") else count, _UNITS[match["unit"]])


def _clock(match: re.Match[str], context: Context) -> Moment:
    part = _bare(match["part"] or "")
    hour = int(match["h"]) if match["h"].isdecimal() else _NUMBERS[match["h"]]
    minute = 30 if match["half"] else int(match["m"] or 0)
    half = "a" if part == "صبح" else "p" if part in ("بعدازظهر", "عصر", "شب") else ""
    if part == "ظهر" and hour < 4:
        half = "p"
    return Moment(clock=clock(hour, minute, half=half), sure=bool(part) or hour > 6)


_COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(_NUMBERS)})"
MOMENTS = (
    rule(rf"(?<!\w)(?P<word>امروز|امشب|پس{_Z}فردا|فردا|دیروز|پریروز|دیشب){_WORD_END}{_PART}", _named_day),
    rule(
        rf"(?<!\w)(?P<d>\d{{1,2}}|{'|'.join(_NUMBERS)})\s*(?:ام\s+|م\s+)?{_MONTH_NAME}{_WORD_END}(?:\s*(?:ماه)?\s*(?P<y>1[34]\d\d))?",
        _date,
    ),
    rule(
        rf"(?<!\w)(?P<d>\d{{1,2}})\s*(?P<month>{'|'.join(_GREGORIAN)}){_WORD_END}(?:\s*(?P<y>20\d\d))?",
        _gregorian_date,
    ),
    rule(
        rf"(?<!\w)(?:روز\s+)?(?:(?P<week>هفته{_Z}ی?\s*(?:آینده|بعد|دیگر))\s+)?{_DAY}{_PART}"
        rf"(?:\s*ی?\s*(?:(?:(?P<next>آینده|بعدی?|این هفته)|(?P<last>گذشته|قبل|پیش)){_WORD_END}))?",
        _weekday,
    ),
    rule(
        rf"(?<!\w)(?:آخر|پایان)\s+(?:(?:این\s+)?ماه{_Z}ی?(?:\s*{_NEXT})?|{_MONTH_NAME}(?:\s*ماه)?){_WORD_END}",
        _month_end,
    ),
    rule(rf"(?<!\w)(?P<by>{_LIMIT})\s+{_MONTH_NAME}{_WORD_END}(?:\s*ماه{_WORD_END})?", _until_month),
    rule(
        rf"(?<!\w){_COUNT}\s+(?P<unit>دقیقه|ساعت|روز|هفته|ماه)\s*ی?\s*(?P<way>دیگر|دیگه|بعد|آینده|پیش|قبل){_WORD_END}",
        _shift,
    ),
    rule(rf"(?<!\w)(?P<end>آخر\s+|پایان\s+)?(?:این\s+)?هفته{_Z}ی?(?:\s*{_NEXT})?{_WORD_END}", _week),
    rule(
        rf"(?<!\w)ساعت\s+(?P<h>\d{{1,2}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})(?::(?P<m>[0-5]\d))?"
        rf"(?P<half>\s+و\s+نیم)?{_WORD_END}{_PART}",
        _clock,
    ),
)

EDGES = Edges(re.compile(rf"(?<!\w)(?:(?P<by>{_LIMIT})|در|از|برای|روز|مورخ|ساعت)\s+(?:روز\s+|تاریخ\s+)?$"))

_DONE = r"(?:\s+(?:گرفتم|گرفتیم|کردم|کردیم|زدم|زدیم|داشتم|داشتیم|شد|برگزار شد))"
_THEY = r"(?:\s+(?:گرفت|گرفتند|کرد|کردند|زد|زدند))"
_TODO = r"(?:\s+(?:بگیر(?:م|یم|ید)?|بزن(?:م|یم)?|کن(?:م|یم)|گرفتن|داریم|دارم))"
CHANNELS = (
    cue(
        rf"(?<!\w)(?:تلفنی\s+)?(?:صحبت|گفت{_Z}و{_Z}گو){_DONE}{_WORD_END}", Channel.CALL, past=True, sure=False
    ),
    cue(rf"(?<!\w)(?:تماس|زنگ|تلفن)(?:\s+تلفنی)?{_DONE}{_WORD_END}", Channel.CALL, past=True, flow=Flow.OUT),
    cue(rf"(?<!\w)(?:تماس|زنگ|تلفن)(?:\s+تلفنی)?{_THEY}{_WORD_END}", Channel.CALL, past=True, flow=Flow.IN),
    cue(rf"(?<!\w)(?:تماس|زنگ|تلفن)(?:\s+تلفنی)?{_TODO}{_WORD_END}", Channel.CALL, plan=True, flow=Flow.OUT),
    cue(rf"(?<!\w)(?:جلسه|ملاقات|دیدار|نشست){_DONE}{_WORD_END}", Channel.MEETING, past=True),
    cue(rf"(?<!\w)(?:جلسه|ملاقات|دیدار|نشست|قرار ملاقات){_TODO}{_WORD_END}", Channel.MEETING, plan=True),
    cue(rf"(?<!\w)بازدید{_DONE}{_WORD_END}", Channel.VISIT, past=True, flow=Flow.OUT),
    cue(
        rf"(?<!\w)(?:ایمیل|رایانامه)\s+(?:فرستادم|فرستادیم|زدم|زدیم|دادم|ارسال کردم){_WORD_END}",
        Channel.EMAIL,
        past=True,
        flow=Flow.OUT,
    ),
    cue(
        rf"(?<!\w)(?:ایمیل|رایانامه)ی?\s+(?:رسید|گرفتم|گرفتیم|دریافت کردم|آمد|فرستاد|زد){_WORD_END}",
        Channel.EMAIL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        rf"(?<!\w)نامه\s+(?:فرستادم|فرستادیم|نوشتم|نوشتیم|دادم|دادیم){_WORD_END}",
        Channel.LETTER,
        past=True,
        flow=Flow.OUT,
    ),
    cue(
        rf"(?<!\w)نامه{_Z}(?:ای)?\s+(?:رسید|گرفتم|گرفتیم|دریافت کردم|آمد|فرستاد){_WORD_END}",
        Channel.LETTER,
        past=True,
        flow=Flow.IN,
    ),
    cue(rf"(?<!\w)پیام\s+(?:دادم|دادیم|فرستادم){_WORD_END}", Channel.CHAT, past=True, flow=Flow.OUT),
    cue(r"(?<!\w)(?:تماس|زنگ|تلفن)(?=\s+از(?!\w))", Channel.CALL, flow=Flow.IN),
    cue(rf"(?<!\w)(?:تماس(?:\s+تلفنی)?|زنگ|تلفن){_WORD_END}", Channel.CALL),
    cue(rf"(?<!\w)(?:جلسه|ملاقات|دیدار|نشست){_WORD_END}", Channel.MEETING),
    cue(rf"(?<!\w)بازدید{_WORD_END}", Channel.VISIT),
    cue(r"(?<!\w)نامه(?=\s+از(?!\w))", Channel.LETTER, flow=Flow.IN),
    cue(r"(?<!\w)نامه(?=\s+به(?!\w))", Channel.LETTER, flow=Flow.OUT),
    cue(r"(?<!\w)ایمیل(?=\s+از(?!\w))", Channel.EMAIL, flow=Flow.IN),
    cue(r"(?<!\w)ایمیل(?=\s+به(?!\w))", Channel.EMAIL, flow=Flow.OUT),
    cue(r"^\s*یادداشت\s*:?", Channel.NOTE, past=True),
)

NAMES = NameWords(
    opener=re.compile(r"(?<!\w)(?:با|(?P<into>از(?:\s+طرف)?)|(?P<out>به))\s+(?=\w)"),
    title=re.compile(r"(?<!\w)(?:خانم|آقای|آقا|دکتر|مهندس|سرکار خانم|جناب آقای|استاد|حاج آقا)(?=\s+\w)"),
    stop=re.compile(
        r"و|با|به|از|در|تا|را|که|برای|درباره.*|مورد|راجع|خصوص|تماس|زنگ|تلفن|تلفنی|جلسه|ملاقات|دیدار|نشست|صحبت|نامه.*|ایمیل.*|پیام|بازدید"
        r"|فردا|امروز|دیروز|ساعت|گفت|گفتند|خواست|است|بود|هم|این|آن|او|ما|من|آنها|رسید|قول.*|می.*"
    ),
    joiner=re.compile(r"\s*(?:،|,|و)\s+(?:با\s+|به\s+)?(?=(?:خانم|آقای|دکتر|مهندس)\s)"),
    capitals=False,
)

_CLAUSE = re.compile(r"[^,;.\n،]+")
_OUR_VERB = rf"(?P<not>ن)?می{_Z}(?P<stem>فرست|ده|کن|آور|رسان|ساز|پرداز|گیر|آی|رو|خوان|نویس|گذار|بر|زن|خر|شو|سپار|بند)ا?"
_VERB = re.compile(
    rf"(?<!\w)(?:{_OUR_VERB}(?P<end>یم|م|ند|د)|(?P<not2>ن)?خواه(?P<end2>یم|م|ند|د)\s+\w+){_WORD_END}"
)
_PROMISED = re.compile(
    rf"(?<!\w)قول\s+(?P<end>دادیم|دادم|دادند|داد|می{_Z}دهیم|می{_Z}دهم|می{_Z}دهند|می{_Z}دهد){_WORD_END}(?:\s+که{_WORD_END})?"
)
_NOT_TO = re.compile(r"(?<!\w)ن(?!ویس)\w+(?:یم|م|ند|د)\s*$")
_SUBJECTS = re.compile(r"(?<!\w)(?P<theirs>آن\u200c?ها|ایشان|آنان)(?!\w)|(?<!\w)(?P<ours>ما|من)(?!\w)")
_NAMED = re.compile(
    r"(?:^|\s)(?:خانم|آقای|دکتر|مهندس)\s+(?P<name>[\w\u200c]+(?: (?!(?:قول|تا|را|در|به|از|با|هم|این)\s)[\w\u200c]+)?)\s"
)


def find_promises(scene: Scene) -> list[FoundPromise]:
    found = []
    for clause in _CLAUSE.finditer(scene.line.text):
        promise = _promise_in(scene, *clause.span())
        if promise:
            found.append(promise)
    return found


def _promise_in(scene: Scene, start: int, end: int) -> FoundPromise | None:
    channel = scene.channel
    text = blanked(scene.line.text, [(m.start, m.end) for m in scene.moments])
    if channel and start <= channel.start < end:
        if channel.cue.plan:
            return None
        start = channel.end
    promised = _PROMISED.search(text, start, end)
    verb = _VERB.search(text, promised.end() if promised else start, end)
    said = verb or promised
    if not said or not scene.line.free(*said.span()):
        return None
    ending = (promised["end"] if promised else "") or (verb["end"] or verb["end2"] if verb else "")
    ours = ending.endswith(("م", "یم"))
    limited = any(m.closing and start <= m.start < end for m in scene.moments)
    future = bool(verb and verb["end2"])
    if not (ours or limited or future or promised):
        return None
    subject = _SUBJECTS.search(text, start, end)
    named = None if ours else _NAMED.search(text, start, end)
    left_out = [match.span() for match in (promised, subject, named) if match]
    return FoundPromise(
        cue=said.span(),
        zone=(start, end),
        ours=ours,
        negative=bool(
            (verb and (verb["not"] or verb["not2"])) or (promised and _NOT_TO.search(text, start, end))
        ),
        sure=bool(limited or promised or future),
        left_out=tuple(left_out),
        subject=named.span("name") if named else None,
    )


def find_names(scene: Scene) -> list[FoundName]:
    return find_after_openers(scene, NAMES) if scene.channel else []


GRAMMAR = Grammar(
    code="fa",
    script=re.compile(r"[\u0600-\u06ff]"),
    month_first=False,
    prefixes=(
        (re.compile(r"\s*(?:کار|وظیفه)\s*:\s*"), Kind.TASK),
        (re.compile(r"\s*(?:قول|تعهد)\s*:\s*"), Kind.PROMISE),
    ),
    moments=MOMENTS,
    edges=EDGES,
    channels=CHANNELS,
    topic=re.compile(
        r"(?<!\w)(?P<lead>درباره[\u200c ]?ی?|در مورد|راجع به|در خصوص|در رابطه با|موضوع\s*:)\s+(?P<topic>[^,;\n،]+)"
    ),
    find_promises=find_promises,
    find_names=find_names,
)
