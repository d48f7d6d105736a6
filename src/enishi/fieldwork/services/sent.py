"""What a phone hands in, as it is checked before anything is done with it."""

from __future__ import annotations

import hashlib
import uuid
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import AwareDatetime, RootModel, ValidationError

from enishi.core.api import Id, Text

Short = Annotated[Text, Field(max_length=300)]
Long = Annotated[Text, Field(max_length=100_000)]
Written = Annotated[Text, Field(max_length=60)]


class Newcomer(Schema):
    """Somebody who was met for the first time."""

    name: Annotated[Text, Field(min_length=1, max_length=300)]
    organisation: Short = ""
    phone: Annotated[Text, Field(max_length=500)] = ""
    email: Annotated[Text, Field(max_length=500)] = ""


class Who(Schema):
    """A person by number, or somebody new."""

    party: Id | None = None
    new: Newcomer | None = None


class Said(Schema):
    """A promise made at the door. ``due`` is a day as it was written."""

    side: Literal["ours", "theirs"]
    title: Short
    due: Written = ""


class Envelope(Schema):
    """Around every entry: whose it is, its number on the phone, and when it was written there."""

    key: uuid.UUID
    user: Id
    written_at: AwareDatetime


class Talk(Envelope):
    """A visit, a call or a meeting."""

    kind: Literal["talk"]
    channel: Literal["visit", "call", "meeting", "note"]
    when: Written = ""
    who: Who
    project: Id
    text: Long
    promises: Annotated[list[Said], Field(max_length=20)] = []


class Changed(Schema):
    """One field: what stood there when it was taken along, and what stands there by the writer. ``kind`` of a point."""

    seen: Long = ""
    mine: Long = ""
    kind: Literal["phone", "email"] | None = None


Name = Annotated[str, Field(pattern=r"^(full_name|note|phone|email|point-[1-9]\d{0,17})$")]


class Correction(Envelope):
    """Fields of a contact as they should be."""

    kind: Literal["correction"]
    who: Who
    fields: Annotated[dict[Name, Changed], Field(max_length=40)]


class Enclosed(Schema):
    """A photo or a file that belongs to a conversation: ``talk`` is the key of that, ``sha256`` what its bytes come to."""

    key: uuid.UUID
    user: Id
    talk: uuid.UUID
    added_at: AwareDatetime
    name: Short
    size: Annotated[int, Field(ge=0, lt=2**53)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Entry = Talk | Correction


class _AnyEntry(RootModel[Annotated[Entry, Field(discriminator="kind")]]):
    pass


def read_entry(body: bytes) -> Entry:
    """Raises ValueError for what no phone of ours sends."""
    try:
        return _AnyEntry.model_validate_json(body).root
    except ValidationError as error:
        raise ValueError(str(error)) from None


def read_enclosed(told: str | bytes) -> Enclosed:
    """What a phone says of a file. Raises ValueError for what no phone of ours says."""
    try:
        return Enclosed.model_validate_json(told)
    except ValidationError as error:
        raise ValueError(str(error)) from None


def fingerprint(entry: Entry) -> str:
    """By which a repeated entry is told from another one under the same number."""
    return hashlib.sha256(entry.model_dump_json().encode()).hexdigest()
