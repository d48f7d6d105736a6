"""Where each kind of record has its page, and its icon."""

from __future__ import annotations

from enishi.search.models import Kind

PAGES = {
    Kind.PERSON: ("contacts:party", "user"),
    Kind.ORGANISATION: ("contacts:party", "building"),
    Kind.GROUP: ("contacts:party", "users-group"),
    Kind.PROMISE: ("commitments:promise", "link"),
    Kind.TASK: ("commitments:task", "checkbox"),
    Kind.CASE: ("cases:case", "clipboard-text"),
    Kind.CONVERSATION: ("conversations:interaction", "message"),
    Kind.FILE: ("content:file", "file"),
}
