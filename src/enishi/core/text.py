"""Folding text so that every way of writing a name finds the others, in one index for all scripts."""

import re
import unicodedata
from functools import cache, lru_cache
from itertools import chain

# More bigrams than this no longer narrow a search, and a pasted book must not become a query.
MAX_QUERY_GRAMS = 64

_KANA_VOICE_MARKS = "\u3099\u309a"

# Letters that Unicode does not decompose, but that people type in their plain form.
_LETTERS = {
    "ø": "o",
    "œ": "oe",
    "æ": "ae",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ĸ": "k",
    "ŋ": "n",
    "ƒ": "f",
    # Arabic and Persian keyboards produce different code points for one letter.
    "ي": "ی",
    "ى": "ی",
    "ئ": "ی",
    "ې": "ی",
    "ے": "ی",
    "ك": "ک",
    "ڪ": "ک",
    "ة": "ه",
    "ۀ": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ؤ": "و",
    "ء": "",
    "ـ": "",
    # Small kana: bank files and old systems write readings without them (キヨウコ), and 霞ヶ関 is 霞ケ関.
    **dict(zip("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ", strict=True)),
    # サーバ and サーバー; the mark is also typed as a dash in phone numbers.
    "ー": "",
    "・": " ",
    "゠": " ",
}

# Forms of one character between which the registry, the person and the typist differ.
_KANJI_VARIANTS = (
    "斎齋齊斉 高髙 崎﨑嵜 沢澤 辺邊邉 浜濱濵 国國 桜櫻 広廣 島嶋嶌 吉𠮷 真眞 徳德 恵惠 栄榮 学學 "
    "寛寬 蔵藏 竜龍 滝瀧 渋澁 条條 寿壽 黒黑 横橫 増增 曽曾 弥彌 万萬 与與 豊豐 富冨 "
    "峰峯 槙槇 鉄鐵 円圓 浅淺 静靜 実實 礼禮 県縣 館舘 淵渕 桑桒 柳栁 鴎鷗 郷鄕 将將 "
    "総總 聡聰 仏佛 塩鹽 穂穗 関關 歳歲 晃晄 瀬瀨 緑綠 誉譽 暁曉 宝寶 児兒 亜亞 壱壹 "
    "弐貳 証證 団團 区區 会會"
)
for _group in _KANJI_VARIANTS.split():
    for _variant in _group[1:]:
        _LETTERS.setdefault(_variant, _group[0])

# Joined rather than split: O'Brien is OBrien, S.A.R.L. is SARL, علی‌رضا is علیرضا.
_JOINING = frozenset("'’‘ʼʹ`´.。․‧")
_KEPT_PUNCTUATION = frozenset("@&#%")


def _is_mark(char: str) -> bool:
    """Accents, harakat, points and variation selectors; not the vowel signs that Indic scripts spell with."""
    order = unicodedata.combining(char)
    return 10 <= order <= 36 or order >= 200 or char in _KANA_VOICE_MARKS or _is_variation_selector(char)


def _is_variation_selector(char: str) -> bool:
    return (
        "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" or "\u180b" <= char <= "\u180d"
    )


def _fold_char(char: str) -> str:
    """The slow way for one character, whose answer `_Folds` remembers."""
    if "\u30a1" <= char <= "\u30f6" or char in "ヽヾ":
        char = chr(ord(char) - 0x60)
    if char in _JOINING:
        return ""
    if char in _LETTERS:
        return _LETTERS[char]
    category = unicodedata.category(char)
    if char.isspace() or category[0] == "Z":
        return " "
    if category in ("Cc", "Cf", "Cs") or char == "\u034f" or _is_mark(char):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if char not in _KEPT_PUNCTUATION and (category[0] == "P" or category == "Sk"):
        return " "
    # Kana and Hangul also decompose, but their parts are letters, not accents.
    if "\u3041" <= char <= "\u309f" or "\uac00" <= char <= "\ud7a3":
        return char
    folded = unicodedata.normalize("NFKD", char).casefold()
    if folded == char:
        return char
    return "".join(_fold_char(part) for part in folded if part != char)


class _Folds(dict[int, str]):
    """Translation table that fills itself, up to more characters than living scripts use at once."""

    def __missing__(self, code: int) -> str:
        folded = _fold_char(chr(code))
        if len(self) < 50_000:
            self[code] = folded
        return folded


_folds = _Folds()
_ascii_folds = {code: _fold_char(chr(code)) or None for code in range(128)}

