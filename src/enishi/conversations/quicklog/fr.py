"""French."""

import re
from datetime import timedelta

from .grammar import FoundName, FoundPromise, Grammar, Scene, cue
from .moments import (
    AFTERNOON,
    EVENING,
    MORNING,
    NOON,
    Context,
    Edges,
    Moment,
    clock,
    day_of_year,
    month_end,
    month_end_ahead,
    month_start_ahead,
    numeric_date,
    rule,
    shifted,
    weekday,
    weekday_of_week,
)
from .names import NameWords, find_after_openers
from .promises import Auxiliaries, find_by_auxiliary
from .reading import Channel, Flow, Kind

# All patterns are written without accents: they are matched against folded text.
_DAYS = {name: number for number, name in enumerate(["lun", "mar", "mer", "jeu", "ven", "sam", "dim"])}
_MONTHS = {
    name: number
    for number, name in enumerate(
        [
            "janvier",
            "fevrier",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "aout",
            "septembre",
            "octobre",
            "novembre",
            "decembre",
        ],
        start=1,
    )
} | {"janv": 1, "fevr": 2, "fev": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "dec": 12}
_NUMBERS = {
    name: number
    for number, name in enumerate(
        ["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"],
        start=1,
    )
} | {"une": 1, "quinze": 15}
_UNITS = {"minute": "minute", "heure": "hour", "jour": "day", "semaine": "week", "mois": "month"}
_PARTS = {"matin": MORNING, "apres-midi": AFTERNOON, "soir": EVENING}

_DAY = r"(?P<wd>lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b"
_SHORT_DAY = r"(?P<wd>lun|mar|mer|jeu|ven|sam|dim)\b\.?"
_MONTH = (
    r"(?P<month>janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|janv|fevr?|avr|juil|sept|oct|nov|dec)\b\.?"
)
_PART = r"(?:\s+(?:au\s+)?(?P<part>matin|apres-midi|soir)\b)?"
_LIMIT = r"d'ici(?:\s+a)?|avant|jusqu'(?:a|au|en)|au plus tard|pour"
_TITLES = r"(?:m\.|mme\.?|mlle\.?|mm\.|mr\.?|dr\.?|me|pr\.?|monsieur|madame|maitre|docteur|professeur)"
_TITLED = re.compile(rf"\b{_TITLES}\s+(?:[a-z]\.\s+)?$")


def _titled(match: re.Match[str], group: str) -> bool:
    start = match.start(group)
    return bool(_TITLED.search(match.string, max(0, start - 24), start))


def _named_day(match: re.Match[str], context: Context) -> Moment:
    word = match["word"]
    ahead = {
        "demain": 1,
        "apres-demain": 2,
        "apres demain": 2,
        "hier": -1,
        "avant-hier": -2,
        "avant hier": -2,
    }.get(word, 0)
    part = "soir" if "soir" in word else "matin" if "matin" in word else match["part"]
    if "apres-midi" in word:
        part = "apres-midi"
    return Moment(day=context.today + timedelta(ahead), clock=_PARTS[part] if part else None, sure=not part)


def _weekday(match: re.Match[str], context: Context) -> Moment | None:
    if _titled(match, "wd"):
        return None
    number = _DAYS[match["wd"][:3]]
    groups = match.groupdict()
    found = weekday(context.today, number)
    part = groups.get("part")
    hour = _PARTS[part] if part else None
    coming = found.day if found.day != context.today else context.today + timedelta(7)
    recent = found.earlier if found.earlier != context.today else context.today - timedelta(7)
    match groups.get("rel"):
        case "prochain":
            return Moment(day=coming, clock=hour, sure=not part)
        case "dernier" | "passe":
            return Moment(day=recent, clock=hour, sure=not part)
    if groups.get("week"):
        return Moment(day=weekday_of_week(context.today, number, 1), clock=hour, sure=not part)
    return Moment(day=found.day, clock=hour, earlier=found.earlier, sure=found.sure and not part)


def _date(match: re.Match[str], context: Context) -> Moment | None:
    day = 1 if match["day"].startswith("1er") or match["day"] == "premier" else int(match["day"])
    year = match["year"]
    return day_of_year(context.today, _MONTHS[match["month"]], day, int(year) if year else None)


