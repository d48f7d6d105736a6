"""Persons' and organisations' names: script, parts, order, forms of address, and keys for finding the same one twice."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import JaroWinkler

from enishi.core.text import clean, fold, strip_bidi

# Scripts that put the family name first; all others put the given name first.
FAMILY_FIRST = frozenset({"Jpan", "Kana", "Hans", "Hant", "Hang"})
_READERS_SCRIPT = {
    "ja": "Jpan",
    "fa": "Arab",
    "ar": "Arab",
    "ko": "Hang",
    "zh": "Hans",
    "ru": "Cyrl",
    "uk": "Cyrl",
}

_SCRIPT_RANGES = (
    ("Han", re.compile("[\u3400-\u9fff々\uf900-\ufaff\U00020000-\U0003ffff]")),
    ("Kana", re.compile("[\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9f]")),
    ("Hang", re.compile("[\u1100-\u11ff\uac00-\ud7a3]")),
    ("Arab", re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")),
    ("Cyrl", re.compile("[\u0400-\u052f]")),
    ("Grek", re.compile("[\u0370-\u03ff\u1f00-\u1fff]")),
    ("Hebr", re.compile("[\u05d0-\u05ea]")),
    ("Deva", re.compile("[\u0904-\u0939]")),
    ("Thai", re.compile("[\u0e01-\u0e2e]")),
    ("Latn", re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\uff21-\uff5a]")),
)


def _encodes(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=8192)
def script(text: str) -> str:
    """ISO 15924 code of the script a name is written in, "" where it has no letters.

    Han characters are Japanese (Jpan) unless only simplified Chinese has them (Hans); Kana is kana alone.
    """
    text = text[:200]
    if text.isascii():
        return "Latn" if any(map(str.isalpha, text)) else ""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPT_RANGES}
    han, kana = counts.pop("Han"), counts.pop("Kana")
    other = max(counts, key=lambda name: counts[name])
    if han + kana >= max(counts[other], 1):
        if not han:
            return "Kana"
        ideographs = "".join(_SCRIPT_RANGES[0][1].findall(text))
        if not kana and not _encodes(ideographs, "cp932") and _encodes(ideographs, "gb2312"):
            return "Hans"
        return "Jpan"
    return other if counts[other] else ""


def reader_script(language: str) -> str:
    """The script in which a reader of `language` reads names first."""
    return _READERS_SCRIPT.get(language.partition("-")[0], "Latn")


def preferred_script(scripts: Iterable[str], language: str) -> str | None:
    """Which of the scripts a name exists in to show: the reader's, else the name's own (the first), else any."""
    available = list(scripts)
    wanted = reader_script(language)
    return (
        wanted
        if wanted in available
        else next((name for name in available if name != "Kana"), next(iter(available), None))
    )


# --- parts of a name


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name as written, without its honorific. `family` and `given` are empty where splitting would be a guess."""

    full: str
    script: str
    family: str = ""
    given: str = ""
    honorific: str = ""

    @property
    def is_split(self) -> bool:
        return bool(self.family)


_JAPANESE_SUFFIXES = ("先生", "教授", "博士", "さま", "さん", "様", "殿", "氏", "君", "ちゃん", "くん")
# These also end names, so they count only behind a space.
_ONLY_APART = {"君", "ちゃん", "くん"}
_KOREAN_SUFFIXES = ("선생님", "교수님", "님", "씨")
_PERSIAN_PREFIXES = (
    "جناب آقای",
    "سرکار خانم",
    "جناب",
    "آقای",
    "خانم",
    "دکتر",
    "مهندس",
    "استاد",
    "پروفسور",
    "حاج آقا",
    "حاج",
    "حجت‌الاسلام",
    "آیت‌الله",
    "مرحوم",
    "مرحومه",
)
_LATIN_PREFIXES = _words(
    "mr mrs ms miss mx dr prof professor sir dame rev hon m mm mme mlle monsieur madame mademoiselle me maître maitre pr "
    "docteur herr frau hr fr dipl-ing ing sr sra srta don doña dott sig sig.ra signor signora"
)
_LATIN_SUFFIXES = _words("jr sr ii iii iv phd ph.d md m.d esq mba dds cpa obe cbe")
_PARTICLES = _words(
    "de du des d la le les von van der den vom zu zum zur ter ten te di da del della dello dos das do e el al ben bin ibn"
)
_PARTICLES_ALONE = _PARTICLES - {"e", "d", "te", "ben"}
_PATRONYMIC = re.compile(r"(?:ович|евич|ич|овна|евна|ична|инична)$", re.IGNORECASE)
_ROMAJI = re.compile(
    r"(?:(?:[kgszjtdnhbpmyrwf]|ky|gy|sh|sy|ch|cch|ty|ts|tch|ny|hy|by|py|my|ry|kk|ss|tt|pp|ssh)?[aiueoāīūēō]|n(?![aiueo])|m(?=[bpm])|oh)+",
    re.IGNORECASE,
)
_FAMILY_FIRST_LANGUAGES = frozenset({"ja", "zh", "ko", "vi", "hu"})


