"""What may be typed about a contact itself: names, standing, tags, own fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.forms.choosing import Picked, levels, project_choices, read_kana, text_line, with_none
from enishi.contacts.forms.seen import SeenForm
from enishi.contacts.models import (
    Field,
    FieldValue,
    Party,
)
from enishi.contacts.queries import protected, record
from enishi.contacts.services import ContactError
from enishi.contacts.services.setup import read_value
from enishi.core import names, text
from enishi.core.choices import languages, time_zones
from enishi.core.fields import DayField

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
        self.fields["full_name"] = text_line(_("name as written"), 300)
        if person:
            self.fields["family_name"] = text_line(_("family name"), 150)
            self.fields["given_name"] = text_line(_("given name"), 150)
            self.fields["honorific"] = text_line(_("honorific"), 60)
            self.fields["address_form"] = forms.ChoiceField(
                label=_("address as"), required=False, choices=Party.Address.choices
            )
            self.fields["greeting"] = text_line(_("greeting"), 200)
            self.fields["greeting"].help_text = _("Only where it differs from the usual one.")
        for name in current:
            code, dash, part = name.partition("-")
            if dash:
                self.fields[name] = text_line(labels[part], 150 if part != "full" else 300)

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
        closed = {name for name in protected.BUILT_IN if not protected.may_change(actor, name, party)}
        if not party.is_person:
            closed.add("birth_date")
        current = {name: getattr(party, name) for name in self.base_fields if name not in {"seen", *closed}}
        offered = project_choices(actor)
        # Projects out of sight stay as they are.
        self.unseen = [pk for pk in party.project_ids if pk not in {pk for pk, _name in offered}]
        current["project_ids"] = sorted(pk for pk in party.project_ids if pk not in self.unseen)
        super().__init__(current, data, files)
        for name in closed:
            del self.fields[name]
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
    more = text_line(_("more tags"), 400)

    def __init__(self, actor: Actor, party: Party, data: Any = None, files: Any = None) -> None:
        here = [tag.path for tag in record.tags(party)]
        super().__init__({"tags": here}, data, files)
        sent = data.getlist("tags") if data is not None else []
        self.fields["tags"].choices = [(path, path) for path in dict.fromkeys([*here, *sent])]  # type: ignore[attr-defined]
        self.here = here

    def wanted(self) -> list[str]:
        """All tags that the party should have: what this user ticked and took off, on top of what others did."""
        words = text.between_commas(self.cleaned_data["more"])
        # What was typed to look for tags is one only when its line "Create" is ticked.
        typed = [word for word in words if word and word != self.data.get("searched")]
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
        self.own = {f"own-{field.code}": field for field in record.fields_for(actor, party)}
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
                    choices=with_none([("1", str(_("Yes"))), ("0", str(_("No")))]),
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
