"""Our own export: everything that it writes is read back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from enishi.contacts.importing.mapping.columns import Rule

from .preset import Preset, plain

_KEYED = {"field: ": "custom", "id: ": "external_id"}


class OwnExport(Preset):
    """Own fields and outside ids carry their code in the header: ``Field: boat-name``, ``ID: crm``."""

    def rule(self, header: str) -> Rule:
        name = plain(header)
        for prefix, target in _KEYED.items():
            if name.startswith(prefix):
                return Rule(f"{target}:{name.removeprefix(prefix)}")
        return super().rule(header)


PRESETS = (
    OwnExport(
        code="enishi",
        label=_("Enishi export"),
        signs=(("Enishi ID", "Name"),),
        columns={
            # A number of the installation that wrote it: in another one it is somebody else.
            "Enishi ID": "ignore",
            "Kind": "party_kind",
            "Name": "full_name",
            "Family name": "family_name",
            "Given name": "given_name",
            "Reading of the family name": "family_kana",
            "Reading of the given name": "given_kana",
            "Reading of the name": "full_kana",
            "Name in Latin letters": "romaji",
            "Honorific": "honorific",
            "Greeting": "greeting",
            "Organisation": "organisation",
            "Job title": "job_title",
            "Department": "department",
            "Tags": "tags",
            "Inactive": "inactive",
            "Deceased": "deceased",
            "Owner": "owner",
            "Language": "language",
            "Time zone": "time_zone",
            "Date of birth": "birthday",
            "Note": "note",
        },
        numbered=(
            (r"e-mail (\d+)", "email"),
            (r"e-mail (\d+) use", "email_kind"),
            (r"phone (\d+)", "phone"),
            (r"phone (\d+) use", "phone_kind"),
            (r"web page (\d+)", "url"),
            (r"address (\d+) street", "street"),
            (r"address (\d+) building", "building"),
            (r"address (\d+) postcode", "postcode"),
            (r"address (\d+) city", "city"),
            (r"address (\d+) region", "region"),
            (r"address (\d+) country", "country"),
            (r"address (\d+) use", "address_kind"),
        ),
        options={"separator": ";"},
    ),
)