def split(text: str, language: str = "") -> NameParts:
    """Family and given name of a person where the writing itself says which is which; else all of it in `full`.

    `language` is that of the name. Two Latin words are given name and family name, unless the language (or the syllables
    of both words) may put the family first, as with Tanaka Taro.
    """
    full = " ".join(strip_bidi(clean(text, max_length=500)).replace("\u3000", " ").split())
    written = script(full)
    match written:
        case "Jpan" | "Kana" | "Hans":
            family, given, honorific = _split_after_suffix(full, _JAPANESE_SUFFIXES)
        case "Hang":
            family, given, honorific = _split_after_suffix(full, _KOREAN_SUFFIXES)
        case "Arab":
            family, given, honorific = _split_arabic(full)
        case "Cyrl":
            family, given, honorific = *_split_cyrillic(full), ""
        case _:
            family, given, honorific = _split_latin(full, language.partition("-")[0])
    if honorific:
        full = full.removeprefix(honorific).removesuffix(honorific).strip()
    return NameParts(full=full, script=written, family=family, given=given, honorific=honorific)


def _split_after_suffix(full: str, suffixes: tuple[str, ...]) -> tuple[str, str, str]:
    words, honorific = full.split(), ""
    for suffix in suffixes:
        if len(words) > 1 and words[-1] == suffix:
            words, honorific = words[:-1], suffix
            break
        stem = words[-1].removesuffix(suffix) if words else ""
        if words and suffix not in _ONLY_APART and stem != words[-1] and len(stem) >= 2:
            words, honorific = [*words[:-1], stem], suffix
            break
    if len(words) == 2 and "・" not in full:
        return words[0], words[1], honorific
    return "", "", honorific


def _split_arabic(full: str) -> tuple[str, str, str]:
    rest, honorifics = full, []
    while prefix := next((each for each in _PERSIAN_PREFIXES if rest.startswith(each + " ")), None):
        honorifics.append(prefix)
        rest = rest[len(prefix) + 1 :]
    words = rest.split()
    honorific = " ".join(honorifics)
    if len(words) == 2:
        return words[1], words[0], honorific
    if len(words) == 3 and words[0] in ("سید", "سیده", "میر", "سيد", "سيده"):
        return words[2], " ".join(words[:2]), honorific
    if len(words) == 1 and honorific:
        return words[0], "", honorific
    return "", "", honorific


def _split_cyrillic(full: str) -> tuple[str, str]:
    words = full.split()
    if len(words) == 3 and _PATRONYMIC.search(words[2]) and not _PATRONYMIC.search(words[1]):
        return words[0], " ".join(words[1:])
    if len(words) == 3 and _PATRONYMIC.search(words[1]) and not _PATRONYMIC.search(words[2]):
        return words[2], " ".join(words[:2])
    return "", ""


def _split_latin(full: str, language: str) -> tuple[str, str, str]:
    family_part, comma, given_part = (part.strip() for part in full.partition(","))
    if comma and given_part.casefold().rstrip(".") not in _LATIN_SUFFIXES:
        words, honorific = _without_prefixes(given_part.split())
        family_words, family_honorific = _without_prefixes(family_part.split())
        if words and family_words and "," not in given_part:
            return (
                " ".join(family_words),
                " ".join(words),
                " ".join(filter(None, (family_honorific, honorific))),
            )
        return "", "", ""
    words, honorific = _without_prefixes(family_part.split() if comma else full.split())
    while len(words) > 1 and words[-1].casefold().strip(".,") in _LATIN_SUFFIXES:
        words = words[:-1]
    if len(words) == 1 and honorific:
        return words[0], "", honorific
    family, given = _split_latin_words(words, language)
    return family, given, honorific


def _without_prefixes(words: list[str]) -> tuple[list[str], str]:
    count = 0
    while count < len(words) - 1 and words[count].casefold().rstrip(".") in _LATIN_PREFIXES:
        count += 1
    return words[count:], " ".join(words[:count])


