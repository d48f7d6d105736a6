"""What people may type about one contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.contacts.forms.seen import SeenForm
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ContactPoint,
    Field,
    FieldValue,
    Party,
)
from enishi.contacts.queries import party_or_none, record, setup, ties
from enishi.contacts.services import ContactError
from enishi.contacts.services.setup import read_value
from enishi.core import clock, names, normalise
from enishi.core.choices import countries, languages, time_zones
from enishi.core.fields import DayField

ADDRESS_PARTS = {
    "street": _("street and number"),
    "building": _("building, floor"),
    "postcode": _("postcode"),
    "city": _("city"),
    "region": _("region"),
}
SCRIPTS = {
    "Latn": _("Latin letters"),
    "Jpan": _("Kanji and kana"),
    "Kana": _("Reading in kana"),
    "Arab": _("Arabic letters"),
    "Cyrl": _("Cyrillic letters"),
    "Hang": _("Hangul"),
    "Hans": _("Chinese characters"),
}
_ALWAYS_OFFERED = ("Latn", "Jpan", "Kana", "Arab")


def _text(label: Any, length: int, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, max_length=length, required=False, widget=widget)


def with_none(choices: Iterable[tuple[str, str]], words: Any = "") -> list[tuple[str, Any]]:
    return [("", words), *choices]


def levels(actor: Actor, project_ids: Iterable[int] | None = None) -> list[tuple[int, Any]]:
    """The levels that the actor may give: none above what they may read themselves."""
    ids = list(project_ids) if project_ids is not None else list(actor.scope("contacts.edit").projects)
    reach = actor.clearance(Party.view_right, ids)
    everywhere = actor.scope(Party.view_right).everywhere
    most = max(reach, everywhere if everywhere is not None else -1)
    return [(value, label) for value, label in Level.choices if value <= most]


def project_choices(actor: Actor) -> list[tuple[int, str]]:
    tree = accounts.project_tree(accounts.projects(actor, "contacts.edit"))
    return [(project.pk, "\u2007" * 2 * depth + project.name) for depth, project in tree]


def read_kana(form: forms.Form, name: str, typed: str) -> str:
    """A reading in kana of ordinary width; what is no kana is refused at its field."""
    if not typed:
        return ""
    try:
        return normalise.kana(typed).value
    except normalise.Unusable as error:
        form.add_error(name, refusal(error))
        return typed


def refusal(error: normalise.Unusable) -> forms.ValidationError:
    return forms.ValidationError(str(error), params={"repair": error.repair} if error.repair else None)


class NewContactForm(forms.Form):
    """A new contact: what is known in the first minute."""

    name = forms.CharField(
        label=_("name"),
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "autofocus": True}),
    )
    family_name = _text(_("family name"), 150)
    given_name = _text(_("given name"), 150)
    reading = _text(_("reading in kana"), 150)
    kind = forms.ChoiceField(
        label=_("kind"),
        required=False,
        choices=[c for c in Party.Kind.choices if c[0] in {"group", "community"}],
    )
    email = forms.CharField(
        label=_("e-mail"),
        max_length=320,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email", "dir": "ltr", "autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=_("phone"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    organisation = forms.CharField(required=False, max_length=320)
    title = _text(_("function"), 200)
    language = forms.ChoiceField(label=_("language"), required=False)
    projects = forms.TypedMultipleChoiceField(
        label=_("projects"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    confidentiality = forms.TypedChoiceField(label=_("confidentiality"), coerce=int, initial=Level.INTERNAL)

    def __init__(self, actor: Actor, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["projects"].choices = project_choices(actor)  # type: ignore[attr-defined]
        self.fields["confidentiality"].choices = levels(actor)  # type: ignore[attr-defined]
        self.fields["language"].choices = with_none(languages())  # type: ignore[attr-defined]
        unused = {"family_name", "given_name", "reading", "title"} if kind != Party.Kind.PERSON else {"kind"}
        for name in unused | ({"kind"} if kind == Party.Kind.ORGANISATION else set()):
            del self.fields[name]
        self.picked = Picked.read(actor, self["organisation"].value() or "")

    def clean(self) -> None:
        if self.cleaned_data.get("organisation") and not self.picked:
            self.add_error("organisation", _now("Choose one from the list, or let it be created."))
        if self.cleaned_data.get("reading"):
            self.cleaned_data["reading"] = read_kana(self, "reading", self.cleaned_data["reading"])


class Picked:
    """What the type-ahead sends: the id of a party one may see, or ``new:`` with a name."""

    def __init__(self, party: Party | None, name: str) -> None:
        self.party, self.name = party, name

    @classmethod
    def read(cls, actor: Actor, sent: str) -> Picked:
        if sent.startswith("new:"):
            return cls(None, sent.removeprefix("new:").strip()[:300])
        party = party_or_none(actor, int(sent)) if sent.isdecimal() and len(sent) < 19 else None
        return cls(party, party.full_name if party else "")

    def __bool__(self) -> bool:
        return bool(self.name)

    @property
    def value(self) -> str:
        return str(self.party.pk) if self.party else f"new:{self.name}" if self.name else ""

    @property
    def answer(self) -> Party | str | None:
        return self.party or self.name or None


class NameForm(SeenForm):
    """The names of a party in every script, and how to address a person."""

    def __init__(self, actor: Actor, party: Party, data: Any = None, files: Any = None) -> None:
        self.party = party
        person = party.is_person
        self.scripts = [
            code
            for code in SCRIPTS
            if code in party.names or (code in _ALWAYS_OFFERED and code != party.script)
        ]
        parts = ("family", "given") if person else ("full",)
        current: dict[str, Any] = {"full_name": party.full_name}
        if person:
            current |= {
                name: getattr(party, name) for name in ("family_name", "given_name", "honorific", "greeting")
            }
            current["address_form"] = party.address_form
        for code in self.scripts:
            told = party.names.get(code, {})
            for part in [*parts, *(("full",) if person and told.get("full") else ())]:
                current[f"{code}-{part}"] = told.get(part, "")
        super().__init__(current, data, files)
        labels = {"family": _("family name"), "given": _("given name"), "full": _("as a whole")}
        self.fields["full_name"] = _text(_("name as written"), 300)
        if person:
            self.fields["family_name"] = _text(_("family name"), 150)
            self.fields["given_name"] = _text(_("given name"), 150)
            self.fields["honorific"] = _text(_("honorific"), 60)
            self.fields["address_form"] = forms.ChoiceField(
                label=_("address as"), required=False, choices=Party.Address.choices
            )
            self.fields["greeting"] = _text(_("greeting"), 200)
            self.fields["greeting"].help_text = _("Only where it differs from the usual one.")
        for name in current:
            code, dash, part = name.partition("-")
            if dash:
                self.fields[name] = _text(labels[part], 150 if part != "full" else 300)

    def clean(self) -> None:
        for name in [name for name in self.cleaned_data if name.startswith("Kana-")]:
            self.cleaned_data[name] = read_kana(self, name, self.cleaned_data[name])

    @property
    def by_script(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [
            (SCRIPTS[code], [self[name] for name in self.current if name.startswith(f"{code}-")])
            for code in self.scripts
        ]

    def changes(self) -> dict[str, Any]:
        """The party's columns that this form would change."""
        changed = self.changed_values()
        wanted = {name: value for name, value in changed.items() if "-" not in name}
        parts = {"family_name", "given_name"} & set(wanted)
        if wanted.get("full_name") and self.party.is_person and not parts:
            # Written anew as a whole: the old parts would contradict it.
            split = names.split(wanted["full_name"], self.party.language)
            wanted |= {"family_name": split.family, "given_name": split.given}
        if any("-" in name for name in changed):
            written = {code: dict(told) for code, told in self.party.names.items()}
            for name, value in changed.items():
                code, dash, part = name.partition("-")
                if dash:
                    written.setdefault(code, {})[part] = value
            wanted["names"] = {
                code: kept for code, told in written.items() if (kept := {k: v for k, v in told.items() if v})
            }
        return wanted


