"""Guessing what columns mean, keeping a mapping, and reading rows by it."""

import json

import pytest

from enishi.contacts.importing.mapping import Column, Draft, Mapping, Rule, apply, guess, suggest
from enishi.contacts.importing.mapping.columns import yes_or_no
from enishi.contacts.importing.mapping.headers import table
from enishi.contacts.importing.mapping.targets import target
from enishi.contacts.importing.reasons import Unreadable, because
from enishi.contacts.importing.tables import Row


def rules(headers: list[str], *samples: list[str]) -> list[str]:
    return [str(item.rule) for item in guess(headers, samples)]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["First Name", "LAST_NAME", "E-Mail", "Mobile phone", "Company", "Job title", "Zip", "Town"],
         ["given_name", "family_name", "email", "phone@mobile", "organisation", "job_title", "postcode", "city"]),
        (["氏名", "フリガナ", "会社名", "部署", "役職", "メールアドレス（必須）", "携帯電話", "〒", "都道府県", "備考"],
         ["full_name", "full_kana", "organisation", "department", "job_title", "email", "phone@mobile", "postcode", "region", "note"]),
        (["姓", "名", "セイ", "メイ", "勤務先電話番号", "ＦＡＸ", "生年月日"],
         ["family_name", "given_name", "family_kana", "given_kana", "phone@work", "phone@fax", "birthday"]),
        (["Civilité", "Nom", "Prénom", "Société", "Courriel", "Tél. portable", "Code postal", "Ville", "Date de naissance"],
         ["honorific", "family_name", "given_name", "organisation", "email", "phone@mobile", "postcode", "city", "birthday"]),
        (["نام", "نام خانوادگي", "شركت", "ایمیل", "تلفن همراه", "نشانی", "کد پستی", "تاریخ تولد"],
         ["given_name", "family_name", "organisation", "email", "phone@mobile", "address", "postcode", "birthday"]),
        (["Nom", "Ville"], ["full_name", "city"]),
        (["نام", "شهر"], ["full_name", "city"]),
        (["Phone 1", "Phone 2", "Email 3"], ["phone", "phone@other", "email"]),
        (["Shoe size", "x"], ["ignore", "ignore"]),
    ],
)  # fmt: skip
def test_headers_in_four_languages(headers, expected):
    assert rules(headers) == expected


def test_values_speak_where_headers_do_not():
    headers = ["c1", "c2", "c3", "c4", "c5"]
    samples = [["ann@mail.example", "https://a.example", "100-0001", "03-5550-0101", "サトウ ハナコ"]] * 3
    assert rules(headers, *samples) == ["email", "url", "postcode", "phone", "full_kana"]


def test_values_overrule_a_header_that_cannot_be_right():
    (first, second) = guess(["Email", "Title"], [["no address", "Mr"], ["none", "Mrs"]])
    assert (first.target, first.sureness) == ("email", 0.3)
    assert second.target == "honorific"
    assert suggest(["Email"], [["no address"]]).columns[0].rule == Rule("ignore")


def test_words_of_all_languages_mean_a_target():
    for rule in table().values():
        assert target(Rule.parse(rule).target)
    assert len(table()) > 500


def mapping(**columns: str) -> Mapping:
    return Mapping(tuple(Column(header, Rule.parse(rule)) for header, rule in columns.items()))


def test_a_row_becomes_a_draft_that_knows_its_columns():
    found = mapping(
        Nom="family_name",
        Courriel="email@work",
        Rue="street@home",
        Ville="city@home",
        Poste="job_title",
        Taille="custom:size",
        Marques="tags",
    )
    draft = apply(
        found,
        Row(7, ["Lefèvre ", "z@a.example; z@b.example", "1 quai", "Nîmes", "Ingénieure", "42", "a|b | a"]),
    )
    assert draft.number == 7
    assert (draft.texts["family_name"].value, draft.texts["family_name"].column) == ("Lefèvre", "Nom")
    assert [(mail.value, mail.kind, mail.column) for mail in draft.emails] == [
        ("z@a.example", "work", "Courriel"),
        ("z@b.example", "work", "Courriel"),
    ]
    assert {code: part.value for code, part in draft.addresses[0].parts.items()} == {
        "street": "1 quai",
        "city": "Nîmes",
    }
    assert [tag.value for tag in draft.tags] == ["a", "b"]
    assert draft.keyed["custom"]["size"].value == "42"
    assert draft.affiliations[0].job_title.column == "Poste"


def test_a_refused_row_gives_no_draft():
    with pytest.raises(Unreadable) as refused:
        apply(mapping(Nom="family_name"), Row(3, ["a", "b"], because("too_many", found=2, expected=1)))
    assert refused.value.reason.code == "too_many"


@pytest.mark.parametrize(
    ("country", "rule", "value", "code"),
    [
        ("JP", "phone", "9055500101", "lost_zero"),
        ("JP", "phone", "090-5550-0101", None),
        ("FR", "phone@mobile", "639980102", "lost_zero"),
        ("FR", "postcode@home", "1000", "lost_zero"),
        ("JP", "postcode", "600001", "lost_zero"),
        ("", "phone", "9055500101", None),
        ("", "phone", "9.05550E+09", "rounded_number"),
        ("", "city", "#REF!", "spreadsheet_error"),
        ("", "inactive", "perhaps", "bad_choice"),
    ],
)
def test_doubtful_values_are_told_and_kept(country, rule, value, code):
    found = Mapping((Column("C", Rule.parse(rule)),), {"country": country})
    draft = apply(found, Row(2, [value]))
    assert [(doubt.column, doubt.reason.code) for doubt in draft.doubts] == ([("C", code)] if code else [])


def test_active_and_inactive_are_one_switch():
    assert apply(mapping(A="active"), Row(2, ["いいえ"])).yes_no == {"inactive": True}
    assert apply(mapping(A="inactive"), Row(2, ["oui"])).yes_no == {"inactive": True}
    assert (yes_or_no("بله"), yes_or_no("非"), yes_or_no("Aktiv", yes="aktiv|ja")) == (True, None, True)


def test_a_mapping_survives_json_and_another_order_of_columns():
    found = Mapping(
        (Column("Mail", Rule.parse("email@work#2"), {"separator": "/"}), Column("Name", Rule("full_name"))),
        {"country": "FR"},
    )
    again = Mapping.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    bound, missing = again.bind(["NAME", "Other"])
    assert [str(column.rule) for column in bound.columns] == ["full_name", "ignore"]
    assert missing == ("Mail",)


@pytest.mark.parametrize("rule", ["no_such", "email@", "", "email#x", "@work"])
def test_rules_that_mean_nothing_are_refused(rule):
    with pytest.raises((ValueError, KeyError)):
        Rule.parse(rule)


def test_a_draft_survives_json():
    found = mapping(
        N="full_name",
        M="email",
        P="phone#1",
        K="phone_kind#1",
        S="street@work",
        O="organisation",
        T="tags",
        D="deceased",
        C="consent:news",
    )
    draft = apply(
        found, Row(2, ["Ann", "a@b.example", "1", "Work", "Quay", "Lantern", "x;y", "perhaps", "yes"])
    )
    assert draft.phones[0].kind == "work"
    assert Draft.from_json(json.loads(json.dumps(draft.to_json()))) == draft