def _split_latin_words(words: list[str], language: str) -> tuple[str, str]:
    capitals = [len(word) > 1 and word.isupper() and "." not in word for word in words]
    if any(capitals) and not all(capitals):
        # DUPONT Jean, Jean DUPONT: files write the family name in capitals so that nobody has to guess.
        first, last = capitals.index(True), len(capitals) - capitals[::-1].index(True)
        if all(capitals[first:last]) and (first == 0 or last == len(words)):
            rest = words[:first] + words[last:]
            while rest and first > 0 and rest[-1] in _PARTICLES_ALONE:
                first -= 1
                rest.pop()
            return " ".join(words[first:last]), " ".join(rest)
    for position, word in enumerate(words[1:-1], 1):
        if word in _PARTICLES_ALONE or word.startswith("d'") or word.startswith("d’"):
            return " ".join(words[position:]), " ".join(words[:position])
    if len(words) != 2 or language in _FAMILY_FIRST_LANGUAGES:
        return "", ""
    if words[1].startswith(("d'", "d’")) or not (language == "" and all(map(_ROMAJI.fullmatch, words))):
        return words[1], words[0]
    return "", ""


def display(family: str, given: str, written: str) -> str:
    """The name in the order of the script it is written in: 橘 葵, Aoi Tachibana, شیرین مهتدی."""
    parts = (family, given) if written in FAMILY_FIRST else (given, family)
    return strip_bidi(" ".join(part.strip() for part in parts if part.strip()))


def initials(family: str, given: str, written: str) -> str:
    """One or two letters for an avatar: the first character of a name in Han, kana or Hangul, else two initials."""
    family, given = (unicodedata.normalize("NFC", strip_bidi(part)).strip() for part in (family, given))
    if written in FAMILY_FIRST:
        return (family or given)[:1]
    family_words = [word for word in family.split() if word not in _PARTICLES] or family.split()
    letters = [
        next((char for char in name if char.isalpha()), "") for name in (given, " ".join(family_words))
    ]
    # Arabic letters side by side would join into something that reads as a word.
    return ("\u200c" if written == "Arab" else "").join(letter for letter in letters if letter).upper()


# --- forms of address

_FORMS = {
    "mr": ("mr", "mister", "m", "monsieur", "herr", "آقای", "جناب آقای", "آقا"),
    "mrs": ("mrs", "mme", "madame", "frau"),
    "ms": ("ms", "خانم", "سرکار خانم"),
    "miss": ("miss", "mlle", "mademoiselle"),
    "dr": ("dr", "docteur", "doctor", "دکتر", "博士"),
    "prof": ("prof", "professor", "pr", "professeur", "教授", "پروفسور", "استاد"),
    "sensei": ("先生", "sensei"),
    "sama": ("様", "さま", "殿", "氏", "さん"),
    "eng": ("مهندس",),
    "maitre": ("me", "maître", "maitre"),
}
_form_of = {fold(word): form for form, words in _FORMS.items() for word in words}
_FEMALE, _MALE = frozenset({"mrs", "ms", "miss"}), frozenset({"mr"})


def forms(honorific: str) -> tuple[str, ...]:
    """The forms of address an honorific stands for, such as ("mr", "dr") for جناب آقای دکتر; unknown words are left out."""
    folded = fold(honorific)
    if folded in _form_of:
        return (_form_of[folded],)
    words = folded.split()
    return tuple(dict.fromkeys(_form_of[word] for word in words if word in _form_of))


_TO_NOBODY = {
    "ja": "ご担当者様",
    "fr": "Madame, Monsieur",
    "fa": "با سلام و احترام",
    "en": "Dear Sir or Madam",
}


def greeting(parts: NameParts, language: str) -> str:
    """How a letter in `language` begins. Gender comes from the recorded honorific only, never from the given name."""
    known = set(forms(parts.honorific))
    female, male = bool(known & _FEMALE), bool(known & _MALE)
    name = display(parts.family, parts.given, parts.script) or parts.full
    addressed = parts.family or name
    language = language.partition("-")[0]
    if not name:
        return _TO_NOBODY.get(language, _TO_NOBODY["en"])
    match language:
        case "ja":
            return f"{name} {'先生' if known & {'sensei', 'prof', 'dr'} else '様'}"
        case "fr":
            title = "Madame" if female else "Monsieur" if male else ""
            offices = {"prof": "Professeur", "dr": "Docteur", "maitre": "Maître"}
            office = next((word for form, word in offices.items() if form in known), "")
            if title and office:
                return f"{title} le {office} {addressed}" if male else f"{title} {addressed}"
            return f"{title or office} {addressed}" if title or office else f"Bonjour {name}"
        case "fa":
            title = "سرکار خانم" if female else "جناب آقای" if male else ""
            offices = {"prof": "پروفسور", "dr": "دکتر", "eng": "مهندس"}
            address = [title, *(word for form, word in offices.items() if form in known)]
            return " ".join([*filter(None, address), addressed]) if any(address) else f"{name} گرامی"
        case _:
            titles = {"prof": "Professor", "dr": "Dr", "mrs": "Mrs", "ms": "Ms", "miss": "Miss", "mr": "Mr"}
            title = next((word for form, word in titles.items() if form in known), "")
            return f"Dear {title} {addressed}" if title else f"Dear {name}"


