"""Japanese: no spaces, the verb at the end of its clause, "by" and "about" after what they belong to."""

import re
from datetime import date, timedelta

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
    month_end,
    month_end_ahead,
    rule,
    shifted,
    weekday,
    weekday_of_week,
)
from .reading import Channel, Flow, Kind

_DAYS = "月火水木金土日"
_DIGITS = {char: number for number, char in enumerate("〇一二三四五六七八九")}
_N = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
_OFFSETS = {
    "今日": 0, "本日": 0, "きょう": 0, "明日": 1, "あした": 1, "あす": 1, "翌日": 1, "明後日": 2, "あさって": 2,
    "昨日": -1, "きのう": -1, "一昨日": -2, "おととい": -2, "今朝": 0, "今晩": 0, "今夜": 0, "昨夜": -1, "昨晩": -1,
}  # fmt: skip
_PARTS = {"朝": MORNING, "午前": MORNING, "午前中": NOON, "午後": AFTERNOON, "夕方": EVENING, "夜": EVENING}
_WEEKS = {"今週": 0, "来週": 1, "再来週": 2, "先週": -1, "先々週": -2}
_MONTHS = {"今月": 0, "来月": 1, "再来月": 2, "先月": -1}
_UNITS = {
    "分": "minute",
    "時間": "hour",
    "日": "day",
    "週間": "week",
    "か月": "month",
    "ヶ月": "month",
    "カ月": "month",
}


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return int("".join(str(_DIGITS[char]) for char in text))
    return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)


def _named_day(match: re.Match[str], context: Context) -> Moment:
    word, part = match["word"], match["part"]
    implied = {"今朝": MORNING, "今晩": EVENING, "今夜": EVENING, "昨夜": EVENING, "昨晩": EVENING}.get(word)
    hour = _PARTS[part] if part else implied
    return Moment(day=context.today + timedelta(_OFFSETS[word]), clock=hour, sure=hour is None)


def _weekday(match: re.Match[str], context: Context) -> Moment:
    number = _DAYS.index(match["wd"])
    hour = _PARTS[match["part"]] if match["part"] else None
    if match["week"]:
        return Moment(
            day=weekday_of_week(context.today, number, _WEEKS[match["week"]]), clock=hour, sure=hour is None
        )
    found = weekday(context.today, number)
    following = bool(match["next"]) and found.day == context.today
    day = context.today + timedelta(7) if following else found.day
    return Moment(day=day, clock=hour, earlier=found.earlier, sure=(found.sure or following) and hour is None)


def _date(match: re.Match[str], context: Context) -> Moment:
    year = match["year"]
    number = None if not year else _number(year) if year.isdecimal() else 1 if year == "元" else _number(year)
    if match["era"] and number is not None:
        number += _ERAS[match["era"]]
    if number is not None and number < 1800:
        return Moment(day=date(number, _number(match["m"]), _number(match["d"])), sure=False)
    return day_of_year(context.today, _number(match["m"]), _number(match["d"]), number)


def _slashed(match: re.Match[str], context: Context) -> Moment:
    return day_of_year(context.today, int(match["m"]), int(match["d"]))


def _day_of_month(match: re.Match[str], context: Context) -> Moment:
    day = _number(match["d"])
    months = [_day_in(context.today, shift, day) for shift in range(-2, 4)]
    coming = next(each for each in months if each and each >= context.today)
    earlier = next(each for each in reversed(months) if each and each <= context.today)
    return Moment(day=coming, earlier=earlier)


def _day_in(today: date, shift: int, day: int) -> date | None:
    end = month_end(today, shift)
    return end.replace(day=day) if 0 < day <= end.day else None


def _month_end(match: re.Match[str], context: Context) -> Moment:
    if match["m"]:
        return Moment(day=month_end_ahead(context.today, _number(match["m"])))
    return Moment(day=month_end(context.today, _MONTHS.get(match["which"] or "今月", 0)))


def _month(match: re.Match[str], context: Context) -> Moment:
    return Moment(day=month_end_ahead(context.today, _number(match["m"])), closing=True, sure=False)


def _week(match: re.Match[str], context: Context) -> Moment:
    if match["word"] == "週明け":
        return Moment(day=weekday_of_week(context.today, 0, 1))
    shift = _WEEKS.get(match["word"], 0)
    return Moment(day=weekday_of_week(context.today, 4, shift), closing=True, sure=bool(match["end"]))


def _year_end(match: re.Match[str], context: Context) -> Moment:
    if "度" in match[0]:
        year = context.today.year + (context.today.month > 3)
        return Moment(day=date(year, 3, 31))
    return Moment(day=date(context.today.year, 12, 31), closing=True)


