"""Words that people write above columns, in English, Japanese, French and Persian, and the rule each means."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

WORDS: dict[str, str] = {
    "full_name": "name, full name, contact name, contact, display name, person, 氏名, 名前, お名前, 担当者名, 担当者, ご担当者名, 漢字氏名, 氏名漢字, "
    "nom complet, nom et prénom, prénom et nom, nom prénom, نام و نام خانوادگی, نام کامل, اسم",
    "family_name": "last name, family name, family, last, surname, lastname, 姓, 苗字, 名字, 氏, 姓漢字, nom, nom de famille, نام خانوادگی, فامیل, شهرت",
    "given_name": "first name, given name, given, first, forename, firstname, 名, 下の名前, 名漢字, prénom, نام, نام کوچک",
    "middle_name": "middle name, second name, additional name, ミドルネーム, deuxième prénom, autres prénoms, نام میانی, نام پدر",
    "full_kana": "kana, furigana, name kana, yomi, reading, フリガナ, ふりがな, カナ, かな, 氏名カナ, 氏名フリガナ, 氏名ふりがな, カナ氏名, よみがな, 読み仮名, よみ, "
    "お名前フリガナ, 名前フリガナ",
    "family_kana": "last name kana, surname yomi, phonetic last name, family name yomi, セイ, せい, 姓カナ, 姓かな, 姓フリガナ, 姓ふりがな, よみ姓, 姓よみ, カナ姓",
    "given_kana": "first name kana, given yomi, phonetic first name, given name yomi, メイ, めい, 名カナ, 名かな, 名フリガナ, 名ふりがな, よみ名, 名よみ, カナ名",
    "romaji": "romaji, name in english, english name, latin name, ローマ字, 英語名, 英字氏名, 氏名ローマ字, nom latin, نام لاتین, نام انگلیسی",
    "honorific": "honorific, salutation, prefix, name prefix, mr/mrs, 敬称, civilité, titre de civilité, عنوان, لقب",
    "name_suffix": "suffix, name suffix, suffixe, پسوند",
    "nickname": "nickname, ニックネーム, 愛称, 通称, surnom, لقب خودمانی, نام مستعار",
    "greeting": "greeting, dear, 宛名, 挨拶, formule de politesse, formule d'appel, خطاب",
    "gender": "gender, sex, 性別, sexe, genre, جنسیت",
    "party_kind": "contact type, record type, 種別, 個人法人区分, 個人・法人, type de contact, nature, نوع مخاطب, حقیقی/حقوقی",
    "is_organisation": "is company, is a company, is organisation, is organization, 法人フラグ, est une société, شرکت است",
    "organisation": "company, organisation, organization, org, company name, organization name, organisation name, account, account name, employer, "
    "firm, business name, affiliation, 会社名, 会社, 勤務先, 勤務先名, 企業名, 法人名, 団体名, 組織名, 所属, 所属先, 組織, 顧客名, 取引先名, société, entreprise, "
    "organisme, organisation, raison sociale, employeur, structure, شرکت, نام شرکت, سازمان, نام سازمان, محل کار, موسسه",
    "organisation_kana": "company kana, company yomi, organization yomi name, 会社名カナ, 会社名フリガナ, 会社名かな, 会社よみ, 法人名カナ, 会社カナ, 団体名カナ",
    "department": "department, division, section, 部署, 部署名, 所属部署, 部門, 課, 部課名, service, département, direction, division, بخش, واحد, اداره, دپارتمان",
    "job_title": "job title, title, position, role, function, jobtitle, occupation, 役職, 役職名, 肩書, 肩書き, 職位, 職種, fonction, poste, titre, intitulé du poste, "
    "سمت, شغل, عنوان شغلی, پست سازمانی",
    "seen_on": "card exchanged, exchanged on, met on, 名刺交換日, 交換日, 面会日, date de rencontre, carte reçue le, تاریخ آشنایی, تاریخ دریافت کارت",
    "email": "email, e-mail, mail, email address, e-mail address, mail address, メール, メールアドレス, eメール, 電子メール, 電子メールアドレス, アドレス, email1, "
    "courriel, e-mail, adresse e-mail, adresse mail, adresse électronique, mél, ایمیل, پست الکترونیک, پست الکترونیکی, رایانامه, آدرس ایمیل",
    "email@work": "work email, business email, office email, company email, 会社メール, 勤務先メール, 会社メールアドレス, 勤務先メールアドレス, e-mail professionnel, "
    "email pro, courriel professionnel, ایمیل کاری, ایمیل شرکت",
    "email@private": "private email, personal email, home email, 個人メール, 自宅メール, 個人メールアドレス, 携帯メール, e-mail personnel, email perso, "
    "courriel personnel, ایمیل شخصی",
    "email@other": "email 2, email2, second email, secondary email, other email, e-mail 2, メール2, メールアドレス2, autre e-mail, ایمیل دوم, ایمیل ۲",
    "phone": "phone, telephone, tel, phone number, telephone number, contact number, 電話, 電話番号, tel番号, 連絡先, téléphone, tél, numéro de téléphone, "
    "تلفن, شماره تلفن, شماره تماس",
    "phone@mobile": "mobile, mobile phone, cell, cell phone, cellphone, mobile number, 携帯, 携帯電話, 携帯番号, 携帯電話番号, portable, mobile, tél portable, "
    "téléphone portable, téléphone mobile, tél mobile, gsm, موبایل, تلفن همراه, همراه, شماره موبایل, شماره همراه",
    "phone@work": "work phone, business phone, office phone, direct line, switchboard, main phone, 会社電話, 勤務先電話番号, 勤務先電話, 会社電話番号, 代表電話, "
    "代表番号, 直通, 直通電話, 内線, tel会社, tel直通, tel部門, téléphone professionnel, téléphone bureau, tél bureau, ligne directe, standard, تلفن محل کار, "
    "تلفن ثابت محل کار, تلفن شرکت, تلفن اداره",
    "phone@home": "home phone, landline, private phone, 自宅電話, 自宅電話番号, 自宅tel, 固定電話, téléphone domicile, tél domicile, téléphone fixe, fixe, "
    "téléphone personnel, تلفن منزل, تلفن ثابت, تلفن خانه",
    "phone@fax": "fax, fax number, business fax, ファックス, ファクス, fax番号, ファックス番号, télécopie, fax, télécopieur, نمابر, فکس, دورنگار",
    "phone@other": "phone 2, phone2, other phone, second phone, 電話2, 電話番号2, その他電話, téléphone 2, autre téléphone, تلفن دوم, تلفن ۲",
    "url": "url, website, web, homepage, web page, site, ホームページ, ウェブサイト, hp, サイト, site web, site internet, page web, وب سایت, وبسایت, سایت, آدرس سایت",
    "postcode": "postcode, postal code, zip, zip code, zipcode, zip/postal code, 郵便番号, 〒, code postal, cp, کد پستی, کدپستی",
    "country": "country, country/region, nation, 国, 国名, pays, کشور",
    "region": "state, region, province, prefecture, state/province, county, 都道府県, 県, région, département géographique, province, استان",
    "city": "city, town, municipality, locality, 市区町村, 市町村, 市区郡, 都市, ville, commune, localité, شهر",
    "street": "street, street address, address line 1, address 1, street 1, 番地, 町名番地, 町名・番地, 町域, 丁目番地, 住所1, rue, voie, adresse 1, n° et rue, خیابان",
    "building": "building, address line 2, address 2, apartment, suite, floor, 建物, 建物名, ビル名, マンション名, 建物名・部屋番号, 住所2, bâtiment, complément d'adresse, "
    "complément, étage, ساختمان, پلاک, واحد ساختمانی",
    "address": "address, full address, mailing address, postal address, 住所, 所在地, 勤務先住所, 会社住所, adresse, adresse postale, adresse complète, آدرس, نشانی",
    "address@home": "home address, private address, 自宅住所, adresse personnelle, adresse domicile, آدرس منزل, نشانی منزل",
    "birthday": "birthday, birth date, date of birth, birthdate, dob, born, 生年月日, 誕生日, date de naissance, né le, née le, anniversaire, تاریخ تولد, تولد",
    "language": "language, preferred language, lang, locale, 言語, 使用言語, langue, langue préférée, زبان",
    "time_zone": "time zone, timezone, tz, タイムゾーン, 時間帯, fuseau horaire, منطقه زمانی",
    "owner": "owner, account manager, assigned to, responsible, contact owner, salesperson, 所有者, 自社担当, 営業担当, 社内担当者, 担当営業, responsable, "
    "chargé de compte, suivi par, مسئول, کارشناس, مسئول پیگیری",
    "tags": "tags, tag, labels, label, categories, category, groups, group, keywords, segment, タグ, ラベル, 分類, カテゴリ, カテゴリー, グループ, 区分, "
    "étiquettes, étiquette, mots-clés, catégorie, catégories, groupe, برچسب, برچسب‌ها, گروه, دسته",
    "note": "note, notes, comment, comments, remarks, memo, description, メモ, 備考, コメント, 特記事項, 摘要, remarque, remarques, commentaire, commentaires, "
    "observations, یادداشت, توضیحات, ملاحظات",
    "inactive": "inactive, archived, disabled, 無効, 休眠, 退職, inactif, archivé, غیرفعال",
    "active": "active, enabled, 有効, actif, فعال",
    "deceased": "deceased, dead, 死亡, 逝去, 故人, décédé, décédée, فوت شده, متوفی",
    "deceased_on": "date of death, deceased on, 没年月日, 逝去日, date de décès, تاریخ فوت",
    "external_id": "id, external id, record id, contact id, customer id, customer number, member id, reference, code, 顧客番号, 顧客id, 顧客コード, 会員番号, 管理番号, "
    "番号, コード, identifiant, numéro client, référence, code client, n° adhérent, شناسه, کد, کد مشتری, شماره عضویت",
    "refusal:email": "do not email, email opt out, unsubscribed, opted out, メール配信停止, メール不可, dm不可, ne pas contacter par e-mail, désinscrit, désabonné, عدم ارسال ایمیل",
    "refusal:phone": "do not call, do not phone, 電話不可, 架電禁止, ne pas appeler, عدم تماس",
    "consent:newsletter": "newsletter, newsletter consent, email opt in, opt in, メルマガ, メールマガジン, メール配信, 配信希望, lettre d'information, "
    "consentement newsletter, infolettre, خبرنامه",
}


_NOISE = re.compile(r"[\s_\-‐.・:：/／,、*＊()（）\[\]【】「」'’\"#\u200c]+")


def folded(header: str) -> str:
    """A header without case, width, accents and punctuation: `E-Mail（勤務先）` and `email 勤務先` are one."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", header).casefold())
    text = "".join(char for char in text if not "\u0300" <= char <= "\u036f")
    text = unicodedata.normalize("NFC", text).replace("ي", "ی").replace("ك", "ک")
    return _NOISE.sub("", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))


@cache
def table() -> dict[str, str]:
    """Rule by folded word. Where two rules claim a word, the first keeps it."""
    rules: dict[str, str] = {}
    for rule, words in WORDS.items():
        for word in words.split(","):
            rules.setdefault(folded(word), rule)
    return rules
