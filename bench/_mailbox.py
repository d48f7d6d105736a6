"""A mailbox as people have them: invented, the same every time."""

from __future__ import annotations

import base64
import datetime as dt
import quopri
import random
import zlib
from collections.abc import Iterator
from email.header import Header
from email.utils import format_datetime
from pathlib import Path

START = dt.datetime(2021, 1, 4, 8, 0, tzinfo=dt.UTC)

WORDS = {
    "en": [
        "the",
        "noise",
        "of",
        "the",
        "turbines",
        "was",
        "measured",
        "again",
        "last",
        "week",
        "and",
        "our",
        "neighbours",
        "at",
        "the",
        "northern",
        "road",
        "would",
        "like",
        "to",
        "know",
        "when",
        "the",
        "results",
        "will",
        "be",
        "published",
        "because",
        "the",
        "hearing",
        "is",
        "planned",
        "for",
        "autumn",
        "and",
        "nobody",
        "has",
        "answered",
        "the",
        "letter",
        "from",
        "march",
        "please",
        "find",
        "attached",
        "the",
        "revised",
        "plan",
        "with",
        "access",
        "for",
        "heavy",
        "transport",
        "during",
        "harvest",
        "we",
        "can",
        "meet",
        "on",
        "thursday",
    ],
    "fr": [
        "le",
        "bruit",
        "des",
        "éoliennes",
        "a",
        "été",
        "mesuré",
        "à",
        "nouveau",
        "la",
        "semaine",
        "dernière",
        "et",
        "nos",
        "voisins",
        "de",
        "la",
        "route",
        "du",
        "nord",
        "aimeraient",
        "savoir",
        "quand",
        "les",
        "résultats",
        "seront",
        "publiés",
        "car",
        "l’enquête",
        "est",
        "prévue",
        "à",
        "l’automne",
        "et",
        "personne",
        "n’a",
        "répondu",
        "à",
        "la",
        "lettre",
        "de",
        "mars",
        "veuillez",
        "trouver",
        "ci-joint",
        "le",
        "plan",
        "révisé",
        "avec",
        "l’accès",
        "pour",
        "les",
        "convois",
        "pendant",
        "la",
        "récolte",
    ],
    "ja": [
        "先週",
        "再び",
        "風車の",
        "騒音を",
        "測定し",
        "北側の",
        "道路沿いの",
        "住民の",
        "皆様から",
        "結果の",
        "公表時期について",
        "お問い合わせを",
        "いただいて",
        "おります",
        "説明会は",
        "秋に",
        "予定されて",
        "おり",
        "三月の",
        "お手紙には",
        "まだ",
        "ご回答を",
        "差し上げて",
        "おりません",
        "改訂した",
        "計画書を",
        "添付いたします",
        "ので",
        "ご確認",
        "ください",
        "漁業協同組合",
    ],
    "fa": [
        "صدای",
        "توربین\u200cها",
        "هفته",
        "گذشته",
        "دوباره",
        "اندازه\u200cگیری",
        "شد",
        "و",
        "همسایگان",
        "ما",
        "در",
        "جاده",
        "شمالی",
        "می\u200cخواهند",
        "بدانند",
        "نتایج",
        "چه",
        "زمانی",
        "منتشر",
        "می\u200cشود",
        "زیرا",
        "جلسه",
        "برای",
        "پاییز",
        "برنامه\u200cریزی",
        "شده",
        "است",
        "و",
        "هنوز",
        "کسی",
        "به",
        "نامه",
        "اسفند",
        "پاسخ",
        "نداده",
        "است",
        "لطفا",
        "طرح",
        "بازنگری",
        "شده",
        "پیوست",
        "را",
        "ببینید",
    ],
}
NAMES = {
    "en": ["Alice Hartley", "Tom Brannock", "Mary Ellesmere", "Owen Caldbeck", "Ruth Fenwick"],
    "fr": ["Élodie Garnier-Vasseur", "Hervé Coatmeur", "Maïwenn Le Dantec", "Gaëtan Brière"],
    "ja": ["高梨 あおい", "潮見 健", "浜田 涼子", "榊原 直人"],
    "fa": ["شیرین مهتدی", "کاوه رستگار", "نگار فروهر", "آرش بهمنی"],
}
CHARSETS = {
    "en": ["us-ascii", "us-ascii", "utf-8", "iso-8859-1"],
    "fr": ["iso-8859-1", "windows-1252", "utf-8"],
    "ja": ["iso-2022-jp", "iso-2022-jp", "shift_jis", "utf-8"],
    "fa": ["utf-8", "utf-8", "windows-1256"],
}
WROTE = {
    "en": "On 4 March 2021, {} wrote:",
    "fr": "Le 4 mars 2021, {} a écrit :",
    "ja": "2021年3月4日 {}:",
    "fa": "در ۴ مارس ۲۰۲۱، {} نوشت:",
}
OURS = "tidewall.example"


