"""A file with shapes, and the name under which they stand on the map."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.places.reading import MOST_BYTES


class LayerForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the layer"),
        max_length=100,
        help_text=gettext_lazy("For example: Site boundary, Zone of two kilometres."),
    )
    file = forms.FileField(
        label=gettext_lazy("GeoJSON file"),
        max_length=300,
        widget=forms.FileInput({"accept": ".geojson,.json,application/geo+json"}),
        help_text=gettext_lazy(
            "At most 2 MB, in degrees of WGS 84. Points, lines and areas are taken over with their names."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 2 MB. Simplify its lines, or bring it in parts.")
            )
        return file
