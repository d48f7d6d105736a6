"""What people may type about users, teams, roles, projects and the organisation."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from typing import Any

from babel import Locale
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from enishi.accounts import fields as field_rights
from enishi.accounts import queries
from enishi.accounts.access import Actor, Level, narrowable, rights
from enishi.accounts.models import LANGUAGES, Organisation, Project, SignInService, Theme, User
from enishi.accounts.saml.keys import as_pem
from enishi.accounts.saml.protocol import MAX_METADATA
from enishi.core.text import sort_key

TOKEN_DAYS = ((7, _("a week")), (30, _("30 days")), (90, _("90 days")), (365, _("a year")))
EVERYWHERE = "all"
# Two-letter codes of CLDR that are no countries.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def time_zones() -> list[tuple[str, str]]:
    known = zoneinfo.available_timezones()
    places = {zone for zone in known if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))}
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in sorted(places))]


def countries() -> list[tuple[str, str]]:
    """Countries in the reader's language and order."""
    language = get_language() or "en"
    names = Locale(language.split("-")[0]).territories
    listed = [(code, name) for code, name in names.items() if len(code) == 2 and code not in _NO_COUNTRIES]
    return sorted(listed, key=lambda pair: sort_key(pair[1], language))


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "reminder_mail", "shows_presence"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zones)


class AppearanceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["theme", "single_keys"]
        help_texts = {
            "single_keys": _(
                "J, K, N and other letters work as keys outside of fields. Ctrl K and Esc always do."
            )
        }

    theme = forms.ChoiceField(label=_("appearance"), choices=Theme.choices, widget=forms.RadioSelect)


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("name"), max_length=120, help_text=_("What will use it, for example “website form”.")
    )
    days = forms.TypedChoiceField(label=_("valid for"), choices=TOKEN_DAYS, coerce=int, initial=90)
    scopes = forms.MultipleChoiceField(
        label=_("may"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than you may yourself, also when your rights become fewer."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (code, label) for code, label in rights().items() if actor.may(code)
        ]


class NewPersonForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=200)
    email = forms.EmailField(label=_("e-mail"), max_length=254)
    language = forms.ChoiceField(label=_("language"), choices=LANGUAGES)
    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zones)


class PersonForm(NewPersonForm):
    is_active = forms.BooleanField(
        label=_("active"), required=False, help_text=_("Switched off, the person is signed out at once.")
    )


def _places(projects: Iterable[Project]) -> list[tuple[str, Any]]:
    tree = queries.project_tree(projects)
    return [(EVERYWHERE, _("everywhere")), *((str(p.pk), "\u2007" * 2 * depth + p.name) for depth, p in tree)]