# --- keys for matching

_CJK_LEGAL_FORMS = _words(
    "株式会社 有限会社 合同会社 合資会社 合名会社 相互会社 一般社団法人 公益社団法人 一般財団法人 公益財団法人 社団法人 財団法人 "
    "特定非営利活動法人 npo法人 独立行政法人 国立大学法人 公立大学法人 学校法人 医療法人社団 医療法人 社会福祉法人 宗教法人 "
    "協同組合 有限公司 股份有限公司 주식회사 유한회사"
)
_LEGAL_ENDINGS = _words(
    "ltd limited inc incorporated corp corporation co company llc llp lp plc pty pte gmbh mbh ag kg kgaa ohg ug ev eg "
    "se sa sas sasu sarl eurl sci scop snc selarl srl spa sl slu bv nv ab as asa oy oyj aps kk gk yk godo kaisha "
    "kabushiki سهامی عام خاص مسئولیت محدود با"
)
# Western forms at the beginning may be part of the name (AS Roma), these are not.
_LEGAL_BEGINNINGS = _words("sarl sas sasu eurl ste شرکت سهامی عام خاص موسسه تعاونی ооо зао оао пао ао")
# What remains of (株), (有), ㈱ and of the banks' カ）, ユ）, ド） when punctuation is gone.
_JAPANESE_ABBREVIATIONS = _words("株 有 合 資 名 社 財 学 医 福 宗 特非 カ ユ ド")
_CONNECTORS = frozenset({"&", "and", "et", "und", "y", "و"})


@cache
def _legal_forms() -> tuple[re.Pattern[str], frozenset[str], frozenset[str]]:
    joined = "|".join(sorted((fold(form) for form in _CJK_LEGAL_FORMS), key=len, reverse=True))
    beginnings = frozenset(map(fold, _LEGAL_BEGINNINGS | _JAPANESE_ABBREVIATIONS))
    endings = frozenset(map(fold, _LEGAL_ENDINGS | _JAPANESE_ABBREVIATIONS)) | _CONNECTORS
    return re.compile(f"^(?:{joined})|(?:{joined})$"), beginnings, endings


def organisation_key(text: str) -> str:
    """A folded name without legal form, spaces and connectors, equal for the usual writings of one organisation."""
    cjk_forms, beginnings, endings = _legal_forms()
    folded = fold(text)
    words = [word for part in folded.split() for word in cjk_forms.sub(" ", part).split()]
    start, end = 0, len(words)
    while start < end and words[start] in beginnings:
        start += 1
    while end > start and words[end - 1] in endings:
        end -= 1
    key = "".join(word for word in words[start:end] if word not in _CONNECTORS)
    return key or folded.replace(" ", "")


def person_key(family: str, given: str) -> str:
    """A folded key that does not depend on the order of the parts; names in Han, kana or Hangul have a fixed order."""
    folded = fold(f"{family} {given}")
    if script(folded) in FAMILY_FIRST:
        return folded.replace(" ", "")
    return " ".join(sorted(folded.split()))


def similar(a: str, b: str) -> float:
    """How alike two names are, 0 to 1: spelling slips, swapped parts, and initials for given names count as alike."""
    first, second = fold(a[:200]), fold(b[:200])
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    if first.replace(" ", "") == second.replace(" ", ""):
        return 0.98
    words, others = sorted(first.split()), sorted(second.split())
    score = max(
        JaroWinkler.similarity(first, second, prefix_weight=0.05),
        JaroWinkler.similarity(" ".join(words), " ".join(others), prefix_weight=0.05),
    )
    return max(score, 0.9) if _differ_by_initials(words, others) else score


def _differ_by_initials(words: list[str], others: list[str]) -> bool:
    """Whether all words agree, some as an initial: "J. Smith" and "John Smith"."""
    if len(words) != len(others) or not set(words) & set(others):
        return False
    left = [word for word in words if word not in others]
    right = [word for word in others if word not in words]
    return len(left) == len(right) and all(
        min(len(a), len(b)) == 1 and a[0] == b[0] for a, b in zip(left, right, strict=True)
    )