class AboutForm(SeenForm):
    """Language, place in the organisation's work, and who may read."""

    language = forms.ChoiceField(label=_("language"), required=False)
    time_zone = forms.ChoiceField(label=_("time zone"), required=False)
    birth_date = DayField(label=_("date of birth"), required=False)
    status = forms.ChoiceField(label=_("status"), choices=Party.Status.choices)
    owner_id = forms.TypedChoiceField(
        label=_("looked after by"), required=False, coerce=int, empty_value=None
    )
    project_ids = forms.TypedMultipleChoiceField(
        label=_("projects"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    confidentiality = forms.TypedChoiceField(label=_("confidentiality"), coerce=int)
    note = forms.CharField(
        label=_("note"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "data-grow": True}),
    )

    def __init__(self, actor: Actor, party: Party, data: Any = None, files: Any = None) -> None:
        current = {name: getattr(party, name) for name in self.base_fields if name != "seen"}
        offered = project_choices(actor)
        # Projects out of sight stay as they are.
        self.unseen = [pk for pk in party.project_ids if pk not in {pk for pk, _name in offered}]
        current["project_ids"] = sorted(pk for pk in party.project_ids if pk not in self.unseen)
        super().__init__(current, data, files)
        choices: dict[str, list[tuple[Any, Any]]] = {
            "language": with_none(self._with_own(languages(), party.language)),
            "time_zone": with_none(self._with_own(time_zones(), party.time_zone)),
            "owner_id": with_none([(str(user.pk), str(user)) for user in accounts.users()], _("nobody")),
            "project_ids": list(offered),
            "confidentiality": levels(actor, party.project_ids),
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]
        self.fields["project_ids"].required = not self.unseen
        if not party.is_person:
            del self.fields["birth_date"], self.current["birth_date"]
            self.fields["status"].choices = [  # type: ignore[attr-defined]
                choice for choice in Party.Status.choices if choice[0] != Party.Status.DECEASED
            ]

    @staticmethod
    def _with_own(listed: list[tuple[str, str]], own: str) -> list[tuple[str, str]]:
        return listed if not own or any(code == own for code, _name in listed) else [*listed, (own, own)]

    def clean_project_ids(self) -> list[int]:
        return sorted(self.cleaned_data["project_ids"])

    def changes(self) -> dict[str, Any]:
        wanted = self.changed_values()
        if "project_ids" in wanted:
            wanted["project_ids"] = sorted({*wanted["project_ids"], *self.unseen})
        return wanted


class TagsForm(SeenForm):
    """The tags of a party: those that are ticked, and new ones by name."""

    tags = forms.MultipleChoiceField(label=_("tags"), required=False, widget=forms.CheckboxSelectMultiple)
    more = _text(_("more tags"), 400)

    def __init__(self, actor: Actor, party: Party, data: Any = None, files: Any = None) -> None:
        here = [tag.path for tag in record.tags(party)]
        super().__init__({"tags": here}, data, files)
        sent = data.getlist("tags") if data is not None else []
        self.fields["tags"].choices = [(path, path) for path in dict.fromkeys([*here, *sent])]  # type: ignore[attr-defined]
        self.here = here

    def wanted(self) -> list[str]:
        """All tags that the party should have: what this user ticked and took off, on top of what others did."""
        typed = [
            word.strip() for word in self.cleaned_data["more"].replace("、", ",").split(",") if word.strip()
        ]
        seen = self._seen().get("tags")
        before = set(seen if isinstance(seen, list) else self.here)
        ticked = set(self.cleaned_data["tags"])
        kept = [path for path in self.here if path in ticked or path not in before]
        return list(
            dict.fromkeys(
                [*kept, *(path for path in self.cleaned_data["tags"] if path not in before), *typed]
            )
        )


def _answers(field: Field, stored: list[FieldValue]) -> Any:
    plain = record.Value(field, stored).plain
    return plain if field.kind == Field.Kind.CHOICES else (plain[0] if plain else None)


class FieldsForm(SeenForm):
    """The own fields of a party, by their kinds."""

    def __init__(self, actor: Actor, party: Party, data: Any = None, files: Any = None) -> None:
        self.own = {f"own-{field.code}": field for field in record.fields_for(party)}
        stored = record.field_values(party)
        current = {name: _answers(field, stored.get(field.pk, [])) for name, field in self.own.items()}
        super().__init__(current, data, files)
        self.picked: dict[str, Picked] = {}
        self.files_here = record.file_links(
            actor, [v for name in self.own for v in stored.get(self.own[name].pk, [])]
        )
        for name, field in self.own.items():
            self.fields[name] = self._field(field)
            self.fields[name].label, self.fields[name].help_text = field.label, field.help_text
            if field.kind == Field.Kind.PERSON:
                sent = data.get(name, "") if data is not None else str(current[name] or "")
                self.picked[name] = Picked.read(actor, sent)

    def _field(self, field: Field) -> forms.Field:
        choices = [(str(option["value"]), str(option["label"])) for option in field.options]
        match field.kind:
            case Field.Kind.CHOICE:
                return forms.ChoiceField(required=False, choices=with_none(choices))
            case Field.Kind.CHOICES:
                return forms.MultipleChoiceField(
                    required=False, choices=choices, widget=forms.CheckboxSelectMultiple
                )
            case Field.Kind.FLAG:
                return forms.TypedChoiceField(
                    required=False,
                    choices=with_none([("1", _now("Yes")), ("0", _now("No"))]),
                    coerce=lambda sent: sent in {"1", "True", True},
                    empty_value=None,
                )
            case Field.Kind.DATE:
                return DayField(required=False)
            case Field.Kind.FILE:
                return forms.FileField(required=False, max_length=300)
            case Field.Kind.TEXT:
                widget = forms.Textarea(attrs={"rows": 1, "dir": "auto", "data-grow": True})
                return forms.CharField(required=False, max_length=10_000, widget=widget)
        return forms.CharField(
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        )

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        value = super().get_initial_for_field(field, field_name)
        own = self.own.get(field_name)
        return ("1" if value else "0") if own and own.kind == Field.Kind.FLAG and value is not None else value

    def clean(self) -> None:
        """Read every answer as the service will, so that what is wrong stands at its field."""
        for name, field in self.own.items():
            if name not in self.cleaned_data or field.kind == Field.Kind.FILE:
                continue
            try:
                made = read_value(field, self.cleaned_data[name])
            except ContactError as error:
                self.add_error(name, str(error))
                continue
            self.cleaned_data[name] = _answers(field, made)

    def changed_values(self) -> dict[str, Any]:
        for name, field in self.own.items():
            # An empty file field leaves the file; taking it away has its own box.
            if field.kind == Field.Kind.FILE and not hasattr(self.cleaned_data.get(name), "read"):
                self.cleaned_data[name] = None if self.data.get(f"{name}-clear") else self.current[name]
        return super().changed_values()

    def refuse(self, error: ContactError) -> None:
        code = error.field.removeprefix("field:")
        super().refuse(ContactError(str(error), f"own-{code}"))

    def in_words(self, name: str, value: Any) -> str:
        if name in self.picked and isinstance(value, int):
            return self.picked[name].name or str(value)
        return super().in_words(name, value)

    def _file(self, name: str) -> tuple[str, str] | None:
        stored = self.current[name]
        return self.files_here.get(stored) if isinstance(stored, int) else None

    @property
    def rows(self) -> list[tuple[Field, forms.BoundField, Picked | None, tuple[str, str] | None]]:
        return [
            (field, self[name], self.picked.get(name), self._file(name)) for name, field in self.own.items()
        ]


class PointForm(SeenForm):
    """One way to reach a party. Of an address the parts are asked for, in the order of its country."""

    typed = forms.CharField(
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "data-focus": True}),
    )
    label = forms.ChoiceField(label=_("use"), choices=ContactPoint.Label.choices)
    status = forms.ChoiceField(label=_("state"), choices=ContactPoint.Status.choices)
    is_primary = forms.BooleanField(label=_("first choice"), required=False)
    valid_from = DayField(label=_("from"), required=False)
    valid_until = DayField(label=_("until"), required=False)
    note = _text(_("remark"), 200)

    def __init__(
        self, kind: str, point: ContactPoint | None, country: str, data: Any = None, files: Any = None
    ) -> None:
        self.kind, self.country = kind, country
        told = point or ContactPoint(kind=kind, label=self._usual(kind))
        current: dict[str, Any] = {
            name: getattr(told, name)
            for name in ("label", "status", "is_primary", "valid_from", "valid_until", "note")
        }
        if kind == ContactPoint.Kind.ADDRESS:
            current |= {part: told.parts.get(part, "") for part in ADDRESS_PARTS}
            current["country"] = told.parts.get("country") or country
        else:
            current["typed"] = told.typed or told.value
        super().__init__(current, data, files)
        if kind == ContactPoint.Kind.ADDRESS:
            del self.fields["typed"]
            for part, label in ADDRESS_PARTS.items():
                self.fields[part] = _text(label, 200)
            self.fields["country"] = forms.ChoiceField(label=_("country"), choices=countries())
        else:
            self.fields["typed"].label = ContactPoint.Kind(kind).label

    @staticmethod
    def _usual(kind: str) -> str:
        return ContactPoint.Label.MOBILE if kind == ContactPoint.Kind.PHONE else ContactPoint.Label.WORK

    @property
    def here(self) -> str:
        return str(self["country"].value() or self.country) if "country" in self.fields else self.country

    def refuse(self, error: ContactError) -> None:
        field = "postcode" if error.field == ContactPoint.Kind.ADDRESS else "typed"
        super().refuse(ContactError(str(error), field if error.field == self.kind else error.field))

    def clean(self) -> None:
        if self.kind == ContactPoint.Kind.ADDRESS and not any(
            self.cleaned_data.get(part) for part in ADDRESS_PARTS
        ):
            self.add_error("street", _now("Give at least a street or a city."))


