"""Filters of the contact list: what one can filter by, and a tree of conditions compiled to one database condition.

Every field says what it can be compared with; higher apps add fields by ``provide("contacts.filter", code)``, whose
answer is a ``FilterField``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, ScopedQuerySet
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ContactPoint,
    Field,
    FieldValue,
    Party,
    PartyTag,
    Relation,
    RelationType,
    Tag,
)
from enishi.contacts.queries import positions as on_map
from enishi.contacts.queries import protected
from enishi.contacts.queries.columns import visible_end
from enishi.contacts.queries.tree import FilterError, Leaf, Node, as_json, parse
from enishi.core import clock, dates, positions, text
from enishi.core.registry import provider, providers
from enishi.search.models import Document
from enishi.search.queries import matching

BIGGEST_ID = 2**63 - 1

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class FilterField:
    """One thing to filter by. ``kind`` decides the control: choice, text, number, date, days, party or none."""

    code: str
    label: Any
    icon: str
    kind: str
    compare: Mapping[str, Any]
    build: Callable[[Actor, str, Any], Q]
    choices: Callable[[Actor], Choices] | None = None
    group: Any = ""
    words: Callable[[str], str] | None = None
    """How a value reads that is no words by itself."""
    reads: str = ""
    """What it compares, by its name in the history, where that can be protected (see ``queries.protected``)."""


IS = {"is": gettext_lazy("is"), "not": gettext_lazy("is not")}
HAS = {"is": gettext_lazy("has"), "not": gettext_lazy("has not")}
CONTAINS = {
    "has": gettext_lazy("contains"),
    "not": gettext_lazy("does not contain"),
    "empty": gettext_lazy("is empty"),
}
WHEN = {
    "within": gettext_lazy("in the last"),
    "older": gettext_lazy("longer ago than"),
    "before": gettext_lazy("before"),
    "after": gettext_lazy("after"),
    "empty": gettext_lazy("never"),
}
AMOUNT = {
    "eq": gettext_lazy("is"),
    "gte": gettext_lazy("at least"),
    "lte": gettext_lazy("at most"),
    "empty": gettext_lazy("is empty"),
}


def condition(actor: Actor, node: Node | Leaf) -> Q:
    """Compile a tree. An empty group limits nothing. Raises FilterError naming the condition that cannot be used."""
    if isinstance(node, Leaf):
        chosen = find_field(node.field)
        if chosen is None or node.cmp not in chosen.compare:
            raise FilterError(
                _("The condition “%(field)s” does not exist any more. Remove it.") % {"field": node.field}
            )
        try:
            return protected.seen_where(actor, chosen.reads) & chosen.build(actor, node.cmp, node.value)
        except (ValueError, TypeError, InvalidOperation) as error:
            raise FilterError(
                _("The value of “%(field)s” cannot be used: %(reason)s")
                % {"field": chosen.label, "reason": error or _("it is missing")}
            ) from None
    parts = [condition(actor, item) for item in node.items]
    if not parts:
        return Q()
    if node.op == "not":
        return ~_all(parts)
    if node.op == "and":
        return _all(parts)
    result = parts[0]
    for part in parts[1:]:
        result |= part
    return result


def _all(parts: Iterable[Q]) -> Q:
    result = Q()
    for part in parts:
        result &= part
    return result


def _values(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    chosen = [text.clean(str(item)) for item in items if item not in (None, "")]
    if not chosen:
        raise ValueError(_("choose something"))
    return chosen


def _id(item: str) -> int:
    number = int(item)
    if not 0 <= number <= BIGGEST_ID:
        raise ValueError(_("choose something"))
    return number


def _ids(value: Any) -> list[int]:
    return [_id(item) for item in _values(value)]


def _words(value: Any) -> str:
    return text.clean(str(_one(value) or "")).strip()


def _either(cmp: str, positive: Q) -> Q:
    return ~positive if cmp == "not" else positive


def _exists(queryset: Any, **link: Any) -> Q:
    return Q(Exists(queryset.filter(**(link or {"party": OuterRef("pk")}))))


def _column(name: str) -> Callable[[Actor, str, Any], Q]:
    def build(actor: Actor, cmp: str, value: Any) -> Q:
        return _either(cmp, Q(**{f"{name}__in": _values(value)}))

    return build


def _moment(name: str) -> Callable[[Actor, str, Any], Q]:
    def build(actor: Actor, cmp: str, value: Any) -> Q:
        if cmp == "empty":
            return Q(**{f"{name}__isnull": True})
        if cmp in {"within", "older"}:
            edge = clock.now() - dt.timedelta(days=_days(value))
            if cmp == "within":
                return Q(**{f"{name}__gte": edge})
            # "No contact for 60 days" means also those never reached.
            return Q(**{f"{name}__lt": edge}) | Q(**{f"{name}__isnull": True})
        day = dates.parse_date(_words(value))
        if cmp == "after":
            day += dt.timedelta(days=1)
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())
        return Q(**{f"{name}__{'lt' if cmp == 'before' else 'gte'}": midnight})

    return build


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _days(value: Any) -> int:
    days = int(_one(value))
    if not 0 <= days <= 36_500:
        raise ValueError(_("give a number of days"))
    return days


def _documents() -> ScopedQuerySet[Document]:
    kinds = ("person", "organisation", "group")
    return Document.objects.unscoped("the list that it limits is scoped").filter(kind__in=kinds)


def _found(actor: Actor, cmp: str, value: Any) -> Q:
    """Words in names, addresses, numbers and ids, by the search index."""
    documents = matching(_documents(), _words(value), actor=actor)
    if documents is None:
        raise ValueError(_("type at least one letter"))
    return _either(cmp, Q(pk__in=documents.values("subject_id")))


def _point(kind: str) -> Callable[[Actor, str, Any], Q]:
    def build(actor: Actor, cmp: str, value: Any) -> Q:
        points = ContactPoint.objects.filter(kind=kind)
        if cmp == "empty":
            return ~_exists(points)
        words = _words(value)
        if kind == ContactPoint.Kind.PHONE:
            # 090… at home is +8190… on the record.
            words = text.digits(words).lstrip("0")
        if not text.fold(words):
            raise ValueError(_("type at least one letter"))
        holds = _exists(points.filter(value__icontains=words))
        if cmp == "not":
            return ~holds
        # The search index finds the few candidates among whose addresses the words are then looked for.
        long_enough = [word for word in text.fold(words).split() if len(word) > 1]
        candidates = matching(_documents(), " ".join(long_enough)) if long_enough else None
        return holds if candidates is None else Q(pk__in=candidates.values("subject_id")) & holds

    return build


def _country(actor: Actor, cmp: str, value: Any) -> Q:
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.ADDRESS)
    return _either(cmp, _exists(points.filter(parts__country__in=[code.upper() for code in _values(value)])))


def _area(actor: Actor, cmp: str, value: Any) -> Q:
    """Who has an address inside an area that was drawn on the map."""
    return _either(cmp, on_map.having(on_map.within(positions.read_area(_words(value)))))


def _area_words(value: str) -> str:
    try:
        return positions.read_area(value).words
    except positions.PositionError:
        return _("not known")


def _town(actor: Actor, cmp: str, value: Any) -> Q:
    return _either(cmp, on_map.having(on_map.of_town([_words(value)])))


def _placed(actor: Actor, cmp: str, value: Any) -> Q:
    return _either(cmp, on_map.having(on_map.placed()))


def _tag(actor: Actor, cmp: str, value: Any) -> Q:
    """A tag counts with everything below it."""
    wanted = Q(pk__in=[])
    for path in Tag.objects.filter(pk__in=_ids(value)).values_list("path", flat=True):
        wanted |= Q(path=path) | Q(path__startswith=f"{path} / ")
    tags = list(Tag.objects.filter(wanted).values_list("pk", flat=True))
    return _either(cmp, _exists(PartyTag.objects.filter(tag__in=tags)))


def _project(actor: Actor, cmp: str, value: Any) -> Q:
    return _either(cmp, Q(project_ids__overlap=_ids(value)))


def _owner(actor: Actor, cmp: str, value: Any) -> Q:
    if cmp == "empty":
        return Q(owner__isnull=True)
    ids = [actor.user_id if item == "me" else _id(item) for item in _values(value)]
    return _either(cmp, Q(owner__in=[pk for pk in ids if pk is not None]))


def _ties(actor: Actor, end: str) -> QuerySet[Relation]:
    """Relations that hold and whose other ``end`` the actor may see: a tie to a hidden party leaves no trace."""
    return Relation.objects.filter(visible_end(actor, end), valid_until__isnull=True)


def _relation(actor: Actor, cmp: str, value: Any) -> Q:
    """``works-for`` reads from the source, ``~works-for`` (employs) from the target."""
    found = Q()
    for code in _values(value):
        here, there = ("target", "source") if code.startswith("~") else ("source", "target")
        found |= _exists(_ties(actor, there).filter(type__code=code.lstrip("~")), **{here: OuterRef("pk")})
    return _either(cmp, found)


def _related_to(actor: Actor, cmp: str, value: Any) -> Q:
    ids = _ids(value)
    return _either(
        cmp,
        _exists(_ties(actor, "target").filter(target__in=ids), source=OuterRef("pk"))
        | _exists(_ties(actor, "source").filter(source__in=ids), target=OuterRef("pk")),
    )


def _consent(actor: Actor, cmp: str, value: Any) -> Q:
    """``3:given``: the latest statement about purpose 3 says given, and still holds; ``3:ended``: no longer; ``3:none``: there is none."""
    found = Q()
    for choice in _values(value):
        purpose, _colon, state = choice.partition(":")
        about = Consent.objects.filter(purpose=_id(purpose)).order_by("-stated_on", "-id")
        theirs = about.filter(party=OuterRef("pk"))
        if state == "none":
            found |= ~Q(Exists(theirs))
        else:
            holds = Consent.holds_on(clock.today())
            said = {"given": holds, "ended": Q(state="given") & ~holds}.get(state, Q(state=state))
            latest = about.filter(party=OuterRef("party")).values("pk")[:1]
            found |= Q(Exists(theirs.filter(said, pk=latest)))
    return _either(cmp, found)


def _labels(choices: type[TextChoices]) -> Choices:
    return [(str(value), str(label)) for value, label in choices.choices]


def _languages(actor: Actor) -> Choices:
    from enishi.accounts.models import LANGUAGES

    return list(LANGUAGES)


def _projects(actor: Actor) -> Choices:
    return [(str(project.pk), project.name) for project in accounts.projects(actor)]


def _owners(actor: Actor) -> Choices:
    return [("me", _("Me")), *((str(user.pk), str(user)) for user in accounts.users())]


def _tags(actor: Actor) -> Choices:
    scope = actor.scope("contacts.view").some
    tags = Tag.objects.filter(archived_at__isnull=True)
    if scope.everywhere is None:
        tags = tags.filter(Q(project__isnull=True) | Q(project__in=list(scope.projects)))
    return [(str(tag.pk), tag.path) for tag in tags]


def _relations(actor: Actor) -> Choices:
    types = list(RelationType.objects.all())
    return [(kind.code, _(kind.name)) for kind in types] + [
        (f"~{kind.code}", _(kind.inverse_name)) for kind in types
    ]


def _consents(actor: Actor) -> Choices:
    states: list[tuple[str, Any]] = [
        *Consent.State.choices,
        ("ended", _("Ran out")),
        ("none", _("Nothing stated")),
    ]
    return [
        (f"{purpose.pk}:{state}", f"{_(purpose.name)}: {label}")
        for purpose in ConsentPurpose.objects.filter(archived_at__isnull=True)
        for state, label in states
    ]


BUILT_IN = {
    f.code: f
    for f in (
        FilterField("text", gettext_lazy("Name or number"), "search", "text", {"has": CONTAINS["has"], "not": CONTAINS["not"]}, _found),
        FilterField("kind", gettext_lazy("Kind"), "users", "choice", IS, _column("kind"), lambda actor: _labels(Party.Kind)),
        FilterField("status", gettext_lazy("Status"), "user-check", "choice", IS, _column("status"), lambda actor: _labels(Party.Status)),
        FilterField("project", gettext_lazy("Project"), "topology-star-3", "choice", IS, _project, _projects),
        FilterField("tag", gettext_lazy("Tag"), "tag", "choice", HAS, _tag, _tags),
        FilterField("owner", gettext_lazy("Looked after by"), "user", "choice", {**IS, "empty": gettext_lazy("is nobody")}, _owner, _owners),
        FilterField("language", gettext_lazy("Language"), "language", "choice", IS, _column("language"), _languages),
        FilterField("last_contact", gettext_lazy("Last contact"), "clock", "days", WHEN, _moment("last_contact_at")),
        FilterField("created", gettext_lazy("Created"), "calendar-plus", "days", WHEN, _moment("created_at")),
        FilterField("changed", gettext_lazy("Changed"), "calendar-time", "days", WHEN, _moment("updated_at")),
        FilterField("relation", gettext_lazy("Relation"), "affiliate", "choice", HAS, _relation, _relations),
        FilterField("related_to", gettext_lazy("Related to"), "building", "party", IS, _related_to),
        FilterField("email", gettext_lazy("E-mail"), "mail", "text", CONTAINS, _point("email"), reads="email"),
        FilterField("phone", gettext_lazy("Phone"), "phone", "text", CONTAINS, _point("phone"), reads="phone"),
        FilterField("address", gettext_lazy("Address"), "map-pin", "text", CONTAINS, _point("address"), reads="address"),
        FilterField("country", gettext_lazy("Country"), "world", "text", {"is": IS["is"], "not": IS["not"]}, _country, reads="address"),
        FilterField("town", gettext_lazy("Town"), "building-community", "text", IS, _town, reads="address"),
        FilterField("area", gettext_lazy("Area"), "polygon", "area", {"is": gettext_lazy("inside"), "not": gettext_lazy("outside")}, _area, words=_area_words, reads="address"),
        FilterField("placed", gettext_lazy("Place"), "map", "none", {"is": gettext_lazy("is on the map"), "not": gettext_lazy("is not on the map")}, _placed, reads="address"),
        FilterField("consent", gettext_lazy("Consent"), "shield-check", "choice", HAS, _consent, _consents),
    )
}  # fmt: skip


def custom_field(definition: Field) -> FilterField:
    """How one custom field is filtered: by the indexed column of its type, among contacts whose field is seen."""
    kind = Field.Kind(definition.kind)
    code = f"{protected.OWN}{definition.code}"
    values = FieldValue.objects.filter(field=definition)

    def build(actor: Actor, cmp: str, value: Any) -> Q:
        if cmp == "empty":
            return ~_exists(values)
        if kind in {Field.Kind.NUMBER, Field.Kind.MONEY}:
            amount = Decimal(text.ascii_digits(_words(value)).replace(",", "."))
            if not amount.is_finite():
                raise ValueError(_("give a number"))
            suffix = {"eq": "", "gte": "__gte", "lte": "__lte"}[cmp]
            return _exists(values.filter(**{f"number{suffix}": amount}))
        if kind == Field.Kind.DATE:
            day = dates.parse_date(_words(value))
            return _exists(values.filter(**{"date__lt" if cmp == "before" else "date__gt": day}))
        if kind == Field.Kind.FLAG:
            return _either(cmp, _exists(values.filter(flag=True)))
        if kind == Field.Kind.PERSON:
            chosen = values.filter(visible_end(actor, "person"), person__in=_ids(value))
            return _either(cmp, _exists(chosen))
        if kind in {Field.Kind.CHOICE, Field.Kind.CHOICES}:
            return _either(cmp, _exists(values.filter(folded__in=_values(value))))
        return _either(cmp, _exists(values.filter(folded__contains=text.fold(_words(value)))))

    shapes: dict[Field.Kind, tuple[str, Mapping[str, Any]]] = {
        Field.Kind.NUMBER: ("number", AMOUNT),
        Field.Kind.MONEY: ("number", AMOUNT),
        Field.Kind.DATE: ("date", {name: WHEN[name] for name in ("before", "after", "empty")}),
        Field.Kind.FLAG: ("none", {"is": gettext_lazy("is yes"), "not": gettext_lazy("is not yes")}),
        Field.Kind.PERSON: ("party", {**IS, "empty": CONTAINS["empty"]}),
        Field.Kind.CHOICE: ("choice", {**IS, "empty": CONTAINS["empty"]}),
        Field.Kind.CHOICES: ("choice", {**HAS, "empty": CONTAINS["empty"]}),
        Field.Kind.FILE: ("none", {"empty": CONTAINS["empty"]}),
    }
    shape, compare = shapes.get(kind, ("text", CONTAINS))
    options = [(str(o["value"]), str(o["label"])) for o in definition.options] if definition.options else None
    return FilterField(
        code=code,
        label=definition.label,
        icon="forms",
        kind=shape,
        compare=compare,
        build=build,
        choices=(lambda actor: options) if options is not None else None,
        group=gettext_lazy("Own fields"),
        reads=code,
    )


def find_field(code: str) -> FilterField | None:
    if code in BUILT_IN:
        return BUILT_IN[code]
    if code.startswith("field:"):
        definition = Field.objects.filter(code=code.removeprefix("field:"), archived_at__isnull=True).first()
        return custom_field(definition) if definition else None
    added = provider("contacts.filter", code)
    return added() if added else None


def all_fields(actor: Actor) -> list[FilterField]:
    """Everything one can filter by: built in, added by other apps, own fields, as far as the reader may see them."""
    added = [make() for make in providers("contacts.filter").values()]
    own = [custom_field(definition) for definition in Field.objects.filter(archived_at__isnull=True)]
    return [field for field in (*BUILT_IN.values(), *added, *own) if protected.offered(actor, field.reads)]


__all__ = [
    "FilterError",
    "FilterField",
    "Leaf",
    "Node",
    "all_fields",
    "as_json",
    "condition",
    "find_field",
    "parse",
]
