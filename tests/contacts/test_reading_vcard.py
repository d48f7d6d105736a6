"""vCards as phones and mail programs write them."""

import base64
from pathlib import Path

import pytest

from enishi.contacts.importing.mapping import from_card
from enishi.contacts.importing.reasons import Quarantined
from enishi.contacts.importing.vcard import Card, cards

REAL = Path(__file__).parents[2] / "../shared/data/vcard"


def read(tmp_path: Path, text: str | bytes) -> list[Card | Quarantined]:
    path = tmp_path / "cards.vcf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(cards(path))


def one(tmp_path: Path, body: str | bytes, version: str = "3.0") -> Card:
    begin, end = f"BEGIN:VCARD\r\nVERSION:{version}\r\n", "\r\nEND:VCARD\r\n"
    text = begin.encode() + body + end.encode() if isinstance(body, bytes) else begin + body + end
    (card,) = read(tmp_path, text)
    assert isinstance(card, Card), card
    return card


def test_folded_lines_and_escapes(tmp_path):
    card = one(
        tmp_path,
        "N:Example;Ann\\, Mary\r\nFN:Ann Exam\r\n ple\r\nNOTE:one\\ntwo\\; three\\\\\r\nURL:http\\://site.example",
    )
    assert card.full_name == "Ann Example"
    assert card.name is not None and card.name.given == "Ann, Mary"
    assert card.notes == ["one\ntwo; three\\"]
    assert card.urls[0].value == "http://site.example"


def test_quoted_printable_with_soft_breaks_in_shift_jis(tmp_path):
    quoted = "".join(f"={byte:02X}" for byte in "佐藤;花子".encode("cp932"))
    card = one(
        tmp_path,
        f"N;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:{quoted[:12]}=\r\n{quoted[12:]}\r\nTEL;CELL:090-5550-0101",
        "2.1",
    )
    assert card.name is not None and (card.name.family, card.name.given) == ("佐藤", "花子")
    assert card.phones[0].kinds == ("cell",)


def test_raw_shift_jis_with_the_reading_of_japanese_phones(tmp_path):
    body = "N:表;能子\r\nSOUND;X-IRMC-N:ｵﾓﾃ;ﾉｳｺ;;;\r\nORG:縁側建設;営業部".encode("cp932")
    card = one(tmp_path, body, "2.1")
    assert card.name is not None and card.name.family == "表"
    assert card.reading is not None and (card.reading.family, card.reading.given) == ("ｵﾓﾃ", "ﾉｳｺ")
    draft = from_card(card)
    assert draft.text("family_kana") == "ｵﾓﾃ"
    assert draft.affiliations[0].department.value == "営業部"


def test_readings_of_apple_and_of_rfc_9554(tmp_path):
    apple = one(tmp_path, "N:佐藤;花子\r\nX-PHONETIC-LAST-NAME:さとう\r\nX-PHONETIC-FIRST-NAME:はなこ")
    assert apple.reading is not None and apple.reading.family == "さとう"
    body = (
        "N;ALTID=1;LANGUAGE=ja:佐藤;花子;;;;;\r\n"
        "N;ALTID=1;PHONETIC=script;SCRIPT=Kana:サトウ;ハナコ;;;;;\r\n"
        "N;ALTID=1;PHONETIC=script;SCRIPT=Latn:Sato;Hanako;;;;;\r\nFN:佐藤 花子"
    )
    card = one(tmp_path, body, "4.0")
    assert card.name is not None and card.name.family == "佐藤"
    assert card.reading is not None and (card.reading.family, card.reading.script) == ("サトウ", "Kana")


def test_labels_of_groups_and_preferred_values(tmp_path):
    card = one(
        tmp_path,
        "FN:Ann Example\r\nitem1.TEL:+1-202-555-0101\r\nitem1.X-ABLabel:_$!<Work>!$_\r\n"
        "EMAIL;type=HOME;type=pref:ann@home.example\r\nEMAIL;PREF=1;TYPE=work:mailto:ann@work.example",
    )
    assert card.phones[0].label == "Work"
    draft = from_card(card)
    assert [(item.value, item.kind, item.preferred) for item in draft.emails] == [
        ("ann@home.example", "private", True),
        ("ann@work.example", "work", True),
    ]
    assert draft.phones[0].kind == "work"


def test_address_parts_and_quoted_parameters(tmp_path):
    card = one(
        tmp_path,
        'FN:A\r\nADR;TYPE=work;LABEL="1 Quay: East^nBath":PO 7;Floor 2;1 Quay;Bath;;BA1 1AA;UK',
        "4.0",
    )
    address = from_card(card).addresses[0]
    assert {code: part.value for code, part in address.parts.items()} == {
        "postcode": "BA1 1AA",
        "country": "UK",
        "city": "Bath",
        "street": "1 Quay\nPO 7",
        "building": "Floor 2",
        "address": "1 Quay: East\nBath",
    }


