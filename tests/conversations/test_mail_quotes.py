"""What is the author's, what is quoted, what is signature: in each language and program."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enishi.conversations.mail import fold, read
from enishi.conversations.mail.html import to_text

MAIL = Path(__file__).parents[3] / "shared/data/mail"
needs_mail = pytest.mark.skipif(not MAIL.is_dir(), reason="the sample mails are not there")


def kinds(text: str) -> list[tuple[str, str]]:
    return [(each.kind, text[each.start : each.end].strip()) for each in fold(text).segments]


@needs_mail
@pytest.mark.parametrize("program", ["aol", "apple_mail_2", "gmail", "iphone", "outlook", "yahoo"])
def test_replies_of_mail_programs(program: str) -> None:
    message = read((MAIL / f"reply__standard_replies__{program}.eml").read_bytes())
    assert message.folded.visible == "Hello"
    assert len(message.folded.quotes) == 1


@needs_mail
def test_signature_of_sparrow() -> None:
    text = (MAIL / "reply__standard_replies__sparrow_reply_text").read_text()
    assert kinds(text) == [
        ("text", "Hello"),
        ("signature", "-- \nxxx\nSent with Sparrow (http://www.sparrowmailapp.com/?sig)"),
    ]


@needs_mail
@pytest.mark.parametrize("program", ["gmail", "mail_ru", "ms_outlook_2007", "thunderbird", "yandex_ru"])
def test_html_replies(program: str) -> None:
    text = to_text((MAIL / f"reply__html_replies__{program}.html").read_text())
    folded = fold(text)
    assert " ".join(folded.visible.split()) == "Hi. I am fine. Thanks, Alex"
    assert "Hello! How are you?" in text[slice(*folded.quotes[0])]


@pytest.mark.parametrize(
    "quotation",
    [
        "On Mon, 2 Mar 2026 at 10:12, Yuki Sato <yuki@kaze.example> wrote:\n> words",
        "On Mon, 2 Mar 2026 at 10:12, Yuki Sato\n<yuki@kaze.example> wrote:\n> words",
        "On Mon, 2 Mar 2026 at 10:12, Yuki Sato\n<yuki@kaze.example> wrote:\n\nwords without marks",
        "Le lun. 2 mars 2026 à 10:12, Zoé Petit <zoe@vent.example> a écrit :\n> mots",
        "Am 02.03.2026 um 10:12 schrieb Uwe Klein:\n> Worte",
        "El lun, 2 mar 2026 a las 10:12, Ana (<ana@viento.example>) escribió:\n> palabras",
        "2026年3月2日(月) 10:12 佐藤 由紀 <yuki@kaze.example>:\n> 言葉",
        "2026年3月2日 10:12、佐藤 由紀 <yuki@kaze.example>のメール:\n> 言葉",
        "2026/03/02 10:12、佐藤さんのメール:\n\n言葉",
        "در تاریخ دوشنبه ۲ مارس ۲۰۲۶ ساعت ۱۰:۱۲ رضا <reza@bad.example> نوشت:\n> واژه",
        "在 2026年3月2日 10:12，李雷 <li@feng.example> 写道：\n> 字",
        "2026-03-02 10:12 GMT+01:00 Yuki Sato <yuki at kaze.example>:\n> words",
        "-----Original Message-----\nFrom: Yuki\nSent: Monday\n\nwords",
        "________________________________\nFrom: Yuki <yuki@kaze.example>\nSent: Monday, 2 March 2026\nTo: Office\nSubject: Noise\n\nwords",
        "From: Yuki\nSent: Monday\nTo: Office\nSubject: Noise\n\nwords",
        "De : Zoé Petit\nEnvoyé : lundi 2 mars 2026\nÀ : Bureau\nObjet : Bruit\n\nmots",
        "Von: Uwe\nGesendet: Montag\nAn: Büro\nBetreff: Lärm\n\nWorte",
        "差出人: 佐藤\n送信日時: 2026年3月2日\n宛先: 事務局\n件名: 騒音\n\n言葉",
        "از: رضا\nتاریخ: ۲ مارس\nبه: دفتر\nموضوع: صدا\n\nواژه",
        "> plain marks only",
    ],
)
def test_quotations_below_an_answer(quotation: str) -> None:
    assert kinds(f"Agreed.\n\n{quotation}") == [("text", "Agreed."), ("quote", quotation)]


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nYuki Sato\nKaze",
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Envoyé de mon iPhone",
        "Von meinem iPad gesendet",
        "iPhoneから送信",
        "ارسال شده از گوشی من",
        "━━━━━━━━━━━━\n風力株式会社 佐藤\nTEL 03-0000-0000\n━━━━━━━━━━━━",
        "_______________________________________________\nNoise mailing list\nnoise@lists.example",
    ],
)
def test_signatures(signature: str) -> None:
    assert kinds(f"Agreed.\n\n{signature}") == [("text", "Agreed."), ("signature", signature)]


def test_answers_between_quoted_lines_stay_visible() -> None:
    text = "Hi,\n\nOn 2 March, X wrote:\n> one\n> two\nYes.\n> three\nNo.\n\n-- \nMe"
    assert fold(text).visible == "Hi,\n\nYes.\n\nNo."
    assert [kind for kind, _ in kinds(text)] == ["text", "quote", "text", "quote", "text", "signature"]


def test_forwarded_mail_is_shown_when_there_is_nothing_else() -> None:
    forwarded = "---------- Forwarded message ----------\nFrom: Yuki\nSubject: Noise\n\nwords"
    assert kinds(f"See below.\n\n{forwarded}") == [("text", "See below."), ("forward", forwarded)]
    assert fold(forwarded).visible == forwarded
    assert fold("> only\n> quoted").visible == "> only\n> quoted"


@pytest.mark.parametrize(
    "text",
    [
        "From: the beginning I said so.\nAnd on it goes.",
        "On Monday the council wrote a letter.\nIt says no.",
        "Points:\n- one\n- two",
        "Heading\n---------------\nCall 03 0000 0000 at 10.",
        "I will have sent from my desk the file by noon.\nThen we\ncan\nspeak\nagain.",
    ],
)
def test_plain_texts_are_left_alone(text: str) -> None:
    assert kinds(text) == [("text", text)]


@pytest.mark.parametrize(
    "line",
    ["1 " * 180 + ":", "<a@b> 2026-01-01 " * 20, "2026年1月1日 " * 20, "On 1 " * 70, " " * 390 + ":"],
)
def test_lines_made_to_be_slow_are_plain_text(line: str) -> None:
    text = f"{line}\n" * 2_000
    assert [each.kind for each in fold(text).segments] == ["text"]


@given(
    st.lists(
        st.sampled_from(
            [
                "> a",
                "",
                "On 2 March X wrote:",
                "-- ",
                "From: a",
                "To: b",
                "Subject: c",
                "words",
                "-" * 20,
                "a@b.example",
            ]
        )
    )
)
def test_segments_cover_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    segments = fold(text).segments
    assert "".join(text[each.start : each.end] for each in segments) == text
    assert all(
        one.end == other.start and one.kind != other.kind for one, other in itertools.pairwise(segments)
    )
    assert bool(fold(text).visible) == bool(text.strip())
