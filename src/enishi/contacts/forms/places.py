"""Where something lies, as people write it: two fields, or both numbers pasted into the first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.contacts.services import ContactError
from enishi.core import normalise
from enishi.core.choices import countries
from enishi.core.positions import DECIMALS, Area, Point, PositionError, read_area, read_degrees, read_pair
from enishi.core.text import ascii_digits

_DEGREES = {"dir": "ltr", "inputmode": "text", "autocomplete": "off"}


class PositionForm(forms.Form):
    """A latitude and a longitude. Maps give both at once: a pair in the first field fills the second."""

    latitude = forms.CharField(
        label=gettext_lazy("latitude"),
        max_length=60,
        widget=forms.TextInput({**_DEGREES, "data-map-latitude": True, "data-focus": True}),
        help_text=gettext_lazy(
            "35.681, or 35°40'52\"N. Both numbers pasted from another map are read as well."
        ),
    )
    longitude = forms.CharField(
        label=gettext_lazy("longitude"),
        max_length=60,
        required=False,
        widget=forms.TextInput({**_DEGREES, "data-map-longitude": True}),
    )

    @staticmethod
    def starting(point: Point | None) -> dict[str, Any]:
        return {} if point is None else {"latitude": str(point[0]), "longitude": str(point[1])}

    def clean(self) -> None:
        lat, lng = self.cleaned_data.get("latitude", ""), self.cleaned_data.get("longitude", "")
        if not lat:
            return
        self.position = None
        try:
            self.position = None if lng else read_pair(lat)
        except PositionError as error:
            self.add_error("latitude", str(error))
            return
        if self.position is None:
            read = []
            for axis, typed in (("latitude", lat), ("longitude", lng)):
                try:
                    if not typed:
                        raise PositionError(_("Give the longitude as well."))
                    read.append(read_degrees(typed, axis))
                except PositionError as error:
                    self.add_error(axis, str(error))
            if len(read) == 2:
                self.position = (read[0], read[1])

    position: Point | None = None

    def refuse(self, error: ContactError) -> None:
        self.add_error(error.field if error.field in self.fields else None, str(error))


class TownForm(PositionForm):
    """A town or village with its place."""

    name = forms.CharField(label=gettext_lazy("town or village"), max_length=200)
    country = forms.ChoiceField(label=gettext_lazy("country"))
    field_order = ("name", "country", "latitude", "longitude")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries()  # type: ignore[attr-defined]

    def clean_country(self) -> str:
        return normalise.country(self.cleaned_data["country"]).value


class AreaForm(forms.Form):
    """An area: drawn (``shape``), or so many kilometres around a point."""

    shape = forms.CharField(required=False, max_length=4000)
    around = forms.CharField(
        label=gettext_lazy("around"), required=False, max_length=60, widget=forms.TextInput(_DEGREES)
    )
    km = forms.CharField(
        label=gettext_lazy("kilometres"),
        required=False,
        max_length=12,
        widget=forms.TextInput({"inputmode": "decimal", "dir": "ltr"}),
    )
    area: Area | None = None

    def clean(self) -> None:
        data = self.cleaned_data
        try:
            self.area = read_area(data.get("shape") or self._circle(data))
        except PositionError as error:
            raise forms.ValidationError(str(error)) from None

    @staticmethod
    def _circle(data: dict[str, Any]) -> str:
        typed = ascii_digits(data.get("km") or "").replace(",", ".").replace("٫", ".")
        pair = read_pair(data.get("around") or "")
        if pair is None:
            raise PositionError(
                _("Say around which place: its latitude and longitude, like 35.681, 139.767.")
            )
        try:
            metres = float(typed) * 1000
        except ValueError:
            raise PositionError(_("Say how many kilometres around it.")) from None
        return f"{round(pair[0], DECIMALS)},{round(pair[1], DECIMALS)};{metres}"