def _shift(match: re.Match[str], context: Context) -> Moment:
    sign = -1 if match["way"] == "前" else 1
    found = shifted(context.now, sign * _number(match["n"]), _UNITS[match["unit"]])
    return Moment(day=found.day, at=found.at, closing=match["way"] == "以内")


def _clock(match: re.Match[str], context: Context) -> Moment:
    half = {"午前": "a", "朝": "a", "午後": "p", "夕方": "p", "夜": "p"}.get(match["half"] or "", "")
    minute = 30 if match["thirty"] else _number(match["n"]) if match["n"] else 0
    hour = _number(match["h"])
    return Moment(clock=clock(hour, minute, half=half), sure=bool(half) or hour > 6)


def _noon(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=NOON)


_PART = r"の?(?P<part>午前中|朝|夕方|(?:午前|午後|夜)(?!\s*[\d一二三四五六七八九十]))?"
MOMENTS = (
    rule(
        r"(?P<word>本日|今日(?!子)|きょう|明日(?!香|美)|あした|あす|翌日|明後日|あさって|昨日|きのう|一昨日|おととい|今朝|今晩|今夜|昨夜|昨晩)"
        + _PART,
        _named_day,
    ),
    rule(
        rf"(?:(?:(?P<era>令和|平成|昭和)\s*)?(?P<year>\d{{1,4}}|元|[一二三四五六七八九十]{{1,3}})年\s*)?(?P<m>{_N})月\s*(?P<d>{_N})日"
        r"(?:\s*[((][月火水木金土日][))])?",
        _date,
    ),
    rule(
        rf"(?:(?P<which>今月|来月|再来月|先月)|(?P<m>{_N})月)の?末日?|(?<![今来先一-龯\d])月末",
        _month_end,
    ),
    rule(rf"(?<![\d年])(?P<m>{_N})月(?=中?まで|中に|いっぱい)", _month),
    rule(
        rf"(?:(?P<next>次の?|今度の)|(?P<week>再来週|来週|今週|先々週|先週)の?)?(?P<wd>[月火水木金土日])曜日?{_PART}"
        rf"|(?P<week2>再来週|来週|今週|先週)の?(?P<wd2>[月火水木金])(?=に|の|まで|\s|、|$)",
        lambda m, c: _weekday(m, c) if m["wd"] else _short_weekday(m, c),
    ),
    rule(r"(?<![一-龯])(?P<wd>[月火水木金])(?=まで)(?P<week>)(?P<next>)(?P<part>)", _weekday),
    rule(r"(?P<word>週明け|今週|来週|再来週|先週)の?(?P<end>末|中)?(?=に|まで|以内|、|$|末|中)", _week),
    rule(r"年度末|年末(?=まで)|年内", _year_end),
    rule(rf"(?P<n>{_N})\s*(?P<unit>分|時間|日|週間|か月|ヶ月|カ月)(?P<way>後|前|以内)", _shift),
    rule(
        rf"(?P<half>午前|午後|朝|夕方|夜)?\s*の?(?P<h>{_N})時(?!間)(?:(?P<thirty>半)|(?P<n>{_N})分)?(?:頃|ごろ)?",
        _clock,
    ),
    rule(r"(?P<half>午前|午後)\s*(?P<h>\d{1,2}):(?P<n>[0-5]\d)(?P<thirty>)", _clock),
    rule(r"正午", _noon),
    rule(
        r"(?<![\d/.a-z])(?P<m>1[0-2]|0?[1-9])/(?P<d>[12]\d|3[01]|0?[1-9])(?![\d/])(?:\s*[((][月火水木金土日][))])?",
        _slashed,
    ),
    rule(r"(?<![\d月年/])(?P<d>[12]\d|3[01]|[1-9])日(?=まで|に|の|\s|、|$|\d|午)", _day_of_month),
)


def _short_weekday(match: re.Match[str], context: Context) -> Moment:
    number = _DAYS.index(match["wd2"])
    return Moment(day=weekday_of_week(context.today, number, _WEEKS[match["week2"]]))


EDGES = Edges(
    before=re.compile(r"(?P<by>(?!))$"),
    after=re.compile(
        r"(?P<by>いっぱい|中?まで(?:に|は)?|前に|以内に?)|[のにはから、]{1,2}(?=[\d午朝夕夜])|に(?!つ)|頃に?"
    ),
)

