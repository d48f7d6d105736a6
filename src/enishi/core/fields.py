"""Form fields that read what people write in any calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language

from enishi.core.dates import DateError, parse_date


class DayField(forms.Field):
    """A day as people write it, shown in the reader's calendar; what does not exist is refused with its repair."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> dt.date | None:
        if not value or isinstance(value, dt.date):
            return value or None
        try:
            return parse_date(str(value))
        except DateError as error:
            raise ValidationError(
                str(error), params={"repair": error.repair} if error.repair else None
            ) from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dt.date):
            return value
        if get_language() == "fa":
            return jdatetime.date.fromgregorian(date=value).strftime("%Y/%m/%d")
        return value.isoformat()