def _month(match: re.Match[str], context: Context) -> Moment | None:
    month = _MONTHS[match["month"]]
    lead = match["lead"]
    if "fin" in lead:
        return Moment(
            day=month_end_ahead(context.today, month), closing="avant" not in lead or bool(match["by"])
        )
    if lead == "en":
        return Moment(day=month_end_ahead(context.today, month), closing=True, sure=False)
    return Moment(day=month_start_ahead(context.today, month), closing=True, sure=False)


def _period(match: re.Match[str], context: Context) -> Moment | None:
    end, following = bool(match["end"]), bool(match["next"])
    if not end and not following:
        return None
    if match["unit"] == "semaine":
        return Moment(day=weekday_of_week(context.today, 4, int(following)), closing=True, sure=end)
    if match["unit"] == "mois":
        return Moment(day=month_end(context.today, int(following)), closing=True, sure=end)
    year = context.today.year + following
    return Moment(day=context.today.replace(year=year, month=12, day=31), closing=True, sure=end)


def _ahead(match: re.Match[str], context: Context) -> Moment:
    found = shifted(context.now, _number(match["n"]), _UNITS[match["unit"]])
    return Moment(day=found.day, at=found.at, closing=match["word"] != "dans")


def _ago(match: re.Match[str], context: Context) -> Moment:
    return shifted(context.now, -_number(match["n"]), _UNITS[match["unit"]])


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)


def _clock(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=clock(int(match["h"]), int(match["n"] or 0)))


def _noon(match: re.Match[str], context: Context) -> Moment:
    return Moment(clock=NOON)


def _short_date(match: re.Match[str], context: Context) -> Moment:
    return numeric_date(Context(context.now, context.raw, False), int(match["a"]), int(match["b"]), None)


_UNIT = r"(?P<unit>minute|heure|jour|semaine|mois)s?"
_COUNT = r"(?P<n>\d{1,3}|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze)"
MOMENTS = (
    rule(
        r"\b(?P<word>aujourd'hui|apres[- ]demain|avant[- ]hier|demain|hier|ce matin|ce soir|cet apres-midi)\b"
        + _PART,
        _named_day,
    ),
    rule(rf"\b(?P<day>\d{{1,2}}|1er|premier)\s+{_MONTH}(?:\s+(?P<year>20\d\d))?", _date),
    rule(
        rf"\b{_DAY}{_PART}(?:\s+(?:(?P<rel>prochain|dernier|passe)\b|(?P<week>de la semaine prochaine|en huit)\b))?",
        _weekday,
    ),
    rule(rf"(?:\b|(?<=\s))(?:(?P<by>{_LIMIT})|le|ce)\s+{_SHORT_DAY}(?!\w){_PART}", _weekday),
    rule(
        rf"\b(?:(?P<by>{_LIMIT})\s+)?(?:la\s+)?(?P<end>fin)?\s*(?:de\s+|du\s+)?(?:cette\s+|ce\s+|la\s+|le\s+|l')?"
        r"(?P<unit>semaine|mois|annee)\b\s*(?P<next>prochaine?)?",
        _period,
    ),
    rule(rf"\b(?:(?P<by>{_LIMIT})\s+)?(?:la\s+)?(?P<lead>fin)\s+(?:de\s+|d')?{_MONTH}", _month),
    rule(rf"\b(?P<by>)(?P<lead>en|{_LIMIT})\s+(?:en\s+)?{_MONTH}", _month),
    rule(rf"\b(?P<word>dans|d'ici|sous)\s+{_COUNT}\s+{_UNIT}\b", _ahead),
    rule(rf"\bil y a\s+{_COUNT}\s+{_UNIT}\b", _ago),
    rule(r"(?<![\w:./])(?P<h>[01]?\d|2[0-4])\s?h(?:eures?)?\s?(?P<n>[0-5]\d)?\b", _clock),
    rule(r"\bmidi\b", _noon),
    rule(rf"\b(?:{_LIMIT}|le)\s+(?:le\s+)?(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})(?![\d/])", _short_date),
)

EDGES = Edges(
    re.compile(rf"(?:(?:\b(?P<by>{_LIMIT})|\b(?:le|a|vers|des|depuis|pour))\s+(?:le\s+|la\s+|a\s+)?)$")
)