class Mailbox:
    """``count`` messages in conversations; half with HTML, a fifth with files; four languages in their usual charsets."""

    def __init__(self, count: int, *, people: int = 800, seed: int = 7) -> None:
        self.count = count
        self.chance = random.Random(seed)
        self.people = [self._person(number) for number in range(people)]
        self.logo = self.chance.randbytes(4_000)
        self.documents = [self._document() for _ in range(200)]

    def _person(self, number: int) -> tuple[str, str, str]:
        language = self.chance.choices(["en", "fr", "ja", "fa"], [5, 3, 3, 1])[0]
        name = self.chance.choice(NAMES[language])
        domain = OURS if number < 20 else f"org{number % 60}.example"
        return language, name, f"person{number}@{domain}"

    def _document(self) -> bytes:
        size = int(self.chance.lognormvariate(10, 0.8))
        return b"%PDF-1.7\n" + self.chance.randbytes(min(size, 400_000))

    def write(self, path: Path) -> None:
        with path.open("wb") as out:
            for raw in self.messages():
                out.write(raw)

    def messages(self) -> Iterator[bytes]:
        open_threads: list[dict[str, object]] = []
        for number in range(self.count):
            at = START + dt.timedelta(minutes=17 * number)
            if open_threads and self.chance.random() < 0.6:
                thread = self.chance.choice(open_threads)
            else:
                thread = {"pair": self._pair(), "ids": [], "quoted": "", "language": ""}
                open_threads.append(thread)
                del open_threads[:-40]
            yield self._message(number, at, thread)

    def _pair(self) -> list[tuple[str, str, str]]:
        return [self.chance.choice(self.people[:20]), self.chance.choice(self.people[20:])]

    def _message(self, number: int, at: dt.datetime, thread: dict) -> bytes:
        chance = self.chance
        first, second = thread["pair"]
        sender, receiver = (first, second) if chance.random() < 0.5 else (second, first)
        language = thread["language"] = thread["language"] or second[0]
        charset = chance.choice(CHARSETS[language])
        body = self._body(language)
        ids: list[str] = thread["ids"]
        subject = thread.setdefault("subject", " ".join(chance.sample(WORDS[language], 4)))
        if ids:
            quoted = "\n".join(f"> {line}" for line in thread["quoted"].split("\n"))
            text = f"{body}\n\n{WROTE[language].format(sender[1])}\n{quoted}\n"
        else:
            text = f"{body}\n\n-- \n{sender[1]}\n+44 20 7946 0{number % 1000:03d}\n"
        thread["quoted"] = body
        identifier = f"<{number}.{zlib.crc32(str(number).encode()):08x}@{sender[2].partition('@')[2]}>"
        headers = [
            f"From {sender[2]} {at:%a %b %e %H:%M:%S %Y}",
            f"Return-Path: <{sender[2]}>",
            *(
                f"Received: from mx{hop}.{OURS} (mx{hop}.{OURS} [192.0.2.{hop}])\n\tby store{hop}.{OURS} (Postfix) with ESMTPS id"
                f" {number:08X}{hop}\n\tfor <{receiver[2]}>; {format_datetime(at)}"
                for hop in range(1, 4)
            ),
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={sender[2].partition('@')[2]}; s=mail;\n\tbh="
            + base64.b64encode(chance.randbytes(32)).decode()
            + ";\n\tb="
            + base64.b64encode(chance.randbytes(128)).decode(),
            f"From: {self._mailbox(sender, charset)}",
            f"To: {self._mailbox(receiver, charset)}",
            *([f"Cc: {self._mailbox(chance.choice(self.people), charset)}"] if chance.random() < 0.3 else []),
            f"Subject: {Header(('Re: ' if ids else '') + subject, self._able(subject, charset)).encode()}",
            f"Date: {format_datetime(at)}",
            f"Message-ID: {identifier}",
            *([f"In-Reply-To: {ids[-1]}", f"References: {' '.join(ids[-8:])}"] if ids else []),
            "MIME-Version: 1.0",
            "X-Mailer: Made for measuring",
        ]
        ids.append(identifier)
        return "\n".join(headers).encode() + b"\n" + self._content(text, charset, number) + b"\n\n"

    def _body(self, language: str) -> str:
        between = "" if language == "ja" else " "
        paragraphs = []
        for _ in range(self.chance.randint(1, 5)):
            words = self.chance.choices(WORDS[language], k=self.chance.randint(15, 70))
            lines = [between.join(words[start : start + 12]) for start in range(0, len(words), 12)]
            paragraphs.append("\n".join(lines))
        return "\n\n".join(paragraphs)

    @staticmethod
    def _able(text: str, charset: str) -> str:
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            return "utf-8"
        return charset

    def _mailbox(self, person: tuple[str, str, str], charset: str) -> str:
        return f"{Header(person[1], self._able(person[1], charset)).encode()} <{person[2]}>"

    def _content(self, text: str, charset: str, number: int) -> bytes:
        html = number % 2 == 0
        attached = number % 5 == 0
        parts = [self._text(text, charset, "plain")]
        content = parts[0]
        if html:
            paragraphs = (
                text.replace("&", "&amp;").replace("<", "&lt;").replace("\n\n", "</p>\n<p class=MsoNormal>")
            )
            page = f"<html><head><style>p.MsoNormal {{margin:0cm; font-size:11.0pt}}</style></head><body><p class=MsoNormal>{paragraphs}</p></body></html>"
            content = self._multipart("alternative", [parts[0], self._text(page, charset, "html")], number)
        if attached:
            document = self.chance.choice(self.documents) if number % 10 == 0 else self._document()
            files = [self._file(f"plan-{number}.pdf", "application/pdf", document)]
            if number % 15 == 0:
                files.append(self._file("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + self.logo))
            content = self._multipart("mixed", [content, *files], number)
        return content

    def _text(self, text: str, charset: str, kind: str) -> bytes:
        charset = self._able(text, charset)
        raw = text.encode(charset)
        if charset == "iso-2022-jp" or raw.isascii():
            encoding = "7bit"
        elif charset == "utf-8" and self.chance.random() < 0.5:
            raw, encoding = base64.encodebytes(raw), "base64"
        else:
            raw, encoding = quopri.encodestring(raw), "quoted-printable"
        head = f'Content-Type: text/{kind}; charset="{charset}"\nContent-Transfer-Encoding: {encoding}\n\n'
        return head.encode() + raw.replace(b"\nFrom ", b"\n>From ")

    @staticmethod
    def _file(name: str, media_type: str, data: bytes) -> bytes:
        head = (
            f'Content-Type: {media_type}; name="{name}"\nContent-Transfer-Encoding: base64\n'
            f'Content-Disposition: attachment; filename="{name}"\n\n'
        )
        return head.encode() + base64.encodebytes(data)

    @staticmethod
    def _multipart(kind: str, parts: list[bytes], number: int) -> bytes:
        mark = f"----=_Part_{kind}_{number:06d}".encode()
        inside = b"".join(b"\n--" + mark + b"\n" + part.rstrip(b"\n") for part in parts)
        return (
            f'Content-Type: multipart/{kind}; boundary="{mark.decode()}"\n'.encode()
            + inside
            + b"\n--"
            + mark
            + b"--\n"
        )
