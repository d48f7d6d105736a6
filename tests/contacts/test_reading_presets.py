"""Exports of known programs are recognised and read without a question. All people are invented."""

from pathlib import Path

import pytest

from enishi.contacts.importing.mapping import Draft, apply
from enishi.contacts.importing.mapping.targets import target
from enishi.contacts.importing.presets import PRESETS, detect_preset, mapping_for, preset
from enishi.contacts.importing.sniff import FileFacts, sniff
from enishi.contacts.importing.tables import rows

EIGHT = (
    "05月03日10時00分 JST にEightで生成された名刺リストです。\n合計 1 件\n"
    "*認識できない文字は「?」です。対象の名刺はQ列にあります。\n*入力し直している名刺はP列にあります。\n*文字化けする文字は「＊」です。\n\n\n"
    "会社名,部署名,役職,氏名,e-mail,郵便番号,住所,TEL会社,TEL部門,TEL直通,Fax,携帯電話,URL,名刺交換日,"
    "Eightでつながっている人,再データ化中の名刺,'?'を含んだデータ,展示会\n"
    '縁側建設株式会社,営業部,部長,佐藤花子,hanako@engawa.example,1000001,東京都架空区1-2-3,03-5550-0101,"",03-5550-0102,'
    '03-5550-0103,090-5550-0104,http://engawa.example,2031/05/02,1,"","",1\n'
)
SANSAN = (
    "会社名,部署名,役職,氏名,姓,名,セイ,メイ,e-mail,郵便番号,住所,TEL,FAX,携帯電話,URL,名刺交換日,名刺所有者,タグ,メモ\r\n"
    "縁側建設株式会社,営業部,部長,佐藤 花子,佐藤,花子,サトウ,ハナコ,hanako@engawa.example,100-0001,東京都架空区1-2-3,"
    "03-5550-0101,03-5550-0103,090-5550-0104,http://engawa.example,2031/05/02,山田 太郎,展示会,初対面\r\n"
)
OUTLOOK_JA = (
    '"肩書き","名","ミドル ネーム","姓","敬称","会社名","部署","役職","番地 (会社)","住所 2 (会社)","市町村 (会社)","都道府県 (会社)",'
    '"郵便番号 (会社)","国 (会社)/地域","会社 FAX","会社電話","携帯電話","メモ","会社名フリガナ","姓フリガナ","名前フリガナ","誕生日",'
    '"電子メール アドレス","電子メール 2 アドレス","分類"\r\n'
    '"","花子","","髙橋","様","縁側建設","営業部","部長","1-2-3","縁側ビル5F","架空区","東京都","100-0001","日本","03-5550-0103",'
    '"03-5550-0101","090-5550-0104","初対面\r\n展示会","エンガワケンセツ","タカハシ","ハナコ","1980/4/1","hanako@engawa.example",'
    '"hanako@home.example","展示会;要連絡"\r\n'
)
OUTLOOK_FR = (
    '"Titre";"Prénom";"Deuxième prénom";"Nom";"Suffixe";"Société";"Service";"Titre";"Rue (bureau)";"Ville (bureau)";'
    '"Code postal (bureau)";"Pays/Région (bureau)";"Téléphone (bureau)";"Tél. mobile";"Adresse de messagerie";"Notes"\r\n'
    '"Mme";"Zoé";"";"Lefèvre";"";"Énergie du Littoral";"Études";"Chargée de projet";"1 quai Fictif";"Saint-Méen";"35000";"France";'
    '"02 99 00 01 01";"06 39 98 01 02";"zoe@littoral.example";"rencontrée à l\'été"\r\n'
)
OUTLOOK_EN = (
    "Title,First Name,Middle Name,Last Name,Company,Job Title,Business Street,Business City,Business Postal Code,Business Fax,"
    "Business Phone,Mobile Phone,E-mail Address,E-mail 2 Address,Categories,Notes\n"
    "Dr,Ann,M.,Example,Lantern Trust,Engineer,1 Quay,Bath,BA1 1AA,01632 960103,01632 960101,07700 900102,ann@lantern.example,"
    "ann@home.example,Speakers;Members,met\n"
)
GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,Nickname,"
    "File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value,Address 1 - Label,Address 1 - Formatted,Address 1 - Street,"
    "Address 1 - City,Address 1 - PO Box,Address 1 - Region,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address\n"
    "Ann,,Example,,,,Dr,,Annie,,Lantern Trust,Engineer,Grid,1980-04-01,met,,Speakers ::: * myContacts ::: * starred,* Work,"
    'ann@lantern.example ::: ann@home.example,Mobile,07700 900102,Work Fax,01632 960103,Home,"1 Quay\nBath",1 Quay,Bath,,,BA1 1AA,UK,\n'
)
GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Family Name Yomi,Name Prefix,Birthday,Notes,Group Membership,"
    "E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name,Organization 1 - Title\n"
    "佐藤 花子,花子,,佐藤,,ハナコ,サトウ,,1980-04-01,,* myContacts ::: 展示会,* Work,hanako@engawa.example,Mobile,090-5550-0104,"
    "縁側建設,部長\n"
)
SALESFORCE = (
    "Id,Salutation,FirstName,LastName,AccountId,Account.Name,Title,Email,Phone,MobilePhone,MailingStreet,MailingCity,MailingState,"
    "MailingPostalCode,MailingCountry,LeadSource,HasOptedOutOfEmail\n"
    "003XX0000001,Dr.,Ann,Example,001XX1,Lantern Trust,Engineer,ann@lantern.example,01632 960101,07700 900102,1 Quay,Bath,,BA1 1AA,UK,"
    "Web,true\n"
)
SALESFORCE_LABELS = (
    "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Mailing City,Mailing State/Province,Mailing Zip/Postal Code,"
    "Mailing Country,Phone,Mobile,Email,Account Owner,Contact Owner\n"
    "Dr.,Ann,Example,Engineer,Lantern Trust,1 Quay,Bath,,BA1 1AA,UK,01632 960101,07700 900102,ann@lantern.example,Bob,Cid\n"
)
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Job Title,Company Name,Contact owner,Lifecycle Stage,City\n"
    "5101,Ann,Example,ann@lantern.example,01632 960101,07700 900102,Engineer,Lantern Trust,Cid,Lead,Bath\n"
)
ODOO = (
    "id,name,is_company,parent_id,function,email,phone,mobile,street,street2,zip,city,country_id,category_id,active\n"
    "__export__.res_partner_7,Ann Example,False,Lantern Trust,Engineer,ann@lantern.example,01632 960101,07700 900102,1 Quay,Floor 2,"
    'BA1 1AA,Bath,United Kingdom,"Speakers,Members",True\n'
    "__export__.res_partner_6,Lantern Trust,True,,,info@lantern.example,01632 960100,,1 Quay,,BA1 1AA,Bath,United Kingdom,,True\n"
)
ESPO = (
    "salutationName,firstName,lastName,accountName,title,emailAddress,phoneNumber,addressStreet,addressCity,addressPostalCode,"
    "addressCountry,description,doNotCall\n"
    "Dr.,Ann,Example,Lantern Trust,Engineer,ann@lantern.example,01632 960101,1 Quay,Bath,BA1 1AA,UK,met,1\n"
)
CIVI = (
    "Contact ID,Contact Type,Contact Subtype,External Identifier,Do Not Email,First Name,Last Name,Household Name,Organization Name,"
    "Current Employer,Job Title,Street Address,Supplemental Address 1,City,Postal Code,Country,Phone,Email,Deceased\n"
    "11,Individual,,X-11,1,Ann,Example,,,Lantern Trust,Engineer,1 Quay,Floor 2,Bath,BA1 1AA,UK,01632 960101,ann@lantern.example,No\n"
    "12,Organization,,X-12,0,,,,Lantern Trust,,,1 Quay,,Bath,BA1 1AA,UK,01632 960100,info@lantern.example,\n"
    "13,Household,,X-13,0,,,The Examples,,,,2 Quay,,Bath,BA1 1AA,UK,01632 960105,home@mail.example,\n"
)