@pytest.mark.parametrize(
    ("line", "birthday"),
    [
        ("BDAY:19800401", "1980-04-01"),
        ("BDAY:1980-04-01T00:00:00Z", "1980-04-01"),
        ("BDAY:--0401", "--04-01"),
        ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-01", "--04-01"),
        ("BDAY;VALUE=text:circa 1800", "circa 1800"),
    ],
)
def test_birthdays(tmp_path, line, birthday):
    assert one(tmp_path, f"FN:A\r\n{line}").birthday == birthday


@pytest.mark.parametrize("shape", ["3.0 folded", "2.1 unindented", "4.0 data"])
def test_photos(tmp_path, shape):
    photo = b"\xff\xd8\xff" + bytes(range(120))
    text = base64.b64encode(photo).decode()
    body = {
        "3.0 folded": f"PHOTO;ENCODING=b;TYPE=JPEG:{text[:40]}\r\n {text[40:]}",
        "2.1 unindented": f"PHOTO;JPEG;ENCODING=BASE64:\r\n{text[:40]}\r\n{text[40:]}\r\n",
        "4.0 data": f"PHOTO:data:image/jpeg;base64,{text}",
    }[shape]
    draft = from_card(one(tmp_path, f"FN:A\r\n{body}\r\nTITLE:Engineer", shape[:3]))
    assert (draft.photo, draft.photo_type) == (photo, "image/jpeg")
    assert draft.affiliations[0].job_title.value == "Engineer"


def test_organisations_members_and_unknown_properties_are_kept(tmp_path):
    card = one(
        tmp_path,
        "KIND:org\r\nFN:Lantern Trust\r\nORG:Lantern Trust\r\nMEMBER:urn:uuid:1\r\nX-OWN:kept\r\nUID:u-1",
        "4.0",
    )
    draft = from_card(card)
    assert (card.members, draft.is_organisation) == (["urn:uuid:1"], True)
    assert ("X-OWN", "kept") in card.others
    assert draft.keyed["external_id"]["vcard"].value == "u-1"


def test_a_broken_card_is_quarantined_and_the_rest_goes_on(tmp_path):
    good = "BEGIN:VCARD\nFN:Ann\nEND:VCARD\n"
    found = read(
        tmp_path,
        f"{good}BEGIN:VCARD\nFN:Never closed\n{good}stray line\nBEGIN:VCARD\nX-NOTHING:1\nEND:VCARD\n{good}",
    )
    assert [item.reason.code if isinstance(item, Quarantined) else item.full_name for item in found] == [
        "Ann",
        "card_not_closed",
        "Ann",
        "outside_card",
        "card_empty",
        "Ann",
    ]
    assert "FN:Never closed" in found[1].raw


def test_a_name_that_is_no_text_is_quarantined_but_a_cut_note_is_not(tmp_path):
    text = "BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=28=C3\nEND:VCARD\n"
    assert read(tmp_path, text)[0].reason.code == "card_bytes"
    card = one(tmp_path, "FN:Ann\nNOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:caf=C3=A9 cr=C3", "2.1")
    assert (card.notes, card.broken) == (["café cr"], ["NOTE"])
    assert [doubt.column for doubt in from_card(card).doubts] == ["NOTE"]


def test_utf16_and_doubled_line_ends(tmp_path):
    text = "BEGIN:VCARD\r\r\nVERSION:3.0\r\r\nFN:佐藤 花\r\r\n 子\r\r\nEND:VCARD\r\r\n"
    assert read(tmp_path, text.encode("utf-16"))[0].full_name == "佐藤 花子"
    assert read(tmp_path, text)[0].full_name == "佐藤 花子"


@pytest.mark.skipif(not REAL.exists(), reason="the real exports lie beside the checkout")
@pytest.mark.parametrize(
    ("name", "count", "first", "emails", "phones", "photo"),
    [
        ("John_Doe_ANDROID.vcf", 6, "", 1, 0, 0),
        ("John_Doe_EVOLUTION.vcf", 1, "Mr. John Richter, James Doe Sr.", 1, 2, 0),
        ("John_Doe_IPHONE.vcf", 1, "Mr. John Richter James Doe Sr.", 1, 7, 32_531),
        ("John_Doe_MAC_ADDRESS_BOOK.vcf", 1, "Mr. John Richter,James Doe Sr.", 1, 7, 18_242),
        ("fullcontact.vcf", 1, "Prefix FirstName MiddleName LastName Suffix", 5, 9, 0),
        ("gmail-single.vcf", 1, "Greg Dartmouth", 1, 2, 0),
        ("outlook-2003.vcf", 1, "John Doe III", 1, 4, 0),
        ("rfc2426-example.vcf", 2, "Frank Dawson", 2, 2, 0),
        ("thunderbird-MoreFunctionsForAddressBook-extension.vcf", 1, "John Doe", 5, 5, 8_940),
    ],
)
def test_real_exports(name, count, first, emails, phones, photo):
    found = list(cards(REAL / name))
    assert len(found) == count
    card = found[0]
    assert isinstance(card, Card)
    assert (card.full_name, len(card.emails), len(card.phones), card.bad_lines) == (first, emails, phones, [])
    assert len(from_card(card).photo or b"") == photo
    assert not [item for item in found if isinstance(item, Quarantined)]
