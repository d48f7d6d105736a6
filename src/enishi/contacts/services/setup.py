"""Setting up tags, own fields, relation types, consent purposes and saved views; values of own fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from enishi.accounts.access import Actor
from enishi.accounts.branches import (
    archive_branch,
    branch_name,
    check_merge,
    move_branch,
    path_below,
    put_away,
    same_child,
)
from enishi.accounts.models import Project
from enishi.contacts import signals
from enishi.contacts.models import (
    ConsentPurpose,
    ConsentText,
    Field,
    FieldValue,
    Party,
    PartyTag,
    RelationType,
    SavedView,
    Tag,
)
from enishi.contacts.queries import protected
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services.parties import EDIT, ContactError
from enishi.contacts.services.ties import changed_around
from enishi.core import clock, dates, money, text
from enishi.timeline.services import record

SETUP = "contacts.setup"
LARGEST = Decimal(10) ** 17
"""Numbers of own fields stay below this: the column has 18 digits before the point."""


@transaction.atomic
def create_tag(actor: Actor, *, name: str, parent: Tag | None = None, project: Project | None = None) -> Tag:
    """Create a tag, below another or at the top, for one project or for all; an existing one is returned."""
    actor.require(EDIT, project.pk if project else None)
    name = branch_name(name, ContactError)
    path = path_below(parent, name, ContactError)
    tag, created = Tag.objects.get_or_create(
        path=path, project=project, defaults={"name": name, "parent": parent}
    )
    if created:
        record(actor, signals.setup_changed, subject=tag, changes={"path": ("", path)})
    return tag


def tag_by_path(actor: Actor, path: str, *, project: Project | None = None) -> Tag:
    """The tag with that path, with every tag above it, created where missing."""
    parent: Tag | None = None
    for name in filter(None, (part.strip() for part in path.split("/"))):
        parent = create_tag(actor, name=name, parent=parent, project=project)
    return parent or create_tag(actor, name="", project=project)


@transaction.atomic
def rename_tag(actor: Actor, tag: Tag, *, name: str, parent: Tag | None) -> Tag:
    """Rename or move a tag; those below move with it, links and history stay."""
    actor.require_everywhere(SETUP)
    before = tag.path
    move_branch(tag, name=name, parent=parent, refuse=ContactError)
    record(actor, signals.setup_changed, subject=tag, changes={"path": (before, tag.path)})
    return tag


@transaction.atomic
def merge_tags(actor: Actor, *, kept: Tag, gone: Tag) -> Tag:
    """Everything tagged with ``gone`` gets ``kept``; ``gone`` is archived and what stood below it moves."""
    actor.require_everywhere(SETUP)
    check_merge(kept, gone, ContactError)
    moved = list(PartyTag.objects.filter(tag=gone).values_list("party_id", flat=True))
    PartyTag.objects.bulk_create([PartyTag(party_id=pk, tag=kept) for pk in moved], ignore_conflicts=True)
    PartyTag.objects.filter(tag=gone).delete()
    for child in gone.children.all():
        same = same_child(kept, child)
        if same is not None:
            merge_tags(actor, kept=same, gone=child)
        else:
            rename_tag(actor, child, name=child.name, parent=kept)
    put_away(gone)
    record(actor, signals.setup_changed, subject=kept, data={"merged": gone.name, "parties": len(moved)})
    return kept


@transaction.atomic
def archive_tag(actor: Actor, tag: Tag, *, archived: bool) -> Tag:
    """Put a tag away with those below it, or take it back: no longer offered, and still on those who have it."""
    actor.require_everywhere(SETUP)
    archive_branch(tag, archived=archived)
    record(actor, signals.setup_changed, subject=tag, changes={"archived": (not archived, archived)})
    return tag


@transaction.atomic
def save_field(
    actor: Actor,
    field: Field | None = None,
    *,
    label: str,
    kind: str = "",
    code: str = "",
    party_kinds: Sequence[str] = (),
    options: Sequence[str] = (),
    help_text: str = "",
    position: int = 100,
) -> Field:
    """Create or change an own field. Its kind stays as it is once it exists; choices in use cannot be dropped."""
    actor.require_everywhere(SETUP)
    label = text.clean(label).strip()
    if not label:
        raise ContactError(_("Give the field a label."), "label")
    if field is None and kind not in Field.Kind.values:
        raise ContactError(_("Choose what kind of field it is."), "kind")
    if field is None:
        code = (
            slugify(code or text.fold(label)).replace("_", "-")[:40] or f"field-{Field.objects.count() + 1}"
        )
        if Field.objects.filter(code=code).exists():
            raise ContactError(_("“%(name)s” already exists.") % {"name": code}, "code")
        field = Field(code=code, kind=kind)
    words = dict.fromkeys(text.strip_bidi(text.clean(option)).strip()[:200] for option in options)
    choices = [{"value": word, "label": word} for word in words if word]
    if field.kind in {Field.Kind.CHOICE, Field.Kind.CHOICES}:
        if not choices:
            raise ContactError(_("Give at least one choice, one on each line."), "options")
        if field.pk:
            used = set(FieldValue.objects.filter(field=field).values_list("folded", flat=True).distinct())
            lost = used - {choice["value"] for choice in choices} - {""}
            if lost:
                raise ContactError(
                    _("These choices are in use and have to stay: %(choices)s")
                    % {"choices": ", ".join(sorted(lost))},
                    "options",
                )
    before = {"label": field.label, "options": field.options} if field.pk else {}
    field.label, field.options, field.help_text = label, choices, help_text
    field.party_kinds, field.position = list(party_kinds), position
    field.save()
    record(
        actor,
        signals.setup_changed,
        subject=field,
        changes={"label": (before.get("label"), label), "options": (before.get("options"), choices)},
    )
    return field


@transaction.atomic
def archive_field(actor: Actor, field: Field, *, archived: bool) -> Field:
    """Put a field away or take it back; its values stay."""
    actor.require_everywhere(SETUP)
    field.archived_at = clock.now() if archived else None
    field.save(update_fields=["archived_at"])
    record(actor, signals.setup_changed, subject=field, changes={"archived": (not archived, archived)})
    return field


def read_value(field: Field, typed: Any) -> list[FieldValue]:
    """Turn what was typed into unsaved typed values: none when empty, several for several choices.

    Raises ContactError with the field's code.
    """
    where = f"field:{field.code}"
    items = [
        item for item in (typed if isinstance(typed, (list, tuple)) else [typed]) if item not in (None, "")
    ]
    if not items:
        return []
    kind, value = Field.Kind(field.kind), items[0]
    try:
        if kind in {Field.Kind.CHOICE, Field.Kind.CHOICES}:
            return _choices(field, items)
        made = FieldValue(field=field)
        if kind == Field.Kind.TEXT:
            made.text = text.clean(str(value)).strip()
            made.folded = text.fold(made.text)[:200]
            return [made] if made.text else []
        if kind == Field.Kind.NUMBER:
            made.number = _number(str(value))
        elif kind == Field.Kind.MONEY:
            amount = value if isinstance(value, money.Money) else money.parse_money(str(value))
            made.number, made.currency = amount.amount, amount.currency
        elif kind == Field.Kind.DATE:
            made.date = value if isinstance(value, dt.date) else dates.parse_date(str(value))
        elif kind == Field.Kind.FLAG:
            made.flag = value if isinstance(value, bool) else str(value).lower() in {"1", "true", "yes", "on"}
        elif kind == Field.Kind.PERSON:
            made.person_id = _id(value)
        else:
            made.file_id = _id(value)
    except (ValueError, ArithmeticError) as error:
        raise ContactError(str(error) or _("This cannot be read."), where) from None
    return [made]


def _number(typed: str) -> Decimal:
    plain = (
        text.ascii_digits(typed)
        .replace("\u202f", "")
        .replace("\u00a0", "")
        .replace(" ", "")
        .replace(",", ".")
    )
    try:
        number = Decimal(plain)
    except ArithmeticError:
        raise ValueError(_("“%(typed)s” is not a number.") % {"typed": typed[:40]}) from None
    if not number.is_finite() or abs(number) >= LARGEST:
        raise ValueError(_("“%(typed)s” is not a number that can be kept here.") % {"typed": typed[:40]})
    return number


def _id(value: Any) -> int:
    number = int(value) if str(value).isdecimal() and len(str(value)) < 20 else 0
    if not 0 < number < 2**63:
        raise ValueError(_("This does not exist."))
    return number


def _choices(field: Field, items: Iterable[Any]) -> list[FieldValue]:
    allowed = {str(option["value"]) for option in field.options}
    chosen = list(dict.fromkeys(str(item) for item in items))
    unknown = [item for item in chosen if item not in allowed]
    if unknown:
        raise ContactError(
            _("“%(value)s” is none of the choices: %(choices)s")
            % {"value": unknown[0], "choices": ", ".join(sorted(allowed))},
            f"field:{field.code}",
        )
    return [FieldValue(field=field, text=item, folded=item) for item in chosen]


def _known(actor: Actor, field: Field, made: Iterable[FieldValue]) -> None:
    """Somebody out of sight cannot be named, and answers the same as somebody who is not there."""
    wanted = {value.person_id for value in made if value.person_id is not None}
    if wanted and Party.objects.visible_to(actor).present().filter(pk__in=wanted).count() != len(wanted):
        raise ContactError(_("Choose somebody from the list."), f"field:{field.code}")


@transaction.atomic
def set_values(actor: Actor, party: Party, values: Mapping[Field, Any]) -> None:
    """Set own fields of a party from what was typed. Raises ContactError with the field's code, Forbidden."""
    actor.require(EDIT, party)
    protected.require_changes(actor, [f"{protected.OWN}{field.code}" for field in values], party)
    stored: dict[int, list[FieldValue]] = {field.pk: [] for field in values}
    for value in (
        FieldValue.objects.filter(party=party, field__in=list(values)).select_related("field").order_by("id")
    ):
        stored[value.field_id].append(value)
    changes: dict[str, tuple[Any, Any]] = {}
    for field, typed in values.items():
        made = read_value(field, typed)
        if field.kind == Field.Kind.PERSON:
            _known(actor, field, made)
        before = [plain_value(value) for value in stored[field.pk]]
        after = [plain_value(value) for value in made]
        if before == after:
            continue
        FieldValue.objects.filter(party=party, field=field).delete()
        for value in made:
            value.party = party
        FieldValue.objects.bulk_create(made)
        changes[f"field:{field.code}"] = (before, after)
    if changes:
        changed_around(actor, party, changes)