def load(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[str, FileFacts, list[Draft]]:
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    facts = sniff(path)
    found = detect_preset(facts.headers)
    assert found is not None, facts.headers
    mapping = mapping_for(found, facts.headers)
    return found.code, facts, [apply(mapping, row) for row in rows(path, facts)]


def values(draft: Draft) -> dict[str, str]:
    return {code: reading.value for code, reading in draft.readings()}


def points(draft: Draft) -> list[tuple[str, str]]:
    return [(point.kind, point.value) for point in (*draft.emails, *draft.phones)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_eight_with_its_lines_above_the_header(tmp_path, encoding):
    code, facts, (draft,) = load(tmp_path, EIGHT, encoding)
    assert (code, facts.header_row) == ("eight", 8)
    assert values(draft) == {
        "full_name": "佐藤花子",
        "organisation": "縁側建設株式会社",
        "department": "営業部",
        "job_title": "部長",
        "seen_on": "2031/05/02",
        "postcode": "1000001",
        "address": "東京都架空区1-2-3",
    }
    assert points(draft) == [
        ("work", "hanako@engawa.example"),
        ("work", "03-5550-0101"),
        ("work", "03-5550-0102"),
        ("fax", "03-5550-0103"),
        ("mobile", "090-5550-0104"),
    ]
    assert draft.doubts == []


def test_sansan(tmp_path):
    code, _facts, (draft,) = load(tmp_path, SANSAN, "cp932")
    assert code == "sansan"
    assert values(draft) == {
        "full_name": "佐藤 花子",
        "family_name": "佐藤",
        "given_name": "花子",
        "family_kana": "サトウ",
        "given_kana": "ハナコ",
        "owner": "山田 太郎",
        "organisation": "縁側建設株式会社",
        "department": "営業部",
        "job_title": "部長",
        "seen_on": "2031/05/02",
        "postcode": "100-0001",
        "address": "東京都架空区1-2-3",
        "tags": "展示会",
        "note": "初対面",
    }


def test_outlook_in_japanese(tmp_path):
    code, facts, (draft,) = load(tmp_path, OUTLOOK_JA, "cp932")
    assert (code, facts.encoding) == ("outlook-ja", "cp932")
    assert draft.text("family_name") == "髙橋"
    assert (draft.text("family_kana"), draft.text("given_kana")) == ("タカハシ", "ハナコ")
    assert draft.affiliations[0].organisation_kana.value == "エンガワケンセツ"
    assert draft.addresses[0].parts["street"].value == "1-2-3\n縁側ビル5F"
    assert [tag.value for tag in draft.tags] == ["展示会", "要連絡"]
    assert draft.notes[0].value == "初対面\r\n展示会"


def test_outlook_in_french_whose_title_stands_twice(tmp_path):
    code, facts, (draft,) = load(tmp_path, OUTLOOK_FR, "cp1252")
    assert (code, facts.encoding, facts.delimiter) == ("outlook-fr", "cp1252", ";")
    assert (draft.text("honorific"), draft.affiliations[0].job_title.value) == ("Mme", "Chargée de projet")
    assert (draft.text("given_name"), draft.text("family_name")) == ("Zoé", "Lefèvre")
    assert points(draft)[2] == ("mobile", "06 39 98 01 02")


def test_outlook_in_english(tmp_path):
    code, _facts, (draft,) = load(tmp_path, OUTLOOK_EN)
    assert code == "outlook"
    assert (draft.text("honorific"), draft.affiliations[0].job_title.value) == ("Dr", "Engineer")
    assert [tag.value for tag in draft.tags] == ["Speakers", "Members"]


def test_google_with_labels_and_several_values_in_a_cell(tmp_path):
    code, _facts, (draft,) = load(tmp_path, GOOGLE)
    assert code == "google"
    assert points(draft) == [
        ("work", "ann@lantern.example"),
        ("work", "ann@home.example"),
        ("mobile", "07700 900102"),
        ("fax", "01632 960103"),
    ]
    assert draft.emails[0].preferred
    assert [tag.value for tag in draft.tags] == ["Speakers"]
    assert (draft.addresses[0].kind, draft.addresses[0].parts["city"].value) == ("home", "Bath")
    assert (draft.text("birthday"), draft.text("nickname")) == ("1980-04-01", "Annie")


def test_google_before_2024(tmp_path):
    code, _facts, (draft,) = load(tmp_path, GOOGLE_OLD)
    assert code == "google-old"
    assert (draft.text("full_name"), draft.text("family_kana")) == ("佐藤 花子", "サトウ")
    assert [tag.value for tag in draft.tags] == ["展示会"]
    assert draft.affiliations[0].job_title.value == "部長"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SALESFORCE, "salesforce"),
        (SALESFORCE_LABELS, "salesforce"),
        (HUBSPOT, "hubspot"),
        (ODOO, "odoo"),
        (ESPO, "espocrm"),
        (CIVI, "civicrm"),
    ],
)
def test_relationship_systems(tmp_path, text, code):
    found, _facts, (draft, *_others) = load(tmp_path, text)
    assert found == code
    if code == "odoo":
        assert draft.text("full_name") == "Ann Example"
    else:
        assert (draft.text("given_name"), draft.text("family_name")) == ("Ann", "Example")
    affiliation = draft.affiliations[0]
    assert (affiliation.organisation.value, affiliation.job_title.value) == ("Lantern Trust", "Engineer")
    assert draft.emails[0].value == "ann@lantern.example"
    assert draft.phones[0].value == "01632 960101"
    assert draft.addresses[0].parts["city"].value == "Bath"