# NFKC would make "space + accent" of these; people use them as apostrophe and voice mark.
_SPACING_MARKS = {ord("´"): "'", ord("゛"): "\u3099", ord("゜"): "\u309a"}
_has_spacing_mark = re.compile("[´゛゜]").search
_repeat_marks = re.compile("([^ 々ゝゞ])([々ゝゞ]+)")


def _marks(first: int, last: int) -> str:
    return "".join(re.escape(chr(code)) for code in range(first, last) if unicodedata.combining(chr(code)))


@cache
def _mark_runs() -> re.Pattern[str]:
    marks = _marks(0x300, 0x1F000)
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


@cache
def _mark() -> re.Pattern[str]:
    """Any mark of the basic plane: a set without the higher planes is looked through many times faster."""
    return re.compile(f"[{_marks(0x300, 0x10000)}]")


def _compose(text: str) -> str:
    if len(text) > 256 and (_mark().search(text) or max(text) > "\uffff"):
        # Reordering a run of combining marks is quadratic in its length; 30 is Unicode's "stream-safe" limit.
        text = _mark_runs().sub(r"\1", text)
    if _has_spacing_mark(text):
        text = text.translate(_SPACING_MARKS)
    return unicodedata.normalize("NFKC", text)


def _repeated(match: re.Match[str]) -> str:
    repeated = match[1]
    for mark in match[2]:
        last = repeated[-1]
        voiced = unicodedata.normalize("NFC", last + "\u3099") if mark == "ゞ" else last
        repeated += voiced if len(voiced) == 1 else last
    return repeated


def fold(text: str) -> str:
    """`text` in the one form that all its spellings share: case, accents, width, kana, Arabic letters, digits.

    Words are separated by single spaces; punctuation other than ``@ & # %`` separates words or is dropped.
    """
    if text.isascii():
        return " ".join(text.translate(_ascii_folds).split())
    folded = _compose(text).translate(_folds)
    if "々" in folded or "ゝ" in folded or "ゞ" in folded:
        folded = _repeat_marks.sub(_repeated, folded)
    if not unicodedata.is_normalized("NFKC", folded):
        # What was removed stood between parts that now compose.
        folded = unicodedata.normalize("NFKC", folded).translate(_folds)
    return " ".join(folded.split())


_cjk = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff々〆〇]")


def _bigrams(word: str) -> list[str]:
    return list(map(str.__add__, word, word[1:]))


@lru_cache(maxsize=20_000)
def _word_grams(word: str) -> tuple[str, ...]:
    """Remembered, because names, towns and firms come again and again."""
    single = () if word.isascii() else _cjk.findall(word)
    return *single, *_bigrams(word), "^" + word[0]


def grams(folded: str) -> list[str]:
    """What an index stores of a folded text: bigrams of words, ``^x`` for their first letters, each CJK character.

    山田 太郎 is found by 山田太郎 only if that writing is part of `folded` too.
    """
    return list(dict.fromkeys(chain.from_iterable(map(_word_grams, folded.split()))))


def first_letters(folded_query: str) -> list[str]:
    """What is in `grams(text)` where for each word of the query a word of the text begins with the same letter."""
    return list(dict.fromkeys("^" + word[0] for word in folded_query.split()))[:MAX_QUERY_GRAMS]


def query_grams(folded_query: str) -> list[str]:
    """What must all be in `grams(text)` for the query to match.

    Where each word of the query occurs within `text` (a single letter: as the first of a word; a single CJK
    character: anywhere), this is a subset of `grams(text)`. The reverse needs a recheck on the folded text.
    """
    wanted: dict[str, None] = {}
    for word in folded_query.split():
        if len(word) == 1:
            wanted[word if _cjk.match(word) else "^" + word] = None
        else:
            wanted.update(dict.fromkeys(_bigrams(word[: MAX_QUERY_GRAMS + 1])))
        if len(wanted) >= MAX_QUERY_GRAMS:
            break
    return list(wanted)[:MAX_QUERY_GRAMS]


_not_digits = re.compile(r"[^0-9]+")
_trunk_zero = re.compile(r"[(（]\s*[0０۰٠]\s*[)）]")
_phone_only = re.compile(r"[\s\d+()./\-]{3,}")


