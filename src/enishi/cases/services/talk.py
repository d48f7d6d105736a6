"""The talk of a case: words from both sides, and notes among colleagues."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.cases import signals
from enishi.cases.models import Case, CaseWord
from enishi.cases.services import rules
from enishi.cases.services.rules import EDIT, CaseError
from enishi.core import clock


@transaction.atomic
def note(actor: Actor, case: Case, *, text: str) -> CaseWord:
    """Note something for colleagues; the complainant never sees it."""
    actor.require(EDIT, case)
    word = put(rules.locked(case.pk), CaseWord.Side.NOTE, text, user_id=actor.user_id)
    rules.write_history(actor, signals.note_made, word.case, {}, text=word.text[:500])
    return word


def put(case: Case, side: str, text: str, *, user_id: int | None) -> CaseWord:
    """Add one word to the talk of a locked case, and let it be found."""
    cleaned = rules.long_words(text)
    if not cleaned:
        raise CaseError(_("Write what you want to say."), "text")
    word = CaseWord.objects.create(case=case, side=side, text=cleaned, at=clock.now(), user_id=user_id)
    rules.keep_up(case)
    return word
