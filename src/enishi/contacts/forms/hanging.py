"""What may be typed about what hangs on a contact: ways to reach it, relations, consents, outside ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.forms.choosing import Picked, text_line
from enishi.contacts.forms.seen import SeenForm
from enishi.contacts.models import (
    Consent,
    ConsentPurpose,
    ConsentText,
    ContactPoint,
    Party,
)
from enishi.contacts.queries import setup, ties
from enishi.contacts.services import ContactError
from enishi.core import clock
from enishi.core.choices import countries
from enishi.core.fields import DayField

ADDRESS_PARTS = {
    "street": _("street and number"),
    "building": _("building, floor"),
    "postcode": _("postcode"),
    "city": _("city"),
    "region": _("region"),
}


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
    note = text_line(_("remark"), 200)

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
                self.fields[part] = text_line(label, 200)
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
            self.add_error("street", _("Give at least a street or a city."))


class TieForm(SeenForm):
    """A relation seen from one party: how it reads from there, to whom, and when."""

    words = forms.ChoiceField(label=_("relation"))
    party = forms.CharField(max_length=320)
    title = text_line(_("function"), 200)
    department = text_line(_("department"), 200)
    valid_from = DayField(label=_("from"), required=False)
    valid_until = DayField(label=_("until"), required=False)
    seen_on = DayField(label=_("seen on"), required=False)
    evidence = text_line(_("known from"), 200)

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
            raise forms.ValidationError(_("Choose somebody from the list, or let them be created."))
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
    evidence = text_line(_("evidence"), 300)
    stated_on = DayField(label=_("stated on"))
    valid_until = DayField(
        label=_("valid until"),
        required=False,
        help_text=_("The last day. After it, it counts as not given."),
    )

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
            self.add_error("wording", _("This wording belongs to another purpose."))


class IdForm(forms.Form):
    """What another system calls this party."""

    system = forms.CharField(
        label=_("system"), max_length=60, widget=forms.TextInput(attrs={"data-focus": True})
    )
    value = forms.CharField(
        label=_("id there"), max_length=200, required=False, widget=forms.TextInput(attrs={"dir": "ltr"})
    )
