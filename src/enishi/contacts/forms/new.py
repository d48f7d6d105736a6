"""What is asked of a new contact."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor, Level
from enishi.contacts.forms.choosing import Picked, levels, project_choices, read_kana, text_line, with_none
from enishi.contacts.models import Party
from enishi.contacts.queries.protected import offered
from enishi.core.choices import languages


class NewContactForm(forms.Form):
    """A new contact: what is known in the first minute."""

    name = forms.CharField(
        label=_("name"),
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "autofocus": True}),
    )
    family_name = text_line(_("family name"), 150)
    given_name = text_line(_("given name"), 150)
    reading = text_line(_("reading in kana"), 150)
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
    title = text_line(_("function"), 200)
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
        closed = {name for name in ("email", "phone") if not offered(actor, name, change=True)}
        unused = {"family_name", "given_name", "reading", "title"} if kind != Party.Kind.PERSON else {"kind"}
        for name in unused | closed | ({"kind"} if kind == Party.Kind.ORGANISATION else set()):
            del self.fields[name]
        self.picked = Picked.read(actor, self["organisation"].value() or "")

    def clean(self) -> None:
        if self.cleaned_data.get("organisation") and not self.picked:
            self.add_error("organisation", _("Choose one from the list, or let it be created."))
        if self.cleaned_data.get("reading"):
            self.cleaned_data["reading"] = read_kana(self, "reading", self.cleaned_data["reading"])
