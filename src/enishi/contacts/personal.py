"""What contacts keep about people, for whoever asks for it and for whoever is erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enishi.accounts.access import Actor
from enishi.contacts.models import (
    Consent,
    ContactPoint,
    DuplicatePair,
    ExternalId,
    FieldValue,
    ImportRow,
    ImportRun,
    Party,
    PartyTag,
    Quarantined,
    Relation,
)
from enishi.contacts.queries.ties import words
from enishi.contacts.queries.whole import plain_value
from enishi.contacts.services.searchable import index_parties
from enishi.core import storage
from enishi.core.personal import (
    STRUCK,
    Chapter,
    Fate,
    Given,
    Hindrance,
    Keeper,
    Share,
    Subject,
    Table,
    labels_of,
    plain_row,
)

_ABOUT = (
    "kind", "full_name", "family_name", "given_name", "names", "honorific", "address_form", "greeting", "language",
    "time_zone", "birth_date", "note", "status", "last_contact_at", "created_at", "updated_at",
)  # fmt: skip
_POINT = (
    "kind", "label", "value", "typed", "parts", "status", "note", "is_primary", "valid_from", "valid_until", "latitude",
    "longitude", "place_source",
)  # fmt: skip
_OPEN = (
    ImportRun.State.CHECKING,
    ImportRun.State.CHECKED,
    ImportRun.State.APPLYING,
    ImportRun.State.UNDOING,
)
CLEARED: dict[str, Any] = {
    "family_name": "", "given_name": "", "script": "", "names": {}, "honorific": "", "address_form": "", "greeting": "",
    "language": "", "time_zone": "", "birth_date": None, "note": "", "photo": "", "match_key": "",
}  # fmt: skip
"""What an erased party no longer says; kind, projects and dates stay for the figures."""


class ContactsKeeper(Keeper):
    code = "contacts"
    order = 10
    tables: ClassVar[tuple[Table, ...]] = (
        Table(Party, ("id", "merged_into"), Fate.STAYS, _("The record, without a name"), blobs=("photo",)),
        Table(ContactPoint, ("party",), Fate.GOES, _("Ways to reach them")),
        Table(Relation, ("source", "target"), Fate.GOES, _("Relations")),
        Table(FieldValue, ("party", "person"), Fate.GOES, _("Values of own fields")),
        Table(PartyTag, ("party",), Fate.GOES, _("Tags")),
        Table(Consent, ("party",), Fate.GOES, _("Consents")),
        Table(ExternalId, ("party",), Fate.GOES, _("Ids in other systems")),
        Table(DuplicatePair, ("first", "second"), Fate.GOES, _("Possible duplicates"), shown=False),
        Table(ImportRow, ("party_id",), Fate.GOES, _("Rows of import files")),
        Table(ImportRun, (), Fate.STAYS, _("Imports"), blobs=("sha256",), shown=False),
        Table(
            Quarantined,
            (),
            Fate.STAYS,
            _("Parts that an import could not read"),
            blobs=("sha256",),
            shown=False,
        ),
    )

    def tell(self, actor: Actor, subject: Subject) -> Iterable[Chapter]:
        ids = subject.party_ids
        parties = list(Party.objects.visible_to(actor).filter(pk__in=ids).order_by("pk"))
        known = [party.pk for party in parties]
        photos = [Given(f"photo-{party.pk}", party.photo) for party in parties if party.photo]
        yield Chapter(
            "record",
            _("Who they are"),
            [plain_row(party, _ABOUT) for party in parties],
            labels_of(Party, _ABOUT),
            withheld=len(ids) - len(known),
            files=photos,
            model=Party,
        )
        points = ContactPoint.objects.filter(party__in=known).order_by("kind", "-is_primary", "pk")
        rows = [plain_row(point, _POINT) for point in points]
        yield Chapter(
            "reach", _("Ways to reach them"), rows, labels_of(ContactPoint, _POINT), model=ContactPoint
        )
        yield self._relations(actor, known)
        values = FieldValue.objects.filter(party__in=known).select_related("field").order_by("field", "pk")
        yield Chapter(
            "fields",
            _("Values of own fields"),
            [{"field": value.field.label, "value": plain_value(value)} for value in values],
            {"field": _("field"), "value": _("value")},
        )
        tags = PartyTag.objects.filter(party__in=known).select_related("tag").order_by("tag__path")
        yield Chapter("tags", _("Tags"), [{"tag": link.tag.path} for link in tags], {"tag": _("tag")})
        yield self._consents(known)
        outside = ExternalId.objects.filter(party__in=known).order_by("system", "value")
        yield Chapter(
            "ids",
            _("Ids in other systems"),
            [{"system": one.system, "value": one.value} for one in outside],
            labels_of(ExternalId, ("system", "value")),
        )

    def _relations(self, actor: Actor, ids: list[int]) -> Chapter:
        """People at the other end are named by their relation only: their names are theirs."""
        found = Relation.objects.filter(Q(source__in=ids) | Q(target__in=ids))
        seen = set(
            Party.objects.visible_to(actor)
            .filter(Q(relations_in__source__in=ids) | Q(relations_out__target__in=ids))
            .values_list("pk", flat=True)
        )
        rows: list[dict[str, Any]] = []
        withheld = 0
        for relation in found.select_related("type", "source", "target").order_by("pk"):
            outgoing = relation.source_id in ids
            other = relation.target if outgoing else relation.source
            if other.pk not in seen:
                withheld += 1
                continue
            name = gettext("another person") if other.is_person and other.pk not in ids else other.full_name
            rows.append(
                {
                    "relation": words(relation.type, outgoing=outgoing),
                    "with": name,
                    **plain_row(relation, ("title", "department", "valid_from", "valid_until", "evidence")),
                }
            )
        labels = labels_of(Relation, ("title", "department", "valid_from", "valid_until", "evidence"))
        return Chapter(
            "relations",
            _("Relations"),
            rows,
            {"relation": _("relation"), "with": _("with"), **labels},
            withheld,
        )

    def _consents(self, ids: list[int]) -> Chapter:
        found = Consent.objects.filter(party__in=ids).select_related("purpose", "text")
        names = ("state", "basis", "stated_on", "valid_until", "evidence")
        return Chapter(
            "consents",
            _("Consents"),
            [
                {
                    "purpose": consent.purpose.name,
                    **plain_row(consent, names),
                    **({"wording": consent.text.text} if consent.text else {}),
                }
                for consent in found.order_by("stated_on", "pk")
            ],
            {"purpose": _("purpose"), **labels_of(Consent, names), "wording": _("wording")},
            model=Consent,
        )

    def prevents(self, actor: Actor, subject: Subject) -> Iterable[Hindrance]:
        for run in self._runs(subject).filter(state__in=_OPEN).order_by("pk"):
            seen = ImportRun.objects.visible_to(actor).filter(pk=run.pk).exists()
            words = gettext(
                "An import that is not finished holds this person. Carry it out or discard it first."
            )
            yield Hindrance(words, reverse("contacts:import", args=[run.pk]) if seen else "")

    def goes(self, subject: Subject) -> Iterable[Share]:
        files = self._runs(subject).exclude(sha256="").values("sha256").distinct().count()
        return [Share(_("Uploaded import files in which they stand"), files)]

    def _runs(self, subject: Subject) -> Any:
        rows = ImportRow.objects.filter(run=OuterRef("pk"), party_id__in=subject.party_ids)
        return ImportRun.objects.unscoped("the files in which somebody stands").filter(Exists(rows))

    def erase(self, actor: Actor, subject: Subject) -> Iterable[str]:
        runs = self._runs(subject)
        gone = list(runs.exclude(sha256="").values_list("sha256", flat=True))
        # The figures of the run stay; its bytes are those of many people and go as a whole.
        runs.update(sha256="")
        gone += self._quarantined(subject)
        photos = Party.objects.unscoped("erased").filter(pk__in=subject.party_ids).exclude(photo="")
        gone += photos.values_list("photo", flat=True)
        ties = Relation.objects.filter(Q(source__in=subject.party_ids) | Q(target__in=subject.party_ids))
        self._others = {pk for pair in ties.values_list("source_id", "target_id") for pk in pair}
        return gone

    def _quarantined(self, subject: Subject) -> list[str]:
        """Bytes that an import could not read, where they speak of the person; the reason stays."""
        signs = [word.encode() for word in (*subject.names, *subject.addresses) if word]
        found = []
        for kept in Quarantined.objects.exclude(sha256="").iterator():
            path = storage.path_of(kept.sha256)
            if path.exists() and any(sign in path.read_bytes() for sign in signs):
                found.append(kept)
        hashes = [kept.sha256 for kept in found]
        Quarantined.objects.filter(pk__in=[kept.pk for kept in found]).update(sha256="", item=STRUCK)
        return hashes

    def finish(self, subject: Subject) -> None:
        index_parties([*subject.party_ids, *self._others])


__all__ = ["CLEARED", "ContactsKeeper"]
