"""Plain text split into what the author wrote, what is quoted, what was forwarded and the signature.

Nothing is removed: segments are spans of the text, in order and without gaps, and a page may fold some of them.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "quote", "forward", "signature"]

QUOTE_MARKS = (">", "＞")
QUOTED_LINE = re.compile(r"[ \t]{0,3}[>＞]")

# Longest first where one begins another; a colon may be the wide one.
FROM_LABELS = r"From|De|Von|Van|Da|Från|Fra|От|差出人|送信元|送信者|发件人|寄件者|보낸 사람|از|فرستنده|من"
OTHER_LABELS = (
    r"Sent|Date|To|Cc|Bcc|Subject|Reply-To|Importance|Attachments"
    r"|Envoyé(?: le)?|Date d'envoi|À|A|Objet|Copie(?: à)?"
    r"|Gesendet|Datum|An|Betreff|Kopie"
    r"|Enviado(?: el)?|Fecha|Para|Asunto|Assunto|Inviato|Data|Oggetto|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne"
    r"|Отправлено|Дата|Кому|Копия|Тема"
    r"|送信日時|日時|日付|宛先|件名|题名|発信日時|发送时间|收件人|主题|主旨|보낸 날짜|받는 사람|제목"
    r"|ارسال شده(?: در)?|تاریخ|به|گیرنده|رونوشت|موضوع|إلى|التاريخ|الموضوع"
)
LABEL = r"[ \t>*_]*(?:{})[ \t*_]*[:：][ \t*_]*"
FROM_LINE = re.compile(LABEL.format(FROM_LABELS) + r"\S", re.IGNORECASE)
LABEL_LINE = re.compile(LABEL.format(f"{FROM_LABELS}|{OTHER_LABELS}"), re.IGNORECASE)
OTHER_LINE = re.compile(LABEL.format(OTHER_LABELS), re.IGNORECASE)

ORIGINAL_MESSAGE = re.compile(
    r"[ \t>]*[-_]{2,}[ \t]*(?:Original (?:Message|Appointment)|Message d'origine|Message original|Ursprüngliche Nachricht"
    r"|Original-?Nachricht|Mensaje original|Mensagem original|Messaggio originale|Oorspronkelijk bericht|Исходное сообщение"
    r"|元のメッセージ|オリジナルメッセージ|原始邮件|邮件原件|원본 메시지|پیام اصلی|الرسالة الأصلية|Reply message|Reply Separator)"
    r"[ \t]*[-_]{2,}[ \t]*$",
    re.IGNORECASE,
)
FORWARDED_MESSAGE = re.compile(
    r"[ \t>]*(?:[-_]{2,}[ \t]*(?:Forwarded [Mm]essage|Forwarded by .{1,100}|Message transféré|Weitergeleitete Nachricht"
    r"|Mensaje reenviado|Mensagem encaminhada|Messaggio inoltrato|Doorgestuurd bericht|Пересылаемое сообщение"
    r"|転送メッセージ|転送されたメッセージ|转发邮件|转发的邮件|پیام هدایت‌شده|پیام ارسالی|پیام فوروارد شده)[ \t]*[-_]{2,}"
    r"|Begin forwarded message[:：]|Début du message (?:réexpédié|transféré)[ \t]?[:：]|Anfang der weitergeleiteten (?:Nachricht|E-Mail)[:：]"
    r"|転送されたメッセージ[:：]|.{0,60}(?:شروع پیام ارسالی|آغاز پیام هدایت‌شده)[:：])[ \t]*$",
    re.IGNORECASE,
)
# "On <date>, <who> wrote:" in the ways programs say it; a digit must be in it, and the line may wrap twice.
WROTE = re.compile(
    r"[> \t]*(?:"
    r"On\b.*\bwrote ?:"
    r"|Le\b.*\ba écrit[ \u00a0\u202f]?:"
    r"|Am\b.*\bschrieb\b.*:"
    r"|El\b.*\bescribió ?:"
    r"|Em\b.*\bescreveu ?:"
    r"|Il\b.*\bha scritto ?:"
    r"|Op\b.*\b(?:schreef|geschreven)\b.*:"
    r"|Den\b.*\bskrev\b.*:"
    r"|.*\b(?:wrote|a écrit|schrieb|написал(?:а|\(а\))?|пишет)[ \u00a0\u202f]?:"
    r"|.*\d:\d\d\b.*\bот\b.*:"
    r"|\d{4}年\d{1,2}月\d{1,2}日.*[:：]"
    r"|\d{4}[/-]\d{1,2}[/-]\d{1,2}\b.*(?:<[^>]+(?:@| at )[^>]+>|さん).{0,20}[:：]"
    r"|\d{4}[/-]\d{1,2}[/-]\d{1,2}\b.*<[^>]+@[^>]+>"
    r"|.*(?:書きました|のメール|写道|작성) ?[:：]"
    r"|در\b.*(?:نوشت|نوشته است|نوشته) ?[:：]"
    r"|في\b.*كتب.*[:：]"
    r"|\d{1,2}\.\d{1,2}\.\d{2,4}\b.*<[^>]+@[^>]+> ?:"
    r")$",
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")
INTRO_WORD = re.compile(r"(?:On|Le|Am|El|Em|Il|Op|Den|در) ")
# A line that may stand before quoted lines though no pattern knows its language.
LOOSE_INTRO = re.compile(r"[^\n]*(?:\d|@|\bwrote\b|\bsays\b|書|写|نوشت)[^\n]*[:：][ \t]*$")
COLONS = (":", "：")
INTRO_ENDS = ":：>"
WRAPPED_LINES = 3
MAX_INTRO_LENGTH = 400

SIGNATURE_DELIMITER = re.compile(r"(?:--|-- |—)[ \t]*$")
MOBILE_SIGNATURE = re.compile(
    r"[ \t]*[\[(<]?(?:Sent (?:from|via|with|using) (?!the\b)\S.{0,100}|Get Outlook for .{1,60}|Enviado (?:desde|do) .{1,60}"
    r"|Envoyé (?:de(?:puis)?|à partir d[e'’]|avec) .{1,80}|Télécharger Outlook .{1,60}|Von meinem .{1,60} gesendet"
    r"|Gesendet (?:von|mit) .{1,60}|Inviato da .{1,60}|Verzonden (?:vanaf|met) .{1,60}|Skickat från .{1,60}|Отправлено (?:с|из) .{1,60}"
    r"|.{1,40}(?:から送信|より送信)(?:され(?:た|ました).{0,20})?|.{0,40}Yahoo!メール.{0,40}|发自我的.{1,40}|从我的.{1,40}发送"
    r"|ارسال ?‌?شده از .{1,60}|از .{1,40} (?:من )?(?:ارسال|فرستاده) شد(?:ه)?(?: است)?|Do You Yahoo!\?.{0,40})[\])>]?\.?[ \t]*$",
    re.IGNORECASE,
)
DRAWN = r"[-=_*~+#･・＝＊～〜◇◆□■○●∞☆★/|:.＋－―\u2500-\u257f]"
RULE = re.compile(rf"[ \t]*{DRAWN}(?:[ \t]?{DRAWN}){{7,}}[ \t]*$")
CONTACT = re.compile(
    r"@|https?://|www\.|\b(?:tel|fax|mobile|phone|téléphone|mob)\b|℡|電話|携帯|〒|تلفن|\+?\d[\d ()-]{8,}",
    re.IGNORECASE,
)
LIST_FOOTER = re.compile(
    r"mailing list|mailman|listinfo|unsubscribe|liste de diffusion|メーリングリスト|配信停止", re.IGNORECASE
)
SCRUBBED = re.compile(r"-{10,} next part -{10,}[ \t]*$")
MAX_SIGNATURE_LINES = 15
MAX_MOBILE_DISTANCE = 4
# Beyond this the text is a log or a dump; scanning it line by line helps nobody.
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """`text[start:end]` is of one kind."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """`segments` cover the whole text. `visible` is what the author wrote (or forwarded, or quoted, when that is all)."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def visible(self) -> str:
        for kind in ("text", "forward", "quote", "signature"):
            pieces = [
                self.text[each.start : each.end].strip("\n") for each in self.segments if each.kind == kind
            ]
            joined = "\n\n".join(piece.rstrip() for piece in pieces if piece.strip())
            if joined:
                return joined
        return ""

    def spans(self, kind: Kind) -> list[tuple[int, int]]:
        return [(each.start, each.end) for each in self.segments if each.kind == kind]

    @property
    def quotes(self) -> list[tuple[int, int]]:
        return self.spans("quote")

    @property
    def signature(self) -> tuple[int, int] | None:
        """The author's own, the first one."""
        return next(iter(self.spans("signature")), None)


