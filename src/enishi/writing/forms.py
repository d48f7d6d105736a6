from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Level


class ServiceForm(forms.Form):
    """Who writes drafts. The key can be entered and is never filled in."""

    address = forms.CharField(
        label=_("address"),
        max_length=300,
        required=False,
        widget=forms.TextInput(
            attrs={"dir": "ltr", "inputmode": "url", "placeholder": "https://ai.example/v1"}
        ),
        help_text=_("Of any service that speaks the chat completions of OpenAI, also one of your own."),
    )
    model = forms.CharField(
        label=_("model"), max_length=120, required=False, widget=forms.TextInput(attrs={"dir": "ltr"})
    )
    key = forms.CharField(
        label=_("key"),
        max_length=400,
        required=False,
        widget=forms.PasswordInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep the one there is."),
    )
    forget_key = forms.BooleanField(label=_("Forget the key"), required=False)
    highest = forms.TypedChoiceField(
        label=_("sends records up to"),
        coerce=int,
        choices=Level.choices,
        help_text=_("What is more confidential never leaves, whoever asks."),
    )
    on = forms.BooleanField(label=_("switched on"), required=False)
