from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class OwnForm(forms.Form):
    score = forms.IntegerField(label=_("Your score, 0 to 100"), min_value=0, max_value=100)
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        help_text=_("Read by everybody who may see this page. It stays, with its date."),
    )


class ExpectedForm(forms.Form):
    number = forms.IntegerField(label=_("Conversations expected in 30 days"), min_value=1, max_value=500)