class TieForm(SeenForm):
    """A relation seen from one party: how it reads from there, to whom, and when."""

    words = forms.ChoiceField(label=_("relation"))
    party = forms.CharField(max_length=320)
    title = _text(_("function"), 200)
    department = _text(_("department"), 200)
    valid_from = DayField(label=_("from"), required=False)
    valid_until = DayField(label=_("until"), required=False)
    seen_on = DayField(label=_("seen on"), required=False)
    evidence = _text(_("known from"), 200)

    def __init__(
        self,
        actor: Actor,
        party: Party,
        tie: ties.Tie | None,
        data: Any = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        current: dict[str, Any] = dict.fromkeys(("title", "department", "evidence"), "")
        current |= dict.fromkeys(("valid_from", "valid_until", "seen_on"))
        current |= {"words": "", "party": "", **(initial or {})}
        if tie is not None:
            current |= {
                name: getattr(tie.relation, name) for name in current if name not in {"words", "party"}
            }
            current["words"] = f"{tie.relation.type_id}:{'out' if tie.outgoing else 'in'}"
            current["party"] = str(tie.party.pk)
        super().__init__(current, data)
        self.types = {kind.pk: kind for kind in ties.relation_types()}
        self.fields["words"].choices = self._readings()  # type: ignore[attr-defined]
        self.fields["evidence"].help_text = _("For example: business card, register, said on the phone.")
        self.picked = Picked.read(actor, str(self["party"].value() or ""))

    def _readings(self) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for kind in self.types.values():
            found[f"{kind.pk}:out"] = ties.words(kind, outgoing=True)
            if kind.name != kind.inverse_name:
                found[f"{kind.pk}:in"] = ties.words(kind, outgoing=False)
        return list(found.items())

    def clean_party(self) -> str:
        if not self.picked:
            raise forms.ValidationError(_now("Choose somebody from the list, or let them be created."))
        return str(self.cleaned_data["party"])

    def refuse(self, error: ContactError) -> None:
        super().refuse(ContactError(str(error), "party" if error.field == "target" else error.field))


class ConsentForm(forms.Form):
    """What a person stated about one purpose."""

    purpose: forms.ModelChoiceField[ConsentPurpose] = forms.ModelChoiceField(
        label=_("purpose"), queryset=None, empty_label=None
    )
    state = forms.ChoiceField(label=_("state"), choices=Consent.State.choices, widget=forms.RadioSelect)
    basis = forms.ChoiceField(label=_("legal basis"), choices=Consent.Basis.choices)
    wording: forms.ModelChoiceField[ConsentText] = forms.ModelChoiceField(
        label=_("wording"), queryset=None, required=False, empty_label=_("not known")
    )
    evidence = _text(_("evidence"), 300)
    stated_on = DayField(label=_("stated on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].queryset = setup.purposes(archived=False)  # type: ignore[attr-defined]
        self.fields["wording"].queryset = setup.wordings(archived=False)  # type: ignore[attr-defined]
        self.fields["purpose"].label_from_instance = setup.purpose_name  # type: ignore[attr-defined]
        self.fields["wording"].label_from_instance = setup.wording_name  # type: ignore[attr-defined]
        self.fields["evidence"].help_text = _("For example: form of 4 April, said in the call of 6 November.")
        self.initial.setdefault("stated_on", clock.today())
        self.initial.setdefault("state", Consent.State.GIVEN)

    def clean(self) -> None:
        purpose, wording = self.cleaned_data.get("purpose"), self.cleaned_data.get("wording")
        if purpose and wording and wording.purpose_id != purpose.pk:
            self.add_error("wording", _now("This wording belongs to another purpose."))


class IdForm(forms.Form):
    """What another system calls this party."""

    system = forms.CharField(
        label=_("system"), max_length=60, widget=forms.TextInput(attrs={"data-focus": True})
    )
    value = forms.CharField(
        label=_("id there"), max_length=200, required=False, widget=forms.TextInput(attrs={"dir": "ltr"})
    )
