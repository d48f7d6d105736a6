"""Form fields that read what people write or choose: days and moments in any calendar, amounts of money, several files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import get_language

from enishi.core.dates import DateError, parse_date, parse_datetime
from enishi.core.money import Money, parse_money
from enishi.core.normalise.typed import Unusable

# A day without a time ends with the office's day.
CLOSE = 18


def _refuse(error: DateError) -> ValidationError:
    return ValidationError(str(error), params={"repair": error.repair} if error.repair else None)


class WrittenField(forms.Field):
    """One line of text that stands for a date or an amount."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}))
        super().__init__(**kwargs)


class DayField(WrittenField):
    """A day as people write it, shown in the reader's calendar; what does not exist is refused with its repair."""

    def to_python(self, value: Any) -> dt.date | None:
        if not value or isinstance(value, dt.date):
            return value or None
        try:
            return parse_date(str(value))
        except DateError as error:
            raise _refuse(error) from None

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dt.date):
            return value
        if get_language() == "fa":
            return jdatetime.date.fromgregorian(date=value).strftime("%Y/%m/%d")
        return value.isoformat()


class MoneyField(WrittenField):
    """An amount with its currency as people write it: 1200 EUR, €1,200, 1 200,50 €. ``currency`` is what it has if none is named."""

    def __init__(self, *, currency: str | None = None, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Money | None:
        if not value or isinstance(value, Money):
            return value or None
        try:
            return parse_money(str(value), self.currency)
        except Unusable as error:
            raise ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, Money) else value


class DueField(WrittenField):
    """A moment as people write it, in the reader's calendar and zone; a day without a time means six in the evening."""

    def to_python(self, value: Any) -> dt.datetime | None:
        if not value or isinstance(value, dt.datetime):
            return value or None
        zone = timezone.get_current_timezone()
        try:
            local = parse_datetime(str(value), zone).astimezone(zone)
        except DateError as error:
            raise _refuse(error) from None
        return local.replace(hour=CLOSE) if local.time() == dt.time() else local

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return value
        local = timezone.localtime(value)
        if get_language() == "fa":
            return jdatetime.datetime.fromgregorian(datetime=local).strftime("%Y/%m/%d %H:%M")
        return f"{local:%Y-%m-%d %H:%M}"


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files at once."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if self.required and not given:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [one for one in given if one]