@transaction.atomic
def save_relation_type(
    actor: Actor, kind: RelationType | None = None, *, name: str, inverse_name: str, affiliates: bool = False
) -> RelationType:
    """Create or change a kind of relation; built-in ones keep their names."""
    actor.require_everywhere(SETUP)
    if not name.strip() or not inverse_name.strip():
        raise ContactError(_("Say how it reads from both sides."), "name")
    if kind is not None and kind.built_in:
        raise ContactError(_("Built-in relations cannot be changed. Create one of your own."), "name")
    if kind is None:
        code = slugify(name)[:40] or f"relation-{RelationType.objects.count() + 1}"
        if RelationType.objects.filter(code=code).exists():
            raise ContactError(_("“%(name)s” already exists.") % {"name": name}, "name")
        kind = RelationType(code=code)
    kind.name, kind.inverse_name, kind.affiliates = name.strip(), inverse_name.strip(), affiliates
    kind.save()
    record(actor, signals.setup_changed, subject=kind, changes={"name": ("", kind.name)})
    return kind


@transaction.atomic
def save_purpose(
    actor: Actor, purpose: ConsentPurpose | None = None, *, name: str, code: str = ""
) -> ConsentPurpose:
    """Create or rename what consents are asked for."""
    actor.require_everywhere(SETUP)
    if not name.strip():
        raise ContactError(_("Give the purpose a name."), "name")
    if purpose is None:
        code = slugify(code or name)[:40] or f"purpose-{ConsentPurpose.objects.count() + 1}"
        purpose = ConsentPurpose(code=code)
        if ConsentPurpose.objects.filter(code=purpose.code).exists():
            raise ContactError(_("“%(name)s” already exists.") % {"name": name}, "name")
    before, purpose.name = purpose.name, name.strip()
    purpose.save()
    record(actor, signals.setup_changed, subject=purpose, changes={"name": (before, purpose.name)})
    return purpose