def test_opt_outs_are_refusals(tmp_path):
    assert load(tmp_path, SALESFORCE)[2][0].keyed["refusal"]["email"].value == "true"
    assert load(tmp_path, ESPO)[2][0].keyed["refusal"]["phone"].value == "1"


def test_kinds_of_parties_in_odoo_and_civicrm(tmp_path):
    odoo = load(tmp_path, ODOO)[2]
    assert [draft.is_organisation for draft in odoo] == [False, True]
    assert odoo[1].keyed["external_id"]["odoo"].value == "__export__.res_partner_6"
    civi = load(tmp_path, CIVI)[2]
    assert [draft.text("party_kind") for draft in civi] == ["Individual", "Organization", "Household"]
    assert [draft.is_organisation for draft in civi] == [False, True, False]
    assert civi[2].text("full_name") == "The Examples"


def test_every_rule_of_every_preset_names_a_target():
    for item in PRESETS:
        for header, rule in item.columns.items():
            found = item.rule(header)
            assert str(found) == rule or rule == "ignore", (item.code, header)
            assert not found.kind or found.kind in target(found.target).kinds, (item.code, header)


def test_presets_are_found_by_code_and_never_by_common_headers():
    assert preset("eight").code == "eight"
    with pytest.raises(KeyError):
        preset("nothing")
    assert detect_preset(["Name", "E-mail", "Phone"]) is None
    assert detect_preset(["氏名", "会社名", "電話番号"]) is None
