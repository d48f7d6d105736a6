"""The form of a mailbox."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enishi.accounts import queries as accounts
from enishi.accounts.access import Actor, Level
from enishi.core.fields import DayField, FilesField
from enishi.mailboxes import queries
from enishi.mailboxes.models import Mailbox, Provider
from enishi.mailboxes.queries import RIGHT
from enishi.mailboxes.services import Draft, ProviderDraft


def _latin(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false", **attributes})


class MailboxForm(forms.Form):
    name = forms.CharField(
        label=_("name"), max_length=120, help_text=_("What colleagues call it, for example: Office.")
    )
    address = forms.EmailField(
        label=_("address"),
        max_length=320,
        widget=_latin(inputmode="email"),
        help_text=_("Where people write to, or where colleagues send a blind copy."),
    )
    provider = forms.TypedChoiceField(
        label=_("signs in"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("For Microsoft 365 and Google, somebody signs in there instead of giving us a password."),
    )
    host = forms.CharField(
        label=_("IMAP server"),
        max_length=255,
        required=False,
        widget=_latin(placeholder="imap.example.org"),
        help_text=_("With a sign-in at Microsoft or Google it can stay empty: theirs is known."),
    )
    port = forms.IntegerField(
        label=_("port"), min_value=1, max_value=65535, initial=993, widget=_latin(inputmode="numeric")
    )
    security = forms.ChoiceField(
        label=_("encryption"), choices=Mailbox.Security.choices, initial=Mailbox.Security.TLS
    )
    username = forms.CharField(
        label=_("user"), max_length=320, widget=_latin(), help_text=_("Often the address itself.")
    )
    password = forms.CharField(
        label=_("password"),
        max_length=500,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
        help_text=_("Stays empty where somebody signs in."),
    )
    folder = forms.CharField(label=_("folder"), max_length=255, initial="INBOX", widget=_latin())
    since = DayField(label=_("mail since"), help_text=_("Mail that came before that day stays where it is."))
    smtp_host = forms.CharField(
        label=_("SMTP server"),
        max_length=255,
        required=False,
        widget=_latin(placeholder="smtp.example.org"),
        help_text=_(
            "Colleagues then answer e-mails from their pages. The user and the password are the same."
        ),
    )
    smtp_port = forms.IntegerField(
        label=_("port of the SMTP server"),
        min_value=1,
        max_value=65535,
        initial=587,
        widget=_latin(inputmode="numeric"),
    )
    smtp_security = forms.ChoiceField(
        label=_("encryption of the SMTP server"),
        choices=Mailbox.Security.choices,
        initial=Mailbox.Security.STARTTLS,
    )
    project = forms.TypedChoiceField(label=_("project"), coerce=int)
    confidentiality = forms.TypedChoiceField(
        label=_("confidentiality"),
        coerce=int,
        help_text=_("Who may not read such records finds no trace of this mail."),
    )

    def __init__(self, actor: Actor, *args: Any, has_password: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {project.pk: project for project in accounts.projects(actor)}
        tree = accounts.project_tree(self.known.values())
        self._offer("project", [(p.pk, "\u2007" * 2 * depth + p.name) for depth, p in tree])
        most = actor.clearance(RIGHT, self.known)
        self._offer("confidentiality", [(value, label) for value, label in Level.choices if value <= most])
        self.providers = {one.pk: one for one in queries.providers(actor)}
        field = self.fields["provider"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("with a password")), *((pk, one.name) for pk, one in self.providers.items())]
        if has_password:
            self.fields["password"].help_text = _("A password is kept. Leave this empty to go on using it.")

    def _offer(self, name: str, choices: list[tuple[int, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def draft(self) -> Draft:
        given = dict(self.cleaned_data)
        provider = self.providers[given["provider"]] if given["provider"] else None
        return Draft(**{**given, "project": self.known[given["project"]], "provider": provider})


class ProviderForm(forms.Form):
    """One kind of service: only what has to be known of it is asked."""

    name = forms.CharField(label=_("name"), max_length=60)
    tenant = forms.CharField(
        label=_("tenant"),
        max_length=100,
        widget=_latin(),
        help_text=_(
            "The directory (tenant) id of the organisation; it stands on the page of the registration."
        ),
    )
    client_id = forms.CharField(label=_("client id"), max_length=200, widget=_latin())
    secret = forms.CharField(
        label=_("secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "dir": "ltr"}),
    )
    authorize_url = forms.CharField(
        label=_("address for signing in"), max_length=500, widget=_latin(inputmode="url")
    )
    token_url = forms.CharField(label=_("address for tokens"), max_length=500, widget=_latin(inputmode="url"))
    scope = forms.CharField(
        label=_("scope"),
        max_length=500,
        required=False,
        widget=_latin(),
        help_text=_("What the service calls reading by IMAP, sending by SMTP and lasting access."),
    )

    def __init__(self, kind: str, *args: Any, has_secret: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        gone = {
            Provider.Kind.MICROSOFT: ("authorize_url", "token_url", "scope"),
            Provider.Kind.GOOGLE: ("tenant", "authorize_url", "token_url", "scope"),
            Provider.Kind.OTHER: ("tenant",),
        }
        for name in gone[Provider.Kind(kind)]:
            del self.fields[name]
        self.fields["secret"].required = kind != Provider.Kind.OTHER and not has_secret
        if has_secret:
            self.fields["secret"].help_text = _("A secret is kept. Leave this empty to go on using it.")

    def draft(self) -> ProviderDraft:
        return ProviderDraft(kind=self.kind, **self.cleaned_data)


class ReplyForm(forms.Form):
    mailbox = forms.TypedChoiceField(label=_("from"), coerce=int)
    to = forms.CharField(label=_("to"), max_length=5000, widget=_latin(inputmode="email"))
    cc = forms.CharField(
        label=_("copy"),
        max_length=5000,
        required=False,
        widget=_latin(inputmode="email"),
        help_text=_("Several addresses are separated by commas."),
    )
    subject = forms.CharField(
        label=_("subject"), max_length=200, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    text = forms.CharField(
        label=_("text"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto", "data-grow": ""}),
    )
    uploads = FilesField(label=_("Files"), required=False)

    def __init__(self, ways: list[Mailbox], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mailbox"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            # Isolated, or in Persian its brackets would stand at the wrong ends.
            (box.pk, f"\u2068{box.name}\u2069 \u2066<{box.address}>\u2069")
            for box in ways
        ]

    def addresses(self, name: str) -> list[str]:
        return [one for one in re.split(r"[,;\s]+", self.cleaned_data[name]) if one]