_I = r"(?:\b(?:j'ai|on a|nous avons)\s+)?"
_TO = r"(?:\s+(?:a|au|aupres de))?(?=\s|$|[,.;])"
CHANNELS = (
    cue(r"\b(?:m'|nous\s+)a\s+(?:appelee?s?|telephone)\b", Channel.CALL, past=True, flow=Flow.IN),
    cue(
        r"(?<!on)\s+a\s+(?:appele|telephone)\b(?=\s*(?:$|[,.;]|pour|au sujet|a propos|hier|ce))",
        Channel.CALL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        rf"{_I}\brecu\s+(?:un|une|l')?\s*(?:appel|coup de fil|coup de telephone)\b",
        Channel.CALL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        rf"{_I}\brecu\s+(?:une?|la)?\s*(?:lettre|courrier)\b(?!\s+elec)",
        Channel.LETTER,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        rf"{_I}\brecu\s+(?:une?|le)?\s*(?:courriel|e-?mail|mail|mel)\b",
        Channel.EMAIL,
        past=True,
        flow=Flow.IN,
    ),
    cue(
        rf"{_I}\b(?:envoye|poste)\s+(?:une?|la)?\s*(?:lettre|courrier)\b{_TO}",
        Channel.LETTER,
        past=True,
        flow=Flow.OUT,
    ),
    cue(
        rf"{_I}\benvoye\s+(?:une?|le)?\s*(?:courriel|e-?mail|mail|mel)\b{_TO}",
        Channel.EMAIL,
        past=True,
        flow=Flow.OUT,
    ),
    cue(
        rf"{_I}\b(?:appelee?s?|telephone|rappelee?)(?<!le telephone){_TO}",
        Channel.CALL,
        past=True,
        flow=Flow.OUT,
    ),
    cue(rf"{_I}\bparle\s+(?:a|au|avec)\b", Channel.CALL, past=True, sure=False),
    cue(r"\bvisite(?=\s+(?:chez|de|du|a|au|sur|avec)\b)", Channel.VISIT),
    cue(r"(?<!ai )(?<!avons )\brencontre(?=\s+avec\b)", Channel.MEETING),
    cue(rf"{_I}\b(?:rencontree?s?|vu)\b", Channel.MEETING, past=True),
    cue(rf"{_I}\b(?:rendu visite|visitee?s?){_TO}", Channel.VISIT, past=True, flow=Flow.OUT),
    cue(rf"{_I}\becrit{_TO}", Channel.LETTER, past=True, flow=Flow.OUT, sure=False),
    cue(r"\b(?:appel|coup de fil)(?=\s+(?:de|du|d')(?:\s|\b))", Channel.CALL, flow=Flow.IN),
    cue(r"\b(?:appel|coup de fil)(?=\s+(?:a|au|avec)\b)", Channel.CALL, flow=Flow.OUT),
    cue(r"\b(?:reunion|rendez-vous|rdv|rencontre|entretien)\b", Channel.MEETING),
    cue(r"\bvisite\b", Channel.VISIT),
    cue(r"\b(?:lettre|courrier)(?=\s+(?:de|du|d'))", Channel.LETTER, flow=Flow.IN),
    cue(r"\b(?:lettre|courrier)(?=\s+(?:a|au)\b)", Channel.LETTER, flow=Flow.OUT),
    cue(r"\b(?:courriel|e-?mail|mail|mel)(?=\s+(?:de|du|d'))", Channel.EMAIL, flow=Flow.IN),
    cue(r"\b(?:courriel|e-?mail|mail|mel)(?=\s+(?:a|au)\b)", Channel.EMAIL, flow=Flow.OUT),
    cue(r"^\s*(?:r?appeler|telephoner)(?:\s+a)?\b", Channel.CALL, plan=True, flow=Flow.OUT),
    cue(r"^\s*(?:rencontrer|voir)\b", Channel.MEETING, plan=True),
    cue(r"^\s*(?:visiter|rendre visite\s+a)\b", Channel.VISIT, plan=True, flow=Flow.OUT),
    cue(r"^\s*ecrire(?:\s+a)?\b", Channel.LETTER, plan=True, flow=Flow.OUT, sure=False),
)