class _Digits(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.decimal(char, None)
        # Characters people put between the digits of a phone number, in every width and script.
        folded = (
            str(digit)
            if digit is not None
            else "-"
            if unicodedata.category(char) == "Pd" or char in "ー−ｰ"
            else char
        )
        if len(self) < 10_000:
            self[code] = folded
        return folded


_digits = _Digits()


def ascii_digits(text: str) -> str:
    """`text` with the decimal digits of every script as 0-9 and every kind of dash as a hyphen."""
    return text if text.isascii() else text.translate(_digits)


def digits(text: str) -> str:
    """The digits of a phone number in any writing: full-width, Persian, with dashes, or ``+33 (0)6``."""
    return _not_digits.sub(
        "", _trunk_zero.sub("", ascii_digits(text)) if text[:1] in "+＋" else ascii_digits(text)
    )


def looks_like_phone(text: str) -> bool:
    """Whether a search is for a phone number, so that `digits` of it is what to look for."""
    plain = strip_bidi(ascii_digits(unicodedata.normalize("NFKC", text[:40]))).strip()
    return len(text) <= 40 and _phone_only.fullmatch(plain) is not None and len(digits(plain)) >= 3


_unstorable = re.compile("[\x00\ud800-\udfff]")
_bidi_controls = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str, *, max_length: int | None = None) -> str:
    """`text` as typed, at most `max_length` long, without what PostgreSQL cannot store: NUL, lone surrogates."""
    if _unstorable.search(text):
        paired = text.replace("\x00", "").encode("utf-16-le", "surrogatepass")
        text = paired.decode("utf-16-le", "ignore")
    return text[:max_length]


_commas = str.maketrans({"、": ",", "،": ",", "，": ","})


def between_commas(typed: str) -> list[str]:
    """The words of a list as people write it: with Latin, Japanese, full-width or Persian commas."""
    return [word.strip() for word in typed.translate(_commas).split(",")]


def strip_bidi(text: str) -> str:
    """`text` without controls that reorder what stands around it. Joiners that Persian spells with stay."""
    return text if text.isascii() else _bidi_controls.sub("", text)


# آ is a letter of its own before ا in Persian, but `fold` makes them one: U+0620 stands in for it.
_ALEF_MADDA = "\u0620"
_PERSIAN_ALPHABET = _ALEF_MADDA + "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
_ARABIC_ALPHABET = _ALEF_MADDA + "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنهوی"


def _alphabet_table(alphabet: str) -> dict[int, int]:
    # Code points in alphabetical order, still within the Arabic block so that scripts stay apart.
    return {ord(letter): 0x0620 + position for position, letter in enumerate(alphabet)}


_persian_order = _alphabet_table(_PERSIAN_ALPHABET)
_arabic_order = _alphabet_table(_ARABIC_ALPHABET)

_VOWEL_ROWS = {
    "あ": "あかさたなはまやらわがざだばぱゃゎぁ",
    "い": "いきしちにひみりぎじぢびぴぃ",
    "う": "うくすつぬふむゆるぐずづぶぷゅぅゔっ",
    "え": "えけせてねへめれげぜでべぺぇ",
    "お": "おこそとのほもよろをごぞどぼぽょぉ",
}
_vowel_of = {kana: vowel for vowel, row in _VOWEL_ROWS.items() for kana in row}
_long_vowel = re.compile("([ぁ-ゔ])ー")
_number = re.compile("[0-9]+")
_kana = re.compile("[\u3041-\u309f]").search
_to_hiragana = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_KEY_LENGTH = 120


def _unvoiced(kana: str) -> str:
    decomposed = unicodedata.normalize("NFD", kana)
    return unicodedata.normalize("NFC", decomposed.replace("\u3099", "").replace("\u309a", ""))


def sort_key(text: str, reading: str | None = None, language: str = "") -> str:
    """A text whose plain code point order is the order in which people expect the names.

    Japanese sorts by kana `reading` where there is one, first regardless of voicing and small kana
    (JIS X 4061); Arabic script by the Persian alphabet (و before ه), or the Arabic one for ``language="ar"``;
    accents and case decide only between otherwise equal names; numbers by value.
    """
    source = unicodedata.normalize("NFKC", strip_bidi(clean((reading or text)[: 2 * _KEY_LENGTH])))
    if source.isascii():
        primary, secondary = fold(source), source.lower()
    else:
        spelled = source.translate(_to_hiragana)
        secondary = unicodedata.normalize("NFD", spelled).lower()
        spelled = _long_vowel.sub(lambda match: match[1] + _vowel_of.get(match[1], ""), spelled)
        if language != "ar":
            spelled = spelled.replace("آ", _ALEF_MADDA)
        primary = fold(spelled).translate(_arabic_order if language == "ar" else _persian_order)
        if _kana(primary):
            primary = _unvoiced(primary)
    levels = [
        _number.sub(lambda match: match[0].lstrip("0").zfill(9), primary),
        "" if secondary == primary else secondary,
        "" if source == secondary else source.swapcase(),
    ]
    # \x1f sorts before the space, so that a name comes before the longer one it begins.
    return "\x1f".join(level[:_KEY_LENGTH] for level in levels).rstrip("\x1f")