_DID = r"(?:を?(?:しました|した|いたしました|して(?:もらった|いただいた)?|し(?=、|,|$)|済み?|あり|入り))"
_WILL = r"(?:を?(?:する|します|いたします|予定|しよう|すること))"
_KINDS = (
    (r"(?:お?電話|架電|tel|コール)", Channel.CALL),
    (r"(?:打ち?合わ?せ|会議|ミーティング|mtg|面談|面会|会合|協議)", Channel.MEETING),
    (r"(?:訪問|来訪|来社|往訪|現地視察)", Channel.VISIT),
    (r"(?:お?手紙|書簡|郵送|はがき|封書)", Channel.LETTER),
    (r"(?:電子メール|eメール|e-?mail|メール)", Channel.EMAIL),
    (r"(?:チャット|ショートメッセージ)", Channel.CHAT),
)
_SENT = r"(?:送った|送りました|出した|出しました|書いた|書きました)"
_SEND = r"(?:送る|送ります|出す|出します|書く|書きます)"
_FROM = r"(?:が|を)?(?:来た|きた|来ました|きました|ありました|あった|届いた|届きました|いただいた|いただきました|もらった|受けた|受けました|受領)"
CHANNELS = (
    *(
        cue(rf"(?<=から){words}{_FROM}?{_DID}?", channel, past=True, flow=Flow.IN)
        for words, channel in _KINDS
    ),
    *(cue(rf"{words}{_FROM}", channel, past=True, flow=Flow.IN) for words, channel in _KINDS),
    *(cue(rf"{words}を{_SENT}", channel, past=True, flow=Flow.OUT) for words, channel in _KINDS[3:]),
    *(cue(rf"{words}を{_SEND}", channel, plan=True, flow=Flow.OUT) for words, channel in _KINDS[3:]),
    *(cue(rf"{words}{_WILL}", channel, plan=True, flow=Flow.OUT) for words, channel in _KINDS),
    *(cue(rf"(?<=へ){words}{_DID}", channel, past=True, flow=Flow.OUT) for words, channel in _KINDS),
    *(cue(rf"{words}{_DID}", channel, past=True) for words, channel in _KINDS),
    *(cue(words, channel) for words, channel in _KINDS),
    cue(r"(?:に|と)?(?:お会いした|お会いしました|会った|会いました)", Channel.MEETING, past=True),
    cue(r"(?:に|と)?(?:お会いする|お会いします|会う|会います)", Channel.MEETING, plan=True),
    cue(
        r"(?:と|に)?(?:話した|話しました|お話した|お話しました|お話しした)",
        Channel.CALL,
        past=True,
        sure=False,
    ),
    cue(r"(?:へ|に)?(?:伺った|伺いました|お邪魔した)", Channel.VISIT, past=True, flow=Flow.OUT),
    cue(r"^\s*メモ\s*:?", Channel.NOTE, past=True),
)

_HONORIFIC = r"(?:さん|様|さま|氏|先生|殿|部長|課長|社長|会長|係長|町長|村長|市長|組合長|区長|くん|君)(?:方)?"
_NAME = r"[一-龯々〆ヶァ-ヺー・a-z][一-龯々〆ヶァ-ヺー・a-z.]{0,15}?(?:\s[一-龯々ァ-ヺーa-z]{1,10}?)?"
_HONOURED = re.compile(
    rf"(?P<name>{_NAME}|(?<![ぁ-ん])[ぁ-ん]{{2,6}}?)\s?(?P<title>{_HONORIFIC})(?P<tie>から|より|[にとへがはのを])?"
)
_TIED = re.compile(
    r"(?P<name>[一-龯々ァ-ヺー・a-z]{2,10})(?P<tie>から|より|[にとへ])の?"
    r"(?=\s*(?:お?電話|架電|打ち?合わ?せ|会議|面談|面会|訪問|お?手紙|e?メール|チャット|会[うっい]|お会い|話し|お話))"
)
_NOBODY = frozenset(
    [
        "皆",
        "みな",
        "お客",
        "客",
        "たく",
        "お疲れ",
        "先方",
        "相手",
        "当社",
        "弊社",
        "御社",
        "貴社",
        "担当",
        "現地",
        "各位",
    ]
)
_FLOWS = {"から": Flow.IN, "より": Flow.IN, "に": Flow.OUT, "へ": Flow.OUT}


