"""Business card services of Japan."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .preset import Preset

_SHARED = {
    "会社名": "organisation",
    "会社名カナ": "organisation_kana",
    "会社名フリガナ": "organisation_kana",
    "部署名": "department",
    "部署": "department",
    "役職": "job_title",
    "役職名": "job_title",
    "氏名": "full_name",
    "姓": "family_name",
    "名": "given_name",
    "氏名カナ": "full_kana",
    "氏名フリガナ": "full_kana",
    "セイ": "family_kana",
    "メイ": "given_kana",
    "姓カナ": "family_kana",
    "名カナ": "given_kana",
    "姓フリガナ": "family_kana",
    "名フリガナ": "given_kana",
    "e-mail": "email@work",
    "email": "email@work",
    "メールアドレス": "email@work",
    "郵便番号": "postcode@work",
    "住所": "address@work",
    "都道府県": "region@work",
    "市区町村": "city@work",
    "番地": "street@work",
    "町名・番地": "street@work",
    "建物名": "building@work",
    "ビル名": "building@work",
    "fax": "phone@fax",
    "携帯電話": "phone@mobile",
    "携帯番号": "phone@mobile",
    "携帯": "phone@mobile",
    "url": "url",
    "名刺交換日": "seen_on",
    "タグ": "tags",
    "メモ": "note",
}

PRESETS = (
    Preset(
        code="eight",
        label=_("Eight"),
        # Five lines stand above the header: when it was made, how many cards, three remarks.
        signs=(("会社名", "TEL会社", "TEL直通", "名刺交換日"), ("会社名", "Eightでつながっている人")),
        columns=_SHARED
        | {
            "TEL会社": "phone@work",
            "TEL部門": "phone@work",
            "TEL直通": "phone@work",
            "Eightでつながっている人": "ignore",
            "再データ化中の名刺": "ignore",
            "'?'を含んだデータ": "ignore",
        },
        options={"country": "JP", "date_order": "ymd", "language": "ja"},
    ),
    Preset(
        code="sansan",
        label=_("Sansan"),
        signs=(
            ("会社名", "部署名", "役職", "セイ", "メイ", "名刺交換日"),
            ("会社名", "部署名", "役職", "氏名", "名刺交換日", "所有者"),
            ("会社名", "部署名", "役職", "氏名", "名刺交換日", "名刺所有者"),
            ("会社名", "部署名", "役職", "氏名", "TEL", "名刺交換日"),
            ("名刺ID", "会社名", "名刺交換日"),
        ),
        columns=_SHARED
        | {
            "名刺ID": "external_id:sansan",
            "人物ID": "external_id:sansan-person",
            "tel": "phone@work",
            "電話番号": "phone@work",
            "代表電話": "phone@work",
            "直通電話": "phone@work",
            "所有者": "owner",
            "名刺所有者": "owner",
            "所有者名": "owner",
        },
        options={"country": "JP", "date_order": "ymd", "language": "ja"},
    ),
)