@transaction.atomic
def archive_purpose(actor: Actor, purpose: ConsentPurpose, *, archived: bool) -> ConsentPurpose:
    """Put a purpose away or take it back; what people stated about it stays."""
    actor.require_everywhere(SETUP)
    purpose.archived_at = clock.now() if archived else None
    purpose.save(update_fields=["archived_at"])
    record(actor, signals.setup_changed, subject=purpose, changes={"archived": (not archived, archived)})
    return purpose


@transaction.atomic
def add_wording(actor: Actor, purpose: ConsentPurpose, *, language: str, wording: str) -> ConsentText:
    """Add the next version of the words that people agree to."""
    actor.require_everywhere(SETUP)
    if not wording.strip():
        raise ContactError(_("Write the words that people agree to."), "text")
    last = ConsentText.objects.filter(purpose=purpose, language=language).order_by("-version").first()
    made = ConsentText.objects.create(
        purpose=purpose, language=language, version=(last.version if last else 0) + 1, text=wording.strip()
    )
    record(
        actor, signals.setup_changed, subject=purpose, data={"version": made.version, "language": language}
    )
    return made


@transaction.atomic
def save_view(
    actor: Actor,
    view: SavedView | None = None,
    *,
    name: str,
    spec: Mapping[str, Any],
    shared: bool = False,
    pinned: bool = False,
) -> SavedView:
    """Keep a list under a name, for oneself or for everybody. Only its owner changes it; pinned ones come first."""
    name = text.clean(name).strip()[:80]
    if not name:
        raise ContactError(_("Give the view a name."), "name")
    if actor.user_id is None or (view is not None and view.owner_id != actor.user_id):
        raise ContactError(
            _("Only the person who made this view changes it. Save it under a name of your own."), "name"
        )
    taken = SavedView.objects.filter(owner_id=actor.user_id, name=name)
    if (taken.exclude(pk=view.pk) if view else taken).exists():
        raise ContactError(_("You already have a view called “%(name)s”.") % {"name": name}, "name")
    view = view or SavedView(owner_id=actor.own_id)
    view.name, view.spec, view.shared = name, dict(spec), shared
    view.position = SavedView.PINNED if pinned else SavedView.USUAL
    view.save()
    return view


@transaction.atomic
def delete_view(actor: Actor, view: SavedView) -> None:
    if view.owner_id != actor.user_id:
        actor.require_everywhere(SETUP)
    view.delete()