def find_names(scene: Scene) -> list[FoundName]:
    line, found = scene.line, list[FoundName]()
    text = blanked(line.text, [(m.start, m.end) for m in scene.moments])
    for pattern in (_HONOURED, _TIED):
        at = 0
        while match := pattern.search(text, at):
            start, end = match.span("name")
            if not line.free(start, end):
                # A day before the name belongs to no name: look again behind it.
                at = _behind_taken(scene, start, end)
                continue
            at = match.end()
            known = any(name.whole[0] < end and start < name.whole[1] for name in found)
            if known or match["name"] in _NOBODY:
                continue
            flow = _FLOWS.get(match["tie"] or "")
            free_end = match.end() if line.free(start, match.end()) else end
            found.append(FoundName((start, end), (start, free_end), flow))
    return sorted(found, key=lambda name: name.span)


def _behind_taken(scene: Scene, start: int, end: int) -> int:
    while start < end and scene.line.free(start, start + 1):
        start += 1
    while start < len(scene.line.text) and not scene.line.free(start, start + 1):
        start += 1
    return start


_CLAUSE = re.compile(r"[^、。,;\n]+")
_VERB = re.compile(
    r"(?P<verb>(?:[一-龯ァ-ヺー]{1,8}|お)?[ぁ-ん]{0,6}?(?:[うくぐすつぬぶむる]|ます|ません|ない|せん))(?:予定|つもり|こと)?(?:です|だ|になった|とのこと|と約束(?:した)?|約束)?\s*[.!]?\s*$"
)
_DOING = re.compile(
    r"(?:送|お?届け|提出|連絡|回答|返事|返答|確認|用意|手配|共有|伝え|渡|調べ|報告|対応|修理|修繕|支払|払|作成|見積|説明|実施|公開|送付|送信)"
)
_PROMISED = re.compile(r"約束(?:した|しました|する|します)?|と約束")
_THEIR_VERB = re.compile(
    r"(?:て|で)(?:くれる|くれます|もらう|もらいます|もらえる|いただく|いただきます|いただける|くださる|下さる|頂く|頂ける)"
)
_THEIRS = re.compile(r"(?P<who>先方|相手方?|向こう|むこう|あちら|お客様|先様)(?:が|は|から|より)")
_NAMED = re.compile(rf"(?P<name>{_NAME})\s?{_HONORIFIC}(?:が|は)")
_OURS = re.compile(r"(?:当社|弊社|当方|こちら|我々|私たち|私|うち|小職)(?:が|は|から|で)")
_NOT = re.compile(r"(?:ない|ません)(?:予定|つもり|こと)?(?:です)?(?:と?約束(?:した)?)?\s*$")


def find_promises(scene: Scene) -> list[FoundPromise]:
    found = []
    limited = any(moment.closing for moment in scene.moments)
    for clause in _CLAUSE.finditer(scene.line.text):
        promise = _promise_in(scene, *clause.span(), limited)
        if promise:
            found.append(promise)
    return found


def _promise_in(scene: Scene, start: int, end: int, limited: bool) -> FoundPromise | None:
    channel = scene.channel
    text = blanked(scene.line.text, [(m.start, m.end) for m in scene.moments])
    if channel and start <= channel.start < end:
        start = channel.end
    verb = _VERB.search(text, start, end)
    if not verb or not scene.line.free(*verb.span("verb")):
        return None
    own_limit = any(m.closing and start <= m.start < end for m in scene.moments)
    doing = bool(_DOING.search(text, start, end))
    theirs, ours = _THEIRS.search(text, start, end), _OURS.search(text, start, end)
    their_verb = _THEIR_VERB.search(text, start, end)
    promised = _PROMISED.search(text, start, end)
    if not (own_limit or promised or doing or (theirs and limited) or their_verb):
        return None
    named = None if ours or theirs else _NAMED.search(text, start, end)
    subject = theirs or ours
    return FoundPromise(
        cue=verb.span("verb"),
        zone=(start, end),
        ours=not (theirs or named or their_verb),
        negative=bool(_NOT.search(text, start, end)),
        sure=bool(own_limit or promised or limited) and not named,
        left_out=(subject.span(),) if subject else (named.span(),) if named else (),
        subject=named.span("name") if named else None,
    )


GRAMMAR = Grammar(
    code="ja",
    script=re.compile(r"[ぁ-ヿ一-龯]"),
    month_first=True,
    prefixes=(
        (re.compile(r"\s*(?:タスク|やること|作業|todo)\s*:\s*"), Kind.TASK),
        (re.compile(r"\s*約束\s*:\s*"), Kind.PROMISE),
    ),
    moments=MOMENTS,
    edges=EDGES,
    channels=CHANNELS,
    topic=re.compile(
        r"(?P<topic>[^\s、。,;]+?)(?:の件(?:について|に関して|で|を)?|について|に関して|に関する)"
    ),
    find_promises=find_promises,
    find_names=find_names,
    names_before_topic=True,
)
