"""Every real file reads to exactly what stands in it."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enishi.conversations.mail import Address, Defect, Limits, ParsedMessage, Unreadable, messages, read
from enishi.conversations.mail.message import safe_name, unflow

MAIL = Path(__file__).parents[3] / "shared/data/mail"
needs_mail = pytest.mark.skipif(not MAIL.is_dir(), reason="the sample mails are not there")


def load(name: str) -> ParsedMessage:
    return read((MAIL / name).read_bytes())


def offset(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


def pairs(addresses: list[Address]) -> list[tuple[str, str]]:
    return [(each.name, each.address) for each in addresses]


@needs_mail
def test_every_sample_is_read_or_refused_with_a_reason() -> None:
    refused = []
    for item in messages(MAIL):
        assert not isinstance(item, Unreadable), item
        assert item.item == ""
        try:
            read(item.raw)
        except Unreadable as unreadable:
            refused.append((item.file, unreadable.code))
            assert unreadable.raw == item.raw
    assert refused == [
        ("reply__html_replies__gmail.html", "no-headers"),
        ("reply__html_replies__mail_ru.html", "no-headers"),
        ("reply__html_replies__ms_outlook_2007.html", "no-headers"),
        ("reply__html_replies__thunderbird.html", "no-headers"),
        ("reply__html_replies__yandex_ru.html", "no-headers"),
        ("reply__standard_replies__sparrow_reply_text", "no-headers"),
    ]
    assert len(list(messages(MAIL))) == len(list(MAIL.iterdir())) == 64


@needs_mail
@pytest.mark.parametrize(
    ("name", "subject", "text"),
    [
        ("multi_charset__japanese_iso_2022.eml", "まみむめも", "すみません。"),
        ("multi_charset__ks_c_5601-1987.eml", "test", "스티해"),
        ("rfc6532__utf8_headers.eml", "Säying Hello", "body"),
        ("error_emails__bad_encoded_subject.eml", "TEST", "TEST"),
        (
            "error_emails__invalid_subject_characters.eml",
            "Formação FrenetikPolis: Mega Campanha Final Verão | Cursos de Setembro",
            "TEST",
        ),
        (
            "error_emails__trademark_character_in_subject.eml",
            "GA.comô has a lead for you",
            "Body Text - not important",
        ),
        ("mime_emails__email_with_similar_boundaries.eml", "Xxxxxx", "Test"),
        (
            "mime_emails__raw_email_with_illegal_boundary.eml",
            "Testing outlook",
            "Hello\nThis is an outlook test\n\nSo there.\n\nMe.",
        ),
        (
            "mime_emails__raw_email_with_quoted_illegal_boundary.eml",
            "Testing outlook",
            "Hello\nThis is an outlook test\n\nSo there.\n\nMe.",
        ),
        (
            "mime_emails__raw_email_with_multipart_mixed_quoted_boundary.eml",
            "Testing outlook",
            (
                "Just attaching another PDF, here, to see what the message looks like,\n"
                "and to see if I can figure out what is going wrong here."
            ),
        ),
        (
            "error_emails__content_transfer_encoding_qp_with_space.eml",
            "Low or High Blood Pressure? We can help.",
            (
                "If you're in need of a good RX site for online purchases, we are your answer.\n\n"
                "With Tens of Thousands of happy customers who saved huge, you can't go wrong.\n\n"
                "http://magyar8stator.com/26 Lots More Info Here\n\n"
                "Above URL is for more info & if you are interested."
            ),
        ),
        ("error_emails__multiple_invalid_content_dispositions.eml", "Redacted", "foo"),
        (
            "error_emails__must_supply_encoding.eml",
            "Impress your clients with a business phone\ufffd\ufffd\ufffd",
            "",
        ),
        ("rfc2822__example13.eml", "Saying Hello", 'This is a message just to say hello.\nSo, "Hello".'),
        ("plain_emails__basic_email.eml", "Testing 123", "Plain email.\n\nHope it works well!\n\nMikel"),
        (
            "plain_emails__raw_email10.eml",
            "",
            (
                f"Test test. Hi. Waving. m\n\n{'-' * 64}\nSent via Bell Mobility's Text Messaging service. \n"
                f"Envoyé par le service de messagerie texte de Bell Mobilité.\n{'-' * 64}"
            ),
        ),
    ],
)
def test_subject_and_text(name: str, subject: str, text: str) -> None:
    message = load(name)
    assert message.subject == subject
    assert message.text == text


@needs_mail
@pytest.mark.parametrize(
    ("name", "senders", "to"),
    [
        (
            "multi_charset__japanese_iso_2022.eml",
            [("Mikel Lindsaar", "raasdnil@gmail.com")],
            [("みける", "raasdnil@gmail.com")],
        ),
        (
            "plain_emails__mix_caps_content_type.eml",
            [("Big Bug", "bb@bug.com")],
            [("", "rubymail@ruby-lang.org")],
        ),
        (
            "plain_emails__raw_email_trailing_dot.eml",
            [("Sandy M.", "noreply@rubyforge.org")],
            [("", "noreply@rubyforge.org")],
        ),
        (
            "rfc6532__utf8_headers.eml",
            [("Jöhn Doe", "jdöe@mächine.example")],
            [("Märy Smith", "märy@exämple.net")],
        ),
        ("error_emails__empty_group_lists.eml", [("Cecil Edwards", "ceciledwards@sbcglobal.net")], []),
        (
            "rfc2822__example03.eml",
            [("Joe Q. Public", "john.q.public@example.com")],
            [("Mary Smith", "mary@x.test"), ("", "jdoe@example.org"), ("Who?", "one@y.test")],
        ),
        (
            "rfc2822__example07.eml",
            [("John Doe", "jdoe@machine.example")],
            [("Mary Smith: Personal Account", "smith@home.example")],
        ),
        (
            "rfc2822__example11.eml",
            [("Joe Q. Public", "john.q.public@example.com")],
            [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")],
        ),
        (
            "rfc2822__example13.eml",
            [("John Doe", "jdoe@machine.example")],
            [("Mary Smith", "mary@example.net")],
        ),
        (
            "plain_emails__raw_email_bad_time.eml",
            [("Атиковa", "yusuf75thu@auracom.net")],
            [("", "abcdefg@aaaaaaaaa.net")],
        ),
        (
            "error_emails__must_supply_encoding.eml",
            [("Biz Phone Systems from EclipseMediaOnline\ufffd\ufffd", "info@here2there-travelers-msgs.net")],
            [("", "anyone@yahoo.com")],
        ),
    ],
)
def test_people(name: str, senders: list[tuple[str, str]], to: list[tuple[str, str]]) -> None:
    message = load(name)
    assert pairs(message.senders) == senders
    assert pairs(message.to) == to


@needs_mail
def test_quoted_names_and_names_without_address() -> None:
    assert pairs(load("rfc2822__example03.eml").cc) == [
        ("", "boss@nil.test"),
        ('Giant; "Big" Box', "sysservices@example.net"),
    ]
    assert pairs(load("error_emails__encoding_madness.eml").reply_to) == [("KLAUS- HÄNSCHEL", "")]


@needs_mail
@pytest.mark.parametrize(
    ("name", "date", "defect"),
    [
        ("rfc2822__example13.eml", datetime(1997, 11, 21, 9, 55, 6, tzinfo=offset(-6)), None),
        ("mime_emails__two_from_in_message.eml", datetime(2009, 12, 2, 22, 39, 33, tzinfo=offset(13)), None),
        (
            "error_emails__missing_content_disposition.eml",
            datetime(2002, 1, 22, 14, 35, 28, tzinfo=UTC),
            None,
        ),
        (
            "plain_emails__raw_email_bad_time.eml",
            datetime(2008, 6, 30, 2, 34, tzinfo=offset(-7)),
            Defect.DATE_FROM_DELIVERY,
        ),
        (
            "plain_emails__raw_email_with_bad_date.eml",
            datetime(2007, 11, 5, 20, 17, 37, tzinfo=offset(11)),
            Defect.DATE_FROM_DELIVERY,
        ),
        (
            "error_emails__bad_date_header.eml",
            datetime(2010, 12, 10, 19, 20, 19, tzinfo=offset(-8)),
            Defect.DATE_FROM_DELIVERY,
        ),
        (
            "error_emails__trademark_character_in_subject.eml",
            datetime(2010, 10, 12, 13, 20, 24, tzinfo=offset(-7)),
            Defect.DATE_FROM_DELIVERY,
        ),
        ("rfc6532__utf8_headers.eml", None, Defect.DATE_MISSING),
    ],
)
def test_date(name: str, date: datetime | None, defect: Defect | None) -> None:
    message = load(name)
    assert message.date == date
    assert [each for each in message.defects if each.startswith("date")] == ([defect] if defect else [])


@needs_mail
@pytest.mark.parametrize(
    ("name", "attachments"),
    [
        ("attachment_emails__attachment_content_disposition.eml", [("api.rb", "text/x-ruby-script", 28)]),
        (
            "attachment_emails__attachment_message_rfc822.eml",
            [("ForwardedMessage.eml", "message/rfc822", 3781)],
        ),
        ("attachment_emails__attachment_nonascii_filename.eml", [("ciële.txt", "text/plain", 11)]),
        ("attachment_emails__attachment_pdf.eml", [("broken.pdf", "application/pdf", 1026)]),
        (
            "attachment_emails__attachment_with_base64_encoded_name.eml",
            [("This is a test.pdf", "application/pdf", 399)],
        ),
        (
            "attachment_emails__attachment_with_quoted_filename.eml",
            [("Eelanalüüsi päring.jpg", "image/jpeg", 1952)],
        ),
        ("error_emails__missing_content_disposition.eml", [("somefile.jpg", "image/jpg", 1311)]),
        ("mime_emails__email_with_similar_boundaries.eml", [("LOGO.png", "application/octetstream", 3)]),
        ("mime_emails__raw_email12.eml", [("Photo25.jpg", "image/jpeg", 227)]),
        ("multi_charset__japanese_attachment.eml", [("てすと.txt", "text/plain", 33)]),
        ("mime_emails__raw_email4.eml", []),
    ],
)
def test_attachments(name: str, attachments: list[tuple[str, str, int]]) -> None:
    message = load(name)
    assert [(each.name, each.content_type, len(each.content)) for each in message.attachments] == attachments


@needs_mail
def test_attached_text_and_forwarded_mail_are_kept_whole() -> None:
    japanese = load("multi_charset__japanese_attachment.eml").attachments[0]
    assert japanese.content.decode() == "this is a test\nこれわてすと"
    forwarded = load("attachment_emails__attachment_message_rfc822.eml").attachments[0]
    inner = forwarded.message()
    assert inner.subject == "Another PDF"
    assert pairs(inner.senders) == [("Test Tester", "xxxx@xxxx.com")]
    assert [(each.name, len(each.content)) for each in inner.attachments] == [("broken.pdf", 1026)]
    assert forwarded.text.startswith("Another PDF\n\nJust attaching another PDF, here,")


@needs_mail
def test_bounces() -> None:
    report = load("multipart_report_emails__multi_address_bounce2.eml").report
    assert report is not None
    assert [(each.recipient, each.action, each.status) for each in report.recipients] == [
        ("bbbbvhvbbvkjbhfbvbvjhb@gmail.com", "failed", "5.1.1"),
        ("bscdbcjhasbcjhbdscbhbsdhcbj@gmail.com", "failed", "5.1.1"),
        ("egyfefsdvsfvvhjsd@gmail.com", "failed", "5.1.1"),
        ("kfhejkfbsjkjsbhds@gmail.com", "failed", "5.1.1"),
        ("qfvhgsvhgsduiohncdhcvhsdfvsfygusd@gmail.com", "failed", "5.1.1"),
    ]
    assert len(report.permanent_failures) == 5
    assert report.original_message_id == "118707422.15521266992174819.JavaMail.root@lvmail01"
    warning = load("multipart_report_emails__report_422.eml")
    assert warning.report is not None
    assert warning.report.recipients[0].diagnostic == "452 4.2.2 <fraser@oooooooo.com.au>... Mailbox full"
    assert (warning.report.recipients[0].action, warning.report.permanent_failures) == ("delayed", ())
    assert (warning.auto_submitted, warning.automatic) == ("auto-generated", True)


@needs_mail
def test_identifiers() -> None:
    assert load("rfc2822__example13.eml").message_id == "1234@local.machine.example"
    assert (
        load("plain_emails__mix_caps_content_type.eml").message_id == "201002191008.30117.foo.bar@company.com"
    )
    reply = load("rfc2822__example07.eml")
    assert (reply.in_reply_to, reply.references) == (
        ["3456@example.net"],
        ["1234@local.machine.example", "3456@example.net"],
    )
    # Its In-Reply-To is the recipient's own address and would tie every such mail into one thread.
    assert load("error_emails__bad_date_header.eml").in_reply_to == []
    nameless = load("rfc6532__utf8_headers.eml")
    assert nameless.message_id_derived
    assert nameless.message_id == load("rfc6532__utf8_headers.eml").message_id
    assert nameless.message_id != load("error_emails__bad_encoded_subject.eml").message_id


@needs_mail
def test_fingerprint_tells_copies_from_different_mails_with_one_identifier() -> None:
    copies = {load(f"rfc2822__example{number}.eml").fingerprint for number in ("01", "05", "09", "13")}
    assert len(copies) == 1
    shared = [
        message
        for item in messages(MAIL)
        if (message := _try(item.raw)) and message.message_id.startswith("9169D984")
    ]  # type: ignore[union-attr]
    assert len(shared) == 5
    assert len({message.fingerprint for message in shared}) == 5


def _try(raw: bytes) -> ParsedMessage | None:
    try:
        return read(raw)
    except Unreadable:
        return None


def mail(*lines: str | bytes) -> bytes:
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)


def test_html_only_mail_is_read_from_its_html_with_the_charset_it_names() -> None:
    message = read(
        mail(
            "From: a@kaze.example",
            "Content-Type: text/html",
            "",
            '<html><head><meta charset="Shift_JIS"><style>p{}</style></head><body>',
            "<p>風車①</p>".encode("cp932"),
            "</body></html>",
        )
    )
    assert (message.text, message.html_present) == ("風車①", True)


def test_headers_without_blank_line_before_the_text() -> None:
    message = read(
        mail("From: a@kaze.example", "Subject: x", "This is the text.", "It goes on.", "", "And on.")
    )
    assert message.text == "This is the text.\nIt goes on.\n\nAnd on."
    assert Defect.HEADER_LINE_IGNORED in message.defects


def test_announced_boundary_that_never_comes_is_guessed() -> None:
    message = read(
        mail(
            "From: a@kaze.example",
            "Content-Type: multipart/mixed; boundary=lost",
            "",
            "--found",
            "Content-Type: text/plain",
            "",
            "Words",
            "--found",
            "Content-Type: application/pdf; name=a.pdf",
            "Content-Transfer-Encoding: base64",
            "",
            "JVBERg==",
            "--found--",
        )
    )
    assert message.text == "Words"
    assert [(each.name, each.content) for each in message.attachments] == [("a.pdf", b"%PDF")]
    assert Defect.BOUNDARY_GUESSED in message.defects


def test_calendar_invitation_and_winmail_are_kept() -> None:
    message = read(
        mail(
            "From: a@kaze.example",
            "Content-Type: multipart/alternative; boundary=b",
            "",
            "--b",
            "",
            "Come",
            "--b",
            "Content-Type: text/calendar; method=REQUEST",
            "",
            "BEGIN:VCALENDAR",
            "--b",
            "Content-Type: application/ms-tnef",
            "",
            "x",
            "--b--",
        )
    )
    assert (message.text, message.calendar_method) == ("Come", "REQUEST")
    assert [each.name for each in message.attachments] == ["invite.ics", "winmail.dat"]


def test_nested_bomb_and_ten_thousand_parts_are_bounded_and_lose_nothing() -> None:
    nested = b"From: a@kaze.example\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for level in range(1000):
        nested += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1)
    deep = read(nested + b"--b1000\r\n\r\ninnermost\r\n")
    assert Defect.NESTED_TOO_DEEP in deep.defects
    assert b"innermost" in deep.attachments[0].content
    many = read(
        b"From: a@kaze.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"".join(b"--b\r\nContent-Type: image/png\r\n\r\n%d\r\n" % number for number in range(10_000))
        + b"--b--\r\n"
    )
    assert Defect.TOO_MANY_PARTS in many.defects
    assert len(many.attachments) == Limits().parts
    assert many.attachments[-1].content.endswith(b"9999\r\n--b--\r\n")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (b"\r\n \n", "empty"),
        (b"just words\nand more", "no-headers"),
        (b"<p>Hello</p>", "no-headers"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "not-mail"),
        (b"%PDF-1.7\n", "not-mail"),
        (b"\x00\x01\x02binary", "not-mail"),
        (b"From: a@kaze.example\nX-Long: " + b"x" * 2**20, "header-too-large"),
    ],
)
def test_what_is_no_mail_is_refused_with_its_raw_bytes(raw: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw)
    assert caught.value.code == code
    assert str(caught.value.reason)
    assert caught.value.raw == raw[: 2**20]


def test_flowed_text() -> None:
    assert unflow("one \ntwo\n> quoted \n> on\n-- \nme") == "one two\n> quoted on\n-- \nme"
    assert unflow("風車 \nの", delete_space=True) == "風車の"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\a.pdf", "a.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("=?utf-8?B?44Gm44GZ44GoLnR4dA==?=", "てすと.txt"),
        ("a" * 300 + ".pdf", "a" * 180 + ".pdf"),
        ("..", ""),
    ],
)
def test_attachment_names_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


HEADER_NAMES = st.sampled_from(
    [
        b"From",
        b"To",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"References",
        b"Content-Type",
        b"Content-Transfer-Encoding",
        b"Received",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"multipart/mixed; boundary=b",
            b"multipart/alternative; boundary=b",
            b"multipart/report; boundary=b",
            b"message/rfc822",
            b"message/delivery-status",
            b"text/html; charset=utf-7",
            b"text/plain; charset=iso-2022-jp; format=flowed",
            b"base64",
            b"quoted-printable",
            b"x-uuencode",
            b"=?iso-2022-jp?B?GyRC?= =?x?q?=ff?=",
            b'"a(b" <(x)@<>,;:group:a at b;',
            b"Mon, 31 Feb 2026 25:61:00 +9999",
        ]
    ),
)
BODY = st.lists(
    st.one_of(
        st.binary(max_size=40), st.sampled_from([b"--b", b"--b--", b"", b"From a", b"\x1b$B", b"<div>"])
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(HEADER_NAMES, VALUES), max_size=8), BODY, st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_reading_never_fails_otherwise(
    headers: list[tuple[bytes, bytes]], body: list[bytes], newline: bytes
) -> None:
    raw = newline.join([*(name + b": " + value for name, value in headers), b"", *body])
    try:
        message = read(raw)
    except Unreadable as unreadable:
        assert str(unreadable.reason)
        return
    stored = [message.text, message.subject, message.message_id, *(each.name for each in message.attachments)]
    assert all("\x00" not in text and text.encode().decode() == text for text in stored)
    assert message.date is None or message.date.tzinfo is not None
    assert "".join(message.text[each.start : each.end] for each in message.folded.segments) == message.text
    assert len(message.fingerprint) == 64
    assert all(isinstance(each.text, str) for each in message.attachments)


@pytest.mark.parametrize(
    ("said", "refuted"),
    [
        ("mx.tidewall.example; dmarc=fail (p=none) header.from=tidewall.example; spf=pass", True),
        ("mx.tidewall.example; dkim=fail; spf=fail; DMARC=pass", False),
        ("mx.tidewall.example; spf=fail smtp.mailfrom=tidewall.example; dkim=none", True),
        ("mx.tidewall.example; spf=fail; dkim=pass header.d=tidewall.example", False),
        ("mx.tidewall.example; spf=softfail; dmarc=none", False),
        ("mx.tidewall.example; none", False),
    ],
)
def test_a_sender_is_refuted_by_what_the_first_server_says(said: str, refuted: bool) -> None:
    own, theirs = f"Authentication-Results: {said}", "Authentication-Results: mx.forged.example; dmarc=fail"
    message = read(mail(own, theirs, "From: rui@tidewall.example", "", "Words."))
    assert (Defect.SENDER_REFUTED in message.defects) is refuted
    assert Defect.SENDER_REFUTED not in read(mail("From: rui@tidewall.example", "", "Words.")).defects