def fold(text: str) -> Folded:
    """Divide a mail's text. Offsets count characters of `text`, whose lines end in "\\n"."""
    if not text:
        return Folded(text, ())
    lines = text.split("\n")
    kinds: list[Kind] = ["text"] * len(lines)
    _mark_quotes(lines, kinds)
    _mark_signatures(lines, kinds)
    return Folded(text, _segments(lines, kinds))


def _segments(lines: list[str], kinds: list[Kind]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    start = position = 0
    last = len(lines) - 1
    for index, line in enumerate(lines):
        position += len(line) + (index != last)
        if index == last or kinds[index + 1] != kinds[index]:
            if position > start:
                segments.append(Segment(kinds[index], start, position))
            start = position
    return tuple(segments)


def _mark_quotes(lines: list[str], kinds: list[Kind]) -> None:
    total = min(len(lines), MAX_LINES)
    index = 0
    while index < total:
        line = lines[index]
        if not line or line.isspace():
            index += 1
            continue
        if line.lstrip(" \t")[:1] in QUOTE_MARKS and QUOTED_LINE.match(line):
            end = _end_of_quoted(lines, index, total)
            _mark(kinds, _start_of_intro(lines, kinds, index), end, "quote")
            index = end
            continue
        kind = _rest_kind(lines, index, total)
        if kind:
            _mark(kinds, index, len(lines), kind)
            return
        index += 1


def _mark(kinds: list[Kind], start: int, end: int, kind: Kind) -> None:
    kinds[start:end] = [kind] * (end - start)


def _end_of_quoted(lines: list[str], index: int, total: int) -> int:
    """Past the last ">" line of a run; empty lines between two of them belong to it."""
    end = index + 1
    position = end
    while position < total:
        if QUOTED_LINE.match(lines[position]):
            end = position + 1
        elif lines[position].strip():
            break
        position += 1
    return end


def _start_of_intro(lines: list[str], kinds: list[Kind], index: int) -> int:
    """Where the words that introduce the quotation at `index` begin; `index` itself when there are none."""
    last = index - 1
    while last >= 0 and not lines[last].strip() and index - last <= 2:
        last -= 1
    if last < 0 or kinds[last] != "text" or not lines[last].strip():
        return index
    for start in range(last, max(last - WRAPPED_LINES, -1), -1):
        if kinds[start] != "text" or not lines[start].strip():
            break
        if _introduces(lines[start : last + 1]):
            # The pattern without a first word ("… wrote:") may have missed the beginning of a wrapped line.
            earlier = range(max(last - WRAPPED_LINES + 1, 0), start)
            return next((line for line in earlier if INTRO_WORD.match(lines[line])), start)
    return last if LOOSE_INTRO.match(lines[last][:MAX_INTRO_LENGTH]) else index


def _introduces(lines: list[str]) -> bool:
    joined = " ".join(line.strip() for line in lines)
    return (
        len(joined) <= MAX_INTRO_LENGTH
        and DIGIT.search(joined) is not None
        and WROTE.match(joined) is not None
    )


def _rest_kind(lines: list[str], index: int, total: int) -> Kind | None:
    """What everything from this line on is, when the line begins somebody else's message."""
    line = lines[index].strip()
    if len(line) > MAX_INTRO_LENGTH:
        return None
    if not line[:1].isalnum():
        if ORIGINAL_MESSAGE.match(line):
            return "quote"
        if FORWARDED_MESSAGE.match(line):
            return "forward"
        if RULE.match(line) and index + 1 < total:
            following = index + 1 + (not lines[index + 1].strip())
            return "quote" if following < total and _is_header_block(lines, following, total) else None
    elif line.endswith(COLONS) and FORWARDED_MESSAGE.match(line):
        return "forward"
    if _is_header_block(lines, index, total):
        return "quote"
    return "quote" if _is_bare_intro(lines, index, total) else None


def _is_header_block(lines: list[str], index: int, total: int) -> bool:
    """A sender line with at least two more header lines: how Outlook begins what it quotes."""
    line = lines[index]
    if (":" not in line and "：" not in line) or not FROM_LINE.match(line):
        return False
    window = lines[index + 1 : min(index + 8, total)]
    labels = 0
    for line in window:
        if not line.strip():
            break
        labels += bool(OTHER_LINE.match(line))
    return labels >= 2


def _is_bare_intro(lines: list[str], index: int, total: int) -> bool:
    """An introduction ("On … wrote:") with nothing marked after it: the marks were lost with the HTML."""
    for last in range(index, min(index + WRAPPED_LINES, total)):
        text = lines[last].rstrip()
        if not text:
            return False
        if text[-1] in INTRO_ENDS and _introduces(lines[index : last + 1]):
            following = next((line for line in lines[last + 1 : last + 4] if line.strip()), None)
            return following is not None and not QUOTED_LINE.match(following)
    return False


def _mark_signatures(lines: list[str], kinds: list[Kind]) -> None:
    """Signatures stand at the end of the author's own stretches."""
    end = min(len(lines), MAX_LINES)
    while end:
        while end and kinds[end - 1] != "text":
            end -= 1
        start = end
        while start and kinds[start - 1] == "text":
            start -= 1
        if start < end:
            found = _signature_start(lines, start, end)
            if found is not None:
                _mark(kinds, found, end, "signature")
        end = start


def _signature_start(lines: list[str], start: int, end: int) -> int | None:
    last = end
    while last > start and not lines[last - 1].strip():
        last -= 1
    found: int | None = None
    for index in range(start, last):
        if SIGNATURE_DELIMITER.match(lines[index]):
            found = index
            break
    stop = found if found is not None else last
    return (
        _list_footer(lines, start, stop) or _mobile(lines, start, stop) or _ruled(lines, start, stop) or found
    )


def _list_footer(lines: list[str], start: int, last: int) -> int | None:
    for index in range(max(start, last - 8), last):
        if SCRUBBED.match(lines[index]):
            return index
        if RULE.match(lines[index]) and LIST_FOOTER.search(" ".join(lines[index + 1 : last])):
            return index
    return None


def _mobile(lines: list[str], start: int, last: int) -> int | None:
    seen = 0
    for index in range(last - 1, start - 1, -1):
        if not lines[index].strip():
            continue
        seen += 1
        if MOBILE_SIGNATURE.match(lines[index]):
            return index - (index > start and RULE.match(lines[index - 1]) is not None)
        if seen >= MAX_MOBILE_DISTANCE:
            return None
    return None


def _ruled(lines: list[str], start: int, last: int) -> int | None:
    """The block between drawn lines that ends Japanese business mail: name, company, address."""
    rules = [
        index for index in range(max(start, last - MAX_SIGNATURE_LINES), last) if RULE.match(lines[index])
    ]
    for index in rules:
        # A line drawn right under a text is a heading or a table unless another one closes the block.
        if index > start and lines[index - 1].strip() and not RULE.match(lines[last - 1]):
            continue
        block = [line for line in lines[index + 1 : last] if line.strip() and not RULE.match(line)]
        if block and (any(CONTACT.search(line) for line in block) or MOBILE_SIGNATURE.match(block[0])):
            return index if any(line.strip() for line in lines[start:index]) else None
    return None