class GrantForm(forms.Form):
    """A role for somebody, in a project with all its parts, or everywhere."""

    role: forms.ModelChoiceField[Any] = forms.ModelChoiceField(label=_("role"), queryset=None)
    place = forms.ChoiceField(label=_("where"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = queries.roles()  # type: ignore[attr-defined]
        self.fields["role"].empty_label = _("choose a role")  # type: ignore[attr-defined]
        self._projects = {str(p.pk): p for p in queries.all_projects() if p.archived_at is None}
        self.fields["place"].choices = _places(self._projects.values())  # type: ignore[attr-defined]

    def clean_place(self) -> Project | None:
        return self._projects.get(self.cleaned_data["place"])


class TeamForm(forms.Form):
    name = forms.CharField(label=_("name"), max_length=120)
    members: forms.ModelMultipleChoiceField[Any] = forms.ModelMultipleChoiceField(
        label=_("members"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = queries.users()  # type: ignore[attr-defined]


REACHES = [("", _("Everything")), ("team", _("Their team's")), ("own", _("Their own"))]
"""How far a right reaches where the role is given."""


SHOWN_FIELD = [("", _("Not shown")), ("see", _("Shown")), ("change", _("Shown, may be changed"))]
"""What a role does for a protected field."""


def reach_field(code: str) -> str:
    return f"reach-{code}"


class RoleForm(forms.Form):
    """A role with its rights. The page draws ``codes`` as a table of things by rights, each with how far it reaches."""

    name = forms.CharField(label=_("name"), max_length=120)
    description = forms.CharField(label=_("description"), max_length=300, required=False)
    clearance = forms.TypedChoiceField(
        label=_("reads up to"), choices=Level.choices, coerce=int, initial=Level.INTERNAL
    )
    codes = forms.MultipleChoiceField(label=_("rights"), required=False)
    require_second_factor = forms.BooleanField(
        label=_("asks for a second factor"),
        required=False,
        help_text=_(
            "Whoever holds this role and has none is led to set it up before anything else is shown."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].choices = list(rights().items())  # type: ignore[attr-defined]
        for code in sorted(narrowable()):
            self.fields[reach_field(code)] = forms.ChoiceField(
                label=rights()[code], choices=REACHES, required=False
            )
        held = queries.protected_fields()
        self.protected = {
            f"protected:{name}": (name, label)
            for name, label in field_rights.protectable().items()
            if name in held
        }
        shown, open_ = (self.initial.get(name, ()) for name in ("seen_fields", "changed_fields"))
        for control, (name, label) in self.protected.items():
            self.fields[control] = forms.ChoiceField(label=label, choices=SHOWN_FIELD, required=False)
            self.initial[control] = "change" if name in open_ else "see" if name in shown else ""

    @property
    def field_rows(self) -> list[forms.BoundField]:
        """The controls of the protected fields."""
        return [self[control] for control in self.protected]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        reaches = {code: cleaned.pop(reach_field(code), "") for code in narrowable()}
        for reach in ("own", "team"):
            cleaned[f"{reach}_codes"] = [
                code for code in cleaned.get("codes", []) if reaches.get(code) == reach
            ]
        said = {name: cleaned.pop(control, "") for control, (name, _label) in self.protected.items()}
        cleaned["changed_fields"] = [name for name, what in said.items() if what == "change"]
        cleaned["seen_fields"] = [name for name, what in said.items() if what]
        return cleaned


class ProtectedFieldsForm(forms.Form):
    """Which fields are seen only through roles that name them."""

    names = forms.MultipleChoiceField(
        label=_("protected fields"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["names"].choices = list(field_rights.protectable().items())  # type: ignore[attr-defined]


class FixedRoleForm(forms.Form):
    """What can be changed of the administrator role."""

    require_second_factor = RoleForm.base_fields["require_second_factor"]


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Project
        fields = ["name", "code", "parent", "description", "country", "default_level"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"code": _("Letters, digits and hyphens; stands in addresses and exports.")}

    country = forms.ChoiceField(
        label=_("country"), choices=countries, help_text=_("Decides holidays and how phone numbers are read.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents = queries.all_projects().filter(archived_at__isnull=True)
        if self.instance.pk:
            parents = parents.exclude(pk=self.instance.pk)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]
        self.fields["parent"].empty_label = _("nothing, it stands by itself")  # type: ignore[attr-defined]


class OrganisationForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Organisation
        fields = ["name", "language", "time_zone", "country", "require_second_factor", "sign_in_days"]
        help_texts = {
            "language": _("For new people, and for mail to those who have no account."),
            "require_second_factor": _(
                "Whoever has none is led to set it up at the next page, before anything else is shown."
            ),
            "sign_in_days": _("When, from where and with which browser somebody signed in or tried to."),
        }

    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zones)
    country = forms.ChoiceField(label=_("country"), choices=countries)


_COMING_IN = ["vouches", "domains", "create_accounts", "default_role", "default_project", "active"]
_COMING_IN_HELP = {
    "name": _("For example “Kazami sign-in”."),
    "vouches": _("Believe its addresses also where it does not say that it has checked them."),
    "create_accounts": _("Otherwise only people who were invited come in."),
    "default_role": _("Without one, new people see nothing yet."),
}


class _ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What both ways of asking a service have in common: who comes in."""

    domains = forms.CharField(
        label=_("mail domains"),
        required=False,
        max_length=500,
        help_text=_("Only addresses of these domains come in, separated by commas. Empty: all."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["domains"] = ", ".join(self.instance.domains)
        self.fields["default_project"].queryset = queries.all_projects().filter(archived_at__isnull=True)  # type: ignore[attr-defined]
        self.fields["default_project"].empty_label = _("everywhere")  # type: ignore[attr-defined]
        self.fields["default_role"].empty_label = _("none")  # type: ignore[attr-defined]

    def clean_domains(self) -> list[str]:
        parts = [part.strip().lower().lstrip("@") for part in self.cleaned_data["domains"].split(",")]
        domains = [part for part in parts if part]
        if any(
            "." not in part or len(part) > 120 or not part.isprintable() or " " in part for part in domains
        ):
            raise forms.ValidationError(_("Write domains such as example.org, separated by commas."))
        return domains

    def validate_constraints(self) -> None:
        """The service says in words what is missing; the database holds the rest."""


class SignInServiceForm(_ServiceForm):
    class Meta:
        model = SignInService
        fields = ["name", "issuer", "client_id", *_COMING_IN]
        help_texts = _COMING_IN_HELP

    issuer = forms.URLField(
        label=_("issuer"),
        max_length=300,
        assume_scheme="https",
        help_text=_("The address by which the service calls itself, such as https://login.example.org."),
    )
    client_id = forms.CharField(label=_("client id"), max_length=200)
    secret = forms.CharField(
        label=_("secret"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown again. Empty: it stays as it is."),
    )


class SamlServiceForm(_ServiceForm):
    class Meta:
        model = SignInService
        fields = [
            "name", "metadata_url", "issuer", "sign_in_url", "sign_out_url", "sign_out_by", "email_attribute",
            "signs_out", "only_encrypted", *_COMING_IN,
        ]  # fmt: skip
        help_texts = {
            **_COMING_IN_HELP,
            "issuer": _("How the service calls itself: its entity id."),
            "sign_in_url": _("Its address for redirects."),
            "sign_out_by": _("How messages about signing out go there."),
            "signs_out": _(
                "Whoever signs out of Enishi is signed out there too, if it has an address for that."
            ),
            "only_encrypted": _("First let the service encrypt: it finds our certificate in our metadata."),
            "email_attribute": _("Empty: the usual names are tried, such as mail or emailaddress."),
        }

    metadata_url = forms.URLField(
        label=_("address of its metadata"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Read now and each night, so that a new certificate locks nobody out."),
    )
    metadata = forms.FileField(
        label=_("or its metadata as a file"),
        required=False,
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".xml,application/samlmetadata+xml,text/xml"}),
    )
    sign_in_url = forms.URLField(
        label=_("address for signing in"), required=False, max_length=500, assume_scheme="https"
    )
    sign_out_url = forms.URLField(
        label=_("address for signing out"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Empty: it is not told when somebody signs out here."),
    )
    certificates = forms.CharField(
        label=_("certificates"),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "en-ltr", "spellcheck": "false"}),
        help_text=_("By which it signs. Several, one below the other, while it changes them."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sign_out_by"].required = False
        self.initial["certificates"] = "\n".join(as_pem(one) for one in self.instance.certificates)
        if self.instance._state.adding:
            # An organisation's own service knows its people's addresses, and hardly one says so.
            self.initial.update(vouches=True, active=False)

    def clean_sign_out_by(self) -> str:
        return self.cleaned_data["sign_out_by"] or SignInService.Binding.REDIRECT

    def clean_metadata(self) -> bytes:
        given = self.cleaned_data["metadata"]
        if not given:
            return b""
        if given.size > MAX_METADATA:
            raise forms.ValidationError(
                _("This file is larger than the metadata of one service. Choose the file of yours alone.")
            )
        return bytes(given.read())


class WhyForm(forms.Form):
    """Which record, found by its words or by its address, and who: without anybody, only who can see it is answered."""

    who: forms.ModelChoiceField[Any] = forms.ModelChoiceField(label=_("who"), queryset=None, required=False)
    what = forms.CharField(
        label=_("what"),
        max_length=500,
        help_text=_("A name, a title, or the address of its page."),
        required=False,
    )
    record = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["who"].queryset = queries.users(active=None)  # type: ignore[attr-defined]
        self.fields["who"].empty_label = _("choose somebody")  # type: ignore[attr-defined]


__all__ = [
    "EVERYWHERE",
    "REACHES",
    "AppearanceForm",
    "GrantForm",
    "NewPersonForm",
    "OrganisationForm",
    "PersonForm",
    "ProfileForm",
    "ProjectForm",
    "ProtectedFieldsForm",
    "RoleForm",
    "SamlServiceForm",
    "SignInServiceForm",
    "TeamForm",
    "TokenForm",
    "WhyForm",
    "reach_field",
]