NAMES = NameWords(
    opener=re.compile(
        r"\b(?:avec|chez|(?P<into>de la part de|de|du)|(?P<out>a|au|aupres de))\s+(?=\w)|\b(?P<elided>d')(?=\w)"
    ),
    title=re.compile(rf"\b{_TITLES}(?=\s+\w)"),
    stop=re.compile(
        r"a|au|aux|et|ou|mais|que|qui|ce|cet|cette|sur|pour|dans|en|de|des|du|avec|par|chez|demain|hier|aujourd'hui|concernant"
        r"|il|elle|on|nous|ils|elles|le|la|les|l|un|une|mon|ma|mes|notre|nos|leur|leurs|dit|demande|confirme|est|etait|veut|propos"
        r"|sujet|d'.*|qu'.*|c'.*|l'.*"
    ),
    joiner=re.compile(r"\s*(?:,|&|et)\s+(?:(?:avec|a)\s+)?"),
)

_PRONOUNS = r"(?:(?:les?|la|lui|leur|vous|te|y|en)\s+|l'|s')*"
_NE = r"(?:(?P<not>ne)\s+|(?P<not2>n'))?"
PROMISES = Auxiliaries(
    cue=re.compile(
        rf"\b(?P<ours>on|nous|j[e']|moi,? je)\s*{_NE}{_PRONOUNS}"
        r"(?:(?P<verb>[a-z-]{2,}(?:ra|rons|rai)\b)|(?:va|allons|vais)\s+|(?:s'engagera|m'engage|nous engageons|(?<=s')engage)\s+a\s+|(?:ai|avons|a)\s+promis\s+(?:de\s+|d'))"
        rf"|\b(?P<theirs>ils|elles|il|elle)\s+{_NE.replace('not', 'nope')}{_PRONOUNS}"
        r"(?:(?P<verb2>[a-z-]{2,}(?:ront|ra)\b)|(?:vont|va)\s+|(?:s'engagent?|(?<=s')engagent?)\s+a\s+|(?:ont|a)\s+promis\s+(?:de\s+|d'))"
        rf"|(?P<subject>(?<!\w)[^\W\d_][\w.-]*(?: (?!(?:on|nous|je|ils?|elles?)\b)[^\W\d_][\w-]*)?)\s+{_PRONOUNS}(?:(?P<verb3>[a-z-]{{3,}}ra\b)|va\s+(?=[a-z]+r\b)|a\s+promis\s+(?:de\s+|d'))"
        r"|^\s*(?P<bare>promis)\s+(?:de\s+|d')"
    ),
    negation=re.compile(r"[\w'-]+\s+(?P<pas>pas|plus|jamais)\b"),
    stop=re.compile(r"[;\n]|[.!?](?:\s|$)|,\s*(?=(?:et\s+)?(?:appele|rencontre|visite|ecrit)\b)"),
    joiners=re.compile(r"(?:,|\b(?:et|mais))\s*$"),
    no_subject=frozenset(
        [
            "qui",
            "que",
            "ce",
            "cela",
            "ca",
            "il",
            "elle",
            "on",
            "nous",
            "et",
            "mais",
            "puis",
            "alors",
            "si",
            "bruit",
        ]
    ),
)


def find_promises(scene: Scene) -> list[FoundPromise]:
    return find_by_auxiliary(scene, PROMISES)


_SUBJECT = re.compile(
    rf"(?:^|[,;]\s*)\s*(?:{_TITLES}\s+)?(?P<name>[^\W\d_][\w'.-]*(?:\s+[^\W\d_][\w'.-]*)?)\s*$"
)


def find_names(scene: Scene) -> list[FoundName]:
    names = find_after_openers(scene, NAMES)
    channel = scene.channel
    if channel and channel.cue.past and channel.cue.flow is Flow.IN:
        match = _SUBJECT.search(scene.line.text, 0, channel.start)
        if match and scene.line.raw[match.start("name")].isupper() and scene.line.free(*match.span("name")):
            names.insert(0, FoundName(match.span("name"), match.span("name"), Flow.IN))
    return names


GRAMMAR = Grammar(
    code="fr",
    script=re.compile(r"[a-z]"),
    month_first=False,
    prefixes=(
        (re.compile(r"\s*(?:tache|a faire)\s*:\s*"), Kind.TASK),
        (re.compile(r"\s*(?:promesse|engagement)\s*:\s*"), Kind.PROMISE),
    ),
    moments=MOMENTS,
    edges=EDGES,
    channels=CHANNELS,
    topic=re.compile(
        r"\b(?P<lead>au sujet (?:des?|du|d'|de l')|a propos (?:des?|du|d'|de l')|concernant|sur|re\s*:|objet\s*:)\s*"
        r"(?P<topic>[^,;\n]+)"
    ),
    find_promises=find_promises,
    find_names=find_names,
)
