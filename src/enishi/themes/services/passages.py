"""Marking what was meant in the words of a conversation, and how it felt; and taking that back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor
from enishi.contacts.models import Party
from enishi.conversations.models import Interaction
from enishi.conversations.services import ConversationError, passage
from enishi.core import clock
from enishi.core.events import Event
from enishi.core.personal import STRUCK
from enishi.themes import signals
from enishi.themes.models import Feeling, Overall, Passage, PassageTheme, Theme
from enishi.themes.queries.tree import usable
from enishi.themes.services.errors import ThemeError
from enishi.themes.services.tree import EDIT, create_theme
from enishi.timeline.models import Entry
from enishi.timeline.services import record

State = dict[str, Any]


def may_mark(actor: Actor, interaction: Interaction) -> bool:
    return actor.may(EDIT, interaction)


def said_at(interaction: Interaction, start: int, end: int) -> tuple[int, int, str]:
    """The words between two characters without spaces at their ends; raises ThemeError where none stand."""
    try:
        said = passage(interaction, start, end)
    except ConversationError as error:
        raise ThemeError(str(error), "passage") from None
    return said.start, said.end, said.quote


def _locked(actor: Actor, interaction_id: int) -> Interaction:
    """The conversation as it is now; marks of one conversation are written one after another."""
    found = (
        Interaction.objects.visible_to(actor)
        .filter(deleted_at__isnull=True)
        .select_for_update(no_key=True, of=("self",))
        .get(pk=interaction_id)
    )
    actor.require(EDIT, found)
    return found


def _party_id(actor: Actor, party_id: int | None) -> int | None:
    if party_id is None:
        return None
    if not Party.objects.visible_to(actor).present().filter(pk=party_id).exists():
        raise ThemeError(_("This contact is no longer there. Choose somebody else."), "party")
    return party_id


def _feeling(value: int | None) -> int | None:
    if value is not None and value not in Feeling.values:
        raise ThemeError(_("Choose one of the five feelings."), "feeling")
    return value


def theme_for(actor: Actor, interaction: Interaction, ids: Iterable[int], new: str) -> list[int]:
    """Themes that may be used there, with a new one by name; raises ThemeError."""
    wanted = set(ids)
    found = set(usable(actor, interaction.project_ids).filter(pk__in=wanted).values_list("pk", flat=True))
    if found != wanted:
        raise ThemeError(_("This theme is no longer there. Choose another."), "themes")
    if new.strip():
        found.add(_new(actor, interaction, new).pk)
    return sorted(found)


def _new(actor: Actor, interaction: Interaction, name: str) -> Theme:
    """The theme of that name that may be used here, or a new one in the first project where the actor may add it."""
    known = usable(actor, interaction.project_ids).filter(path__iexact=name.strip()).first()
    if known is not None:
        return known
    mine = accounts.projects(actor, EDIT).filter(pk__in=interaction.project_ids)
    return create_theme(actor, name=name, project=min(mine, key=lambda one: one.pk))


def state_of(mark: Passage) -> State:
    """A mark as the history keeps it for the undo."""
    return {
        "start": mark.start,
        "end": mark.end,
        "quote": mark.quote,
        "party": mark.party_id,
        "feeling": mark.feeling,
        "themes": sorted(mark.links.values_list("theme_id", flat=True)),
    }


def _words(state: State | None) -> dict[str, Any]:
    """The same for people."""
    if state is None:
        return {}
    paths = Theme.objects.filter(pk__in=state["themes"]).values_list("path", flat=True)
    feeling = state["feeling"]
    return {"themes": sorted(paths), "feeling": Feeling(feeling).name.lower() if feeling else ""}


def _tell(
    actor: Actor,
    event: Event,
    mark: Passage,
    before: State | None,
    after: State | None,
    *,
    suggested: bool = False,
) -> Passage:
    """The history of a mark is that of its conversation: it follows when that becomes more confidential."""
    then, now = _words(before), _words(after)
    entry = record(
        actor,
        event,
        subject=mark.interaction,
        changes={
            name: (then.get(name) or None, now.get(name) or None)
            for name in ("themes", "feeling")
            if (then.get(name) or None) != (now.get(name) or None)
        },
        data={
            "passage": mark.quote[:300],
            **({"suggested": True} if suggested else {}),
            "_mark": mark.pk,
            "_before": before,
            "_after": after,
        },
    )
    mark.undo_entry = entry.pk  # type: ignore[attr-defined]
    return mark


@transaction.atomic
def mark_passage(
    actor: Actor,
    interaction: Interaction,
    start: int,
    end: int,
    *,
    theme_ids: Iterable[int] = (),
    new_theme: str = "",
    feeling: int | None = None,
    party_id: int | None = None,
    suggested: bool = False,
) -> Passage:
    """Say what was meant in these words; ``suggested`` tells the history that a machine proposed it. Words that are marked already get what is said now.

    Returns the mark, with ``undo_entry`` for taking it back. Raises ThemeError.
    """
    interaction = _locked(actor, interaction.pk)
    start, end, quote = said_at(interaction, start, end)
    marked = interaction.passages.filter(start=start, end=end, removed_at__isnull=True).first()
    if marked is not None:
        return change_passage(
            actor,
            marked.pk,
            theme_ids=theme_ids,
            new_theme=new_theme,
            feeling=feeling,
            party_id=party_id,
        )
    themes = theme_for(actor, interaction, theme_ids, new_theme)
    if not themes and feeling is None:
        raise ThemeError(_("Choose a theme or a feeling."), "themes")
    mark = Passage.objects.create(
        interaction=interaction,
        start=start,
        end=end,
        quote=quote,
        party_id=_party_id(actor, party_id),
        feeling=_feeling(feeling),
        user_id=actor.user_id,
        marked_at=clock.now(),
    )
    PassageTheme.objects.bulk_create([PassageTheme(passage=mark, theme_id=pk) for pk in themes])
    return _tell(actor, signals.passage_marked, mark, None, state_of(mark), suggested=suggested)


def _mark(actor: Actor, passage_id: int) -> Passage:
    found = Passage.objects.get(pk=passage_id, removed_at__isnull=True)
    interaction = _locked(actor, found.interaction_id)
    mark = interaction.passages.get(pk=passage_id, removed_at__isnull=True)
    mark.interaction = interaction
    return mark


@transaction.atomic
def change_passage(
    actor: Actor,
    passage_id: int,
    *,
    theme_ids: Iterable[int],
    new_theme: str = "",
    feeling: int | None,
    party_id: int | None,
) -> Passage:
    """Say something else of words that are marked. Raises Passage.DoesNotExist out of scope, ThemeError."""
    mark = _mark(actor, passage_id)
    before = state_of(mark)
    kept = set(theme_ids) & set(before["themes"])
    themes = sorted({*kept, *theme_for(actor, mark.interaction, set(theme_ids) - kept, new_theme)})
    if not themes and feeling is None:
        raise ThemeError(_("Choose a theme or a feeling, or take the mark off."), "themes")
    party = party_id if party_id == mark.party_id else _party_id(actor, party_id)
    after = {**before, "themes": themes, "feeling": _feeling(feeling), "party": party}
    if after == before:
        return mark
    _put(mark, after)
    mark.user_id, mark.marked_at = actor.user_id, clock.now()
    mark.save(update_fields=["user", "marked_at"])
    return _tell(actor, signals.passage_changed, mark, before, state_of(mark))


def _put(mark: Passage, state: Mapping[str, Any]) -> None:
    """Give a mark that state; themes that were merged away since are left out."""
    mark.start, mark.end, mark.quote = state["start"], state["end"], state["quote"]
    mark.party_id, mark.feeling, mark.removed_at = state["party"], state["feeling"], None
    mark.save()
    mark.links.exclude(theme_id__in=state["themes"]).delete()
    present = Theme.objects.filter(pk__in=state["themes"])
    PassageTheme.objects.bulk_create(
        [PassageTheme(passage=mark, theme=theme) for theme in present], ignore_conflicts=True
    )


@transaction.atomic
def unmark_passage(actor: Actor, passage_id: int) -> Passage:
    """Take a mark off. Raises Passage.DoesNotExist out of scope."""
    mark = _mark(actor, passage_id)
    before = state_of(mark)
    mark.removed_at = clock.now()
    mark.save(update_fields=["removed_at"])
    return _tell(actor, signals.passage_unmarked, mark, before, None)


@transaction.atomic
def undo_mark(actor: Actor, entry_id: int) -> Interaction:
    """Take one's own last change of a mark back; returns the conversation.

    Raises Entry.DoesNotExist for a change of somebody else, ThemeError when it was changed since.
    """
    entry = Entry.objects.unscoped("one's own change").get(
        pk=entry_id, user_id=actor.own_id, event__startswith="themes.passage_"
    )
    interaction = _locked(actor, entry.subject_id)
    mark = interaction.passages.get(pk=entry.data["_mark"])
    mark.interaction = interaction
    now = None if mark.removed_at else state_of(mark)
    if now != entry.data["_after"]:
        raise ThemeError(_("This was changed again since, so it stays as it is."))
    before = entry.data["_before"]
    if before is None:
        mark.removed_at = clock.now()
        mark.save(update_fields=["removed_at"])
        _tell(actor, signals.passage_unmarked, mark, now, None)
        return interaction
    again = interaction.passages.filter(start=before["start"], end=before["end"], removed_at__isnull=True)
    if again.exclude(pk=mark.pk).exists():
        raise ThemeError(_("These words were marked again since. Change that mark instead."))
    _put(mark, before)
    _tell(actor, signals.passage_changed if now else signals.passage_marked, mark, now, state_of(mark))
    return interaction


@transaction.atomic
def judge_overall(
    actor: Actor, interaction: Interaction, *, feeling: int | None, party_id: int | None = None
) -> Overall | None:
    """Say how a conversation felt as a whole, to all or to one who took part; None takes that back."""
    interaction = _locked(actor, interaction.pk)
    feeling = _feeling(feeling)
    took_part = interaction.participants.filter(party=party_id)
    if party_id is not None and (_party_id(actor, party_id) is None or not took_part.exists()):
        raise ThemeError(_("Choose somebody who took part."), "party")
    said = Overall.objects.filter(interaction=interaction, party=party_id).first()
    before = said.feeling if said else None
    if before == feeling:
        return said
    if feeling is None:
        Overall.objects.filter(interaction=interaction, party=party_id).delete()
        said = None
    else:
        said = said or Overall(interaction=interaction, party_id=party_id)
        said.feeling, said.user_id, said.judged_at = feeling, actor.user_id, clock.now()
        said.save()
    words = tuple(Feeling(value).name.lower() if value else None for value in (before, feeling))
    record(
        actor,
        signals.overall_changed,
        subject=interaction,
        party_id=party_id,
        changes={"feeling": (words[0], words[1])},
    )
    return said


def silence(interaction_ids: Collection[int]) -> None:
    """The marked words go with those of their conversation; the marks stay as figures."""
    Passage.objects.filter(interaction__in=list(interaction_ids)).update(quote=STRUCK)
